"""Papers of the desk: asked for, watched while a worker makes them, read."""

from __future__ import annotations

from uuid import UUID

from csp.decorators import csp_exempt
from django.contrib import messages
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from coordination import services
from coordination.models import DeskPaper, PaperKind, PaperStatus
from coordination.perms import follows_reviews
from coordination.views.shared import is_htmx, log_team_reads, user_of
from coordination.views.worklist import described, scope_of
from directory.errors import DomainError
from directory.perms import allow, works_at_desk


@require_POST
@allow(works_at_desk)
def daily_list(request: HttpRequest) -> HttpResponse:
    """Asks for the worklist on screen as a paper, for the day the network is down."""
    scope, listed = scope_of(request.POST)
    title = f"Liste du jour : {described(listed, scope)}"
    paper = services.request_daily_list(user=user_of(request), title=title, listed=listed, scope=scope)
    return redirect("coordination:paper", paper.uuid)


@require_safe
@allow(follows_reviews)
def paper(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Where a paper stands; asked again every two seconds while it is being made. It names nobody."""
    found = _find(request, uuid)
    template = "coordination/paper.html#state" if is_htmx(request) else "coordination/paper.html"
    return render(request, template, {"paper": found})


@csp_exempt()  # a fixed type with nosniff, never a page: a policy here only breaks the browsers' PDF readers
@require_safe
@allow(follows_reviews)
def paper_file(request: HttpRequest, uuid: UUID) -> HttpResponse | FileResponse:
    """The file itself; each patient in it is written in the access log. 404 while it is not ready."""
    found = _find(request, uuid)
    if found.status != PaperStatus.READY:
        raise Http404
    try:
        content = found.file.open("rb")
    except FileNotFoundError as error:
        raise Http404 from error
    what = "Liste du jour (PDF)" if found.kind == PaperKind.DAILY else "Compte rendu de revue (PDF)"
    log_team_reads(request, found.patients, what)
    response = FileResponse(content, content_type="application/pdf", filename=file_name(found), as_attachment=False)
    response["X-Content-Type-Options"] = "nosniff"
    return response


@require_POST
@allow(follows_reviews)
def paper_retry(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Takes up a failed paper again."""
    found = _find(request, uuid)
    try:
        services.retry_paper(paper=found)
    except DomainError as error:
        messages.warning(request, error.message)
    return redirect("coordination:paper", uuid)


def file_name(found: DeskPaper) -> str:
    """A name without identity: Liste-2026-11-23.pdf, Revue-2026-11-23-v2.pdf."""
    if found.meeting is not None:
        return f"Revue-{timezone.localdate(found.meeting.started_at):%Y-%m-%d}-v{found.version}.pdf"
    return f"Liste-{timezone.localdate(found.requested_at):%Y-%m-%d}.pdf"


def _find(request: HttpRequest, uuid: UUID) -> DeskPaper:
    rows = DeskPaper.objects.visible_to(user_of(request)).select_related("requested_by__professional", "meeting")
    return get_object_or_404(rows, uuid=uuid)
