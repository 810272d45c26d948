"""A draft rehearsed and published, and running pathways moved: what the rehearsal said is what the list then says."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from directory.errors import DomainError
from directory.models import Role, User
from pathways import services, tasks
from pathways.models import Alert, Milestone, Pathway, Step, TargetDraft, TargetPathwayVersion, TargetRehearsal
from pathways.rules.durations import Duration
from pathways.rules.editing import adding_step, free_key, with_step, without_step
from pathways.rules.target import Target
from pathways.services import rehearsals
from tests.factories import PathwayFactory, TargetFactory, TeamFactory, UserFactory
from tests.pathways.pages import soup, words
from tests.pathways.scenes import Scene
from tests.pathways.targets import Office, filled
from tests.pathways.test_lateness_agreement import START, live

pytestmark = pytest.mark.django_db

Change = Callable[[Target], Target]


@pytest.fixture
def office() -> Office:
    return Office()


def timed(key: str, objective: str) -> Change:
    """The draft with another objective for one step."""
    return lambda content: with_step(content, key, replace(content.step(key), objective=Duration.parse(objective)))


def written(office: Office, *changes: Change) -> TargetDraft:
    """The draft with these changes."""
    draft = services.start_draft(target=office.target, author=office.editor)
    content = draft.content
    for change in changes:
        content = change(content)
    return services.save_draft(draft=draft, revision=draft.revision, content=content, author=office.editor)


def published(office: Office, *changes: Change, reason: str = "Essai") -> TargetPathwayVersion:
    draft = written(office, *changes)
    return services.publish_draft(draft=draft, revision=draft.revision, reason=reason, author=office.editor)


def stored(pathway: Pathway) -> list[tuple[Any, ...]]:
    """The steps as they are in the database."""
    rows = Step.objects.filter(pathway=pathway).order_by("key")
    return [*rows.values_list("id", "key", "state", "due_at", "done_at", "next_alert_at", "skip_reason")]


# --- publishing ---
def test_a_version_keeps_its_author_and_reason_and_moves_nobody(office: Office) -> None:
    pathway = PathwayFactory(team=office.team, target=office.target, days_ago=9)
    before = stored(pathway)
    version = published(office, timed("rcp", "2 days"), reason="  Délai du réseau  ")
    assert (version.number, version.reason, version.author) == (2, "Délai du réseau", office.editor)
    assert version.content.version == 2
    assert version.content.step("rcp").objective == Duration.parse("2 days")
    assert not TargetDraft.objects.exists()
    assert Pathway.objects.get(pk=pathway.pk).version.number == 1
    assert stored(pathway) == before
    assert PathwayFactory(team=office.team, target=office.target).version == version


def test_a_version_has_a_reason_and_says_something_new(office: Office) -> None:
    draft = written(office)
    with pytest.raises(DomainError, match="rien à publier"):
        services.publish_draft(draft=draft, revision=1, reason="Pour rien", author=office.editor)
    draft = written(office, timed("rcp", "2 days"))
    with pytest.raises(DomainError, match="pourquoi") as refused:
        services.publish_draft(draft=draft, revision=draft.revision, reason=" ", author=office.editor)
    assert refused.value.field == "reason"
    assert office.target.versions.count() == 1


def test_a_draft_at_fault_is_neither_published_nor_rehearsed(office: Office) -> None:
    draft = written(office, lambda content: without_step(content, "announcement"))
    for act in (
        lambda: services.publish_draft(draft=draft, revision=draft.revision, reason="Essai", author=office.editor),
        lambda: services.ask_rehearsal(draft=draft, revision=draft.revision, author=office.editor),
    ):
        with pytest.raises(DomainError, match="inatteignable") as refused:
            act()
        assert refused.value.code == "faulty"


def test_a_version_published_meanwhile_is_read_first(office: Office) -> None:
    draft = written(office, timed("rcp", "2 days"))
    other = timed("rcp", "9 days")(office.target.current_version.content)
    services.publish_target(content=other, establishment=office.team.establishment, team=office.team, reason="Fichier")
    with pytest.raises(DomainError, match="La version 2 a été publiée"):
        services.publish_draft(draft=draft, revision=draft.revision, reason="Essai", author=office.editor)
    page = words(office.client().get(office.url("target-draft")))
    assert "Une version a été publiée depuis" in page
    office.client().post(office.url("target-draft-rebase"), {"revision": draft.revision})
    draft = TargetDraft.objects.get()
    version = services.publish_draft(draft=draft, revision=draft.revision, reason="Essai", author=office.editor)
    assert (version.number, str(version.content.step("rcp").objective)) == (3, "2 days")


def test_the_page_publishes_with_its_reason_and_tells_what_changed(office: Office) -> None:
    draft = written(office, timed("rcp", "2 days"))
    client, url = office.client(), office.url("target-draft-publish")
    page = client.get(url)
    assert "Objectif : 2 jours (avant : 7 jours)" in words(page)
    data = filled(soup(page), "form[data-guard]")
    refused = client.post(url, data)
    assert refused.status_code == 422
    data["reason"] = "Recommandation du réseau"
    response = client.post(url, data)
    assert response.url == office.url("target-version", 2)
    told = words(client.get(response.url))
    assert "Recommandation du réseau" in told
    assert "1 étape modifiée" in told
    assert client.post(url, {"revision": draft.revision, "reason": "Encore"}).status_code == 302
    assert office.target.versions.count() == 2


def test_an_old_page_publishes_nothing(office: Office) -> None:
    draft = written(office, timed("rcp", "2 days"))
    old = draft.revision
    written(office, timed("rcp", "3 days"))
    response = office.client().post(office.url("target-draft-publish"), {"revision": old, "reason": "Essai"})
    assert response.status_code == 422
    assert "entre-temps" in words(response)
    assert office.target.versions.count() == 1


# --- rehearsing ---
def crowd(scene: Scene, seed: int, size: int) -> list[Pathway]:
    """Pathways of all ages: pauses, steps set aside, some done."""
    dice = random.Random(seed)
    return [live(scene, dice) for _ in range(size)]


def rewritten(dice: random.Random, content: Target) -> Target:
    """Other objectives for some steps, one step less or one more."""
    keys = [step.key for step in content.steps if step.objective and not step.repeat]
    for key in dice.sample(keys, 5):
        content = timed(key, f"{dice.choice((0, 1, 5, 12, 40))} days")(content)
    if "support_screening" in content.graph.index:
        return without_step(content, "support_screening")
    key = free_key(content, "dossier")
    return adding_step(content, replace(content.step("rcp_registered"), key=key, label="Dossier"))


@pytest.mark.parametrize("seed", range(3))
def test_a_rehearsal_says_what_publishing_and_moving_then_does(scene: Scene, seed: int, monkeypatch: Any) -> None:
    monkeypatch.setattr(rehearsals, "BATCH", 3)
    crowd(scene, seed, 8)
    office = Office()
    office.__dict__["team"] = scene.team
    office.__dict__["target"] = Pathway.objects.all()[0].version.target
    dice = random.Random(seed)
    for days in (6, 14, 30):
        at = START + timedelta(days=days)
        with time_machine.travel(at, tick=False):
            draft = written(office, lambda content: rewritten(dice, content))
            before = {pathway.pk: stored(pathway) for pathway in Pathway.objects.all()}
            rehearsal = services.ask_rehearsal(draft=draft, revision=draft.revision, author=office.editor)
            assert {pathway.pk: stored(pathway) for pathway in Pathway.objects.all()} == before
            late_now = {*Pathway.objects.late(at).values_list("pk", flat=True)}
            told = {row["pathway"] for row in rehearsal.rows if row["after"]}
            assert (rehearsal.total, rehearsal.late_before) == (8, len(late_now))
            version = services.publish_draft(draft=draft, revision=draft.revision, reason="Essai", author=office.editor)
            services.move_all_to_version(
                pathways=[*Pathway.objects.all()], version=version, reason="Essai", author=scene.coordinator
            )
            late_then = {*Pathway.objects.late(at).values_list("pk", flat=True)}
            assert told == late_then
            assert rehearsal.late_after == len(late_then)
            assert rehearsal.newly_late == len(late_then - late_now)
            assert rehearsal.no_longer_late == len(late_now - late_then)


def test_what_is_set_aside_or_optional_makes_nobody_late(office: Office) -> None:
    pathway = PathwayFactory(team=office.team, target=office.target, days_ago=40)
    late = [*Step.objects.filter(pathway=pathway).late(timezone.now()).values_list("key", flat=True)]
    assert len(late) > 1
    services.skip_step(step=Step.objects.get(pathway=pathway, key=late[0]), reason="Essai", author=office.coordinator)

    def optional(content: Target) -> Target:
        for key in late[1:]:
            content = with_step(content, key, replace(content.step(key), optional=True))
        return content

    draft = written(office, optional)
    rehearsal = services.ask_rehearsal(draft=draft, revision=draft.revision, author=office.editor)
    assert (rehearsal.late_before, rehearsal.late_after, rehearsal.no_longer_late) == (1, 0, 1)


def test_the_sentence_and_the_names(office: Office) -> None:
    late = PathwayFactory(team=office.team, target=office.target, days_ago=40, birth_name="ESSAI-RETARD")
    PathwayFactory(team=office.team, target=office.target, birth_name="ESSAI-NEUF")
    assert [*Pathway.objects.late(timezone.now())] == [late]
    written(office, timed("first_care", "5 days"))
    client = office.client()
    url = office.url("target-rehearsal")
    page = soup(client.get(url))
    response = client.post(url, filled(page, "main form"))
    assert response.url == url
    said = "1 de vos 2 patients suivis serait en retard aujourd’hui, au lieu de 1."
    assert said in words(client.get(url))
    assert "ESSAI-RETARD" not in words(client.get(url)), "quality reads no patient's file"
    named = words(office.client(office.coordinator).get(url))
    assert said in named
    assert "ESSAI-RETARD" in named
    assert "ESSAI-NEUF" not in named
    stranger = UserFactory(role=Role.COORDINATOR, team=TeamFactory())
    assert office.client(stranger).get(url).status_code == 404
    assert office.client(office.coordinator).post(url, {"revision": 1}).status_code == 403


def test_a_draft_changed_since_says_so(office: Office) -> None:
    draft = written(office, timed("rcp", "2 days"))
    services.ask_rehearsal(draft=draft, revision=draft.revision, author=office.editor)
    written(office, timed("rcp", "3 days"))
    assert "a changé depuis cette répétition" in words(office.client().get(office.url("target-rehearsal")))
    with pytest.raises(DomainError, match="entre-temps"):
        services.ask_rehearsal(draft=draft, revision=draft.revision, author=office.editor)


def test_reads_are_those_of_a_batch_whatever_it_holds(office: Office) -> None:
    draft = written(office, timed("rcp", "2 days"))

    def queries() -> int:
        with CaptureQueriesContext(connection) as seen:
            services.ask_rehearsal(draft=draft, revision=draft.revision, author=office.editor)
        return len(seen)

    PathwayFactory(team=office.team, target=office.target, days_ago=5)
    few = queries()
    for _ in range(4):
        PathwayFactory(team=office.team, target=office.target, days_ago=9)
    assert queries() == few


def test_a_big_site_is_rehearsed_in_the_background(office: Office, monkeypatch: Any) -> None:
    asked: list[int] = []
    monkeypatch.setattr(rehearsals, "AT_ONCE", 1)
    monkeypatch.setattr(tasks.rehearse_target, "apply_async", lambda args, retry: asked.extend(args))
    for _ in range(3):
        PathwayFactory(team=office.team, target=office.target, days_ago=40)
    draft = written(office, timed("rcp", "2 days"))
    rehearsal = services.ask_rehearsal(draft=draft, revision=draft.revision, author=office.editor)
    assert (rehearsal.status, asked) == ("pending", [rehearsal.pk])
    page = office.client().get(office.url("target-rehearsal"))
    assert "0 parcours revus sur 3" in words(page)
    assert services.ask_rehearsal(draft=draft, revision=draft.revision, author=office.editor) == rehearsal
    tasks.rehearse_target(rehearsal.pk)
    done = TargetRehearsal.objects.get()
    assert (done.status, done.done, done.late_after) == ("ready", 3, 3)
    TargetRehearsal.objects.update(late_after=99)
    tasks.rehearse_target(rehearsal.pk)
    assert TargetRehearsal.objects.get().late_after == 99, "what is done is not done again"


def test_without_a_worker_it_says_so_and_can_be_asked_again(office: Office, monkeypatch: Any) -> None:
    def away(args: list[int], retry: bool) -> None:
        raise OSError("no Redis")

    monkeypatch.setattr(rehearsals, "AT_ONCE", 0)
    monkeypatch.setattr(tasks.rehearse_target, "apply_async", away)
    PathwayFactory(team=office.team, target=office.target)
    draft = written(office, timed("rcp", "2 days"))
    assert services.ask_rehearsal(draft=draft, revision=draft.revision, author=office.editor).status == "failed"
    assert "s’est interrompue" in words(office.client().get(office.url("target-rehearsal")))
    monkeypatch.setattr(rehearsals, "AT_ONCE", 10)
    assert services.ask_rehearsal(draft=draft, revision=draft.revision, author=office.editor).status == "ready"


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
