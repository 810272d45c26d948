"""A machine down on its day: three patients to call, seen before anything is done; then without any script."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from coordination import services
from coordination.models import Slot, SlotException, SlotStatus, Task
from directory.models import Role
from tests.coordination.factories import Desk
from tests.e2e.checking import check_page, settle
from tests.e2e.conftest import Arrival
from tests.e2e.people import Visitor
from tests.factories import ProfessionalFactory, TeamFactory, UserFactory

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


def checked(scripts: bool) -> Callable[..., None]:
    """The checks of a page are scripts themselves."""
    return Visitor.check if scripts else lambda visitor, **options: None


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_a_change_proposed_by_the_desk_and_accepted_by_the_platform(visit: Arrival, scripts: bool) -> None:
    """Four pages, the same with and without scripts: the desk asks for another hour, the head of the platform sees
    whom to call, accepts, and the history says it."""
    desk = Desk()
    series = desk.series(capacity=2)
    booked, free = series.slots.order_by("starts_at")[:2]
    desk.booking(booked, desk.pathway(birth_name="ESSAIALPHA"))
    head = UserFactory(role=Role.PLATFORM, team=desk.platform)
    head.memberships.update(is_head=True)
    look = checked(scripts)

    nurse = visit(desk.coordinator, scripts=scripts)
    page = nurse.go("/plateau/series/")
    page.get_by_role("row", name=re.compile("Scanner")).get_by_role("link").first.click()
    look(nurse)
    page.get_by_role("link", name="Proposer un changement").click()
    page.get_by_label("Heure", exact=True).fill("11:00")
    page.get_by_label("Places", exact=True).fill("3")
    page.get_by_role("button", name="Voir ce qui change").last.click()
    expect(page.get_by_text("Dites pourquoi")).to_be_visible()
    look(nurse, status=422)
    expect(page.get_by_label("Heure", exact=True)).to_have_value("11:00")
    page.get_by_label("Pourquoi").fill("Les patients arrivent par le car de 10 h")
    page.get_by_role("button", name="Voir ce qui change").last.click()
    expect(page.get_by_role("heading", name="Patients à rappeler : 1")).to_be_visible()
    expect(page.get_by_text("ESSAIALPHA")).to_be_visible()
    look(nurse)
    page.get_by_role("button", name="Proposer").click()
    expect(page.get_by_text("Proposition envoyée")).to_be_visible()
    look(nurse)
    assert Slot.objects.get(pk=free.pk).starts_at == free.starts_at

    chief = visit(head, scripts=scripts)
    answer = chief.go("/plateau/series/")
    look(chief)
    answer.get_by_role("link", name=re.compile("Changer la série")).click()
    expect(answer.get_by_text("Les patients arrivent par le car de 10 h")).to_be_visible()
    look(chief)
    answer.get_by_role("button", name="Accepter et appliquer").click()
    expect(answer.get_by_text("Proposition acceptée")).to_be_visible()
    look(chief)
    assert timezone.localtime(Slot.objects.get(pk=free.pk).starts_at).hour == 11
    assert Slot.objects.get(pk=booked.pk).starts_at == booked.starts_at
    assert Task.objects.open().filter(title__startswith="Rappeler").count() == 1

    page = nurse.go(f"/plateau/series/{series.uuid}/fiche/")
    expect(page.get_by_text("Heure : 9 h → 11 h")).to_be_visible()
    look(nurse)


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_a_series_changed_from_a_week_on_by_its_head(visit: Arrival, scripts: bool) -> None:
    """A practitioner of another site is searched for, refused without convention; the change keeps what was typed when
    somebody else was quicker, then applies from a week on."""
    desk = Desk()
    series = desk.series()
    head = UserFactory(role=Role.PLATFORM, team=desk.platform)
    head.memberships.update(is_head=True)
    ProfessionalFactory(last_name="Essailoin", establishment=TeamFactory().establishment)
    look = checked(scripts)

    chief = visit(head, scripts=scripts)
    page = chief.go(f"/plateau/series/{series.uuid}/")
    page.get_by_label("Lieu à annoncer au patient").fill("Salle 4")
    page.get_by_label("Chercher un praticien").fill("Essailoin")
    page.get_by_role("button", name="Chercher", exact=True).click()
    expect(page.get_by_text("sans convention en cours")).to_be_visible()
    expect(page.get_by_label("Lieu à annoncer au patient")).to_have_value("Salle 4")
    look(chief)

    values = replace(services.values_of(series), capacity=4)
    services.edit_series(series=series, values=values, user=head)
    later = series.slots.order_by("starts_at")[3]
    page.get_by_label("À partir de la semaine du").fill(f"{timezone.localdate(later.starts_at):%Y-%m-%d}")
    page.get_by_role("button", name="Voir ce qui change").last.click()
    expect(page.get_by_text("Quelqu’un a changé cette série")).to_be_visible()
    look(chief, status=422)
    expect(page.get_by_label("Lieu à annoncer au patient")).to_have_value("Salle 4")
    page.get_by_label("Places", exact=True).fill("4")
    page.get_by_role("button", name="Voir ce qui change").last.click()
    expect(page.get_by_role("heading", name="Ce qui va changer")).to_be_visible()
    look(chief)
    page.get_by_role("button", name="Appliquer").click()
    expect(page.get_by_text("Série modifiée.")).to_be_visible()
    look(chief)
    later.refresh_from_db()
    assert (later.room, later.capacity) == ("Salle 4", 4)
    assert series.slots.order_by("starts_at")[0].room == ""
