"""Silence goes up, level by level, at theoretical instants; an answer holds it; evidence ends it whatever its level."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from directory.errors import DomainError
from directory.models import Membership, Role, User
from pathways import services
from pathways.models import Alert, Pathway, Step
from pathways.rules.levels import Level
from tests.factories import PathwayFactory, TeamFactory, UserFactory

pytestmark = pytest.mark.django_db

SECOND = timedelta(seconds=1)


@pytest.fixture(autouse=True)
def _monday() -> Iterator[None]:
    """The levels count working days: the bounds below hold from a Monday without a holiday near."""
    with time_machine.travel(datetime(2026, 11, 23, 9, 0, tzinfo=ZoneInfo("Europe/Paris"))):
        yield


@pytest.fixture
def step() -> Step:
    """An open step due soon, of a pathway that has just begun."""
    return Step.objects.get(pathway=PathwayFactory(), key="first_response")


def story(step: Step) -> dict[int, tuple[Any, Any]]:
    """What is told of a step's delay: since and until when, by level."""
    rows = Alert.objects.filter(step=step, kind="late").order_by("level")
    return {level: (since, closed_at) for level, since, closed_at in rows.values_list("level", "since", "closed_at")}


def opened(step: Step) -> list[int]:
    return list(Alert.objects.open().filter(step=step, kind="late").values_list("level", flat=True))


def late(step: Step) -> Alert:
    return Alert.objects.open().get(step=step, kind="late")


def test_silence_goes_up_from_the_owner_to_the_team_its_head_and_the_harm_review(step: Step) -> None:
    assert step.due_at and step.team_at and step.head_at and step.harm_at
    for at, level in ((step.due_at, 1), (step.team_at, 2), (step.head_at, 3), (step.harm_at, 4)):
        services.scan_delays(now=at)  # an instant equal to the level's is not after it
        assert opened(step) == ([level - 1] if level > 1 else [])
        services.scan_delays(now=at + SECOND)
        assert opened(step) == [level]


def test_a_late_scan_tells_the_same_story_as_a_prompt_one(step: Step) -> None:
    assert step.due_at and step.team_at and step.head_at and step.harm_at
    instants = [step.due_at, step.team_at, step.head_at, step.harm_at]
    services.scan_delays(now=step.harm_at + timedelta(days=9))
    expected = {rank + 1: (at, [*instants[1:], None][rank]) for rank, at in enumerate(instants)}
    assert story(step) == expected


def test_a_scan_between_two_levels_raises_nothing_more(step: Step) -> None:
    assert step.team_at and step.head_at
    services.scan_delays(now=step.team_at + SECOND)
    before = list(Alert.objects.filter(step=step).order_by("pk").values())
    services.scan_delays(now=step.head_at - SECOND)
    assert list(Alert.objects.filter(step=step).order_by("pk").values()) == before


def test_an_answer_holds_the_levels_but_not_the_harm_review(step: Step) -> None:
    assert step.due_at and step.head_at and step.harm_at
    services.scan_delays(now=step.due_at + SECOND)
    services.acknowledge_alert(alert=late(step), user=UserFactory(), reason="Le patient rappelle jeudi")
    services.scan_delays(now=step.head_at + SECOND)
    assert opened(step) == [1]
    services.scan_delays(now=step.harm_at + SECOND)
    assert opened(step) == [4]
    assert late(step).acknowledged_at is None


def test_a_snooze_ends_in_the_morning_and_the_silence_since_then_goes_up(step: Step) -> None:
    assert step.due_at and step.harm_at
    services.scan_delays(now=step.due_at + SECOND)
    until = timezone.localdate() + timedelta(days=12)
    services.acknowledge_alert(alert=late(step), user=UserFactory(), reason="Vacances du patient", until=until)
    waking = late(step).snoozed_until
    assert waking and waking < step.harm_at
    assert timezone.localtime(waking).date() == until
    services.scan_delays(now=waking)
    assert (opened(step), late(step).acknowledged_at is None) == ([1], False)
    services.scan_delays(now=waking + SECOND)
    assert opened(step) == [3]  # nobody has answered for more than the head's delay
    assert late(step).acknowledged_at is None
    first = Alert.objects.get(step=step, kind="late", level=1)
    assert (first.acknowledge_reason, first.snoozed_until) == ("", None)


def test_a_snooze_is_to_a_day_to_come_and_not_for_ever(step: Step) -> None:
    assert step.due_at
    services.scan_delays(now=step.due_at + SECOND)
    for days in (0, -1, 61):
        with pytest.raises(DomainError) as refused:
            services.acknowledge_alert(
                alert=late(step), user=UserFactory(), reason="x", until=timezone.localdate() + timedelta(days=days)
            )
        assert refused.value.field == "until"
    assert late(step).acknowledged_at is None


def test_evidence_closes_the_level_reached_and_its_withdrawal_opens_it_again(step: Step) -> None:
    pathway = PathwayFactory(days_ago=60)
    services.scan_delays(now=timezone.now())
    alert = Alert.objects.open().get(pathway=pathway, step__key="first_care")
    assert alert.level == Level.HARM.rank
    fact = services.record_milestone(pathway=pathway, kind="first_care", occurred_at=timezone.now())
    alert.refresh_from_db()
    assert (alert.closed_by, Alert.objects.open().filter(step=alert.step).exists()) == (fact, False)
    services.withdraw_milestone(milestone=fact, author=None, note="erreur")
    services.scan_delays(now=timezone.now())
    again = Alert.objects.open().get(pathway=pathway, step__key="first_care")
    assert (again.pk, again.since, again.closed_by) == (alert.pk, alert.since, None)


@pytest.mark.parametrize("days_ago", [12, 60])  # taken down a level, and still at the last one
def test_a_pause_moves_the_levels_of_a_delay_already_told(days_ago: int) -> None:
    pathway = PathwayFactory(days_ago=days_ago)
    services.scan_delays(now=timezone.now())
    before = Alert.objects.open().get(pathway=pathway, step__key="first_care")
    start = timezone.localdate() - timedelta(days=days_ago - 2)
    services.add_pause(
        pathway=pathway, kind="patient_choice", starts_on=start, author=None, ends_on=start + timedelta(days=1)
    )
    services.scan_delays(now=timezone.now())
    after = Alert.objects.open().get(pathway=pathway, step__key="first_care")
    moved = Step.objects.get(pathway=pathway, key="first_care")
    assert before.harm_at and after.harm_at and after.harm_at > before.harm_at
    assert (after.team_at, after.head_at, after.harm_at) == (moved.team_at, moved.head_at, moved.harm_at)
    assert Alert.objects.open().filter(step=moved).count() == 1
    assert after.since == (moved.due_at, moved.team_at, moved.head_at, moved.harm_at)[after.level - 1]


def test_continuity_goes_up_too(step: Step) -> None:
    services.assign_pathway(pathway=step.pathway, owner=None, author=None)
    alert = Alert.objects.open().get(kind="no_owner")
    assert alert.team_at
    services.scan_delays(now=alert.team_at + SECOND)
    assert Alert.objects.open().get(kind="no_owner").level == Level.TEAM.rank
    owner = UserFactory(role=Role.COORDINATOR, team=step.pathway.team)
    services.assign_pathway(pathway=step.pathway, owner=owner, author=None)
    assert not Alert.objects.open().filter(kind="no_owner").exists()


def test_the_scan_takes_as_many_statements_for_one_as_for_many() -> None:
    counts = []
    for more in (1, 6):
        for _ in range(more):
            PathwayFactory(days_ago=60)
        with CaptureQueriesContext(connection) as queries:
            services.scan_delays(now=timezone.now())
        counts.append(len(queries))
    assert counts[0] == counts[1]


def people(pathway: Pathway) -> dict[str, User]:
    team = pathway.team
    head = UserFactory(role=Role.COORDINATOR, team=team)
    Membership.objects.filter(user=head).update(is_head=True, role=Role.PHYSICIAN)
    assert pathway.owner
    return {
        "owner": pathway.owner,
        "secretary": UserFactory(role=Role.SECRETARY, team=team),
        "head": User.objects.get(pk=head.pk),
        "physician": UserFactory(role=Role.PHYSICIAN, team=team),
        "stranger": UserFactory(role=Role.COORDINATOR, team=TeamFactory()),
    }


def test_each_level_asks_more_people_and_never_a_stranger(step: Step) -> None:
    assert step.due_at and step.team_at and step.head_at and step.harm_at
    everybody = people(step.pathway)
    asked = ["owner"]
    for at, more in (
        (step.due_at, []),
        (step.team_at, ["secretary"]),
        (step.head_at, ["head"]),
        (step.harm_at, ["physician"]),
    ):
        services.scan_delays(now=at + SECOND)
        asked += more
        found = [name for name, user in everybody.items() if late(step) in Alert.objects.addressed_to(user)]
        assert found == asked


def test_a_team_without_a_head_is_headed_by_its_physicians(step: Step) -> None:
    assert step.head_at
    physician = UserFactory(role=Role.PHYSICIAN, team=step.pathway.team)
    services.scan_delays(now=step.head_at + SECOND)
    assert late(step) in Alert.objects.addressed_to(physician)


def test_nobody_in_charge_means_the_coordinators(step: Step) -> None:
    colleague = UserFactory(role=Role.COORDINATOR, team=step.pathway.team)
    services.assign_pathway(pathway=step.pathway, owner=None, author=None)
    alert = Alert.objects.open().get(kind="no_owner")
    assert alert in Alert.objects.addressed_to(colleague)


def test_a_step_entrusted_to_someone_asks_them(step: Step) -> None:
    assert step.due_at and step.pathway.owner
    colleague = UserFactory(role=Role.COORDINATOR, team=step.pathway.team)
    services.assign_step(step=step, assignee=colleague, author=None)
    services.scan_delays(now=step.due_at + SECOND)
    assert late(step) in Alert.objects.addressed_to(colleague)
    assert late(step) not in Alert.objects.addressed_to(step.pathway.owner)
