from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from pathways.rules.calendar import Calendar
from rcp.rules.occurrences import Weekly, occurrences

PARIS = ZoneInfo("Europe/Paris")
THURSDAYS = Weekly(3, time(14), 120, 24, date(2026, 1, 1))


def test_holidays_are_skipped_and_named() -> None:
    found = occurrences(THURSDAYS, date(2026, 5, 4), date(2026, 5, 24), Calendar())
    assert [(each.day, each.skipped) for each in found] == [
        (date(2026, 5, 7), ""),
        (date(2026, 5, 14), "Ascension"),
        (date(2026, 5, 21), ""),
    ]
    assert found[1].starts_at is None


def test_good_friday_only_where_it_is_off() -> None:
    fridays = replace(THURSDAYS, weekday=4)
    day = date(2026, 4, 3)
    assert not occurrences(fridays, day, day, Calendar())[0].skipped
    assert occurrences(fridays, day, day, Calendar(holiday_zone="FR-57"))[0].skipped == "Vendredi saint"


def test_closing_days_are_skipped_with_their_reason() -> None:
    day = date(2026, 5, 7)
    calendar = Calendar(closing_days=frozenset({day}))
    assert occurrences(THURSDAYS, day, day, calendar, {day: "Déménagement"})[0].skipped == "Déménagement"
    assert occurrences(THURSDAYS, day, day, calendar)[0].skipped == "jour de fermeture"


def test_keeps_its_wall_clock_hour_through_both_changes_of_hour() -> None:
    sundays = replace(THURSDAYS, weekday=6, starts_at=time(1, 30))
    spring = occurrences(sundays, date(2026, 3, 22), date(2026, 4, 5), Calendar(good_friday=False))
    autumn = occurrences(THURSDAYS, date(2026, 10, 22), date(2026, 10, 29), Calendar())
    hours = [each.starts_at.astimezone(PARIS).time() for each in spring if each.starts_at]
    assert hours == [time(1, 30)] * 3
    assert [each.starts_at for each in autumn] == [
        datetime(2026, 10, 22, 12, tzinfo=UTC),
        datetime(2026, 10, 29, 13, tzinfo=UTC),
    ]
    assert spring[1].ends_at - spring[1].starts_at == timedelta(hours=2)  # type: ignore[operator]


def test_registration_closes_so_many_hours_before() -> None:
    (first, *_) = occurrences(THURSDAYS, date(2026, 5, 7), date(2026, 5, 7), Calendar())
    assert first.registration_closes_at == datetime(2026, 5, 6, 12, tzinfo=UTC)


@given(st.dates(date(2026, 1, 1), date(2026, 6, 30)), st.integers(0, 120), st.integers(0, 6), st.integers(0, 90))
def test_gives_exactly_the_weekdays_of_the_span(since: date, span: int, weekday: int, valid_after: int) -> None:
    until = since + timedelta(days=span)
    valid_from = date(2026, 1, 1) + timedelta(days=valid_after)
    weekly = replace(THURSDAYS, weekday=weekday, valid_from=valid_from, valid_until=date(2026, 5, 31))
    wanted = [
        day
        for day in (since + timedelta(days=n) for n in range(span + 1))
        if day.weekday() == weekday and valid_from <= day <= date(2026, 5, 31)
    ]
    assert [each.day for each in occurrences(weekly, since, until, Calendar())] == wanted
