"""A draft rehearsed and published, and running pathways moved: what the rehearsal said is what the list then says."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from directory.errors import DomainError
from directory.models import Role
from pathways import services, tasks
from pathways.models import Pathway, Step, TargetDraft, TargetRehearsal
from pathways.rules.durations import Duration
from pathways.rules.editing import adding_step, free_key, with_step, without_step
from pathways.rules.target import Target
from pathways.services import rehearsals
from tests.factories import PathwayFactory, TeamFactory, UserFactory
from tests.pathways.pages import soup, words
from tests.pathways.scenes import Scene
from tests.pathways.targets import Office, filled, published, timed, written
from tests.pathways.test_lateness_agreement import START, live

pytestmark = pytest.mark.django_db


@pytest.fixture
def office() -> Office:
    return Office()


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
