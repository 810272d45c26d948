"""Exams asked of a platform that keeps no slot for them: it answers with a date, within an agreed delay (SLT-06)."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID, uuid4, uuid5

from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from coordination.models import Booking, BookingStatus, ExamRequest, ExamType, PolicyMode, RequestStatus, Task
from coordination.rules.slots import USUAL_LENGTH
from coordination.rules.telling import promise_origin
from coordination.services import asked
from coordination.services.appointments import clock_of, record_request, said
from coordination.services.asked import running, said_date
from coordination.services.needs import refuse_wrong_step
from coordination.services.new_tasks import create_task
from coordination.services.notices import tell_gp_of_appointments
from coordination.services.platform_post import tell_platform_asked
from coordination.services.policies import refuse_no_partner, refuse_without_convention
from coordination.services.promises import WARNING, sync_promises
from coordination.services.seats import lock_file
from directory.days import refuse_far_appointment
from directory.errors import DomainError
from directory.models import Team, User
from directory.typography import moment, sentence
from pathways.models import AppointmentStatus, Pathway, PathwayStatus, Pause
from pathways.rules.clock import Duration, add, before
from pathways.services import calendar_of

LONGEST_NOTICE = timedelta(days=10)
"""No holiday makes four hours of work last longer."""


@transaction.atomic
def ask_exam(
    *,
    pathway: Pathway,
    exam_type: ExamType,
    addressed_to: Team,
    user: User | None,
    mode: str = PolicyMode.PRIORITY,
    within: str = "",
    step_key: str = "",
    urgent: bool = False,
    question: str = "",
    request_key: UUID | None = None,
    at: datetime | None = None,
) -> ExamRequest:
    """Asks ``addressed_to`` for an exam, to be answered ``within`` the agreed delay, counted on its own calendar.

    Records the request in the file unless it stands, and writes to the platform without any identity. The same
    ``request_key`` twice returns the first request. Raises DomainError for a closed pathway, a dead patient, an
    unreadable delay, the key of another request (code ``reused_key``), an exam asked already for that step (code
    ``already_asked``) or booked (``already_booked``): one need has one appointment. A request whose date has passed
    without an exam gives way to the new one.
    """
    locked = lock_file(pathway.pk)
    known = ExamRequest.objects.filter(request_key=request_key).first() if request_key else None
    if known:
        asked_for = (known.pathway_id, known.exam_type_id, known.addressed_to_id, known.step_key)
        if asked_for != (locked.pk, exam_type.pk, addressed_to.pk, step_key):
            raise DomainError("Cette demande a déjà servi : rechargez la page.", code="reused_key")
        return known
    at = at or timezone.now()
    _refuse_wrong_request(locked, exam_type, step_key, mode, question)
    _refuse_same_need(locked, exam_type, step_key, user, at)
    if mode == PolicyMode.PARTNER:
        day = calendar_of(addressed_to.establishment).local_date(at)
        refuse_no_partner(pathway=locked, exam_type=exam_type, platform=addressed_to, on=day)
    request = ExamRequest(
        pathway=locked,
        exam_type=exam_type,
        step_key=step_key,
        addressed_to=addressed_to,
        mode=mode,
        urgent=urgent,
        question=question.strip(),
        within=str(within).strip(),
        asked_at=at,
        asked_by=user,
        promised_at=promise_of(at, str(within), addressed_to),
        request_key=request_key or uuid4(),
    )
    try:
        request.save(force_insert=True)
    except IntegrityError as error:
        raise DomainError("Cet examen est déjà demandé pour cette étape.", code="already_asked") from error
    record_request(pathway=locked, exam_type=exam_type, key=str(request.uuid), user=user, at=at)
    tell_platform_asked(request=request)
    sync_promises(pathways_of=[locked.pk], now=at)
    return request


def promise_of(at: datetime, within: str, platform: Team) -> datetime | None:
    """Before when a platform asked ``at`` has promised an answer, on its own calendar; None without a delay."""
    if not within.strip():
        return None
    try:
        duration = Duration.parse(within)
    except ValueError as error:
        raise DomainError(str(error), field="within") from error
    return add(at, duration, calendar_of(platform.establishment))


def _refuse_wrong_request(pathway: Pathway, exam_type: ExamType, step_key: str, mode: str, question: str) -> None:
    if not pathway.is_active:
        raise DomainError("Ce parcours est clos : rouvrez-le avant de demander un examen.")
    if pathway.patient.deceased_on:
        raise DomainError("Ce patient est décédé.")
    if mode not in set(PolicyMode):
        raise DomainError("Ce mode de demande n’existe pas.", field="mode")
    if len(question) > 500 or "\0" in question:
        raise DomainError("Posez la question en 500 caractères au plus.", field="question")
    refuse_wrong_step(pathway, step_key, exam_type.code)


def _refuse_same_need(pathway: Pathway, exam_type: ExamType, step_key: str, user: User | None, at: datetime) -> None:
    """One need has one appointment: neither asked nor booked already."""
    same = {"pathway": pathway, "exam_type": exam_type, "step_key": step_key}
    booked = Booking.objects.filter(**same, status=BookingStatus.BOOKED).with_list_data().first()
    if booked and step_key:
        passed = booked.slot.starts_at <= at
        what = "dites d’abord s’il a eu lieu" if passed else "déplacez ce rendez-vous, ou annulez-le avant de demander"
        raise DomainError(f"Cet examen est déjà réservé : {said(booked.slot)} ; {what}.", code="already_booked")
    known = ExamRequest.objects.running().filter(**same).with_list_data().select_for_update(of=("self",)).first()
    if known is None:
        return
    if asked.is_over(known, at):
        asked.end(known, RequestStatus.CANCELLED, "Date passée sans examen noté, redemandé", user=user, at=at)
        return
    dated = f", qui propose {said_date(known)}" if known.proposed_at else ""
    raise DomainError(
        f"Cet examen est déjà demandé à {known.addressed_to.name}{dated} : "
        "retirez cette demande avant d’en faire une autre.",
        code="already_asked",
    )


@transaction.atomic
def propose_date(
    *,
    request: ExamRequest,
    starts_at: datetime,
    user: User | None,
    place: str = "",
    seen: str | None = None,
    at: datetime | None = None,
) -> ExamRequest:
    """The platform answers with a date: it is written in the patient's file, and the desk has to tell the patient.

    Proposed again, the new date takes the place of the old one. Raises DomainError for a date past, one when the
    patient is expected elsewhere (code ``patient_busy``), a closed pathway, or a request that has ended or is no more
    the version ``seen``.
    """
    at = at or timezone.now()
    pathway = lock_file(request.pathway_id)
    locked = running(request, seen)
    if not pathway.is_active:
        raise DomainError("Ce parcours est clos : la coordination n’attend plus cet examen.", code="ended")
    refuse_far_appointment(starts_at, at)
    day = calendar_of(locked.addressed_to.establishment).local_date(starts_at)
    refuse_without_convention(pathway=locked.pathway, exam_type=locked.exam_type, platform=locked.addressed_to, on=day)
    _refuse_busy(locked, starts_at)
    locked.status, locked.proposed_at, locked.place = RequestStatus.PROPOSED, starts_at, place.strip()[:120]
    locked.answered_at, locked.answered_by = at, user
    locked.save(update_fields=["status", "proposed_at", "place", "answered_at", "answered_by"])
    asked.write_date(locked, AppointmentStatus.PLANNED)
    asked.drop_warning(locked, "Le plateau a répondu")
    tell_gp_of_appointments(pathway=pathway, at=at)
    asked.ask_to_tell(locked, user=user, at=at)
    sync_promises(pathways_of=[pathway.pk], now=at)
    return locked


@transaction.atomic
def take_back_date(
    *, request: ExamRequest, reason: str, user: User | None, seen: str | None = None, at: datetime | None = None
) -> ExamRequest:
    """The platform cannot keep its date, and will give another: the promise it made stands as it was.

    The desk is told by a task, and has to tell a patient who knows of the date. Raises DomainError without a reason or
    without a date, or when another than ``seen`` stands.
    """
    if not reason.strip():
        raise DomainError("Indiquez pourquoi.", field="reason")
    at = at or timezone.now()
    lock_file(request.pathway_id)
    locked = running(request, seen)
    fallen = unanswer(locked, user=user, at=at)
    create_task(
        pathway=locked.pathway,
        title=f"Date reprise par {locked.addressed_to.name} : {locked.exam_type}, {fallen}"[:200],
        note=f"{sentence(reason.strip()[:200])} Attendre la nouvelle date, ou chercher ailleurs.",
        due_at=at,
        origin=uuid5(locked.uuid, f"taken-back:{at.isoformat()}"),
        author=user,
    )
    sync_promises(pathways_of=[locked.pathway_id], now=at)
    return locked


def unanswer(request: ExamRequest, *, user: User | None, at: datetime, told_how: str | None = None) -> str:
    """A locked request has no date any more and waits for another; returns the date that fell, in words.

    Raises DomainError (code ``not_proposed``) when it had none.
    """
    if request.status != RequestStatus.PROPOSED:
        raise DomainError("Le plateau n’a pas encore proposé de date.", code="not_proposed")
    fallen = said_date(request)
    request.status = RequestStatus.ASKED
    asked.date_falls(request, user=user, at=at, told_how=told_how)
    request.proposed_at, request.place, request.answered_at, request.answered_by = None, "", None, None
    request.save(update_fields=["status", "proposed_at", "place", "answered_at", "answered_by"])
    return fallen


@transaction.atomic
def refuse_request(
    *, request: ExamRequest, reason: str, user: User | None, seen: str | None = None, at: datetime | None = None
) -> ExamRequest:
    """The platform cannot do it, for a reason: the desk looks elsewhere. The request of the exam stands in the file.

    Raises DomainError without a reason, or when it is no more the version ``seen``.
    """
    at = at or timezone.now()
    lock_file(request.pathway_id)
    ended = running(request, seen)
    asked.end(ended, RequestStatus.REFUSED, reason, user=user, at=at)
    create_task(
        pathway=ended.pathway,
        title=f"Demande refusée par {ended.addressed_to.name} : trouver une autre place ({ended.exam_type})"[:200],
        note=ended.reason,
        due_at=at,
        origin=uuid5(ended.uuid, "refused"),
        author=user,
    )
    return ended


def warn_of_promises(*, now: datetime) -> int:
    """A task for the desk when a platform is about to break its promise; returns how many were made.

    Nobody is called for a closed pathway, nor for one paused without an end: the patient is not expected.
    """
    soon = ExamRequest.objects.asked().filter(promised_at__lte=now + LONGEST_NOTICE).with_list_data()
    endless = Pause.objects.counted().filter(
        pathway=OuterRef("pathway"), ends_on__isnull=True, starts_on__lte=timezone.localdate(now)
    )
    soon = soon.filter(pathway__status=PathwayStatus.ACTIVE).exclude(Exists(endless))
    return sum(_warn(request, now) for request in soon.order_by("promised_at", "pk"))


@transaction.atomic
def _warn(request: ExamRequest, now: datetime) -> int:
    origin = promise_origin(request.uuid)
    if request.promised_at is None or Task.objects.filter(origin=origin).exists():
        return 0
    if before(request.promised_at, WARNING, calendar_of(request.addressed_to.establishment)) > now:
        return 0
    if not ExamRequest.objects.asked().filter(pk=request.pk).select_for_update(of=("self",)).exists():
        return 0
    with clock_of(request.addressed_to):
        promised = moment(request.promised_at, timezone.localdate(now))
    create_task(
        pathway=request.pathway,
        title=f"Relancer {request.addressed_to.name} : {request.exam_type}, réponse promise avant {promised}"[:200],
        due_at=now,
        origin=origin,
    )
    return 1


def _refuse_busy(request: ExamRequest, starts_at: datetime) -> None:
    """The patient is expected nowhere else then, neither in a slot nor at another platform."""
    ends_at = starts_at + USUAL_LENGTH
    patient = request.pathway.patient_id
    taken = Booking.objects.standing().filter(patient=patient, slot__starts_at__lt=ends_at, slot__ends_at__gt=starts_at)
    booked = taken.select_related("slot__exam_type").first()
    dated = ExamRequest.objects.filter(pathway__patient=patient).exclude(pk=request.pk)
    other = booked.slot if booked else dated.at_hours(starts_at, ends_at).first()
    if other:
        raise DomainError(
            f"Le patient a déjà un rendez-vous à cette heure : {other.exam_type}.",
            field="starts_at", code="patient_busy",
        )  # fmt: skip
