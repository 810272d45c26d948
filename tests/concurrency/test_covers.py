"""Real parallel connections on absences: a patient is handed to one person, and never left to someone away."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from coordination import services
from coordination.models import Cover
from directory.errors import DomainError
from directory.models import Role, User
from pathways import services as pathways
from pathways.models import Pathway, StandIn
from tests.concurrency.racing import at_once
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


def hand(absent: User, stand_in: User) -> Cover:
    today = timezone.localdate()
    return services.hand_over(
        absent=absent, stand_in=stand_in, starts_on=today, ends_on=today + timedelta(days=5), author=absent
    )


def test_handed_twice_at_once_each_patient_goes_to_one_person(desk: Desk) -> None:
    patients = [desk.pathway() for _ in range(3)]
    colleagues = [UserFactory(role=Role.COORDINATOR, team=desk.team) for _ in range(6)]
    results = at_once(lambda user: hand(User.objects.get(pk=desk.coordinator.pk), user), colleagues)
    (winner,) = [each for each in results if isinstance(each, Cover)]
    assert all(isinstance(each, DomainError) for each in results if each is not winner), results
    assert {row.acting_id for row in StandIn.objects.all()} == {winner.stand_in_id}
    assert StandIn.objects.count() == len(patients)


def test_two_who_hand_over_to_each_other_do_not_both_leave(desk: Desk) -> None:
    paul = UserFactory(role=Role.COORDINATOR, team=desk.team)
    desk.pathway()
    desk.pathway(owner=paul)
    results = at_once(lambda pair: hand(*pair), [(desk.coordinator, paul), (paul, desk.coordinator)])
    assert sorted(isinstance(each, Cover) for each in results) == [False, True]
    assert [each for each in results if isinstance(each, DomainError)]


def test_a_patient_given_while_the_absence_is_declared_is_covered_in_the_end(desk: Desk) -> None:
    paul = UserFactory(role=Role.COORDINATOR, team=desk.team)
    desk.pathway()
    others = [desk.pathway(owner=paul) for _ in range(4)]

    def give(pathway: Pathway) -> object:
        return pathways.assign_pathway(pathway=pathway, owner=desk.coordinator, author=paul)

    acts = [lambda: hand(desk.coordinator, paul), *(lambda each=each: give(each) for each in others)]
    results = at_once(lambda act: act(), acts)
    assert not [each for each in results if isinstance(each, Exception)]
    services.settle_covers(now=timezone.now())
    assert set(StandIn.objects.values_list("pathway", flat=True)) == set(Pathway.objects.values_list("pk", flat=True))
