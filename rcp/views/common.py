"""What the views of this room share."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import structlog
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest
from django.shortcuts import get_object_or_404
from django.urls import NoReverseMatch, reverse

from directory.errors import DomainError
from directory.models import User
from pathways.models import Patient
from rcp import services
from rcp.models import RcpCase, RcpSession
from rcp.perms import attends_meetings


def user_of(request: HttpRequest) -> User:
    """The logged-in user; views without `login_not_required` always have one."""
    assert isinstance(request.user, User)
    return request.user


def session_or_404(request: HttpRequest, uuid: UUID) -> RcpSession:
    """A session the user may attend, with what every page needs of it."""
    sessions = RcpSession.objects.visible_to(user_of(request)).with_case_total()
    return get_object_or_404(sessions.select_related("series__team__establishment"), uuid=uuid)


def case_or_404(request: HttpRequest, uuid: UUID) -> RcpCase:
    """A case the user may read, with what every page needs of it."""
    cases = RcpCase.objects.visible_to(user_of(request)).with_agenda_data()
    return get_object_or_404(cases, uuid=uuid)


def meeting_case_or_404(request: HttpRequest, uuid: UUID) -> RcpCase:
    """A case of a session the user attends: reading a patient's pathway is not sitting at the meeting."""
    case = case_or_404(request, uuid)
    if not sits_at(user_of(request), case):
        raise PermissionDenied
    return case


def sits_at(user: User, case: RcpCase) -> bool:
    """True when the user attends the session of the case."""
    return RcpSession.objects.visible_to(user).filter(pk=case.session_id).exists()


def posted_uuid(request: HttpRequest, name: str) -> UUID:
    """A public id sent by a form; 404 when it is none."""
    try:
        return UUID(request.POST.get(name, ""))
    except ValueError as error:
        raise Http404 from error


def log_read(request: HttpRequest, cases: list[RcpCase], what: str) -> None:
    """Writes in the access log that the files of these cases were read."""
    services.record_agenda_read(
        user=user_of(request),
        cases=cases,
        what=what,
        ip_address=request.META.get("REMOTE_ADDR"),
        request_id=str(structlog.contextvars.get_contextvars().get("request_id", "")),
    )


def tell_refusal(request: HttpRequest, error: DomainError) -> None:
    """A refusal of the domain as a message on the next page."""
    messages.error(request, error.message)


def conducts(user: User) -> bool:
    """Takes the attendance, orders the agenda: everyone who attends may (the one who holds the pen changes)."""
    return attends_meetings(user)


def pathway_url(case: RcpCase) -> str:
    """The patient's pathway page, "" while there is none."""
    try:
        return reverse("pathways:detail", args=[case.pathway.uuid])
    except NoReverseMatch:
        return ""


_INS_TONES = {"QUAL": "ok", "VALI": "info", "RECUP": "info", "PROV": "soon"}


def banner(patient: Patient, url: str = "") -> dict[str, Any]:
    """The identity banner of `components/identity_banner.html`."""
    return {
        "birth_name": patient.birth_name,
        "first_names": patient.given_names or patient.first_name,
        "used_name": patient.used_name,
        "used_first_name": patient.used_first_name,
        "sex_label": patient.get_sex_display(),
        "birth_date": patient.birth_date,
        "birth_place": patient.birth_place_code,
        "ins_label": patient.get_identity_status_display(),
        "ins_tone": _INS_TONES.get(patient.identity_status, "neutral"),
        "file_number": patient.file_number,
        "phone": patient.phone,
        "url": url,
    }
