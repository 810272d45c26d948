"""Where a patient is expected: places booked in slots, and the dates that platforms gave to what was asked of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from coordination.models import Booking, ExamRequest, ExamType
from coordination.rules.slots import USUAL_LENGTH
from directory.models import Team
from pathways.models import Pathway, Patient
from pathways.rules.calendar import Calendar


@dataclass(frozen=True)
class Hours:
    """What a slot says of where and when, for a date given outside the slots."""

    exam_type: ExamType
    platform: Team
    starts_at: datetime
    ends_at: datetime
    room: str


@dataclass(frozen=True)
class DateGiven:
    """A date that a platform gave to a request: read as a booking is, moved and cancelled as a request."""

    request: ExamRequest
    slot: Hours

    @property
    def pk(self) -> None:
        """No booking has it."""
        return None

    @property
    def uuid(self) -> UUID:
        return self.request.uuid

    @property
    def doubt(self) -> None:
        """A platform that cannot keep its date takes it back."""
        return None

    @property
    def pathway_id(self) -> int:
        return self.request.pathway_id

    @property
    def step_key(self) -> str:
        return self.request.step_key

    @property
    def patient(self) -> Patient:
        return self.request.pathway.patient


Coming = Booking | DateGiven


def doubt_of(expected: Coming) -> str | None:
    """Why nobody knows whether it is held; None when it is. Of a booking, read by `coming_of`."""
    why: str | None = getattr(expected, "doubt", None)
    return why


def coming_of(pathway: Pathway, now: datetime) -> list[Coming]:
    """The patient's appointments to come, on every pathway; two queries."""
    return appointments_of(pathway, now)[0]


def appointments_of(pathway: Pathway, now: datetime) -> tuple[list[Coming], list[Booking]]:
    """The patient's appointments to come, on every pathway, and the bookings that have begun without anybody saying
    what became of them; each with its ``doubt``; two queries."""
    booked = Booking.objects.unmarked().filter(patient=pathway.patient_id).with_list_data().with_doubt().order_by("id")
    given = ExamRequest.objects.filter(
        pathway__patient=pathway.patient_id, status="proposed", proposed_at__gt=now
    ).with_list_data()
    rows = sorted(booked, key=_hour)
    to_come: list[Coming] = [each for each in rows if each.slot.starts_at > now]
    to_come += map(date_given, given.order_by("id"))
    return sorted(to_come, key=_hour), [each for each in rows if each.slot.starts_at <= now]


def _hour(each: Coming) -> datetime:
    return each.slot.starts_at


def date_given(request: ExamRequest) -> DateGiven:
    """A request with a date, as an appointment; ``request`` comes from `with_list_data`."""
    at = request.proposed_at
    assert at is not None  # asked for by the query
    hours = Hours(request.exam_type, request.addressed_to, at, at + USUAL_LENGTH, request.place)
    return DateGiven(request, hours)


def visits(coming: Sequence[Coming], calendar: Calendar) -> list[date]:
    """The days the patient comes (SLT-15)."""
    return sorted({calendar.local_date(each.slot.starts_at) for each in coming})
