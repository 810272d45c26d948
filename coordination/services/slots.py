"""A slot closed, and open again: what whoever manages series and absences builds upon."""

from __future__ import annotations

from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone

from coordination.models import Booking, Slot, SlotEvent, SlotStatus
from coordination.services.booking import cancel_booking
from coordination.services.life import log
from coordination.services.seats import lock_slots, stand_or_not
from directory.errors import DomainError
from directory.models import User
from pathways.models import Pathway


@transaction.atomic
def close_slot(
    *, slot: Slot, reason: str, user: User | None, code: str | None = None, at: datetime | None = None
) -> Slot:
    """Cancels a slot, for a reason. With appointments in it, they are moved first, or cancelled here for ``code``, each
    with its message and its task to tell the patient.

    Raises DomainError without a reason, when somebody has come already (code ``used``), when appointments stand and no
    ``code`` is given (code ``booked``), or when one was made this very moment.
    """
    if not reason.strip():
        raise DomainError("Indiquez pourquoi ce créneau est annulé.", field="reason")
    at = at or timezone.now()
    # Pathways first, then the slot: the order of whoever books.
    inside = Booking.objects.unmarked().filter(slot=slot).order_by("pk")
    Pathway.objects.filter(pk__in=list(inside.values_list("pathway", flat=True))).held()
    known = list(inside)
    if known and code is None:
        count = "un rendez-vous" if len(known) == 1 else f"{len(known)} rendez-vous"
        raise DomainError(f"Ce créneau porte {count} : déplacez ou annulez d’abord.", code="booked")
    for booking in known:
        cancel_booking(booking=booking, code=code or "", reason=reason, user=user, at=at)
    lock_slots([slot.pk])
    fresh = Slot.objects.with_list_data().get(pk=slot.pk)
    if fresh.status == SlotStatus.CANCELLED:
        return fresh
    if fresh.booked:
        marked = not Booking.objects.unmarked().filter(slot=slot).exists()
        message = "Des patients sont déjà venus." if marked else "Une place vient d’être réservée : recommencez."
        raise DomainError(message, code="used" if marked else "booked")
    fresh.status, fresh.cancelled_at, fresh.cancel_reason = SlotStatus.CANCELLED, at, reason.strip()[:200]
    _save(fresh)
    log(fresh, SlotEvent.CANCELLED, by=user, at=at, reason=reason)
    return fresh


@transaction.atomic
def reopen_slot(*, slot: Slot, user: User | None, reason: str = "", at: datetime | None = None) -> Slot:
    """A slot cancelled is kept again, or the platform's when its release instant has passed.

    Raises DomainError when it is not cancelled, has passed, or when its room, its machine or one of its practitioners
    is expected elsewhere since.
    """
    at = at or timezone.now()
    lock_slots([slot.pk])
    fresh = Slot.objects.with_list_data().get(pk=slot.pk)
    if fresh.status != SlotStatus.CANCELLED:
        raise DomainError("Ce créneau n’est pas annulé.", code="not_cancelled")
    if fresh.starts_at <= at:
        raise DomainError("Ce créneau est passé.", code="slot_past")
    released = fresh.release_at <= at
    fresh.status = SlotStatus.RELEASED if released else SlotStatus.PROTECTED
    fresh.released_at = at if released else None
    fresh.cancelled_at, fresh.cancel_reason = None, ""
    try:
        with transaction.atomic():
            _save(fresh)
    except IntegrityError as error:
        raise DomainError(
            "L’appareil, la salle ou un praticien de ce créneau est pris ailleurs à cette heure.", code="taken"
        ) from error
    log(fresh, SlotEvent.REOPENED, by=user, at=at, reason=reason)
    return fresh


def _save(slot: Slot) -> None:
    """Writes the state of a slot; calendars hear of it."""
    slot.sequence = F("sequence") + 1  # type: ignore[assignment]
    slot.save(update_fields=["status", "released_at", "cancelled_at", "cancel_reason", "sequence"])
    slot.refresh_from_db(fields=["sequence"])
    stand_or_not(slot)
