"""The list of sessions, one session's agenda, its order, its closing."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from directory.errors import DomainError
from directory.models import User
from directory.perms import allow, is_quality
from rcp import board as boards
from rcp import services
from rcp.figures import Figures, figures_of
from rcp.forms import ReasonForm
from rcp.models import RcpSeries, RcpSession
from rcp.perms import attends_meetings, is_quality_only, may_decide, runs_session, sees_meetings
from rcp.querysets import RcpSeriesQuerySet
from rcp.rules.occurrences import WEEKS_AHEAD, Occurrence
from rcp.views.common import log_read, meeting_case_or_404, session_or_404, tell_refusal, user_of

PAST_PER_PAGE = 30


@allow(sees_meetings)
def sessions(request: HttpRequest) -> HttpResponse:
    """Coming sessions, or past ones; the quality of the establishment gets counts only, never a file."""
    user, now = user_of(request), timezone.now()
    past = request.GET.get("vue", "passees" if is_quality_only(user) else "") == "passees"
    found = _listed(user).with_list_data()
    if past:
        listed = found.filter(ends_at__lt=now).order_by("-starts_at", "id")
    else:
        listed = found.filter(ends_at__gte=now).order_by("starts_at", "id")
    page = Paginator(listed, PAST_PER_PAGE).get_page(request.GET.get("page"))
    opens = set(RcpSession.objects.visible_to(user).filter(pk__in=[s.pk for s in page]).values_list("pk", flat=True))
    context = {
        "page": page,
        "rows": [{"session": each, "opens": each.pk in opens, "figures": figures_of([each])} for each in page],
        "past": past,
        "now": now,
        "skipped": [] if past else _skipped(user, now),
        "figures": _year(user, now) if past else None,
        "tabs": _tabs(past),
        "is_quality": is_quality_only(user),
    }
    return render(request, "rcp/sessions.html", context)


def _listed(user: User) -> Any:
    """Sessions the user attends, and those whose counts the user follows."""
    series = Q(series__in=RcpSeries.objects.visible_to(user).values("pk"))
    if is_quality(user):
        series |= Q(series__in=RcpSeries.objects.counted_for(user).values("pk"))
    return RcpSession.objects.filter(series)


def _series(user: User) -> RcpSeriesQuerySet:
    own = Q(pk__in=RcpSeries.objects.visible_to(user).values("pk"))
    if is_quality(user):
        own |= Q(pk__in=RcpSeries.objects.counted_for(user).values("pk"))
    return RcpSeries.objects.filter(own).select_related("team__establishment")


def _skipped(user: User, now: datetime) -> list[dict[str, Any]]:
    """Dates without meeting in the coming weeks, and why."""
    today = timezone.localdate(now)
    found: list[tuple[Occurrence, RcpSeries]] = [
        (each, series)
        for series in _series(user).running(today)
        for each in services.planned_dates(series, today, today + timedelta(weeks=WEEKS_AHEAD))
        if each.skipped
    ]
    return [
        {"day": each.day, "why": each.skipped, "series": series}
        for each, series in sorted(found, key=lambda pair: pair[0].day)
    ]


def _year(user: User, now: datetime) -> Figures:
    """The figures of the last twelve months, of all the sessions listed."""
    since = now - timedelta(days=365)
    return figures_of(_listed(user).filter(ends_at__lt=now, starts_at__gte=since).with_list_data())


def _tabs(past: bool) -> list[dict[str, Any]]:
    url = reverse("rcp:sessions")
    return [
        {"label": "À venir", "url": f"{url}?vue=a-venir", "icon": "calendar-event", "active": not past},
        {"label": "Passées", "url": f"{url}?vue=passees", "icon": "history", "active": past},
    ]


@allow(attends_meetings)
def session(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """The agenda of one session: read on one page, ordered, printed."""
    found = session_or_404(request, uuid)
    board = boards.build(found, user_of(request))
    log_read(request, board.named, "Ordre du jour de RCP")
    return render(request, "rcp/session.html", board_context(request, board))


def board_context(request: HttpRequest, board: boards.Board) -> dict[str, Any]:
    """What the page and its fragment show."""
    user, now = user_of(request), timezone.now()
    found = board.session
    return {
        "board": board,
        "session": found,
        "now": now,
        "is_open": found.status in ("planned", "running"),
        "has_begun": now >= found.starts_at or found.status == "running",
        "may_decide": may_decide(user),
        "may_run": runs_session(user, found),
        "report": asdict(services.report([row.case for row in board.rows] + board.off_agenda)),
        "reason_form": ReasonForm(),
    }


def board_response(request: HttpRequest, found: RcpSession, *, presence_open: bool = False) -> HttpResponse:
    """After an act: the fragment for htmx, else back to the page. ``presence_open`` keeps the attendance unfolded."""
    if not request.htmx:  # type: ignore[attr-defined]
        return redirect("rcp:session", uuid=found.uuid)
    fresh = session_or_404(request, found.uuid)
    board = boards.build(fresh, user_of(request))
    context = board_context(request, board) | {"presence_open": presence_open}
    return render(request, "rcp/session.html#board", context)


@require_POST
@allow(attends_meetings)
def move(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Moves a case up or down the agenda."""
    found = meeting_case_or_404(request, uuid)
    try:
        services.move_case(case=found, up=request.POST.get("sens") == "haut")
    except DomainError as error:
        tell_refusal(request, error)
    return board_response(request, found.session)


@require_POST
@allow(attends_meetings)
def close(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Closes the session, or names the files that still wait: the organising team's."""
    found = session_or_404(request, uuid)
    if not runs_session(user_of(request), found):
        messages.error(request, "Seule l’équipe qui organise la RCP peut clore une séance.")
        return redirect("rcp:session", uuid=uuid)
    try:
        done = services.close_session(session=found, author=user_of(request))
    except DomainError as error:
        tell_refusal(request, error)
        return redirect("rcp:session", uuid=uuid)
    answered = done.discussed + done.recorded
    messages.success(request, f"Séance close : {answered} avis, dont {done.to_represent} à représenter.")
    return redirect("rcp:session", uuid=uuid)


@require_POST
@allow(attends_meetings)
def cancel(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Cancels the session and moves its files to the next one: the organising team's."""
    found = session_or_404(request, uuid)
    if not runs_session(user_of(request), found):
        messages.error(request, "Seule l’équipe qui organise la RCP peut annuler une séance.")
        return redirect("rcp:session", uuid=uuid)
    try:
        reason = request.POST.get("reason", "")
        _, moved = services.cancel_session(session=found, reason=reason, author=user_of(request))
    except DomainError as error:
        tell_refusal(request, error)
    else:
        plural = "s" if moved > 1 else ""
        messages.success(request, f"Séance annulée ; {moved} dossier{plural} à la séance suivante.")
    return redirect("rcp:session", uuid=uuid)
