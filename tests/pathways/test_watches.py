"""First-class alerts beyond the steps: raised when nothing comes, closed by what comes, opened again when it goes."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from pathways import services
from pathways.models import Alert, AlertKind, Milestone, Pathway, Watch
from pathways.rules.levels import Ladder
from tests.factories import PathwayFactory, TeamFactory

pytestmark = pytest.mark.django_db


def record(pathway: Pathway, kind: str, days_ago: float) -> Milestone:
    at = timezone.now() - timedelta(days=days_ago)
    return services.record_milestone(pathway=pathway, kind=kind, occurred_at=at)


def kinds(pathway: Pathway) -> set[str]:
    """Open alerts beyond the steps, once everything due is raised."""
    services.scan_delays(now=timezone.now())
    return set(Alert.objects.open().filter(pathway=pathway, step=None).values_list("kind", flat=True))


@pytest.mark.parametrize(
    ("asks", "answer", "kind"),
    [
        ([], "followup_contact", "no_contact"),
        ([("followup_contact", 1), ("biopsy_taken", 25)], "lab_final", "result_awaited"),
        ([("followup_contact", 1), ("lab_noncontributive", 1)], "biopsy_taken", "noncontributive"),
        ([("followup_contact", 1), ("announcement", 25)], "pps_given", "pps_not_given"),
    ],
)
def test_raised_then_closed_by_its_evidence_then_opened_again(
    asks: list[tuple[str, float]], answer: str, kind: str
) -> None:
    pathway = PathwayFactory(days_ago=40)
    for asked, days in asks:
        record(pathway, asked, days)
    assert kind in kinds(pathway)
    told = Alert.objects.open().get(pathway=pathway, kind=kind)
    fact = record(pathway, answer, 0)
    told = Alert.objects.get(pk=Alert.objects.filter(pathway=pathway, kind=kind).order_by("level").last().pk)  # type: ignore[union-attr]
    assert (kind in kinds(pathway), told.closed_by) == (False, fact)
    services.withdraw_milestone(milestone=fact, author=None, note="erreur")
    assert kind in kinds(pathway)


def test_a_call_is_a_contact() -> None:
    pathway = PathwayFactory(days_ago=40)
    assert "no_contact" in kinds(pathway)
    services.touch_contact(pathway=pathway, at=timezone.now())
    assert "no_contact" not in kinds(pathway)
    assert Watch.objects.get(pathway=pathway, kind="no_contact").due_at > timezone.now() + timedelta(days=13)


def test_a_closed_pathway_expects_nothing_and_reopened_it_does() -> None:
    pathway = PathwayFactory(days_ago=40)
    assert "no_contact" in kinds(pathway)
    services.close_pathway(pathway=pathway, reason="refused", author=None)
    assert kinds(pathway) == set()
    assert not Watch.objects.filter(pathway=pathway).exists()
    assert pathway.owner
    services.reopen_pathway(pathway=pathway, author=pathway.owner, reason="revient")
    assert "no_contact" in kinds(pathway)


def test_a_rebuild_that_changes_nothing_leaves_watches_and_alerts_alone() -> None:
    pathway = PathwayFactory(days_ago=40)
    kinds(pathway)
    before = (list(Watch.objects.order_by("pk").values()), list(Alert.objects.order_by("pk").values()))
    services.rebuild_plan(pathway=pathway)
    services.scan_delays(now=timezone.now())
    assert (list(Watch.objects.order_by("pk").values()), list(Alert.objects.order_by("pk").values())) == before


def test_an_upper_room_awaits_something_of_a_team_and_has_it() -> None:
    team, subject, now = TeamFactory(), uuid4(), timezone.now()
    ladder = Ladder(team_at=now + timedelta(hours=2))
    for _ in range(2):  # saying it again changes nothing
        services.watch(
            kind=AlertKind.PROMISE, subject=subject, due_at=now - timedelta(hours=1), label="Demande D-1",
            team=team, ladder=ladder,
        )  # fmt: skip
        services.scan_delays(now=now)
    alert = Alert.objects.open().get(subject=subject)
    assert (alert.team, alert.pathway, alert.reference, alert.level) == (team, None, "Demande D-1", 1)
    services.scan_delays(now=now + timedelta(hours=3))
    assert Alert.objects.open().get(subject=subject).level == 2
    services.met(kind=AlertKind.PROMISE, subject=subject)
    assert not Alert.objects.open().filter(subject=subject).exists()
    services.met(kind=AlertKind.PROMISE, subject=subject)


def test_another_date_closes_what_was_raised_for_the_first() -> None:
    pathway, subject, now = PathwayFactory(), uuid4(), timezone.now()
    for due, raised in ((now - timedelta(hours=1), True), (now + timedelta(days=3), False)):
        services.watch(kind=AlertKind.RCP_UNEXECUTED, subject=subject, due_at=due, label="Scanner", pathway=pathway)
        services.scan_delays(now=now)
        assert Alert.objects.open().filter(subject=subject).exists() is raised
