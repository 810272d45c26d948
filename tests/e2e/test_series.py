"""A machine down on its day: three patients to call, seen before anything is done; then without any script."""

from __future__ import annotations

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from coordination import services
from coordination.models import Slot, SlotException, SlotStatus, Task
from directory.models import Role
from tests.coordination.factories import Desk
from tests.e2e.checking import check_page, settle
from tests.e2e.conftest import Arrival
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_machine_down_three_patients_to_call(visit: Arrival) -> None:
    desk = Desk()
    machine = services.add_resource(platform=desk.platform, name="Scanner A", kind="machine")
    ahead = (3 - timezone.localdate().weekday()) % 7 + 14
    thursday = desk.series(resource=machine, capacity=3, in_days=ahead)
    slot = thursday.slots.order_by("starts_at")[0]
    names = ["ESSAIALPHA", "ESSAIBRAVO", "ESSAICHARLIE"]
    for name in names:
        desk.booking(slot, desk.pathway(birth_name=name))
    head = UserFactory(role=Role.PLATFORM, team=desk.platform)
    head.memberships.update(is_head=True)

    page = visit(head).go("/plateau/series/")
    check_page(page)
    page.get_by_role("link", name="Absence, panne, fermeture").click()
    day = f"{timezone.localdate(slot.starts_at):%Y-%m-%d}"
    page.get_by_label("Sur quoi").select_option(f"resource:{machine.uuid}")
    page.get_by_label("Du", exact=True).fill(day)
    page.get_by_label("Au", exact=True).fill(day)
    page.get_by_label("Raison").fill("Tube en panne")
    page.get_by_role("button", name="Voir qui rappeler").click()
    expect(page.get_by_role("heading", name="Patients à rappeler : 3")).to_be_visible()
    for name in names:
        expect(page.get_by_text(name)).to_be_visible()
    settle(page)
    check_page(page)
    assert not SlotException.objects.exists()

    page.get_by_role("button", name="Enregistrer l’exception").click()
    expect(page.get_by_text("Tube en panne").first).to_be_visible()
    assert Task.objects.open().filter(title__startswith="Rappeler").count() == 3
    assert Slot.objects.get(pk=slot.pk).status == SlotStatus.PROTECTED
