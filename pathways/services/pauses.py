"""Writes on the pauses of a pathway's clock. A row is never deleted; each write rebuilds the plan."""

from __future__ import annotations

from datetime import date, timedelta

from django.db import transaction
from django.utils import timezone

from directory.errors import DomainError
from directory.models import Role, User
from pathways.models import Pathway, Pause, PauseCode
from pathways.services.plan import refresh_plan

FARTHEST_PAUSE = timedelta(days=5 * 366)


def pause_codes_for(*, pathway: Pathway, user: User | None) -> list[PauseCode]:
    """The reasons ``user`` may give there; all those the establishment admits when nobody is named."""
    to_desk_only = user is not None and pathway.team_id not in user.teams_as(Role.PHYSICIAN)
    return list(PauseCode.objects.allowed(pathway.team.establishment, to_desk_only=to_desk_only))


@transaction.atomic
def add_pause(
    *, pathway: Pathway, kind: str, starts_on: date, author: User | None, ends_on: date | None = None, note: str = ""
) -> Pause:
    """Sets days apart from ``starts_on`` to ``ends_on``, local days both included, past or to come.

    They stop the adjusted clock when the code says so today. Raises DomainError for a reason that is not proposed
    there or to this person, or dates that make no sense.
    """
    code = next((each for each in pause_codes_for(pathway=pathway, user=author) if each.code == kind), None)
    if code is None:
        raise DomainError("Choisissez un motif de pause admis ici.", field="kind")
    _refuse_wrong_days(starts_on, ends_on)
    Pathway.objects.filter(pk=pathway.pk).held()
    pause = Pause.objects.create(
        pathway=pathway,
        kind=code,
        stops_clock=code.stops_clock,
        starts_on=starts_on,
        ends_on=ends_on,
        note=note.strip(),
        author=author,
    )
    refresh_plan(pathway_id=pathway.pk)
    return pause


@transaction.atomic
def end_pause(*, pause: Pause, ends_on: date, author: User | None) -> Pause:
    """Gives a pause its last day, be it its first end or an earlier or later one. Raises DomainError."""
    locked = _locked(pause)
    if locked.cancelled_at is not None:
        raise DomainError("Cette pause a été annulée.")
    _refuse_wrong_days(locked.starts_on, ends_on)
    locked.ends_on = ends_on
    locked.save(update_fields=["ends_on"])
    refresh_plan(pathway_id=locked.pathway_id)
    return locked


@transaction.atomic
def cancel_pause(*, pause: Pause, author: User | None, reason: str) -> Pause:
    """Takes a pause out of the count, and says why; the row stays. Again changes nothing. Raises DomainError."""
    if not reason.strip():
        raise DomainError("Indiquez pourquoi cette pause est annulée.", field="reason")
    locked = _locked(pause)
    if locked.cancelled_at is None:
        locked.cancelled_at, locked.cancelled_by, locked.cancel_reason = timezone.now(), author, reason.strip()
        locked.save(update_fields=["cancelled_at", "cancelled_by", "cancel_reason"])
        refresh_plan(pathway_id=locked.pathway_id)
    return locked


def _locked(pause: Pause) -> Pause:
    """The pathway first, as everywhere: two people on one pause wait for one another."""
    Pathway.objects.filter(pk=pause.pathway_id).held()
    return Pause.objects.select_for_update(of=("self",)).get(pk=pause.pk)


def _refuse_wrong_days(starts_on: date, ends_on: date | None) -> None:
    """A pause counts its days one by one: a year mistyped is refused, not counted."""
    if ends_on and ends_on < starts_on:
        raise DomainError("La fin de la pause ne peut pas précéder son début.", field="ends_on")
    for field, day in (("starts_on", starts_on), ("ends_on", ends_on)):
        if day and abs(day - timezone.localdate()) > FARTHEST_PAUSE:
            raise DomainError("Vérifiez l’année : cette date est à plus de cinq ans d’aujourd’hui.", field=field)
