"""Slots of a series against an independent slow reference; looks, fits, seats and requests."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import holidays
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coordination.rules.slots import (
    Fit,
    Pattern,
    SlotLook,
    asks_again,
    first_free_seat,
    fit,
    look,
    occurrences,
    overlapping,
)
from pathways.rules.calendar import Calendar

PARIS = ZoneInfo("Europe/Paris")
DAYS = st.dates(date(2026, 1, 1), date(2028, 1, 31))


def slow_reference(pattern: Pattern, first: date, last: date, calendar: Calendar) -> list[datetime]:
    """Every day one by one, the hour found by trying each offset Paris may have."""
    subdivision = {"FR": None, "FR-57": "57"}[calendar.holiday_zone]
    off = set(calendar.closing_days)
    for year in range(first.year, last.year + 1):
        for day, name in holidays.country_holidays("FR", subdiv=subdivision, years=year, language="fr").items():
            if name != "Vendredi saint" or calendar.good_friday:
                off.add(day)
    found, day = [], first
    while day <= last:
        valid = pattern.valid_from <= day and (pattern.valid_until is None or day <= pattern.valid_until)
        if day.weekday() == pattern.weekday and valid and day not in off:
            found.append(_instant(day, pattern.starts_at))
        day += timedelta(days=1)
    return found


def _instant(day: date, hour: time) -> datetime:
    """The first instant whose Paris clock shows that hour; the hour that does not exist is shown an hour later."""
    for hours in (2, 1):
        guess = datetime.combine(day, hour, UTC) - timedelta(hours=hours)
        if guess.astimezone(PARIS).replace(tzinfo=None) == datetime.combine(day, hour):
            return guess
    return datetime.combine(day, hour, UTC) - timedelta(hours=1)


@settings(max_examples=300, deadline=None)
@given(
    weekday=st.integers(0, 6),
    hour=st.times(),
    valid_from=DAYS,
    length=st.one_of(st.none(), st.integers(0, 500)),
    first=DAYS,
    span=st.integers(0, 400),
    closing=st.frozensets(DAYS, max_size=12),
    zone=st.sampled_from(["FR", "FR-57"]),
    good_friday=st.booleans(),
)
def test_occurrences_are_those_of_the_slow_reference(
    weekday: int, hour: time, valid_from: date, length: int | None, first: date, span: int,
    closing: frozenset[date], zone: str, good_friday: bool,
) -> None:  # fmt: skip
    pattern = Pattern(
        weekday=weekday,
        starts_at=hour,
        duration=timedelta(minutes=45),
        release_notice=timedelta(hours=48),
        valid_from=valid_from,
        valid_until=None if length is None else valid_from + timedelta(days=length),
    )
    calendar = Calendar(holiday_zone=zone, good_friday=good_friday, closing_days=closing)
    last = first + timedelta(days=span)
    made = list(occurrences(pattern, first, last, calendar))
    assert [each.starts_at for each in made] == slow_reference(pattern, first, last, calendar)
    for each in made:
        assert each.ends_at - each.starts_at == timedelta(minutes=45)
        assert each.starts_at - each.release_at == timedelta(hours=48)
        assert each.starts_at.tzinfo is UTC


def weekly(weekday: int, hour: time, **more: object) -> Pattern:
    options: dict[str, object] = {
        "duration": timedelta(minutes=30), "release_notice": timedelta(hours=48), "valid_from": date(2026, 1, 1),
    }  # fmt: skip
    return Pattern(weekday=weekday, starts_at=hour, **(options | more))  # type: ignore[arg-type]


def test_nine_o_clock_stays_nine_o_clock_over_both_changes_of_hour() -> None:
    made = occurrences(weekly(3, time(9)), date(2027, 3, 1), date(2027, 11, 30), Calendar())
    hours = {each.starts_at.astimezone(PARIS).time() for each in made}
    assert hours == {time(9)}
    offsets = [
        each.starts_at.hour for each in occurrences(weekly(3, time(9)), date(2027, 3, 25), date(2027, 4, 1), Calendar())
    ]
    assert offsets == [8, 7]


def test_the_hour_that_does_not_exist_and_the_one_that_comes_twice_give_one_slot() -> None:
    night = weekly(6, time(2, 30))
    spring = list(occurrences(night, date(2027, 3, 28), date(2027, 3, 28), Calendar()))
    autumn = list(occurrences(night, date(2027, 10, 31), date(2027, 10, 31), Calendar()))
    assert [each.starts_at for each in spring] == [datetime(2027, 3, 28, 1, 30, tzinfo=UTC)]
    assert [each.starts_at for each in autumn] == [datetime(2027, 10, 31, 0, 30, tzinfo=UTC)]


def test_the_release_notice_runs_in_clock_hours_over_a_change_of_hour() -> None:
    tuesdays, day = weekly(1, time(9), release_notice=timedelta(hours=72)), date(2027, 3, 30)
    (slot,) = occurrences(tuesdays, day, day, Calendar())
    assert slot.release_at.astimezone(PARIS) == datetime(2027, 3, 27, 8, tzinfo=PARIS)


def test_no_slot_on_a_holiday_or_a_closing_day() -> None:
    wednesdays = weekly(2, time(9))
    november = Calendar(closing_days=frozenset({date(2026, 11, 25)}))
    made = [each.starts_at.date() for each in occurrences(wednesdays, date(2026, 11, 1), date(2026, 11, 30), november)]
    assert made == [date(2026, 11, 4), date(2026, 11, 18)], "11 November is a holiday, the 25th is closed"


def test_alsace_moselle_keeps_its_two_more_holidays() -> None:
    fridays, day = weekly(4, time(9)), date(2027, 3, 26)
    assert len(list(occurrences(fridays, day, day, Calendar()))) == 1
    assert not list(occurrences(fridays, day, day, Calendar(holiday_zone="FR-57")))
    saturdays, st_stephen = weekly(5, time(9)), date(2026, 12, 26)
    assert len(list(occurrences(saturdays, st_stephen, st_stephen, Calendar()))) == 1
    assert not list(occurrences(saturdays, st_stephen, st_stephen, Calendar(holiday_zone="FR-57")))


NOW = datetime(2026, 11, 23, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("status", "capacity", "booked", "hours", "expected"),
    [
        ("protected", 2, 0, 24, SlotLook.FREE),
        ("protected", 2, 1, 24, SlotLook.PART),
        ("protected", 2, 2, 24, SlotLook.FULL),
        ("protected", 2, 2, -1, SlotLook.FULL),
        ("protected", 2, 1, -1, SlotLook.PAST),
        ("protected", 2, 0, 0, SlotLook.PAST),
        ("released", 2, 1, 24, SlotLook.RELEASED),
        ("released", 2, 1, -1, SlotLook.RELEASED),
        ("released", 1, 1, 24, SlotLook.FULL),
        ("cancelled", 1, 1, 24, SlotLook.CANCELLED),
    ],
)
def test_looks(status: str, capacity: int, booked: int, hours: int, expected: SlotLook) -> None:
    starts_at = NOW + timedelta(hours=hours)
    assert look(status=status, capacity=capacity, booked=booked, starts_at=starts_at, now=NOW) is expected


@pytest.mark.parametrize(
    ("starts_at", "expected", "words"),
    [
        (datetime(2026, 11, 24, 9, tzinfo=PARIS), Fit(True, 3), "reste 3\u00a0j"),
        (datetime(2026, 11, 27, 8, tzinfo=PARIS), Fit(True, 0), "le jour de l’échéance"),
        (datetime(2026, 11, 27, 15, tzinfo=PARIS), Fit(False, 0), "dépasse l’heure prévue"),
        (datetime(2026, 11, 30, 9, tzinfo=PARIS), Fit(False, -3), "dépasse de 3\u00a0j"),
    ],
)
def test_a_slot_against_the_objective(starts_at: datetime, expected: Fit, words: str) -> None:
    found = fit(starts_at, datetime(2026, 11, 27, 14, tzinfo=PARIS), Calendar())
    assert (found, found.words) == (expected, words)


def test_without_objective_every_slot_meets_it() -> None:
    assert fit(NOW, None, Calendar()) == Fit(True, None)


def test_spans_that_touch_do_not_overlap() -> None:
    hour = timedelta(hours=1)
    taken = [(NOW, NOW + hour)]
    assert overlapping(NOW + hour, NOW + 2 * hour, taken) is None
    assert overlapping(NOW - hour, NOW, taken) is None
    assert overlapping(NOW + hour / 2, NOW + 2 * hour, taken) == taken[0]


@given(st.sets(st.integers(1, 8)))
def test_the_first_free_seat_is_the_lowest(taken: set[int]) -> None:
    seat = first_free_seat(taken)
    assert seat not in taken
    assert set(range(1, seat)) <= taken


def test_when_a_booking_is_a_new_request() -> None:
    day = timedelta(days=1)
    assert asks_again([], [])
    assert not asks_again([NOW], [])
    assert not asks_again([NOW - 3 * day], [NOW - 5 * day])
    assert asks_again([NOW - 3 * day], [NOW - day]), "a second scanner, after the first was done"
