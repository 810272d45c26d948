"""Telling the patient that an appointment is cancelled or moved, until somebody says how it was done (PAIN-20)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from coordination.models import Booking, BookingStatus, CancelCode, Channel, Slot, Task
from coordination.rules.telling import tell_origin, tell_origins
from coordination.services.appointments import moves_of, when
from coordination.services.cancel_codes import OWN
from coordination.services.new_tasks import create_task
from coordination.services.seats import lock_file
from coordination.services.tasks import set_aside, settle
from directory.errors import DomainError
from directory.models import User


def ask_to_tell(bookings: Sequence[Booking], known: Sequence[Slot], user: User | None, at: datetime) -> Task | None:
    """One task for appointments of one patient cancelled together, or for one moved; none when there is nobody to tell
    or nothing to prevent: a dead patient, hours that have passed.

    ``known`` are the hours the patient knows (`known_slot`). The task closes when somebody says how the patient was
    told, not before.
    """
    coming = [(each, slot) for each, slot in zip(bookings, known, strict=True) if each.slot.starts_at > at]
    if not coming or coming[0][0].patient.deceased_on or coming[0][0].told_at is not None:
        return None
    first = coming[0][0]
    moved = first.status == BookingStatus.BOOKED
    what = _moved(*coming[0]) if moved else _cancelled([slot for _, slot in coming])
    return create_task(
        pathway=first.pathway,
        title=f"Prévenir le patient : {what}"[:200],
        due_at=timezone.now(),
        origin=tell_origin(first.uuid, moved=moved),
        author=user,
    )


def _moved(booking: Booking, known: Slot) -> str:
    return f"{_named(known)} déplacé au {when(booking.slot)}"


def _cancelled(known: Sequence[Slot]) -> str:
    if len(known) == 1:
        return f"{_named(known[0])} annulé"
    return f"{len(known)} rendez-vous annulés ({', '.join(_named(slot) for slot in known)})"


def _named(slot: Slot) -> str:
    return f"{slot.exam_type} du {when(slot)}"


def known_slot(booking: Booking) -> Slot:
    """The slot the patient knows of: that of the last move they were told of, else of the first booking."""
    chain = moves_of(booking)
    return next((each.slot for each in chain if each.told_at is not None), chain[-1].slot)


def note_told(booking: Booking, *, how: str | None, patient_knows: bool, user: User | None, at: datetime) -> None:
    """Writes whether the patient knows already what has just become of ``booking``. Raises DomainError for an unknown
    way."""
    if how:
        refuse_unknown_way(how)
    knows = bool(how) or patient_knows
    booking.told_at, booking.told_by, booking.told_how = (at, user, how or "") if knows else (None, None, "")
    booking.save(update_fields=["told_at", "told_by", "told_how"])


def refuse_unknown_way(how: str) -> None:
    if how not in set(Channel):
        raise DomainError("Dites comment le patient a été prévenu.", field="how")


def drop_telling(booking: Booking, user: User | None) -> None:
    """The appointment changed once more before the patient was told: another task says it all."""
    told = Task.objects.filter(origin__in=tell_origins(booking.uuid))
    set_aside(told, user=user, reason="Rendez-vous changé de nouveau")


@transaction.atomic
def acknowledge_told(
    *, booking: Booking, how: str, user: User | None, seen: str | None = None, at: datetime | None = None
) -> Booking:
    """Says how the patient was told of a cancellation or a move; what was cancelled together is told together.

    Closes the task. Said twice, the first stands. Raises DomainError for an unknown way, when there is nothing to
    tell, or when it is no more the version ``seen`` (code ``outdated``): the patient was told of that one, and what it
    became stays to be told.
    """
    refuse_unknown_way(how)
    at = at or timezone.now()
    lock_file(booking.pathway_id)
    fresh = Booking.objects.with_list_data().get(pk=booking.pk)
    if seen is not None and seen != fresh.version:
        raise DomainError(
            f"Ce rendez-vous a changé pendant ce temps : {_said_now(fresh)}. Rappelez le patient.", code="outdated"
        )
    if fresh.told_at:
        return fresh
    untold = Booking.objects.to_tell(at).filter(pathway=fresh.pathway_id)
    together = [
        each
        for each in untold
        if each.pk == fresh.pk or (fresh.bundle_id and (each.bundle_id, each.cancelled_at) == _visit(fresh))
    ]
    if fresh.pk not in {each.pk for each in together}:
        raise DomainError("Il n’y a rien à annoncer au patient pour ce rendez-vous.", code="nothing_to_tell")
    Booking.objects.filter(pk__in=[each.pk for each in together]).update(told_at=at, told_by=user, told_how=how)
    asked = Task.objects.filter(origin__in=[origin for each in together for origin in tell_origins(each.uuid)])
    settle(asked, user=user, outcome=f"Patient prévenu : {Channel(how).label.lower()}")
    fresh.refresh_from_db()
    return fresh


def _said_now(booking: Booking) -> str:
    later = Booking.objects.filter(moved_from=booking).with_list_data().first()
    if later is not None:
        return _said_now(later)
    if booking.status == BookingStatus.CANCELLED:
        return f"{_named(booking.slot)} est annulé"
    return f"il est maintenant {when(booking.slot)}"


def _visit(booking: Booking) -> tuple[int | None, datetime | None]:
    return booking.bundle_id, booking.cancelled_at


def cause_of(code: str, reason: str) -> tuple[CancelCode, str]:
    """The cause of a cancellation and its words: the comment, else the label of the cause.

    Raises DomainError for an unknown or retired cause, or when the cause says nothing without a comment.
    """
    cause = CancelCode.objects.filter(code=code).first()
    if cause is None or not (cause.is_active or code in OWN):
        raise DomainError("Choisissez la cause dans la liste.", field="code")
    if cause.needs_comment and not reason.strip():
        raise DomainError("Indiquez pourquoi le rendez-vous est annulé.", field="reason")
    return cause, (reason.strip() or cause.label)[:200]
