"""What became of an appointment: done, missed, or marked by mistake."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID, uuid5

from django.db import transaction
from django.utils import timezone

from coordination.models import Booking, BookingStatus, ExamRequest, RequestStatus, Sampling, SlotEvent, Task
from coordination.services.appointments import as_corrected, clock_of, refuse_ended, when, write_in_file
from coordination.services.asked import end_booked, is_over, said_date
from coordination.services.life import log
from coordination.services.new_tasks import create_task
from coordination.services.reviews import settle_review
from coordination.services.seats import lock_file
from coordination.services.tasks import set_aside
from coordination.services.waiting import serve_same_need
from directory.errors import DomainError
from directory.models import User
from directory.typography import moment
from pathways.models import AppointmentStatus, Milestone, MilestoneSource
from pathways.querysets import MilestoneQuerySet
from pathways.rules.milestones import MilestoneKind
from pathways.services import record_milestone, withdraw_milestone

UNDO_FOR = timedelta(days=7)
"""How long a mark can be taken back by a click."""
LAB = (
    MilestoneKind.LAB_REQUESTED, MilestoneKind.SAMPLE_SENT, MilestoneKind.LAB_INTERMEDIATE,
    MilestoneKind.LAB_NONCONTRIBUTIVE, MilestoneKind.LAB_FINAL,
)  # fmt: skip
"""What follows from a sample."""


@transaction.atomic
def mark_done(
    *, booking: Booking, user: User | None, at: datetime | None = None, sampled: bool | None = None
) -> Booking:
    """The exam or consultation took place at ``at`` (by default at its hour, now when that is still to come).

    Records the type's `done_as` milestone with the exam's code, and `biopsy_taken` when a sample was taken:
    ``sampled`` is asked only of types whose sampling is "possible". Raises DomainError when the appointment is not
    booked any more, begins later (`TAKEN_EARLY`), or when ``sampled`` is missing.
    """
    now = timezone.now()
    fresh = _marked(booking, BookingStatus.DONE, user, now)
    exam_type = fresh.slot.exam_type
    if exam_type.sampling == Sampling.POSSIBLE and sampled is None:
        raise DomainError("Indiquez si un prélèvement a été fait.", field="sampled")
    took_sample = exam_type.sampling == Sampling.ALWAYS or (exam_type.sampling == Sampling.POSSIBLE and bool(sampled))
    kinds = [exam_type.done_as] + ([MilestoneKind.BIOPSY_TAKEN.value] if took_sample else [])
    # A mark taken back leaves its milestones withdrawn: the next mark must not find them by their key.
    attempt = _facts(fresh).count()
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
    log(fresh.slot, SlotEvent.DONE, by=user, at=now, booking=fresh)
    return fresh


@transaction.atomic
def mark_missed(*, booking: Booking, user: User | None) -> Booking:
    """The patient did not come: the desk gets a task to call. Raises DomainError as `mark_done`, or before the hour."""
    now = timezone.now()
    fresh = _marked(booking, BookingStatus.MISSED, user, now)
    write_in_file(fresh, AppointmentStatus.MISSED)
    log(fresh.slot, SlotEvent.MISSED, by=user, at=now, booking=fresh)
    create_task(
        pathway=fresh.pathway,
        title=f"Rappeler le patient : {fresh.slot.exam_type} du {when(fresh.slot)} manqué"[:200],
        due_at=now,
        origin=_call_task(fresh),
        author=user,
    )
    return fresh


@transaction.atomic
def mark_not_done(*, booking: Booking, reason: str, user: User | None) -> Booking:
    """The patient came and the exam was not done (not prepared, not possible), for a reason: the desk gets a task to
    book again. Raises DomainError without a reason, and as `mark_done`."""
    if not reason.strip():
        raise DomainError("Indiquez pourquoi l’examen n’a pas été fait.", field="reason")
    now = timezone.now()
    fresh = _marked(booking, BookingStatus.NOT_DONE, user, now)
    write_in_file(fresh, AppointmentStatus.CANCELLED)
    log(fresh.slot, SlotEvent.NOT_DONE, by=user, at=now, reason=reason, booking=fresh)
    create_task(
        pathway=fresh.pathway,
        title=f"Reprogrammer : {fresh.slot.exam_type} du {when(fresh.slot)} non réalisé"[:200],
        note=reason.strip(),
        due_at=now,
        origin=_call_task(fresh),
        author=user,
    )
    return fresh


@transaction.atomic
def mark_result_ready(*, booking: Booking, user: User | None) -> Booking:
    """The result of an exam that took place can be read. Said twice, the first stands."""
    lock_file(booking.pathway_id)
    now = timezone.now()
    ready = Booking.objects.filter(pk=booking.pk, status=BookingStatus.DONE, result_ready_at__isnull=True)
    said = ready.update(result_ready_at=now, result_ready_by=user)
    fresh = Booking.objects.with_list_data().get(pk=booking.pk)
    if fresh.status != BookingStatus.DONE:
        raise DomainError("Notez d’abord que l’examen a été réalisé.", code="not_done")
    if said:
        log(fresh.slot, SlotEvent.RESULT_READY, by=user, at=now, booking=fresh)
    return fresh


@transaction.atomic
def take_back_result(*, booking: Booking, user: User | None) -> Booking:
    """The result was said to be ready by mistake. Raises DomainError when it was not said."""
    lock_file(booking.pathway_id)
    ready = Booking.objects.filter(pk=booking.pk, result_ready_at__isnull=False)
    if not ready.update(result_ready_at=None, result_ready_by=None):
        raise DomainError("Ce résultat n’est pas noté comme prêt.", code="not_ready")
    fresh = Booking.objects.with_list_data().get(pk=booking.pk)
    log(fresh.slot, SlotEvent.UNMARKED, by=user, at=timezone.now(), reason="Résultat repris", booking=fresh)
    return fresh


@transaction.atomic
def undo_mark(*, booking: Booking, user: User | None, seen: str | None = None) -> Booking:
    """Takes back a mark set by mistake: its milestones are withdrawn, its task cancelled, the appointment stands.

    Raises DomainError when the appointment bears no mark, or another than the one ``seen`` (code ``outdated``), or when
    others have built on it since (code ``too_late``).
    """
    lock_file(booking.pathway_id)
    marked = [BookingStatus.DONE, BookingStatus.MISSED, BookingStatus.NOT_DONE]
    before = Booking.objects.get(pk=booking.pk)
    if seen is not None and seen != before.mark:
        said = "résultat prêt" if before.result_ready_at else before.get_status_display().lower()
        raise DomainError(f"Ce rendez-vous est maintenant noté « {said} » : rien n’est retiré.", code="outdated")
    _refuse_built_upon(before)
    _refuse_booked_since(before)
    if not Booking.objects.filter(pk=booking.pk, status__in=marked).update(
        status=BookingStatus.BOOKED, marked_at=None, marked_by=None
    ):
        raise DomainError("Ce rendez-vous n’est ni réalisé ni manqué.", code="not_marked")
    fresh = Booking.objects.with_list_data().get(pk=booking.pk)
    for fact in as_corrected(_facts(fresh)):
        withdraw_milestone(milestone=fact, author=user, note="Rendez-vous marqué par erreur")
    set_aside(Task.objects.filter(origin=_call_task(before)), user=user, reason="Rendez-vous marqué par erreur")
    write_in_file(fresh, AppointmentStatus.PLANNED)
    log(fresh.slot, SlotEvent.UNMARKED, by=user, at=timezone.now(), booking=fresh)
    serve_same_need(booking=fresh, user=user, at=timezone.now())
    if fresh.step_key:
        end_booked(
            pathway=fresh.pathway, exam_type=fresh.slot.exam_type, step_key=fresh.step_key, user=user, at=timezone.now()
        )
    return fresh


def _refuse_built_upon(booking: Booking) -> None:
    """A mark that the laboratory, a result or a week of decisions rest on is corrected in the file, with its reason."""
    if booking.status not in (BookingStatus.DONE, BookingStatus.MISSED, BookingStatus.NOT_DONE):
        return
    if booking.result_ready_at is not None:
        raise DomainError("Le résultat est noté comme prêt : reprenez-le d’abord.", code="too_late")
    if booking.marked_at is not None and timezone.now() - booking.marked_at > UNDO_FOR:
        raise DomainError(
            "Cette marque a plus de sept jours : corrigez le jalon dans le dossier, avec son motif.", code="too_late"
        )
    sampled = list(_facts(booking).filter(kind=MilestoneKind.BIOPSY_TAKEN))
    if not as_corrected(sampled):
        return
    first = max(fact.recorded_at for fact in sampled)  # what the laboratory has said since the mark, not the correction
    news = Milestone.objects.in_force().filter(pathway=booking.pathway_id, kind__in=LAB, recorded_at__gt=first)
    if news.exists():
        raise DomainError(
            "Le laboratoire a répondu depuis : corrigez le jalon dans le dossier, avec son motif.", code="too_late"
        )


def _refuse_booked_since(booking: Booking) -> None:
    """Missed or not done, the exam may be booked again by now, or have a date at a platform: the need would be served
    twice."""
    if not booking.step_key:
        return
    need = {"pathway": booking.pathway_id, "exam_type": booking.exam_type_id, "step_key": booking.step_key}
    if Booking.objects.unmarked().filter(**need).exclude(pk=booking.pk).exists():
        raise DomainError("Cet examen est réservé de nouveau depuis : annulez d’abord l’autre.", code="already_booked")
    given = ExamRequest.objects.filter(**need, status=RequestStatus.PROPOSED).with_list_data()
    for request in given.select_for_update(of=("self",)).order_by("pk"):
        if not is_over(request, timezone.now()):
            raise DomainError(
                f"{request.addressed_to.name} propose une date depuis pour cet examen, {said_date(request)} : "
                "retirez d’abord cette demande.",
                code="already_asked",
            )


def _marked(booking: Booking, status: str, user: User | None, now: datetime) -> Booking:
    """Moves a booked appointment to ``status``, once: whoever changes an appointment locks its file first."""
    pathway = lock_file(booking.pathway_id)
    fresh = Booking.objects.with_list_data().get(pk=booking.pk)
    if fresh.status != BookingStatus.BOOKED:
        refuse_ended(fresh)
    slot = fresh.slot
    if now < (slot.starts_at if status == BookingStatus.MISSED else slot.marked_from):
        with clock_of(slot.platform):
            begins = moment(slot.starts_at, timezone.localdate(now))
        raise DomainError(f"Ce rendez-vous n’a pas encore eu lieu : il est {begins}.", code="too_early")
    Booking.objects.filter(pk=booking.pk).update(status=status, marked_at=now, marked_by=user)
    fresh.status, fresh.marked_at, fresh.marked_by = status, now, user
    settle_review(pathway=pathway, user=user)
    return fresh


def _facts(booking: Booking) -> MilestoneQuerySet:
    """What the marks of this appointment recorded, as first written."""
    return Milestone.objects.filter(pathway=booking.pathway_id, dedup_key__startswith=_prefix(booking))


def _prefix(booking: Booking) -> str:
    return f"done:{booking.uuid}:"


def _call_task(booking: Booking) -> UUID:
    """One call for each time the appointment is marked as missed: a mark taken back leaves a cancelled task."""
    return uuid5(booking.uuid, f"missed:{booking.marked_at}")
