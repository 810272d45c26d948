"""Exams asked of a platform that keeps no slot for them: it answers with a date, within an agreed delay (SLT-06)."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID, uuid4, uuid5

from django.db import IntegrityError, transaction
from django.utils import timezone

from coordination.models import Booking, Channel, ExamRequest, ExamType, PolicyMode, RequestStatus, Task
from coordination.services.appointments import clock_of, record_request
from coordination.services.new_tasks import create_task
from coordination.services.notices import tell_gp_of_appointments
from coordination.services.platform_post import tell_platform_asked, tell_platform_not_asked
from coordination.services.promises import WARNING, sync_promises
from coordination.services.seats import lock_file, refuse_wrong_step
from coordination.services.tasks import cancel_task, complete_task
from directory.errors import DomainError
from directory.models import Team, User
from directory.typography import moment
from pathways.models import AppointmentStatus, MilestoneSource, Pathway
from pathways.rules.clock import Duration, add, before
from pathways.services import calendar_of, record_milestone, write_appointment

USUAL_LENGTH = timedelta(minutes=30)
"""How long the appointment is taken to last: a platform that answers gives its beginning."""
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
    unreadable delay, or an exam asked already for that step (code ``already_asked``).
    """
    locked = lock_file(pathway.pk)
    known = ExamRequest.objects.filter(request_key=request_key).first() if request_key else None
    if known:
        if known.pathway_id != locked.pk:
            raise DomainError("Cette demande a déjà servi : rechargez la page.", code="reused_key")
        return known
    _refuse_wrong_request(locked, exam_type, step_key, mode, question)
    at = at or timezone.now()
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
        promised_at=_promise(at, str(within), addressed_to),
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


def _promise(at: datetime, within: str, platform: Team) -> datetime | None:
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
    need = ExamRequest.objects.running().filter(pathway=pathway, exam_type=exam_type, step_key=step_key)
    if need.exists():
        raise DomainError("Cet examen est déjà demandé pour cette étape.", code="already_asked")


@transaction.atomic
def propose_date(
    *, request: ExamRequest, starts_at: datetime, user: User | None, place: str = "", at: datetime | None = None
) -> ExamRequest:
    """The platform answers with a date: it is written in the patient's file, and the desk has to tell the patient.

    Proposed again, the new date takes the place of the old one. Raises DomainError for a date past, one when the
    patient is expected elsewhere (code ``patient_busy``), or a request that has ended.
    """
    at = at or timezone.now()
    lock_file(request.pathway_id)
    locked = _running(request)
    if starts_at <= at:
        raise DomainError("Proposez une date à venir.", field="starts_at")
    _refuse_busy(locked, starts_at)
    _drop_told(locked, user)
    locked.status, locked.proposed_at, locked.place = RequestStatus.PROPOSED, starts_at, place.strip()[:120]
    locked.answered_at, locked.answered_by = at, user
    locked.told_at, locked.told_by, locked.told_how = None, None, ""
    locked.save()
    _write_in_file(locked, AppointmentStatus.PLANNED)
    _drop_warning(locked, user, "Le plateau a répondu")
    tell_gp_of_appointments(pathway=locked.pathway, at=at)
    create_task(
        pathway=locked.pathway,
        title=f"Prévenir le patient : {locked.exam_type}, {_when(locked)}"[:200],
        due_on=timezone.localdate(at),
        origin=_told_origin(locked),
        author=user,
    )
    sync_promises(pathways_of=[locked.pathway_id], now=at)
    return locked


@transaction.atomic
def confirm_date(*, request: ExamRequest, how: str, user: User | None, at: datetime | None = None) -> ExamRequest:
    """The patient was told of the date, and how: closes the task. Said twice, the first stands."""
    if how not in set(Channel):
        raise DomainError("Dites comment le patient a été prévenu.", field="how")
    lock_file(request.pathway_id)
    locked = _running(request)
    if locked.status != RequestStatus.PROPOSED:
        raise DomainError("Le plateau n’a pas encore proposé de date.", code="not_proposed")
    if locked.told_at:
        return locked
    locked.told_at, locked.told_by, locked.told_how = at or timezone.now(), user, how
    locked.save(update_fields=["told_at", "told_by", "told_how"])
    for task in Task.objects.open().filter(origin=_told_origin(locked)):
        complete_task(task=task, user=user, outcome=f"Patient prévenu : {Channel(how).label.lower()}")
    return locked


@transaction.atomic
def refuse_request(*, request: ExamRequest, reason: str, user: User | None, at: datetime | None = None) -> ExamRequest:
    """The platform cannot do it, for a reason: the desk looks elsewhere. The request of the exam stands in the file."""
    ended = _end(request, RequestStatus.REFUSED, reason, user, at or timezone.now())
    create_task(
        pathway=ended.pathway,
        title=f"Demande refusée par {ended.addressed_to.name} : trouver une autre place ({ended.exam_type})"[:200],
        note=ended.reason,
        due_on=timezone.localdate(),
        origin=uuid5(ended.uuid, "refused"),
        author=user,
    )
    return ended


@transaction.atomic
def cancel_request(*, request: ExamRequest, reason: str, user: User | None, at: datetime | None = None) -> ExamRequest:
    """The desk does not ask any more, for a reason; the platform is told."""
    ended = _end(request, RequestStatus.CANCELLED, reason, user, at or timezone.now())
    tell_platform_not_asked(request=ended)
    return ended


@transaction.atomic
def close_request(*, request: ExamRequest, user: User | None, at: datetime | None = None) -> ExamRequest:
    """The exam took place at the date proposed (or ``at``): its milestone is recorded once."""
    lock_file(request.pathway_id)
    locked = _running(request)
    happened = at or locked.proposed_at
    if happened is None or happened > timezone.now():
        raise DomainError("Cet examen n’a pas encore eu lieu.", code="too_early")
    locked.status = RequestStatus.DONE
    locked.save(update_fields=["status"])
    record_milestone(
        pathway=locked.pathway,
        kind=locked.exam_type.done_as,
        detail=locked.exam_type.code,
        occurred_at=happened,
        author=user,
        source=MilestoneSource.AUTOMATIC,
        site=locked.addressed_to.establishment,
        dedup_key=f"done:{locked.uuid}",
    )
    if locked.proposed_at:
        _write_in_file(locked, AppointmentStatus.DONE)
    _drop_warning(locked, user, "L’examen a eu lieu")
    sync_promises(pathways_of=[locked.pathway_id])
    return locked


def stop_requests(*, pathway: Pathway, reason: str) -> None:
    """Nothing more is asked for a dead patient."""
    for request in ExamRequest.objects.running().filter(pathway=pathway).order_by("pk"):
        cancel_request(request=request, reason=reason, user=None)


def warn_of_promises(*, now: datetime) -> int:
    """A task for the desk when a platform is about to break its promise; returns how many were made."""
    soon = ExamRequest.objects.asked().filter(promised_at__lte=now + LONGEST_NOTICE).with_list_data()
    return sum(_warn(request, now) for request in soon.order_by("promised_at", "pk"))


@transaction.atomic
def _warn(request: ExamRequest, now: datetime) -> int:
    origin = uuid5(request.uuid, "promise")
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
        due_on=timezone.localdate(now),
        origin=origin,
    )
    return 1


def _running(request: ExamRequest) -> ExamRequest:
    rows = ExamRequest.objects.select_for_update(of=("self",)).with_list_data()
    locked = rows.get(pk=request.pk)
    if locked.status not in (RequestStatus.ASKED, RequestStatus.PROPOSED):
        raise DomainError(f"Cette demande est close ({locked.get_status_display().lower()}).", code="ended")
    return locked


def _end(request: ExamRequest, status: str, reason: str, user: User | None, at: datetime) -> ExamRequest:
    if not reason.strip():
        raise DomainError("Indiquez pourquoi.", field="reason")
    pathway = lock_file(request.pathway_id)
    locked = _running(request)
    had_date = locked.proposed_at is not None
    locked.status, locked.reason, locked.answered_at, locked.answered_by = status, reason.strip()[:200], at, user
    locked.save(update_fields=["status", "reason", "answered_at", "answered_by"])
    _drop_told(locked, user)
    _drop_warning(locked, user, "La demande est close")
    if had_date:
        _write_in_file(locked, AppointmentStatus.CANCELLED)
        tell_gp_of_appointments(pathway=pathway, at=at)
        if locked.told_at and locked.proposed_at and locked.proposed_at > at and not pathway.patient.deceased_on:
            create_task(
                pathway=pathway,
                title=f"Prévenir le patient : {locked.exam_type} du {_when(locked)} annulé"[:200],
                due_on=timezone.localdate(at),
                origin=uuid5(locked.uuid, "tell-ended"),
                author=user,
            )
    sync_promises(pathways_of=[pathway.pk], now=at)
    return locked


def _refuse_busy(request: ExamRequest, starts_at: datetime) -> None:
    ends_at = starts_at + USUAL_LENGTH
    taken = Booking.objects.standing().filter(
        patient=request.pathway.patient_id, slot__starts_at__lt=ends_at, slot__ends_at__gt=starts_at
    )
    other = taken.select_related("slot__exam_type").first()
    if other:
        raise DomainError(
            f"Le patient a déjà un rendez-vous à cette heure : {other.slot.exam_type}.",
            field="starts_at", code="patient_busy",
        )  # fmt: skip


def _write_in_file(request: ExamRequest, status: str) -> None:
    assert request.proposed_at is not None  # the callers have looked
    platform = request.addressed_to
    write_appointment(
        pathway=request.pathway,
        origin=request.uuid,
        label=request.exam_type.label,
        exam_code=request.exam_type.code,
        starts_at=request.proposed_at,
        ends_at=request.proposed_at + USUAL_LENGTH,
        place=request.place or f"{platform.name}, {platform.establishment}",
        preparation=request.exam_type.preparation,
        status=status,
    )


def _when(request: ExamRequest) -> str:
    assert request.proposed_at is not None  # the callers have looked
    with clock_of(request.addressed_to):
        return moment(request.proposed_at, timezone.localdate())


def _told_origin(request: ExamRequest) -> UUID:
    """One task for each date proposed."""
    return uuid5(request.uuid, f"tell:{request.proposed_at}")


def _drop_told(request: ExamRequest, user: User | None) -> None:
    if request.proposed_at:
        for task in Task.objects.open().filter(origin=_told_origin(request)):
            cancel_task(task=task, user=user, reason="Date changée")


def _drop_warning(request: ExamRequest, user: User | None, why: str) -> None:
    for task in Task.objects.open().filter(origin=uuid5(request.uuid, "promise")):
        complete_task(task=task, user=None, outcome=why)
