"""The board left open: it follows what others do, says when the network is gone, and never touches the filters."""

from __future__ import annotations

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from tests.coordination.factories import Desk
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
