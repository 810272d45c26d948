"""Tasks: made once, taken by the first, closed by a click or by evidence, opened again without it."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from coordination import services
from coordination.models import Booking, Task, TaskStatus
from directory.errors import DomainError
from directory.models import Role, User
from pathways import services as pathways
from pathways.models import Milestone, Pathway
from tests.coordination.factories import Desk
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def pathway(desk: Desk) -> Pathway:
    return desk.pathway(days_ago=10)


@pytest.fixture
def colleague(desk: Desk) -> User:
    return UserFactory(role=Role.SECRETARY, team=desk.team)


def record(pathway: Pathway, kind: str, days_ago: float = 0, **more: object) -> Milestone:
    at = timezone.now() - timedelta(days=days_ago)
    return pathways.record_milestone(pathway=pathway, kind=kind, occurred_at=at, **more)  # type: ignore[arg-type]


def test_a_task_goes_to_the_pathways_team_by_default(desk: Desk, pathway: Pathway) -> None:
    task = services.create_task(pathway=pathway, title="  Obtenir le compte rendu ", author=desk.coordinator)
    assert (task.title, task.team, task.owner, task.status) == (
        "Obtenir le compte rendu", desk.team, None, TaskStatus.OPEN,
    )  # fmt: skip


def test_the_same_origin_makes_one_task(pathway: Pathway) -> None:
    origin = uuid4()
    first = services.create_task(pathway=pathway, title="Une", origin=origin)
    again = services.create_task(pathway=pathway, title="Deux", origin=origin)
    assert first == again
    assert again.title == "Une"


@pytest.mark.parametrize(("change", "field"), [({"title": " "}, "title"), ({"closes_on": "inconnu"}, "closes_on")])
def test_a_wrong_task_is_refused(pathway: Pathway, change: dict[str, str], field: str) -> None:
    with pytest.raises(DomainError) as refused:
        services.create_task(pathway=pathway, **({"title": "Une"} | change))
    assert refused.value.field == field


def test_the_owner_is_of_the_team(pathway: Pathway) -> None:
    with pytest.raises(DomainError) as refused:
        services.create_task(pathway=pathway, title="Une", owner=UserFactory(role=Role.COORDINATOR))
    assert refused.value.field == "owner"


def test_the_first_who_claims_has_it(desk: Desk, pathway: Pathway, colleague: User) -> None:
    task = services.create_task(pathway=pathway, title="Une")
    assert services.claim_task(task=task, user=colleague).owner == colleague
    assert services.claim_task(task=task, user=colleague).owner == colleague
    with pytest.raises(DomainError, match="vient de prendre") as refused:
        services.claim_task(task=task, user=desk.coordinator)
    assert refused.value.code == "taken"
    assert Task.objects.get(pk=task.pk).owner == colleague


def test_someone_of_another_team_claims_nothing(pathway: Pathway) -> None:
    task = services.create_task(pathway=pathway, title="Une")
    with pytest.raises(DomainError, match="autre équipe"):
        services.claim_task(task=task, user=UserFactory(role=Role.COORDINATOR))


def test_given_back_it_is_for_anyone_again(desk: Desk, pathway: Pathway, colleague: User) -> None:
    task = services.create_task(pathway=pathway, title="Une", owner=colleague)
    services.give_back_task(task=task, user=colleague)
    assert services.claim_task(task=task, user=desk.coordinator).owner == desk.coordinator


def test_done_with_an_outcome_and_only_once(desk: Desk, pathway: Pathway) -> None:
    task = services.create_task(pathway=pathway, title="Une")
    services.complete_task(task=task, user=desk.coordinator, outcome="Reçu par fax")
    task.refresh_from_db()
    assert (task.status, task.outcome, task.closed_by) == ("done", "Reçu par fax", desk.coordinator)
    for act in (services.complete_task, services.give_back_task, services.claim_task):
        with pytest.raises(DomainError, match="déjà close"):
            act(task=task, user=desk.coordinator)


def test_cancelling_needs_a_reason(desk: Desk, pathway: Pathway) -> None:
    task = services.create_task(pathway=pathway, title="Une")
    with pytest.raises(DomainError, match="pourquoi"):
        services.cancel_task(task=task, user=desk.coordinator, reason=" ")
    services.cancel_task(task=task, user=desk.coordinator, reason="Doublon")
    with pytest.raises(IntegrityError, match="task_cancelled_with_reason"), transaction.atomic():
        Task.objects.filter(pk=task.pk).update(outcome="")


def test_evidence_closes_what_it_proves(desk: Desk, pathway: Pathway) -> None:
    any_exam = services.create_task(pathway=pathway, title="Un examen", closes_on="exam_done")
    mri = services.create_task(pathway=pathway, title="L’IRM", closes_on="exam_done", closes_on_detail="irm")
    letter = services.create_task(pathway=pathway, title="Le courrier", closes_on="gp_informed")
    elsewhere = services.create_task(pathway=desk.pathway(), title="Un examen", closes_on="exam_done")
    fact = record(pathway, "exam_done", detail="scanner", author=desk.coordinator)
    states = {task.pk: task.status for task in Task.objects.all()}
    assert [states[t.pk] for t in (any_exam, mri, letter, elsewhere)] == ["done", "open", "open", "open"]
    any_exam.refresh_from_db()
    assert (any_exam.evidence, any_exam.closed_by) == (fact, desk.coordinator)


def test_an_earlier_fact_proves_nothing_about_a_later_task(pathway: Pathway) -> None:
    record(pathway, "biopsy_taken", days_ago=5)
    again = services.create_task(pathway=pathway, title="Refaire la biopsie", closes_on="biopsy_taken")
    record(pathway, "biopsy_taken", days_ago=6)
    assert Task.objects.get(pk=again.pk).status == "open", "entered late, but older than the biopsy already known"
    record(pathway, "biopsy_taken", days_ago=0)
    assert Task.objects.get(pk=again.pk).status == "done"


def test_a_fact_entered_late_closes_the_task_it_answers(pathway: Pathway) -> None:
    task = services.create_task(pathway=pathway, title="Scanner", closes_on="exam_done")
    record(pathway, "exam_done", days_ago=1)
    assert Task.objects.get(pk=task.pk).status == "done"


def test_correcting_an_old_fact_closes_nothing_new(desk: Desk, pathway: Pathway) -> None:
    old = record(pathway, "biopsy_taken", days_ago=5)
    task = services.create_task(pathway=pathway, title="Refaire la biopsie", closes_on="biopsy_taken")
    pathways.correct_milestone(milestone=old, occurred_at=timezone.now(), author=desk.coordinator)
    assert Task.objects.get(pk=task.pk).status == "open"


def test_a_correction_takes_the_place_of_the_evidence(desk: Desk, pathway: Pathway) -> None:
    task = services.create_task(pathway=pathway, title="Scanner", closes_on="exam_done")
    fact = record(pathway, "exam_done")
    corrected = pathways.correct_milestone(
        milestone=fact, occurred_at=timezone.now() - timedelta(hours=3), author=desk.coordinator
    )
    task.refresh_from_db()
    assert (task.status, task.evidence) == ("done", corrected)


def test_withdrawn_evidence_opens_the_task_again(desk: Desk, pathway: Pathway) -> None:
    task = services.create_task(pathway=pathway, title="Scanner", closes_on="exam_done")
    fact = record(pathway, "exam_done")
    pathways.withdraw_milestone(milestone=fact, author=desk.coordinator, note="Autre patient")
    task.refresh_from_db()
    assert (task.status, task.evidence, task.closed_at, task.closed_by) == ("open", None, None, None)


def test_another_fact_keeps_it_closed(desk: Desk, pathway: Pathway) -> None:
    task = services.create_task(pathway=pathway, title="Scanner", closes_on="exam_done")
    first = record(pathway, "exam_done", days_ago=1)
    second = record(pathway, "exam_done")
    pathways.withdraw_milestone(milestone=first, author=desk.coordinator, note="Erreur")
    task.refresh_from_db()
    assert (task.status, task.evidence) == ("done", second)


def test_a_task_closed_by_hand_is_not_opened_by_a_withdrawal(desk: Desk, pathway: Pathway) -> None:
    task = services.create_task(pathway=pathway, title="Scanner", closes_on="exam_done")
    services.complete_task(task=task, user=desk.coordinator, outcome="Images reçues")
    fact = record(pathway, "exam_done")
    pathways.withdraw_milestone(milestone=fact, author=desk.coordinator, note="Erreur")
    assert Task.objects.get(pk=task.pk).status == "done"


def test_a_pathway_that_closes_has_its_appointments_looked_at(desk: Desk, pathway: Pathway) -> None:
    desk.booking(desk.slot(), pathway)
    pathways.close_pathway(pathway=pathway, reason="transferred", author=desk.coordinator)
    task = Task.objects.get(pathway=pathway)
    assert task.title == "Parcours clos : annuler ou confirmer le rendez-vous réservé"
    services.cancel_booking(
        booking=Booking.objects.get(), reason="Transfert", user=desk.coordinator, patient_knows=True
    )
    task.refresh_from_db()
    assert (task.status, task.outcome) == ("done", "Plus aucun rendez-vous à venir")
    other = desk.pathway()
    pathways.close_pathway(pathway=other, reason="no_cancer", author=desk.coordinator)
    assert not Task.objects.filter(pathway=other).exists()


def test_after_a_death_nothing_is_expected_any_more(desk: Desk, pathway: Pathway) -> None:
    booking = desk.booking(desk.slot(), pathway)
    services.create_task(pathway=pathway, title="Appeler le patient")
    services.record_contact(pathway=pathway, author=desk.coordinator, outcome="call_back", next_on=timezone.localdate())
    record(pathway, "death")
    booking.refresh_from_db()
    assert (booking.status, booking.cancel_reason) == ("cancelled", "Décès du patient")
    assert not Task.objects.open().exists()
    pathway.refresh_from_db()
    assert pathway.contact_state.call_back_on is None
