"""Protected slots in bulk, and the places left in them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.db.models import Count, F, OuterRef, Q, Subquery

from config.demo.bulk.size import Size
from config.demo.clinic import EUS, PERCUTANEOUS
from config.demo.engine import PARIS, Agenda
from config.demo.places import CT, MEETING, MRI
from config.demo.simulate import open_series
from config.demo.world import FAST, INSTADIAG, World
from coordination.models import Booking, ExamType, Slot, SlotSeries
from coordination.services import generate_slots, load_exam_types

WEEKS_AHEAD = 12


@dataclass(slots=True)
class Place:
    """One slot and how many of its places are still free; ``taken`` numbers the seats."""

    slot_id: int
    starts_at: datetime
    ends_at: datetime
    capacity: int
    taken: int = 0


class Board:
    """Every slot by exam and local day."""

    def __init__(self) -> None:
        self._places: dict[tuple[str, date], list[Place]] = defaultdict(list)

    def read(self) -> None:
        rows = Slot.objects.order_by("starts_at", "pk").values_list(
            "exam_type__code", "pk", "starts_at", "ends_at", "capacity"
        )
        for code, pk, starts_at, ends_at, capacity in rows.iterator(chunk_size=5000):
            local = starts_at.astimezone(PARIS)
            self._places[code, local.date()].append(Place(pk, local, ends_at, capacity))

    def take(self, code: str, day: date, busy: Sequence[Place]) -> Place | None:
        """A free place of that exam on that day, at an hour the patient is not expected elsewhere."""
        for place in self._places.get((code, day), ()):
            free = place.taken < place.capacity
            if free and not any(place.starts_at < other.ends_at and other.starts_at < place.ends_at for other in busy):
                place.taken += 1
                return place
        return None


def open_slots(world: World, size: Size, agenda: Agenda) -> int:
    """The series of the size and all their slots, past and to come; returns how many slots."""
    since = (agenda.end - timedelta(days=365 * size.years)).date()
    if size.crowded:
        load_exam_types()
        _open_many(world, since)
    else:
        open_series(world, since)
    return generate_slots(since=since, until=agenda.today + timedelta(weeks=WEEKS_AHEAD))


# Exam, platform, first and last hour, minutes, places: each half-day of each worked day, in two rooms.
_CROWDED = (
    (CT, "imaging", 8, 18, 30, 1), (MRI, "imaging", 8, 18, 30, 1), (MEETING, "day_hospital", 9, 16, 60, 2),
    (EUS, "endoscopy", 8, 14, 60, 1), (PERCUTANEOUS, "imaging", 9, 13, 60, 1),
)  # fmt: skip


def _open_many(world: World, since: date) -> None:
    types = {exam.code: exam for exam in ExamType.objects.all()}
    series = [
        SlotSeries(
            exam_type=types[exam], platform=world.teams[platform], weekday=weekday, duration_minutes=minutes,
            starts_at=time(start // 60, start % 60), capacity=places, room=f"Salle {room}", valid_from=since,
        )
        for exam, platform, first, last, minutes, places in _CROWDED
        for room in (1, 2)
        for weekday in range(5)
        for start in range(first * 60, last * 60, minutes * (2 if room == 2 else 1))
    ]  # fmt: skip
    SlotSeries.objects.bulk_create(series)
    serves = SlotSeries.targets.through
    serves.objects.bulk_create(
        serves(slotseries_id=each.pk, targetpathway_id=world.targets[key].pk)
        for each in series
        for key in (INSTADIAG, FAST)
    )


def settle_slots(agenda: Agenda) -> None:
    """Counts the places taken, and gives back what was left of each slot at its release instant."""
    standing = Booking.objects.standing().filter(slot=OuterRef("pk")).order_by().values("slot").annotate(n=Count("pk"))
    taken = Subquery(standing.values("n"))
    Slot.objects.filter(pk__in=Booking.objects.standing().values("slot")).update(booked=taken)
    Slot.objects.filter(Q(booked__lt=F("capacity")), release_at__lte=agenda.end).update(
        status="released", released_at=F("release_at")
    )
