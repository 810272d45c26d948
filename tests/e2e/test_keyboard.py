"""The coordinator's morning with the hands on the keyboard: login, list of the day, a call noted, a patient's file."""

from __future__ import annotations

import time

import pytest
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, generate_totp_secret, hotp_value
from playwright.sync_api import Locator, Page, expect

from coordination.models import Contact
from tests.coordination.factories import Desk
from tests.e2e.checking import settle
from tests.e2e.conftest import Arrival

pytestmark = pytest.mark.django_db(transaction=True)

PASSWORD = "rien-que-le-clavier"
MOST_TABS = 40

# The focused element and what shows that it is: an outline, or a ring drawn as a shadow.
FOCUS = """() => {
  const style = getComputedStyle(document.activeElement);
  const outlined = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 1;
  return outlined || style.boxShadow !== "none";
}"""


@pytest.fixture
def desk() -> Desk:
    desk = Desk()
    desk.coordinator.set_password(PASSWORD)
    desk.coordinator.save()
    desk.pathway(days_ago=9, birth_name="ESSAICLAVIER", phone="0699000014")
    desk.pathway(days_ago=2, birth_name="ESSAISECOND")
    return desk


def shows_its_focus(page: Page) -> None:
    assert page.evaluate(FOCUS), f"no visible focus on {page.evaluate('document.activeElement.outerHTML')[:200]}"


def tab_to(page: Page, target: Locator) -> None:
    """Presses Tab until ``target`` has the focus; each stop on the way must show."""
    for _ in range(MOST_TABS):
        page.keyboard.press("Tab")
        shows_its_focus(page)
        if target.evaluate("node => node === document.activeElement"):
            return
    raise AssertionError(f"not reached in {MOST_TABS} presses of Tab: {target}")


def test_morning_by_keyboard_alone(visit: Arrival, desk: Desk) -> None:
    secret = generate_totp_secret()
    TOTP.activate(desk.coordinator, secret)
    nurse = visit()
    page = nurse.go("/compte/login/")
    tab_to(page, page.get_by_label("Courriel"))
    page.keyboard.type(desk.coordinator.email)
    tab_to(page, page.get_by_label("Mot de passe", exact=True))
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Double authentification")).to_be_visible()
    tab_to(page, page.get_by_role("textbox"))
    page.keyboard.type(format_hotp_value(hotp_value(secret, int(time.time()) // 30)))
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Ma journée")).to_be_visible()
    settle(page)

    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Aller au contenu")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("main")).to_be_focused()

    rows = nurse.main.get_by_role("row")
    first = rows.filter(has_text="ESSAICLAVIER")
    page.keyboard.press("j")
    expect(first.get_by_role("link", name="ESSAICLAVIER Dominique", exact=True)).to_be_focused()
    shows_its_focus(page)
    page.keyboard.press("j")
    expect(rows.get_by_role("link", name="ESSAISECOND Dominique", exact=True)).to_be_focused()
    page.keyboard.press("k")

    call = first.get_by_role("link", name="Noter un contact avec")
    tab_to(page, call)
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    settle(page)  # shown, then made modal: a key pressed in between is the page's
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(call).to_be_focused()

    page.keyboard.press("Enter")
    expect(dialog).to_be_visible()
    settle(page)
    tab_to(page, dialog.get_by_role("button", name="Joint", exact=True))
    page.keyboard.press("Enter")
    expect(dialog).to_be_hidden()
    expect(first).not_to_contain_text("Jamais joint")
    assert Contact.objects.get().outcome == "reached"

    expect(first.get_by_role("link", name="ESSAICLAVIER Dominique", exact=True)).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Prochaine étape")).to_be_visible()
    settle(page)
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox", name="Rechercher un patient")).to_be_focused()
    page.keyboard.type("essaisecond")
    page.keyboard.press("Enter")
    expect(nurse.main.get_by_role("link", name="ESSAISECOND Dominique", exact=True)).to_be_visible()
    expect(nurse.main.get_by_role("link", name="ESSAICLAVIER Dominique", exact=True)).to_have_count(0)
