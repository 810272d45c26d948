"""The alerts: gravest first, those seen apart, closed by evidence only."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from pathways import services
from pathways.models import Alert
from tests.factories import PathwayFactory
from tests.pathways.pages import field_errors, soup, value_of, words
from tests.pathways.scenes import Scene

pytestmark = pytest.mark.django_db

URL = "/alertes/"


@pytest.fixture
def watched(scene: Scene) -> Scene:
    """One late pathway, one without next step, one without owner."""
    PathwayFactory(team=scene.team, owner=scene.coordinator, days_ago=9, birth_name="Tardif")
    idle = PathwayFactory(team=scene.team, owner=scene.coordinator, received=False, birth_name="Inerte")
    services.rebuild_plan(pathway=idle)
    alone = PathwayFactory(team=scene.team, birth_name="Seul")
    services.assign_pathway(pathway=alone, owner=None, author=None)
    services.repair_continuity(now=timezone.now())
    services.scan_delays(now=timezone.now())
    return scene


def rows(response: Any, table: int = 0) -> list[str]:
    tables = soup(response).select("table.j-table")
    return [words(row) for row in tables[table].select("tbody tr")] if len(tables) > table else []


def test_gravest_first_then_oldest(watched: Scene) -> None:
    found = rows(watched.client().get(URL))
    kinds = [
        next(rank for rank, kind in enumerate(
            ("Échéance dépassée", "Pas de prochaine étape", "Pas de responsable", "Échéance proche")
        ) if kind in row)
        for row in found
    ]  # fmt: skip
    assert kinds == sorted(kinds)
    assert {0, 1, 2} <= set(kinds)
    late = Alert.objects.open().filter(kind="late").order_by("-level", "since", "id")
    labels = list(late.values_list("step__label", flat=True))
    assert [label in row for label, row in zip(labels, found, strict=False)] == [True] * len(labels)


def test_counters_are_filters(watched: Scene) -> None:
    client = watched.client()
    page = soup(client.get(URL))
    links = {words(node.select_one(".j-counter-label")): node for node in page.select(".j-counter")}
    for kind, label in (("late", "Échéance dépassée"), ("no_owner", "Pas de responsable")):
        shown = int(words(links[label].select_one(".j-counter-value")))
        found = rows(client.get(URL, {"kind": kind}))
        assert shown == len(found)
        assert all(label in row for row in found)
    assert client.get(URL, {"kind": "'; --"}).status_code == 200


def test_seen_is_kept_apart_and_stays_open(watched: Scene) -> None:
    alert = Alert.objects.open().filter(kind="late").order_by("since").first()
    assert alert is not None
    url = reverse("pathways:alert-acknowledge", args=[alert.uuid])
    refused = watched.client().post(url, {"reason": ""})
    assert refused.status_code == 422
    assert field_errors(refused)
    long = watched.client().post(url, {"reason": "x" * 300})
    assert long.status_code == 422
    assert value_of(long, "reason") == "x" * 300
    watched.client().post(url, {"reason": "Scanner demain matin"})
    alert.refresh_from_db()
    assert (alert.acknowledged_by, alert.closed_at) == (watched.coordinator, None)
    page = watched.client().get(URL)
    assert not any("Scanner demain matin" in row for row in rows(page))
    assert any("Scanner demain matin" in row for row in rows(page, table=1))


def test_evidence_closes_it_and_a_closed_one_is_not_seen_again(watched: Scene) -> None:
    alert = Alert.objects.open().filter(kind="late", step__key="first_care").first()
    assert alert is not None
    scene_pathway = alert.pathway
    services.record_milestone(pathway=scene_pathway, kind="first_care", occurred_at=timezone.now(), author=None)
    alert.refresh_from_db()
    assert alert.closed_at is not None
    response = watched.client().post(reverse("pathways:alert-acknowledge", args=[alert.uuid]), {"reason": "Trop tard"})
    assert response.status_code == 422
    assert "déjà close" in words(response)


def test_who_sees_what(watched: Scene, client: Any) -> None:
    assert rows(watched.client(watched.stranger).get(URL)) == []
    assert "Aucune alerte à traiter" in words(watched.client(watched.stranger).get(URL))
    assert watched.client(watched.gp).get(URL).status_code == 403
    assert watched.client(watched.quality).get(URL).status_code == 403
    assert client.get(URL)["Location"].startswith(reverse("account_login"))
    alert = Alert.objects.open().first()
    assert alert is not None
    url = reverse("pathways:alert-acknowledge", args=[alert.uuid])
    assert watched.client(watched.stranger).post(url, {"reason": "x"}).status_code == 404
    services.add_to_circle(pathway=alert.pathway, professional=watched.gp.professional, role="gp")
    assert watched.client(watched.gp).post(url, {"reason": "x"}).status_code == 403


def test_a_fixed_number_of_queries(watched: Scene, django_assert_num_queries: Any) -> None:
    client = watched.client()
    for _ in range(2):
        with django_assert_num_queries(15):
            client.get(URL)
        for n in range(3):
            PathwayFactory(team=watched.team, owner=watched.coordinator, days_ago=20 + n)
        services.scan_delays(now=timezone.now() + timedelta(days=1))
