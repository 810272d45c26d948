"""What became of an appointment: done, missed, or marked by mistake."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID, uuid5

from django.db import transaction
from django.utils import timezone

from coordination.models import Booking, BookingStatus, Sampling, Task
from coordination.services.appointments import write_in_file
from coordination.services.new_tasks import create_task
from coordination.services.reviews import settle_review
from coordination.services.seats import lock_file
from coordination.services.tasks import cancel_task
from directory.errors import DomainError
from directory.models import User
from directory.typography import moment
from pathways.models import AppointmentStatus, Milestone, MilestoneSource
from pathways.rules.milestones import MilestoneKind
from pathways.services import record_milestone, withdraw_milestone


@transaction.atomic
def mark_done(
    *, booking: Booking, user: User | None, at: datetime | None = None, sampled: bool | None = None
) -> Booking:
    """The exam or consultation took place at ``at`` (by default at its hour, now when that is still to come).

    Records the type's `done_as` milestone with the exam's code, and `biopsy_taken` when a sample was taken:
    ``sampled`` is asked only of types whose sampling is "possible". Raises DomainError when the appointment is not
    booked any more, is of a later day, or when ``sampled`` is missing.
    """
    now = timezone.now()
    fresh = _marked(booking, BookingStatus.DONE, user, now)
    exam_type = fresh.slot.exam_type
    if exam_type.sampling == Sampling.POSSIBLE and sampled is None:
        raise DomainError("Indiquez si un prélèvement a été fait.", field="sampled")
    took_sample = exam_type.sampling == Sampling.ALWAYS or (exam_type.sampling == Sampling.POSSIBLE and bool(sampled))
    kinds = [exam_type.done_as] + ([MilestoneKind.BIOPSY_TAKEN.value] if took_sample else [])
    # A mark taken back leaves its milestones withdrawn: the next mark must not find them by their key.
    attempt = Milestone.objects.filter(pathway=fresh.pathway_id, dedup_key__startswith=_prefix(fresh)).count()
    for kind in kinds:
        record_milestone(
            pathway=fresh.pathway,
            kind=kind,
            detail=exam_type.code,
            occurred_at=at or min(fresh.slot.starts_at, now),
            author=user,
            source=MilestoneSource.AUTOMATIC,
            site=fresh.slot.platform.establishment,
            dedup_key=f"{_prefix(fresh)}{attempt}:{kind}",
        )
    write_in_file(fresh, AppointmentStatus.DONE)
    return fresh


@transaction.atomic
def mark_missed(*, booking: Booking, user: User | None) -> Booking:
    """The patient did not come: the desk gets a task to call. Raises DomainError as `mark_done`."""
    fresh = _marked(booking, BookingStatus.MISSED, user, timezone.now())
    write_in_file(fresh, AppointmentStatus.MISSED)
    when = moment(fresh.slot.starts_at, timezone.localdate())
    create_task(
        pathway=fresh.pathway,
        title=f"Rappeler le patient : {fresh.slot.exam_type} du {when} manqué",
        due_on=timezone.localdate(),
        origin=_call_task(fresh),
        author=user,
    )
    return fresh


@transaction.atomic
def undo_mark(*, booking: Booking, user: User | None) -> Booking:
    """Takes back a mark set by mistake: its milestones are withdrawn, its task cancelled, the appointment stands.

    Raises DomainError when the appointment is neither done nor missed.
    """
    lock_file(booking.pathway_id)
    marked = [BookingStatus.DONE, BookingStatus.MISSED]
    before = Booking.objects.get(pk=booking.pk)
    if not Booking.objects.filter(pk=booking.pk, status__in=marked).update(
        status=BookingStatus.BOOKED, marked_at=None, marked_by=None
    ):
        raise DomainError("Ce rendez-vous n’est ni réalisé ni manqué.", code="not_marked")
    fresh = Booking.objects.with_list_data().get(pk=booking.pk)
    facts = Milestone.objects.in_force().filter(pathway=fresh.pathway_id, dedup_key__startswith=_prefix(fresh))
    for fact in facts:
        withdraw_milestone(milestone=fact, author=user, note="Rendez-vous marqué par erreur")
    call = Task.objects.open().filter(origin=_call_task(before)).first()
    if call:
        cancel_task(task=call, user=user, reason="Rendez-vous marqué par erreur")
    write_in_file(fresh, AppointmentStatus.PLANNED)
    return fresh


def _marked(booking: Booking, status: str, user: User | None, now: datetime) -> Booking:
    """Moves a booked appointment to ``status``, once."""
    pathway = lock_file(booking.pathway_id)
    fresh = Booking.objects.with_list_data().get(pk=booking.pk)
    if timezone.localdate(fresh.slot.starts_at) > timezone.localdate(now):
        raise DomainError("Ce rendez-vous n’a pas encore eu lieu.", code="too_early")
    if not Booking.objects.filter(pk=booking.pk, status=BookingStatus.BOOKED).update(
        status=status, marked_at=now, marked_by=user
    ):
        raise DomainError(f"Ce rendez-vous est déjà noté « {fresh.get_status_display().lower()} ».", code="not_booked")
    fresh.status, fresh.marked_at, fresh.marked_by = status, now, user
    settle_review(pathway=pathway, user=user)
    return fresh


def _prefix(booking: Booking) -> str:
    return f"done:{booking.uuid}:"


def _call_task(booking: Booking) -> UUID:
    """One call for each time the appointment is marked as missed: a mark taken back leaves a cancelled task."""
    return uuid5(booking.uuid, f"missed:{booking.marked_at}")
