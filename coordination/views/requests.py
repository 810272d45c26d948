"""What a platform is asked outside its slots (SLT-06): what is promised first, a date or a refusal."""

from __future__ import annotations

from datetime import datetime
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
from coordination.forms.requests import ProposeDateForm, RefuseRequestForm
from coordination.models import ExamRequest
from coordination.perms import runs_platform
from coordination.views.shared import log_team_reads, user_of
from directory.errors import DomainError
from directory.models import Role
from directory.perms import allow
from pathways.forms.fields import refuse

MOST_LISTED = 200


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
        "opened": bool(given),
    }


@require_POST
@allow(runs_platform)
def exam_request_propose(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Answers with a date."""
    found = _find(request, uuid)
    form = ProposeDateForm(request.POST, auto_id=f"p-{uuid}-%s")
    if form.is_valid():
        data = form.cleaned_data
        zone = ZoneInfo(found.addressed_to.establishment.time_zone)
        starts_at = datetime.combine(data["day"], data["hour"], tzinfo=zone)
        try:
            services.propose_date(request=found, starts_at=starts_at, place=data["place"], user=user_of(request))
        except DomainError as error:
            refuse(form, error, {"starts_at": "day"})
        else:
            messages.success(request, "Date proposée : la coordination prévient le patient.")
            return redirect("coordination:exam-requests")
    return _page(request, found, propose=form)


@require_POST
@allow(runs_platform)
def exam_request_refuse(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Says that it cannot be done, and why."""
    found = _find(request, uuid)
    form = RefuseRequestForm(request.POST, auto_id=f"r-{uuid}-%s")
    if form.is_valid():
        try:
            services.refuse_request(request=found, reason=form.cleaned_data["reason"], user=user_of(request))
        except DomainError as error:
            refuse(form, error)
        else:
            messages.success(request, "Refus transmis : la coordination cherche une autre place.")
            return redirect("coordination:exam-requests")
    return _page(request, found, refuse=form)


def _mine(request: HttpRequest) -> Any:
    return ExamRequest.objects.filter(addressed_to__in=user_of(request).teams_as(Role.PLATFORM))


def _find(request: HttpRequest, uuid: UUID) -> ExamRequest:
    found: ExamRequest = get_object_or_404(_mine(request).with_list_data(), uuid=uuid)
    return found
