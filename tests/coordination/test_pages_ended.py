"""A page that was open while the appointment was moved, cancelled or marked says what became of it."""

from __future__ import annotations

import pytest
from django.test import Client
from django.utils import timezone

from coordination import services
from coordination.models import Booking
from coordination.readings.panel import visits_of
from directory.models import Role, User
from pathways.models import Pathway
from tests.coordination.factories import Desk
from tests.coordination.pages import HTMX, text, url
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db

TYPED = {"code": "patient_refuses", "reason": "Il a rappelé", "told_how": "phone"}


@pytest.fixture
def colleague(desk: Desk) -> User:
    return UserFactory(
        role=Role.COORDINATOR, team=desk.team, professional__first_name="Nadia", professional__last_name="Ferret"
    )


@pytest.fixture
def moved(desk: Desk, pathway: Pathway, colleague: User) -> tuple[Booking, Booking]:
    """(as the page still shows it, as the colleague moved it)"""
    old = desk.booking(desk.slot(), pathway)
    return old, services.move_booking(booking=old, to=desk.slot(in_days=12), user=colleague, code="machine_down")


def test_cancelling_what_was_moved_says_so_and_keeps_what_was_typed_for_the_new_one(
    nurse: Client, moved: tuple[Booking, Booking]
) -> None:
    old, new = moved
    for headers in ({}, HTMX):
        answer = nurse.post(url("booking-cancel", old), TYPED, headers=headers)
        page = text(answer)
        assert answer.status_code == 422
        assert "Ce rendez-vous a été déplacé au sam. 5 déc. à 9 h, Scanner 1" in page and "Ferret" in page
        assert "Rien n’est annulé" in page
        form = page.partition(f'action="{url("booking-cancel", new)}"')[2].partition("</form>")[0]
        assert 'value="patient_refuses" selected' in form and "Il a rappelé" in form
        assert 'value="phone" selected' in form and "déplacé" not in form
    new.refresh_from_db()
    assert new.status == "booked"


def test_cancelling_what_was_cancelled_says_by_whom_and_why(
    nurse: Client, desk: Desk, pathway: Pathway, colleague: User
) -> None:
    booking = desk.booking(desk.slot(), pathway)
    services.cancel_booking(booking=booking, user=colleague, code="machine_down")
    answer = nurse.post(url("booking-cancel", booking), TYPED, headers=HTMX)
    page = text(answer)
    assert answer.status_code == 422
    assert "Ce rendez-vous a été annulé, par" in page and "Appareil en panne" in page
    assert "Refus du patient, Il a rappelé, patient prévenu (téléphone)" in page, "what was typed can be read"
    assert url("to-tell") in page, "the patient does not know yet"


def test_the_page_to_move_is_that_of_the_appointment_as_it_stands(
    nurse: Client, desk: Desk, moved: tuple[Booking, Booking]
) -> None:
    old, new = moved
    page = nurse.get(url("booking-move", old))
    assert page.status_code == 200
    assert "Ce rendez-vous a été déplacé au sam. 5 déc. à 9 h" in text(page)
    assert page.context["booking"] == new and "attendu" in text(page)
    assert f'action="{url("booking-move", new)}"' in text(page)
    assert new.slot not in [each.slot for each in page.context["offer"].meeting]
    later = desk.slot(in_days=14)
    refused = nurse.post(url("booking-move", old), {"slot": later.uuid, "code": "transport", "told_how": "phone"})
    assert refused.status_code == 422 and "Ce rendez-vous a été déplacé au sam. 5 déc." in text(refused)
    assert 'value="transport" selected' in text(refused) and 'value="phone" selected' in text(refused)


def test_the_page_to_move_of_what_is_over_offers_nothing_but_another_booking(
    nurse: Client, desk: Desk, colleague: User
) -> None:
    done, cancelled = desk.past_booking(), desk.booking(desk.slot())
    services.mark_done(booking=done, user=colleague)
    services.cancel_booking(booking=cancelled, user=colleague, code="machine_down")
    for booking, words in ((done, "a été noté « réalisé », par"), (cancelled, "a été annulé, par")):
        page = text(nurse.get(url("booking-move", booking)))
        assert words in page and "Déplacer ici" not in page and "attendu" not in page
        assert url("book", booking.pathway) in page


def test_the_page_to_move_of_what_has_passed_asks_to_say_whether_it_took_place(nurse: Client, desk: Desk) -> None:
    page = text(nurse.get(url("booking-move", desk.past_booking())))
    assert "notez d’abord s’il a eu lieu" in page and "Déplacer ici" not in page and "attendu" not in page


def test_moved_then_cancelled_tells_both(nurse: Client, moved: tuple[Booking, Booking], colleague: User) -> None:
    old, new = moved
    services.cancel_booking(booking=new, user=colleague, code="patient_refuses")
    page = text(nurse.get(url("booking-move", old)))
    assert "a été déplacé au sam. 5 déc. à 9 h" in page and "puis annulé, par" in page and "Refus du patient" in page


def test_the_file_says_of_a_moved_appointment_where_it_went(
    nurse: Client, pathway: Pathway, moved: tuple[Booking, Booking]
) -> None:
    old, new = moved
    page = text(nurse.get(url("pathway-panel", pathway)))
    assert "Déplacé" in page and "au sam. 5 déc. à 9 h" in page and "Annulé" not in page
    _, past = visits_of(pathway, timezone.now())
    assert [(each.booking, each.moved_to) for each in past] == [(old, new)]
