"""A month of slots at a glance: how many places of each day are free, taken or given back, from one query."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Count, F, Q, Sum, Value
from django.db.models.functions import Greatest

from coordination.models import SlotException
from coordination.querysets import SlotQuerySet
from coordination.querysets.slots import LOCAL_DAY
from coordination.readings.away import Away
from coordination.readings.board import bounds, monday_of, off_name
from directory.typography import MONTHS
from pathways.rules.calendar import ONE_DAY, Calendar

LEVELS = 4
"""Steps of the scale, from all free to all taken; the number is always written."""


@dataclass(frozen=True)
class MonthDay:
    """One day: ``places`` promised that day, of which ``booked``, ``free`` (still to book), ``released`` (in time) and
    ``lost`` (given back too late, or past, protected and unused: `SlotQuerySet.with_places`). ``slots`` counts the
    slots that stand, cancelled ones apart. ``away``: the exceptions that run that day."""

    date: date
    inside: bool
    today: bool
    off: str
    slots: int = 0
    places: int = 0
    booked: int = 0
    free: int = 0
    released: int = 0
    lost: int = 0
    away: Sequence[SlotException] = ()

    @property
    def level(self) -> int:
        """0 without any place, then 1 (all left) to `LEVELS` (all taken)."""
        if not self.places:
            return 0
        return min(1 + self.booked * (LEVELS - 1) // self.places, LEVELS)


@dataclass(frozen=True)
class Month:
    """One month in whole weeks, from a Monday."""

    first: date
    weeks: list[list[MonthDay]]

    @property
    def title(self) -> str:
        """« novembre 2026 »."""
        return f"{MONTHS[self.first.month - 1]} {self.first.year}"

    @property
    def before(self) -> date:
        return (self.first - ONE_DAY).replace(day=1)

    @property
    def after(self) -> date:
        return next_month(self.first)

    @property
    def off(self) -> list[MonthDay]:
        """The days of the month without work, named: told below the month where its cells are too narrow."""
        return [day for week in self.weeks for day in week if day.inside and day.off]

    @property
    def total(self) -> MonthDay:
        """The sums over the days of the month itself."""
        days = [day for week in self.weeks for day in week if day.inside]
        sums = {key: sum(getattr(day, key) for day in days) for key in COUNTED}
        return MonthDay(self.first, inside=True, today=False, off="", **sums)


COUNTED = ("slots", "places", "booked", "free", "released", "lost")


def _counts(row: dict[str, Any] | None) -> dict[str, Any]:
    return {key: row["still" if key == "free" else key] or 0 for key in COUNTED} if row else {}


def next_month(first: date) -> date:
    """The first day of the month after that of ``first``."""
    return date(first.year + first.month // 12, first.month % 12 + 1, 1)


def weeks_of(first: date) -> tuple[date, date]:
    """The first and the last day of the whole weeks of the month of ``first``."""
    return monday_of(first), monday_of(next_month(first) - ONE_DAY) + 6 * ONE_DAY


def month_of(slots: SlotQuerySet, first: date, calendar: Calendar, now: datetime, away: Away | None = None) -> Month:
    """The month of ``first`` over the slots given, in one query. A slot stands on the day of its own site. ``away``:
    what runs against them in those weeks."""
    away = away or Away()
    start, end = weeks_of(first)
    counts = {row["day"]: row for row in _counted(slots, start, end, calendar, now)}
    today = calendar.local_date(now)
    days = [start + n * ONE_DAY for n in range((end - start).days + 1)]
    cells = [
        MonthDay(
            day,
            inside=day.month == first.month,
            today=day == today,
            off=off_name(day, calendar),
            away=away.heads(day),
            **_counts(counts.get(day)),
        )
        for day in days
    ]
    return Month(first, [cells[n : n + 7] for n in range(0, len(cells), 7)])


def _counted(slots: SlotQuerySet, start: date, end: date, calendar: Calendar, now: datetime) -> list[Any]:
    unheld = Greatest(F("left") - F("held"), Value(0))
    promised = Q(status="protected", release_at__gt=now, starts_at__gt=now)
    never = Q(status="protected", starts_at__lte=now)
    given = Q(status="released") | Q(status="protected", release_at__lte=now, starts_at__gt=now)
    rows = (
        slots.exclude(status="cancelled")
        .between(*bounds(start, end, calendar))
        .with_held(now)
        .with_places(now)
        .annotate(day=LOCAL_DAY)
        .annotate(unheld=unheld)
        .filter(day__range=(start, end))
        .order_by()
        .values("day")
        .annotate(
            slots=Count("pk"),
            places=Sum(F("booked") + F("left")),
            still=Sum("unheld", filter=promised),
            released=Sum(F("left") - F("late"), filter=given),
            lost=Sum(F("late"), filter=given, default=0) + Sum("left", filter=never, default=0),
        )
        .annotate(booked=Sum("booked"))
    )
    return list(rows)
