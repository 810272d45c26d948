"""The list of patients: who sees what, how it is searched, what it costs."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from directory.models import Role
from pathways import services
from pathways.models import Pathway, TargetPathway
from pathways.views.listing import as_searched
from tests.factories import PathwayFactory, TeamFactory, UserFactory
from tests.pathways.pages import soup, words
from tests.pathways.scenes import Scene

pytestmark = pytest.mark.django_db

URL = "/parcours/"


def names(response: Any) -> list[str]:
    return [words(link) for link in soup(response).select("#rows tbody th a, tbody th a")]


@pytest.fixture
def three(scene: Scene) -> Scene:
    """Élise d'Arc is late, Jean-Pierre Lefèvre is on time, Omar Zidi is closed."""
    traits: list[dict[str, Any]] = [
        {"birth_name": "D’Arc", "first_name": "Élise", "birth_date": date(1960, 5, 7), "days_ago": 12},
        {"birth_name": "Lefèvre", "first_name": "Jean-Pierre", "birth_date": date(1971, 12, 24), "days_ago": 0},
        {"birth_name": "Zidi", "first_name": "Omar", "birth_date": date(1948, 1, 2), "days_ago": 3},
    ]
    rows = [PathwayFactory(team=scene.team, owner=scene.coordinator, **each) for each in traits]
    services.close_pathway(pathway=rows[2], reason="no_cancer", author=scene.coordinator)
    return scene


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("d’arc", ["D’ARC Élise"]),
        ("ARC elise", ["D’ARC Élise"]),
        ("lefevre", ["LEFÈVRE Jean-Pierre"]),
        ("jean pierre", ["LEFÈVRE Jean-Pierre"]),
        ("07/05/1960", ["D’ARC Élise"]),
        ("7/5/1960", ["D’ARC Élise"]),
        ("arc 7.5.1960", ["D’ARC Élise"]),
        ("zidi", ["ZIDI Omar"]),  # a search looks at closed pathways too
        ("zi", ["ZIDI Omar"]),
        ("di", []),  # two letters are looked for at the start of names
        ("personne de ce nom", []),
    ],
)
def test_searched_as_people_type(three: Scene, typed: str, found: list[str]) -> None:
    assert names(three.client().post(URL, {"q": typed})) == found


def test_searched_by_file_number_and_matricule(three: Scene) -> None:
    patient = Pathway.objects.get(patient__first_name="Omar").patient
    assert names(three.client().post(URL, {"q": patient.file_number})) == ["ZIDI Omar"]
    services.update_patient(
        patient=patient, ins_matricule="279035121518989", ins_oid="1.2.250.1.213.1.4.10", identity_status="RECUP"
    )
    assert names(three.client().post(URL, {"q": "2 79 03 51 215 189 89"})) == ["ZIDI Omar"]


def test_as_searched() -> None:
    assert as_searched("1/2/1950").strip() == "01/02/1950"
    assert as_searched("2 79 03 51 215 189 89") == "279035121518989"
    assert as_searched("Durand 12") == "Durand 12"


def test_most_urgent_first_and_closed_left_out(three: Scene) -> None:
    found = names(three.client().get(URL))
    assert found == ["D’ARC Élise", "LEFÈVRE Jean-Pierre"]
    assert names(three.client().get(URL, {"status": "closed"})) == ["ZIDI Omar"]
    assert len(names(three.client().get(URL, {"status": "all"}))) == 3


def test_filters(three: Scene) -> None:
    client = three.client()
    assert names(client.get(URL, {"delay": "late"})) == ["D’ARC Élise"]
    assert names(client.get(URL, {"delay": "soon"})) == ["LEFÈVRE Jean-Pierre"]
    assert names(client.get(URL, {"delay": "none"})) == []
    target = TargetPathway.objects.get(team=three.team)
    assert len(names(client.get(URL, {"target": target.pk}))) == 2
    services.assign_pathway(
        pathway=Pathway.objects.get(patient__first_name="Élise"), owner=three.physician, author=three.coordinator
    )
    assert names(client.get(URL, {"mine": "on"})) == ["LEFÈVRE Jean-Pierre"]


def test_a_wrong_filter_is_ignored_never_an_error(three: Scene) -> None:
    wrong = {"target": "x'--", "status": "?", "delay": "?", "page": "zz", "q": "a" * 500}
    assert three.client().get(URL, wrong).status_code == 200
    assert three.client().post(URL, wrong).status_code == 200


def test_a_name_is_never_searched_by_an_address(three: Scene) -> None:
    assert names(three.client().get(URL, {"q": "arc"})) == ["D’ARC Élise", "LEFÈVRE Jean-Pierre"]
    page = soup(three.client().get(URL))
    assert [form["method"] for form in page.select("form[role=search]")] == ["post", "post"]


def test_each_sees_their_own(three: Scene) -> None:
    outsider = PathwayFactory(team=TeamFactory(), birth_name="Ailleurs")
    assert "AILLEURS" not in words(three.client().get(URL))
    assert names(three.client(three.stranger).get(URL)) == []
    assert names(three.client(three.gp).get(URL)) == [], "in no circle yet"
    services.add_to_circle(pathway=outsider, professional=three.gp.professional, role="gp")
    assert names(three.client(three.gp).get(URL)) == ["AILLEURS Dominique"]


def test_who_may_not(three: Scene, client: Any) -> None:
    assert three.client(three.quality).get(URL).status_code == 403
    response = client.get(URL)
    assert response.status_code == 302
    assert response["Location"].startswith(reverse("account_login"))


def test_the_rows_alone_for_htmx(three: Scene) -> None:
    response = three.client(htmx=True).post(URL, {"q": "arc"})
    page = soup(response)
    assert page.select_one("html") is None
    assert page.select_one("#rows") is not None
    assert names(response) == ["D’ARC Élise"]
    kept = three.client(htmx=True).post(URL, {"q": "arc", "delay": "late"})
    assert kept["HX-Push-Url"] == "/parcours/?delay=late", "a name never stays in the address"


def test_an_empty_list_says_what_to_do(scene: Scene) -> None:
    assert "dès qu’un parcours est ouvert" in words(scene.client().get(URL))
    assert "Aucun patient ne correspond" in words(scene.client().post(URL, {"q": "zzz"}))


def test_a_pathway_without_next_step_and_owner_is_seen(scene: Scene) -> None:
    pathway = PathwayFactory(team=scene.team, received=False)
    services.assign_pathway(pathway=pathway, owner=None, author=scene.coordinator)
    said = words(scene.client().get(URL))
    assert "Aucune prochaine étape" in said
    assert "Personne" in said


def test_a_fixed_number_of_queries(scene: Scene, django_assert_num_queries: Any) -> None:
    client = scene.client()
    for count in (1, 12):
        for _ in range(count):
            PathwayFactory(team=scene.team, owner=scene.coordinator, days_ago=count)
        with django_assert_num_queries(10):
            assert client.get(URL).status_code == 200


def test_fifty_a_page(scene: Scene) -> None:
    patient_pathway = PathwayFactory(team=scene.team, owner=scene.coordinator)
    rows = [
        Pathway(
            reference=f"J-{n}", patient=services.create_patient(
                establishment=scene.team.establishment, birth_name=f"Foule{n}", first_name="A",
                birth_date=date(1950, 1, 1), sex="F",
            ),
            version=patient_pathway.version, team=scene.team, owner=scene.coordinator, opened_at=timezone.now(),
            next_due_at=timezone.now() + timedelta(days=n), next_step=patient_pathway.next_step,
        )
        for n in range(60)
    ]  # fmt: skip
    Pathway.objects.bulk_create(rows)
    client = scene.client()
    assert len(names(client.get(URL))) == 50
    assert len(names(client.get(URL, {"page": 2}))) == 11
    filtered = soup(client.post(URL, {"status": "active", "q": ""}))
    link = filtered.select_one("a[rel=next]")
    assert link is not None and link["href"] == "?status=active&page=2"
    searched = client.post(URL, {"q": "foule"})
    assert len(names(searched)) == 50
    assert soup(searched).select_one("a[rel=next]") is None and "50 premiers" in words(searched)


def test_a_user_of_two_teams_sees_both(scene: Scene) -> None:
    from directory.models import Membership

    other = TeamFactory()
    PathwayFactory(team=other, birth_name="Autre")
    PathwayFactory(team=scene.team, birth_name="Ici")
    user = UserFactory(role=Role.COORDINATOR, team=scene.team)
    Membership.objects.create(user=user, team=other, role=Role.PHYSICIAN)
    assert sorted(names(scene.client(user).get(URL))) == ["AUTRE Dominique", "ICI Dominique"]
