"""Lateness, to the microsecond: the same table as the SQL expression."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from pathways.rules import Calendar, Duration, Unit, add
from pathways.rules.lateness import Lateness, margin_days, state

DUE = datetime(2026, 6, 4, 21, 59, 59, 999999, tzinfo=UTC)
WARN = datetime(2026, 6, 2, 22, tzinfo=UTC)
TICK = timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("due_at", "warn_at", "done_at", "now", "expected"),
    [
        (DUE, WARN, None, WARN - TICK, Lateness.ON_TIME),
        (DUE, WARN, None, WARN, Lateness.SOON),
        (DUE, WARN, None, DUE, Lateness.SOON),
        (DUE, WARN, None, DUE + TICK, Lateness.LATE),
        (DUE, None, None, DUE, Lateness.ON_TIME),
        (DUE, None, None, DUE + TICK, Lateness.LATE),
        (DUE, WARN, DUE, DUE + TICK, Lateness.DONE),
        (DUE, WARN, DUE + TICK, DUE + TICK, Lateness.DONE_LATE),
        (DUE, WARN, DUE - TICK, DUE - TICK, Lateness.DONE),
        (None, None, None, DUE, Lateness.UNDATED),
        (None, WARN, None, DUE, Lateness.UNDATED),
        (None, None, DUE, DUE, Lateness.DONE),
    ],
)
def test_lateness(
    due_at: datetime | None, warn_at: datetime | None, done_at: datetime | None, now: datetime, expected: Lateness
) -> None:
    assert state(due_at, warn_at, done_at, now) is expected


def test_the_due_day_is_on_time_to_its_last_instant_and_prints_as_itself() -> None:
    """The reason why a due instant is 23:59:59.999999 and neither midnight nor 23:59:59."""
    calendar = Calendar()
    due = add(datetime(2026, 6, 1, 8, tzinfo=UTC), Duration(3, Unit.CALENDAR_DAYS), calendar)
    assert due == DUE
    late_evening = datetime(2026, 6, 4, 21, 59, 59, 500000, tzinfo=UTC)
    assert state(due, None, late_evening, late_evening) is Lateness.DONE
    assert due.astimezone(calendar.zone).date().isoformat() == "2026-06-04"


@pytest.mark.parametrize(
    ("now", "days"),
    [
        (datetime(2026, 6, 4, 6, tzinfo=UTC), 0),
        (datetime(2026, 6, 4, 21, 59, tzinfo=UTC), 0),
        (datetime(2026, 6, 4, 22, tzinfo=UTC), -1),
        (datetime(2026, 6, 3, 22, tzinfo=UTC), 0),
        (datetime(2026, 6, 3, 21, 59, tzinfo=UTC), 1),
        (datetime(2026, 5, 28, 6, tzinfo=UTC), 7),
    ],
)
def test_the_margin_counts_days_of_the_wall_calendar(now: datetime, days: int) -> None:
    assert margin_days(DUE, now, Calendar()) == days


def test_the_margin_across_the_hour_change() -> None:
    due = datetime(2026, 10, 26, 22, 59, 59, 999999, tzinfo=UTC)
    assert margin_days(due, datetime(2026, 10, 24, 22, tzinfo=UTC), Calendar()) == 1
    assert margin_days(due, datetime(2026, 10, 24, 21, 59, tzinfo=UTC), Calendar()) == 2


def test_every_lateness_has_a_french_name() -> None:
    assert len({each.label for each in Lateness}) == len(Lateness)
