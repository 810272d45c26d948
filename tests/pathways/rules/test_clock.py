"""The clock on cases that a person can check on a wall calendar, hour changes included."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import pytest

from pathways.rules import Calendar, Duration, Pause, Unit, Waits, add, before, days_off, elapsed, merge, waits

PARIS = ZoneInfo("Europe/Paris")
CALENDAR = Calendar()
EVERY_DAY = Calendar(working_weekdays=frozenset(range(7)))


def paris(text: str) -> datetime:
    """`2026-03-27 18:00`, on the wall clock in Paris; `24:00` is the last instant of the day."""
    day, clock = text.split(" ")
    if clock == "24:00":
        return datetime.combine(date.fromisoformat(day), time.max, PARIS)
    return datetime.fromisoformat(f"{day}T{clock}").replace(tzinfo=PARIS)


@pytest.mark.parametrize(
    ("start", "delay", "due"),
    [
        # The promise of the founding documents: a request on Friday evening.
        ("2026-05-29 18:00", "48 working_hours", "2026-06-02 18:00"),
        ("2026-05-29 23:59", "48 working_hours", "2026-06-02 23:59"),
        # On Saturday and on Sunday the hours have not begun to run.
        ("2026-05-30 10:00", "48 working_hours", "2026-06-02 24:00"),
        ("2026-05-31 23:00", "48 working_hours", "2026-06-02 24:00"),
        ("2026-06-01 00:00", "48 working_hours", "2026-06-02 24:00"),
        # Before the bridge of Ascension: Thursday is a holiday, Friday is worked.
        ("2026-05-13 18:00", "48 working_hours", "2026-05-18 18:00"),
        # Over the night the clock goes forward (Sunday 29 March) and back (Sunday 25 October): no working hour
        # is lost or won.
        ("2026-03-27 18:00", "48 working_hours", "2026-03-31 18:00"),
        ("2026-10-23 18:00", "48 working_hours", "2026-10-27 18:00"),
        # Opening hours, 8 to 18.
        ("2026-05-29 17:00", "2 office_hours", "2026-06-01 09:00"),
        ("2026-05-29 18:00", "10 office_hours", "2026-06-01 18:00"),
        ("2026-05-29 06:00", "1 office_hour", "2026-05-29 09:00"),
        ("2026-03-27 16:00", "12 office_hours", "2026-03-30 18:00"),
        ("2026-10-23 16:00", "12 office_hours", "2026-10-26 18:00"),
        # Plain hours follow the real time, not the wall.
        ("2026-03-28 18:00", "24 hours", "2026-03-29 19:00"),
        ("2026-10-24 18:00", "24 hours", "2026-10-25 17:00"),
        ("2026-05-29 00:00", "48 hours", "2026-05-30 24:00"),
        # Days: the day of the start is day 0.
        ("2026-05-29 00:00", "7 days", "2026-06-05 24:00"),
        ("2026-05-29 23:59", "7 days", "2026-06-05 24:00"),
        ("2026-05-29 18:00", "0 days", "2026-05-29 24:00"),
        ("2026-05-29 18:00", "2 days", "2026-05-31 24:00"),
        ("2026-03-28 12:00", "1 day", "2026-03-29 24:00"),
        ("2026-10-24 12:00", "1 day", "2026-10-25 24:00"),
        # Working days.
        ("2026-05-29 18:00", "1 working_day", "2026-06-01 24:00"),
        ("2026-05-30 10:00", "1 working_day", "2026-06-01 24:00"),
        ("2026-05-30 10:00", "0 working_days", "2026-06-01 24:00"),
        ("2026-05-29 10:00", "0 working_days", "2026-05-29 24:00"),
        ("2026-04-30 09:00", "5 working_days", "2026-05-11 24:00"),  # french-standards section 10
        ("2026-12-24 09:00", "5 working_days", "2027-01-04 24:00"),
        # Months: the same day, or the last of a shorter month.
        ("2026-05-29 18:00", "3 months", "2026-08-29 24:00"),
        ("2026-11-30 18:00", "3 months", "2027-02-28 24:00"),
        ("2026-01-31 18:00", "1 month", "2026-02-28 24:00"),
        ("2026-12-31 18:00", "2 months", "2027-02-28 24:00"),
        ("2026-05-29 18:00", "0 months", "2026-05-29 24:00"),
    ],
)
def test_due(start: str, delay: str, due: str) -> None:
    found = add(paris(start), Duration.parse(delay), CALENDAR)
    assert found == paris(due), found.astimezone(PARIS)
    assert found.tzinfo is UTC


@pytest.mark.parametrize(
    ("start", "delay", "due"),
    [
        # Sundays worked: the day of 23 hours and the day of 25 give what they have.
        ("2026-03-29 00:00", "23 working_hours", "2026-03-29 24:00"),
        ("2026-10-25 00:00", "25 working_hours", "2026-10-25 24:00"),
        ("2026-03-28 18:00", "24 working_hours", "2026-03-29 19:00"),
        ("2026-10-24 18:00", "24 working_hours", "2026-10-25 17:00"),
        ("2026-03-29 01:00", "2 hours", "2026-03-29 04:00"),
        ("2026-10-25 01:00", "3 hours", "2026-10-25 03:00"),
    ],
)
def test_due_when_sundays_are_worked(start: str, delay: str, due: str) -> None:
    assert add(paris(start), Duration.parse(delay), EVERY_DAY) == paris(due)


def test_alsace_moselle_waits_longer_at_easter() -> None:
    alsace = Calendar(holiday_zone="FR-57")
    at_work = Calendar(holiday_zone="FR-57", good_friday=False)
    start, delay = paris("2026-04-02 18:00"), Duration(48, Unit.WORKING_HOURS)
    assert add(start, delay, alsace) == paris("2026-04-08 18:00")
    assert add(start, delay, at_work) == paris("2026-04-07 18:00")
    assert add(start, delay, CALENDAR) == paris("2026-04-07 18:00")


def test_closing_days_are_not_worked() -> None:
    closed = Calendar(closing_days=frozenset({date(2026, 6, 1)}))
    assert add(paris("2026-05-29 18:00"), Duration(48, Unit.WORKING_HOURS), closed) == paris("2026-06-03 18:00")


def test_an_overseas_day_ends_overseas() -> None:
    reunion = Calendar(time_zone="Indian/Reunion", holiday_zone="FR-974")
    due = add(datetime(2026, 5, 29, 21, tzinfo=UTC), Duration(1, Unit.CALENDAR_DAYS), reunion)
    assert due == datetime(2026, 5, 31, 19, 59, 59, 999999, tzinfo=UTC), "the 29th at 21:00 UTC is the 30th there"


@pytest.mark.parametrize(
    ("start", "delay", "pause", "due"),
    [
        # Three nights away shift a delay in days by three days, to the end of a day.
        ("2026-06-01 10:00", "7 days", ("2026-06-03 09:00", "2026-06-06 15:00"), "2026-06-11 24:00"),
        # Within one day, no night: nothing is shifted.
        ("2026-06-01 10:00", "7 days", ("2026-06-03 09:00", "2026-06-03 17:00"), "2026-06-08 24:00"),
        # Would fall due inside the pause: due at the end of the day it ends.
        ("2026-06-01 10:00", "2 days", ("2026-06-03 09:00", "2026-06-06 15:00"), "2026-06-06 24:00"),
        # Asked for in the middle of a pause: day 0 is the day it ends.
        ("2026-06-04 10:00", "2 days", ("2026-06-03 09:00", "2026-06-06 15:00"), "2026-06-08 24:00"),
        # Over before the start, or begun after the due day.
        ("2026-06-10 10:00", "2 days", ("2026-06-03 09:00", "2026-06-06 15:00"), "2026-06-12 24:00"),
        ("2026-06-01 10:00", "1 day", ("2026-06-03 09:00", "2026-06-06 15:00"), "2026-06-02 24:00"),
        # Working days shift by the worked days, and fall due on one.
        ("2026-06-05 10:00", "3 working_days", ("2026-06-08 09:00", "2026-06-11 15:00"), "2026-06-15 24:00"),
        ("2026-06-05 10:00", "1 working_day", ("2026-06-08 09:00", "2026-06-13 15:00"), "2026-06-15 24:00"),
        # Hours stop and go on.
        ("2026-06-01 10:00", "5 hours", ("2026-06-01 12:00", "2026-06-02 09:30"), "2026-06-02 12:30"),
        ("2026-06-05 16:00", "4 office_hours", ("2026-06-05 17:00", "2026-06-08 10:00"), "2026-06-08 13:00"),
        ("2026-06-05 18:00", "48 working_hours", ("2026-06-06 00:00", "2026-06-09 00:00"), "2026-06-10 18:00"),
        # Reached exactly when the pause begins: due then.
        ("2026-06-01 10:00", "2 hours", ("2026-06-01 12:00", "2026-06-02 09:30"), "2026-06-01 12:00"),
        ("2026-01-31 10:00", "1 month", ("2026-02-10 09:00", "2026-02-12 09:00"), "2026-03-02 24:00"),
    ],
)
def test_due_with_a_pause(start: str, delay: str, pause: tuple[str, str], due: str) -> None:
    found = add(paris(start), Duration.parse(delay), CALENDAR, [Pause(paris(pause[0]), paris(pause[1]))])
    assert found == paris(due), found and found.astimezone(PARIS)


@pytest.mark.parametrize("unit", Unit)
def test_a_pause_without_end_leaves_no_due_instant(unit: Unit) -> None:
    start, since = paris("2026-06-01 10:00"), paris("2026-06-01 15:00")
    assert add(start, Duration(40 if unit.is_hours else 2, unit), CALENDAR, [Pause(since)]) is None


def test_a_pause_without_end_does_not_touch_what_was_due_before() -> None:
    start, since = paris("2026-06-01 10:00"), paris("2026-06-04 09:00")
    assert add(start, Duration(2, Unit.CALENDAR_DAYS), CALENDAR, [Pause(since)]) == paris("2026-06-03 24:00")
    assert add(start, Duration(24, Unit.HOURS), CALENDAR, [Pause(since)]) == paris("2026-06-02 10:00")


def test_whole_days_off() -> None:
    off = days_off(date(2026, 6, 3), date(2026, 6, 5), CALENDAR)
    assert off == Pause(paris("2026-06-03 00:00"), paris("2026-06-06 00:00"))
    assert add(paris("2026-06-01 10:00"), Duration(7, Unit.CALENDAR_DAYS), CALENDAR, [off]) == paris("2026-06-11 24:00")
    assert days_off(date(2026, 6, 3), None, CALENDAR).end is None


@pytest.mark.parametrize(
    ("due", "ahead", "warn"),
    [
        ("2026-06-01 24:00", "1 working_day", "2026-05-29 00:00"),
        ("2026-06-01 24:00", "0 working_days", "2026-06-01 00:00"),
        ("2026-06-07 24:00", "1 working_day", "2026-06-05 00:00"),
        ("2026-06-04 24:00", "2 days", "2026-06-02 00:00"),
        ("2026-05-31 24:00", "3 months", "2026-02-28 00:00"),
        ("2026-06-02 18:00", "24 working_hours", "2026-06-01 18:00"),
        ("2026-06-01 18:00", "24 working_hours", "2026-05-29 18:00"),
        ("2026-06-01 10:00", "3 office_hours", "2026-05-29 17:00"),
        ("2026-03-29 19:00", "24 hours", "2026-03-28 18:00"),
        ("2026-06-02 24:00", "24 working_hours", "2026-06-02 00:00"),
        ("2026-06-02 18:00", "0 office_hours", "2026-06-02 18:00"),
    ],
)
def test_when_to_warn(due: str, ahead: str, warn: str) -> None:
    found = before(paris(due), Duration.parse(ahead), CALENDAR)
    assert found == paris(warn), found.astimezone(PARIS)
    assert found.tzinfo is UTC


@pytest.mark.parametrize(
    ("start", "end", "unit", "count"),
    [
        ("2026-05-29 23:00", "2026-05-30 01:00", Unit.CALENDAR_DAYS, 1),
        ("2026-05-29 01:00", "2026-05-29 23:00", Unit.CALENDAR_DAYS, 0),
        ("2026-04-30 09:00", "2026-05-18 09:00", Unit.WORKING_DAYS, 9),  # french-standards section 10
        ("2026-01-31 10:00", "2026-02-28 09:00", Unit.MONTHS, 1),
        ("2026-01-31 10:00", "2026-02-27 09:00", Unit.MONTHS, 0),
        ("2026-05-29 18:00", "2026-06-02 17:59", Unit.WORKING_HOURS, 47),
        ("2026-03-28 18:00", "2026-03-29 18:00", Unit.HOURS, 23),
        ("2026-10-24 18:00", "2026-10-25 18:00", Unit.HOURS, 25),
        ("2026-06-02 18:00", "2026-05-29 18:00", Unit.WORKING_HOURS, -48),
        ("2026-06-02 18:00", "2026-05-29 18:00", Unit.CALENDAR_DAYS, -4),
    ],
)
def test_elapsed(start: str, end: str, unit: Unit, count: int) -> None:
    assert elapsed(paris(start), paris(end), unit, CALENDAR) == count


def test_raw_and_adjusted_waits() -> None:
    away = [Pause(paris("2026-06-03 09:00"), paris("2026-06-06 15:00"))]
    start = paris("2026-06-01 10:00")
    assert waits(start, paris("2026-06-02 10:00"), away, CALENDAR) == Waits(1, 1)
    assert waits(start, paris("2026-06-05 10:00"), away, CALENDAR) == Waits(4, 2), "stopped in the pause"
    assert waits(start, paris("2026-06-11 10:00"), away, CALENDAR) == Waits(10, 7)


def test_a_pause_that_begins_at_midnight_leaves_that_night_counted() -> None:
    """Away from Wednesday to Friday: the night to Wednesday was waited, the three that follow were not."""
    off = [days_off(date(2026, 6, 3), date(2026, 6, 5), CALENDAR)]
    start = paris("2026-06-01 10:00")
    days = range(2, 9)
    counted = [waits(start, paris(f"2026-06-0{day} 10:00"), off, CALENDAR).adjusted_days for day in days]
    assert counted == [1, 2, 2, 2, 2, 3, 4]


def test_a_pause_covers_its_start_and_not_its_end() -> None:
    one, two = paris("2026-06-03 09:00"), paris("2026-06-04 09:00")
    assert Pause(one, two).covers(one)
    assert not Pause(one, two).covers(two)
    assert Pause(one).covers(two)
    assert Pause(one, two).start.tzinfo is UTC


def test_pauses_are_merged() -> None:
    one, two, three, four, five = (paris(f"2026-06-0{day} 12:00") for day in range(1, 6))
    assert merge([Pause(three, four), Pause(one, two)]) == (Pause(one, two), Pause(three, four))
    assert merge([Pause(one, three), Pause(two, four)]) == (Pause(one, four),)
    assert merge([Pause(one, two), Pause(two, three)]) == (Pause(one, three),)
    assert merge([Pause(one, five), Pause(two, three)]) == (Pause(one, five),)
    assert merge([Pause(two, None), Pause(one, three), Pause(four, five)]) == (Pause(one, None),)
    assert merge([Pause(one, one)]) == ()


def test_overlapping_pauses_do_not_stop_the_clock_twice() -> None:
    twice = [
        Pause(paris("2026-06-03 09:00"), paris("2026-06-06 15:00")),
        Pause(paris("2026-06-04 09:00"), paris("2026-06-05 15:00")),
    ]
    assert add(paris("2026-06-01 10:00"), Duration(7, Unit.CALENDAR_DAYS), CALENDAR, twice) == paris("2026-06-11 24:00")


def test_a_pause_across_an_hour_change_is_ordered_in_real_time() -> None:
    """2:30 happens twice on 25 October; the second one is not before the first."""
    first = datetime(2026, 10, 25, 2, 30, tzinfo=PARIS)
    second = datetime(2026, 10, 25, 2, 10, fold=1, tzinfo=PARIS)
    assert Pause(first, second).start < second.astimezone(UTC)
    with pytest.raises(ValueError, match="finir avant"):
        Pause(second, first)


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("1 day", "1\N{NO-BREAK SPACE}jour"),
        ("7 days", "7\N{NO-BREAK SPACE}jours"),
        ("0 days", "0\N{NO-BREAK SPACE}jour"),
        ("48 working_hours", "48\N{NO-BREAK SPACE}heures ouvrables"),
        ("2 working_days", "2\N{NO-BREAK SPACE}jours ouvrés"),
        ("1 month", "1\N{NO-BREAK SPACE}mois"),
        ("4 office_hours", "4\N{NO-BREAK SPACE}heures d’ouverture"),
    ],
)
def test_a_duration_in_words(text: str, label: str) -> None:
    duration = Duration.parse(text)
    assert duration.label == label
    assert Duration.parse(str(duration)) == duration


@pytest.mark.parametrize("text", ["", "7", "days", "seven days", "7 weeks", "1.5 days", "-3 days", "99999 days"])
def test_a_wrong_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="élai"):
        Duration.parse(text)


def test_a_naive_pause_is_refused() -> None:
    with pytest.raises(ValueError, match="fuseau"):
        Pause(datetime(2026, 6, 1))
