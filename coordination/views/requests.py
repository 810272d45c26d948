"""An exam asked of a platform outside its slots (SLT-06): what is promised first, a date or a refusal; how the desk
follows it until the exam, or gives it up."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time
from functools import partial
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from coordination import services
from coordination.forms.requests import GiveUpForm, ProposeDateForm, RefuseRequestForm, TakeBackForm, ToldForm
from coordination.links import file_url
from coordination.models import ExamRequest
from coordination.perms import may_book, reads_slots, runs_platform
from coordination.services.asked import is_over, said_now
from coordination.views.shared import back_url, insist, log_team_reads, user_of
from directory.days import wall_instant
from directory.errors import DomainError
from directory.models import Role
from directory.perms import allow, works_at_desk
from pathways.access import open_file
from pathways.forms.fields import refuse

MOST_LISTED = 200
NOT_SUITED, NOT_ASKED = "Pourquoi cette date ne convient pas", "Pourquoi la demande est retirée"


@require_safe
@allow(runs_platform)
def exam_requests(request: HttpRequest) -> HttpResponse:
    """Requests without an answer, the nearest promise first, then those whose date is to come."""
    return _page(request)


def _page(request: HttpRequest, refused: ExamRequest | None = None, **forms: forms.Form) -> HttpResponse:
    user, now = user_of(request), timezone.now()
    rows = list(_mine(request).running().with_list_data().order_by("promised_at", "asked_at", "pk")[:MOST_LISTED])
    log_team_reads(request, {each.pathway.patient.uuid for each in rows}, "Demandes d’examen")
    lines = [_line(each, now, forms if refused and each.pk == refused.pk else {}) for each in rows]
    platforms = [each.team for each in user.current_memberships if each.role == Role.PLATFORM]
    context = {
        "asked": [each for each in lines if each["request_"].status == "asked"],
        "proposed": [each for each in lines if each["request_"].status == "proposed"],
        "teams": sorted({str(team) for team in platforms}),
    }
    with timezone.override(ZoneInfo(platforms[0].establishment.time_zone)):
        return render(request, "coordination/exam_requests.html", context, status=422 if refused else 200)


def _line(found: ExamRequest, now: datetime, given: dict[str, Any]) -> dict[str, Any]:
    return {
        "request_": found,
        "late": bool(found.promised_at and found.promised_at < now and found.status == "asked"),
        "propose": given.get("propose") or ProposeDateForm(auto_id=f"p-{found.uuid}-%s"),
        "refuse": given.get("refuse") or RefuseRequestForm(auto_id=f"r-{found.uuid}-%s"),
        "take_back": given.get("take_back") or TakeBackForm(auto_id=f"t-{found.uuid}-%s"),
        "begun": bool(found.proposed_at and found.proposed_at <= now),
        "opened": bool(given),
    }


@require_POST
@allow(runs_platform)
def exam_request_propose(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Answers with a date."""
    found, form = _find(request, uuid), ProposeDateForm(request.POST, auto_id=f"p-{uuid}-%s")

    def act(day: date, hour: time, place: str) -> None:
        starts_at = wall_instant(day, hour, ZoneInfo(found.addressed_to.establishment.time_zone))
        services.propose_date(
            request=found, starts_at=starts_at, place=place, user=user_of(request), seen=_seen(request)
        )

    return _answer(request, found, act, "Date proposée : la coordination prévient le patient.", propose=form)


@require_POST
@allow(runs_platform)
def exam_request_refuse(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Says that it cannot be done, and why."""
    found, form = _find(request, uuid), RefuseRequestForm(request.POST, auto_id=f"r-{uuid}-%s")
    act = partial(services.refuse_request, request=found, user=user_of(request), seen=_seen(request))
    return _answer(request, found, act, "Refus transmis : la coordination cherche une autre place.", refuse=form)


@require_POST
@allow(runs_platform)
def exam_request_take_back(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """The date given cannot be kept, and why: another will follow."""
    found, form = _find(request, uuid), TakeBackForm(request.POST, auto_id=f"t-{uuid}-%s")
    act = partial(services.take_back_date, request=found, user=user_of(request), seen=_seen(request))
    said = "Date reprise, la coordination est prévenue : proposez-en une autre."
    return _answer(request, found, act, said, take_back=form)


def _seen(request: HttpRequest) -> str | None:
    """The version that the page showed."""
    return request.POST.get("seen")


def _answer(
    request: HttpRequest, found: ExamRequest, act: Callable[..., object], said: str, **answer: forms.Form
) -> HttpResponse:
    """What the platform answers: ``act`` with the fields of its one form; refused, the page again with what was typed,
    under the form's name there."""
    (form,) = answer.values()
    if form.is_valid():
        try:
            act(**form.cleaned_data)
        except DomainError as error:
            refuse(form, error, {"starts_at": "day"})
        else:
            messages.success(request, said)
            return redirect("coordination:exam-requests")
    return _page(request, found, **answer)


@require_POST
@allow(reads_slots)
def exam_request_done(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """The exam took place: said by its platform, or by the desk."""
    user = user_of(request)
    found = get_object_or_404(ExamRequest.objects.visible_to(user).with_list_data(), uuid=uuid)
    there = found.addressed_to_id in user.teams_as(Role.PLATFORM)
    insist(there or may_book(user, found.pathway))
    try:
        services.close_request(request=found, user=user)
    except DomainError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, "Examen réalisé : c’est noté dans le dossier.")
    if there:
        return redirect(back_url(request, "coordination:exam-requests"))
    return redirect("coordination:exam-request", uuid=uuid)


@require_safe
@allow(works_at_desk)
def exam_request(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """One exam asked of a platform, as its desk follows it."""
    found = _followed(request, uuid)
    open_file(request, found.pathway, "Demande d’examen")
    return _followed_page(request, found)


def _followed(request: HttpRequest, uuid: UUID) -> ExamRequest:
    """The request, for those who book for its pathway; 404 for a stranger."""
    rows = ExamRequest.objects.visible_to(user_of(request)).with_list_data()
    found = get_object_or_404(rows.select_related("told_by__professional", "answered_by__professional"), uuid=uuid)
    insist(may_book(user_of(request), found.pathway))
    return found


def _followed_page(request: HttpRequest, found: ExamRequest, status: int = 200, **given: forms.Form) -> HttpResponse:
    now = timezone.now()
    known = _known(found, now)
    context = {
        "asked": found,
        "pathway": found.pathway,
        "file_url": file_url(found.pathway),
        "to_tell": ExamRequest.objects.to_tell(now).filter(pk=found.pk).exists(),
        "known": known,
        "running": found.status in ("asked", "proposed"),
        "begun": bool(found.proposed_at and found.proposed_at <= now),
        "over": is_over(found, now),
        "late": bool(found.status == "asked" and found.promised_at and found.promised_at < now),
        "told": given.get("told") or ToldForm(auto_id="told-%s"),
        "decline": given.get("decline") or GiveUpForm(auto_id="decline-%s", why=NOT_SUITED, known=known),
        "withdraw": given.get("withdraw") or GiveUpForm(auto_id="withdraw-%s", why=NOT_ASKED, known=known),
        "opened": next(iter(given), ""),
        "refused": [error for form in given.values() for error in form.non_field_errors()],
    }
    with timezone.override(ZoneInfo(found.addressed_to.establishment.time_zone)):
        return render(request, "coordination/exam_request.html", context, status=status)


def _known(found: ExamRequest, now: datetime) -> bool:
    """The patient knows of a date to come."""
    return found.known_at is not None and found.known_at > now


@require_POST
@allow(works_at_desk)
def exam_request_told(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """The patient knows the date, or that it fell, and how they were told."""
    found, form = _followed(request, uuid), ToldForm(request.POST, auto_id="told-%s")
    if form.is_valid():
        try:
            made = services.confirm_date(
                request=found, how=form.cleaned_data["how"], user=user_of(request), seen=_seen(request)
            )
        except DomainError as error:
            refuse(form, error)
        else:
            _say_told(request, made)
            return redirect(back_url(request, "coordination:exam-request", uuid))
    return _followed_page(request, found, 422, told=form)


def _say_told(request: HttpRequest, made: ExamRequest) -> None:
    if made.to_tell_since is None:
        messages.success(request, "Noté : le patient est prévenu.")
    else:
        words = f"C’est noté, mais la demande a changé pendant ce temps : {said_now(made)}. Rappelez le patient."
        messages.warning(request, words)


@require_POST
@allow(works_at_desk)
def exam_request_decline(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """The date does not suit: the platform is asked for another."""
    found = _followed(request, uuid)
    form = GiveUpForm(request.POST, auto_id="decline-%s", why=NOT_SUITED, known=_known(found, timezone.now()))
    if form.is_valid():
        data = form.cleaned_data
        try:
            services.decline_date(
                request=found, reason=data["reason"], told_how=data.get("told_how") or None, user=user_of(request),
                seen=_seen(request),
            )  # fmt: skip
        except DomainError as error:
            refuse(form, error)
        else:
            messages.success(request, "Autre date demandée au plateau.")
            return redirect("coordination:exam-request", uuid=uuid)
    return _followed_page(request, found, 422, decline=form)


@require_POST
@allow(works_at_desk)
def exam_request_withdraw(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """The exam is asked no more, for a reason; it may be asked or booked again."""
    found = _followed(request, uuid)
    form = GiveUpForm(request.POST, auto_id="withdraw-%s", why=NOT_ASKED, known=_known(found, timezone.now()))
    if form.is_valid():
        data = form.cleaned_data
        try:
            services.cancel_request(
                request=found, reason=data["reason"], told_how=data.get("told_how") or None, user=user_of(request),
                seen=_seen(request),
            )  # fmt: skip
        except DomainError as error:
            refuse(form, error)
        else:
            messages.success(request, "Demande retirée, plateau prévenu.")
            return redirect("coordination:exam-request", uuid=uuid)
    return _followed_page(request, found, 422, withdraw=form)


def _mine(request: HttpRequest) -> Any:
    return ExamRequest.objects.filter(addressed_to__in=user_of(request).teams_as(Role.PLATFORM))


def _find(request: HttpRequest, uuid: UUID) -> ExamRequest:
    found: ExamRequest = get_object_or_404(_mine(request).with_list_data(), uuid=uuid)
    return found
