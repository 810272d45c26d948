"""What an opinion asks for, until it is done, set aside, or asked of no one any more."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from coordination.models import Task, TaskStatus
from coordination.services import cancel_task, complete_task
from directory.errors import DomainError
from directory.typography import long_day
from pathways import services as pathways
from rcp import services
from rcp.models import (
    ActionStatus,
    Decision,
)
from rcp.services import NewAction
from tests.rcp.deciding import announcement, decide, in_days
from tests.rcp.factories import MeetingFactory

pytestmark = pytest.mark.django_db


# --- follow-up actions --------------------------------------------------------------------------------------------


def test_actions_become_tasks_of_the_team_chosen() -> None:
    meeting = MeetingFactory()
    decision = decide(meeting, actions=[announcement(), NewAction("Pose de chambre implantable", in_days(3))])
    first, second = decision.actions.order_by("pk")
    assert first.task is not None
    assert (first.task.title, first.task.due_on, first.task.team) == (
        "Consultation d’annonce",
        in_days(7),
        meeting.team,
    )
    assert (first.task.closes_on, first.task.origin) == ("announcement", first.uuid)
    assert second.task is not None
    assert second.task.closes_on == ""


@pytest.mark.parametrize(
    "action",
    [
        NewAction(" ", in_days(3)),
        NewAction("x", in_days(-30)),
        NewAction("x", in_days(9999)),
        NewAction("x", in_days(3), kind="cured"),
    ],
)
def test_a_wrong_action_refuses_the_whole_opinion(action: NewAction) -> None:
    meeting = MeetingFactory()
    with pytest.raises(DomainError) as refused:
        decide(meeting, actions=[action])
    assert refused.value.field == "actions"
    assert not Decision.objects.exists()


def test_the_fact_executes_the_action_and_its_task_and_its_withdrawal_opens_them_again() -> None:
    meeting = MeetingFactory()
    decision = decide(meeting, actions=[announcement()])
    pathway = decision.case.pathway
    fact = pathways.record_milestone(
        pathway=pathway, kind="announcement", occurred_at=timezone.now(), author=meeting.physician
    )
    action = decision.actions.get()
    assert (action.status, action.milestone, action.closed_by) == (ActionStatus.EXECUTED, fact, meeting.physician)
    assert Task.objects.get(pk=action.task_id).status == TaskStatus.DONE
    pathways.withdraw_milestone(milestone=fact, author=None, note="Pas venu")
    action.refresh_from_db()
    assert (action.status, action.milestone, action.closed_at) == (ActionStatus.OPEN, None, None)
    assert Task.objects.get(pk=action.task_id).status == TaskStatus.OPEN


def test_a_corrected_fact_still_proves_the_action_and_one_moved_before_does_not() -> None:
    meeting = MeetingFactory()
    decision = decide(meeting, case=meeting.register(meeting.pathway(days_ago=20)), actions=[announcement()])
    fact = pathways.record_milestone(
        pathway=decision.case.pathway, kind="announcement", occurred_at=timezone.now() - timedelta(minutes=5)
    )
    fact = pathways.correct_milestone(milestone=fact, occurred_at=timezone.now(), author=None)
    action = decision.actions.get()
    assert (action.status, action.milestone) == (ActionStatus.EXECUTED, fact)
    pathways.correct_milestone(milestone=fact, occurred_at=timezone.now() - timedelta(days=3), author=None)
    action.refresh_from_db()
    assert action.status == ActionStatus.OPEN


def test_another_fact_of_the_same_kind_keeps_the_action_executed() -> None:
    meeting = MeetingFactory()
    decision = decide(meeting, actions=[announcement()])
    at = timezone.now()
    first, second = (
        pathways.record_milestone(pathway=decision.case.pathway, kind="announcement", occurred_at=at) for _ in range(2)
    )
    pathways.withdraw_milestone(milestone=first, author=None, note="Saisi deux fois")
    action = decision.actions.get()
    assert (action.status, action.milestone) == (ActionStatus.EXECUTED, second)


def test_a_fact_before_the_meeting_proves_nothing() -> None:
    meeting = MeetingFactory()
    pathway = meeting.pathway(days_ago=20)
    decision = decide(meeting, case=meeting.register(pathway), actions=[announcement()])
    pathways.record_milestone(pathway=pathway, kind="announcement", occurred_at=timezone.now() - timedelta(days=2))
    assert decision.actions.get().status == ActionStatus.OPEN


def test_an_opinion_typed_late_finds_what_was_already_done_since_the_meeting() -> None:
    meeting = MeetingFactory()
    case = meeting.register()
    pathways.record_milestone(pathway=case.pathway, kind="announcement", occurred_at=timezone.now())
    action = decide(meeting, case, actions=[announcement()]).actions.get()
    assert action.status == ActionStatus.EXECUTED
    assert Task.objects.get(pk=action.task_id).status == TaskStatus.DONE


def test_an_action_added_by_a_correction_is_not_proved_by_the_past() -> None:
    meeting = MeetingFactory()
    decision = decide(meeting)
    pathways.record_milestone(pathway=decision.case.pathway, kind="exam_done", detail="irm", occurred_at=timezone.now())
    exam = NewAction("Examen complémentaire", in_days(5), kind="exam_done")
    services.correct_decision(
        decision=decision, author=meeting.physician, reason="Examen oublié", revision=1, proposal="Chirurgie",
        actions=[exam],
    )  # fmt: skip
    assert decision.actions.get().status == ActionStatus.OPEN


def test_an_action_said_done_by_hand_records_its_milestone() -> None:
    meeting = MeetingFactory()
    decision = decide(meeting, actions=[announcement()])
    action = decision.actions.get()
    with pytest.raises(DomainError, match="futur"):
        services.execute_action(action=action, author=meeting.coordinator, on=in_days(1))
    with pytest.raises(DomainError, match="précède"):
        services.execute_action(action=action, author=meeting.coordinator, on=in_days(-3))
    services.execute_action(action=action, author=meeting.coordinator, on=in_days(0))
    action.refresh_from_db()
    assert action.status == ActionStatus.EXECUTED
    assert action.milestone is not None
    assert action.milestone.kind == "announcement"
    with pytest.raises(DomainError, match="exécutée"):
        services.execute_action(action=action, author=meeting.coordinator, on=in_days(0))
    with pytest.raises(DomainError, match="jalon"):
        services.reopen_action(action=action, author=meeting.coordinator)


def test_an_action_without_milestone_is_executed_and_reopened_by_hand() -> None:
    meeting = MeetingFactory()
    action = decide(meeting, actions=[NewAction("Chambre implantable", in_days(3))]).actions.get()
    services.execute_action(action=action, author=meeting.coordinator, on=in_days(0))
    assert Task.objects.get().outcome == f"Fait le {long_day(in_days(0))}"
    action.refresh_from_db()
    assert (action.status, action.milestone) == (ActionStatus.EXECUTED, None)
    assert Task.objects.get().status == TaskStatus.DONE
    services.reopen_action(action=action, author=meeting.coordinator)
    action.refresh_from_db()
    assert action.status == ActionStatus.OPEN
    assert action.task is not None
    assert (action.task.status, Task.objects.count()) == (TaskStatus.OPEN, 2)


def test_a_deviation_needs_a_reason_and_cancels_the_task() -> None:
    meeting = MeetingFactory()
    action = decide(meeting, actions=[announcement()]).actions.get()
    with pytest.raises(DomainError) as refused:
        services.deviate_action(action=action, reason=" ", author=meeting.coordinator)
    assert refused.value.field == "reason"
    services.deviate_action(action=action, reason="Refus du patient", author=meeting.coordinator)
    action.refresh_from_db()
    assert (action.status, action.deviation_reason) == (ActionStatus.DEVIATED, "Refus du patient")
    task = Task.objects.get()
    assert (task.status, task.outcome) == (TaskStatus.CANCELLED, "Refus du patient")
    pathways.record_milestone(pathway=task.pathway, kind="announcement", occurred_at=timezone.now())
    action.refresh_from_db()
    assert action.status == ActionStatus.DEVIATED


def test_closing_the_task_at_the_desk_closes_the_action() -> None:
    meeting = MeetingFactory()
    decision = decide(meeting, actions=[announcement(), NewAction("Chambre", in_days(3))])
    first, second = decision.actions.order_by("pk")
    assert first.task is not None
    assert second.task is not None
    cancel_task(task=first.task, user=meeting.coordinator, reason="Patient transféré")
    complete_task(task=second.task, user=meeting.coordinator)
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.status, first.deviation_reason) == (ActionStatus.DEVIATED, "Patient transféré")
    assert (second.status, second.closed_by) == (ActionStatus.EXECUTED, meeting.coordinator)


def test_only_a_later_meeting_carries_out_a_new_presentation() -> None:
    meeting = MeetingFactory()
    meeting.fill_the_room()
    represent = NewAction("Nouvelle présentation", in_days(21), kind="rcp_held")
    decision = decide(meeting, actions=[represent])
    action = decision.actions.get()
    assert action.status == ActionStatus.OPEN
    with pytest.raises(DomainError, match="prochaine RCP"):
        services.execute_action(action=action, author=meeting.coordinator, on=in_days(0))


def test_closing_the_pathway_asks_nothing_more_of_anyone() -> None:
    meeting = MeetingFactory()
    decision = decide(meeting, actions=[announcement()])
    pathways.close_pathway(pathway=decision.case.pathway, reason="refused", author=meeting.coordinator)
    action = decision.actions.get()
    assert (action.status, action.deviation_reason) == (ActionStatus.DEVIATED, "Parcours clos : refus du patient")
