"""The weekly review by keyboard alone, every screen of it checked; then without any script."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from coordination.models import ReviewMeeting, Task
from directory.models import Role
from tests.coordination.factories import Desk
from tests.e2e.checking import check_page, settle
from tests.e2e.conftest import Arrival
from tests.e2e.test_keyboard import tab_to
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def desk() -> Desk:
    desk = Desk()
    for days in (9, 6, 2):
        desk.pathway(days_ago=days, birth_name=f"ESSAIREVUE{'ABCDEFGHIJ'[days]}")
    return desk


def at(page: Page, words: str) -> None:
    expect(page.get_by_role("heading", name=words)).to_be_visible()
    settle(page)


def test_a_review_by_keyboard_alone(visit: Arrival, desk: Desk) -> None:
    nurse = visit(desk.coordinator)
    page = nurse.go("/journee/")
    settle(page)
    tab_to(page, page.locator("summary", has_text="Papier, revue"))
    page.keyboard.press("Enter")
    tab_to(page, page.get_by_role("button", name="Passer cette liste en revue"))
    page.keyboard.press("Enter")
    at(page, "Patient 1 sur 3")
    check_page(page)

    page.keyboard.press("ArrowRight")
    at(page, "Patient 2 sur 3")
    page.keyboard.press("ArrowLeft")
    at(page, "Patient 1 sur 3")
    page.reload()
    at(page, "Patient 1 sur 3")

    action = page.get_by_label("Action", exact=True)
    tab_to(page, action)
    page.keyboard.type("Appeler le laboratoire")
    page.keyboard.press("ArrowLeft")
    expect(action).to_have_value("Appeler le laboratoire")
    page.keyboard.press("Enter")
    at(page, "Patient 2 sur 3")
    assert Task.objects.get().title == "Appeler le laboratoire"

    tab_to(page, page.get_by_role("button", name="Vu, rien à faire"))
    page.keyboard.press("Enter")
    at(page, "Patient 3 sur 3")
    tab_to(page, page.get_by_role("button", name="Clore la revue"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    at(page, "Revue du")
    check_page(page)
    meeting = ReviewMeeting.objects.get()
    assert not meeting.is_open
    assert sorted(meeting.items.values_list("outcome", flat=True)) == ["action", "nothing", "waiting"]


def test_a_review_without_scripts_followed_by_a_colleague(visit: Arrival, desk: Desk) -> None:
    colleague = visit(UserFactory(role=Role.PHYSICIAN, team=desk.team))
    nurse = visit(desk.coordinator, scripts=False)
    page = nurse.go("/journee/")
    page.locator("summary", has_text="Papier, revue").click()
    page.get_by_role("button", name="Passer cette liste en revue").click()
    follower = colleague.go(page.url.replace(nurse.page.url.split("/revues/")[0], ""))
    at(follower, "Patient 1 sur 3")
    page.get_by_role("button", name="Suivant", exact=True).click()
    expect(page.get_by_role("heading", name="Patient 2 sur 3")).to_be_visible()
    expect(follower.get_by_text("La revue est au patient 2.")).to_be_visible(timeout=15_000)
    follower.get_by_role("link", name="Y aller").click()
    at(follower, "Patient 2 sur 3")
    page.get_by_role("button", name="Vu, rien à faire").click()
    expect(page.get_by_role("heading", name="Patient 3 sur 3")).to_be_visible()
