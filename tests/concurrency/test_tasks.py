"""Real parallel connections on tasks: one owner, one next occurrence, no tick lost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest
import time_machine
from django.utils import timezone

from coordination import services
from coordination.models import Task
from directory.errors import DomainError
from directory.models import Role, User
from tests.concurrency.racing import AT_ONCE, at_once
from tests.coordination.conftest import MONDAY
from tests.coordination.factories import Desk
from tests.factories import UserFactory

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.concurrency]


@pytest.fixture(autouse=True)
def _monday() -> Iterator[None]:
    with time_machine.travel(MONDAY):
        yield


@pytest.fixture
def desk() -> Desk:
    return Desk()


def people(desk: Desk, count: int) -> list[User]:
    return [UserFactory(role=Role.COORDINATOR, team=desk.team) for _ in range(count)]


def test_of_all_who_claim_one_wins_and_each_other_is_told_who(desk: Desk) -> None:
    task = services.create_task(pathway=desk.pathway(), title="Appeler le laboratoire")
    results = at_once(lambda user: services.claim_task(task=task, user=user), people(desk, AT_ONCE))
    (winner,) = [each.owner for each in results if isinstance(each, Task)]
    losers = [each for each in results if isinstance(each, DomainError)]
    assert len(losers) == AT_ONCE - 1
    assert {each.message for each in losers} == {f"{winner} vient de prendre cette tâche."}
    assert Task.objects.get().owner == winner


def test_a_task_given_back_and_given_at_once_moves_once(desk: Desk) -> None:
    owner, other = people(desk, 2)
    task = services.create_task(pathway=desk.pathway(), title="Appeler", owner=owner)
    acts = [
        lambda: services.give_back_task(task=task, user=owner),
        lambda: services.give_task(task=task, to=other, by=owner),
    ]
    results = at_once(lambda act: act(), acts * 6)
    moved = [each for each in results if isinstance(each, Task)]
    assert {each.owner for each in moved} == {Task.objects.get().owner}
    assert all(isinstance(each, Task | DomainError) for each in results)


def test_closing_and_the_beat_together_make_one_next_occurrence(desk: Desk) -> None:
    made = [
        services.repeat_task(
            pathway=desk.pathway(), title="Appel", every=1, unit="week", starts_on=timezone.localdate()
        )
        for _ in range(3)
    ]
    tasks = list(Task.objects.all())
    acts = [lambda task=task: services.complete_task(task=task, user=desk.coordinator) for task in tasks]
    acts += [lambda: services.make_next_occurrences(now=timezone.now())] * 6
    acts += [lambda series=series: services.next_occurrence(series=series) for series in made] * 3
    results = at_once(lambda act: act(), acts)
    assert not [each for each in results if isinstance(each, Exception)]
    assert Counter(Task.objects.values_list("series_id", "number")) == Counter(
        {(series.pk, number): 1 for series in made for number in (1, 2)}
    )


def test_pausing_while_it_is_being_done_never_leaves_two_nor_a_deadlock(desk: Desk) -> None:
    series = services.repeat_task(
        pathway=desk.pathway(), title="Appel", every=1, unit="day", starts_on=timezone.localdate()
    )
    task = Task.objects.get()
    acts = [
        lambda: services.pause_series(series=series, user=desk.coordinator),
        lambda: services.complete_task(task=task, user=desk.coordinator),
    ]
    results = at_once(lambda act: act(), acts * 5)
    assert all(not isinstance(each, Exception) or isinstance(each, DomainError) for each in results), results
    assert not Task.objects.open().exists()
    series.refresh_from_db()
    assert series.status == "paused"
