"""Booking a place: what is written with it, what is refused, and what a cancellation undoes."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from django.core import mail
from django.db import IntegrityError, transaction
from django.utils import timezone

from coordination import services
from coordination.errors import SlotFull
from coordination.models import Booking, BookingStatus, Notice, Slot, SlotStatus, Task
from directory.errors import DomainError
from directory.models import OutboxMessage
from pathways import services as pathways
from pathways.models import Appointment, Milestone
from tests.coordination.factories import Desk, exam
from tests.factories import PathwayFactory, PatientFactory, ProfessionalFactory, TargetFactory, TeamFactory

pytestmark = pytest.mark.django_db


def test_a_booking_writes_everything_that_follows_from_it(desk: Desk) -> None:
    gp = ProfessionalFactory(gp=True)
    pathway = desk.pathway(patient=PatientFactory(establishment=desk.team.establishment, gp=gp))
    slot = desk.slot(room="Salle 2", capacity=2)

    booking = services.book_slot(slot=slot, pathway=pathway, user=desk.coordinator, step_key="ct")

    slot.refresh_from_db()
    assert (booking.seat, slot.booked, slot.free) == (1, 1, 1)
    appointment = Appointment.objects.get(origin=booking.uuid)
    assert (appointment.label, appointment.exam_code, appointment.status) == ("Scanner", "scanner", "planned")
    assert appointment.place == f"Scanner 1, Salle 2, {desk.platform.establishment}"
    assert appointment.starts_at == slot.starts_at
    request = Milestone.objects.get(pathway=pathway, kind="exam_requested")
    assert (request.detail, request.recorded_by, request.source) == ("scanner", desk.coordinator, "automatic")
    to_platform = OutboxMessage.objects.get(kind="slot_booked")
    assert to_platform.recipient == desk.platform.email
    to_gp = OutboxMessage.objects.get(kind="gp_appointments")
    assert to_gp.recipient == gp.post_address
    for message in (to_platform, to_gp):
        text = message.subject + message.body
        assert pathway.reference in text
        assert pathway.patient.birth_name not in text
        assert "1960" not in text
    assert "Scanner" not in to_gp.body
    assert "/plateau/?jour=" in to_platform.body


def test_booking_a_first_consultation_is_the_appointment_offered(desk: Desk) -> None:
    pathway = desk.pathway()
    desk.booking(desk.slot(exam_type=exam("consultation_pluridisciplinaire")), pathway)
    assert Milestone.objects.filter(pathway=pathway, kind="appointment_offered").count() == 1
    assert not Milestone.objects.filter(pathway=pathway, kind="exam_requested").exists()
    step = pathway.steps.get(key="first_response")
    assert step.state == "done"


def test_the_same_form_sent_twice_books_once(desk: Desk) -> None:
    slot, pathway, key = desk.slot(capacity=2), desk.pathway(), uuid4()
    first = desk.booking(slot, pathway, request_key=key)
    again = desk.booking(slot, pathway, request_key=key)
    assert first == again
    slot.refresh_from_db()
    assert slot.booked == 1
    assert OutboxMessage.objects.filter(kind="slot_booked").count() == 1


def test_the_form_of_a_cancelled_booking_sent_again_does_not_pretend(desk: Desk) -> None:
    pathway, slot, key = desk.pathway(), desk.slot(), uuid4()
    first = services.book_slot(slot=slot, pathway=pathway, user=desk.coordinator, request_key=key)
    services.cancel_booking(booking=first, reason="Panne", user=desk.coordinator)
    with pytest.raises(DomainError, match="annulée depuis"):
        services.book_slot(slot=slot, pathway=pathway, user=desk.coordinator, request_key=key)


def test_a_key_of_another_slot_is_refused(desk: Desk) -> None:
    key, pathway = uuid4(), desk.pathway()
    desk.booking(desk.slot(), pathway, request_key=key)
    with pytest.raises(DomainError, match="rechargez la page"):
        desk.booking(desk.slot(in_days=11), pathway, request_key=key)


def test_a_full_slot_offers_the_next_free_ones(desk: Desk) -> None:
    slot = desk.slot(capacity=1)
    later = [desk.slot(in_days=13), desk.slot(in_days=12), desk.slot(in_days=15), desk.slot(in_days=16)]
    other_exam = desk.slot(in_days=11, exam_type=exam("irm"))
    desk.booking(slot)
    with pytest.raises(SlotFull) as refused:
        desk.booking(slot)
    assert refused.value.code == "slot_full"
    assert refused.value.alternatives == [later[1], later[0], later[2]]
    assert other_exam not in refused.value.alternatives
    slot.refresh_from_db()
    assert slot.booked == 1


def test_alternatives_leave_out_hours_the_patient_is_busy(desk: Desk) -> None:
    pathway = desk.pathway()
    full, clash, free = desk.slot(), desk.slot(in_days=12), desk.slot(in_days=14)
    desk.booking(full)
    desk.booking(desk.slot(in_days=12, exam_type=exam("irm")), pathway)
    with pytest.raises(SlotFull) as refused:
        desk.booking(full, pathway)
    assert refused.value.alternatives == [free]
    assert clash.free == 1


def test_a_patient_is_never_expected_in_two_rooms_at_once(desk: Desk) -> None:
    pathway = desk.pathway()
    desk.booking(desk.slot(duration_minutes=60), pathway)
    clash = desk.slot(exam_type=exam("irm"), duration_minutes=20)
    with pytest.raises(DomainError, match=r"déjà un rendez-vous à cette heure.*Scanner") as refused:
        desk.booking(clash, pathway)
    assert refused.value.code == "patient_busy"
    clash.refresh_from_db()
    assert clash.booked == 0, "the place is given back with the refusal"


def test_the_database_itself_refuses_an_overlap_and_a_taken_seat(desk: Desk) -> None:
    booking = desk.booking(desk.slot(capacity=2))
    copy = Booking.objects.get(pk=booking.pk)
    copy.pk, copy.uuid, copy.request_key, copy.seat = None, uuid4(), uuid4(), 2
    with pytest.raises(IntegrityError, match="booking_patient_in_one_place"), transaction.atomic():
        copy.save(force_insert=True)
    copy.seat, copy.pathway, copy.patient = 1, (other := desk.pathway()), other.patient
    with pytest.raises(IntegrityError, match="booking_seat_taken_once"), transaction.atomic():
        copy.save(force_insert=True)
    with pytest.raises(IntegrityError, match="slot_never_overbooked"), transaction.atomic():
        Slot.objects.filter(pk=booking.slot_id).update(booked=3)


def test_wrong_pathways_are_refused(desk: Desk) -> None:
    slot = desk.slot()
    stranger = TargetFactory(team=TeamFactory(establishment=desk.team.establishment), key="fast")
    with pytest.raises(DomainError, match="gardé pour d’autres parcours"):
        desk.booking(slot, PathwayFactory(target=stranger))
    closed = pathways.close_pathway(pathway=desk.pathway(), reason="no_cancer", author=desk.coordinator)
    with pytest.raises(DomainError, match="clos"):
        desk.booking(slot, closed)
    slot.refresh_from_db()
    assert slot.booked == 0


@pytest.mark.parametrize(
    ("state", "code"),
    [({"status": "released"}, "slot_released"), ({"status": "cancelled"}, "slot_cancelled"), ({}, "slot_past")],
)
def test_a_slot_that_cannot_be_booked_says_why(desk: Desk, state: dict[str, str], code: str) -> None:
    slot = desk.slot_at(timezone.now() + timedelta(days=3 if state else -1))
    if state.get("status") == "cancelled":
        state = {**state, "cancelled_at": timezone.now(), "cancel_reason": "Panne"}
    Slot.objects.filter(pk=slot.pk).update(**state)
    with pytest.raises(SlotFull) as refused:
        desk.booking(slot)
    assert refused.value.code == code


def test_a_second_booking_of_the_same_request_records_no_second_request(desk: Desk) -> None:
    pathway = desk.pathway()
    pathways.record_milestone(pathway=pathway, kind="exam_requested", detail="scanner", occurred_at=timezone.now())
    booking = desk.booking(desk.slot(), pathway)
    services.cancel_booking(booking=booking, reason="Machine en panne", user=desk.coordinator)
    desk.booking(desk.slot(in_days=12), pathway)
    assert Milestone.objects.in_force().filter(pathway=pathway, kind="exam_requested").count() == 1


def test_cancelling_gives_the_place_back_and_tells_everyone(desk: Desk) -> None:
    pathway = desk.pathway()
    booking = desk.booking(desk.slot(), pathway)

    services.cancel_booking(booking=booking, reason=" Machine en panne ", user=desk.coordinator)

    booking.refresh_from_db()
    assert (booking.status, booking.cancel_reason) == (BookingStatus.CANCELLED, "Machine en panne")
    assert Slot.objects.get(pk=booking.slot_id).booked == 0
    assert Appointment.objects.get(origin=booking.uuid).status == "cancelled"
    message = OutboxMessage.objects.get(kind="slot_cancelled")
    assert "reste gardée" in message.body
    task = Task.objects.get(pathway=pathway)
    assert task.title.startswith("Prévenir le patient")
    desk.booking(booking.slot, desk.pathway())


def test_a_call_about_something_else_does_not_mean_that_the_patient_knows(desk: Desk) -> None:
    pathway = desk.pathway()
    booking = services.cancel_booking(booking=desk.booking(desk.slot(), pathway), reason="Panne", user=desk.coordinator)
    services.record_contact(pathway=pathway, author=desk.coordinator, outcome="reached")
    task = Task.objects.get(pathway=pathway)
    assert task.status == "open"
    with pytest.raises(DomainError, match="comment le patient a été prévenu"):
        services.complete_task(task=task, user=desk.coordinator, outcome="Fait")
    assert list(Booking.objects.to_tell(timezone.now())) == [booking]

    told = services.acknowledge_told(booking=booking, how="phone", user=desk.coordinator)

    assert (told.told_how, told.told_by) == ("phone", desk.coordinator)
    task.refresh_from_db()
    assert (task.status, task.outcome) == ("done", "Patient prévenu : téléphone")
    assert not Booking.objects.to_tell(timezone.now()).exists()
    with pytest.raises(DomainError, match="Dites comment"):
        services.acknowledge_told(booking=booking, how="pigeon", user=desk.coordinator)


def test_an_hour_that_has_passed_is_told_to_nobody(desk: Desk) -> None:
    services.cancel_booking(booking=desk.past_booking(), reason="Jamais venu", user=desk.coordinator)
    assert not Task.objects.exists()
    assert not Booking.objects.to_tell(timezone.now()).exists()


def test_nothing_is_told_of_an_appointment_that_stands(desk: Desk) -> None:
    with pytest.raises(DomainError, match="rien à annoncer"):
        services.acknowledge_told(booking=desk.booking(), how="phone", user=desk.coordinator)


def test_a_cancellation_says_who_and_for_which_cause(desk: Desk) -> None:
    booking = desk.booking()
    services.cancel_booking(booking=booking, code="machine_down", user=desk.coordinator)
    booking.refresh_from_db()
    assert (booking.cancel_code_id, booking.cancelled_by) == ("machine_down", desk.coordinator)
    assert booking.cancel_reason == "Appareil en panne"
    with pytest.raises(DomainError, match="cause") as refused:
        services.cancel_booking(booking=desk.booking(), code="lune", user=desk.coordinator)
    assert refused.value.field == "code"


@pytest.mark.parametrize(("code", "stands"), [("machine_down", 0), ("transport", 0), ("patient_unavailable", 1)])
def test_an_offer_taken_back_by_the_hospital_was_not_made(desk: Desk, code: str, stands: int) -> None:
    pathway = desk.pathway()
    booking = desk.booking(desk.slot(exam_type=exam("consultation_pluridisciplinaire")), pathway)
    services.cancel_booking(booking=booking, code=code, user=desk.coordinator)
    offered = Milestone.objects.in_force().filter(pathway=pathway, kind="appointment_offered")
    assert offered.count() == stands


def test_an_offer_stands_while_a_consultation_does_and_goes_with_the_last(desk: Desk) -> None:
    pathway, kind = desk.pathway(), exam("consultation_pluridisciplinaire")
    first = desk.booking(desk.slot(exam_type=kind), pathway)
    second = desk.booking(desk.slot(exam_type=kind, in_days=12), pathway)
    offered = Milestone.objects.in_force().filter(pathway=pathway, kind="appointment_offered")
    services.cancel_booking(booking=first, code="mistake", user=desk.coordinator)
    assert offered.count() == 1, "the second consultation is still offered"
    pathways.correct_milestone(
        milestone=offered.get(), occurred_at=timezone.now() - timedelta(minutes=5), author=desk.coordinator
    )
    services.cancel_booking(booking=second, code="machine_down", user=desk.coordinator)
    assert offered.count() == 0, "corrected or not, nothing is offered any more"


def test_one_need_is_booked_once(desk: Desk) -> None:
    pathway = desk.pathway()
    desk.booking(desk.slot(), pathway, step_key="ct")
    with pytest.raises(DomainError, match="déjà réservé pour cette étape") as refused:
        desk.booking(desk.slot(in_days=12), pathway, step_key="ct")
    assert refused.value.code == "already_booked"
    desk.booking(desk.slot(in_days=13), pathway)


@pytest.mark.parametrize("step", ["x" * 61, "ct\0"])
def test_a_step_that_cannot_be_one_is_refused_in_words(desk: Desk, step: str) -> None:
    with pytest.raises(DomainError, match="n’existe pas") as refused:
        desk.booking(step_key=step)
    assert refused.value.field == "step"


def test_an_exam_is_booked_for_the_step_that_asks_for_it(desk: Desk) -> None:
    with pytest.raises(DomainError, match="n’est pas celui de cette étape"):
        desk.booking(desk.slot(exam_type=exam("irm")), step_key="ct")


def test_a_key_that_another_patient_used_is_refused_in_words(desk: Desk) -> None:
    key = uuid4()
    desk.booking(desk.slot(), request_key=key)
    with pytest.raises(DomainError, match="rechargez la page") as refused:
        desk.booking(desk.slot(in_days=12), request_key=key)
    assert refused.value.code == "reused_key"


def test_the_life_of_a_place_is_written_down(desk: Desk) -> None:
    slot = desk.slot()
    booking = desk.booking(slot)
    services.cancel_booking(booking=booking, code="staff_away", user=desk.coordinator)
    lines = list(slot.changes.order_by("pk").values_list("what", "by", "reason", "booking"))
    assert lines == [
        ("booked", desk.coordinator.pk, "", booking.pk),
        ("freed", desk.coordinator.pk, "Équipe ou praticien absent", booking.pk),
    ]


def test_a_place_whose_release_instant_has_come_does_not_wait_for_the_job(desk: Desk) -> None:
    slot = desk.slot_at(timezone.now() + timedelta(hours=47))
    with pytest.raises(SlotFull, match="rendu au plateau") as refused:
        desk.booking(slot)
    assert refused.value.code == "slot_released"


def test_a_patient_who_already_knows_is_not_called(desk: Desk) -> None:
    booking = desk.booking()
    services.cancel_booking(booking=booking, reason="Demande du patient", user=desk.coordinator, patient_knows=True)
    assert not Task.objects.exists()


def test_a_place_cancelled_after_the_release_is_the_platforms(desk: Desk) -> None:
    slot = desk.slot(capacity=2)
    booking = desk.booking(slot)
    Slot.objects.filter(pk=slot.pk).update(status=SlotStatus.RELEASED)
    services.cancel_booking(booking=booking, reason="Patient hospitalisé", user=desk.coordinator)
    assert "à votre disposition" in OutboxMessage.objects.get(kind="slot_cancelled").body


@pytest.mark.parametrize(("hours", "said"), [(47, "la place vous est rendue"), (-2, "Ce créneau est passé")])
def test_the_platform_is_never_promised_a_place_kept_until_a_past_day(desk: Desk, hours: int, said: str) -> None:
    """A slot full at its release instant stays protected; a cancellation then gives it back at the next run."""
    at = timezone.now() + timedelta(hours=hours)
    booking = desk.booked_before_release(desk.slot_at(at))
    services.cancel_booking(booking=booking, reason="Patient souffrant", user=desk.coordinator)
    body = OutboxMessage.objects.get(kind="slot_cancelled").body
    assert said in body
    assert "reste gardée" not in body


def test_a_cancellation_needs_a_reason_and_happens_once(desk: Desk) -> None:
    booking = desk.booking()
    with pytest.raises(DomainError, match="pourquoi") as refused:
        services.cancel_booking(booking=booking, reason="  ", user=desk.coordinator)
    assert refused.value.field == "reason"
    services.cancel_booking(booking=booking, reason="Panne", user=desk.coordinator)
    with pytest.raises(DomainError, match="annulé"):
        services.cancel_booking(booking=booking, reason="Panne", user=desk.coordinator)
    assert Slot.objects.get(pk=booking.slot_id).booked == 0


def test_the_lowest_free_seat_is_taken(desk: Desk) -> None:
    slot = desk.slot(capacity=3)
    first, second = desk.booking(slot), desk.booking(slot)
    services.cancel_booking(booking=first, reason="Panne", user=desk.coordinator)
    third = desk.booking(slot)
    assert (first.seat, second.seat, third.seat) == (1, 2, 1)


def test_one_message_a_day_tells_the_gp_of_appointments(desk: Desk) -> None:
    gp = ProfessionalFactory(gp=True)
    pathway = desk.pathway(patient=PatientFactory(establishment=desk.team.establishment, gp=gp))
    desk.booking(desk.slot(), pathway)
    desk.booking(desk.slot(in_days=12, exam_type=exam("irm")), pathway)
    message = OutboxMessage.objects.get(kind="gp_appointments")
    assert message.due_at > timezone.now() + timedelta(minutes=15)
    assert Notice.objects.filter(pathway=pathway, kind="appointments").count() == 1
    assert not mail.outbox


def test_an_appointment_cancelled_after_the_days_message_is_told(desk: Desk) -> None:
    gp = ProfessionalFactory(gp=True)
    pathway = desk.pathway(patient=PatientFactory(establishment=desk.team.establishment, gp=gp))
    booking = desk.booking(desk.slot(), pathway)
    OutboxMessage.objects.filter(kind="gp_appointments").update(sent_at=timezone.now())
    services.cancel_booking(booking=booking, reason="Panne", user=desk.coordinator)
    desk.booking(desk.slot(in_days=12), pathway)
    messages = OutboxMessage.objects.filter(kind="gp_appointments")
    assert [message.sent_at is None for message in messages.order_by("pk")] == [False, True]


def test_a_dead_patient_is_not_booked(desk: Desk) -> None:
    pathway = desk.pathway()
    pathways.record_milestone(pathway=pathway, kind="death", occurred_at=timezone.now())
    with pytest.raises(DomainError, match="décédé"):
        desk.booking(desk.slot(), pathway)
