"""Running pathways moved to another version or switched to another target: explicit, with a reason, all or none."""

from __future__ import annotations

import pytest
from django.utils import timezone

from directory.errors import DomainError
from directory.models import User
from pathways import services
from pathways.models import Alert, Milestone, Pathway, Step
from pathways.rules.editing import without_step
from tests.factories import PathwayFactory, TargetFactory, TeamFactory
from tests.pathways.pages import soup, words
from tests.pathways.targets import Office, published, timed

pytestmark = pytest.mark.django_db


@pytest.fixture
def office() -> Office:
    return Office()


# --- moving ---
def file_of(office: Office, owner: User | None = None) -> Pathway:
    pathway = PathwayFactory(team=office.team, target=office.target, owner=owner or office.coordinator, days_ago=20)
    services.record_milestone(pathway=pathway, kind="appointment_offered", occurred_at=pathway.opened_at)
    return pathway


def test_moving_keeps_what_is_done_and_what_is_set_aside(office: Office) -> None:
    pathway = file_of(office)
    step = Step.objects.get(pathway=pathway, key="pps")
    services.skip_step(step=step, reason="Refus du patient", author=office.coordinator)
    facts = [*Milestone.objects.filter(pathway=pathway).values_list("id", flat=True)]
    version = published(
        office, timed("first_care", "90 days"), lambda content: without_step(content, "support_screening")
    )
    moved = services.move_to_version(
        pathway=pathway, version=version, reason="Nouveau délai", author=office.coordinator
    )
    assert moved.version == version
    steps = {step.key: step for step in Step.objects.filter(pathway=pathway)}
    assert steps["first_response"].state == "done"
    assert (steps["pps"].state, steps["pps"].skip_reason) == ("skipped", "Refus du patient")
    assert "support_screening" not in steps
    assert [*Milestone.objects.filter(pathway=pathway).values_list("id", flat=True)] == facts


def test_alerts_follow_the_new_objectives(office: Office) -> None:
    pathway = file_of(office)
    services.scan_delays(now=timezone.now())
    late = Alert.objects.open().filter(pathway=pathway, step__key="first_care")
    assert late.exists()
    version = published(office, timed("first_care", "90 days"))
    services.move_to_version(pathway=pathway, version=version, reason="Délai", author=office.coordinator)
    assert not late.exists()
    back = published(office, timed("first_care", "1 days"))
    services.move_to_version(pathway=pathway, version=back, reason="Retour", author=office.coordinator)
    services.scan_delays(now=timezone.now())
    assert late.exists()


def test_the_history_tells_the_move_and_its_reason(office: Office) -> None:
    pathway = file_of(office)
    version = published(office, timed("first_care", "90 days"))
    services.move_to_version(pathway=pathway, version=version, reason="Suivre le réseau", author=office.coordinator)
    page = words(office.client(office.coordinator).get(f"/parcours/{pathway.uuid}/historique/"))
    assert f"parcours cible : {version} (avant : {office.target} v1)" in page
    assert "Motif : Suivre le réseau" in page
    assert str(office.coordinator) in page


@pytest.mark.parametrize("refusal", ["closed", "same", "other target", "no reason"])
def test_refused_moves(office: Office, refusal: str) -> None:
    pathway = file_of(office)
    version = published(office, timed("first_care", "90 days"))
    words_of = {"closed": "clos", "same": "suit déjà", "other target": "autre parcours cible", "no reason": "pourquoi"}
    if refusal == "closed":
        services.close_pathway(pathway=pathway, reason="completed", author=office.coordinator)
    if refusal == "same":
        version = pathway.version
    if refusal == "other target":
        version = TargetFactory(team=office.team, key="fast").current_version
    reason = "" if refusal == "no reason" else "Essai"
    with pytest.raises(DomainError, match=words_of[refusal]):
        services.move_to_version(pathway=pathway, version=version, reason=reason, author=office.coordinator)
    assert Pathway.objects.get(pk=pathway.pk).version.number == 1


def test_a_list_is_moved_whole_or_not_at_all(office: Office) -> None:
    pathways = [file_of(office) for _ in range(3)]
    version = published(office, timed("first_care", "90 days"))
    services.close_pathway(pathway=pathways[1], reason="completed", author=office.coordinator)
    with pytest.raises(DomainError, match=pathways[1].reference):
        services.move_all_to_version(pathways=pathways, version=version, reason="Essai", author=office.coordinator)
    assert not Pathway.objects.filter(version=version).exists()


def test_the_page_shows_before_it_moves(office: Office) -> None:
    chosen, left = file_of(office), file_of(office)
    version = published(office, timed("first_care", "90 days"))
    client, url = office.client(office.coordinator), office.url("target-move")
    page = client.get(url)
    assert {str(chosen.uuid), str(left.uuid)} == {box["value"] for box in soup(page).select("input[name=pathways]")}
    data = {"pathways": [str(chosen.uuid)]}
    shown = client.post(url, {**data, "show": "1"})
    assert shown.status_code == 200
    assert "1 parcours choisis" in words(shown)
    assert not Pathway.objects.filter(version=version).exists(), "showing moves nobody"
    assert [box["value"] for box in soup(shown).select("input[name=pathways][checked]")] == [str(chosen.uuid)]
    assert client.post(url, data).status_code == 422
    assert client.post(url, {**data, "reason": "Nouveau délai"}).status_code == 302
    assert [*Pathway.objects.filter(version=version)] == [chosen]


def test_the_preview_and_the_list_agree(office: Office) -> None:
    pathway = file_of(office)
    version = published(office, timed("first_care", "90 days"), timed("referral_complete", "90 days"))
    shown = office.client(office.coordinator).post(
        office.url("target-move"), {"pathways": [str(pathway.uuid)], "show": "1"}
    )
    services.move_to_version(pathway=pathway, version=version, reason="Essai", author=office.coordinator)
    late = Pathway.objects.late(timezone.now()).count()
    assert f"{late} des 1 parcours choisis" in words(shown)


def test_one_file_is_moved_from_its_page(office: Office) -> None:
    pathway = file_of(office)
    version = published(office, timed("first_care", "90 days"))
    client, url = office.client(office.coordinator), f"/parcours/{pathway.uuid}/version/"
    assert "Version 2 (" in words(client.get(url))
    assert client.post(url, {"version": "2"}).status_code == 422
    assert client.post(url, {"version": "2", "reason": "Essai"}).status_code == 302
    assert Pathway.objects.get(pk=pathway.pk).version == version


# --- switching ---
def test_switching_keeps_the_patient_and_the_milestones(office: Office) -> None:
    pathway = file_of(office)
    facts = [*Milestone.objects.filter(pathway=pathway).values_list("id", flat=True)]
    other = TargetFactory(team=TeamFactory(establishment=office.team.establishment), key="fast")
    moved = services.switch_pathway(
        pathway=pathway, target=other, reason="Tumeur du pancréas", author=office.coordinator
    )
    assert (moved.patient, moved.version.target, moved.team) == (pathway.patient, other, other.team)
    assert moved.owner is None
    assert [*Milestone.objects.filter(pathway=pathway).values_list("id", flat=True)] == facts
    keys = {step.key for step in other.current_version.content.steps}
    assert {*Step.objects.filter(pathway=pathway).values_list("step_key", flat=True)} == keys
    assert Step.objects.get(pathway=pathway, key="first_response").state == "done"
    assert Alert.objects.open().filter(pathway=pathway, kind="no_owner").exists()


def test_a_switch_within_the_team_keeps_the_owner_and_tells_the_history(office: Office) -> None:
    pathway = file_of(office)
    other = TargetFactory(team=office.team, key="fast")
    client = office.client(office.coordinator)
    url = f"/parcours/{pathway.uuid}/changer/"
    assert client.post(url, {"target": other.pk}).status_code == 422
    assert client.post(url, {"target": other.pk, "reason": "Tumeur du pancréas"}).status_code == 302
    assert Pathway.objects.get(pk=pathway.pk).owner == office.coordinator
    page = words(client.get(f"/parcours/{pathway.uuid}/historique/"))
    assert "Motif : Tumeur du pancréas" in page
    assert f"parcours cible : {other} v1 (avant : {office.target} v1)" in page


def test_who_leaves_the_team_is_led_back_to_the_list(office: Office) -> None:
    pathway = file_of(office)
    other = TargetFactory(team=TeamFactory(establishment=office.team.establishment), key="fast")
    response = office.client(office.coordinator).post(
        f"/parcours/{pathway.uuid}/changer/", {"target": other.pk, "reason": "Essai"}
    )
    assert response.url == "/parcours/"


@pytest.mark.parametrize("refusal", ["closed", "same", "elsewhere", "already", "no reason"])
def test_refused_switches(office: Office, refusal: str) -> None:
    pathway = file_of(office)
    other = TargetFactory(team=TeamFactory() if refusal == "elsewhere" else office.team, key="fast")
    if refusal == "closed":
        services.close_pathway(pathway=pathway, reason="completed", author=office.coordinator)
    if refusal == "already":
        services.open_pathway(patient=pathway.patient, target=other, opened_at=timezone.now(), owner=office.coordinator)
    target = office.target if refusal == "same" else other
    said = {"closed": "clos", "same": "suit déjà ce parcours", "elsewhere": "autre établissement"}
    said |= {"already": "autre parcours", "no reason": "pourquoi"}
    with pytest.raises(DomainError, match=said[refusal]):
        services.switch_pathway(
            pathway=pathway, target=target, reason="" if refusal == "no reason" else "Essai", author=office.coordinator
        )
    assert Pathway.objects.get(pk=pathway.pk).version.target == office.target
