"""Around a booking, on screen: places kept, exams together, the waiting list, another date, patients to tell."""

from __future__ import annotations

import re
from datetime import timedelta
from io import BytesIO
from uuid import uuid4

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pypdf import PdfReader

from coordination import services
from coordination.models import Booking, Bundle, ExamRequest, Hold, Slot, WaitingOffer, WaitingPlace
from coordination.readings.coming import coming_of
from coordination.readings.offer import Need, needs_of, other_need
from directory.models import AccessLog, Professional, Role, User
from pathways import services as pathways
from pathways.models import Pathway
from tests.coordination.conftest import MONDAY
from tests.coordination.factories import Desk, exam
from tests.coordination.pages import text, url
from tests.factories import PathwayFactory, PatientFactory, TargetFactory, TeamFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def colleague(desk: Desk) -> User:
    return UserFactory(role=Role.COORDINATOR, team=desk.team)


def ct(slot: Slot, **more: object) -> dict[str, object]:
    return {"slot": slot.uuid, "step": "ct", "examen": "scanner", "key": uuid4(), **more}


# --- kept for a few minutes ------------------------------------------------------------------------------------------
def test_a_place_kept_is_shown_to_colleagues_and_confirmed_in_one_click(
    nurse: Client, client: Client, desk: Desk, pathway: Pathway, colleague: User
) -> None:
    slot = desk.slot()
    page = text(nurse.post(url("hold", pathway), ct(slot), follow=True))
    assert "Place retenue jusqu’à 10 h 05" in page
    assert "data-until" in page and "Confirmer" in page
    other = desk.pathway()
    client.force_login(colleague)
    theirs = text(client.get(url("book", other), {"examen": "scanner"}))
    assert "Retenu par un collègue pour quelques minutes" in theirs
    refused = client.post(url("book", other), ct(slot))
    assert refused.status_code == 422
    client.force_login(desk.coordinator)
    hold = Hold.objects.get()
    client.post(url("book", pathway), ct(slot, key=hold.uuid))
    assert Booking.objects.get().pathway == pathway
    assert not Hold.objects.living(timezone.now()).exists()


def test_a_place_kept_is_free_again_by_itself(nurse: Client, desk: Desk, pathway: Pathway) -> None:
    slot = desk.slot()
    services.hold_place(slot=slot, pathway=desk.pathway(), user=desk.coordinator)
    assert "Retenu par un collègue" in text(nurse.get(url("book", pathway), {"examen": "scanner"}))
    with time_machine.travel(MONDAY + timedelta(minutes=6)):
        page = nurse.get(url("book", pathway), {"examen": "scanner"})
        assert page.context["first"].slot == slot
        nurse.post(url("book", pathway), ct(slot))
    assert Booking.objects.get().slot == slot


def test_a_place_kept_is_let_go(nurse: Client, desk: Desk, pathway: Pathway) -> None:
    nurse.post(url("hold", pathway), ct(desk.slot()))
    page = text(nurse.post(url("hold-release", pathway), {"examen": "scanner"}, follow=True))
    assert "Place relâchée" in page
    assert not Hold.objects.exists()


# --- together --------------------------------------------------------------------------------------------------------
def two_exams(desk: Desk) -> tuple[Slot, Slot]:
    """A CT and an MRI on the same day, later than a CT alone."""
    desk.slot(in_days=4)
    return desk.slot(in_days=6), desk.slot(in_days=6, exam_type=exam("irm"), starts_at=timezone.localtime().time())


def test_exams_of_one_day_are_proposed_and_booked_together(nurse: Client, desk: Desk, pathway: Pathway) -> None:
    scan, mri = two_exams(desk)
    page = nurse.get(url("book", pathway))
    offers = page.context["bundles"]
    assert offers, "the pathway asks for several exams"
    best = offers[0].ways[0]
    assert best.trips == 1
    assert {line.slot for line in best.lines} == {scan, mri}
    assert "Réserver les 2" in text(page)
    places = [f"{line.slot.uuid}@{line.need.step.key}" for line in best.lines]
    sent = {"place": places, "key": str(best.key), "kind": "day", "label": offers[0].label}
    done = text(nurse.post(url("book-together", pathway), sent, follow=True))
    assert "2 rendez-vous réservés ensemble" in done
    nurse.post(url("book-together", pathway), sent)
    assert Bundle.objects.get().bookings.count() == 2, "sent twice, booked once"


def test_a_visit_says_which_of_its_places_is_being_proposed_to_another(
    nurse: Client, desk: Desk, pathway: Pathway
) -> None:
    scan, _ = two_exams(desk)
    place = services.join_waiting(pathway=desk.pathway(), exam_type=scan.exam_type, user=desk.coordinator)
    page = nurse.get(url("book", pathway))
    assert {line.slot.offered for line in page.context["bundles"][0].ways[0].lines} == {0}
    WaitingOffer.objects.create(place=place, slot=scan, offered_at=timezone.now())
    page = nurse.get(url("book", pathway))
    (line,) = [each for each in page.context["bundles"][0].ways[0].lines if each.slot == scan]
    assert line.slot.offered == 1
    assert text(page).split("co-ways")[1].count("1 proposée à qui attend") >= 1


def test_one_place_gone_books_none_of_them_and_says_so(nurse: Client, desk: Desk, pathway: Pathway) -> None:
    _, mri = two_exams(desk)
    best = nurse.get(url("book", pathway)).context["bundles"][0].ways[0]
    desk.booking(mri)
    places = [f"{line.slot.uuid}@{line.need.step.key}" for line in best.lines]
    refused = nurse.post(url("book-together", pathway), {"place": places, "key": str(best.key), "kind": "day"})
    assert refused.status_code == 422
    assert "vient d’être pris" in text(refused)
    assert not Booking.objects.filter(pathway=pathway).exists()


def test_places_of_one_visit_are_kept_then_confirmed_together(nurse: Client, desk: Desk, pathway: Pathway) -> None:
    two_exams(desk)
    best = nurse.get(url("book", pathway)).context["bundles"][0].ways[0]
    places = [f"{line.slot.uuid}@{line.need.step.key}" for line in best.lines]
    page = text(nurse.post(url("hold-together", pathway), {"place": places}, follow=True))
    assert "Confirmer les 2" in page
    assert len({hold.group for hold in Hold.objects.all()}) == 1


def kept_but_none_free(desk: Desk) -> None:
    """A series that serves the pathway, none of whose slots is left."""
    desk.series(valid_until=None).slots.all().delete()


# --- otherwise -------------------------------------------------------------------------------------------------------
def test_without_a_place_in_time_one_waits_and_stops_waiting(nurse: Client, desk: Desk, pathway: Pathway) -> None:
    kept_but_none_free(desk)
    page = text(nurse.get(url("book", pathway), {"examen": "scanner"}))
    assert "Ce qu’il faudrait" in page and "Attendre une place rendue" in page
    sent = {"step": "ct", "examen": "scanner", "note": "Libre le matin"}
    assert "Inscrit sur la liste" in text(nurse.post(url("wait", pathway), sent, follow=True))
    place = WaitingPlace.objects.get()
    assert (place.step_key, place.note, place.latest_at) == ("ct", "Libre le matin", pathway.steps.get(key="ct").due_at)
    listed = text(nurse.get(url("waiting")))
    assert "Libre le matin" in listed and "1er" in listed
    for empty in ({}, {"reason": " "}, {"reason": "\0"}):
        nurse.post(url("waiting-leave", place), {"examen": "scanner"} | empty)
        assert WaitingPlace.objects.waiting().exists(), "a rank is not lost by a click"
    nurse.post(url("waiting-leave", place), {"examen": "scanner", "reason": "Fait en ville"})
    assert not WaitingPlace.objects.waiting().exists()


def test_a_freed_place_is_proposed_accepted_or_declined_with_a_reason(
    nurse: Client, desk: Desk, pathway: Pathway
) -> None:
    slot = desk.slot()
    taken = desk.booking(slot)
    services.join_waiting(pathway=pathway, exam_type=slot.exam_type, user=desk.coordinator)
    services.cancel_booking(booking=taken, user=desk.coordinator, code="patient_unavailable")
    services.offer_freed_places(now=timezone.now())
    page = nurse.get(url("waiting"))
    (waiter,) = page.context["lists"][0].waiters
    assert waiter.offer.slot == slot
    nurse.post(url("waiting-answer", waiter.offer), {"reponse": "non"})
    assert WaitingPlace.objects.get().offers.get().answer == "open", "a refusal says why"
    forms = [each for each in re.findall(r"<form.*?</form>", page.content.decode(), re.S) if 'name="reponse"' in each]
    declining = next(each for each in forms if 'name="why"' in each)
    assert re.findall(r'name="reponse" value="(\w+)"', declining) == ["non"], "Enter in the field declines"
    doubtful = nurse.post(url("waiting-answer", waiter.offer), {"reponse": "oui", "why": "Trop tôt"}, follow=True)
    assert "rien n’est enregistré" in text(doubtful)
    assert not Booking.objects.filter(pathway=pathway).exists()
    nurse.post(url("waiting-answer", waiter.offer), {"reponse": "oui"})
    assert Booking.objects.get(pathway=pathway).slot == slot
    assert WaitingPlace.objects.get().status == "served"


def test_a_place_being_proposed_to_another_is_told_to_who_would_book_it(
    nurse: Client, desk: Desk, pathway: Pathway
) -> None:
    """It stays free, and first come first served; but a colleague is on the phone with who waits for it."""
    slot, other = desk.slot(), desk.pathway()
    services.join_waiting(pathway=other, exam_type=exam("scanner"), user=desk.coordinator)
    assert "à qui attend" not in text(nurse.get(url("book", pathway), {"examen": "scanner"}))
    services.offer_freed_places(now=timezone.now())
    assert WaitingOffer.objects.get().slot == slot
    assert "1 proposée à qui attend" in text(nurse.get(url("book", pathway), {"examen": "scanner"}))
    assert "à qui attend" not in text(nurse.get(url("book", other), {"examen": "scanner"})), "it is theirs"


def test_a_platform_is_asked_for_a_date(nurse: Client, desk: Desk, pathway: Pathway) -> None:
    desk.slot(in_days=40)
    sent = {
        "step": "ct",
        "examen": "scanner",
        "addressed_to": desk.platform.uuid,
        "question": "Extension ?",
        "key": uuid4(),
    }
    wrong = nurse.post(url("ask", pathway), {**sent, "addressed_to": uuid4()})
    assert wrong.status_code == 422
    assert "Choisissez un plateau" in text(wrong) and "Extension ?" in text(wrong)
    assert "Demande envoyée" in text(nurse.post(url("ask", pathway), sent, follow=True))
    request = ExamRequest.objects.get()
    assert (request.addressed_to, request.step_key, request.question) == (desk.platform, "ct", "Extension ?")
    assert "réponse promise" in text(nurse.get(url("book", pathway), {"examen": "scanner"})) or not request.promised_at


def test_a_place_more_is_added_in_a_physicians_name_with_a_reason(nurse: Client, desk: Desk, pathway: Pathway) -> None:
    pathways.record_milestone(pathway=pathway, kind="lab_noncontributive", occurred_at=timezone.now())
    slot = desk.slot(in_days=3, exam_type=exam("echo_endoscopie"), release_notice_hours=1)
    desk.booking(slot)
    doctor = UserFactory(role=Role.PHYSICIAN, team=desk.team)
    sent = {"step": "new_sample", "examen": "echo_endoscopie", "slot": slot.uuid, "key": uuid4()}
    nobody = nurse.post(url("overbook", pathway), {**sent, "reason": "Ictère"})
    assert nobody.status_code == 422
    assert "Nommez le médecin" in text(nobody) and "Ictère" in text(nobody)
    named = {**sent, "physician": Professional.objects.get(user=doctor).pk, "reason": "Ictère"}
    hour = slot.starts_at - timedelta(hours=1)
    moved = nurse.post(url("overbook", pathway), {**named, "slot": f"{slot.uuid}@{hour.isoformat()}"})
    assert moved.status_code == 422 and "a été déplacé" in text(moved) and "Ictère" in text(moved)
    assert not Booking.objects.filter(pathway=pathway).exists()
    named["slot"] = f"{slot.uuid}@{slot.starts_at.isoformat()}"
    assert f'value="{named["slot"]}" checked' in moved.content.decode(), "the slot chosen stays chosen"
    assert "Place ajoutée au nom de" in text(nurse.post(url("overbook", pathway), named, follow=True))
    booking = Booking.objects.get(pathway=pathway)
    assert (booking.overbooked_for, booking.overbook_reason) == (doctor.professional, "Ictère")


# --- another date, told ----------------------------------------------------------------------------------------------
def test_an_appointment_moves_in_one_gesture_and_the_patient_is_to_be_told(
    nurse: Client, desk: Desk, pathway: Pathway
) -> None:
    booking, later = desk.booking(desk.slot(), pathway, step_key="ct"), desk.slot(in_days=12)
    page = nurse.get(url("booking-move", booking))
    assert later in [each.slot for each in [*page.context["offer"].meeting, *page.context["offer"].missing]]
    refused = nurse.post(url("booking-move", booking), {"slot": later.uuid, "key": uuid4()})
    assert refused.status_code == 422
    assert "pourquoi ce rendez-vous est déplacé" in text(refused)
    sent = {"slot": later.uuid, "code": "machine_down", "key": uuid4()}
    assert "Rendez-vous déplacé" in text(nurse.post(url("booking-move", booking), sent, follow=True))
    moved = Booking.objects.get(status="booked")
    assert (moved.slot, moved.moved_from) == (later, booking)
    listed = text(nurse.get(url("to-tell")))
    assert str(pathway.patient) in listed and "Déplacé" in listed
    nurse.post(url("booking-told", moved), {"how": "phone"})
    assert str(pathway.patient) not in text(nurse.get(url("to-tell")))
    moved.refresh_from_db()
    assert (moved.told_how, moved.told_by) == ("phone", desk.coordinator)


def test_a_cancellation_has_a_cause_of_the_list_and_keeps_what_was_typed(
    nurse: Client, desk: Desk, pathway: Pathway
) -> None:
    booking = desk.booking(desk.slot(), pathway)
    refused = nurse.post(url("booking-cancel", booking), {"code": "", "reason": "Il a appelé"})
    assert refused.status_code == 422
    assert "Choisissez la cause" in text(refused) and "Il a appelé" in text(refused)
    other = nurse.post(url("booking-cancel", booking), {"code": "other", "reason": " "})
    assert other.status_code == 422, "« Autre » says nothing by itself"
    nurse.post(url("booking-cancel", booking), {"code": "transport", "told_how": "phone"})
    booking.refresh_from_db()
    assert (booking.status, booking.cancel_code_id, booking.told_how) == ("cancelled", "transport", "phone")


# --- for the patient -------------------------------------------------------------------------------------------------
def test_the_sheet_lists_every_appointment_and_its_preparation(nurse: Client, desk: Desk, pathway: Pathway) -> None:
    desk.booking(desk.slot(in_days=6), pathway)
    desk.booking(desk.slot(in_days=8, exam_type=exam("irm")), pathway)
    response = nurse.get(url("appointment-sheet", pathway))
    words = " ".join(page.extract_text() for page in PdfReader(BytesIO(response.content)).pages)
    assert "2 venues" in words and "Scanner" in words and "metformine" in words
    assert pathway.patient.birth_name not in response["Content-Disposition"]
    assert AccessLog.objects.filter(what="Convocation").count() == 1


def test_the_message_for_the_patient_tells_nothing_of_their_health(nurse: Client, desk: Desk, pathway: Pathway) -> None:
    desk.booking(desk.slot(in_days=6), pathway)
    message = nurse.get(url("book", pathway)).context["message"]
    assert "Vos rendez-vous" in message and desk.platform.name in message
    assert desk.target.name not in message and pathway.patient.birth_name not in message


def test_lists_of_the_desk_cost_the_same_whatever_the_data(
    nurse: Client, desk: Desk, django_assert_max_num_queries: object
) -> None:
    slot = desk.slot(capacity=9)
    for _ in range(4):
        services.join_waiting(pathway=desk.pathway(), exam_type=exam("irm"), user=desk.coordinator)
        services.cancel_booking(booking=desk.booking(slot, desk.pathway()), user=desk.coordinator, code="transport")
    for page in ("waiting", "to-tell"):
        with django_assert_max_num_queries(12):  # type: ignore[operator]
            nurse.get(url(page))


def test_the_patients_to_tell_cost_the_same_whatever_their_number(nurse: Client, desk: Desk) -> None:
    days = iter(range(10, 60))

    def one_cancelled_one_moved() -> None:
        cancelled = desk.booking(desk.slot(in_days=next(days)))
        services.cancel_booking(booking=cancelled, code="machine_down", user=desk.coordinator)
        moved = desk.booking(desk.slot(in_days=next(days)))
        services.move_booking(booking=moved, to=desk.slot(in_days=next(days)), user=desk.coordinator)

    def cost() -> int:
        with CaptureQueriesContext(connection) as seen:
            nurse.get(url("to-tell"))
        return len(seen)

    one_cancelled_one_moved()
    cost()
    few = cost()
    for _ in range(3):
        one_cancelled_one_moved()
    assert cost() == few


def test_how_the_patient_was_told_is_never_made_up(nurse: Client, desk: Desk, pathway: Pathway) -> None:
    booking = desk.booking(desk.slot(), pathway)
    services.cancel_booking(booking=booking, code="machine_down", user=desk.coordinator)
    for sent in ({}, {"how": ""}, {"how": "pigeon"}):
        assert "Dites comment" in text(nurse.post(url("booking-told", booking), sent, follow=True))
        booking.refresh_from_db()
        assert (booking.told_at, booking.told_how) == (None, "")


def test_a_place_given_up_since_is_not_said_to_be_booked(nurse: Client, desk: Desk, pathway: Pathway) -> None:
    """The answer to an offer, sent again from a page left open."""
    slot = desk.slot()
    place = services.join_waiting(pathway=pathway, exam_type=exam(), user=desk.coordinator)
    offer = WaitingOffer.objects.create(place=place, slot=slot, offered_at=timezone.now())
    assert "Réservé" in text(nurse.post(url("waiting-answer", offer), {"reponse": "oui"}, follow=True))
    services.cancel_booking(booking=slot.bookings.get(), code="patient_refuses", user=desk.coordinator)
    again = text(nurse.post(url("waiting-answer", offer), {"reponse": "oui"}, follow=True))
    assert "annulée depuis" in again
    assert "Réservé :" not in again


def test_what_another_pathway_of_the_patient_has_booked_serves_that_one(desk: Desk) -> None:
    there = Desk(team=TeamFactory(establishment=desk.team.establishment))
    second_target = TargetFactory(there.team, "speedendoc")
    patient = PatientFactory(establishment=desk.team.establishment)
    ours = PathwayFactory(team=desk.team, target=desk.target, patient=patient, owner=desk.coordinator)
    theirs = PathwayFactory(team=there.team, target=second_target, patient=patient, owner=there.coordinator)

    def needs(pathway: Pathway) -> dict[str, Need]:
        return {need.exam_type.code: need for need in needs_of(pathway, coming_of(pathway, timezone.now()))}

    exam()  # the types ship with the software
    code = min(set(needs(ours)) & set(needs(theirs)))
    step = needs(ours)[code].step
    assert step is not None
    booking = desk.booking(desk.slot(exam_type=exam(code)), ours, step_key=step.key)
    assert needs(ours)[code].booking == booking
    assert needs(theirs)[code].booking is None
    assert other_need("irm", [], coming_of(theirs, timezone.now()), theirs) is not None
    assert getattr(other_need(code, [], coming_of(theirs, timezone.now()), theirs), "booking", booking) is None


def test_a_booking_outside_the_plan_serves_one_step_and_only_one(desk: Desk, pathway: Pathway) -> None:
    booking = desk.booking(desk.slot(), pathway)
    again = pathway.steps.get(key="ct")
    again.pk, again.uuid, again.key = None, uuid4(), "ct-2"
    again.save()
    assert [need.exam_type.code for need in needs_of(pathway, [])].count("scanner") == 2
    served = [need.booking for need in needs_of(pathway, coming_of(pathway, timezone.now())) if need.booking]
    assert served == [booking]
