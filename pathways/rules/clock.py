"""The clock: delays in days, working days, working hours, with pauses. Every instant is aware; UTC comes out.

**Days** (`CALENDAR_DAYS`, `WORKING_DAYS`, `MONTHS`): the day of the start is day 0; each night that is passed
counts the day it opens (worked days only, for working days). The delay is due at the last instant of day N
(23:59:59.999999 on the establishment's wall clock).

**Hours** run second by second: `HOURS` always; `WORKING_HOURS` day and night on worked days ("48 heures
ouvrables": the promise of [004 F1 l.318] is about days that are worked, not about opening hours; received on
Friday at 18:00, due on Tuesday at 18:00); `OFFICE_HOURS` inside opening hours only. An end that falls on
midnight is given as the last instant of the day that closes, so that it prints as that day.

**Pauses** stop the clock: hours do not run inside; a night inside a pause does not count its day. A delay
never falls due inside a pause: if it would, it is due at the end of the first counting day after it. While a
pause has no end, a delay that reaches it has no due instant (None).
"""

from __future__ import annotations

import calendar as month_lengths
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import overload

from pathways.rules.calendar import HOLIDAY_ZONES, ONE_DAY, TICK, Calendar
from pathways.rules.durations import Duration, Pause, Pauses, Unit, merge

__all__ = [
    "HOLIDAY_ZONES",
    "Calendar",
    "Duration",
    "Pause",
    "Pauses",
    "Unit",
    "Waits",
    "add",
    "before",
    "days_off",
    "elapsed",
    "merge",
    "waits",
]

ONE_HOUR = timedelta(hours=1)


@overload
def add(start: datetime, duration: Duration, calendar: Calendar) -> datetime: ...
@overload
def add(start: datetime, duration: Duration, calendar: Calendar, paused: Iterable[Pause]) -> datetime | None: ...
def add(start: datetime, duration: Duration, calendar: Calendar, paused: Iterable[Pause] = ()) -> datetime | None:
    """The last instant at which something due `duration` after `start` is still on time, in UTC.

    None only when a pause without end stops the clock before. Zero days is the end of the day itself (the
    next worked day, for working days); zero hours is `start`. A due day that is a Sunday or a holiday stays
    there when the unit is calendar days or months.
    """
    pauses = merge(each for each in paused if each.end is None or each.end > start)
    if duration.unit.is_hours:
        return _add_hours(start, duration, calendar, pauses)
    first = calendar.local_date(start)
    if duration.unit is Unit.WORKING_DAYS:
        return _add_days(first, duration.value, calendar, pauses, worked_only=True)
    days = duration.value
    if duration.unit is Unit.MONTHS:
        days = (_shift_months(first, duration.value) - first).days
    return _add_days(first, days, calendar, pauses, worked_only=False)


def days_off(first: date, last: date | None, calendar: Calendar) -> Pause:
    """The pause that covers whole days, `first` and `last` included; without end when `last` is None."""
    end = None if last is None else calendar.start_of_day(last + ONE_DAY)
    return Pause(calendar.start_of_day(first), end)


def before(due: datetime, duration: Duration, calendar: Calendar) -> datetime:
    """When to start warning of something due at `due`, in UTC. Pauses play no part.

    In days, the warning runs from the first instant of the day that many days before the due day: "one
    working day before" Monday is Friday at 0:00. In hours, it is that many running hours before.
    """
    value, unit = duration.value, duration.unit
    if unit is Unit.HOURS:
        return due.astimezone(UTC) - value * ONE_HOUR
    if unit.is_hours:
        return _hours_before(due, value * ONE_HOUR, unit, calendar)
    day = calendar.local_date(due)
    if unit is Unit.MONTHS:
        day = _shift_months(day, -value)
    elif unit is Unit.CALENDAR_DAYS:
        day -= value * ONE_DAY
    else:
        while value:
            day -= ONE_DAY
            value -= calendar.is_working_day(day)
    return calendar.start_of_day(day)


def elapsed(start: datetime, end: datetime, unit: Unit, calendar: Calendar, paused: Iterable[Pause] = ()) -> int:
    """Whole units gone from `start` to `end`, negative when `end` comes first.

    The mirror of `add`: `elapsed(start, add(start, Duration(n, unit), calendar), unit, calendar) == n`, with
    or without pauses. Working days alone may give more than n, where the due day had to be moved on to a worked
    day that is not stopped (zero days from a Sunday; a pause that ends on a Sunday).
    """
    start, end = start.astimezone(UTC), end.astimezone(UTC)
    if end < start:
        return -elapsed(end, start, unit, calendar, paused)
    pauses = merge(paused)
    if unit.is_hours:
        return _running_time(start, _stroke(end, calendar), unit, calendar, pauses) // ONE_HOUR
    first, last = calendar.local_date(start), calendar.local_date(end)
    if unit is Unit.MONTHS:
        return _whole_months(first, last - _nights_off(first, last, calendar, pauses) * ONE_DAY)
    if unit is Unit.CALENDAR_DAYS:
        return (last - first).days - _nights_off(first, last, calendar, pauses)
    return sum(
        calendar.is_working_day(day) and not _night_before_is_off(day, calendar, pauses)
        for day in _days_after(first, last)
    )


@dataclass(frozen=True, slots=True)
class Waits:
    """A wait in calendar days, always shown in both ways: as lived, and without the pauses."""

    raw_days: int
    adjusted_days: int


def waits(start: datetime, end: datetime, pauses: Iterable[Pause], calendar: Calendar) -> Waits:
    """Calendar days from `start` to `end`, with and without the nights spent in a pause."""
    return Waits(
        raw_days=elapsed(start, end, Unit.CALENDAR_DAYS, calendar),
        adjusted_days=elapsed(start, end, Unit.CALENDAR_DAYS, calendar, pauses),
    )


# Days


def _add_days(first: date, value: int, calendar: Calendar, pauses: Pauses, *, worked_only: bool) -> datetime | None:
    """The end of the day on which `value` days have counted since `first`."""
    day = first
    if not pauses and not worked_only:
        return calendar.end_of_day(first + value * ONE_DAY)
    while value:
        day += ONE_DAY
        if _never_ends(pauses, calendar.start_of_day(day) - TICK):
            return None
        if worked_only and not calendar.is_working_day(day):
            continue
        value -= not _night_before_is_off(day, calendar, pauses)
    return _first_free_end(day, calendar, pauses, worked_only=worked_only)


def _first_free_end(day: date, calendar: Calendar, pauses: Pauses, *, worked_only: bool) -> datetime | None:
    """The end of `day`, or of the first later day that may carry a due instant."""
    while True:
        end = calendar.end_of_day(day)
        if _never_ends(pauses, end):
            return None
        if not (worked_only and not calendar.is_working_day(day)) and not _stopped(pauses, end):
            return end
        day += ONE_DAY


def _night_before_is_off(day: date, calendar: Calendar, pauses: Pauses) -> bool:
    """True when the clock is stopped at the midnight that opens `day`."""
    return bool(pauses) and _stopped(pauses, calendar.start_of_day(day) - TICK)


def _nights_off(first: date, last: date, calendar: Calendar, pauses: Pauses) -> int:
    """How many of the nights between two days the clock was stopped."""
    if not pauses:
        return 0
    return sum(_night_before_is_off(day, calendar, pauses) for day in _days_after(first, last))


def _days_after(first: date, last: date) -> Iterator[date]:
    """The days after `first`, up to `last` included."""
    return (first + number * ONE_DAY for number in range(1, (last - first).days + 1))


def _shift_months(day: date, months: int) -> date:
    """The same day of the month, that many months later; the last day of the month when it has no such day."""
    years, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    last = month_lengths.monthrange(years, month + 1)[1]
    return date(years, month + 1, min(day.day, last))


def _whole_months(first: date, last: date) -> int:
    """The most months that can be added to `first` without passing `last`."""
    months = (last.year - first.year) * 12 + last.month - first.month
    return months if _shift_months(first, months) <= last else months - 1


# Hours


def _add_hours(start: datetime, duration: Duration, calendar: Calendar, pauses: Pauses) -> datetime | None:
    """The instant at which the running hours reach `duration`."""
    left = duration.value * ONE_HOUR
    start = start.astimezone(UTC)
    if not left:
        return start
    if duration.unit is Unit.HOURS and not pauses:
        return _not_midnight(start + left, calendar)
    for opening, closing in _running_spans(start, duration.unit, calendar, pauses):
        if closing - opening >= left:
            return _not_midnight(opening + left, calendar)
        left -= closing - opening
    return None


def _running_time(start: datetime, end: datetime, unit: Unit, calendar: Calendar, pauses: Pauses) -> timedelta:
    """How long the clock ran between two instants."""
    if unit is Unit.HOURS and not pauses:
        return end - start
    total = timedelta()
    for opening, closing in _running_spans(start, unit, calendar, pauses):
        if opening >= end:
            break
        total += min(closing, end) - opening
    return total


def _running_spans(
    start: datetime, unit: Unit, calendar: Calendar, pauses: Pauses
) -> Iterator[tuple[datetime, datetime]]:
    """The spans, from `start` on, in which the clock runs. Ends only when a pause has no end."""
    start = start.astimezone(UTC)
    day = calendar.local_date(start)
    while not _never_ends(pauses, calendar.start_of_day(day)):
        span = _window(day, unit, calendar)
        if span is not None and span[1] > start:
            yield from _without(max(span[0], start), span[1], pauses)
        day += ONE_DAY


def _hours_before(due: datetime, left: timedelta, unit: Unit, calendar: Calendar) -> datetime:
    """The instant from which exactly `left` of running time remains until `due`."""
    due = due.astimezone(UTC)
    if not left:
        return due
    end = _stroke(due, calendar)
    day = calendar.local_date(due)
    while True:
        span = _window(day, unit, calendar)
        if span is not None and span[0] < end:
            length = min(span[1], end) - span[0]
            if length >= left:
                return span[0] + length - left
            left -= length
        day -= ONE_DAY


def _window(day: date, unit: Unit, calendar: Calendar) -> tuple[datetime, datetime] | None:
    """When the hours of that day run, or None."""
    if unit is not Unit.HOURS and not calendar.is_working_day(day):
        return None
    if unit is Unit.OFFICE_HOURS:
        return calendar.at(day, calendar.workday_start), calendar.at(day, calendar.workday_end)
    return calendar.start_of_day(day), calendar.start_of_day(day + ONE_DAY)


def _without(opening: datetime, closing: datetime, pauses: Pauses) -> Iterator[tuple[datetime, datetime]]:
    """What is left of a span once the pauses are taken out."""
    for pause in pauses:
        if pause.start >= closing:
            break
        if opening < pause.start:
            yield opening, pause.start
        if pause.end is None:
            return
        opening = max(opening, pause.end)
    if opening < closing:
        yield opening, closing


def _not_midnight(instant: datetime, calendar: Calendar) -> datetime:
    """The same instant; the last one of the closing day when it falls on a midnight."""
    is_midnight = instant == calendar.start_of_day(calendar.local_date(instant))
    return instant - TICK if is_midnight else instant


def _stroke(instant: datetime, calendar: Calendar) -> datetime:
    """Undoes `_not_midnight`: the last instant of a day stands for the midnight that closes it."""
    is_last = instant == calendar.end_of_day(calendar.local_date(instant))
    return instant + TICK if is_last else instant


# Pauses


def _stopped(pauses: Pauses, instant: datetime) -> bool:
    """True when some pause covers the instant."""
    return any(pause.covers(instant) for pause in pauses)


def _never_ends(pauses: Pauses, instant: datetime) -> bool:
    """True when the clock is stopped at that instant by a pause that has no end."""
    return bool(pauses) and pauses[-1].end is None and pauses[-1].covers(instant)
