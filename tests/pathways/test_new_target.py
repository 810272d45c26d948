"""A target pathway that did not exist, begun in the browser: a draft first, followed by nobody before its version 1."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse

from directory.errors import DomainError
from directory.models import TeamKind, User
from pathways import services
from pathways.models import TargetDraft, TargetPathway
from pathways.rules.target import dump
from pathways.services.drafts import drop_draft, publish_draft
from pathways.shipped import shipped
from tests.factories import TeamFactory
from tests.pathways.pages import field_errors, soup, value_of, words
from tests.pathways.targets import STEP_FORM, Office, filled

pytestmark = pytest.mark.django_db

URL = "/parcours-cibles/nouveau/"
NAME = "Instadiag Estomac"


@pytest.fixture
def office() -> Office:
    office = Office()
    assert office.target.current_version.number == 1
    return office


def typed(office: Office, **values: Any) -> dict[str, Any]:
    return {"name": NAME, "team": office.team.pk, "start": f"site:{office.target.pk}", **values}


def begun(office: Office) -> TargetDraft:
    content = office.target.current_version.content
    return services.begin_target(team=office.team, content=content, name=NAME, author=office.editor)


def test_begins_as_a_copy_under_its_own_name(office: Office) -> None:
    answer = office.client().post(URL, typed(office))
    draft = TargetDraft.objects.get()
    assert answer.url == reverse("pathways:target-draft", args=[office.team.establishment.uuid, "instadiag-estomac"])
    assert (draft.content.key, draft.content.name, draft.base) == ("instadiag-estomac", NAME, None)
    assert draft.content.steps == office.target.current_version.content.steps
    assert NAME in words(soup(office.client().get(answer.url)).select_one("h1"))


def test_begins_from_one_of_jalon_or_from_a_file(office: Office) -> None:
    key = next(each for each in shipped() if each != office.key)
    assert office.client().post(URL, typed(office, start=f"jalon:{key}")).status_code == 302
    text = dump(office.target.current_version.content)
    assert office.client().post(URL, typed(office, name="Autre", start="fichier", pasted=text)).status_code == 302
    assert office.client().post(URL, typed(office, name="Encore", start="", pasted=text)).status_code == 302
    assert {each.content.key for each in TargetDraft.objects.all()} == {"instadiag-estomac", "autre", "encore"}


@pytest.mark.parametrize(
    "name", ["Instadiag cancer du pancréas et des voies biliaires intrahépatiques", "2e avis sarcome", "Œsophage", "_x"]
)
def test_any_name_makes_a_draft_that_opens(office: Office, name: str) -> None:
    answer = office.client().post(URL, typed(office, name=name))
    assert answer.status_code == 302
    assert name in words(soup(office.client().get(answer.url)).select_one("h1"))


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"name": "  "}, "Donnez un nom à ce parcours"),
        ({"name": "!!!"}, "Donnez un nom"),
        ({"name": "x" * 121}, "120 caract"),
        ({"name": "Instadiag Foie Pancreas"}, "existe déjà"),
        ({"team": ""}, "Choisissez l’équipe"),
        ({"start": ""}, "Choisissez de quoi partir"),
        ({"start": "site:0"}, "Sélectionnez un choix valide"),
        ({"start": "jalon:rien"}, "Sélectionnez un choix valide"),
        ({"start": "fichier"}, "Choisissez un fichier"),
    ],
)
def test_refused_with_words_and_nothing_lost(office: Office, values: dict[str, Any], said: str) -> None:
    asked = typed(office, **values)
    answer = office.client().post(URL, asked)
    assert answer.status_code == 422 and said in field_errors(answer)
    assert value_of(answer, "name") == asked["name"]
    assert not TargetDraft.objects.exists() and TargetPathway.objects.count() == 1


def test_a_faulty_file_is_refused_whole_with_its_lines(office: Office) -> None:
    text = dump(office.target.current_version.content).replace("steps:", "steps: []\nétapes:", 1)
    answer = office.client().post(URL, typed(office, start="fichier", pasted=text))
    assert answer.status_code == 422 and "Ligne" in words(soup(answer).select_one(".t-faults"))
    assert TargetPathway.objects.count() == 1


def test_nobody_follows_it_before_its_first_version(office: Office) -> None:
    draft = begun(office)
    assert draft.target not in TargetPathway.objects.published()
    assert not draft.target.is_open and draft.target not in TargetPathway.objects.open_to_referrals()
    for page in ("/parcours/nouveau/", "/parcours-cibles/", office.url("target")):
        assert office.client(office.coordinator).get(page).status_code == 200, page
    assert NAME not in office.client(office.coordinator).get("/parcours/nouveau/").content.decode()
    lone = reverse("pathways:target", args=[office.team.establishment.uuid, draft.target.key])
    assert "personne ne suit encore" in words(soup(office.client().get(lone)).select_one("main"))


def test_published_it_is_the_first_version_and_takes_requests(office: Office) -> None:
    draft = begun(office)
    version = publish_draft(draft=draft, revision=1, reason="Ouverture", author=office.editor)
    assert (version.number, version.content.version, version.target.is_open) == (1, 1, True)
    assert version.target in TargetPathway.objects.published()


def test_every_page_of_a_first_draft_opens(office: Office) -> None:
    draft, client = begun(office), office.client()
    address = [office.team.establishment.uuid, draft.target.key]
    for name in ("draft", "draft-head", "draft-publish", "draft-drop", "draft-load", "draft-file", "rehearsal"):
        page = reverse(f"pathways:target-{name}", args=address)
        assert client.get(page).status_code == 200, name
    first = reverse("pathways:target-draft-step", args=[*address, draft.content.steps[0].key])
    assert client.get(first).status_code == 200


def test_given_up_it_leaves_the_list_and_its_name_is_free(office: Office) -> None:
    first = begun(office)
    page = reverse("pathways:target-draft-drop", args=[office.team.establishment.uuid, first.target.key])
    assert office.client().post(page, {"revision": 1}).url == "/parcours-cibles/"
    assert TargetPathway.objects.kept().get() == office.target
    assert NAME not in words(office.client().get("/parcours-cibles/"))
    assert begun(office).target == first.target
    with pytest.raises(DomainError, match="existe déjà"):
        begun(office)


def test_who_still_types_a_draft_given_up_takes_it_up_again(office: Office) -> None:
    first, client = begun(office), office.client(office.other_editor)
    address = [office.team.establishment.uuid, first.target.key]
    step = reverse("pathways:target-draft-step", args=[*address, first.content.steps[0].key])
    typed_meanwhile = filled(soup(client.get(step)), STEP_FORM)
    typed_meanwhile["label"] = "Premier accueil du patient"
    drop_draft(draft=first, revision=1, author=office.editor)
    answer = client.post(step, typed_meanwhile)
    assert answer.status_code == 409
    assert value_of(answer, "label") == "Premier accueil du patient"
    assert client.post(step, filled(soup(answer), STEP_FORM)).status_code == 302
    again = TargetDraft.objects.get(target=first.target)
    assert again.base is None
    assert again.content.steps[0].label == "Premier accueil du patient"
    assert again.content.steps[1:] == first.content.steps[1:]


def test_the_page_of_one_given_up_says_so_and_takes_it_up(office: Office) -> None:
    first = begun(office)
    drop_draft(draft=first, revision=1, author=office.editor)
    address = [office.team.establishment.uuid, first.target.key]
    assert "abandonné avant sa première version" in words(office.client().get(reverse("pathways:target", args=address)))
    office.client().post(reverse("pathways:target-draft-start", args=address))
    assert TargetDraft.objects.get(target=first.target).content == first.content


def test_the_draft_of_a_published_pathway_leaves_it_when_given_up(office: Office) -> None:
    drop_draft(draft=office.draft, revision=1, author=office.editor)
    assert TargetPathway.objects.filter(pk=office.target.pk).exists()


def test_the_same_name_twice_is_one_pathway(office: Office) -> None:
    begun(office)
    with pytest.raises(DomainError, match="existe déjà"):
        begun(office)


def test_only_for_teams_one_answers_for(office: Office) -> None:
    elsewhere = TeamFactory(kind=TeamKind.COORDINATION)
    answer = office.client().post(URL, typed(office, team=elsewhere.pk))
    assert answer.status_code == 422 and "Sélectionnez" in field_errors(answer)
    assert office.client(office.head).get(URL).status_code == 200
    assert office.client(office.coordinator).get(URL).status_code == 403
    assert _button(office, office.editor) and not _button(office, office.coordinator)


def _button(office: Office, user: User) -> bool:
    return bool(soup(office.client(user).get("/parcours-cibles/")).select(f'a[href="{URL}"]'))
