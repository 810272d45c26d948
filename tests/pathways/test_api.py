"""The REST API says what the pages say, to whom the pages say it."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone
from drf_spectacular.generators import SchemaGenerator

from config.logs import drop_identity
from directory.models import AccessLog
from pathways import services
from pathways.models import Milestone, Pathway
from tests.factories import PathwayFactory
from tests.pathways.scenes import Scene

pytestmark = pytest.mark.django_db

LIST = "/api/pathways/"


def one(scene: Scene) -> str:
    return reverse("api:pathway", args=[scene.pathway.uuid])


def milestones(scene: Scene) -> str:
    return reverse("api:pathway-milestones", args=[scene.pathway.uuid])


def test_the_list(scene: Scene) -> None:
    late = PathwayFactory(team=scene.team, owner=scene.coordinator, days_ago=15, birth_name="Tardif")
    PathwayFactory(birth_name="Ailleurs")
    scene.record(scene.pathway, "pps_given")
    answer = scene.client().get(LIST).json()
    assert answer["count"] == 2
    first, second = answer["results"]
    assert (first["uuid"], first["next_step"]["lateness"]) == (str(late.uuid), "late")
    assert second["patient"]["birth_name"] == "ESSAI-DURAND"
    assert second["owner"] == scene.coordinator.email
    assert "ins_matricule" not in str(answer)


def test_filters_are_those_of_the_page(scene: Scene) -> None:
    PathwayFactory(team=scene.team, owner=scene.coordinator, days_ago=15, birth_name="Tardif")
    scene.record(scene.pathway, "pps_given")
    client = scene.client()
    for query, names in (
        ({"q": "tardif"}, ["Tardif"]),
        ({"delay": "late"}, ["Tardif"]),
        ({"status": "closed"}, []),
        ({"target": "instadiag-foie-pancreas", "limit": 1}, ["Tardif"]),
        ({"target": "autre"}, []),
    ):
        found = client.get(LIST, query).json()["results"]
        assert [row["patient"]["birth_name"] for row in found] == names, query
    assert client.get(LIST, {"delay": "never"}).status_code == 400


def test_one_pathway_with_its_steps(scene: Scene) -> None:
    answer = scene.client(scene.gp).get(one(scene)).json()
    steps = {step["key"]: step for step in answer["steps"]}
    assert steps["rcp"]["state"] == "done"
    assert steps["rcp"]["lateness"] in ("done", "done_late")
    assert steps["treatment"]["lateness"] == "on_time"
    assert answer["next_step"]["lateness"] == steps[answer["next_step"]["key"]]["lateness"]
    assert {fact["kind"] for fact in answer["milestones"]} >= {"first_care", "announcement"}
    trace = AccessLog.objects.get()
    assert (trace.user, trace.why, trace.what) == (scene.gp, "circle", "Dossier (API)")


def test_where_the_wait_went(scene: Scene) -> None:
    today = timezone.localdate()
    services.add_pause(
        pathway=scene.pathway, kind="patient_choice", starts_on=today - timedelta(days=1), ends_on=today, note="Voyage",
        author=scene.coordinator,
    )  # fmt: skip
    answer = scene.client().get(one(scene)).json()
    (pause,) = answer["pauses"]
    assert (pause["kind"], pause["ends_on"], pause["note"]) == ("patient_choice", today.isoformat(), "Voyage")
    wait = answer["wait"]
    assert wait["raw_days"] >= wait["adjusted_days"] and wait["parts"]
    assert sum(part["raw_days"] for part in wait["parts"]) == wait["raw_days"]
    assert sum(part["adjusted_days"] for part in wait["parts"]) == wait["adjusted_days"]


def test_the_earlier_pathway_is_named_to_those_who_read_it(scene: Scene) -> None:
    earlier = PathwayFactory(patient=scene.pathway.patient, days_ago=300)
    Pathway.objects.filter(pk=scene.pathway.pk).update(linked_to=earlier, link_kind="relapse")
    answer = scene.client().get(one(scene)).json()
    assert (answer["link_kind"], answer["linked_to"]) == ("relapse", None)
    Pathway.objects.filter(pk=earlier.pk).update(team=scene.team)
    assert scene.client().get(one(scene)).json()["linked_to"] == str(earlier.uuid)


def test_a_milestone_is_recorded_once(scene: Scene) -> None:
    data = {"kind": "treatment_started", "occurred_at": timezone.now().isoformat(), "dedup_key": "cure-1"}
    for _ in range(2):
        response = scene.client().post(milestones(scene), data, content_type="application/json")
        assert response.status_code == 201
    milestone = Milestone.objects.get(kind="treatment_started")
    assert milestone.recorded_by == scene.coordinator
    assert scene.step("treatment").state == "done"


def test_the_same_key_for_another_patient_is_another_fact(scene: Scene) -> None:
    other = PathwayFactory(team=scene.team, owner=scene.coordinator)
    data = {"kind": "first_care", "occurred_at": timezone.now().isoformat(), "dedup_key": "visite"}
    for url in (milestones(scene), reverse("api:pathway-milestones", args=[other.uuid])):
        assert scene.client().post(url, data, content_type="application/json").status_code == 201
    assert Milestone.objects.filter(pathway=other, kind="first_care").count() == 1


@pytest.mark.parametrize(
    ("data", "status"),
    [
        ({"kind": "treatment_started", "occurred_at": "2999-01-01T00:00:00Z"}, 422),
        ({"kind": "invented", "occurred_at": "2026-01-01T00:00:00Z"}, 400),
        ({"kind": "treatment_started"}, 400),
        ({"kind": "treatment_started", "occurred_at": "hier"}, 400),
    ],
)
def test_what_is_wrong_is_refused(scene: Scene, data: dict[str, str], status: int) -> None:
    response = scene.client().post(milestones(scene), data, content_type="application/json")
    assert response.status_code == status
    if status == 422:
        assert response.json() == {
            "code": "refused",
            "detail": "Un jalon ne peut pas être daté dans le futur.",
            "field": "occurred_at",
        }
    assert not Milestone.objects.filter(kind="treatment_started").exists()


def test_who_may(scene: Scene, client: Any) -> None:
    data = {"kind": "treatment_started", "occurred_at": timezone.now().isoformat()}
    for url in (LIST, one(scene)):
        assert client.get(url).status_code == 403
        assert scene.client(scene.quality).get(url).status_code == 403
    assert scene.client(scene.stranger).get(LIST).json()["count"] == 0
    assert scene.client(scene.stranger).get(one(scene)).status_code == 404
    for user, status in ((scene.gp, 403), (scene.stranger, 404), (scene.quality, 403), (scene.secretary, 201)):
        response = scene.client(user).post(milestones(scene), data, content_type="application/json")
        assert response.status_code == status


def test_one_answer_never_carries_the_whole_base(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pathways.api.paging.Pages.max_limit", 1)
    for _ in range(2):
        PathwayFactory(team=scene.team, target=scene.pathway.version.target)
    answer = scene.client().get("/api/pathways/?limit=100000000").json()
    assert (answer["count"], len(answer["results"])) == (3, 1)


def test_a_fixed_number_of_queries(scene: Scene, django_assert_num_queries: Any) -> None:
    client, url = scene.client(), one(scene)
    for count in (1, 5):
        for _ in range(count):
            PathwayFactory(team=scene.team, owner=scene.coordinator, days_ago=count)
        services.scan_delays(now=timezone.now() + timedelta(days=1))
        with django_assert_num_queries(6):
            client.get(LIST)
        with django_assert_num_queries(12):
            client.get(url)


def test_the_schema_describes_it_without_a_warning(capsys: pytest.CaptureFixture[str]) -> None:
    schema = SchemaGenerator().get_schema(request=None, public=True)
    paths = schema["paths"]
    assert "/api/pathways/{uuid}/milestones/" in paths
    step = schema["components"]["schemas"]["Step"]["properties"]
    assert "lateness" in step
    assert "pathways" not in capsys.readouterr().err


def test_searched_names_never_reach_the_log(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    event = {"request": "GET /parcours/?q=DURAND+17/05/1960", "event": "request_started"}
    assert drop_identity(None, "info", event)["request"] == "GET /parcours/"
    with caplog.at_level(logging.INFO):
        scene.client().get("/parcours/", {"q": "DURAND"})
    formatter = next(h.formatter for h in logging.getLogger().handlers if h.formatter is not None)
    lines = [formatter.format(record) for record in caplog.records]
    assert lines
    assert not any("DURAND" in line for line in lines)
