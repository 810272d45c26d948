"""What a booking writes down in the patient's file: the appointment, and the milestone of the request or the offer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils import timezone

from coordination.models import Booking, BookingStatus, CancelSide, ExamType, Slot
from coordination.rules.slots import asks_again
from coordination.services.notices import BOOKED
from directory.errors import DomainError
from directory.models import Team, User
from directory.typography import moment, sentence, spaces
from pathways.models import Milestone, MilestoneSource, Pathway
from pathways.rules.milestones import MilestoneKind
from pathways.services import record_milestone, withdraw_milestone, write_appointment


@contextmanager
def clock_of(team: Team) -> Iterator[None]:
    """Hours and days are those of the wall clock of the team's establishment."""
    with timezone.override(ZoneInfo(team.establishment.time_zone)):
        yield


def said(slot: Slot) -> str:
    """« Scanner, lun. 23 nov. à 14 h 30 », on the platform's clock."""
    return f"{slot.exam_type}, {when(slot)}"


def when(slot: Slot) -> str:
    """« lun. 23 nov. à 14 h 30 », on the platform's clock."""
    with clock_of(slot.platform):
        return moment(slot.starts_at, timezone.localdate())


def write_in_file(booking: Booking, status: str) -> None:
    """Writes the appointment in the patient's file, where papers are made from."""
    slot = booking.slot
    write_appointment(
        pathway=booking.pathway,
        origin=booking.uuid,
        label=slot.exam_type.label,
        exam_code=slot.exam_type.code,
        starts_at=slot.starts_at,
        ends_at=slot.ends_at,
        place=place_of(slot),
        preparation=slot.exam_type.patient,
        status=status,
        time_zone=slot.platform.establishment.time_zone,
    )


def place_of(slot: Slot) -> str:
    """« Scanner, salle 2, Centre hospitalier »; a room that bears the name of its platform is not said twice."""
    parts = (slot.platform.name, slot.room or slot.series.room, str(slot.platform.establishment))
    return ", ".join(dict.fromkeys(part for part in parts if part))


def record_request(
    *, pathway: Pathway, exam_type: ExamType, key: str, user: User | None, at: datetime, held: bool = False
) -> None:
    """The booking is the request of the exam (SLT-13: it replaces the mail), or the offer of a consultation.

    Nothing when a request stands that the exam has not answered yet. ``key`` tells what made it; ``held`` is as for
    `record_milestone`.
    """
    facts = Milestone.objects.in_force().filter(pathway=pathway, kind__in=[exam_type.booked_as, exam_type.done_as])
    requested: list[datetime] = []
    done: list[datetime] = []
    for kind, detail, occurred_at in facts.values_list("kind", "detail", "occurred_at"):
        if detail in ("", exam_type.code):
            (requested if kind == exam_type.booked_as else done).append(occurred_at)
    if asks_again(requested, done):
        record_milestone(
            pathway=pathway,
            kind=exam_type.booked_as,
            detail=exam_type.code,
            occurred_at=at,
            author=user,
            source=MilestoneSource.AUTOMATIC,
            dedup_key=f"{BOOKED}{key}",
            held=held,
        )


def take_back_offer(booking: Booking, user: User | None, reason: str) -> None:
    """A first consultation offered, then taken back by the desk or the platform, was not offered (IND-09).

    While another stands the offer does too, whichever booking recorded it; it goes with the last.
    """
    if booking.slot.exam_type.booked_as != MilestoneKind.APPOINTMENT_OFFERED:
        return
    same = Booking.objects.filter(pathway=booking.pathway_id, exam_type=booking.exam_type_id)
    if not same.standing().exists():
        ours = same.filter(cancel_code__side__in=[CancelSide.DESK, CancelSide.PLATFORM], moved_to__isnull=True)
        _take_back(ours, user, reason)


def take_back_mistake(booking: Booking, user: User | None) -> None:
    """What was booked by mistake asked for nothing: the request that it recorded is withdrawn (IND-06), unless another
    booking of that exam counts on it."""
    others = Booking.objects.standing().filter(pathway=booking.pathway_id, exam_type=booking.exam_type_id)
    if not others.exclude(pk=booking.pk).exists():
        _take_back([booking], user, booking.cancel_reason)


def _take_back(bookings: Iterable[Booking], user: User | None, reason: str) -> None:
    """Withdraws what these bookings, or those that were moved there, recorded of the request or the offer."""
    pathways = {each.pathway_id for each in bookings}
    keys = [f"{BOOKED}{each.uuid}" for ended in bookings for each in moves_of(ended)]
    for fact in as_corrected(Milestone.objects.filter(pathway__in=pathways, dedup_key__in=keys)):
        withdraw_milestone(milestone=fact, author=user, note=f"Rendez-vous annulé : {reason}")


def as_corrected(facts: Iterable[Milestone]) -> list[Milestone]:
    """Those of ``facts`` that stand, each as last corrected: a correction is a new row, which bears no key."""
    return [last for fact in facts if (last := in_force(fact)) is not None]


def in_force(fact: Milestone) -> Milestone | None:
    """The fact as last corrected; None once withdrawn."""
    while not fact.withdrawn and (later := Milestone.objects.filter(supersedes=fact).first()):
        fact = later
    return None if fact.withdrawn else fact


def moves_of(booking: Booking) -> list[Booking]:
    """The appointment as it stands, then what it was moved from, latest first."""
    chain = [booking]
    while chain[-1].moved_from_id is not None:
        previous = Booking.objects.with_list_data().get(pk=chain[-1].moved_from_id)
        chain.append(previous)
    return chain


def last_of(booking: Booking) -> Booking:
    """The appointment as it stands today: what took its place when it was moved, else itself; as `with_list_data`."""
    rows = Booking.objects.with_list_data().select_related(
        "cancelled_by__professional", "marked_by__professional", "moved_from__cancelled_by__professional"
    )
    last = rows.get(pk=booking.pk)
    while later := rows.filter(moved_from=last.pk).first():
        last = later
    return last


def what_became(booking: Booking, last: Booking) -> str:
    """« Ce rendez-vous a été déplacé au mar. 1er déc. à 10 h 30, Écho 2, par … » of an appointment that was moved,
    cancelled or marked, ``last`` being its `last_of`; nothing of one that stands at its hour."""
    acts = []
    old = last.moved_from if last.pk != booking.pk else None
    if old is not None:
        acts.append(f"déplacé au {when(last.slot)}, {place_of(last.slot)}{_signed(old.cancelled_by, old.cancelled_at)}")
    if last.status == BookingStatus.CANCELLED:
        acts.append(f"annulé{_signed(last.cancelled_by, last.cancelled_at)} : {last.cancel_reason}")
    elif last.status != BookingStatus.BOOKED:
        acts.append(f"noté « {last.get_status_display().lower()} »{_signed(last.marked_by, last.marked_at)}")
    return spaces(sentence(f"Ce rendez-vous a été {', puis '.join(acts)}")) if acts else ""


def refuse_ended(booking: Booking) -> None:
    """Raises DomainError (code ``not_booked``), with what it became, for an appointment that does not stand."""
    if became := what_became(booking, last_of(booking)):
        raise DomainError(became, code="not_booked")


def _signed(who: User | None, at: datetime | None) -> str:
    """« , par Nadia Ferret, le lun. 23 nov. à 10 h 05 », of what is known."""
    said = (f"par {who}" if who else "", f"le {moment(at, timezone.localdate())}" if at else "")
    return "".join(f", {each}" for each in said if each)
