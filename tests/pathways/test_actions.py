"""Each action of the patient's page: done, refused with words, kept from those who only read."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.urls import reverse
from django.utils import timezone

from directory.models import AccessLog, Role
from pathways import services
from pathways.models import Alert, CareCircleMember, Milestone, Pathway, Pause, Step
from tests.factories import ProfessionalFactory, UserFactory
from tests.pathways.pages import field_errors, soup, value_of, words
from tests.pathways.scenes import Scene

pytestmark = pytest.mark.django_db

TODAY = timezone.localdate


def at(name: str, scene: Scene, **more: Any) -> str:
    return reverse(f"pathways:{name}", kwargs={"uuid": scene.pathway.uuid, **more})


def iso(days: int = 0) -> str:
    return (TODAY() + timedelta(days=days)).isoformat()


# --- steps ----------------------------------------------------------------------------------------------------------
def test_a_step_is_done_on_the_day_typed(scene: Scene) -> None:
    step = scene.step("pps")
    url = at("step-done", scene, step=step.uuid)
    assert value_of(scene.client().get(url), "day") == iso()
    response = scene.client().post(url, {"end": "0", "day": iso(-1), "hour": "09:30", "note": "Remis en main propre"})
    assert response["Location"] == at("detail", scene)
    milestone = Milestone.objects.get(kind="pps_given")
    assert timezone.localtime(milestone.occurred_at).strftime("%H:%M") == "09:30"
    assert timezone.localdate(milestone.occurred_at) == TODAY() - timedelta(days=1)
    assert (milestone.recorded_by, milestone.note) == (scene.coordinator, "Remis en main propre")
    step.refresh_from_db()
    assert step.state == "done"


def test_a_step_that_several_milestones_end_asks_which(scene: Scene) -> None:
    url = at("step-done", scene, step=scene.step("treatment").uuid)
    asked = words(soup(scene.client().get(url)).select_one("#main form"))
    assert "Début du traitement" in asked
    assert "Entrée dans un circuit palliatif" in asked
    scene.client().post(url, {"end": "1", "day": iso()})
    assert Milestone.objects.filter(kind="palliative_entry").exists()


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"day": "2999-01-01"}, "futur"),
        ({"day": "1900-01-01"}, "naissance"),
        ({"day": ""}, "obligatoire"),
        ({"day": "demain"}, "comme 23/11/2026"),
        ({"day": iso(-1), "hour": "25:99"}, "comme 14:30"),
        ({"day": iso(-1), "end": "9"}, "choix valide"),
    ],
)
def test_a_wrong_date_is_told_and_what_was_typed_stays(scene: Scene, typed: dict[str, str], said: str) -> None:
    url = at("step-done", scene, step=scene.step("treatment").uuid)
    response = scene.client().post(url, {"end": "0", "note": "Ma note à garder", **typed})
    assert response.status_code == 422
    assert said in field_errors(response)
    assert value_of(response, "note") == "Ma note à garder"
    assert value_of(response, "day") == typed["day"]
    assert not Milestone.objects.filter(kind="treatment_started").exists()


def test_a_step_is_set_aside_with_a_reason_and_taken_back(scene: Scene) -> None:
    step = scene.step("support_screening")
    url = at("step-skip", scene, step=step.uuid)
    refused = scene.client().post(url, {"reason": "  "})
    assert refused.status_code == 422
    assert field_errors(refused)
    scene.client().post(url, {"reason": "Déjà fait en ville"})
    step.refresh_from_db()
    assert (step.state, step.skip_reason) == ("skipped", "Déjà fait en ville")
    assert "Déjà fait en ville" in words(scene.client().get(at("detail", scene)))
    scene.client().post(at("step-restore", scene, step=step.uuid))
    step.refresh_from_db()
    assert (step.state, step.skip_reason) == ("open", "")


def test_a_done_step_cannot_be_set_aside(scene: Scene) -> None:
    response = scene.client().post(at("step-skip", scene, step=scene.step("rcp").uuid), {"reason": "x"})
    assert response.status_code == 422
    assert "déjà faite" in words(response)


def test_a_step_is_entrusted_to_someone_of_the_team_only(scene: Scene) -> None:
    step = scene.step("treatment")
    url = at("step-assign", scene, step=step.uuid)
    assert scene.client().post(url, {"user": scene.stranger.pk}).status_code == 422
    scene.client().post(url, {"user": scene.physician.pk})
    step.refresh_from_db()
    assert step.assignee == scene.physician
    assert "Paul Lenoir-Fictif" in words(soup(scene.client().get(at("detail", scene))).select_one("#etapes"))


# --- milestones -----------------------------------------------------------------------------------------------------
def test_any_milestone_may_be_recorded(scene: Scene) -> None:
    url = at("milestone-add", scene)
    scene.client().post(url, {"kind": "exam_done", "detail": "echo_endoscopie", "day": iso(), "note": ""})
    milestone = Milestone.objects.get(detail="echo_endoscopie")
    assert (milestone.kind, milestone.source) == ("exam_done", "typed")
    refused = scene.client().post(url, {"kind": "", "day": iso()})
    assert refused.status_code == 422
    assert scene.client().post(url, {"kind": "invented", "day": iso()}).status_code == 422


def test_a_milestone_is_corrected_never_overwritten(scene: Scene) -> None:
    old = scene.pathway.milestones.get(kind="rcp_held")
    url = at("milestone-correct", scene, milestone=old.uuid)
    assert value_of(scene.client().get(url), "day") == iso(-6)
    scene.client().post(url, {"day": iso(-7), "note": "Date du compte rendu"})
    new = Milestone.objects.in_force().get(kind="rcp_held")
    assert (new.supersedes, new.note) == (old, "Date du compte rendu")
    assert scene.step("rcp").done_at == new.occurred_at
    again = scene.client().post(url, {"day": iso(-8)})
    assert again.status_code == 422
    assert "déjà été corrigé" in words(again)


def test_a_milestone_is_withdrawn_with_a_reason(scene: Scene) -> None:
    old = scene.pathway.milestones.get(kind="announcement")
    url = at("milestone-withdraw", scene, milestone=old.uuid)
    assert scene.client().post(url, {"reason": ""}).status_code == 422
    scene.client().post(url, {"reason": "Consultation reportée"})
    assert not Milestone.objects.in_force().filter(kind="announcement").exists()
    assert scene.step("announcement").state == "open"


# --- pauses ---------------------------------------------------------------------------------------------------------
def test_a_pause_begins_ends_and_is_cancelled(scene: Scene) -> None:
    client = scene.client()
    client.post(at("pause-add", scene), {"kind": "patient_choice", "starts_on": iso(-2), "note": "Voyage"})
    pause = Pause.objects.get()
    assert (pause.ends_on, pause.author, pause.note) == (None, scene.coordinator, "Voyage")
    assert scene.step("treatment").due_at is None
    refused = client.post(at("pause-end", scene, pause=pause.uuid), {"ends_on": iso(-5)})
    assert "précéder" in field_errors(refused)
    client.post(at("pause-end", scene, pause=pause.uuid), {"ends_on": iso(-1)})
    pause.refresh_from_db()
    assert pause.ends_on == TODAY() - timedelta(days=1)
    assert client.post(at("pause-cancel", scene, pause=pause.uuid)).status_code == 422
    client.post(at("pause-cancel", scene, pause=pause.uuid), {"reason": "Voyage annulé"})
    assert not Pause.objects.in_force().exists()
    assert client.post(at("pause-cancel", scene, pause=pause.uuid)).status_code == 404


def test_a_pause_that_ends_before_it_begins_is_refused(scene: Scene) -> None:
    data = {"kind": "medical", "starts_on": iso(), "ends_on": iso(-3), "note": "À garder"}
    response = scene.client().post(at("pause-add", scene), data)
    assert response.status_code == 422
    assert "précéder" in field_errors(response)
    assert value_of(response, "note") == "À garder"


# --- the pathway ----------------------------------------------------------------------------------------------------
def test_closed_reopened_entrusted(scene: Scene) -> None:
    client = scene.client()
    early = client.post(at("close", scene), {"reason": "lost", "day": "2001-01-01", "note": "Sans nouvelles"})
    assert "ouverture" in field_errors(early)
    assert value_of(early, "note") == "Sans nouvelles"
    client.post(at("close", scene), {"reason": "lost", "day": iso(), "note": "Sans nouvelles"})
    pathway = Pathway.objects.get(pk=scene.pathway.pk)
    assert (pathway.status, pathway.closing_reason) == ("closed", "lost")
    assert client.post(at("reopen", scene), {"reason": ""}).status_code == 422
    client.post(at("reopen", scene), {"reason": "A rappelé"})
    client.post(at("assign", scene), {"user": ""})
    pathway.refresh_from_db()
    assert (pathway.status, pathway.owner) == ("active", None)
    assert Alert.objects.open().filter(pathway=pathway, kind="no_owner").exists()


def test_a_professional_enters_and_leaves_the_circle(scene: Scene) -> None:
    newcomer = ProfessionalFactory(gp=True, first_name="Hugo", last_name="Verdier-Fictif", rpps="10000000001")
    client = scene.client()
    url = at("circle-add", scene)
    assert "Hugo Verdier-Fictif" in words(client.get(url, {"q": "verdier"}))
    assert "Hugo Verdier-Fictif" in words(client.get(url, {"q": "10000000001"}))
    assert "Personne ne correspond" in words(client.get(url, {"q": "inconnu"}))
    assert soup(client.get(url, {"q": "verdier"}, headers={"HX-Request": "true"})).select_one("html") is None
    client.post(url, {"professional": newcomer.uuid, "role": "other"})
    reader = UserFactory(role=Role.TOWN, professional=newcomer)
    assert scene.client(reader).get(at("detail", scene)).status_code == 200
    client.post(at("circle-remove", scene, professional=newcomer.uuid, role="other"))
    assert scene.client(reader).get(at("detail", scene)).status_code == 404
    assert CareCircleMember.objects.filter(professional=newcomer).exists(), "the trace stays"
    assert client.post(url, {"professional": uuid4(), "role": "other"}).status_code == 404
    assert client.post(url, {"professional": newcomer.uuid, "role": "rcp"}).status_code == 422


# --- who may, how it answers ----------------------------------------------------------------------------------------
def every_action(scene: Scene) -> list[tuple[str, dict[str, Any]]]:
    step = {"step": scene.step("treatment").uuid}
    milestone = {"milestone": Milestone.objects.get(kind="rcp_held").uuid}
    pause = services.add_pause(pathway=scene.pathway, kind="medical", starts_on=TODAY(), author=None)
    return [
        ("step-done", step), ("step-skip", step), ("step-restore", step), ("step-assign", step),
        ("milestone-add", {}), ("milestone-correct", milestone), ("milestone-withdraw", milestone),
        ("pause-add", {}), ("pause-end", {"pause": pause.uuid}), ("pause-cancel", {"pause": pause.uuid}),
        ("assign", {}), ("link", {}), ("delay-cause", {"phase": "exams"}),
        ("close", {}), ("reopen", {}), ("circle-add", {}), ("pps", {}), ("patient-edit", {}),
    ]  # fmt: skip


def test_readers_cannot_write_and_strangers_find_nothing(scene: Scene, client: Any) -> None:
    actions = every_action(scene)
    before = Milestone.objects.count(), Pause.objects.in_force().count(), Step.objects.filter(state="skipped").count()
    for name, parts in actions:
        url = at(name, scene, **parts)
        assert scene.client(scene.gp).post(url, {}).status_code == 403, name
        assert scene.client(scene.stranger).post(url, {}).status_code == 404, name
        assert scene.client(scene.quality).post(url, {}).status_code == 403, name
        assert client.post(url)["Location"].startswith(reverse("account_login")), name
    after = Milestone.objects.count(), Pause.objects.in_force().count(), Step.objects.filter(state="skipped").count()
    assert after == before


def test_a_form_that_is_read_writes_nothing_but_the_trace(scene: Scene) -> None:
    actions = every_action(scene)
    for name, parts in actions:
        response = scene.client().get(at(name, scene, **parts))
        assert response.status_code == (405 if name in ("step-restore", "pps") else 200), name
    assert AccessLog.objects.filter(user=scene.coordinator).count() == len(actions) - 2


def test_parts_of_another_file_are_not_found_through_this_one(scene: Scene) -> None:
    other = Scene()
    step = Step.objects.get(pathway=other.pathway, key="treatment")
    milestone = Milestone.objects.get(pathway=other.pathway, kind="rcp_held")
    assert scene.client().get(at("step-done", scene, step=step.uuid)).status_code == 404
    assert scene.client().get(at("milestone-withdraw", scene, milestone=milestone.uuid)).status_code == 404


def test_with_htmx_the_form_is_a_dialog_and_the_sheet_comes_back(scene: Scene) -> None:
    client = scene.client(htmx=True)
    url = at("step-done", scene, step=scene.step("treatment").uuid)
    opened = soup(client.get(url))
    assert opened.select_one("html") is None
    assert opened.select_one("dialog form")["hx-post"] == url  # type: ignore[index]
    refused = client.post(url, {"end": "0", "day": "2999-01-01"})
    assert refused.status_code == 422
    assert soup(refused).select_one("dialog .j-errors") is not None
    done = client.post(url, {"end": "0", "day": iso()})
    assert (done["HX-Retarget"], done["HX-Reswap"]) == ("#sheet", "outerHTML")
    assert "Enregistré" in json.loads(done["HX-Trigger"])["jalon:toast"]["message"]
    sheet = soup(done)
    assert sheet.select_one("html") is None
    assert sheet.select_one("#sheet #prochaine-etape") is not None


def test_with_htmx_from_another_page_that_page_is_drawn_again(scene: Scene) -> None:
    pathway = scene.pathway
    services.scan_delays(now=timezone.now() + timedelta(days=60))
    alert = Alert.objects.open().filter(pathway=pathway).first()
    assert alert is not None
    client = scene.client(htmx=True)
    headers = {"HX-Current-URL": "http://testserver/alertes/"}
    response = client.post(
        reverse("pathways:alert-acknowledge", args=[alert.uuid]), {"reason": "Appel prévu"}, headers=headers
    )
    assert response["HX-Refresh"] == "true"
