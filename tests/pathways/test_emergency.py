"""Emergency access: one file found exactly, opened with a reason, for a time, with a trace; nothing to browse."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone

from directory.models import AccessLog, BreakGlass, Role
from pathways.views import emergency
from tests.factories import TeamFactory, UserFactory
from tests.pathways.pages import field_errors, value_of, words
from tests.pathways.scenes import Scene

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clean_cache")]

URL = "/urgence/"
REASON = "Patient inconscient reçu aux urgences cette nuit"


@pytest.fixture
def outsider(scene: Scene) -> Any:
    """A physician of the same establishment, in another team."""
    return UserFactory(role=Role.PHYSICIAN, team=TeamFactory(establishment=scene.team.establishment))


def request_of(scene: Scene, **changes: str) -> dict[str, str]:
    patient = scene.pathway.patient
    return {
        "file_number": patient.file_number,
        "birth_date": patient.birth_date.isoformat(),
        "reason": REASON,
        **changes,
    }


def test_the_file_opens_with_a_reason_and_for_a_time(scene: Scene, outsider: Any) -> None:
    client = scene.client(outsider)
    file_url = reverse("pathways:detail", args=[scene.pathway.uuid])
    assert client.get(file_url).status_code == 404
    response = client.post(URL, request_of(scene))
    assert response["Location"] == file_url
    access = BreakGlass.objects.get()
    assert (access.user, access.reason, access.patient_uuid) == (outsider, REASON, scene.pathway.patient.uuid)
    page = client.get(file_url)
    assert "Accès d’urgence en cours" in words(page)
    trace = AccessLog.objects.get(user=outsider)
    assert (trace.why, trace.patient_uuid) == ("break_glass", scene.pathway.patient.uuid)
    assert client.post(f"{file_url}jalons/ajouter/", {}).status_code == 403, "it reads, it does not write"
    with time_machine.travel(timezone.now() + timedelta(hours=4, minutes=1)):
        fresh = scene.client(outsider)
        assert fresh.get(file_url).status_code == 404


def test_opening_again_while_it_runs_adds_nothing(scene: Scene, outsider: Any) -> None:
    for _ in range(2):
        scene.client(outsider).post(URL, request_of(scene))
    assert BreakGlass.objects.count() == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"file_number": "P-0000-0000"},
        {"birth_date": "1954-03-29"},
        {"file_number": "%"},
        {"file_number": "P-"},
    ],
)
def test_only_an_exact_match_opens(scene: Scene, outsider: Any, wrong: dict[str, str]) -> None:
    response = scene.client(outsider).post(URL, request_of(scene, **wrong))
    assert response.status_code == 422
    assert "Aucun dossier" in words(response)
    assert "ESSAI-DURAND" not in words(response)
    assert value_of(response, "reason") == REASON
    assert not BreakGlass.objects.exists()


@pytest.mark.parametrize("reason", ["", "   ", "urgence"])
def test_a_real_reason_is_asked(scene: Scene, outsider: Any, reason: str) -> None:
    response = scene.client(outsider).post(URL, request_of(scene, reason=reason))
    assert response.status_code == 422
    assert field_errors(response)
    assert value_of(response, "file_number") == scene.pathway.patient.file_number
    assert not BreakGlass.objects.exists()


def test_other_establishments_stay_closed(scene: Scene) -> None:
    away = UserFactory(role=Role.PHYSICIAN, team=TeamFactory())
    assert "Aucun dossier" in words(scene.client(away).post(URL, request_of(scene)))


def test_guessing_is_stopped(scene: Scene, outsider: Any) -> None:
    client = scene.client(outsider)
    for _ in range(emergency.MOST_TRIES):
        assert "Aucun dossier" in words(client.post(URL, request_of(scene, file_number="P-X")))
    assert "Trop d’essais" in words(client.post(URL, request_of(scene)))
    assert not BreakGlass.objects.exists()
    other = UserFactory(role=Role.COORDINATOR, team=TeamFactory(establishment=scene.team.establishment))
    assert scene.client(other).post(URL, request_of(scene)).status_code == 302, "others are not stopped"


def test_redis_away_does_not_keep_a_physician_out(scene: Scene, outsider: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*args: Any) -> None:
        raise ConnectionError("away")

    monkeypatch.setattr(emergency.cache, "get", away)
    monkeypatch.setattr(emergency.cache, "add", away)
    assert scene.client(outsider).post(URL, request_of(scene, file_number="P-X")).status_code == 422
    assert scene.client(outsider).post(URL, request_of(scene)).status_code == 302


def test_who_may_ask(scene: Scene, client: Any) -> None:
    for user, status in (
        (scene.coordinator, 200),
        (scene.physician, 200),
        (scene.secretary, 403),
        (scene.gp, 403),
        (scene.quality, 403),
    ):
        assert scene.client(user).get(URL).status_code == status
    assert client.get(URL)["Location"].startswith(reverse("account_login"))
