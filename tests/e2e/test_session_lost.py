"""The session ends in the middle of a form: what was typed is still there after the login, in the same tab."""

from __future__ import annotations

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page, expect

from coordination import services
from coordination.models import Contact, Task
from tests.coordination.factories import Desk
from tests.e2e.checking import axe, check_page, settle
from tests.e2e.conftest import Arrival
from tests.e2e.people import Visitor, session_of

pytestmark = pytest.mark.django_db(transaction=True)

WORDS = "Rappeler <b>l’épouse</b> & noter"


def sign_out(visitor: Visitor) -> None:
    visitor.page.context.clear_cookies(name="sessionid")


def new_login(visitor: Visitor, desk: Desk) -> None:
    """A new session and a new token; the typing of the password is tested elsewhere."""
    fresh = {"sessionid": session_of(desk.coordinator), "csrftoken": "n" * 32}
    visitor.page.context.add_cookies([{"name": k, "value": v, "url": visitor.url} for k, v in fresh.items()])


def sign_in_beside(visitor: Visitor, desk: Desk, beside: Page) -> None:
    expect(beside.get_by_role("heading", name="Connexion")).to_be_visible()
    assert beside.url.endswith("?next=/reconnecte/")
    new_login(visitor, desk)
    beside.goto(f"{visitor.url}/reconnecte/")
    expect(beside.get_by_role("heading", name="Vous êtes reconnecté")).to_be_visible()


@pytest.mark.parametrize("phone", [False, True])
def test_a_form_sent_without_session_is_sent_again_from_its_page(visit: Arrival, phone: bool) -> None:
    desk = Desk()
    nurse = visit(desk.coordinator, phone=phone)
    page = nurse.go(reverse("coordination:contact", args=[desk.pathway().uuid]))
    page.get_by_label("Note").fill(WORDS)
    sign_out(nurse)
    page.get_by_role("button", name="Joint", exact=True).click()
    expect(page.get_by_role("heading", name="Votre session a expiré : rien n’est enregistré")).to_be_visible()
    check_page(page, status=401)
    assert not Contact.objects.exists()
    with page.context.expect_page() as opened:
        page.get_by_role("link", name="Me reconnecter").click()
    sign_in_beside(nurse, desk, opened.value)
    expect(page.get_by_role("status")).to_contain_text("Vous êtes reconnecté au nom de")
    expect(page.get_by_role("link", name="Me reconnecter")).to_be_hidden()
    page.get_by_role("button", name="Renvoyer ce que j’ai saisi").click()
    page.wait_for_url(lambda url: "contact" not in url)
    assert Contact.objects.get().note == WORDS


def test_without_scripts_the_second_page_has_the_fresh_token(visit: Arrival) -> None:
    desk = Desk()
    nurse = visit(desk.coordinator, scripts=False)
    page = nurse.go(reverse("coordination:contact", args=[desk.pathway().uuid]))
    page.get_by_label("Note").fill(WORDS)
    new_login(nurse, desk)
    page.get_by_role("button", name="Joint", exact=True).click()
    expect(page.get_by_role("heading", name="Le formulaire avait expiré : rien n’est enregistré")).to_be_visible()
    assert not Contact.objects.exists()
    page.get_by_role("button", name="Renvoyer").click()
    page.wait_for_url(lambda url: "contact" not in url)
    assert Contact.objects.get().note == WORDS


def test_a_form_of_a_fragment_stays_and_is_sent_after_the_login(visit: Arrival) -> None:
    desk = Desk()
    task = services.create_task(
        pathway=desk.pathway(), title="Joindre la famille", due_on=timezone.localdate(), owner=desk.coordinator
    )
    nurse = visit(desk.coordinator)
    page = nurse.go("/taches/")
    settle(page)
    row = page.get_by_role("row").filter(has_text="Joindre la famille")
    row.locator("summary").last.click()
    row.get_by_label("Résultat").fill(WORDS)
    send = row.get_by_role("button", name="Faite, avec ce résultat")

    sign_out(nurse)
    send.click()
    told = page.get_by_role("dialog", name="Votre session a expiré : rien n’est enregistré")
    expect(told).to_be_visible()
    assert not axe(page)
    with page.context.expect_page() as opened:
        told.get_by_role("link", name="Me reconnecter").click()
    sign_in_beside(nurse, desk, opened.value)
    expect(told).to_be_hidden()
    expect(row.get_by_label("Résultat")).to_have_value(WORDS)

    new_login(nurse, desk)
    page.context.add_cookies([{"name": "csrftoken", "value": "m" * 32, "url": nurse.url}])
    send.click()
    stale = page.get_by_role("dialog", name="La page avait expiré : rien n’est enregistré")
    expect(stale).to_be_visible()
    assert Task.objects.get(pk=task.pk).status == "open"
    stale.get_by_role("button", name="Fermer").click()
    expect(row.get_by_label("Résultat")).to_have_value(WORDS)
    send.click()
    expect(page.get_by_text("Tâche faite").first).to_be_visible()
    assert Task.objects.get(pk=task.pk).outcome == WORDS


def test_a_lost_answer_does_not_say_that_nothing_was_recorded(visit: Arrival) -> None:
    desk = Desk()
    services.create_task(pathway=desk.pathway(), title="Joindre", due_on=timezone.localdate(), owner=desk.coordinator)
    nurse = visit(desk.coordinator)
    page = nurse.go("/taches/")
    settle(page)
    page.context.set_offline(True)
    page.get_by_role("button", name="Faite : Joindre").click()
    expect(page.locator("#toasts")).to_contain_text(
        "Connexion interrompue : vérifiez si c’est enregistré avant de recommencer."
    )
