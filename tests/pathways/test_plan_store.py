"""The stored plan is the computed one, written only where it changed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from directory.errors import DomainError
from pathways import services
from pathways.models import Alert, Pathway, Step
from pathways.rules.plan import StepState
from tests.factories import PathwayFactory, PatientFactory, TeamFactory

pytestmark = pytest.mark.django_db


def rows(pathway: Pathway) -> list[dict[str, Any]]:
    return list(Step.objects.filter(pathway=pathway).order_by("pk").values())


def test_rebuilding_changes_nothing_when_nothing_changed() -> None:
    pathway = PathwayFactory(days_ago=4)
    before = rows(pathway)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        services.rebuild_plan(pathway=pathway)
    assert rows(pathway) == before
    written = [q["sql"] for q in queries if q["sql"].startswith(("UPDATE", "INSERT", "DELETE"))]
    assert written == []


def test_many_pathways_cost_the_same_queries_as_one() -> None:
    first = PathwayFactory(days_ago=4)
    team, target, owner = first.team, first.version.target, first.owner
    others = [PathwayFactory(team=team, target=target, owner=owner, days_ago=4) for _ in range(4)]

    def cost(ids: list[int]) -> int:
        Step.objects.filter(pathway__in=ids).update(label="périmée")
        with CaptureQueriesContext(connection) as queries:
            assert services.rebuild_plans(pathway_ids=ids) == len(ids)
        return len(queries)

    assert cost([first.pk]) == cost([pathway.pk for pathway in others])
    assert not Step.objects.filter(label="périmée").exists()


def test_the_next_step_is_the_most_urgent_open_one() -> None:
    pathway = PathwayFactory(days_ago=1)
    opened = Step.objects.filter(pathway=pathway, state=StepState.OPEN, optional=False).order_by("due_at", "order")
    assert pathway.next_step == opened[0]
    assert pathway.next_due_at == opened[0].due_at


def test_closing_stops_every_clock_and_reopening_starts_them_again() -> None:
    pathway = PathwayFactory(days_ago=9)
    services.scan_delays(now=timezone.now())
    assert Alert.objects.open().filter(pathway=pathway).exists()
    services.close_pathway(pathway=pathway, reason="no_cancer", author=None)
    closed = Pathway.objects.get(pk=pathway.pk)
    assert closed.next_step is None
    assert not Step.objects.filter(pathway=pathway, state__in=["open", "waiting"]).exists()
    assert not Alert.objects.open().filter(pathway=pathway).exists()
    with pytest.raises(DomainError):
        services.close_pathway(pathway=pathway, reason="no_cancer", author=None)
    services.reopen_pathway(pathway=closed, author=pathway.owner, reason="nouvelle image")
    assert Pathway.objects.get(pk=pathway.pk).next_step is not None


def test_a_skipped_step_keeps_its_reason_through_a_rebuild_and_can_come_back() -> None:
    pathway = PathwayFactory(days_ago=1)
    services.record_milestone(pathway=pathway, kind="first_care", occurred_at=timezone.now())
    step = Step.objects.get(pathway=pathway, key="mri")
    with pytest.raises(DomainError):
        services.skip_step(step=step, reason="", author=None)
    services.skip_step(step=step, reason="pacemaker non compatible", author=None)
    services.rebuild_plan(pathway=pathway)
    skipped = Step.objects.get(pk=step.pk)
    assert (skipped.state, skipped.skip_reason, skipped.due_at) == ("skipped", "pacemaker non compatible", None)
    services.restore_step(step=skipped, author=None)
    assert Step.objects.get(pk=step.pk).state == "open"


def test_a_patient_cannot_be_twice_on_the_same_pathway() -> None:
    pathway = PathwayFactory()
    with pytest.raises(DomainError) as refusal:
        services.open_pathway(
            patient=pathway.patient, target=pathway.version.target, opened_at=timezone.now(), owner=None
        )
    assert refusal.value.code == "already_open"


def test_only_a_colleague_of_the_team_can_be_made_responsible() -> None:
    pathway, stranger = PathwayFactory(), PathwayFactory(team=TeamFactory()).owner
    with pytest.raises(DomainError) as refusal:
        services.assign_pathway(pathway=pathway, owner=stranger, author=None)
    assert refusal.value.field == "owner"


def test_a_running_pathway_keeps_the_version_it_was_started_on() -> None:
    from dataclasses import replace

    from tests.factories import shipped_target

    pathway = PathwayFactory()
    content = replace(shipped_target("instadiag-foie-pancreas"), name="Instadiag, nouvelle version")
    version, created = services.publish_target(
        content=content, establishment=pathway.team.establishment, team=pathway.team, reason="essai"
    )
    assert created and version.number == 2
    assert Pathway.objects.get(pk=pathway.pk).version.number == 1
    later = services.open_pathway(
        patient=PatientFactory(establishment=pathway.team.establishment), target=version.target,
        opened_at=timezone.now() - timedelta(hours=1), owner=None,
    )  # fmt: skip
    assert later.version.number == 2


def test_a_target_returns_to_the_content_of_an_older_version() -> None:
    from dataclasses import replace

    from tests.factories import shipped_target

    team = PathwayFactory().team
    first = shipped_target("instadiag-foie-pancreas")
    results = [
        services.publish_target(content=content, establishment=team.establishment, team=team, reason="essai")
        for content in (first, replace(first, name="Seuils trop courts"), first, first)
    ]
    assert [(version.number, created) for version, created in results] == [
        (1, False), (2, True), (3, True), (3, False),
    ]  # fmt: skip
    assert results[-1][0].target.current_version == results[-1][0]


def test_a_pathway_is_not_closed_in_the_future() -> None:
    pathway = PathwayFactory()
    with pytest.raises(DomainError, match="futur") as refused:
        services.close_pathway(pathway=pathway, reason="no_cancer", author=None, at=timezone.now() + timedelta(days=1))
    assert refused.value.field == "at"


def test_a_pathway_opened_in_the_afternoon_may_be_closed_on_that_day() -> None:
    pathway = PathwayFactory(days_ago=3)
    opened = pathway.opened_at
    early = opened.astimezone(ZoneInfo("Europe/Paris")).replace(hour=0, minute=1)
    closed = services.close_pathway(pathway=pathway, reason="no_cancer", author=None, at=early)
    assert closed.closed_at == opened
    services.reopen_pathway(pathway=pathway, author=None, reason="Erreur")
    with pytest.raises(DomainError, match="précéder l’ouverture"):
        services.close_pathway(pathway=pathway, reason="no_cancer", author=None, at=opened - timedelta(days=1))
