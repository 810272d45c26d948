"""Saved views: mine or the team's, never a searched name, one to arrive on."""

from __future__ import annotations

from datetime import date

import pytest
from django.test import Client
from django.urls import reverse

from coordination import services
from coordination.models import SavedView
from directory.errors import DomainError
from directory.models import Role
from tests.coordination.factories import Desk
from tests.coordination.pages import text, url
from tests.factories import PatientFactory, UserFactory

pytestmark = pytest.mark.django_db


def save(desk: Desk, **more: object) -> SavedView:
    return services.save_view(**{"user": desk.coordinator, "name": "Retards", "listed": "en-retard", **more})  # type: ignore[arg-type]


def test_a_view_brings_its_filters_back(nurse: Client, desk: Desk) -> None:
    late = desk.pathway(days_ago=20)
    desk.pathway(days_ago=20, owner=None)
    fields = {"name": "Mes retards", "liste": "en-retard", "qui": "moi", "team": "", "q": "DURAND"}
    answer = nurse.post(url("saved-views"), fields)
    assert answer.status_code == 302
    assert [row.pathway for row in nurse.get(answer["Location"]).context["rows"]] == [late]
    view = SavedView.objects.get()
    assert (view.listed, view.mine, view.target, view.team) == ("en-retard", True, "", None)
    assert "DURAND" not in str(SavedView.objects.values())
    page = nurse.get(answer["Location"])
    assert [each["current"] for each in page.context["views"]] == [True]


def test_the_same_name_again_changes_the_view(desk: Desk) -> None:
    save(desk)
    save(desk, listed="bientot")
    assert SavedView.objects.get().listed == "bientot"


@pytest.mark.parametrize(("changed", "field"), [({"name": " "}, "name"), ({"listed": "inconnue"}, None)])
def test_what_cannot_be_saved_is_refused_in_words(desk: Desk, changed: dict[str, str], field: str | None) -> None:
    with pytest.raises(DomainError) as refusal:
        save(desk, **changed)
    assert refusal.value.field == field
    assert not SavedView.objects.exists()


def test_a_view_is_shared_with_the_desks_one_runs_only(desk: Desk) -> None:
    with pytest.raises(DomainError):
        save(desk, team=Desk().team)
    shared, alone = save(desk, team=desk.team), save(desk, name="Pour moi")
    colleague = UserFactory(role=Role.SECRETARY, team=desk.team)
    doctor = UserFactory(role=Role.PHYSICIAN, team=desk.team)
    assert list(SavedView.objects.visible_to(desk.coordinator)) == [alone, shared]
    assert list(SavedView.objects.visible_to(colleague)) == [shared]
    assert not SavedView.objects.visible_to(doctor).exists()
    with pytest.raises(DomainError):
        services.delete_view(view=shared, user=colleague)
    with pytest.raises(DomainError):
        services.open_on(user=colleague, view=alone)


def test_one_arrives_on_the_chosen_view_and_may_leave_it(client: Client, desk: Desk) -> None:
    desk.pathway(days_ago=0)
    late = desk.pathway(days_ago=20)
    colleague = UserFactory(role=Role.COORDINATOR, team=desk.team)
    view = save(desk, team=desk.team)
    client.force_login(colleague)
    day = reverse("coordination:worklist")
    assert len(client.get(day).context["rows"]) == 2
    client.post(url("saved-view-default", view))
    page = client.get(day)
    assert [row.pathway for row in page.context["rows"]] == [late]
    assert [row.pathway for row in client.get(day, {"page": "1"}).context["rows"]] == [late], "pages of the view"
    assert len(client.get(page.context["everything"]).context["rows"]) == 2
    client.force_login(desk.coordinator)
    assert len(client.get(day).context["rows"]) == 2, "another person's choice"
    client.force_login(colleague)
    client.post(url("saved-view-default", view), {"stop": "1"})
    assert len(client.get(day).context["rows"]) == 2


def test_a_deleted_view_is_nobodys_arrival(nurse: Client, desk: Desk) -> None:
    view = save(desk)
    services.open_on(user=desk.coordinator, view=view)
    assert "Vue d’arrivée" in text(nurse.get(url("saved-views")))
    nurse.post(url("saved-view-delete", view))
    assert nurse.get(reverse("coordination:worklist")).context["chosen"] == "toutes"


def test_a_stranger_finds_no_view(client: Client, desk: Desk) -> None:
    view = save(desk, team=desk.team)
    client.force_login(Desk().coordinator)
    assert client.post(url("saved-view-delete", view)).status_code == 404
    assert client.post(url("saved-view-default", view)).status_code == 404


def test_a_name_left_out_is_asked_for_next_to_the_field(nurse: Client) -> None:
    answer = nurse.post(url("saved-views"), {"name": "", "liste": "en-retard"})
    assert answer.status_code == 422
    assert "Donnez un nom à cette vue." in text(answer)
    assert answer.context["hidden"] == {"liste": "en-retard"}


@pytest.mark.parametrize(
    "words", ["2 79 03 51 215 189 89", "279035121518989", "3/2/1949", "03.02.1949", "eloise", "ÉLOÏSE"]
)
def test_the_search_reads_numbers_and_dates_as_typed(nurse: Client, desk: Desk, words: str) -> None:
    patient = PatientFactory(
        establishment=desk.team.establishment, first_name="Éloïse", birth_date=date(1949, 2, 3),
        ins_matricule="279035121518989", ins_oid="1.2.250.1.213.1.4.10",
    )  # fmt: skip
    found = desk.pathway(patient=patient)
    desk.pathway()
    rows = nurse.post(reverse("coordination:worklist"), {"q": words}).context["rows"]
    assert [row.pathway for row in rows] == [found]
