"""Giving up a booking: its place, its file, its request; what stands or not of the slot that is left.

Called with the file and the slot locked, in the order of `seats`.
"""

from __future__ import annotations

from datetime import datetime

from django.db.models import F

from coordination.models import (
    Booking,
    BookingStatus,
    CancelCode,
    CancelSide,
    Hold,
    Slot,
    SlotEvent,
    SlotPractitioner,
    SlotStatus,
)
from coordination.querysets.slots import given_up
from coordination.rules.slots import first_free_seat
from coordination.services.appointments import refuse_ended, take_back_mistake, take_back_offer, write_in_file
from coordination.services.cancel_codes import MISTAKE
from coordination.services.life import log
from coordination.services.recalls import drop_recalls
from coordination.services.waiting import wait_again
from directory.models import User
from pathways.models import AppointmentStatus

TAKEN_OFF = "La série garde moins de places"


def give_back(
    *, booking: Booking, cause: CancelCode, reason: str, user: User | None, at: datetime, freed_for: str = ""
) -> Booking:
    """Cancels a booking whose file and slot are locked: its place is free again, and its file says so.

    Raises DomainError (code ``not_booked``), with what it became, when it no longer stands.
    """
    cancelled = Booking.objects.filter(pk=booking.pk, status=BookingStatus.BOOKED).update(
        status=BookingStatus.CANCELLED, cancelled_at=at, cancelled_by=user, cancel_code=cause, cancel_reason=reason
    )
    fresh = Booking.objects.with_list_data().get(pk=booking.pk)
    if not cancelled:
        refuse_ended(fresh)
    more = 1 if fresh.overbooked_for_id else 0
    Slot.objects.filter(pk=fresh.slot_id).update(booked=F("booked") - 1, extra=F("extra") - more)
    fresh.slot.refresh_from_db(fields=["booked", "extra", "status"])
    log(fresh.slot, SlotEvent.FREED, by=user, at=at, reason=freed_for or reason, booking=fresh)
    _take_off(fresh.slot, user, at)
    sit_closer(fresh.slot)
    stand_or_not(fresh.slot)
    drop_recalls(fresh, user)
    write_in_file(fresh, AppointmentStatus.CANCELLED)
    return fresh


def _take_off(slot: Slot, user: User | None, at: datetime) -> None:
    """A place that its series took off while patients sat there goes with the first who leaves, in the same
    transaction: it is sold to nobody. A slot given up, or that somebody has the form of open, is left to the night."""
    places = max(slot.series.capacity, slot.booked - slot.extra)
    if slot.status != SlotStatus.PROTECTED or slot.starts_at <= at or slot.capacity <= places:
        return
    if Hold.objects.living(at).filter(slot=slot).exists() or Slot.objects.filter(given_up(), pk=slot.pk).exists():
        return
    slot.capacity, slot.sequence = places, slot.sequence + 1
    slot.save(update_fields=["capacity", "sequence"])
    log(slot, SlotEvent.CHANGED, by=user, at=at, reason=TAKEN_OFF)


def sit_closer(slot: Slot) -> None:
    """Nobody is left beyond the last place: whoever sits there takes the first one free."""
    sitting = list(Booking.objects.standing().filter(slot=slot).order_by("seat"))
    taken = {each.seat for each in sitting}
    for each in sitting:
        if each.seat > slot.capacity + slot.extra:
            taken.discard(each.seat)
            each.seat = first_free_seat(taken)
            taken.add(each.seat)
            each.save(update_fields=["seat"])


def stand_or_not(slot: Slot) -> None:
    """Practitioners are expected at a slot unless it is cancelled, or given back to the platform with nobody in it."""
    stands = slot.status == SlotStatus.PROTECTED or (slot.status == SlotStatus.RELEASED and slot.booked > 0)
    SlotPractitioner.objects.filter(slot=slot).exclude(stands=stands).update(stands=stands)


def undo_offer(*, booking: Booking, cause: CancelCode, user: User | None) -> None:
    """What a cancellation that did not come from the patient takes back besides the place: a request that nobody made,
    or the offer; and the end of the wait of a patient served by it."""
    if cause.code == MISTAKE:
        take_back_mistake(booking, user)
    if cause.side in (CancelSide.DESK, CancelSide.PLATFORM):
        take_back_offer(booking, user, booking.cancel_reason)
    if cause.side in (CancelSide.DESK, CancelSide.PLATFORM):
        wait_again(booking=booking)
