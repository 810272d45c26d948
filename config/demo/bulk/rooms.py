"""Bookings, requests, tasks and calls in bulk."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from config.demo.bulk.drawn import Drawn, Taken, coded
from config.demo.clinic import TASKS
from config.demo.engine import PARIS, Agenda
from config.demo.places import MRI, PET, STEP_KEYS
from config.demo.world import World
from coordination.models import (
    Booking,
    BookingStatus,
    Contact,
    ContactOutcome,
    ContactState,
    ExamRequest,
    ExamType,
    RequestStatus,
    Task,
    WaitingPlace,
    WaitingStatus,
)
from pathways.models import Appointment, Pathway
from pathways.rules.clock import Duration, Unit, add
from referrals.models import EventKind, Referral, ReferralEvent, ReferralStatus, Urgency
from referrals.rules import receipt

WAITS, ASKED, GAVE_UP = 0.08, 0.06, 0.02
"""Shares of the active pathways that wait for a place, or asked in priority; of the others, that waited in vain."""
REMEMBERED = timedelta(days=400)
"""Older requests are not written: nobody opens them any more, and they would double the load."""


def write_bookings(world: World, batch: Sequence[Drawn], agenda: Agenda) -> None:
    """The seats taken, past ones done and coming ones booked; the file of active pathways knows them."""
    labels = dict(ExamType.objects.values_list("code", "label"))
    bookings, appointments = [], []
    for drawn in batch:
        for taken in drawn.places:
            booking = _booking(world, drawn, taken, agenda)
            bookings.append(booking)
            if drawn.pathway.is_active:
                appointments.append(_appointment(world, booking, taken, labels[taken.code]))
    Booking.objects.bulk_create(bookings, batch_size=2000)
    Appointment.objects.bulk_create(appointments, batch_size=2000)


def _booking(world: World, drawn: Drawn, taken: Taken, agenda: Agenda) -> Booking:
    place = taken.place
    done = place.starts_at < agenda.end
    return Booking(
        slot_id=place.slot_id, seat=taken.seat, pathway=drawn.pathway, patient=drawn.patient,
        step_key=STEP_KEYS.get(taken.code, ""), period=DateTimeTZRange(place.starts_at, place.ends_at),
        status=BookingStatus.DONE if done else BookingStatus.BOOKED, booked_by=drawn.owner,
        booked_at=min(place.starts_at - timedelta(days=2), agenda.end), marked_at=place.ends_at if done else None,
        marked_by=world.users["imaging"] if done else None,
    )  # fmt: skip


def _appointment(world: World, booking: Booking, taken: Taken, label: str) -> Appointment:
    done = booking.status == BookingStatus.DONE
    return Appointment(
        pathway=booking.pathway, origin=booking.uuid, label=label, exam_code=taken.code,
        starts_at=taken.place.starts_at, ends_at=taken.place.ends_at, status="done" if done else "planned",
        place=str(world.hospital),
    )  # fmt: skip


def write_requests(world: World, batch: Sequence[Drawn], agenda: Agenda) -> None:
    """The request each recent pathway came from, and its two movements."""
    recent = [drawn for drawn in batch if agenda.end - drawn.pathway.opened_at < REMEMBERED]
    requests = [_request(world, drawn) for drawn in recent]
    Referral.objects.bulk_create(requests, batch_size=2000)
    ReferralEvent.objects.bulk_create(
        (event for drawn, request in zip(recent, requests, strict=True) for event in _events(drawn, request)),
        batch_size=5000,
    )


def _request(world: World, drawn: Drawn) -> Referral:
    patient, gp, profile = drawn.patient, drawn.gp, drawn.profile
    answered = drawn.pathway.opened_at + timedelta(hours=drawn.rng.randint(1, 6))
    return Referral(
        receipt=receipt(coded(drawn.number)), establishment=world.hospital, team=world.team,
        target=drawn.pathway.version.target, status=ReferralStatus.ACCEPTED, received_at=drawn.pathway.opened_at,
        answered_at=answered, requester_name=str(gp), requester_profession=gp.profession,
        requester_specialty=gp.specialty_label, requester_rpps=gp.rpps, requester_phone=gp.phone,
        requester_email=gp.email, requester=gp, requester_is_gp=True, birth_name=patient.birth_name,
        used_name=patient.used_name, first_name=patient.first_name, birth_date=patient.birth_date, sex=patient.sex,
        patient_phone=patient.phone, patient_city=patient.city, patient_knows=True, reason=profile.reason,
        exams=list(profile.upstream), exams_done=profile.exams_done, history=profile.history,
        urgency_signs=list(profile.signs), urgency=Urgency.FAST if profile.signs else Urgency.STANDARD,
        triaged_by=drawn.owner, pathway=drawn.pathway,
    )  # fmt: skip


def _events(drawn: Drawn, request: Referral) -> list[ReferralEvent]:
    received, accepted = ReferralStatus.RECEIVED, ReferralStatus.ACCEPTED
    return [
        ReferralEvent(
            referral=request, kind=EventKind.RECEIVED, at=request.received_at, to_status=received, from_requester=True
        ),
        ReferralEvent(
            referral=request, kind=EventKind.ACCEPTED, at=request.answered_at or request.received_at, by=drawn.owner,
            from_status=received, to_status=accepted,
        ),
    ]  # fmt: skip


def write_desk(world: World, batch: Sequence[Drawn], agenda: Agenda) -> None:
    """Tasks and the last call of the active pathways."""
    active = [drawn for drawn in batch if drawn.pathway.is_active]
    Task.objects.bulk_create(task for drawn in active for task in _tasks(drawn, agenda))
    calls = [_call(world, drawn, agenda) for drawn in active if drawn.rng.random() < 0.7]
    Contact.objects.bulk_create(calls)
    ContactState.objects.bulk_create(
        ContactState(
            pathway=call.pathway, last=call, attempts=int(call.outcome == ContactOutcome.UNREACHABLE),
            call_back_on=call.next_on,
        )
        for call in calls
    )  # fmt: skip
    reached = [call for call in calls if call.outcome == ContactOutcome.REACHED]
    for call in reached:
        call.pathway.last_contact_at = call.at
    Pathway.objects.bulk_update([call.pathway for call in reached], ["last_contact_at"])


def _tasks(drawn: Drawn, agenda: Agenda) -> list[Task]:
    rng = drawn.rng
    return [
        Task(
            pathway=drawn.pathway, title=rng.choice(TASKS), team=drawn.pathway.team, created_by=drawn.owner,
            owner=drawn.owner if rng.random() < 0.6 else None, evidence_after=drawn.pathway.opened_at,
            due_on=agenda.today + timedelta(days=rng.randint(-4, 12)),
        )
        for _ in range(rng.choice((0, 0, 1, 1, 2)))
    ]  # fmt: skip


def _call(world: World, drawn: Drawn, agenda: Agenda) -> Contact:
    rng = drawn.rng
    reached = rng.random() < 0.85
    at = max(drawn.pathway.opened_at, agenda.end - timedelta(days=rng.uniform(0.5, 25)))
    return Contact(
        pathway=drawn.pathway, at=at.astimezone(PARIS), channel="phone", author=world.idec,
        outcome=ContactOutcome.REACHED if reached else ContactOutcome.UNREACHABLE,
        next_on=None if reached else agenda.worked_day(agenda.today),
        note="Informé de la suite." if reached else "Pas de réponse.",
    )  # fmt: skip


def write_waiting(world: World, batch: Sequence[Drawn], agenda: Agenda) -> None:
    """Who waits for a place or waited in vain, and the exams asked in priority: kept, late, refused."""
    types = {each.code: each for each in ExamType.objects.filter(code__in=(MRI, PET))}
    active = [drawn for drawn in batch if drawn.pathway.is_active]
    over = [drawn for drawn in batch if not drawn.pathway.is_active and drawn.rng.random() < GAVE_UP]
    waiting = [drawn for drawn in active if drawn.rng.random() < WAITS]
    WaitingPlace.objects.bulk_create(
        [_waits(drawn, types[MRI], agenda) for drawn in waiting] + [_gave_up(drawn, types[MRI]) for drawn in over]
    )
    ExamRequest.objects.bulk_create(
        _asked(world, drawn, types[PET], agenda) for drawn in active if drawn.rng.random() < ASKED
    )


def _waits(drawn: Drawn, exam: ExamType, agenda: Agenda) -> WaitingPlace:
    asked = max(drawn.pathway.opened_at, agenda.end - timedelta(days=drawn.rng.uniform(0.2, 9)))
    return WaitingPlace(pathway=drawn.pathway, exam_type=exam, asked_at=asked, asked_by=drawn.owner)


def _gave_up(drawn: Drawn, exam: ExamType) -> WaitingPlace:
    asked = drawn.pathway.opened_at + timedelta(days=drawn.rng.uniform(0.5, 4))
    return WaitingPlace(
        pathway=drawn.pathway, exam_type=exam, asked_at=asked, asked_by=drawn.owner, status=WaitingStatus.WITHDRAWN,
        ended_at=asked + timedelta(days=drawn.rng.uniform(1, 6)), end_reason="Fait dans un autre établissement",
    )  # fmt: skip


def _asked(world: World, drawn: Drawn, exam: ExamType, agenda: Agenda) -> ExamRequest:
    asked = max(drawn.pathway.opened_at, agenda.end - timedelta(days=drawn.rng.uniform(0.2, 6)))
    refused = drawn.rng.random() < 0.2
    return ExamRequest(
        pathway=drawn.pathway, exam_type=exam, addressed_to=world.teams["imaging"], within="2 working_days",
        asked_at=asked, asked_by=drawn.owner, promised_at=add(asked, Duration(2, Unit.WORKING_DAYS), agenda.calendar),
        status=RequestStatus.REFUSED if refused else RequestStatus.ASKED,
        reason="Appareil en maintenance" if refused else "",
        answered_at=min(asked + timedelta(hours=20), agenda.end) if refused else None,
    )  # fmt: skip
