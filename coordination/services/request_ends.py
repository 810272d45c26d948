"""What the desk does of an exam asked of a platform, and what ends it: the exam itself, a closing, a death."""

from __future__ import annotations

from datetime import date, datetime
from uuid import uuid5

from django.db import transaction
from django.utils import timezone

from coordination.models import Booking, ExamRequest, RequestStatus
from coordination.services import asked
from coordination.services.asked import running
from coordination.services.new_tasks import create_task
from coordination.services.platform_post import tell_platform_declined, tell_platform_not_asked
from coordination.services.promises import sync_promises
from coordination.services.requests import promise_of, unanswer
from coordination.services.seats import lock_file
from directory.errors import DomainError
from directory.joined import joined
from directory.models import User
from pathways.models import AppointmentStatus, Milestone, MilestoneSource, Pathway
from pathways.services import calendar_of, record_milestone


@transaction.atomic
def confirm_date(
    *, request: ExamRequest, how: str, user: User | None, seen: str | None = None, at: datetime | None = None
) -> ExamRequest:
    """The patient was told of the date, or that the one they knew fell, and how: closes the task (PAIN-20).

    Said twice, the first stands. ``seen`` is the version of which they were told: when it is no more, they are known to
    know that one, and what it became is to be told (``to_tell_since`` of what is returned). Raises DomainError for an
    unknown way, or when there is nothing to tell.
    """
    asked.refuse_unknown_way(how)
    at = at or timezone.now()
    lock_file(request.pathway_id)
    locked = ExamRequest.objects.select_for_update(of=("self",)).with_list_data().get(pk=request.pk)
    if seen is not None and seen != locked.version:
        asked.note_told_before(locked, seen=seen, how=how, user=user, at=at)
        return locked
    if locked.to_tell_since is None and locked.told_at:
        return locked
    if not ExamRequest.objects.to_tell(at).filter(pk=locked.pk).exists():
        if locked.status == RequestStatus.ASKED:
            raise DomainError("Le plateau n’a pas encore proposé de date.", code="not_proposed")
        raise DomainError("Il n’y a rien à annoncer au patient pour cette demande.", code="nothing_to_tell")
    asked.note_told(locked, how=how, user=user, at=at)
    return locked


@transaction.atomic
def decline_date(
    *,
    request: ExamRequest,
    reason: str,
    user: User | None,
    told_how: str | None = None,
    seen: str | None = None,
    at: datetime | None = None,
) -> ExamRequest:
    """The date does not suit the patient, for a reason: the platform is asked for another, and its agreed delay runs
    again from now. Raises DomainError without a reason or without a date, or when another than ``seen`` stands."""
    if not reason.strip():
        raise DomainError("Indiquez pourquoi cette date ne convient pas.", field="reason")
    if told_how:
        asked.refuse_unknown_way(told_how)
    at = at or timezone.now()
    lock_file(request.pathway_id)
    locked = running(request, seen)
    date_before = locked.proposed_at
    unanswer(locked, user=user, at=at, told_how=told_how)
    locked.reason = reason.strip()[:200]
    locked.promised_at = promise_of(at, locked.within, locked.addressed_to)
    locked.save(update_fields=["reason", "promised_at"])
    assert date_before is not None  # `unanswer` has looked
    tell_platform_declined(request=locked, date=date_before, at=at)
    sync_promises(pathways_of=[locked.pathway_id], now=at)
    return locked


@transaction.atomic
def cancel_request(
    *,
    request: ExamRequest,
    reason: str,
    user: User | None,
    told_how: str | None = None,
    seen: str | None = None,
    at: datetime | None = None,
) -> ExamRequest:
    """The desk does not ask any more, for a reason; the platform is told, and the patient who knew of a date. Raises
    DomainError without a reason, or when it is no more the version ``seen``."""
    lock_file(request.pathway_id)
    ended = running(request, seen)
    asked.end(ended, RequestStatus.CANCELLED, reason, user=user, at=at or timezone.now(), told_how=told_how)
    tell_platform_not_asked(request=ended)
    return ended


@transaction.atomic
def close_request(*, request: ExamRequest, user: User | None, at: datetime | None = None) -> ExamRequest:
    """The exam took place at the date proposed (or ``at``): its milestone is recorded once."""
    lock_file(request.pathway_id)
    locked = running(request)
    happened = at or locked.proposed_at
    if happened is None or happened > timezone.now():
        raise DomainError("Cet examen n’a pas encore eu lieu.", code="too_early")
    locked.status = RequestStatus.DONE
    locked.save(update_fields=["status"])
    fact = record_milestone(
        pathway=locked.pathway,
        kind=locked.exam_type.done_as,
        detail=locked.exam_type.code,
        occurred_at=happened,
        author=user,
        source=MilestoneSource.AUTOMATIC,
        site=locked.addressed_to.establishment,
        dedup_key=f"done:{locked.uuid}:{timezone.now():%Y%m%d%H%M%S%f}",
    )
    _done(locked, fact)
    return locked


def stop_requests(*, pathway: Pathway, reason: str) -> None:
    """Nothing more is asked for a dead patient, nor on a closed pathway: the platforms are told, and the desk has to
    tell a living patient of the date they know."""
    for request in ExamRequest.objects.running().filter(pathway=pathway).order_by("pk"):
        cancel_request(request=request, reason=reason, user=None)


@joined
def close_requests_by_evidence(*, milestone: Milestone) -> None:
    """The exam was done, whoever wrote it in the file: the request it answers is over, one request for one exam.

    It answers a request of its own pathway asked on that day or before; of several, that whose date is that day, else
    the first asked. What a booking recorded answers only its own step. A fact that does not say which exam answers only
    a request that is alone. A platform that had no date yet, or one to come, is told that it is asked no more.
    """
    if milestone.supersedes_id is not None:  # a correction takes the place of the fact it corrects
        return
    rows = ExamRequest.objects.running().filter(pathway=milestone.pathway_id, exam_type__done_as=milestone.kind)
    if (milestone.dedup_key or "").startswith("done:"):
        rows = rows.filter(step_key__in=_steps_of(milestone))
    if milestone.detail:
        rows = rows.filter(exam_type__code=milestone.detail)
    if not rows.exists():  # nearly always: far cheaper than the rows, locked with all that they name
        return
    found = [
        each
        for each in rows.with_list_data().select_for_update(of=("self",)).order_by("asked_at", "pk")
        if _day(each, each.asked_at) <= _day(each, milestone.occurred_at)
    ]
    if not found or (not milestone.detail and len(found) > 1):
        return
    _done(next((each for each in found if _dated(each, milestone.occurred_at)), found[0]), milestone)


def _steps_of(milestone: Milestone) -> list[str]:
    """The step of the booking that recorded the exam; none when another request did, which closes by itself."""
    recorded_by = (milestone.dedup_key or "").split(":")[1]
    return list(Booking.objects.filter(uuid=recorded_by).values_list("step_key", flat=True))


def _done(request: ExamRequest, fact: Milestone) -> None:
    """Closes a locked request by the exam; a date later than it falls."""
    now = timezone.now()
    request.status, request.evidence = RequestStatus.DONE, fact
    request.save(update_fields=["status", "evidence"])
    asked.drop_warning(request, "L’examen a eu lieu")
    sync_promises(pathways_of=[request.pathway_id], now=now)
    if _came(request):
        asked.write_date(request, AppointmentStatus.DONE)
        asked.nothing_to_tell(request, user=fact.recorded_by)
        return
    request.answered_at = request.answered_at or now
    request.save(update_fields=["answered_at"])
    asked.date_falls(request, user=fact.recorded_by, at=now)
    if fact.dedup_key is None or not fact.dedup_key.startswith(f"done:{request.uuid}"):
        tell_platform_not_asked(request=request)


def _came(request: ExamRequest) -> bool:
    """The exam was done on the date proposed, or after."""
    fact = request.evidence
    assert fact is not None  # the callers have looked
    return request.proposed_at is not None and _day(request, request.proposed_at) <= _day(request, fact.occurred_at)


def _dated(request: ExamRequest, at: datetime) -> bool:
    """The date proposed is that day."""
    return request.proposed_at is not None and _day(request, request.proposed_at) == _day(request, at)


def _day(request: ExamRequest, at: datetime) -> date:
    return calendar_of(request.addressed_to.establishment).local_date(at)


@joined
def reopen_requests(*, milestone: Milestone) -> None:
    """The exam was recorded by error: the request it closed leans on its correction or on another fact, or runs again.

    One whose platform was told that it is asked no more does not run again by itself: the desk is told.
    """
    closed = ExamRequest.objects.filter(evidence=milestone, status=RequestStatus.DONE).with_list_data()
    for request in closed.select_for_update(of=("self",)).order_by("pk"):
        facts = Milestone.objects.in_force().filter(pathway=milestone.pathway_id, kind=milestone.kind)
        facts = facts.filter(detail=milestone.detail).order_by("occurred_at", "pk")
        since = _day(request, request.asked_at)
        other = next((each for each in facts if _day(request, each.occurred_at) >= since), None)
        if other:
            request.evidence = other
            request.save(update_fields=["evidence"])
        else:
            _run_again(request, milestone)


def _run_again(request: ExamRequest, milestone: Milestone) -> None:
    """Takes up a request that an exam had closed, unless its need is served otherwise or its platform was told."""
    came, at = _came(request), timezone.now()
    same = {"pathway": request.pathway_id, "exam_type": request.exam_type_id, "step_key": request.step_key}
    request.evidence = None
    if came and request.pathway.is_active and not ExamRequest.objects.running().filter(**same).exists():
        request.status = RequestStatus.PROPOSED
        request.save(update_fields=["status", "evidence"])
        asked.write_date(request, AppointmentStatus.PLANNED)
        return
    request.status, request.reason = RequestStatus.CANCELLED, "Examen noté par erreur"
    request.save(update_fields=["status", "reason", "evidence"])
    if request.pathway.is_active:
        create_task(
            pathway=request.pathway,
            title=f"Examen noté par erreur : {request.exam_type} n’est plus demandé, à redemander ?"[:200],
            due_at=at,
            origin=uuid5(milestone.uuid, f"asked-no-more:{request.pk}"),
        )
