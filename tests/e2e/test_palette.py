"""The palette, the help and the keys that act on a row; keys are never taken from a field."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from coordination.models import ContactState
from directory.models import Role
from tests.coordination.factories import Desk
from tests.e2e.checking import settle
from tests.e2e.conftest import Arrival
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def desk() -> Desk:
    desk = Desk()
    desk.pathway(days_ago=9, birth_name="ESSAIPALETTE", phone="0699000015")
    desk.pathway(days_ago=2, birth_name="ESSAISECOND")
    return desk


def test_palette_leads_to_a_page_and_to_a_patient(visit: Arrival, desk: Desk) -> None:
    nurse = visit(desk.coordinator)
    page = nurse.go("/journee/")
    page.keyboard.press("j")
    row = page.get_by_role("link", name="ESSAIPALETTE Dominique", exact=True)
    expect(row).to_be_focused()
    page.keyboard.press("Control+k")
    field = page.get_by_role("combobox", name="Page, action, patient")
    expect(field).to_be_focused()
    settle(page)
    nurse.check()
    page.keyboard.type("?/jkx")
    expect(page.get_by_text("Rien ne correspond.")).to_be_visible()
    expect(field).to_have_value("?/jkx")
    page.keyboard.press("Escape")
    expect(row).to_be_focused()

    page.keyboard.press("Control+k")
    page.keyboard.type("creneaux")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Créneaux sanctuarisés")).to_be_visible()
    settle(page)

    page.keyboard.press("Control+k")
    page.keyboard.type("éssaisec")
    expect(page.get_by_role("option", name="ESSAISECOND")).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Prochaine étape")).to_be_visible()
    assert "ssaisec" not in page.url


def test_help_lists_the_keys_and_turns_them_off(visit: Arrival, desk: Desk) -> None:
    nurse = visit(desk.coordinator)
    page = nurse.go("/journee/")
    page.keyboard.press("?")
    help_ = page.get_by_role("dialog", name="Raccourcis clavier")
    expect(help_).to_be_visible()
    settle(page)
    nurse.check()
    help_.get_by_label("Raccourcis d’une seule touche").uncheck()
    page.keyboard.press("Escape")
    page.reload()
    page.keyboard.press("j")
    expect(page.get_by_role("link", name="ESSAIPALETTE Dominique", exact=True)).not_to_be_focused()
    page.keyboard.press("?")
    expect(help_).to_be_hidden()


def test_keys_act_on_the_row_in_focus_and_not_from_a_field(visit: Arrival, desk: Desk) -> None:
    nurse = visit(desk.coordinator)
    page = nurse.go("/journee/")
    search = page.get_by_label("Patient", exact=True)
    search.focus()
    page.keyboard.type("jac?/")
    expect(search).to_have_value("jac?/")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.goto(page.url)
    page.keyboard.press("j")
    page.keyboard.press("c")
    dialog = page.get_by_role("dialog", name="ESSAIPALETTE")
    expect(dialog).to_be_visible()
    settle(page)
    dialog.get_by_role("button", name="Joint", exact=True).click()
    expect(dialog).to_be_hidden()
    expect(page.get_by_role("link", name="ESSAIPALETTE Dominique", exact=True)).to_be_focused()
    page.keyboard.press("c")
    expect(dialog).to_be_visible()


def test_rows_are_ticked_and_entrusted_by_keys(visit: Arrival, desk: Desk) -> None:
    colleague = UserFactory(role=Role.COORDINATOR, team=desk.team)
    nurse = visit(desk.coordinator)
    page = nurse.go("/journee/")
    for key in ("j", "x", "j", "x", "a"):
        page.keyboard.press(key)
    expect(page.get_by_role("heading", name="Confier")).to_be_visible()
    nurse.check()
    page.get_by_label("Confier à").select_option(str(colleague.pk))
    page.get_by_role("button", name="Voir ce qui va changer").click()
    page.get_by_role("button", name="Confirmer pour 2 parcours").click()
    nurse.sees("2 parcours confiés.")
    nurse.check()
    assert colleague.owned_pathways.count() == 2
    page.get_by_role("button", name="Annuler ce geste").click()
    nurse.sees("2 parcours remis comme avant.")
    assert colleague.owned_pathways.count() == 0


def test_rows_are_put_off_without_scripts(visit: Arrival, desk: Desk) -> None:
    pathway = desk.pathway(birth_name="ESSAIREPORT")
    desk.call_back(pathway, 0)
    nurse = visit(desk.coordinator, scripts=False, phone=True)
    page = nurse.go("/journee/?liste=a-rappeler")
    page.get_by_label("Cocher ESSAIREPORT").check()
    nurse.button("Reporter le rappel").click()
    page.get_by_label("Rappeler le").fill(str(timezone.localdate() + timedelta(days=3)))
    nurse.button("Voir ce qui va changer").click()
    nurse.button("Confirmer pour 1 parcours").click()
    nurse.sees("Rappel reporté pour 1 parcours.")
    assert ContactState.objects.get(pathway=pathway).call_back_on == timezone.localdate() + timedelta(days=3)
