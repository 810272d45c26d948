"""The board left open: it follows what others do, says when the network is gone, and never touches the filters."""

from __future__ import annotations

import re

import pytest
from django.utils import timezone
from playwright.sync_api import Route, expect

from coordination import services
from tests.coordination.factories import Desk, exam
from tests.e2e.conftest import Arrival

pytestmark = pytest.mark.django_db(transaction=True)

A_POLL = 16_000
"""Milliseconds: a little more than what passes between two questions of the board."""


def test_the_board_follows_others_and_survives_a_lost_network(visit: Arrival) -> None:
    desk = Desk()
    slot = desk.slot(in_days=3, capacity=2)
    week = timezone.localdate(slot.starts_at).isoformat()
    nurse = visit(desk.coordinator)
    page = nurse.page
    page.clock.install()
    nurse.go(f"/creneaux/?semaine={week}")
    cell = page.locator(f"#s-{slot.uuid}")
    expect(cell).to_contain_text("2 libres sur 2")
    banner = page.locator("#board-lost")
    expect(banner).to_be_hidden()

    desk.booking(slot)
    page.clock.fast_forward(A_POLL)
    expect(cell).to_contain_text("1 libre sur 2")

    page.context.set_offline(True)
    page.clock.fast_forward(A_POLL)
    expect(banner).to_contain_text("connexion perdue, nouvel essai")
    expect(banner).to_contain_text("Données de")
    page.clock.fast_forward(A_POLL)
    expect(page.locator("#toasts .j-callout")).to_have_count(0)
    expect(cell).to_contain_text("1 libre sur 2")

    desk.booking(slot.series.slots.get(pk=slot.pk), desk.pathway())
    page.locator("#f-exam").focus()
    page.context.set_offline(False)
    page.clock.fast_forward(70_000)
    expect(banner).to_be_hidden()
    expect(cell).to_contain_text("Complet")
    expect(page.locator("#f-exam")).to_be_focused()


def test_what_is_unfolded_stays_so_and_hides_no_news(visit: Arrival) -> None:
    desk = Desk()
    first, second = (desk.booking(desk.slot(in_days=3, capacity=2)) for _ in range(2))
    day = timezone.localdate(first.slot.starts_at).isoformat()
    bench = visit(desk.technician)
    page = bench.page
    page.clock.install()
    bench.go(f"/plateau/?jour={day}")
    lines = {each: page.locator(f"#b-{each.uuid}") for each in (first, second)}
    for line in lines.values():
        line.locator("summary").first.click()
    services.cancel_booking(booking=first, code="patient_unavailable", user=desk.coordinator)
    page.clock.fast_forward(A_POLL)
    expect(lines[first]).to_have_count(0)
    expect(lines[second].locator("details")).to_have_attribute("open", "")

    page.context.set_offline(True)
    page.clock.fast_forward(A_POLL)
    expect(page.locator("#day-lost")).to_contain_text("connexion perdue")


def test_nothing_is_replaced_under_what_is_being_typed_and_the_page_says_that_there_is_news(visit: Arrival) -> None:
    desk = Desk()
    booking, other = desk.past_booking(), desk.past_booking(hours=0.5)
    day = timezone.localdate(booking.slot.starts_at).isoformat()
    bench = visit(desk.technician)
    page = bench.page
    page.clock.install()
    bench.go(f"/plateau/?jour={day}")
    page.clock.fast_forward(A_POLL)  # from now on it knows what it shows
    line = page.locator(f"#b-{booking.uuid}")
    line.locator("summary", has_text="Non réalisé").click()
    reason = line.locator("input[name=reason]")
    reason.fill("Patient non à jeun")
    page.locator("h1").first.click()
    page.clock.fast_forward(A_POLL)
    expect(page.locator("#day-lost")).to_be_hidden()
    services.mark_done(booking=other, user=desk.technician)
    page.clock.fast_forward(A_POLL)
    expect(page.locator("#day-lost")).to_contain_text("il y a du nouveau")
    expect(reason).to_have_value("Patient non à jeun")


def test_another_day_loads_the_whole_page_again(visit: Arrival) -> None:
    desk = Desk()
    bench = visit(desk.technician)
    page = bench.page
    page.clock.install()
    bench.go("/plateau/")
    page.evaluate("document.body.dataset.seen = '1'")

    def tomorrow(route: Route) -> None:
        if route.request.headers.get("jalon-live"):
            route.fulfill(status=304, headers={"Jalon-Shows": "2100-01-01"})
        else:
            route.continue_()

    page.route("**/plateau/", tomorrow)
    page.clock.fast_forward(A_POLL)
    expect(page.locator("body[data-seen]")).to_have_count(0)


def two_exams() -> tuple[Desk, str]:
    """A week with a scanner and an MRI, and its Monday's address."""
    desk = Desk()
    slot = desk.slot(in_days=3)
    desk.slot(in_days=3, exam_type=exam("irm"))
    return desk, timezone.localdate(slot.starts_at).isoformat()


@pytest.mark.parametrize("board", ["/creneaux/?semaine=", "/creneaux/mois/?mois="])
def test_going_back_shows_the_filters_of_the_board_that_is_shown(visit: Arrival, board: str) -> None:
    desk, day = two_exams()
    nurse = visit(desk.coordinator)
    page = nurse.go(f"{board}{day}&examen=irm")
    exams = page.locator("#f-exam")
    exams.select_option("")
    page.wait_for_url(re.compile("examen=(&|$)"))
    page.go_back()
    page.wait_for_url(re.compile("examen=irm"))
    expect(exams).to_have_value("irm")
    page.go_forward()
    page.wait_for_url(re.compile("examen=(&|$)"))
    expect(exams).to_have_value("")


def test_a_filter_is_chosen_with_the_arrows_and_keeps_the_focus(visit: Arrival) -> None:
    desk, day = two_exams()
    nurse = visit(desk.coordinator)
    page = nurse.go(f"/creneaux/?semaine={day}")
    before, exams = page.url, page.locator("#f-exam")
    values = exams.locator("option").evaluate_all("all => all.map((each) => each.value)")
    exams.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(exams).to_have_value(values[2])
    page.wait_for_timeout(300)
    assert page.url == before, "an arrow is not yet a choice"
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(f"examen={values[2]}"))
    expect(exams).to_be_focused()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Tab")
    page.wait_for_url(re.compile(f"examen={values[1]}"))
    assert page.evaluate("document.activeElement.tagName") != "BODY"
    nurse.check()
