"""Exams asked of platforms over REST: the desk asks and follows, the platform answers; same rules as the pages."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from drf_spectacular.generators import SchemaGenerator

from coordination import services
from coordination.models import ExamRequest, Task
from directory.models import AccessLog, Role
from pathways.models import Pathway
from tests.coordination.factories import Desk, exam
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db

LIST = "api:exam-requests"
ANSWERS = ("propose", "refuse", "take-back")
FOLLOWING = ("confirm", "decline", "withdraw")


@pytest.fixture
def platform(desk: Desk) -> Client:
    client = Client()
    client.force_login(desk.technician)
    return client


@pytest.fixture
def asked(desk: Desk, pathway: Pathway) -> ExamRequest:
    return services.ask_exam(
        pathway=pathway, exam_type=exam(), addressed_to=desk.platform, user=desk.coordinator, within="2 working_days"
    )


def act(client: Client, request: ExamRequest, what: str, **sent: object) -> tuple[int, dict[str, object]]:
    url = reverse(f"api:exam-request-{what}", args=[request.uuid])
    response = client.post(url, sent, content_type="application/json")
    return response.status_code, response.json()


def in_days(days: float) -> str:
    return (timezone.now() + timedelta(days=days)).isoformat()


def test_the_desk_asks_within_the_agreed_delay_once(nurse: Client, desk: Desk, pathway: Pathway) -> None:
    today = timezone.localdate()
    services.decide_policy(
        exam_type=exam("irm"), target=desk.target, platform=desk.platform, mode="priority", within="72 hours",
        valid_from=today, decided_on=today, decided_by="Comité", user=desk.coordinator,
    )  # fmt: skip
    sent = {
        "pathway": pathway.uuid, "exam_type": "irm", "addressed_to": desk.platform.uuid, "urgent": "true",
        "question": "Extension", "request_key": uuid4(),
    }  # fmt: skip
    first, again = nurse.post(reverse(LIST), sent), nurse.post(reverse(LIST), sent)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    body = first.json()
    assert (body["within"], body["mode"], body["urgent"], body["status"]) == ("72 hours", "priority", True, "asked")
    twice = nurse.post(reverse(LIST), {**sent, "request_key": uuid4()})
    assert (twice.status_code, twice.json()["code"]) == (422, "already_asked")
    assert ExamRequest.objects.count() == 1


def test_an_exam_is_asked_only_of_who_may_be_asked(nurse: Client, desk: Desk, pathway: Pathway) -> None:
    sent = {"pathway": pathway.uuid, "exam_type": exam("irm").code, "request_key": uuid4()}
    for platform in (desk.platform, Desk().platform):
        refused = nurse.post(reverse(LIST), {**sent, "addressed_to": platform.uuid})
        assert (refused.status_code, refused.json()["code"]) == (422, "not_askable")
        assert refused.json()["field"] == "addressed_to"
    assert nurse.post(reverse(LIST), {**sent, "addressed_to": "x"}).status_code == 400
    assert nurse.post(reverse(LIST), {**sent, "exam_type": "non", "addressed_to": uuid4()}).status_code == 404


def test_from_the_request_to_the_exam(nurse: Client, platform: Client, asked: ExamRequest) -> None:
    status, body = act(platform, asked, "propose", starts_at=in_days(2), place="Salle 7")
    assert (status, body["status"], body["place"], body["known_at"]) == (200, "proposed", "Salle 7", None)
    assert body["to_tell_since"]
    status, body = act(nurse, asked, "confirm", how="phone")
    assert (status, body["known_at"], body["told_how"]) == (200, body["proposed_at"], "phone")
    assert not Task.objects.open().filter(title__startswith="Prévenir le patient").exists()
    status, body = act(platform, asked, "done")
    assert (status, body["code"]) == (422, "too_early")
    ExamRequest.objects.update(proposed_at=timezone.now() - timedelta(hours=1))
    status, body = act(platform, asked, "done")
    assert (status, body["status"]) == (200, "done")


def test_each_answer_has_its_refusals(nurse: Client, platform: Client, asked: ExamRequest) -> None:
    assert act(platform, asked, "propose", starts_at=in_days(-2))[0] == 422
    assert act(platform, asked, "propose", starts_at="demain")[0] == 400
    assert act(platform, asked, "take-back", reason="Panne")[1]["code"] == "not_proposed"
    assert act(platform, asked, "refuse", reason="")[0] == 400
    assert act(nurse, asked, "confirm", how="phone")[1]["code"] == "not_proposed"
    assert act(nurse, asked, "confirm", how="pigeon")[0] == 400
    act(platform, asked, "propose", starts_at=in_days(3))
    status, body = act(nurse, asked, "decline", reason="Travail", told_how="phone")
    assert (status, body["status"], body["proposed_at"], body["reason"]) == (200, "asked", None, "Travail")
    act(platform, asked, "propose", starts_at=in_days(4))
    assert act(platform, asked, "take-back", reason="Panne")[1]["status"] == "asked"
    assert act(nurse, asked, "withdraw", reason="Fait en ville")[1]["status"] == "cancelled"
    assert act(platform, asked, "refuse", reason="Panne") == (
        422, {"code": "ended", "detail": "Cette demande est close (annulé).", "field": None},
    )  # fmt: skip


def test_a_platform_refuses(platform: Client, asked: ExamRequest) -> None:
    status, body = act(platform, asked, "refuse", reason="Appareil en panne")
    assert (status, body["status"], body["reason"]) == (200, "refused", "Appareil en panne")


def test_each_reads_theirs_without_identity_and_it_is_logged(
    nurse: Client, platform: Client, desk: Desk, asked: ExamRequest
) -> None:
    other = Desk()
    services.ask_exam(
        pathway=other.pathway(), exam_type=exam(), addressed_to=other.platform, user=other.coordinator
    )  # fmt: skip
    ended = services.ask_exam(
        pathway=asked.pathway, exam_type=exam("irm"), addressed_to=desk.platform, user=desk.coordinator
    )
    services.refuse_request(request=ended, reason="Panne", user=desk.technician)
    for client, user in ((nurse, desk.coordinator), (platform, desk.technician)):
        body = client.get(reverse(LIST))
        assert [each["uuid"] for each in body.json()["results"]] == [str(asked.uuid)]
        assert asked.pathway.patient.birth_name not in body.content.decode()
        listed = client.get(reverse(LIST), {"status": "all", "exam_type": "irm"}).json()["results"]
        assert [each["uuid"] for each in listed] == [str(ended.uuid)]
        assert client.get(reverse(LIST), {"status": "refused"}).json()["count"] == 1
        assert client.get(reverse(LIST), {"pathway": uuid4()}).json()["count"] == 0
        assert client.get(reverse(LIST), {"status": "perdue"}).status_code == 400
        one = client.get(reverse("api:exam-request", args=[asked.uuid]))
        assert one.json()["reference"] == asked.pathway.reference
        read = AccessLog.objects.filter(user=user, patient_uuid=asked.pathway.patient.uuid)
        assert {each.why for each in read} == {"team"} and read.count() >= 2


@pytest.mark.parametrize("what", [*ANSWERS, *FOLLOWING, "done"])
def test_a_stranger_does_not_find_it(desk: Desk, asked: ExamRequest, what: str) -> None:
    other = Desk()
    for user in (other.coordinator, other.technician):
        client = Client()
        client.force_login(user)
        assert act(client, asked, what)[0] == 404
        assert client.get(reverse("api:exam-request", args=[asked.uuid])).status_code == 404


def test_each_keeps_to_their_side(nurse: Client, platform: Client, asked: ExamRequest) -> None:
    assert {act(nurse, asked, what)[0] for what in ANSWERS} == {403}
    assert {act(platform, asked, what)[0] for what in FOLLOWING} == {403}
    sent = {
        "pathway": asked.pathway.uuid, "exam_type": "irm", "addressed_to": asked.addressed_to.uuid,
        "request_key": uuid4(),
    }  # fmt: skip
    assert platform.post(reverse(LIST), sent).status_code == 403


def test_a_physician_reads_none(client: Client, desk: Desk, asked: ExamRequest) -> None:
    client.force_login(UserFactory(role=Role.PHYSICIAN, team=desk.team))
    assert client.get(reverse(LIST)).status_code == 403
    assert client.get(reverse("api:exam-request", args=[asked.uuid])).status_code == 403


def test_the_schema_describes_it_without_a_warning(capsys: pytest.CaptureFixture[str]) -> None:
    schema = SchemaGenerator().get_schema(request=None, public=True)
    paths = schema["paths"]
    assert set(paths["/api/exam-requests/"]) == {"get", "post"}
    for what in (*ANSWERS, *FOLLOWING, "done"):
        assert "422" in paths[f"/api/exam-requests/{{uuid}}/{what}/"]["post"]["responses"]
    assert "requests.py" not in capsys.readouterr().err
