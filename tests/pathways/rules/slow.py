"""Slow, plain references for the clock: a walk in quarters of an hour, sharing no code with the rules.

Holidays are worked out from Easter here, and read from a library there. Starts and pauses must fall on quarters
of an hour, which every rule of the clock respects (hour changes happen on the hour).
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

QUARTER = timedelta(minutes=15)
DAY = timedelta(days=1)
LAST = timedelta(microseconds=1)


def easter(year: int) -> date:
    """The Gregorian computus (Meeus, Jones, Butcher)."""
    a, (b, c) = year % 19, divmod(year, 100)
    d, e = divmod(b, 4)
    g = (8 * b + 13) // 25
    h = (19 * a + b - d - g + 15) % 30
    i, k = divmod(c, 4)
    el = (32 + 2 * e + 2 * i - h - k) % 7
    m = (a + 11 * h + 22 * el) // 451
    month, day = divmod(h + el - 7 * m + 114, 31)
    return date(year, month, day + 1)


def french_holidays(year: int, *, alsace: bool = False) -> set[date]:
    """The eleven national holidays, and the two of Alsace-Moselle."""
    fixed = {(1, 1), (5, 1), (5, 8), (7, 14), (8, 15), (11, 1), (11, 11), (12, 25)}
    days = {date(year, month, day) for month, day in fixed}
    days |= {easter(year) + offset * DAY for offset in (1, 39, 50)}
    if alsace:
        days |= {easter(year) - 2 * DAY, date(year, 12, 26)}
    return days


class SlowClock:
    """The rules of the clock, spelled out quarter by quarter."""

    def __init__(
        self,
        zone: str,
        weekdays: frozenset[int],
        holidays: set[date],
        opening: tuple[time, time],
        pauses: list[tuple[datetime, datetime | None]],
    ) -> None:
        self.zone = ZoneInfo(zone)
        self.weekdays = weekdays
        self.holidays = holidays
        self.opening = opening
        self.pauses = pauses

    def day(self, at: datetime) -> date:
        return at.astimezone(self.zone).date()

    def works(self, day: date) -> bool:
        return day.weekday() in self.weekdays and day not in self.holidays

    def paused(self, at: datetime) -> bool:
        """Is the quarter that starts at `at` inside a pause?"""
        return any(start <= at and (end is None or at < end) for start, end in self.pauses)

    def stuck(self, at: datetime) -> bool:
        return any(start <= at and end is None for start, end in self.pauses)

    def runs(self, at: datetime, unit: str) -> bool:
        """Does the quarter that starts at `at` count, in hours?"""
        if self.paused(at):
            return False
        if unit == "hours":
            return True
        if not self.works(self.day(at)):
            return False
        wall = at.astimezone(self.zone).time()
        return unit == "working_hours" or self.opening[0] <= wall < self.opening[1]

    def add_hours(self, start: datetime, hours: int, unit: str) -> datetime | None:
        at, left = start.astimezone(UTC), hours * 4
        while left:
            if self.stuck(at):
                return None
            left -= self.runs(at, unit)
            at += QUARTER
        on_midnight = at.astimezone(self.zone).time() == time(0)
        return at - LAST if hours and on_midnight else at

    def counts(self, day: date, unit: str) -> bool:
        return unit != "working_days" or self.works(day)

    def add_days(self, start: datetime, days: int, unit: str) -> datetime | None:
        """Walks the quarters; a night counts the day it opens; the end of a counting, running day is due."""
        at, counted = start.astimezone(UTC), 0
        while True:
            following = at + QUARTER
            today, tomorrow = self.day(at), self.day(following)
            if today != tomorrow:
                if self.stuck(at):
                    return None
                if counted >= days and self.counts(today, unit) and not self.paused(at):
                    return following - LAST
                if not self.paused(at) and self.counts(tomorrow, unit):
                    counted += 1
            at = following

    def nights(self, start: datetime, end: datetime, unit: str) -> int:
        """How many days counted from `start` to `end`."""
        at, counted = start.astimezone(UTC), 0
        while at < end:
            following = at + QUARTER
            if following <= end and self.day(at) != self.day(following):
                counted += not self.paused(at) and self.counts(self.day(following), unit)
            at = following
        return counted

    def hours(self, start: datetime, end: datetime, unit: str) -> int:
        """Whole running hours from `start` to `end`, both on quarters."""
        at, quarters = start.astimezone(UTC), 0
        while at < end:
            quarters += self.runs(at, unit)
            at += QUARTER
        return quarters // 4
