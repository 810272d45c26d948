"""Levels of an alert: the order they follow, what an answer holds, and what a target pathway may say of them."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest

from pathways.rules import Calendar, Duration, TargetError, Unit, dump, parse_target
from pathways.rules.levels import Alerts, Ladder, Level, next_level_at
from pathways.rules.mail_hours import next_mail_at
from pathways.rules.target import from_dict, to_dict
from tests.pathways.rules.test_target_files import GOOD

MONDAY = datetime(2026, 11, 16, 12, tzinfo=UTC)
LADDER = Ladder(*(MONDAY + timedelta(days=days) for days in (2, 5, 30)))


def written(alerts: str) -> str:
    return GOOD.replace("warn_before: 1 working_day\n", f"warn_before: 1 working_day\n{alerts}", 1)


def refused(alerts: str) -> list[tuple[int, str]]:
    with pytest.raises(TargetError) as caught:
        parse_target(written(alerts))
    return [(fault.line, fault.message) for fault in caught.value.faults]


def test_a_target_that_says_nothing_has_the_defaults() -> None:
    assert parse_target(GOOD).alerts == Alerts()
    assert "alerts" not in to_dict(parse_target(GOOD))


def test_a_target_says_its_levels_and_they_come_back() -> None:
    target = parse_target(written("alerts:\n  team_after: 1 day\n  harm_after: 3 months\n  immediate: [head, harm]\n"))
    assert target.alerts == Alerts(
        team_after=Duration(1, Unit.CALENDAR_DAYS),
        harm_after=Duration(3, Unit.MONTHS),
        immediate=(Level.HEAD, Level.HARM),
    )
    assert parse_target(dump(target)) == target
    assert from_dict(to_dict(target)) == target


def test_nothing_at_once_is_a_choice_that_comes_back() -> None:
    target = parse_target(written("alerts:\n  immediate: []\n"))
    assert target.alerts.immediate == ()
    assert parse_target(dump(target)) == target


@pytest.mark.parametrize(
    ("alerts", "line", "told"),
    [
        ("alerts:\n  teem_after: 1 day\n", 7, "Vouliez-vous écrire « team_after »"),
        ("alerts:\n  team_after: 2 days\n  head_after: bientôt\n", 8, "Délai illisible"),
        ("alerts:\n  immediate: [head, boss]\n", 7, "Mot inconnu : « boss »"),
        ("alerts:\n  team_after: 6 days\n  head_after: 2 days\n", 8, "« head_after » ne peut pas précéder"),
        ("alerts:\n  head_after: 2 months\n  harm_after: 30 days\n", 8, "« harm_after » ne peut pas précéder"),
        ("alerts: tôt\n", 6, "Des clés et des valeurs"),
    ],
)
def test_each_fault_is_told_with_its_line(alerts: str, line: int, told: str) -> None:
    faults = refused(alerts)
    assert [each[0] for each in faults] == [line]
    assert told in faults[0][1]


def test_levels_go_up_one_after_the_other() -> None:
    assert [next_level_at(rank, LADDER) for rank in (1, 2, 3, 4)] == [*LADDER, None]


def test_a_level_that_does_not_exist_is_stepped_over() -> None:
    assert next_level_at(1, Ladder(None, LADDER.head_at, None)) == LADDER.head_at
    assert next_level_at(3, Ladder(LADDER.team_at, LADDER.head_at, None)) is None


def test_an_answer_holds_everything_but_the_harm_review() -> None:
    until = MONDAY + timedelta(days=7)
    assert next_level_at(1, LADDER, acknowledged=True) == LADDER.harm_at
    assert next_level_at(1, LADDER, acknowledged=True, snoozed_until=until) == until
    late = MONDAY + timedelta(days=40)
    assert next_level_at(1, LADDER, acknowledged=True, snoozed_until=late) == LADDER.harm_at
    assert next_level_at(4, LADDER, acknowledged=True, snoozed_until=late) == late
    assert next_level_at(4, LADDER, acknowledged=True) is None


def test_the_ladder_counts_working_days_from_the_instant_the_delay_ran_out() -> None:
    friday = Calendar().end_of_day(datetime(2026, 11, 20).date())
    ladder = Alerts().ladder(friday, Calendar())
    assert ladder.team_at == Calendar().end_of_day(datetime(2026, 11, 24).date())
    assert ladder.team_at < (ladder.head_at or friday) < (ladder.harm_at or friday)


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2026-11-16T09:00", "2026-11-16T09:00"),  # within the hours
        ("2026-11-16T05:00", "2026-11-16T07:30"),  # before they begin
        ("2026-11-16T19:00", "2026-11-17T07:30"),  # once they are over
        ("2026-11-20T23:00", "2026-11-23T07:30"),  # a Friday evening
        ("2026-11-21T10:00", "2026-11-23T07:30"),  # a Saturday
        ("2026-11-11T10:00", "2026-11-12T07:30"),  # a public holiday
    ],
)
def test_a_mail_waits_for_working_hours(now: str, expected: str) -> None:
    calendar = Calendar()

    def at(text: str) -> datetime:
        return datetime.fromisoformat(text).replace(tzinfo=calendar.zone).astimezone(UTC)

    assert next_mail_at(at(now), time(7, 30), time(19), calendar) == at(expected)
