"""Public holidays as literals, and the edges of a calendar."""

from __future__ import annotations

from datetime import UTC, date, datetime, time

import pytest

from pathways.rules import HOLIDAY_ZONES, Calendar
from tests.pathways.rules.slow import french_holidays

NATIONAL = {
    2026: {
        date(2026, 1, 1): "Jour de l'an",
        date(2026, 4, 6): "Lundi de Pâques",
        date(2026, 5, 1): "Fête du Travail",
        date(2026, 5, 8): "Fête de la Victoire",
        date(2026, 5, 14): "Ascension",
        date(2026, 5, 25): "Lundi de Pentecôte",
        date(2026, 7, 14): "Fête nationale",
        date(2026, 8, 15): "Assomption",
        date(2026, 11, 1): "Toussaint",
        date(2026, 11, 11): "Armistice",
        date(2026, 12, 25): "Noël",
    },
    2027: {
        date(2027, 1, 1): "Jour de l'an",
        date(2027, 3, 29): "Lundi de Pâques",
        date(2027, 5, 1): "Fête du Travail",
        date(2027, 5, 6): "Ascension",
        date(2027, 5, 8): "Fête de la Victoire",
        date(2027, 5, 17): "Lundi de Pentecôte",
        date(2027, 7, 14): "Fête nationale",
        date(2027, 8, 15): "Assomption",
        date(2027, 11, 1): "Toussaint",
        date(2027, 11, 11): "Armistice",
        date(2027, 12, 25): "Noël",
    },
}
ALSACE = {
    2026: {date(2026, 4, 3): "Vendredi saint", date(2026, 12, 26): "Saint-Étienne"},
    2027: {date(2027, 3, 26): "Vendredi saint", date(2027, 12, 26): "Saint-Étienne"},
}


def named_days(calendar: Calendar, year: int) -> dict[date, str]:
    days = (
        date.fromordinal(number) for number in range(date(year, 1, 1).toordinal(), date(year + 1, 1, 1).toordinal())
    )
    return {day: name for day in days if (name := calendar.holiday_name(day))}


@pytest.mark.parametrize("year", [2026, 2027])
def test_national_holidays(year: int) -> None:
    assert named_days(Calendar(), year) == NATIONAL[year]


@pytest.mark.parametrize("year", [2026, 2027])
def test_alsace_moselle_has_two_more(year: int) -> None:
    assert named_days(Calendar(holiday_zone="FR-57"), year) == NATIONAL[year] | ALSACE[year]


@pytest.mark.parametrize("year", [2026, 2027])
def test_good_friday_can_be_worked_in_alsace_moselle(year: int) -> None:
    calendar = Calendar(holiday_zone="FR-57", good_friday=False)
    good_friday, saint_stephen = sorted(ALSACE[year])
    assert calendar.holiday_name(good_friday) is None
    assert calendar.is_working_day(good_friday)
    assert calendar.holiday_name(saint_stephen) == "Saint-Étienne"


@pytest.mark.parametrize("year", range(2020, 2060))
def test_the_slow_reference_knows_the_same_holidays(year: int) -> None:
    """Two ways of working holidays out: a library, and Easter by hand."""
    assert set(named_days(Calendar(), year)) == french_holidays(year)
    assert set(named_days(Calendar(holiday_zone="FR-57"), year)) == french_holidays(year, alsace=True)


@pytest.mark.parametrize(
    ("zone", "day"),
    [
        ("FR-971", date(2026, 5, 27)),
        ("FR-972", date(2026, 5, 22)),
        ("FR-973", date(2026, 6, 10)),
        ("FR-974", date(2026, 12, 20)),
        ("FR-976", date(2026, 4, 27)),
        ("FR-977", date(2026, 10, 9)),
        ("FR-978", date(2026, 5, 28)),
    ],
)
def test_the_abolition_of_slavery_is_a_holiday_overseas(zone: str, day: date) -> None:
    assert Calendar(holiday_zone=zone).holiday_name(day) == "Abolition de l'esclavage"
    assert Calendar().holiday_name(day) is None


@pytest.mark.parametrize("zone", HOLIDAY_ZONES)
def test_every_zone_on_offer_has_at_least_the_national_holidays(zone: str) -> None:
    assert set(NATIONAL[2026]) <= set(named_days(Calendar(holiday_zone=zone), 2026))


def test_working_days() -> None:
    calendar = Calendar(closing_days=frozenset({date(2026, 5, 15)}))
    assert calendar.is_working_day(date(2026, 5, 13))
    assert not calendar.is_working_day(date(2026, 5, 14)), "Ascension"
    assert not calendar.is_working_day(date(2026, 5, 15)), "closing day"
    assert not calendar.is_working_day(date(2026, 5, 16)), "Saturday"
    assert calendar.next_working_day(date(2026, 5, 14)) == date(2026, 5, 18)
    assert calendar.next_working_day(date(2026, 5, 18)) == date(2026, 5, 18)


@pytest.mark.parametrize(
    ("day", "start", "end"),
    [
        (date(2026, 3, 29), datetime(2026, 3, 28, 23, tzinfo=UTC), datetime(2026, 3, 29, 21, 59, 59, 999999, UTC)),
        (date(2026, 10, 25), datetime(2026, 10, 24, 22, tzinfo=UTC), datetime(2026, 10, 25, 22, 59, 59, 999999, UTC)),
    ],
)
def test_the_days_of_both_hour_changes(day: date, start: datetime, end: datetime) -> None:
    """23 hours in March, 25 in October."""
    assert Calendar().start_of_day(day) == start
    assert Calendar().end_of_day(day) == end
    assert Calendar().local_date(start) == Calendar().local_date(end) == day


def test_a_wall_time_that_happens_twice_is_the_first_one() -> None:
    assert Calendar().at(date(2026, 10, 25), time(2, 30)) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


def test_a_wall_time_that_does_not_exist_is_read_with_the_offset_before() -> None:
    assert Calendar().at(date(2026, 3, 29), time(2, 30)) == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)


def test_an_overseas_day_begins_elsewhere() -> None:
    reunion = Calendar(time_zone="Indian/Reunion", holiday_zone="FR-974")
    assert reunion.start_of_day(date(2026, 5, 4)) == datetime(2026, 5, 3, 20, tzinfo=UTC)


@pytest.mark.parametrize(
    "wrong",
    [
        {"time_zone": "Europe/Atlantis"},
        {"time_zone": "../etc/passwd"},
        {"holiday_zone": "FR-99"},
        {"workday_start": time(18), "workday_end": time(8)},
        {"working_weekdays": frozenset()},
        {"working_weekdays": frozenset({7})},
    ],
)
def test_an_impossible_calendar_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"\.$"):
        Calendar(**wrong)  # type: ignore[arg-type]


def test_a_naive_instant_is_refused() -> None:
    with pytest.raises(ValueError, match="fuseau horaire"):
        Calendar().local_date(datetime(2026, 5, 4, 9))
