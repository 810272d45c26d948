"""Booking a place in a protected slot. The database keeps every promise made here; see `coordination.models.slots`.

Locks are always taken in the same order, pathway and patient first, then slot: two bookings, a release and a milestone
recorded elsewhere can never wait for each other.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID, uuid5

from django.db import IntegrityError, transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.db.models import F
from django.utils import timezone

from coordination.errors import SlotFull
from coordination.models import Booking, BookingStatus, Slot, SlotStatus
from coordination.rules.slots import asks_again, first_free_seat
from coordination.services.new_tasks import create_task
from coordination.services.notices import BOOKED, tell_gp_of_appointments
from coordination.services.platform_post import tell_platform_booked, tell_platform_cancelled
from coordination.services.reviews import settle_review
from directory.errors import DomainError
from directory.models import User
from directory.typography import moment
from pathways.models import AppointmentStatus, Milestone, MilestoneSource, Pathway
from pathways.rules.milestones import MilestoneKind
from pathways.services import record_milestone, write_appointment

ALTERNATIVES = 3


@transaction.atomic
def book_slot(
    *,
    slot: Slot,
    pathway: Pathway,
    user: User | None,
    step_key: str = "",
    request_key: UUID | None = None,
    at: datetime | None = None,
) -> Booking:
    """Books one place of ``slot`` for the pathway's patient, at ``at`` (now by default).

    The same ``request_key`` twice (a form sent again) returns the first booking. Writes the appointment in the file,
    records the type's `booked_as` milestone unless that request already stands, tells the platform and the GP.

    Raises SlotFull, with the next free slots, when the place is gone; DomainError when the pathway is closed, the slot
    is not kept for its target, or the patient is expected elsewhere at that hour.
    """
    at = at or timezone.now()
    locked = lock_file(pathway.pk)
    known = Booking.objects.filter(request_key=request_key).first() if request_key else None
    if known:
        return _same_request(known, slot, locked)
    slot = Slot.objects.with_list_data().get(pk=slot.pk)
    _refuse_wrong_pathway(locked, slot)
    if not Slot.objects.free(at).filter(pk=slot.pk).update(booked=F("booked") + 1):
        raise _gone(slot, locked, at)
    booking = _seat(slot, locked, user, step_key, request_key, at)
    write_in_file(booking, AppointmentStatus.PLANNED)
    _record_request(booking, user, at)
    tell_platform_booked(booking=booking)
    tell_gp_of_appointments(pathway=locked, at=at)
    return booking


def lock_file(pathway_id: int) -> Pathway:
    """The pathway and its patient, locked for the rest of the transaction."""
    Pathway.objects.filter(pk=pathway_id).held()
    return (
        Pathway.objects.select_for_update(of=("self", "patient"), no_key=True)
        .select_related("patient__gp", "version__target", "team__establishment")
        .defer("version__definition")
        .get(pk=pathway_id)
    )


def _same_request(known: Booking, slot: Slot, pathway: Pathway) -> Booking:
    if (known.slot_id, known.pathway_id) != (slot.pk, pathway.pk):
        raise DomainError("Cette demande a déjà servi à une autre réservation : rechargez la page.", code="reused_key")
    if known.status == BookingStatus.CANCELLED:
        raise DomainError(
            "Cette réservation a été annulée depuis : rechargez la page pour réserver de nouveau.", code="reused_key"
        )
    return known


def _refuse_wrong_pathway(pathway: Pathway, slot: Slot) -> None:
    if not pathway.is_active:
        raise DomainError("Ce parcours est clos : rouvrez-le avant de réserver.")
    if pathway.patient.deceased_on:
        raise DomainError("Ce patient est décédé.")
    if not slot.series.targets.filter(pk=pathway.version.target_id).exists():
        raise DomainError("Ce créneau est gardé pour d’autres parcours.", field="slot")


def _gone(slot: Slot, pathway: Pathway, at: datetime) -> SlotFull:
    """Why the place is gone, and where to go instead."""
    now = Slot.objects.get(pk=slot.pk)
    if now.status == SlotStatus.RELEASED:
        reason, code = "Ce créneau vient d’être rendu au plateau.", "slot_released"
    elif now.status == SlotStatus.CANCELLED:
        reason, code = "Ce créneau est annulé.", "slot_cancelled"
    elif now.starts_at <= at:
        reason, code = "Ce créneau est passé.", "slot_past"
    else:
        reason, code = "Ce créneau vient d’être pris.", "slot_full"
    return SlotFull(reason, alternatives=next_free(slot, pathway, at), code=code)


def next_free(slot: Slot, pathway: Pathway, at: datetime, count: int = ALTERNATIVES) -> list[Slot]:
    """The next free slots of the same type for the pathway, those that clash with the patient's day left out."""
    taken = Booking.objects.standing().filter(patient=pathway.patient_id, slot__ends_at__gt=at)
    spans = taken.values_list("slot__starts_at", "slot__ends_at")
    free = Slot.objects.free(at).serving(pathway).filter(exam_type=slot.exam_type_id).exclude(pk=slot.pk)
    for start, end in spans:
        free = free.exclude(starts_at__lt=end, ends_at__gt=start)
    return list(free.with_list_data().order_by("starts_at", "id")[:count])


def _seat(
    slot: Slot, pathway: Pathway, user: User | None, step_key: str, request_key: UUID | None, at: datetime
) -> Booking:
    """Inserts the booking in the lowest free place; the slot's row is locked by the update that came before."""
    seats = Booking.objects.standing().filter(slot=slot).values_list("seat", flat=True)
    booking = Booking(
        slot=slot,
        seat=first_free_seat(seats),
        pathway=pathway,
        patient=pathway.patient,
        exam_type=slot.exam_type,
        step_key=step_key,
        period=DateTimeTZRange(slot.starts_at, slot.ends_at),
        booked_at=at,
        booked_by=user,
        **({"request_key": request_key} if request_key else {}),
    )
    try:
        with transaction.atomic():
            booking.save(force_insert=True)
    except IntegrityError as error:
        if _constraint(error) != "booking_patient_in_one_place":
            raise
        raise DomainError(_busy(slot, pathway), field="slot", code="patient_busy") from error
    return booking


def _constraint(error: IntegrityError) -> str:
    """The name of the constraint that refused."""
    return getattr(getattr(error.__cause__, "diag", None), "constraint_name", "") or ""


def _busy(slot: Slot, pathway: Pathway) -> str:
    other = (
        Booking.objects.standing()
        .filter(patient=pathway.patient_id, slot__starts_at__lt=slot.ends_at, slot__ends_at__gt=slot.starts_at)
        .select_related("slot__exam_type")
        .first()
    )
    if other is None:
        return "Le patient a déjà un rendez-vous à cette heure."
    when = moment(other.slot.starts_at, timezone.localdate())
    return f"Le patient a déjà un rendez-vous à cette heure : {other.slot.exam_type}, {when}."


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
        preparation=slot.exam_type.preparation,
        status=status,
    )


def place_of(slot: Slot) -> str:
    """« Scanner, salle 2, Centre hospitalier »."""
    parts = (slot.platform.name, slot.room, str(slot.platform.establishment))
    return ", ".join(part for part in parts if part)


def _record_request(booking: Booking, user: User | None, at: datetime) -> None:
    """The booking is the request of the exam (SLT-13: it replaces the mail), or the offer of a consultation."""
    exam_type = booking.slot.exam_type
    facts = Milestone.objects.in_force().filter(
        pathway=booking.pathway_id, kind__in=[exam_type.booked_as, exam_type.done_as]
    )
    requested: list[datetime] = []
    done: list[datetime] = []
    for kind, detail, occurred_at in facts.values_list("kind", "detail", "occurred_at"):
        if detail in ("", exam_type.code):
            (requested if kind == exam_type.booked_as else done).append(occurred_at)
    if asks_again(requested, done):
        record_milestone(
            pathway=booking.pathway,
            kind=exam_type.booked_as,
            detail=exam_type.code,
            occurred_at=at,
            author=user,
            source=MilestoneSource.AUTOMATIC,
            dedup_key=f"{BOOKED}{booking.uuid}",
        )


@transaction.atomic
def cancel_booking(
    *, booking: Booking, reason: str, user: User | None, patient_knows: bool = False, at: datetime | None = None
) -> Booking:
    """Gives the place back, for a reason; the platform is told, and the desk has to tell the patient (PAIN-20).

    The place is free again, or goes to the platform when the slot was released meanwhile. The request of the exam
    stands: the patient still waits for it. Raises DomainError without a reason or when the booking no longer stands.
    """
    if not reason.strip():
        raise DomainError("Indiquez pourquoi le rendez-vous est annulé.", field="reason")
    at = at or timezone.now()
    pathway = lock_file(booking.pathway_id)
    cancelled = Booking.objects.filter(pk=booking.pk, status=BookingStatus.BOOKED).update(
        status=BookingStatus.CANCELLED, cancelled_at=at, cancel_reason=reason.strip()[:200]
    )
    fresh = Booking.objects.with_list_data().get(pk=booking.pk)
    if not cancelled:
        raise DomainError(f"Ce rendez-vous est déjà noté « {fresh.get_status_display().lower()} ».", code="not_booked")
    Slot.objects.filter(pk=fresh.slot_id).update(booked=F("booked") - 1)
    write_in_file(fresh, AppointmentStatus.CANCELLED)
    tell_platform_cancelled(booking=fresh)
    tell_gp_of_appointments(pathway=pathway, at=at)
    if not patient_knows and not pathway.patient.deceased_on:
        _ask_to_tell_patient(fresh, user)
    settle_review(pathway=pathway, user=user)
    return fresh


def _ask_to_tell_patient(booking: Booking, user: User | None) -> None:
    when = moment(booking.slot.starts_at, timezone.localdate())
    create_task(
        pathway=booking.pathway,
        title=f"Prévenir le patient : {booking.slot.exam_type} du {when} annulé",
        due_on=timezone.localdate(),
        closes_on=MilestoneKind.FOLLOWUP_CONTACT,
        evidence_after=booking.cancelled_at,
        origin=uuid5(booking.uuid, "tell-patient"),
        author=user,
    )
