"""A proposal in words."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.utils import timezone

from coordination.models import ExceptionKind, ProposalKind, SeriesProposal
from coordination.readings.series import described, differences
from coordination.services.proposals import ABOUT, as_proposed
from directory.typography import moment

Line = tuple[str, str, str]
"""What, as it was when it was proposed (nothing when it is new), as it is asked."""


def lines_of(proposal: SeriesProposal) -> list[Line]:
    """What is asked, line by line."""
    if proposal.kind == ProposalKind.EXCEPTION:
        return _exception(proposal.asked)
    before, after = as_proposed(proposal)
    if before is not None:
        return differences(before, after)
    first = date.fromisoformat(proposal.asked["valid_from"])
    return [("Premier jour", "", f"{first:%d/%m/%Y}"), *((name, "", text) for name, text in described(after).items())]


def _exception(asked: dict[str, Any]) -> list[Line]:
    about = ABOUT[asked["scope"]].objects.filter(pk=asked["about"]).first()
    first, last = (date.fromisoformat(asked[name]) for name in ("first_on", "last_on"))
    days = f"{first:%d/%m/%Y}" if first == last else f"du {first:%d/%m/%Y} au {last:%d/%m/%Y}"
    lines = [
        ("Sur quoi", "", str(about or "retiré")),
        ("Nature", "", ExceptionKind(asked["kind"]).label),
        ("Quand", "", days),
    ]
    if asked["moved_to"]:
        held = moment(datetime.fromisoformat(asked["moved_to"]), timezone.localdate())
        lines.append(("Tenu plutôt", "", held))
    return lines
