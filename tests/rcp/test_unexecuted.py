"""A decision not executed at its date is an alert of the file, closed by the fact that proves it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from pathways import services as pathways
from pathways.models import Alert, Watch
from rcp import services, tasks
from rcp.models import FollowUpAction
from tests.rcp.deciding import announcement, decide
from tests.rcp.factories import MeetingFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def action() -> FollowUpAction:
    return decide(MeetingFactory(), actions=[announcement()]).actions.get()


def raised(action: FollowUpAction) -> bool:
    pathways.scan_delays(now=_after(action))
    return Alert.objects.open().filter(subject=action.uuid).exists()


def _after(action: FollowUpAction) -> object:
    return Watch.objects.get(subject=action.uuid).due_at + timedelta(seconds=1)


def test_due_at_the_end_of_its_day_and_closed_by_its_fact(action: FollowUpAction) -> None:
    watch = Watch.objects.get(subject=action.uuid)
    due_at = timezone.localtime(watch.due_at)
    assert (due_at.date(), due_at.hour) == (action.due_on, 23)
    pathways.scan_delays(now=watch.due_at)
    assert not Alert.objects.open().filter(subject=action.uuid).exists()
    assert raised(action)
    alert = Alert.objects.open().get(subject=action.uuid)
    assert (alert.pathway, alert.label) == (action.decision.case.pathway, action.label)
    fact = pathways.record_milestone(
        pathway=action.decision.case.pathway, kind=action.executed_by_kind, occurred_at=timezone.now()
    )
    alert.refresh_from_db()
    assert alert.closed_at is not None
    assert alert.closed_by == fact
    pathways.withdraw_milestone(milestone=fact, author=None, note="erreur")
    assert raised(action)


def test_set_aside_with_a_reason_closes_it_and_taken_up_again_it_is_awaited(action: FollowUpAction) -> None:
    assert raised(action)
    author = action.decision.decided_by
    assert author
    services.deviate_action(action=action, reason="Refus du patient", author=author)
    assert not Alert.objects.open().filter(subject=action.uuid).exists()
    services.reopen_action(action=action, author=author)
    assert raised(action)


def test_an_action_that_nobody_watches_is_found_again(action: FollowUpAction) -> None:
    Watch.objects.filter(subject=action.uuid).delete()
    assert tasks.watch_actions() == 1
    assert tasks.watch_actions() == 0
    assert Watch.objects.filter(subject=action.uuid).exists()
