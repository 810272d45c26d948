"""Where the time went and why: proposed when a target is missed, confirmed in one click, never erased."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from directory.errors import DomainError
from pathways import services
from pathways.models import DelayCause, DelayCode, Pathway
from tests.factories import PathwayFactory
from tests.pathways.pages import soup, words
from tests.pathways.scenes import Scene

pytestmark = pytest.mark.django_db


def page_of(scene: Scene, pathway: Pathway | None = None, **client: object) -> object:
    return soup(scene.client(**client).get(reverse("pathways:detail", args=[(pathway or scene.pathway).uuid])))  # type: ignore[arg-type]


def cause_url(scene: Scene, phase: str) -> str:
    return reverse("pathways:delay-cause", args=[scene.pathway.uuid, phase])


@pytest.fixture
def missed(scene: Scene) -> Scene:
    """A result that took eleven days more than its share."""
    pathway = scene.pathway
    final = pathway.milestones.get(kind="lab_final")
    services.correct_milestone(milestone=final, occurred_at=timezone.now() - timedelta(days=7), author=None)
    return scene


def test_every_part_of_the_wait_is_shown_and_they_add_up(scene: Scene) -> None:
    table = page_of(scene).select("section[aria-labelledby=temps-passe] tbody tr")  # type: ignore[attr-defined]
    assert [words(row.select_one("th")).split(" du ")[0] for row in table] == [
        "1. Adressage", "2. Premier accueil", "3. Examens", "4. Anatomopathologie", "5. RCP", "6. Annonce",
        "7. Traitement (en cours)", "Ensemble",
    ]  # fmt: skip
    *parts, whole = [int(words(row.select("td")[0]).split()[0]) for row in table]
    assert sum(parts) == whole == 20


def test_nothing_is_asked_while_every_target_is_kept() -> None:
    scene = Scene()
    pathway = PathwayFactory(team=scene.team, owner=scene.coordinator)
    card = words(page_of(scene, pathway).select_one("section[aria-labelledby=temps-passe]"))  # type: ignore[attr-defined]
    assert "Adressage" in card
    assert "objectif n’a pas été tenu" not in card


def test_the_part_most_over_its_share_is_proposed_and_confirmed_in_one_click(missed: Scene) -> None:
    page = page_of(missed)
    proposal = page.select_one(".p-proposed")  # type: ignore[attr-defined]
    form = proposal.select_one("form")
    phase = form["action"].split("/")[-2]
    code = form.select_one("input[name=code]")["value"]
    assert DelayCode.objects.get(code=code).phase == phase
    sent = {"code": code, "avoidable": form.select_one("button")["value"]}
    answer = missed.client(htmx=True).post(form["action"], sent)
    assert answer.status_code == 200
    assert answer["HX-Retarget"] == "#sheet"
    cause = DelayCause.objects.get()
    assert (cause.phase, cause.code.code, cause.avoidable, cause.author) == (phase, code, True, missed.coordinator)
    assert cause.excess_days > 0
    after = page_of(missed)
    assert not after.select(".p-proposed")  # type: ignore[attr-defined]
    assert cause.code.label in words(after.select_one("section[aria-labelledby=temps-passe]"))  # type: ignore[attr-defined]


def test_another_cause_replaces_the_first_and_other_needs_words(missed: Scene) -> None:
    url, client = cause_url(missed, "pathology"), missed.client()
    refused = client.post(url, {"code": "other", "avoidable": "no", "comment": " "})
    assert refused.status_code == 422
    assert "Précisez cette cause" in refused.content.decode()
    assert client.post(url, {"code": "result_awaited", "avoidable": "yes"}).status_code == 302
    assert client.post(url, {"code": "other", "avoidable": "no", "comment": "Panne d’automate"}).status_code == 302
    cause = DelayCause.objects.in_force().get()
    assert (cause.code.code, cause.avoidable, cause.comment) == ("other", False, "Panne d’automate")
    history = words(soup(client.get(reverse("pathways:history", args=[missed.pathway.uuid]))))
    assert "Cause du retard (anatomopathologie) : Résultat attendu" in history
    assert "commentaire : Panne d’automate" in history


def test_a_cause_given_by_mistake_is_taken_back_and_may_be_said_again(missed: Scene) -> None:
    def say() -> DelayCause:
        return services.confirm_delay_cause(
            pathway=missed.pathway, phase="exams", code="no_slot", avoidable=True, author=missed.coordinator
        )

    first, client = say(), missed.client()
    withdraw = reverse("pathways:delay-cause-withdraw", args=[missed.pathway.uuid, first.uuid])
    assert client.post(withdraw).status_code == 302
    assert not DelayCause.objects.in_force().exists()
    assert client.post(withdraw).status_code == 404
    assert say().pk != first.pk
    assert DelayCause.objects.count() == 2


@pytest.mark.parametrize(("field", "value"), [("phase", "lunch"), ("code", "unknown"), ("code", "no_slot")])
def test_what_is_not_in_the_lists_is_refused(scene: Scene, field: str, value: str) -> None:
    DelayCode.objects.filter(code="no_slot").update(is_active=False)
    said = {"phase": "exams", "code": "transport", field: value}
    with pytest.raises(DomainError) as refused:
        services.confirm_delay_cause(pathway=scene.pathway, avoidable=True, author=None, **said)
    assert refused.value.field == field


def test_an_unknown_part_is_no_page(scene: Scene) -> None:
    assert scene.client().get(cause_url(scene, "lunch")).status_code == 404


def test_a_reader_of_the_circle_sees_the_parts_and_is_asked_nothing(missed: Scene) -> None:
    page = page_of(missed, user=missed.gp)
    card = page.select_one("section[aria-labelledby=temps-passe]")  # type: ignore[attr-defined]
    assert "au-delà" in words(card)
    assert not card.select("form, a")


def test_what_was_said_of_a_part_that_vanished_can_still_be_taken_back(missed: Scene) -> None:
    early = PathwayFactory(team=missed.team, owner=missed.coordinator)
    cause = services.confirm_delay_cause(
        pathway=early, phase="treatment", code="no_treatment_place", avoidable=True, author=missed.coordinator
    )
    card = page_of(missed, early).select_one("section[aria-labelledby=temps-passe]")  # type: ignore[attr-defined]
    assert "Traitement : Pas de place au bloc ou en traitement, évitable." in words(card)
    assert card.select_one("form")["action"] == reverse("pathways:delay-cause-withdraw", args=[early.uuid, cause.uuid])
