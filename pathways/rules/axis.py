"""The time axis of a timeline: which days to write, so that no two labels touch; which weekends to shade."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import pairwise
from typing import NamedTuple

from pathways.rules.calendar import ONE_DAY, Calendar
from pathways.rules.typography import text_width

LABEL_SIZE = 11.0
_GAP = 10
_NARROWEST_DAY = 4
"""Pixels a day needs for its weekend to be shaded."""

_MONTHS = ("janv.", "févr.", "mars", "avr.", "mai", "juin", "juil.", "août", "sept.", "oct.", "nov.", "déc.")


class Box(NamedTuple):
    """A horizontal span in pixels."""

    left: float
    right: float

    def touches(self, other: Box) -> bool:
        """True when two spans share a pixel, or nearly."""
        return self.left < other.right + _GAP and other.left < self.right + _GAP


@dataclass(frozen=True, slots=True)
class Tick:
    """One day on the axis. `label` is centred on `x`, or empty; `weekend` is the width of the shade that starts
    at `x`, or None."""

    x: int
    label: str
    weekend: int | None


def label_box(x: float, label: str) -> Box:
    """The span a centred axis label takes."""
    half = text_width(label, LABEL_SIZE) / 2
    return Box(x - half, x + half)


def french_date(day: date, near: date | None = None) -> str:
    """« 4 mai 2026 »; « 4 mai » when `near` is of the same year; « 1er » for the first of a month."""
    year = "" if near is not None and near.year == day.year else f" {day.year}"
    return f"{day.day if day.day > 1 else '1er'}\N{NO-BREAK SPACE}{_MONTHS[day.month - 1]}{year}"


def ticks(
    calendar: Calendar, start: datetime, end: datetime, x: Callable[[datetime], int], inside: Box
) -> tuple[Tick, ...]:
    """The ticks from `start` to `end`; `x` maps an instant to pixels, labels stay `inside`."""
    days = list(_days(calendar.local_date(start), calendar.local_date(end)))
    places = {day: x(calendar.start_of_day(day)) for day in days}
    labels = _labels(days, places, inside)
    shades = _weekends(days, places, x(end)) if _day_width(days, places) >= _NARROWEST_DAY else {}
    return tuple(
        Tick(places[day], labels.get(day, ""), shades.get(day)) for day in days if day in labels or day in shades
    )


def _labels(days: Sequence[date], places: dict[date, int], inside: Box) -> dict[date, str]:
    """The days to write: as many as fit, on round dates."""
    for rhythm in _RHYTHMS:
        written = {day: rhythm.write(day) for day in days if rhythm.falls_on(day)}
        boxes = {day: label_box(places[day], label) for day, label in written.items()}
        if not any(one.touches(two) for one, two in pairwise(boxes.values())):
            return {
                day: written[day] for day, box in boxes.items() if box.left >= inside.left and box.right <= inside.right
            }
    return {}


def _weekends(days: Sequence[date], places: dict[date, int], end_x: int) -> dict[date, int]:
    """The width of the shade of each weekend, by its first day shown."""
    shades: dict[date, int] = {}
    for day in days:
        if day.weekday() == 5 or (day.weekday() == 6 and day == days[0]):
            monday = day + (7 - day.weekday()) * ONE_DAY
            shades[day] = places.get(monday, end_x) - places[day]
    return {day: width for day, width in shades.items() if width > 0}


def _day_width(days: Sequence[date], places: dict[date, int]) -> float:
    return (places[days[-1]] - places[days[0]]) / max(len(days) - 1, 1)


def _days(first: date, last: date) -> Iterator[date]:
    while first <= last:
        yield first
        first += ONE_DAY


class _Rhythm(NamedTuple):
    """Which days to write, and how."""

    falls_on: Callable[[date], bool]
    write: Callable[[date], str]


def _day_name(day: date) -> str:
    return french_date(day, near=day)


def _month_name(day: date) -> str:
    return f"{_MONTHS[day.month - 1]}\N{NO-BREAK SPACE}{day.year}"


_RHYTHMS = (
    _Rhythm(lambda day: True, _day_name),
    _Rhythm(lambda day: day.weekday() == 0, _day_name),
    _Rhythm(lambda day: day.weekday() == 0 and day.toordinal() // 7 % 2 == 0, _day_name),
    _Rhythm(lambda day: day.day == 1, _month_name),
    _Rhythm(lambda day: day.day == 1 and day.month % 3 == 1, _month_name),
    _Rhythm(lambda day: day.day == 1 and day.month % 6 == 1, _month_name),
    _Rhythm(lambda day: day.day == 1 and day.month == 1, lambda day: str(day.year)),
)
"""From every day to every year."""
