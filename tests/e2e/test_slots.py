"""Slots lived in browsers: exams booked together, a place held, lost at the last moment, moved, cancelled, marked."""

from __future__ import annotations

import re
from datetime import time, timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from coordination import services
from coordination.models import Booking, Bundle, Hold, Slot, Task
from pathways.models import Pathway
from tests.coordination.factories import Desk, exam
from tests.e2e.conftest import Arrival
from tests.e2e.people import Visitor
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db(transaction=True)

SCRIPTS = pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])


def look(visitor: Visitor, scripts: bool = True, **options: int) -> None:
    """The checks of a page are scripts themselves."""
    if scripts:
        visitor.check(**options)


def booking_page(visitor: Visitor, pathway: Pathway, code: str = "scanner") -> None:
    visitor.go(f"/parcours/{pathway.uuid}/reserver/?examen={code}")


@SCRIPTS
@pytest.mark.parametrize(("code", "days"), [("irm", 1), ("echo_endoscopie", 2)], ids=["S93 one day", "S07 two days"])
def test_exams_are_booked_together_on_the_fewest_days(visit: Arrival, code: str, days: int, scripts: bool) -> None:
    desk = Desk()
    pathway = desk.pathway()
    scan = desk.slot(in_days=6)
    other = desk.slot(in_days=5 + days, exam_type=exam(code), starts_at=time(14))
    nurse = visit(desk.coordinator, scripts=scripts)
    nurse.go(f"/parcours/{pathway.uuid}/reserver/")
    look(nurse, scripts)
    expect(nurse.main).to_contain_text(f"{days} venue")
    nurse.button("Réserver les 2 :").first.click()
    nurse.sees("2 rendez-vous réservés ensemble", "Scanner", str(other.exam_type))
    look(nurse, scripts)
    bundle = Bundle.objects.get()
    assert set(bundle.bookings.values_list("slot", flat=True)) == {scan.pk, other.pk}
    assert len({timezone.localdate(each.slot.starts_at) for each in bundle.bookings.all()}) == days


def test_a_place_held_is_seen_by_a_colleague_and_freed_by_itself(visit: Arrival) -> None:
    desk = Desk()
    mine, theirs, slot = desk.pathway(), desk.pathway(), desk.slot()
    nurse = visit(desk.coordinator)
    booking_page(nurse, mine)
    nurse.button("Retenir cinq minutes ").click()
    nurse.sees("Place retenue jusqu’à")
    look(nurse)

    colleague = visit(UserFactory(role="coordinator", team=desk.team))
    booking_page(colleague, theirs)
    colleague.sees("Retenu par un collègue pour quelques minutes")
    expect(colleague.button("Réserver Scanner")).to_have_count(0)
    look(colleague)

    Hold.objects.update(held_at=timezone.now() - timedelta(minutes=6), until=timezone.now())
    booking_page(colleague, theirs)
    colleague.button("Réserver Scanner").click()
    colleague.sees("Rendez-vous réservé")
    assert Booking.objects.get().slot == slot

    nurse.button("Confirmer Scanner").click()
    expect(nurse.main.get_by_role("alert")).to_contain_text("vient d’être pris")
    look(nurse, status=422)


@SCRIPTS
def test_of_two_nurses_the_one_who_comes_second_is_shown_the_next_place(visit: Arrival, scripts: bool) -> None:
    desk = Desk()
    slot, later = desk.slot(in_days=5), desk.slot(in_days=8)
    first, second = desk.pathway(), desk.pathway()
    nurse, colleague = visit(desk.coordinator, scripts=scripts), visit(desk.coordinator, scripts=scripts)
    booking_page(nurse, first)
    booking_page(colleague, second)
    nurse.button("Réserver Scanner").first.click()
    nurse.sees("Rendez-vous réservé")

    colleague.button("Réserver Scanner").first.click()
    expect(colleague.main.get_by_role("alert")).to_contain_text("Ce créneau vient d’être pris.")
    look(colleague, scripts, status=422)
    colleague.button("Réserver Scanner").first.click()
    colleague.sees("Rendez-vous réservé")
    assert Booking.objects.get(pathway=first).slot == slot
    assert Booking.objects.get(pathway=second).slot == later


@SCRIPTS
def test_an_appointment_is_moved_in_one_gesture_and_nothing_typed_is_lost(visit: Arrival, scripts: bool) -> None:
    desk = Desk()
    pathway = desk.pathway()
    first, taken, other = (desk.slot(in_days=days) for days in (5, 6, 7))
    booking = desk.booking(first, pathway)
    nurse = visit(desk.coordinator, scripts=scripts)
    booking_page(nurse, pathway, "irm")
    nurse.link("Déplacer Scanner").click()
    look(nurse, scripts)
    nurse.main.get_by_label("Cause").select_option(label="État de santé")
    desk.booking(taken, desk.pathway())
    nurse.button("Déplacer au").first.click()
    expect(nurse.main.get_by_role("alert")).to_contain_text("vient d’être pris")
    expect(nurse.main.get_by_label("Cause")).to_have_value("health")
    look(nurse, scripts, status=422)
    nurse.button("Déplacer au").first.click()
    nurse.sees("Rendez-vous déplacé", "Patient à prévenir")

    moved = Booking.objects.get(moved_from=booking)
    assert (moved.slot, Slot.objects.get(pk=first.pk).booked) == (other, 0)
    nurse.go(f"/creneaux/{other.uuid}/")
    nurse.sees("Déplacé du")
    look(nurse, scripts)
    nurse.go(f"/creneaux/{first.uuid}/")
    nurse.sees("Place rendue", "Déplacé au")


@SCRIPTS
def test_a_cancellation_stays_to_be_told_until_somebody_says_how(visit: Arrival, scripts: bool) -> None:
    """PAIN-20."""
    desk = Desk()
    pathway = desk.pathway()
    booking = desk.booking(desk.slot(), pathway)
    nurse = visit(desk.coordinator, scripts=scripts)
    nurse.go(f"/parcours/{pathway.uuid}/coordination/")
    disclosure = nurse.page.locator("details", has=nurse.page.locator(f"#c-{booking.uuid}"))
    disclosure.locator("summary").click()
    nurse.page.locator(f"#c-{booking.uuid}").select_option(label="Appareil en panne")
    disclosure.get_by_role("button", name=re.compile("Annuler")).click()
    expect(nurse.page.get_by_text("Rendez-vous annulé, plateau prévenu.").first).to_be_visible()
    assert Task.objects.open().filter(title__startswith="Prévenir le patient").count() == 1

    nurse.go("/a-prevenir/")
    nurse.sees(str(pathway.patient))
    look(nurse, scripts)
    row = nurse.page.get_by_role("row", name=re.compile(re.escape(pathway.patient.birth_name)))
    row.get_by_role("combobox").select_option("phone")
    row.get_by_role("button").first.click()
    expect(nurse.page.get_by_text("le patient est prévenu").first).to_be_visible()
    booking.refresh_from_db()
    assert booking.told_at is not None and booking.told_how
    assert not Task.objects.open().filter(title__startswith="Prévenir le patient").exists()


@SCRIPTS
def test_the_platform_says_what_became_of_its_patients(visit: Arrival, scripts: bool) -> None:
    desk = Desk()
    came, missed, not_done = (desk.past_booking(hours=hours) for hours in (0.2, 1, 2))
    day = timezone.localdate(came.slot.starts_at)
    platform = visit(desk.technician, scripts=scripts)
    for booking, name, status in ((came, "Réalisé", "done"), (missed, "Manqué", "missed"), (not_done, "", "not_done")):
        platform.go(f"/plateau/?jour={timezone.localdate(booking.slot.starts_at):%Y-%m-%d}")
        row = platform.page.locator(f"#b-{booking.uuid}")
        if name:
            row.get_by_role("button", name=name).click()
        else:
            row.locator("summary", has_text="Non réalisé").click()
            row.get_by_label("Pourquoi ?").fill("Non à jeun")
            row.get_by_role("button", name="Noter non réalisé").click()
        mark = re.compile(f"Corriger : .*, {re.escape(booking.patient.both_names)}")
        expect(row.get_by_role("button", name=mark)).to_be_visible()
        booking.refresh_from_db()
        assert booking.status == status
    platform.go(f"/plateau/?jour={day:%Y-%m-%d}")
    look(platform, scripts)
    row = platform.page.locator(f"#b-{came.uuid}")
    row.get_by_role("button", name="Résultat prêt").click()
    expect(row.get_by_role("button", name="Résultat prêt")).to_have_count(0)
    came.refresh_from_db()
    assert came.result_ready_at is not None
    assert services.mark_result_ready(booking=came, user=None).result_ready_by == desk.technician


@SCRIPTS
def test_a_patient_who_cannot_come_soon_is_booked_then_moved_on_a_later_day(visit: Arrival, scripts: bool) -> None:
    desk = Desk()
    pathway = desk.pathway()
    desk.slot(in_days=4)
    later, last = desk.slot(in_days=9), desk.slot(in_days=15)
    days = [timezone.localdate(each.starts_at).isoformat() for each in (later, last)]
    nurse = visit(desk.coordinator, scripts=scripts)
    booking_page(nurse, pathway)
    nurse.fill(**{"À partir du (facultatif)": days[0]})
    nurse.button("Voir les créneaux").click()
    expect(nurse.button("Réserver Scanner")).to_have_count(2)
    look(nurse, scripts)
    nurse.button("Réserver Scanner").first.click()
    nurse.sees("Rendez-vous réservé")
    booking = Booking.objects.get()
    assert booking.slot == later

    nurse.go(f"/reservations/{booking.uuid}/deplacer/")
    nurse.main.get_by_label("Cause").select_option("patient_unavailable")
    nurse.fill(**{"À partir du (facultatif)": days[1]})
    nurse.main.get_by_label("À partir du").press("Enter")
    expect(nurse.button("Déplacer au")).to_have_count(1)
    expect(nurse.main.get_by_label("Cause")).to_have_value("patient_unavailable")
    look(nurse, scripts)
    nurse.button("Déplacer au").click()
    nurse.sees("Rendez-vous déplacé")
    assert Booking.objects.get(status="booked").slot == last


def test_a_file_left_open_while_a_colleague_moves_the_appointment_says_so(visit: Arrival) -> None:
    desk = Desk()
    booking = desk.booking(desk.slot(), desk.pathway())
    nurse = visit(desk.coordinator)
    page = nurse.go(f"/parcours/{booking.pathway.uuid}/")
    page.get_by_label("Déplacer ou annuler").click()
    new = services.move_booking(booking=booking, to=desk.slot(in_days=12), user=desk.coordinator)
    page.get_by_label("Cause").select_option("patient_refuses")
    page.get_by_label("Précision", exact=True).fill("Il préfère attendre")
    nurse.button("Annuler le rendez-vous").click()
    told = nurse.main.get_by_role("alert").filter(has_text="a été déplacé au")
    expect(told).to_be_visible()
    expect(page.locator("[data-error-summary]")).to_be_focused()
    expect(told.get_by_label("Précision", exact=True)).to_have_value("Il préfère attendre")
    look(nurse, status=422)
    nurse.button("Annuler le rendez-vous", told).click()
    expect(page.get_by_text("Rendez-vous annulé, plateau prévenu.").first).to_be_visible()
    new.refresh_from_db()
    assert (new.status, new.cancel_reason) == ("cancelled", "Il préfère attendre")
