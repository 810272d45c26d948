"""A practitioner of a joint consultation is away: who is called, what is cancelled; then the absence is lifted."""

from __future__ import annotations

import re

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from coordination.models import Slot, SlotException, SlotStatus, Task
from directory.models import Role
from tests.coordination.factories import Desk
from tests.e2e.conftest import Arrival
from tests.e2e.test_series import checked
from tests.factories import ProfessionalFactory, UserFactory

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_an_absence_declared_then_lifted_by_the_head_of_the_platform(visit: Arrival, scripts: bool) -> None:
    desk = Desk()
    away, there = (
        ProfessionalFactory(last_name=name, establishment=desk.platform.establishment)
        for name in ("Essaiabsent", "Essaiprésent")
    )
    joint = desk.series(practitioners=[away, there], capacity=2)
    alone = desk.series(practitioners=[there], in_days=11)
    other = desk.series(practitioners=[away], in_days=12)
    expected, empty = joint.slots.order_by("starts_at")[0], other.slots.order_by("starts_at")[0]
    untouched = alone.slots.order_by("starts_at")[0]
    booking = desk.booking(expected, desk.pathway(birth_name="ESSAIALPHA"))
    desk.booking(untouched, desk.pathway(birth_name="ESSAIBRAVO"))
    head = UserFactory(role=Role.PLATFORM, team=desk.platform)
    head.memberships.update(is_head=True)
    look = checked(scripts)

    chief = visit(head, scripts=scripts)
    page = chief.go("/plateau/series/")
    page.get_by_role("link", name="Absence, panne, fermeture").click()
    page.get_by_label("Sur quoi").select_option(f"professional:{away.uuid}")
    first, last = (f"{timezone.localdate(slot.starts_at):%Y-%m-%d}" for slot in (expected, empty))
    page.get_by_label("Du", exact=True).fill(first)
    page.get_by_label("Au", exact=True).fill(last)
    page.get_by_label("Raison").fill("Congé")
    page.get_by_role("button", name="Voir qui rappeler").click()
    expect(page.get_by_role("heading", name="Patients à rappeler : 1")).to_be_visible()
    expect(page.get_by_text("ESSAIALPHA")).to_be_visible()
    expect(page.get_by_text("ESSAIBRAVO")).to_have_count(0)
    expect(page.get_by_role("heading", name="Créneaux libres annulés : 1")).to_be_visible()
    look(chief)
    assert not SlotException.objects.exists()
    page.get_by_role("button", name="Enregistrer l’exception").click()
    expect(page.get_by_text("Congé").first).to_be_visible()
    assert SlotException.objects.get().kind == "leave"
    assert Slot.objects.get(pk=empty.pk).status == SlotStatus.CANCELLED
    assert Slot.objects.get(pk=untouched.pk).status == SlotStatus.PROTECTED

    nurse = visit(desk.coordinator, scripts=scripts)
    tasks = nurse.go("/taches/")
    tasks.get_by_role("link", name="Voir les tâches à prendre").click()
    expect(tasks.get_by_text(re.compile("^Rappeler")).first).to_be_visible()
    look(nurse)
    board = nurse.go(f"/creneaux/{expected.uuid}/")
    expect(board.get_by_text(re.compile("Ne prend plus personne")).first).to_be_visible()
    look(nurse)

    page.get_by_role("link", name=re.compile("Lever l’exception")).click()
    expect(page.get_by_role("heading", name="Créneaux rétablis : 1")).to_be_visible()
    look(chief)
    page.get_by_role("button", name="Lever l’exception").click()
    expect(page.get_by_text("Congé")).to_have_count(0)
    assert Slot.objects.get(pk=empty.pk).status == SlotStatus.PROTECTED
    assert not Task.objects.open().filter(title__startswith="Rappeler").exists()
    booking.refresh_from_db()
    assert booking.status == "booked"
    freed = nurse.go(f"/creneaux/{expected.uuid}/")
    expect(freed.get_by_text(re.compile("Ne prend plus personne"))).to_have_count(0)
