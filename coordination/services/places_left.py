"""The next free place of each of many patients, no place said twice."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime

from coordination.models import Booking, Slot

SPARE = 8
"""Slots read beyond one for each patient: some are at an hour when the patient is expected elsewhere."""

Group = tuple[int, int, int]
"""Exam type, target and establishment: what decides which slots are for a patient."""


class PlacesLeft:
    """Where the patients of ``bookings`` (with their pathway's version and team) could go from ``at`` on, slots ``but``
    left out. Two queries for each group of patients and one for all their hours, however many they are."""

    def __init__(self, bookings: Sequence[Booking], at: datetime, but: Collection[int]) -> None:
        first = {_group(booking): booking for booking in reversed(bookings)}
        most = len(bookings) + SPARE
        self._free = {group: _free(booking, at, but, most) for group, booking in first.items()}
        self._busy = _hours({booking.patient_id for booking in bookings}, at)
        self._said: Counter[int] = Counter()

    def take(self, booking: Booking) -> Slot | None:
        """The first place left for this patient, which is nobody else's from now on; None when there is none."""
        for slot in self._free[_group(booking)]:
            if slot.pk == booking.slot_id or self._said[slot.pk] >= slot.free - getattr(slot, "held", 0):
                continue
            if any(start < slot.ends_at and slot.starts_at < end for start, end in self._busy[booking.patient_id]):
                continue
            self._said[slot.pk] += 1
            return slot
        return None


def _group(booking: Booking) -> Group:
    pathway = booking.pathway
    return booking.slot.exam_type_id, pathway.version.target_id, pathway.team.establishment_id


def _free(booking: Booking, at: datetime, but: Collection[int], most: int) -> list[Slot]:
    pathway = booking.pathway
    free = Slot.objects.free(at).serving(pathway).agreed(pathway).filter(exam_type=booking.slot.exam_type_id)
    return list(free.exclude(pk__in=but).with_list_data().order_by("starts_at", "id")[:most])


def _hours(patients: Collection[int], at: datetime) -> dict[int, list[tuple[datetime, datetime]]]:
    found: dict[int, list[tuple[datetime, datetime]]] = defaultdict(list)
    rows = Booking.objects.standing().filter(patient__in=patients, slot__ends_at__gt=at).order_by()
    for patient, start, end in rows.values_list("patient", "slot__starts_at", "slot__ends_at"):
        found[patient].append((start, end))
    return found
