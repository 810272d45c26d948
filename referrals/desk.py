"""Whom to call and what is promised, for a target pathway: read once, shown everywhere."""

from __future__ import annotations

from dataclasses import dataclass

from pathways.models import TargetPathway
from pathways.rules.target import Target


@dataclass(frozen=True, slots=True)
class Desk:
    """The coordination that answers: what the pathway's definition says, else its team, else its establishment.

    ``promise`` is the published one in words (« 48 heures ouvrables »), empty when there is none.
    """

    label: str
    phone: str
    email: str
    hours: str
    promise: str
    place: str


def desk_of(target: TargetPathway) -> Desk:
    """The desk of ``target``. Raises `TargetPathwayVersion.DoesNotExist` when nothing was published."""
    return desk_from(target, target.current_version.content)


def desk_from(target: TargetPathway, content: Target) -> Desk:
    """The same, when the definition is already at hand."""
    team, contact, establishment = target.team, content.contact, target.establishment
    within = content.first_response
    return Desk(
        label=contact.label or team.name,
        phone=contact.phone or team.phone or establishment.phone,
        email=contact.email or team.email or establishment.email,
        hours=contact.hours,
        promise=within.label if within else "",
        place=establishment.name,
    )
