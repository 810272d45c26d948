"""The clock against a slow reference, and the laws it keeps whatever the calendar and the pauses."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from pathways.rules import Calendar, Duration, Pause, Unit, add, before, elapsed, merge, waits
from tests.pathways.rules.strategies import (
    calendars,
    day_units,
    durations,
    hour_units,
    instants,
    pause_lists,
    slow_clock,
)

many = settings(max_examples=150, deadline=None)
few = settings(max_examples=80, deadline=None)


@few
@given(instants(), st.integers(0, 30), hour_units(), calendars(), pause_lists())
def test_hours_agree_with_the_slow_clock(
    start: datetime, value: int, unit: Unit, calendar: Calendar, pauses: list[Pause]
) -> None:
    slow = slow_clock(calendar, pauses).add_hours(start, value, unit.value)
    assert add(start, Duration(value, unit), calendar, pauses) == slow


@few
@given(instants(), st.integers(0, 12), day_units(), calendars(), pause_lists())
def test_days_agree_with_the_slow_clock(
    start: datetime, value: int, unit: Unit, calendar: Calendar, pauses: list[Pause]
) -> None:
    slow = slow_clock(calendar, pauses).add_days(start, value, unit.value)
    assert add(start, Duration(value, unit), calendar, pauses) == slow


@few
@given(instants(), instants(), day_units(), calendars(), pause_lists())
def test_elapsed_days_agree_with_the_slow_clock(
    start: datetime, end: datetime, unit: Unit, calendar: Calendar, pauses: list[Pause]
) -> None:
    start, end = min(start, end), max(start, end)
    assume(end - start < timedelta(days=30))
    assert elapsed(start, end, unit, calendar, pauses) == slow_clock(calendar, pauses).nights(start, end, unit.value)


@few
@given(instants(), instants(), hour_units(), calendars(), pause_lists())
def test_elapsed_hours_agree_with_the_slow_clock(
    start: datetime, end: datetime, unit: Unit, calendar: Calendar, pauses: list[Pause]
) -> None:
    start, end = min(start, end), max(start, end)
    assume(end - start < timedelta(days=30))
    assert elapsed(start, end, unit, calendar, pauses) == slow_clock(calendar, pauses).hours(start, end, unit.value)


@many
@given(instants(), instants(), durations(), calendars(), pause_lists())
def test_a_later_start_is_never_due_earlier(
    one: datetime, two: datetime, duration: Duration, calendar: Calendar, pauses: list[Pause]
) -> None:
    first = add(min(one, two), duration, calendar, pauses)
    second = add(max(one, two), duration, calendar, pauses)
    assert second is None or (first is not None and first <= second)


@many
@given(instants(), durations(largest=15), st.integers(0, 5), calendars(), pause_lists())
def test_a_longer_delay_is_never_due_earlier(
    start: datetime, duration: Duration, more: int, calendar: Calendar, pauses: list[Pause]
) -> None:
    first = add(start, duration, calendar, pauses)
    second = add(start, Duration(duration.value + more, duration.unit), calendar, pauses)
    assert second is None or (first is not None and first <= second)


@many
@given(instants(), durations(), calendars(), pause_lists(may_stay_open=False))
def test_elapsed_mirrors_add(start: datetime, duration: Duration, calendar: Calendar, pauses: list[Pause]) -> None:
    due = add(start, duration, calendar, pauses)
    assert due is not None
    count = elapsed(start, due, duration.unit, calendar, pauses)
    if duration.unit is Unit.WORKING_DAYS:
        # Zero days, and each pause, may move the due day on by one worked day that counts.
        assert duration.value <= count <= duration.value + (not duration.value) + len(pauses)
    else:
        assert count == duration.value


@many
@given(instants(), instants(), instants(), calendars(), pause_lists(), day_units())
def test_days_add_up(
    one: datetime, two: datetime, three: datetime, calendar: Calendar, pauses: list[Pause], unit: Unit
) -> None:
    one, two, three = sorted([one, two, three])
    halves = elapsed(one, two, unit, calendar, pauses) + elapsed(two, three, unit, calendar, pauses)
    assert halves == elapsed(one, three, unit, calendar, pauses)
    assert elapsed(three, one, unit, calendar, pauses) == -elapsed(one, three, unit, calendar, pauses)


@many
@given(instants(), durations(), calendars(), pause_lists())
def test_a_pause_only_delays_and_holds_no_due_instant(
    start: datetime, duration: Duration, calendar: Calendar, pauses: list[Pause]
) -> None:
    raw = add(start, duration, calendar)
    due = add(start, duration, calendar, pauses)
    assert due is None or due >= raw
    if due is not None and (duration.value or not duration.unit.is_hours):
        assert not any(pause.start < due and (pause.end is None or due < pause.end) for pause in pauses)


@many
@given(instants(), instants(), st.integers(0, 12), calendars(), pause_lists())
def test_on_time_means_that_the_adjusted_wait_is_within_the_objective(
    start: datetime, end: datetime, days: int, calendar: Calendar, pauses: list[Pause]
) -> None:
    """The clock that dates and the clock that measures cannot disagree."""
    start, end = min(start, end), max(start, end)
    due = add(start, Duration(days, Unit.CALENDAR_DAYS), calendar, pauses)
    assert (due is None or end <= due) == (waits(start, end, pauses, calendar).adjusted_days <= days)


@many
@given(instants(), st.integers(0, 12), calendars(), pause_lists(may_stay_open=False))
def test_days_shift_by_the_nights_of_the_pauses(
    start: datetime, days: int, calendar: Calendar, pauses: list[Pause]
) -> None:
    due = add(start, Duration(days, Unit.CALENDAR_DAYS), calendar, pauses)
    assert due is not None
    nights = waits(start, due, pauses, calendar)
    raw = add(start, Duration(days, Unit.CALENDAR_DAYS), calendar)
    shift = calendar.local_date(due) - calendar.local_date(raw)
    assert shift.days == nights.raw_days - nights.adjusted_days


@many
@given(instants(), instants(), calendars(), pause_lists())
def test_the_adjusted_wait_is_never_longer(
    start: datetime, end: datetime, calendar: Calendar, pauses: list[Pause]
) -> None:
    found = waits(min(start, end), max(start, end), pauses, calendar)
    assert 0 <= found.adjusted_days <= found.raw_days


@many
@given(pause_lists(), instants())
def test_merging_keeps_what_is_stopped(pauses: list[Pause], at: datetime) -> None:
    merged = merge(pauses)
    assert merge(merged) == merge(reversed(pauses)) == merged
    assert any(each.covers(at) for each in merged) == any(each.covers(at) for each in pauses)
    assert all(one.end is not None and one.end < two.start for one, two in pairwise(merged))


@many
@given(instants(), durations(), durations(largest=8), calendars())
def test_a_warning_comes_before_its_due_instant(
    start: datetime, duration: Duration, ahead: Duration, calendar: Calendar
) -> None:
    due = add(start, duration, calendar)
    warn_at = before(due, ahead, calendar)
    assert warn_at <= due
    assert before(due, Duration(ahead.value + 1, ahead.unit), calendar) <= warn_at


@many
@given(
    instants(), st.integers(1, 20), st.sampled_from([Unit.HOURS, Unit.WORKING_HOURS, Unit.OFFICE_HOURS]), calendars()
)
def test_a_warning_in_hours_leaves_exactly_these_hours(
    start: datetime, hours: int, unit: Unit, calendar: Calendar
) -> None:
    due = add(start, Duration(40, unit), calendar)
    assert elapsed(before(due, Duration(hours, unit), calendar), due, unit, calendar) == hours


@many
@given(instants(), durations(), calendars(), pause_lists())
def test_what_comes_out_is_in_utc(start: datetime, duration: Duration, calendar: Calendar, pauses: list[Pause]) -> None:
    local = start.astimezone(calendar.zone)
    due = add(local, duration, calendar, pauses)
    assert due == add(start, duration, calendar, pauses)
    assert due is None or due.tzinfo is UTC
    assert before(local, duration, calendar).tzinfo is UTC
