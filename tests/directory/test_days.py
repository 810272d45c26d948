"""Days and hours typed wrong are refused in words, with their field, and nothing is counted with them."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from directory.days import refuse_far_appointment, refuse_odd_days, wall_instant
from directory.errors import DomainError

PARIS = ZoneInfo("Europe/Paris")
NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)


@pytest.mark.parametrize("day", [date(1, 1, 1), date(1999, 12, 31), date(2101, 1, 1), date(9999, 12, 31)])
def test_a_year_typed_wrong_is_refused_with_its_field(day: date) -> None:
    with pytest.raises(DomainError) as refused:
        refuse_odd_days(first_on=date(2026, 1, 1), last_on=day)
    assert refused.value.field == "last_on"
    assert f"{day.year:04}" in refused.value.message


def test_a_day_left_empty_or_near_is_no_odd_day() -> None:
    refuse_odd_days(valid_from=date(2000, 1, 1), valid_until=None, since=date(2100, 12, 31))
    for outside in (date(1999, 12, 31), date(2101, 1, 1)):
        with pytest.raises(DomainError) as refused:
            refuse_odd_days(valid_from=date(2000, 1, 1), valid_until=None, since=outside)
        assert refused.value.field == "since"


@pytest.mark.parametrize(
    ("after", "refused"), [(timedelta(0), True), (timedelta(minutes=1), False), (timedelta(days=549), False),
                           (timedelta(days=551), True), (timedelta(days=366 * 30), True)],
)  # fmt: skip
def test_an_appointment_is_to_come_and_within_eighteen_months(after: timedelta, refused: bool) -> None:
    if not refused:
        refuse_far_appointment(NOW + after, NOW)
        return
    with pytest.raises(DomainError) as error:
        refuse_far_appointment(NOW + after, NOW)
    assert error.value.field == "starts_at"


def test_an_hour_that_the_clocks_leave_out_is_refused() -> None:
    with pytest.raises(DomainError) as refused:
        wall_instant(date(2027, 3, 28), time(2, 30), PARIS)
    assert (refused.value.field, refused.value.code) == ("hour", "no_such_hour")
    assert wall_instant(date(2027, 3, 28), time(3), PARIS) == datetime(2027, 3, 28, 1, tzinfo=UTC)
    first = wall_instant(date(2026, 10, 25), time(2, 30), PARIS)
    assert first.astimezone(UTC) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC), "the first of the two"
    assert wall_instant(date(2027, 3, 28), time(2, 30), ZoneInfo("Indian/Reunion")).hour == 2


def test_an_odd_year_is_refused_before_it_is_counted_with() -> None:
    with pytest.raises(DomainError):
        wall_instant(date(9999, 12, 31), time(23, 59), PARIS)
