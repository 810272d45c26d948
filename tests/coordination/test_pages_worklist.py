"""The worklist as a page: its cost, its search, its access."""

from __future__ import annotations

from importlib import import_module

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django.fixtures import DjangoAssertNumQueries

from directory.models import Role
from pathways import services as pathways
from tests.coordination.factories import Desk
from tests.factories import PathwayFactory, PatientFactory, TargetFactory, UserFactory


# --- the page --------------------------------------------------------------------------------------------------------
def fill(desk: Desk, count: int) -> None:
    """Pathways in every state, with contacts, bookings and several versions of targets."""
    fast = TargetFactory(team=desk.team, key="fast")
    for number in range(count):
        target = fast if number % 3 == 0 else desk.target
        owner = desk.coordinator if number % 2 else UserFactory(role=Role.SECRETARY, team=desk.team)
        pathway = PathwayFactory(team=desk.team, target=target, owner=owner, days_ago=number % 40)
        if number % 4 == 0:
            desk.call_back(pathway, 40 - number % 3)
        if number % 5 == 0:
            pathways.record_milestone(pathway=pathway, kind="first_care", occurred_at=timezone.now())
        if number % 3:
            desk.booking(desk.slot(in_days=10 + number % 7, capacity=2), pathway)


@pytest.mark.django_db
def test_the_page_costs_at_most_twelve_queries_whatever_the_data(
    client: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    small, big = Desk(), Desk()
    fill(small, 2)
    fill(big, 24)
    seen = []
    for each in (small, big):
        client.force_login(each.coordinator)
        with django_assert_max_num_queries(12) as queries:
            response = client.get(reverse("coordination:worklist"))
        assert response.status_code == 200
        seen.append(len(queries))
    assert seen[1] <= seen[0], "no query per row"
    sql = " ".join(query["sql"] for query in queries.captured_queries)
    assert 'COUNT(*) AS "__count" FROM "pathways_patient"' not in sql


@pytest.mark.django_db
def test_a_page_holds_fifty_rows_and_goes_on(client: Client, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_module("coordination.views.worklist"), "PER_PAGE", 3)
    made = [desk.pathway(days_ago=number) for number in range(5)]
    client.force_login(desk.coordinator)
    seen: list[str] = []
    for page in ("1", "2"):
        response = client.get(reverse("coordination:worklist"), {"page": page})
        seen += [row.pathway.reference for row in response.context["rows"]]
    assert sorted(seen) == sorted(each.reference for each in made)
    assert (response.context["page"].number, response.context["page"].paginator.num_pages) == (2, 2)


@pytest.mark.django_db
def test_searching_never_puts_a_name_in_an_address(client: Client, desk: Desk) -> None:
    found = desk.pathway(patient=PatientFactory(establishment=desk.team.establishment, birth_name="Éssai-Trouvé"))
    desk.pathway(patient=PatientFactory(establishment=desk.team.establishment, birth_name="AUTRE"))
    client.force_login(desk.coordinator)
    url = reverse("coordination:worklist")
    for words in ("essai trouve", "trouve dominique", found.patient.file_number, found.reference.lower()):
        response = client.post(url, {"q": words})
        assert [row.pathway for row in response.context["rows"]] == [found], words
    page = response.content.decode()
    assert "q=" not in page.replace("hx-sync=", "")
    assert len(client.get(url, {"q": "essai trouve"}).context["rows"]) == 2, "an address never searches"
    assert client.post(url, {"q": "zzz"}).context["rows"] == []


@pytest.mark.django_db
def test_htmx_gets_the_list_alone(client: Client, desk: Desk) -> None:
    desk.pathway()
    client.force_login(desk.coordinator)
    response = client.get(reverse("coordination:worklist"), {"liste": "toutes"}, headers={"HX-Request": "true"})
    content = response.content.decode()
    assert content.lstrip().startswith('<div id="worklist">')
    assert "<html" not in content


@pytest.mark.django_db
@pytest.mark.parametrize("role", [Role.PHYSICIAN, Role.PLATFORM, Role.QUALITY, Role.TOWN, Role.ADMINISTRATOR])
def test_the_worklist_is_for_the_desk(client: Client, role: str) -> None:
    client.force_login(UserFactory(role=role))
    assert client.get(reverse("coordination:worklist")).status_code == 403


@pytest.mark.django_db
def test_empty_lists_say_what_to_do(client: Client, desk: Desk) -> None:
    client.force_login(desk.coordinator)
    assert "Aucun parcours en cours" in client.get(reverse("coordination:worklist")).content.decode()
    desk.pathway()
    page = client.get(reverse("coordination:worklist"), {"liste": "sans-suite"}).content.decode()
    assert "Rien dans cette liste" in page
