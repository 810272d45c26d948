"""Protected slots: when a series gives a slot, and how a slot stands against a patient's objective."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from directory.typography import NBSP
from pathways.rules.calendar import ONE_DAY, Calendar
from pathways.rules.clock import Duration, Unit, before

TAKEN_EARLY = timedelta(hours=2)
"""A patient who is there may be taken before their hour; before it nobody is missing. Our own bound."""

USUAL_LENGTH = timedelta(minutes=30)
"""How long an appointment is taken to last when a platform gave only its beginning."""


@dataclass(frozen=True)
class Pattern:
    """A weekly series. `weekday` counts from Monday = 0, `starts_at` is local time, both ends of validity included.
    `release_notice` runs in hours of the clock, or in hours of worked days when `release_worked`."""

    weekday: int
    starts_at: time
    duration: timedelta
    release_notice: timedelta
    valid_from: date
    valid_until: date | None = None
    release_worked: bool = False


@dataclass(frozen=True)
class Occurrence:
    """One slot to make; instants in UTC, ``day`` on the establishment's calendar."""

    starts_at: datetime
    ends_at: datetime
    release_at: datetime
    day: date

    @property
    def week(self) -> date:
        """The Monday of the week it is promised for."""
        return self.day - timedelta(days=self.day.weekday())


def occurrences(pattern: Pattern, first: date, last: date, calendar: Calendar) -> Iterator[Occurrence]:
    """The slots of the days ``first``..``last``, both included.

    None on a public holiday or a closing day; the weekday is the series' own word, even a Saturday. The hour is that
    of the establishment's wall clock on that day, before and after a change of hour alike; one that comes twice is the
    first. Durations run in clock hours, the release notice too unless it is counted in working hours.
    """
    day = max(first, pattern.valid_from)
    day += (pattern.weekday - day.weekday()) % 7 * ONE_DAY
    last = min(last, pattern.valid_until) if pattern.valid_until else last
    while day <= last:
        if opens(day, calendar):
            starts_at = calendar.at(day, pattern.starts_at.replace(fold=0))
            release_at = release_instant(starts_at, pattern.release_notice, calendar, worked=pattern.release_worked)
            yield Occurrence(starts_at, starts_at + pattern.duration, release_at, day)
        day += 7 * ONE_DAY


def release_instant(starts_at: datetime, notice: timedelta, calendar: Calendar, *, worked: bool) -> datetime:
    """When a place nobody took goes back to the platform: whole hours before the slot begins.

    In working hours, only the hours of worked days count, day and night: 48 before a Monday at 9:00 is the Thursday at
    9:00, when somebody is there to use it.
    """
    if not worked:
        return starts_at - notice
    return before(starts_at, Duration(int(notice / timedelta(hours=1)), Unit.WORKING_HOURS), calendar)


def opens(day: date, calendar: Calendar) -> bool:
    """True when slots may be held that day: neither a public holiday nor a closing day."""
    return calendar.holiday_name(day) is None and day not in calendar.closing_days


class SlotLook(StrEnum):
    """How a slot shows on a board. Every look has its own word and icon, never a colour alone."""

    FREE = "free"
    PART = "part"
    HELD = "held"
    FULL = "full"
    RELEASED = "released"
    CANCELLED = "cancelled"
    PAST = "past"
    CLOSED = "closed"

    @property
    def label(self) -> str:
        """The French word, as shown on screen."""
        return _LOOK_LABELS[self]


_LOOK_LABELS = {
    SlotLook.FREE: "Libre",
    SlotLook.PART: "En partie libre",
    SlotLook.HELD: "Retenu",
    SlotLook.FULL: "Complet",
    SlotLook.RELEASED: "Libéré",
    SlotLook.CANCELLED: "Annulé",
    SlotLook.PAST: "Passé, non utilisé",
    SlotLook.CLOSED: "Ne prend plus personne",
}


def look(
    *,
    status: str,
    capacity: int,
    booked: int,
    starts_at: datetime,
    now: datetime,
    held: int = 0,
    release_at: datetime | None = None,
    given_up: bool = False,
) -> SlotLook:
    """How the slot shows at ``now``. ``held`` counts the places kept for open forms; past ``release_at`` what is left
    is the platform's already, even before the job has said so. ``given_up``: the slot stands only for its patients, and
    nobody has what is left of it, not even the platform it went back to."""
    if status == "cancelled":
        return SlotLook.CANCELLED
    if booked >= capacity:
        return SlotLook.FULL
    if given_up and starts_at > now:
        return SlotLook.CLOSED
    if status == "released":
        return SlotLook.RELEASED
    if starts_at <= now:
        return SlotLook.PAST
    if release_at is not None and release_at <= now:
        return SlotLook.RELEASED
    if booked + held >= capacity:
        return SlotLook.HELD
    return SlotLook.PART if booked or held else SlotLook.FREE


@dataclass(frozen=True)
class Fit:
    """How a slot stands against the objective of a step: `margin` in calendar days, None without objective."""

    meets: bool
    margin: int | None

    @property
    def words(self) -> str:
        """« reste 3 j », « le jour même de l’échéance », « dépasse de 2 j »; nothing without objective."""
        if self.margin is None:
            return ""
        if not self.meets:
            return f"dépasse de {-self.margin}{NBSP}j" if self.margin < 0 else "dépasse l’heure prévue"
        return f"reste {self.margin}{NBSP}j" if self.margin else "le jour de l’échéance"


def fit(starts_at: datetime, due_at: datetime | None, calendar: Calendar) -> Fit:
    """Whether an exam at ``starts_at`` still meets ``due_at``, and the days that remain then (negative: too late)."""
    if due_at is None:
        return Fit(meets=True, margin=None)
    margin = (calendar.local_date(due_at) - calendar.local_date(starts_at)).days
    return Fit(meets=starts_at <= due_at, margin=margin)


def overlapping(
    start: datetime, end: datetime, taken: Iterable[tuple[datetime, datetime]]
) -> tuple[datetime, datetime] | None:
    """The first of the spans taken that overlaps [start, end), if any."""
    return next((span for span in taken if span[0] < end and start < span[1]), None)


def first_free_seat(taken: Iterable[int]) -> int:
    """The lowest place number that nobody holds, from 1."""
    held = set(taken)
    seat = 1
    while seat in held:
        seat += 1
    return seat


def asks_again(requested: Iterable[datetime], done: Iterable[datetime]) -> bool:
    """True when a booking is a new request: none stands that was not answered since by the exam itself.

    A slot booked after a request made by hand, or again after a cancellation, belongs to the same request: the delay
    from request to exam runs from the first one.
    """
    last_request = max(requested, default=None)
    if last_request is None:
        return True
    last_done = max(done, default=None)
    return last_done is not None and last_done >= last_request
