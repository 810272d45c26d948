"""The weekly review: one patient at a time, several people following, every gesture a plain form."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from coordination import services
from coordination.forms import ReviewActionForm
from coordination.models import ReviewItem, ReviewMeeting
from coordination.perms import follows_reviews
from coordination.readings.meetings import MEETINGS, colleagues_of, sight_of
from coordination.views.shared import insist, open_files, user_of
from coordination.views.worklist import described, desks_of, scope_of
from directory.clock import follow_clock_of
from directory.errors import DomainError
from directory.perms import allow, works_at_desk
from pathways.access import open_file
from pathways.views.identity import identity_of

A_WEEK = timedelta(days=7)


@require_safe
@allow(follows_reviews)
def reviews(request: HttpRequest) -> HttpResponse:
    """The reviews of the user's teams, newest first, with their minutes."""
    found = ReviewMeeting.objects.visible_to(user_of(request)).with_counts().prefetch_related("papers")
    context = {"meetings": found.order_by("-started_at", "-id")[:MEETINGS]}
    return render(request, "coordination/reviews.html", context)


@require_POST
@allow(works_at_desk)
def review_start(request: HttpRequest) -> HttpResponse:
    """Begins the review of a worklist, or joins the one under way."""
    user = user_of(request)
    scope, listed = scope_of(request.POST)
    team = next((each for each in desks_of(user) if str(each.uuid) == request.POST.get("equipe", "")), None)
    insist(team is not None)
    assert team is not None
    try:
        meeting = services.start_review(
            user=user, team=team, listed=listed, scope=scope, summary=described(listed, scope)
        )
    except DomainError as error:
        messages.warning(request, error.message)
        return redirect("coordination:reviews")
    return redirect("coordination:review", meeting.uuid)


@require_safe
@allow(follows_reviews)
def review(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """The patient the review is at (or the one asked for); once closed, what was decided."""
    meeting = _find(request, uuid)
    return _page(request, meeting, _asked(request, meeting))


@require_safe
@allow(follows_reviews)
def review_where(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Where the review is now: asked every five seconds by those who follow. It names nobody."""
    meeting = _find(request, uuid)
    context = {"meeting": meeting, "position": _asked(request, meeting)}
    return render(request, "coordination/_review_where.html", context)


def _asked(request: HttpRequest, meeting: ReviewMeeting) -> int:
    """The place asked for in the address, else where the review is."""
    wanted = request.GET.get("n", "")
    if wanted.isdecimal() and len(wanted) < 4 and 1 <= int(wanted) <= _total(meeting):
        return int(wanted)
    return meeting.position


def _total(meeting: ReviewMeeting) -> int:
    return meeting.total  # type: ignore[attr-defined,no-any-return]


def _page(
    request: HttpRequest, meeting: ReviewMeeting, position: int, form: ReviewActionForm | None = None
) -> HttpResponse:
    if not meeting.is_open:
        return _report(request, meeting)
    now = timezone.now()
    sight = sight_of(meeting, position, now)
    open_file(request, sight.pathway, "Revue d’équipe")
    colleagues = colleagues_of(meeting)
    present = set(meeting.attendances.values_list("user_id", flat=True))
    context = {
        "meeting": meeting,
        "sight": sight,
        "pathway": sight.pathway,
        "row": sight.row,
        "panel": sight.panel,
        "p": identity_of(sight.pathway.patient, url=sight.row.url),
        "position": position,
        "total": _total(meeting),
        "form": form or _form(request, colleagues, now),
        "people": [{"person": each, "present": each.pk in present} for each in colleagues],
        "now": now,
        "today": timezone.localdate(now),
    }
    with timezone.override(ZoneInfo(meeting.team.establishment.time_zone)):
        return render(request, "coordination/review.html", context, status=422 if form else 200)


def _form(request: HttpRequest, colleagues: list[Any], now: datetime) -> ReviewActionForm:
    initial = {"due_on": timezone.localdate(now) + A_WEEK, "owner": str(user_of(request).pk), "key": uuid4()}
    return ReviewActionForm(people=colleagues, initial=initial)


def _report(request: HttpRequest, meeting: ReviewMeeting) -> HttpResponse:
    items = list(meeting.items.with_minutes_data())  # type: ignore[attr-defined]
    open_files(request, [item.pathway for item in items], "Revue d’équipe")
    context = {
        "meeting": meeting,
        "items": items,
        "papers": meeting.papers.order_by("-version"),
        "present": [each.user for each in meeting.attendances.select_related("user__professional")],
    }
    return render(request, "coordination/review_report.html", context)


@require_POST
@allow(follows_reviews)
def review_go(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Moves the review to another patient."""
    wanted = request.POST.get("n", "")
    position = int(wanted) if wanted.isdecimal() and len(wanted) < 4 else 1
    return _do(request, uuid, lambda meeting: services.look_at(meeting=meeting, position=position))


@require_POST
@allow(follows_reviews)
def review_nothing(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Seen, nothing to do: on to the next one."""

    def do(meeting: ReviewMeeting) -> None:
        item = _item(request, meeting)
        services.note_nothing(item=item, user=user_of(request))
        _move_on(meeting, item)

    return _do(request, uuid, do)


@require_POST
@allow(follows_reviews)
def review_action(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Decides an action; stays on the patient, or goes on to the next one."""
    meeting = _find(request, uuid)
    item = _item(request, meeting)
    form = ReviewActionForm(request.POST, people=colleagues_of(meeting))
    if form.is_valid():
        data = form.cleaned_data
        try:
            services.decide_action(
                item=item, user=user_of(request), title=data["title"], owner=form.person(), due_on=data["due_on"],
                key=data["key"],
            )  # fmt: skip
            if "next" in request.POST:
                _move_on(meeting, item)
        except DomainError as error:
            form.add_error(error.field if error.field in form.fields else None, error.message)
        else:
            messages.success(request, "Action enregistrée dans les tâches.")
            return redirect("coordination:review", uuid)
    return _page(request, meeting, item.position, form)


@require_POST
@allow(follows_reviews)
def review_attendance(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Says who is there."""

    def do(meeting: ReviewMeeting) -> None:
        ticked = set(request.POST.getlist("present"))
        present = [each for each in colleagues_of(meeting) if str(each.uuid) in ticked]
        services.note_attendance(meeting=meeting, present=present, others=request.POST.get("others", ""))
        messages.success(request, "Présences enregistrées.")

    return _do(request, uuid, do)


@require_POST
@allow(follows_reviews)
def review_close(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Ends the review; its minutes are being made."""

    def do(meeting: ReviewMeeting) -> None:
        services.close_review(meeting=meeting, user=user_of(request))
        messages.success(request, "Revue close : le compte rendu se prépare.")

    return _do(request, uuid, do)


@require_POST
@allow(follows_reviews)
def review_reopen(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Takes a closed review up again."""

    def do(meeting: ReviewMeeting) -> None:
        services.reopen_review(meeting=meeting, user=user_of(request), reason=request.POST.get("reason", ""))

    return _do(request, uuid, do)


def _do(request: HttpRequest, uuid: UUID, act: Callable[[ReviewMeeting], Any]) -> HttpResponse:
    """One write on one review, then its page."""
    try:
        act(_find(request, uuid))
    except DomainError as error:
        messages.warning(request, error.message)
    return redirect("coordination:review", uuid)


def _move_on(meeting: ReviewMeeting, item: ReviewItem) -> None:
    services.look_at(meeting=meeting, position=item.position + 1)


def _item(request: HttpRequest, meeting: ReviewMeeting) -> ReviewItem:
    """The patient a form speaks of: the place it was shown at, whoever moved the review meanwhile."""
    wanted = request.POST.get("n", "")
    position = int(wanted) if wanted.isdecimal() and len(wanted) < 4 else 0
    item = get_object_or_404(meeting.items.select_related("pathway"), position=position)
    item.meeting = meeting
    return item


def _find(request: HttpRequest, uuid: UUID) -> ReviewMeeting:
    rows = ReviewMeeting.objects.visible_to(user_of(request)).with_counts().select_related("closed_by__professional")
    found = get_object_or_404(rows, uuid=uuid)
    follow_clock_of(found.team.establishment)
    return found
