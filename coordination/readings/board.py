"""The week of slots, and the day of a platform."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from coordination.models import Booking, ExamType, Slot
from coordination.querysets import BookingQuerySet
from coordination.rules.slots import SlotLook, look
from directory.models import Establishment
from pathways.rules.calendar import ONE_DAY, Calendar
from pathways.services import calendar_of

AHEAD = 14
BACK = 90
ICONS = {
    SlotLook.FREE: "circle",
    SlotLook.PART: "circle-dot",
    SlotLook.FULL: "circle-check",
    SlotLook.RELEASED: "arrow-back-up",
    SlotLook.CANCELLED: "ban",
    SlotLook.PAST: "circle-dashed",
}


@dataclass(frozen=True)
class Cell:
    """One slot on the board."""

    slot: Slot
    look: SlotLook

    @property
    def icon(self) -> str:
        return ICONS[self.look]

    @property
    def words(self) -> str:
        """« 1 libre sur 2 », « Complet », « Libéré »."""
        if self.look in (SlotLook.FREE, SlotLook.PART):
            return f"{self.slot.free} libre{'s' if self.slot.free > 1 else ''} sur {self.slot.capacity}"
        return self.look.label


@dataclass(frozen=True)
class Day:
    """One column of the board. `off` names the holiday or the closing."""

    date: date
    off: str
    today: bool


@dataclass(frozen=True)
class Line:
    """One exam type: its slots of each day, in the order of the columns."""

    exam_type: ExamType
    days: list[tuple[Day, list[Cell]]]


@dataclass(frozen=True)
class Board:
    """One week. `figures` counts the places by look."""

    monday: date
    days: list[Day]
    lines: list[Line]
    figures: dict[str, int] = field(default_factory=dict)

    @property
    def sunday(self) -> date:
        return self.monday + 6 * ONE_DAY


def board_of(slots: Sequence[Slot], monday: date, place: Establishment | None, now: datetime) -> Board:
    """The board of the week of ``monday`` from its slots; a weekend without any slot has no column."""
    calendar = calendar_of(place) if place else Calendar()
    cells: dict[tuple[int, date], list[Cell]] = defaultdict(list)
    figures: dict[str, int] = defaultdict(int)
    types: dict[int, ExamType] = {}
    for slot in slots:
        cell = Cell(slot, _look(slot, now))
        types[slot.exam_type_id] = slot.exam_type
        cells[slot.exam_type_id, calendar.local_date(slot.starts_at)].append(cell)
        _count(figures, cell)
    used = {day for _, day in cells}
    days = [_day(monday + n * ONE_DAY, calendar, now) for n in range(7) if n < 5 or monday + n * ONE_DAY in used]
    lines = [
        Line(exam_type, [(day, cells.get((pk, day.date), [])) for day in days])
        for pk, exam_type in sorted(types.items(), key=lambda item: item[1].label)
    ]
    return Board(monday, days, lines, dict(figures))


def _look(slot: Slot, now: datetime) -> SlotLook:
    return look(status=slot.status, capacity=slot.capacity, booked=slot.booked, starts_at=slot.starts_at, now=now)


def _count(figures: dict[str, int], cell: Cell) -> None:
    """Places booked, free, given back, lost: what SLT-10 asks to show."""
    figures["booked"] += cell.slot.booked
    key = {SlotLook.FREE: "free", SlotLook.PART: "free", SlotLook.RELEASED: "released", SlotLook.PAST: "lost"}
    if cell.look in key:
        figures[key[cell.look]] += cell.slot.free


def _day(day: date, calendar: Calendar, now: datetime) -> Day:
    off = calendar.holiday_name(day) or ("Fermé" if day in calendar.closing_days else "")
    return Day(date=day, off=off, today=day == calendar.local_date(now))


def cell_of(slot: Slot, now: datetime) -> Cell:
    """One slot by itself."""
    return Cell(slot, _look(slot, now))


def monday_of(day: date) -> date:
    """The Monday of the week of ``day``."""
    return day - day.weekday() * ONE_DAY


@dataclass(frozen=True)
class PlatformDay:
    """One day of a platform: who comes, what comes next, what was given back."""

    day: date
    bookings: list[Booking]
    coming: list[tuple[date, int, str]]
    released: list[Slot]
    forgotten: list[tuple[date, int, str]]
    """Past days with appointments that nobody marked: day, how many, of which types."""


def platform_day(teams: Sequence[int], day: date, calendar: Calendar, now: datetime) -> PlatformDay:
    """What the people of ``teams`` see of ``day``, in four queries."""
    start, end = calendar.start_of_day(day), calendar.start_of_day(day + ONE_DAY)
    today = calendar.start_of_day(calendar.local_date(now))
    tomorrow = calendar.start_of_day(calendar.local_date(now) + ONE_DAY)
    theirs = Booking.objects.filter(slot__platform__in=teams)
    released = Slot.objects.given_back(now).filter(platform__in=teams, starts_at__lt=now + timedelta(days=AHEAD))
    return PlatformDay(
        day=day,
        bookings=list(theirs.of_day(start, end).with_list_data()),
        coming=_by_day(theirs.standing().between(tomorrow, tomorrow + timedelta(days=AHEAD)), calendar),
        forgotten=_by_day(theirs.unmarked().between(now - timedelta(days=BACK), today), calendar),
        released=list(released.with_list_data().order_by("starts_at", "id")),
    )


def _by_day(rows: BookingQuerySet, calendar: Calendar) -> list[tuple[date, int, str]]:
    """Days with appointments: day, how many, of which types."""
    days: dict[date, list[str]] = defaultdict(list)
    for starts_at, label in rows.values_list("slot__starts_at", "slot__exam_type__label").order_by("slot__starts_at"):
        days[calendar.local_date(starts_at)].append(label)
    return [(day, len(labels), ", ".join(dict.fromkeys(labels))) for day, labels in days.items()]
