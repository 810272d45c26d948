"""Absences: patients handed over for a time, and back by themselves, whatever happens meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta

import pytest
import time_machine
from django.db import IntegrityError, transaction
from django.utils import timezone

from coordination import services
from coordination.models import Cover, Task
from coordination.querysets import worklist as reads
from coordination.querysets.worklist import Scope
from coordination.readings.counters import figures_of
from directory.errors import DomainError
from directory.models import Membership, OutboxMessage, Role, User
from pathways import services as pathways
from pathways.models import Alert, Pathway, StandIn
from pathways.rules.levels import Level
from tests.coordination.conftest import MONDAY
from tests.coordination.factories import Desk
from tests.factories import TeamFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def paul(desk: Desk) -> User:
    return UserFactory(role=Role.COORDINATOR, team=desk.team)


@pytest.fixture
def sophie(desk: Desk) -> User:
    return UserFactory(role=Role.SECRETARY, team=desk.team)


@pytest.fixture
def mine(desk: Desk) -> Pathway:
    return desk.pathway(days_ago=20)


def day(number: int) -> date:
    return MONDAY.date() + timedelta(days=number)


@contextmanager
def on(number: int) -> Iterator[None]:
    with time_machine.travel(MONDAY + timedelta(days=number)):
        yield


def away(absent: User, stand_in: User, first: int = 0, last: int = 9, **options: object) -> Cover:
    author = options.pop("author", absent)
    return services.hand_over(
        absent=absent, stand_in=stand_in, starts_on=day(first), ends_on=day(last), author=author, **options
    )  # type: ignore[arg-type]


def theirs(user: User) -> set[Pathway]:
    """What is on the worklist of ``user`` under « Mes patients »."""
    return set(reads.at_desk(User.objects.get(pk=user.pk), Scope(mine=True)))


# --- handed over and back --------------------------------------------------------------------------------------------
def test_from_the_first_day_to_the_last_and_nobody_needs_to_do_anything(desk: Desk, paul: User, mine: Pathway) -> None:
    away(desk.coordinator, paul, 2, 4)
    for number, (hers, his) in {1: ({mine}, set()), 2: (set(), {mine}), 4: (set(), {mine}), 5: ({mine}, set())}.items():
        with on(number):
            assert (theirs(desk.coordinator), theirs(paul)) == (hers, his), f"day {number}"
    mine.refresh_from_db()
    assert mine.owner == desk.coordinator, "it moves nobody's patients"


def test_counter_list_tasks_and_menu_say_the_same_for_who_stands_in(desk: Desk, paul: User, mine: Pathway) -> None:
    task = services.create_task(pathway=mine, title="Appeler", owner=desk.coordinator, due_on=day(0))
    elsewhere = desk.pathway(owner=paul)
    kept = services.create_task(pathway=elsewhere, title="La sienne", owner=desk.coordinator, due_on=day(0))
    away(desk.coordinator, paul)
    for user, rows, tasks in ((paul, {mine, elsewhere}, [task]), (desk.coordinator, set(), [kept])):
        found = figures_of(User.objects.get(pk=user.pk), Scope(mine=True), timezone.now(), timezone.localdate())
        assert found.filters["toutes"] == len(theirs(user)) == len(rows)
        assert theirs(user) == rows
        assert list(Task.objects.of_owner(user)) == tasks
        assert found.badges["coordination:tasks"] == len(tasks)


def test_alerts_and_their_mail_reach_who_stands_in(desk: Desk, paul: User) -> None:
    mine = desk.pathway(days_ago=3)
    pathways.scan_delays(now=timezone.now())
    levels = dict(Alert.objects.values_list("kind", "level"))
    assert set(levels.values()) == {Level.OWNER.rank}, f"asked of nobody else yet: {levels}"
    asked = set(Alert.objects.addressed_to(desk.coordinator).filter(pathway=mine))
    assert asked
    assert not set(Alert.objects.addressed_to(paul).filter(pathway=mine))
    away(desk.coordinator, paul)
    assert set(Alert.objects.addressed_to(paul).filter(pathway=mine)) == asked
    assert not set(Alert.objects.addressed_to(desk.coordinator).filter(pathway=mine))
    pathways.send_alert_digests(now=timezone.now())
    assert list(OutboxMessage.objects.filter(kind="alerts_digest").values_list("recipient", flat=True)) == [paul.email]
    step = next(alert.step for alert in asked if alert.step)
    pathways.assign_step(step=step, assignee=desk.coordinator, author=desk.coordinator)
    assert Alert.objects.addressed_to(paul).filter(step=step).exists(), "a step confided to her too"
    pathways.assign_step(step=step, assignee=paul, author=desk.coordinator)
    with on(10):
        assert Alert.objects.addressed_to(paul).filter(step=step).exists(), "his own step stays his"


def test_some_patients_only(desk: Desk, paul: User, mine: Pathway) -> None:
    other = desk.pathway()
    cover = away(desk.coordinator, paul, pathways=[mine], watch={mine.pk: " Douleur "})
    assert (theirs(paul), theirs(desk.coordinator)) == ({mine}, {other})
    assert (cover.everyone, cover.lines.get().watch) == (False, "Douleur")
    later = desk.pathway()
    assert later in theirs(desk.coordinator), "one who arrives meanwhile was not handed over"


def test_the_same_form_twice_is_one_absence(desk: Desk, paul: User, mine: Pathway) -> None:
    first = away(desk.coordinator, paul, pathways=[mine])
    again = away(desk.coordinator, paul, pathways=[mine], key=first.uuid)
    assert (again, Cover.objects.count()) == (first, 1)


# --- meanwhile -------------------------------------------------------------------------------------------------------
def test_a_patient_given_to_someone_away_is_looked_after(desk: Desk, paul: User, mine: Pathway) -> None:
    away(desk.coordinator, paul)
    arrived = desk.pathway()
    handed = desk.pathway(owner=paul)
    pathways.assign_pathway(pathway=handed, owner=desk.coordinator, author=paul)
    assert theirs(paul) == {mine, arrived, handed}
    with on(10):
        assert theirs(desk.coordinator) == {mine, arrived, handed}


def test_one_given_to_somebody_else_meanwhile_is_theirs(desk: Desk, paul: User, sophie: User, mine: Pathway) -> None:
    away(desk.coordinator, paul)
    pathways.assign_pathway(pathway=mine, owner=sophie, author=paul)
    assert (theirs(paul), theirs(sophie)) == (set(), {mine})
    with on(10):
        assert theirs(sophie) == {mine}, "and does not go back to who was away"


def test_a_closed_one_is_nobodys_and_reopened_it_is_covered_again(desk: Desk, paul: User, mine: Pathway) -> None:
    away(desk.coordinator, paul)
    pathways.close_pathway(pathway=mine, reason="completed", author=paul)
    assert theirs(paul) == set()
    pathways.reopen_pathway(pathway=mine, author=paul, reason="Erreur")
    assert theirs(paul) == {mine}


def test_the_stand_in_leaves_for_a_while_in_turn(desk: Desk, paul: User, sophie: User, mine: Pathway) -> None:
    own = desk.pathway(owner=paul)
    away(desk.coordinator, paul, 0, 9)
    away(paul, sophie, 3, 5)
    with on(4):
        assert (theirs(sophie), theirs(paul)) == ({mine, own}, set())
        arrived = desk.pathway()
        assert arrived in theirs(sophie), "along the whole chain"
    with on(6):
        assert (theirs(sophie), theirs(paul)) == (set(), {mine, own, arrived})


def test_the_first_comes_back_while_the_chain_lasts(desk: Desk, paul: User, sophie: User, mine: Pathway) -> None:
    cover = away(desk.coordinator, paul, 0, 9)
    away(paul, sophie, 3, 8)
    with on(5):
        services.come_back(cover=cover, author=desk.coordinator)
        assert (theirs(desk.coordinator), theirs(sophie), theirs(paul)) == ({mine}, set(), set())


def test_back_early_and_later_than_said(desk: Desk, paul: User, mine: Pathway) -> None:
    cover = away(desk.coordinator, paul, 0, 4)
    with on(2):
        services.change_return(cover=cover, ends_on=day(7), author=desk.coordinator)
    with on(6):
        assert theirs(paul) == {mine}
        services.come_back(cover=cover, author=desk.coordinator)
        assert theirs(desk.coordinator) == {mine}
        assert Cover.objects.get().ends_on == day(5)
        with pytest.raises(DomainError, match="déjà terminée"):
            services.come_back(cover=cover, author=desk.coordinator)


def test_back_the_very_first_day_or_before_it_never_was(desk: Desk, paul: User, mine: Pathway) -> None:
    services.come_back(cover=away(desk.coordinator, paul, 3, 6), author=desk.coordinator)
    assert Cover.objects.get().cancelled_at
    assert not StandIn.objects.exists()
    away(desk.coordinator, paul, 3, 6)


# --- refused ---------------------------------------------------------------------------------------------------------
def test_what_is_refused(desk: Desk, paul: User, sophie: User, mine: Pathway) -> None:
    stranger = UserFactory(role=Role.COORDINATOR)
    away(paul, sophie, 3, 5, author=paul) if desk.pathway(owner=paul) else None
    for stand_in, first, last, field in (
        (paul, 4, 8, "stand_in"),  # away himself
        (paul, 0, 3, "stand_in"),
        (desk.coordinator, 0, 3, "stand_in"),
        (stranger, 0, 3, None),  # not at that desk
        (UserFactory(role=Role.PHYSICIAN, team=desk.team), 0, 3, "stand_in"),
        (sophie, 3, 1, "ends_on"),
        (sophie, -1, 2, "starts_on"),
        (sophie, 0, 400, "ends_on"),
    ):
        with pytest.raises(DomainError) as refused:
            away(desk.coordinator, stand_in, first, last)
        assert refused.value.field == field, (stand_in, first, last)
    assert Cover.objects.count() == 1


def test_who_may(desk: Desk, paul: User, sophie: User, mine: Pathway) -> None:
    admin = UserFactory(role=Role.ADMINISTRATOR, team=TeamFactory(establishment=desk.team.establishment))
    head = UserFactory(role=Role.PHYSICIAN, team=desk.team)
    Membership.objects.filter(user=head).update(is_head=True)
    for author in (sophie, UserFactory(role=Role.ADMINISTRATOR), UserFactory(role=Role.PHYSICIAN, team=desk.team)):
        with pytest.raises(DomainError, match="Seuls"):
            away(desk.coordinator, paul, author=author)
    for author in (admin, head):
        cover = away(desk.coordinator, paul, author=author)
        with pytest.raises(DomainError, match="Seuls"):
            services.come_back(cover=cover, author=sophie)
        services.come_back(cover=cover, author=author)


def test_one_patient_is_handed_to_one_person_at_a_time(desk: Desk, paul: User, sophie: User, mine: Pathway) -> None:
    other = desk.pathway()
    first = away(desk.coordinator, paul, 0, 5, pathways=[mine])
    second = away(desk.coordinator, sophie, 3, 8)
    assert [line.pathway for line in second.lines.all()] == [other], "the one already handed over is left there"
    third = away(desk.coordinator, sophie, 6, 8, pathways=[mine])
    with pytest.raises(DomainError, match="plus longtemps"):
        services.change_return(cover=first, ends_on=day(7), author=desk.coordinator)
    services.come_back(cover=third, author=desk.coordinator)
    services.change_return(cover=first, ends_on=day(7), author=desk.coordinator)
    row = StandIn.objects.get(pathway=mine)
    with pytest.raises(IntegrityError, match="stand_in_one_a_day"), transaction.atomic():
        StandIn.objects.create(
            pathway=mine, replaced=row.replaced, acting=sophie, first_on=day(7), last_on=day(9), absent_until=day(9)
        )


# --- by itself -------------------------------------------------------------------------------------------------------
def settle(number: int) -> int:
    with on(number):
        return services.settle_covers(now=timezone.now())


def test_the_beginning_and_the_end_are_told_once_without_a_name(desk: Desk, paul: User, mine: Pathway) -> None:
    away(desk.coordinator, paul, 2, 4)
    assert [settle(number) for number in (1, 2, 2, 4, 5, 5)] == [0, 1, 0, 0, 1, 0]
    told = OutboxMessage.objects.filter(kind__startswith="alerts_cover").order_by("pk")
    assert [each.recipient for each in told] == [paul.email, desk.coordinator.email]
    assert [each.subject for each in told] == ["Jalon : 1 patient vous est confié", "Jalon : 1 patient vous revient"]
    for each in told:
        assert mine.patient.birth_name not in each.body + each.subject


def test_a_stand_in_who_leaves_leaves_nobody_alone(desk: Desk, paul: User, sophie: User, mine: Pathway) -> None:
    cover = away(desk.coordinator, paul)
    settle(0)
    Membership.objects.filter(user=paul).delete()
    assert (settle(1), settle(1)) == (1, 0)
    cover.refresh_from_db()
    assert cover.interrupted_at
    assert not StandIn.objects.exists()
    task = Task.objects.get()
    assert (task.pathway, task.title, task.owner) == (mine, "Reprendre ce patient", None)
    with on(1):
        services.hand_over(
            absent=desk.coordinator, stand_in=sophie, starts_on=day(1), ends_on=day(9), author=desk.coordinator
        )
        assert theirs(sophie) == {mine}, "another one may take over"


def test_a_stand_in_who_changes_team_leaves_nobody_alone(desk: Desk, paul: User, mine: Pathway) -> None:
    cover = away(desk.coordinator, paul)
    settle(0)
    elsewhere = TeamFactory(establishment=desk.team.establishment)
    Membership.objects.filter(user=paul).update(team=elsewhere)
    assert (settle(1), settle(1)) == (1, 0)
    cover.refresh_from_db()
    assert cover.interrupted_at and not StandIn.objects.exists()
    assert Task.objects.get().pathway == mine


def test_a_patient_moved_to_another_team_is_let_go_alone(desk: Desk, paul: User, mine: Pathway) -> None:
    moved = desk.pathway(days_ago=3)
    cover = away(desk.coordinator, paul)
    settle(0)
    Pathway.objects.filter(pk=moved.pk).update(team=TeamFactory(establishment=desk.team.establishment))
    settle(1)
    cover.refresh_from_db()
    assert cover.interrupted_at is None
    assert set(StandIn.objects.values_list("pathway", flat=True)) == {mine.pk}
    assert [(task.pathway, task.title) for task in Task.objects.all()] == [(moved, "Reprendre ce patient")]
    with on(2):
        services.change_return(cover=cover, ends_on=day(12), author=desk.coordinator)
        assert theirs(paul) == {mine}


def test_someone_who_does_not_come_back_has_their_patients_asked_for(desk: Desk, paul: User, mine: Pathway) -> None:
    gone = desk.pathway()
    away(desk.coordinator, paul, 0, 3)
    pathways.assign_pathway(pathway=gone, owner=paul, author=paul)
    Membership.objects.filter(user=desk.coordinator).delete()
    settle(4)
    task = Task.objects.get()
    assert (task.pathway, task.title) == (mine, "Confier ce patient")


def test_a_patient_missed_by_a_race_is_taken_in(desk: Desk, paul: User, mine: Pathway) -> None:
    away(desk.coordinator, paul)
    missed = desk.pathway(owner=paul)
    Pathway.objects.filter(pk=missed.pk).update(owner=desk.coordinator)
    assert missed not in theirs(paul)
    settle(0)
    assert missed in theirs(paul)
