"""The life of a pathway beyond the usual: late entries, doubles, links to the one before, an end and a return."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from directory.errors import DomainError
from pathways import services
from pathways.models import ClosingReason, Pathway, Step
from tests.factories import PathwayFactory, PatientFactory, TargetFactory, TeamFactory
from tests.pathways.pages import soup, words
from tests.pathways.scenes import Scene

pytestmark = pytest.mark.django_db
WAY = ("appointment_offered", "first_care", "biopsy_taken", "lab_requested", "sample_sent", "lab_final", "rcp_held")


def plan_of(pathway: Pathway) -> list[Any]:
    rows = Step.objects.filter(pathway=pathway).order_by("order", "occurrence")
    return list(rows.values_list("key", "state", "anchor_at", "due_at", "raw_due_at", "done_at"))


@pytest.mark.parametrize("seed", range(3))
def test_facts_recorded_late_and_out_of_order_give_the_same_plan(seed: int) -> None:
    team = TeamFactory()
    begun = timezone.now() - timedelta(days=15)
    plans = []
    for shuffled in (False, True):
        pathway = PathwayFactory(team=team, received=False, days_ago=15)
        facts = [("referral_received", begun), *((kind, begun + timedelta(days=n + 1)) for n, kind in enumerate(WAY))]
        if shuffled:
            random.Random(seed).shuffle(facts)
        for kind, at in facts:
            services.record_milestone(pathway=pathway, kind=kind, occurred_at=at)
        plans.append(plan_of(pathway))
    assert plans[0] == plans[1]


def test_a_step_done_twice_was_done_the_first_time_until_that_is_taken_back() -> None:
    pathway = PathwayFactory(days_ago=9)
    now = timezone.now()
    first, second = (
        services.record_milestone(pathway=pathway, kind="first_care", occurred_at=now - timedelta(days=ago))
        for ago in (6, 4)
    )

    def done_at() -> Any:
        return Step.objects.get(pathway=pathway, key="first_care").done_at

    assert done_at() == first.occurred_at
    services.withdraw_milestone(milestone=first, author=None, note="Patient absent ce jour-là")
    assert done_at() == second.occurred_at
    services.correct_milestone(milestone=second, occurred_at=now - timedelta(days=5), author=None)
    assert done_at() == now - timedelta(days=5)


@pytest.mark.parametrize("reason", ["no_cancer", "transferred", "refused", "died", "lost"])
def test_each_way_to_end_stops_the_clocks_and_a_return_starts_them_again(reason: str) -> None:
    pathway = PathwayFactory(days_ago=9)
    before = plan_of(pathway)
    closed = services.close_pathway(pathway=pathway, reason=reason, author=None, note="Après trois essais")
    assert closed.get_closing_reason_display() == ClosingReason(reason).label
    assert not Step.objects.filter(pathway=pathway, state__in=["open", "waiting"]).exists()
    services.rebuild_plan(pathway=closed)
    assert not Step.objects.filter(pathway=pathway, state__in=["open", "waiting"]).exists()
    services.reopen_pathway(pathway=closed, author=None, reason="Revenu de lui-même")
    assert plan_of(pathway) == before


def test_a_fact_learnt_after_the_end_is_still_recorded() -> None:
    pathway = PathwayFactory(days_ago=9)
    closed = services.close_pathway(pathway=pathway, reason="lost", author=None)
    services.record_milestone(pathway=closed, kind="first_care", occurred_at=timezone.now() - timedelta(days=5))
    assert Step.objects.get(pathway=pathway, key="first_care").state == "done"
    assert Pathway.objects.get(pk=pathway.pk).next_step is None


# A relapse, a second cancer


@pytest.fixture
def first(scene: Scene) -> Pathway:
    """The pathway of a first cancer, closed."""
    return services.close_pathway(pathway=scene.pathway, reason="completed", author=scene.coordinator)


def follow(scene: Scene, first: Pathway, **link: Any) -> Pathway:
    target = TargetFactory(team=scene.team, key="fast")
    return services.open_pathway(
        patient=first.patient, target=target, opened_at=timezone.now(), owner=scene.coordinator, **link
    )


def test_a_relapse_is_opened_from_the_form_and_shown_on_both_pages(scene: Scene, first: Pathway) -> None:
    target = TargetFactory(team=scene.team, key="fast")
    url, client = reverse("pathways:open", args=[first.patient.uuid]), scene.client()
    form = {"target": target.pk, "received_on": timezone.localdate().isoformat(), "linked_to": str(first.uuid)}
    refused = client.post(url, form)
    assert refused.status_code == 422
    assert "second cancer primitif ou une rechute" in refused.content.decode()
    refused = client.post(url, form | {"linked_to": "", "link_kind": "relapse"})
    assert refused.status_code == 422
    answer = client.post(url, form | {"link_kind": "relapse"})
    assert answer.status_code == 302
    relapse = Pathway.objects.get(linked_to=first)
    assert relapse.link_kind == "relapse"
    here = words(soup(client.get(reverse("pathways:detail", args=[relapse.uuid]))))
    there = words(soup(client.get(reverse("pathways:detail", args=[first.uuid]))))
    assert "Rechute, fait suite à" in here
    assert first.reference in here
    assert "Rechute, suivi dans" in there
    assert relapse.reference in there


def test_the_form_of_a_patient_without_pathway_asks_for_no_link(scene: Scene) -> None:
    patient = PatientFactory(establishment=scene.team.establishment)
    page = scene.client().get(reverse("pathways:open", args=[patient.uuid])).content.decode()
    assert "linked_to" not in page


def test_a_pathway_that_a_reader_may_not_open_is_not_named_on_the_other(scene: Scene, first: Pathway) -> None:
    team = TeamFactory(establishment=scene.team.establishment)
    away = PathwayFactory(team=team, target=TargetFactory(team=team, key="fast"), patient=first.patient)
    assert away.team == team
    services.link_pathway(pathway=away, linked_to=first, link_kind="second_primary", author=None)
    page = scene.client().get(reverse("pathways:detail", args=[first.uuid])).content.decode()
    assert away.reference not in page
    form = scene.client().get(reverse("pathways:link", args=[first.uuid])).content.decode()
    assert str(away.uuid) not in form


def test_a_link_names_an_older_pathway_of_the_same_patient(scene: Scene, first: Pathway) -> None:
    second = follow(scene, first, linked_to=first, link_kind="second_primary")
    stranger = PathwayFactory(team=scene.team, owner=scene.coordinator)
    for linked_to, kind, field in (
        (stranger, "relapse", "linked_to"), (second, "relapse", "linked_to"), (first, "", "link_kind"),
        (first, "cousin", "link_kind"),
    ):  # fmt: skip
        with pytest.raises(DomainError) as refused:
            services.link_pathway(pathway=second, linked_to=linked_to, link_kind=kind, author=None)
        assert refused.value.field == field
    with pytest.raises(DomainError):
        services.link_pathway(pathway=first, linked_to=second, link_kind="relapse", author=None)


def test_a_link_is_changed_and_taken_back_from_the_page(scene: Scene, first: Pathway) -> None:
    second = follow(scene, first)
    url, client = reverse("pathways:link", args=[second.uuid]), scene.client()
    assert client.post(url, {"linked_to": str(first.uuid), "link_kind": "second_primary"}).status_code == 302
    assert Pathway.objects.get(pk=second.pk).link_kind == "second_primary"
    assert "Second cancer primitif" in words(soup(client.get(reverse("pathways:history", args=[second.uuid]))))
    assert client.post(url, {"linked_to": "", "link_kind": "second_primary"}).status_code == 302
    assert Pathway.objects.get(pk=second.pk).linked_to is None


def test_the_database_keeps_a_link_whole(first: Pathway) -> None:
    with pytest.raises(IntegrityError, match="pathway_link_has_kind"), transaction.atomic():
        Pathway.objects.filter(pk=first.pk).update(link_kind="relapse")


def test_a_second_cancer_runs_beside_the_first_on_the_same_target(scene: Scene) -> None:
    """Two lungs, two breasts: each cancer has its own delays."""
    first, target = scene.pathway, scene.pathway.version.target

    def again(**link: Any) -> Pathway:
        return services.open_pathway(
            patient=first.patient, target=target, opened_at=timezone.now(), owner=scene.coordinator, **link
        )

    for link in ({}, {"linked_to": first, "link_kind": "relapse"}):
        with pytest.raises(DomainError, match="suit déjà ce parcours"):
            again(**link)
    second = again(linked_to=first, link_kind="second_primary")
    assert (first.is_active, second.is_active, second.version) == (True, True, first.version)
    with pytest.raises(DomainError, match="suit déjà ce parcours"):
        again(linked_to=first, link_kind="second_primary")  # the same one, sent twice
    services.record_milestone(pathway=second, kind="first_care", occurred_at=timezone.now())
    assert not first.milestones.filter(recorded_at__gt=second.opened_at, kind="first_care").exists()
    for linked_to, kind in ((None, ""), (first, "relapse")):
        with pytest.raises(DomainError, match="pour un autre cancer"):
            services.link_pathway(pathway=second, linked_to=linked_to, link_kind=kind, author=None)
    services.close_pathway(pathway=first, reason="completed", author=None)
    services.link_pathway(pathway=second, linked_to=first, link_kind="relapse", author=None)
    with pytest.raises(DomainError, match="suit déjà ce parcours"):
        services.reopen_pathway(pathway=first, author=scene.coordinator, reason="Erreur")


def test_reopening_is_refused_beside_a_pathway_on_another_version(scene: Scene) -> None:
    first = services.close_pathway(pathway=scene.pathway, reason="completed", author=scene.coordinator)
    target = first.version.target
    content = replace(target.current_version.content, summary="Autre résumé")
    services.publish_target(content=content, establishment=target.establishment, team=target.team, reason="Revue")
    again = services.open_pathway(patient=first.patient, target=target, opened_at=timezone.now(), owner=None)
    assert again.version_id != first.version_id
    with pytest.raises(DomainError, match="rouvert ou recommencé"):
        services.reopen_pathway(pathway=first, author=scene.coordinator, reason="Erreur")


def test_a_link_is_not_taken_back_beside_a_pathway_on_another_version(scene: Scene) -> None:
    first = scene.pathway
    second = services.open_pathway(
        patient=first.patient, target=first.version.target, opened_at=timezone.now(), owner=None,
        linked_to=first, link_kind="second_primary",
    )  # fmt: skip
    target = first.version.target
    content = replace(target.current_version.content, summary="Autre résumé")
    newer, _ = services.publish_target(
        content=content, establishment=target.establishment, team=target.team, reason="Revue"
    )
    services.move_to_version(pathway=second, version=newer, reason="Revue", author=scene.coordinator)
    with pytest.raises(DomainError, match="pour un autre cancer"):
        services.link_pathway(pathway=second, linked_to=None, link_kind="", author=None)
    services.close_pathway(pathway=second, reason="completed", author=None)
    services.link_pathway(pathway=second, linked_to=None, link_kind="", author=None)


def test_the_database_keeps_one_pathway_for_each_second_cancer(scene: Scene) -> None:
    first = scene.pathway
    second = services.open_pathway(
        patient=first.patient, target=first.version.target, opened_at=timezone.now(), owner=None,
        linked_to=first, link_kind="second_primary",
    )  # fmt: skip
    twin = Pathway(
        patient=first.patient, version=second.version, team=second.team, opened_at=timezone.now(),
        reference="J-TWIN-0001", linked_to=first, link_kind="second_primary",
    )  # fmt: skip
    with pytest.raises(IntegrityError), transaction.atomic():
        twin.save()
    twin.linked_to, twin.link_kind = None, ""
    with pytest.raises(IntegrityError), transaction.atomic():
        twin.save()
