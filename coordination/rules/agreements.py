"""Days on which a convention runs: what is written in several pieces, one after the other, counts as one."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

Span = tuple[date, date | None]
"""First and last day, both included; without a last one it runs on."""


def common(one: Span, other: Span) -> Span | None:
    """The days of both; None when there is none."""
    ends = [each for each in (one[1], other[1]) if each is not None]
    first, last = max(one[0], other[0]), min(ends, default=None)
    return None if last is not None and last < first else (first, last)


def runs_until(spans: Iterable[Span], day: date) -> Span | None:
    """The days in a row around ``day``, spans that touch each other being one; None when ``day`` is in none."""
    rows: list[Span] = []
    for first, last in sorted(spans, key=lambda each: each[0]):
        before = rows[-1] if rows else None
        if before is None or first > _day_after(before[1]):
            rows.append((first, last))
        else:
            rows[-1] = (before[0], None if before[1] is None or last is None else max(before[1], last))
    return next((row for row in rows if row[0] <= day and (row[1] is None or day <= row[1])), None)


def outside(spans: Iterable[Span], first: date, last: date) -> list[tuple[date, date]]:
    """The days of ``first``..``last`` that no span covers, as runs of days, both included."""
    found, day = [], first
    for begins, ends in sorted(spans, key=lambda each: each[0]):
        if begins > day:
            found.append((day, min(last, begins - timedelta(days=1))))
        day = max(day, _day_after(ends))
        if day > last:
            break
    if day <= last:
        found.append((day, last))
    return [(begins, ends) for begins, ends in found if begins <= ends]


def _day_after(last: date | None) -> date:
    """The first day that is not in a span; the last of all days when nothing is after it."""
    return date.max if last is None or last == date.max else last + timedelta(days=1)
