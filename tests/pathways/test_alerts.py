"""Alerts: raised once at the right instant, closed by evidence, reopened when the evidence goes."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from directory.errors import DomainError
from pathways import services
from pathways.models import Alert, Pathway, Step
from pathways.querysets import pathway_late
from tests.factories import PathwayFactory, UserFactory

pytestmark = pytest.mark.django_db


def kinds(pathway: Pathway, key: str) -> list[str]:
    return list(Alert.objects.open().filter(pathway=pathway, step__key=key).values_list("kind", flat=True))


def test_a_step_warns_then_is_late_each_at_its_own_theoretical_instant() -> None:
    pathway = PathwayFactory()
    step = Step.objects.get(pathway=pathway, key="first_response")
    assert step.warn_at is not None and step.due_at is not None
    services.scan_delays(now=step.warn_at - timedelta(seconds=1))
    assert kinds(pathway, "first_response") == []
    services.scan_delays(now=step.warn_at + timedelta(minutes=7))
    assert kinds(pathway, "first_response") == ["warning"]
    services.scan_delays(now=step.due_at)  # an instant equal to the due one is on time
    assert kinds(pathway, "first_response") == ["warning"]
    services.scan_delays(now=step.due_at + timedelta(hours=3))
    assert kinds(pathway, "first_response") == ["late"]
    since = dict(Alert.objects.filter(step=step).values_list("kind", "since"))
    assert since == {"warning": step.warn_at, "late": step.due_at}


def test_scanning_again_raises_nothing_more() -> None:
    pathway = PathwayFactory(days_ago=9)
    assert services.scan_delays(now=timezone.now()) > 0
    before = list(Alert.objects.order_by("pk").values())
    assert services.scan_delays(now=timezone.now()) == 0
    assert list(Alert.objects.order_by("pk").values()) == before
    assert Pathway.objects.filter(pathway_late(timezone.now())).get() == pathway


def test_evidence_closes_the_alert_and_its_withdrawal_opens_it_again() -> None:
    pathway = PathwayFactory(days_ago=9)
    services.scan_delays(now=timezone.now())
    assert kinds(pathway, "first_care") == ["late"]
    fact = services.record_milestone(pathway=pathway, kind="first_care", occurred_at=timezone.now())
    assert kinds(pathway, "first_care") == []
    told = Alert.objects.filter(step__key="first_care", kind="late", pathway=pathway).order_by("level")
    assert told.last().closed_by == fact  # type: ignore[union-attr]
    services.withdraw_milestone(milestone=fact, author=None, note="erreur")
    services.scan_delays(now=timezone.now())
    assert kinds(pathway, "first_care") == ["late"]
    assert told.open().count() == 1


def test_an_optional_step_never_alerts() -> None:
    pathway = PathwayFactory(days_ago=40)
    services.scan_delays(now=timezone.now())
    assert not Alert.objects.filter(step__optional=True, pathway=pathway).exists()


def test_acknowledging_needs_a_reason_and_leaves_the_alert_open() -> None:
    pathway, user = PathwayFactory(days_ago=9), UserFactory()
    services.scan_delays(now=timezone.now())
    alert = Alert.objects.open().filter(pathway=pathway, kind="late")[0]
    with pytest.raises(DomainError):
        services.acknowledge_alert(alert=alert, user=user, reason="  ")
    services.acknowledge_alert(alert=alert, user=user, reason="rendez-vous lundi")
    alert.refresh_from_db()
    assert alert.closed_at is None
    assert alert not in Alert.objects.unacknowledged()


def test_a_pathway_without_next_step_is_the_first_alert_and_a_new_step_closes_it() -> None:
    pathway = PathwayFactory(received=False)
    services.repair_continuity(now=timezone.now())
    assert list(Alert.objects.open().values_list("kind", flat=True)) == ["no_next_step"]
    assert Pathway.objects.without_next_step().get() == pathway
    services.record_milestone(pathway=pathway, kind="referral_received", occurred_at=timezone.now())
    assert not Alert.objects.open().filter(kind="no_next_step").exists()


def test_a_pathway_without_owner_alerts_until_someone_takes_it() -> None:
    pathway = PathwayFactory()
    owner = pathway.owner
    services.assign_pathway(pathway=pathway, owner=None, author=None)
    assert Alert.objects.open().filter(pathway=pathway, kind="no_owner").exists()
    services.assign_pathway(pathway=pathway, owner=owner, author=None)
    assert not Alert.objects.open().filter(pathway=pathway, kind="no_owner").exists()


def test_the_database_keeps_one_alert_per_step_and_kind() -> None:
    pathway = PathwayFactory(days_ago=9)
    services.scan_delays(now=timezone.now())
    alert = Alert.objects.filter(kind="late", pathway=pathway)[0]
    alert.pk = None
    alert.uuid = pathway.uuid
    with pytest.raises(IntegrityError), transaction.atomic():
        alert.save(force_insert=True)


def test_no_step_is_late_without_an_alert_after_a_scan() -> None:
    for days in (0, 2, 5, 9, 30):
        PathwayFactory(days_ago=days)
    now = timezone.now()
    services.scan_delays(now=now)
    late = set(Step.objects.late(now).filter(optional=False).values_list("pk", flat=True))
    alerted = set(Alert.objects.open().filter(kind="late").values_list("step", flat=True))
    assert late == alerted


def test_a_stale_instant_raises_nothing_and_cannot_stop_the_scan() -> None:
    pathway = PathwayFactory(days_ago=1)
    now = timezone.now()
    Step.objects.filter(pathway=pathway).update(next_alert_at=now - timedelta(days=1), state="skipped", skip_reason="x")
    services.scan_delays(now=now)
    assert not Step.objects.filter(pathway=pathway, next_alert_at__isnull=False).exists()
    assert not Alert.objects.filter(pathway=pathway).exists()
