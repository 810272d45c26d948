"""Who is there: one click per person, live quorum."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from directory.errors import DomainError
from directory.models import Professional
from directory.perms import allow
from rcp import services
from rcp.models import Attendance
from rcp.perms import attends_meetings
from rcp.views.cases import presence_response
from rcp.views.common import meeting_case_or_404, posted_uuid, session_or_404, tell_refusal, user_of
from rcp.views.sessions import board_response

MOST_FOUND = 8


@require_POST
@allow(attends_meetings)
def attend(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Someone is there, in the room or at a distance, or was not after all (``mode=none``)."""
    found = session_or_404(request, uuid)
    person = get_object_or_404(Professional, uuid=posted_uuid(request, "professional"))
    mode = request.POST.get("mode", "")
    try:
        if mode == "none":
            attendance = Attendance.objects.filter(session=found, professional=person).first()
            if attendance:
                services.leave(attendance=attendance)
        else:
            services.attend(session=found, professional=person, mode=mode)
    except DomainError as error:
        tell_refusal(request, error)
    return board_response(request, found, presence_open=True)


@allow(attends_meetings)
def professionals(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Professionals of the directory by name, to add one who is not a member of the series."""
    found = session_or_404(request, uuid)
    words = request.GET.get("q", "").strip()
    people = Professional.objects.search(words).exclude(attendances__session=found)[:MOST_FOUND] if words else []
    context = {"session": found, "people": people, "words": words}
    name = "rcp/professionals.html#results" if request.htmx else "rcp/professionals.html"  # type: ignore[attr-defined]
    return render(request, name, context)


@require_POST
@allow(attends_meetings)
def absence(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """A participant is not there for this case, or is again."""
    case = meeting_case_or_404(request, uuid)
    attendance = get_object_or_404(case.session.attendances, uuid=posted_uuid(request, "attendance"))
    try:
        services.set_absent(case=case, attendance=attendance, absent=request.POST.get("absent") == "1")
    except DomainError as error:
        tell_refusal(request, error)
    return presence_response(request, case)


@require_POST
@allow(attends_meetings)
def review_quorum(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Computes again the quorum of opinions given before the attendance was complete."""
    found = session_or_404(request, uuid)
    try:
        changed = services.review_quorum(session=found, author=user_of(request))
    except DomainError as error:
        tell_refusal(request, error)
    else:
        messages.success(request, f"Quorum recalculé : {changed} avis changé{'s' if changed > 1 else ''}.")
    return redirect("rcp:session", uuid=uuid)
