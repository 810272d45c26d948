"""The board of slots of one week, by exam type and day."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Value
from django.db.models.functions import Coalesce, NullIf

from coordination.models import ExamType, Slot, SlotException
from coordination.querysets import SlotSeriesQuerySet
from coordination.readings.away import Away
from coordination.rules.slots import SlotLook, look
from directory.models import Establishment
from directory.typography import NBSP
from pathways.rules.calendar import ONE_DAY, Calendar
from pathways.rules.search import normalise

WEEK = 7 * ONE_DAY
FARTHEST_ZONES = timedelta(hours=26)
"""Between the clocks of two French establishments at most: slots of every zone are read with this margin."""

ICONS = {
    SlotLook.FREE: "circle",
    SlotLook.PART: "circle-dot",
    SlotLook.HELD: "hourglass",
    SlotLook.FULL: "circle-check",
    SlotLook.RELEASED: "arrow-back-up",
    SlotLook.CANCELLED: "ban",
    SlotLook.PAST: "circle-dashed",
    SlotLook.CLOSED: "lock",
}


@dataclass(frozen=True)
class Cell:
    """One slot on the board; ``held`` places are kept for open forms. ``starts_at`` is on the wall clock of its site,
    named by ``elsewhere`` when the page runs on another one. ``late`` places came back after the release instant: lost,
    as `SlotQuerySet.with_places` says. ``away`` says which exceptions take it."""

    slot: Slot
    look: SlotLook
    held: int
    starts_at: datetime
    elsewhere: str = ""
    late: int = 0
    away: Sequence[str] = ()

    @property
    def icon(self) -> str:
        return ICONS[self.look]

    @property
    def hour(self) -> str:
        """« 14 h 30 » where the exam takes place."""
        minutes = f"{NBSP}{self.starts_at:%M}" if self.starts_at.minute else ""
        return f"{self.starts_at.hour}{NBSP}h{minutes}"

    @property
    def left(self) -> int:
        """Places neither booked nor held."""
        return max(self.slot.free - self.held, 0)

    @property
    def words(self) -> str:
        """« 1 libre sur 2, 1 retenue », « Complet », « Libéré, 1 réservée sur 2 »."""
        slot = self.slot
        if self.look in (SlotLook.FREE, SlotLook.PART):
            held = f", {self.held} retenue{_s(self.held)}" if self.held else ""
            offered: int = getattr(slot, "offered", 0)
            told = f", {offered} proposée{_s(offered)}" if offered else ""
            return f"{self.left} libre{_s(self.left)} sur {slot.capacity}{held}{told}"
        if self.look == SlotLook.FULL:
            extra = slot.booked - slot.capacity
            return f"Complet, {extra} en plus" if extra > 0 else self.look.label
        if self.look == SlotLook.HELD:
            taken = f", {slot.booked} réservée{_s(slot.booked)} sur {slot.capacity}" if slot.booked else ""
            return f"{self.look.label}{taken}"
        if self.look in (SlotLook.RELEASED, SlotLook.CLOSED):
            taken = f", {slot.booked} réservée{_s(slot.booked)} sur {slot.capacity}" if slot.booked else ""
            late = f", {self.late} rendue{_s(self.late)} trop tard" if self.late else ""
            return f"{self.look.label}{taken}{late}"
        if self.look == SlotLook.PAST and slot.booked:
            return f"Passé, {slot.booked} prise{_s(slot.booked)} sur {slot.capacity}"
        return self.look.label


def _s(count: int) -> str:
    return "s" if count > 1 else ""


@dataclass(frozen=True)
class Day:
    """One column of the board. `off` names the holiday or the closing, `away` what runs against its slots."""

    date: date
    off: str
    today: bool
    away: Sequence[SlotException] = ()


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


def bounds(first: date, last: date, calendar: Calendar) -> tuple[datetime, datetime]:
    """The instants between which a slot of any zone may begin on a local day ``first``..``last``, both included."""
    return (
        calendar.start_of_day(first) - FARTHEST_ZONES,
        calendar.start_of_day(last + ONE_DAY) + FARTHEST_ZONES,
    )


def board_of(slots: Iterable[Slot], monday: date, calendar: Calendar, now: datetime, away: Away | None = None) -> Board:
    """The board of the week of ``monday`` from slots fetched ``with_holds``; each stands on the day of its own site. A
    weekend without any slot has no column. ``away``: what runs against them that week."""
    away = away or Away()
    cells: dict[tuple[int, date], list[Cell]] = defaultdict(list)
    figures: dict[str, int] = defaultdict(int)
    types: dict[int, ExamType] = {}
    for slot in slots:
        cell = cell_of(slot, now, calendar, away)
        if not monday <= cell.starts_at.date() < monday + WEEK:
            continue
        types[slot.exam_type_id] = slot.exam_type
        cells[slot.exam_type_id, cell.starts_at.date()].append(cell)
        _count(figures, cell)
    used = {day for _, day in cells}
    today = calendar.local_date(now)
    days = [
        Day(day, off_name(day, calendar), today=day == today, away=away.heads(day))
        for day in (monday + n * ONE_DAY for n in range(7))
        if day.weekday() < 5 or day in used
    ]
    lines = [
        Line(exam_type, [(day, cells.get((pk, day.date), [])) for day in days])
        for pk, exam_type in sorted(types.items(), key=lambda item: normalise(item[1].label))
    ]
    return Board(monday, days, lines, dict(figures))


def _count(figures: dict[str, int], cell: Cell) -> None:
    """Places booked, held, free, given back, lost: what SLT-10 asks to show."""
    figures["booked"] += cell.slot.booked
    key = {
        SlotLook.FREE: "free",
        SlotLook.PART: "free",
        SlotLook.HELD: "free",
        SlotLook.RELEASED: "released",
        SlotLook.PAST: "lost",
    }.get(cell.look)
    if key:
        figures[key] += min(cell.left, getattr(cell.slot, "left", cell.left))
    if key == "released" and cell.late:
        figures[key] -= cell.late
        figures["lost"] += cell.late
    if key == "free":
        figures["held"] += cell.slot.free - cell.left


def off_name(day: date, calendar: Calendar) -> str:
    """The public holiday, « Fermé » on a closing day, else nothing."""
    return calendar.holiday_name(day) or ("Fermé" if day in calendar.closing_days else "")


def cell_of(slot: Slot, now: datetime, calendar: Calendar | None = None, away: Away | None = None) -> Cell:
    """One slot (fetched ``with_holds``) at ``now``, on a page that runs on ``calendar``."""
    site: Establishment = slot.platform.establishment
    held: int = getattr(slot, "held", 0)
    seen = look(
        status=slot.status, capacity=slot.capacity, booked=slot.booked, starts_at=slot.starts_at, now=now, held=held,
        release_at=slot.release_at, given_up=getattr(slot, "given_up", False),
    )  # fmt: skip
    elsewhere = calendar is not None and calendar.time_zone != site.time_zone
    starts_at = slot.starts_at.astimezone(ZoneInfo(site.time_zone))
    return Cell(
        slot,
        seen,
        held,
        starts_at,
        str(site) if elsewhere else "",
        late=getattr(slot, "late", 0),
        away=away.of(slot, starts_at.date()) if away else (),
    )


def monday_of(day: date) -> date:
    """The Monday of the week of ``day``."""
    return day - day.weekday() * ONE_DAY


@dataclass(frozen=True)
class Place:
    """What the board can be narrowed to: its value in the query and its words."""

    value: str
    label: str


def unique(places: Sequence[Place]) -> list[Place]:
    """Each value once, in the order of the words."""
    return sorted({each.value: each for each in places}.values(), key=lambda each: normalise(each.label))


def narrowing(series: SlotSeriesQuerySet) -> dict[str, list[Place]]:
    """By which exams, platforms, sites and practitioners these series can be told apart; one query, which gives each
    combination once however many series there are."""
    site = Coalesce(NullIf("platform__establishment__short_name", Value("")), "platform__establishment__name")
    rows = series.order_by().values_list(
        "exam_type__code", "exam_type__label", "platform__uuid", "platform__name", "platform__establishment__uuid",
        site, "practitioners__uuid", "practitioners__last_name", "practitioners__first_name",
    )  # fmt: skip
    found: dict[str, list[Place]] = {"exam_types": [], "platforms": [], "sites": [], "practitioners": []}
    for code, label, platform, platform_name, place, place_name, person, last, first in rows.distinct():
        found["exam_types"].append(Place(code, label))
        found["platforms"].append(Place(str(platform), platform_name))
        found["sites"].append(Place(str(place), place_name))
        if person:
            found["practitioners"].append(Place(str(person), f"{last} {first}"))
    return {name: unique(places) for name, places in found.items()}
