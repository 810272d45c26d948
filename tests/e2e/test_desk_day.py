"""The desk lived in a browser: a day by keyboard alone, one task and two people, an absence and the return."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone
from playwright.sync_api import Locator, Page, expect

from coordination import services
from coordination.models import Cover, DutyHolder, Task
from directory.models import Role, User
from pathways.models import Pathway
from tests.coordination.factories import Desk
from tests.e2e.checking import settle
from tests.e2e.conftest import Arrival
from tests.e2e.people import Visitor
from tests.e2e.test_keyboard import shows_its_focus, tab_to
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def paul(desk: Desk) -> User:
    return UserFactory(role=Role.COORDINATOR, team=desk.team)


def row(visitor: Visitor, words: str) -> Locator:
    return visitor.main.get_by_role("row").filter(has_text=words)


def walk_to(page: Page, link: Locator) -> None:
    """Presses j until the row's link has the focus."""
    for _ in range(10):
        page.keyboard.press("j")
        if link.evaluate("node => node === document.activeElement"):
            shows_its_focus(page)
            return
    raise AssertionError(f"not reached with j: {link}")


def palette(page: Page, words: str) -> None:
    settle(page)
    page.keyboard.press("Control+k")
    expect(page.get_by_role("combobox", name="Page, action, patient")).to_be_focused()
    page.keyboard.type(words)
    page.keyboard.press("Enter")


def test_a_day_by_keyboard_alone(visit: Arrival, desk: Desk, paul: User) -> None:
    """The post of the morning, a task from the row, one from the pool, a list ticked, a result given, a call noted."""
    services.set_usual_week(team=desk.team, week={(day, "phone"): [paul] for day in range(7)}, author=desk.coordinator)
    first = desk.pathway(days_ago=9, birth_name="ESSAIPREMIER", phone="0699000014")
    second = desk.pathway(days_ago=2, birth_name="ESSAISECOND")
    services.create_task(pathway=second, title="Demander les images", due_on=timezone.localdate())
    services.create_task(
        pathway=first, title="Préparer le dossier", owner=desk.coordinator, checklist=["Compte rendu", "Question"]
    )
    nurse = visit(desk.coordinator)
    page = nurse.go("/journee/")
    settle(page)
    nurse.check()

    take = page.get_by_role("button", name="Je prends : Courrier et demandes")
    tab_to(page, take)
    page.keyboard.press("Enter")
    expect(page.get_by_text("Ce matin : courrier et demandes")).to_be_visible()
    expect(page.get_by_role("link", name="Demandes à trier votre poste")).to_be_visible()
    assert DutyHolder.objects.filter(user=desk.coordinator, post="mail").exists()
    settle(page)

    walk_to(page, page.get_by_role("link", name="ESSAISECOND Dominique", exact=True))
    page.keyboard.press("t")
    expect(page.get_by_role("heading", name="Nouvelle tâche")).to_be_visible()
    settle(page)
    nurse.check()
    tab_to(page, page.get_by_label("À faire"))
    page.keyboard.type("Appeler le transporteur")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Tâche ajoutée.")).to_be_visible()
    assert Task.objects.get(title="Appeler le transporteur").owner == desk.coordinator

    palette(page, "taches")
    expect(page.get_by_role("heading", name="Tâches", level=1)).to_be_visible()
    settle(page)
    tab_to(page, page.get_by_role("link", name="À prendre 1"))
    page.keyboard.press("Enter")
    asked = page.get_by_role("link", name="Demander les images")
    expect(asked).to_be_visible()
    settle(page)
    nurse.check()
    walk_to(page, asked)
    page.keyboard.press("p")
    expect(row(nurse, "Demander les images")).to_contain_text(str(desk.coordinator))
    expect(asked).to_be_focused()
    page.keyboard.press("f")
    expect(row(nurse, "Demander les images")).to_contain_text("Faite")

    palette(page, "taches")
    listed = page.get_by_role("link", name="Préparer le dossier")
    expect(listed).to_be_visible()
    settle(page)
    walk_to(page, listed)
    page.keyboard.press("Enter")
    point = page.get_by_role("checkbox", name="Compte rendu")
    expect(point).to_be_visible()
    settle(page)
    nurse.check()
    tab_to(page, point)
    page.keyboard.press("Enter")
    expect(point).to_be_checked()
    expect(point).to_be_focused()
    page.keyboard.press("Enter")
    expect(point).not_to_be_checked()
    tab_to(page, page.get_by_role("textbox", name="Résultat"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("La liste n’est pas toute cochée")
    tab_to(page, page.get_by_role("textbox", name="Résultat"))
    page.keyboard.type("Envoyé tel quel")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Tâche faite.")).to_be_visible()
    assert Task.objects.get(title="Préparer le dossier").outcome == "Envoyé tel quel"

    palette(page, "journee")
    expect(page.get_by_role("heading", name="Ma journée")).to_be_visible()
    settle(page)
    walk_to(page, page.get_by_role("link", name="ESSAIPREMIER Dominique", exact=True))
    page.keyboard.press("c")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    settle(page)
    tab_to(page, dialog.get_by_role("button", name="Joint", exact=True))
    page.keyboard.press("Enter")
    expect(dialog).to_be_hidden()
    expect(row(nurse, "ESSAIPREMIER")).not_to_contain_text("Jamais joint")


def test_two_people_want_one_task_and_one_of_them_is_told_who_has_it(visit: Arrival, desk: Desk, paul: User) -> None:
    task = services.create_task(pathway=desk.pathway(), title="Appeler le laboratoire")
    windows = [visit(user) for user in (desk.coordinator, paul)]
    for window in windows:
        window.go("/taches/?liste=a-prendre")
        expect(window.button("Prendre : Appeler le laboratoire")).to_be_visible()
    winner, loser = windows
    winner.button("Prendre : Appeler le laboratoire").click()
    expect(row(winner, "Appeler le laboratoire")).to_contain_text(str(desk.coordinator))
    loser.button("Prendre : Appeler le laboratoire").click()
    expect(loser.page.get_by_text(f"{desk.coordinator} vient de prendre cette tâche.")).to_be_visible()
    expect(row(loser, "Appeler le laboratoire")).to_contain_text(str(desk.coordinator))
    expect(loser.button("Prendre : Appeler le laboratoire")).to_have_count(0)
    loser.check()
    task.refresh_from_db()
    assert task.owner == desk.coordinator


def test_the_same_without_scripts(visit: Arrival, desk: Desk, paul: User) -> None:
    services.create_task(pathway=desk.pathway(), title="Appeler le laboratoire", checklist=["Demander le délai"])
    winner, loser = visit(paul), visit(desk.coordinator, scripts=False)
    loser.go("/taches/?liste=a-prendre")
    winner.go("/taches/?liste=a-prendre")
    winner.button("Prendre : Appeler le laboratoire").click()
    expect(row(winner, "Appeler le laboratoire")).to_contain_text(str(paul))
    loser.button("Prendre : Appeler le laboratoire").click()
    expect(loser.page.get_by_text(f"{paul} vient de prendre cette tâche.")).to_be_visible()
    loser.go(f"/taches/{Task.objects.get().uuid}/")
    loser.main.get_by_role("checkbox", name="Demander le délai").click()
    expect(loser.main.get_by_role("checkbox", name="Demander le délai")).to_have_attribute("aria-checked", "true")


def test_absence_and_return(visit: Arrival, desk: Desk, paul: User) -> None:
    """Claire hands her patients to Paul, who finds them with their pages; back early, she reads what happened."""
    past = timezone.now() - timedelta(days=3)
    with time_machine.travel(past, tick=True):
        late = desk.pathway(days_ago=12, birth_name="ESSAIRELAIS", phone="0699000014")
        desk.pathway(days_ago=2, birth_name="ESSAICALME")
        _leaves(visit(desk.coordinator), paul)
        _takes_over(visit(paul), desk.coordinator, late)
    claire = visit(desk.coordinator)
    page = claire.go("/journee/?qui=moi")
    claire.sees("Vous êtes en absence")
    expect(page.get_by_role("link", name="ESSAIRELAIS Dominique", exact=True)).to_have_count(0)
    page.get_by_role("link", name="Changer la date ou reprendre maintenant").click()
    claire.button("De retour aujourd’hui").click()
    settle(page)
    page.get_by_role("dialog").get_by_role("button", name="Confirmer").click()
    claire.sees("reprend ses patients dès aujourd’hui", "Ce qui s’est passé", "Sa fille répond")
    claire.check()
    claire.go("/journee/?qui=moi")
    claire.sees("Bon retour")
    expect(page.get_by_role("link", name="ESSAIRELAIS Dominique", exact=True)).to_be_visible()
    claire.check()
    page.get_by_role("link", name="Ce qui s’est passé pendant votre absence").click()
    claire.button("J’ai lu").click()
    expect(page.get_by_role("heading", name="Ma journée")).to_be_visible()
    expect(page.get_by_text("Bon retour")).to_have_count(0)
    assert Cover.objects.get().seen_at
    other = visit(paul)
    other.go("/journee/?qui=moi")
    expect(other.page.get_by_role("link", name="ESSAIRELAIS Dominique", exact=True)).to_have_count(0)


def _leaves(claire: Visitor, paul: User) -> None:
    """Shown first, then confirmed; the watch words and the choice survive a change of date."""
    page = claire.go("/absences/nouvelle/")
    claire.check()
    today = timezone.localdate()
    page.get_by_label("Confiés à").select_option(label=str(paul))
    page.get_by_label("Du", exact=True).fill(today.isoformat())
    page.get_by_label("Au (dernier jour d’absence)").fill((today + timedelta(days=5)).isoformat())
    claire.button("Voir les patients").click()
    claire.sees("2 patients")
    claire.check()
    page.get_by_label("À surveiller pour ESSAIRELAIS").fill("Douleur le soir")
    page.get_by_label("Au (dernier jour d’absence)").fill((today + timedelta(days=7)).isoformat())
    claire.button("Confirmer").click()
    claire.sees("Votre choix a changé")
    expect(page.get_by_label("À surveiller pour ESSAIRELAIS")).to_have_value("Douleur le soir")
    claire.button("Confirmer").click()
    claire.sees("2 patients confiés", "Patients confiés")
    claire.check()


def _takes_over(paul: Visitor, absent: User, late: Pathway) -> None:
    """Their list, the page on each patient, a call."""
    page = paul.go("/journee/?qui=moi")
    paul.sees("Vous remplacez un collègue", f"pour {absent}, jusqu’au")
    paul.check()
    page.get_by_role("link", name="Fiches de relais").click()
    paul.sees("Douleur le soir", "Qui appeler")
    paul.check()
    paul.go("/journee/?qui=moi")
    settle(page)
    page.get_by_role("link", name=f"Noter un contact avec {late.patient}").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Note (facultatif)", exact=True).fill("Sa fille répond")
    dialog.get_by_role("button", name="Joint", exact=True).click()
    expect(dialog).to_be_hidden()
    expect(row(paul, "ESSAIRELAIS")).not_to_contain_text("Jamais joint")
    expect(row(paul, "ESSAIRELAIS")).to_contain_text(f"pour {absent}, jusqu’au")
