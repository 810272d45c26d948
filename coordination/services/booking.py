"""Booking a place in a protected slot, and giving it up. How places are counted is in `seats`.

Locks are always taken in the same order, pathway and patient first, then slot: two bookings, a release and a milestone
recorded elsewhere can never wait for each other.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from coordination.models import Booking, BookingStatus, Slot
from coordination.services.cancel_codes import OTHER
from coordination.services.giving_back import give_back, undo_offer
from coordination.services.notices import tell_gp_of_appointments
from coordination.services.patient_post import tell_patient_booked, tell_patient_cancelled
from coordination.services.platform_post import tell_platform_booked, tell_platform_cancelled
from coordination.services.reviews import settle_review
from coordination.services.seats import Wish, lock_file, lock_slots, take_seats
from coordination.services.telling import ask_to_tell, cause_of, drop_telling, known_slot, note_told
from directory.errors import DomainError
from directory.models import User
from pathways.models import Pathway


@transaction.atomic
def book_slot(
    *,
    slot: Slot,
    pathway: Pathway,
    user: User | None,
    step_key: str = "",
    request_key: UUID | None = None,
    seen: datetime | None = None,
    alone: bool = False,
    at: datetime | None = None,
) -> Booking:
    """Books one place of ``slot`` for the pathway's patient, at ``at`` (now by default).

    The same ``request_key`` twice (a form sent again) returns the first booking. Writes the appointment in the file,
    records the type's `booked_as` milestone unless that request already stands, tells the platform and the GP, ends the
    wait of a patient who was on the list, and lets go of what the pathway held there.

    Raises SlotFull, with the next free slots, when the place is gone or held for another patient, or when the slot is
    no more at the hour ``seen`` (code ``slot_moved``); DomainError when the pathway is closed, the slot is not kept for
    its target, the exam is booked already for that step, or outside the plan when whoever books saw none (``alone``):
    code ``already_booked``; or the patient is expected elsewhere at that hour (code ``patient_busy``).
    """
    locked = lock_file(pathway.pk)
    known = Booking.objects.filter(request_key=request_key).first() if request_key else None
    if known:
        return same_request(known, slot, locked)
    wishes = [Wish(slot, step_key, seen, alone)]
    (booking,) = take_seats(pathway=locked, wishes=wishes, keys=[request_key], user=user, at=at)
    tell_platform_booked(booking=booking)
    tell_gp_of_appointments(pathway=locked, at=booking.booked_at)
    tell_patient_booked(bookings=[booking], at=booking.booked_at)
    return booking


def same_request(known: Booking, slot: Slot, pathway: Pathway) -> Booking:
    """The booking that a key already made. Raises DomainError (code ``reused_key``) when it was for something else."""
    if (known.slot_id, known.pathway_id) != (slot.pk, pathway.pk):
        raise DomainError("Cette demande a déjà servi à une autre réservation : rechargez la page.", code="reused_key")
    if known.status == BookingStatus.CANCELLED:
        raise DomainError(
            "Cette réservation a été annulée depuis : rechargez la page pour réserver de nouveau.", code="reused_key"
        )
    return known


@transaction.atomic
def cancel_booking(
    *,
    booking: Booking,
    user: User | None,
    code: str = OTHER,
    reason: str = "",
    told_how: str | None = None,
    patient_knows: bool = False,
    at: datetime | None = None,
) -> Booking:
    """Gives the place back, for a cause of the list; the platform is told, and the desk has to tell the patient
    (PAIN-20) unless ``told_how`` says how it was done, or ``patient_knows``.

    The place is free again, or goes to the platform when the slot was released meanwhile. The request of the exam
    stands: the patient still waits for it. Raises DomainError without a cause or a comment where the cause needs one,
    or when the booking no longer stands.
    """
    cause, words = cause_of(code, reason)
    at = at or timezone.now()
    pathway = lock_file(booking.pathway_id)
    lock_slots([booking.slot_id])
    fresh = give_back(booking=booking, cause=cause, reason=words, user=user, at=at)
    drop_telling(fresh, user)
    known = known_slot(fresh)
    note_told(fresh, how=told_how, patient_knows=patient_knows, user=user, at=at)
    undo_offer(booking=fresh, cause=cause, user=user)
    tell_platform_cancelled(booking=fresh)
    tell_gp_of_appointments(pathway=pathway, at=at)
    tell_patient_cancelled(bookings=[fresh], at=at)
    ask_to_tell([fresh], [known], user, at)
    settle_review(pathway=pathway, user=user)
    return fresh
