"""Tasks: mine, the pool's, the team's; taken, given, ticked, done, set aside, and those that come back."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date
from typing import Any
from uuid import UUID

from django.core.paginator import Paginator
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from coordination import services
from coordination.models import Task, TaskItem, TaskSeries
from coordination.perms import may_handle, reads_tasks
from coordination.querysets import TaskQuerySet
from coordination.readings.people import of_the_team
from coordination.rules.recurrence import in_words
from coordination.services.recurrence import rhythm_of
from coordination.views.panel import panel_fragment
from coordination.views.shared import answer, back_url, insist, is_htmx, user_of
from directory.clock import follow_clock_of
from directory.errors import DomainError
from directory.models import User
from directory.perms import allow
from pathways.access import open_file
from pathways.models import Pathway
from pathways.querysets import asked_of

PER_PAGE = 50
MINE, POOL, TEAM, CLOSED = "miennes", "a-prendre", "equipe", "closes"
LISTS = {MINE: "Mes tâches", POOL: "À prendre", TEAM: "Toute l’équipe", CLOSED: "Closes"}


@require_safe
@allow(reads_tasks)
def tasks(request: HttpRequest) -> HttpResponse:
    """The lists of tasks of the user's teams, by due date."""
    user, today = user_of(request), timezone.localdate()
    chosen = request.GET.get("liste", MINE)
    chosen = chosen if chosen in LISTS else MINE
    due_only = request.GET.get("pour") == "aujourdhui" and chosen != CLOSED
    theirs = Task.objects.asked_of_teams(user)
    rows = _chosen(theirs, chosen, user, today if due_only else None)
    page = Paginator(rows.with_list_data(), PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "tabs": _tabs(theirs, user, today, chosen, due_only),
        "chosen": chosen,
        "due_only": due_only,
        "today": today,
        "back": request.get_full_path(),
        **_theirs(user, page.object_list),
    }
    template = "coordination/tasks.html"
    return render(request, f"{template}#list" if is_htmx(request) else template, context)


def _theirs(user: User, rows: Iterable[Task]) -> dict[str, set[int]]:
    """``my_teams`` and, of the patients of ``rows``, those whose file ``user`` reads: a team may be asked to do
    something for a patient it does not follow."""
    teams = {membership.team_id for membership in user.current_memberships}
    others = {task.pathway_id for task in rows if task.pathway.team_id not in teams}
    readable = {task.pathway_id for task in rows} - others
    if others:
        readable |= set(Pathway.objects.filter(pk__in=others).visible_to(user).values_list("pk", flat=True))
    return {"my_teams": teams, "readable": readable}


def _chosen(theirs: TaskQuerySet, name: str, user: User, until: date | None) -> TaskQuerySet:
    """The tasks behind a tab."""
    if name == CLOSED:
        return theirs.closed().order_by("-closed_at", "-id")
    found = {MINE: theirs.of_owner(user), POOL: theirs.pool()}.get(name, theirs.open())
    return (found.due(until) if until else found).by_due()


def _tabs(theirs: TaskQuerySet, user: User, today: date, chosen: str, due_only: bool) -> list[dict[str, Any]]:
    """Tabs with their counts, in one query; a late task is counted in its tab's title."""
    opened = Q(status="open") & (Q(due_on__lte=today) if due_only else Q())
    figures = theirs.aggregate(
        **{
            MINE: Count("pk", filter=opened & asked_of(user, "owner")),
            POOL.replace("-", "_"): Count("pk", filter=opened & Q(owner__isnull=True)),
            TEAM: Count("pk", filter=opened),
        }
    )
    suffix = "&pour=aujourdhui" if due_only else ""
    return [
        {
            "label": label,
            "url": f"?liste={name}{'' if name == CLOSED else suffix}",
            "count": figures.get(name.replace("-", "_")),
            "active": name == chosen,
        }
        for name, label in LISTS.items()
    ]


@require_safe
@allow(reads_tasks)
def task(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """One task with its checklist, its gestures and, when it comes back, its rule."""
    found = _find(request, uuid)
    open_file(request, found.pathway, "Tâche")
    return _page(request, found)


def _find(request: HttpRequest, uuid: UUID) -> Task:
    """The task, on the clock of where its patient is followed."""
    found = get_object_or_404(Task.objects.visible_to(user_of(request)).with_list_data(), uuid=uuid)
    follow_clock_of(found.pathway.team.establishment)
    return found


def _page(request: HttpRequest, found: Task, *, typed: dict[str, Any] | None = None, status: int = 200) -> HttpResponse:
    """The task's page; a refused gesture is told with what was typed."""
    fresh = Task.objects.with_list_data().get(pk=found.pk)
    context = {
        **_row_context(request, fresh, typed),
        "items": list(fresh.items.select_related("done_by__professional")),
        "people": [each for each in of_the_team([fresh.team_id]) if each.pk != fresh.owner_id],
        "rhythm": in_words(rhythm_of(fresh.series)) if fresh.series else "",
        "before": list(fresh.series.occurrences.exclude(pk=fresh.pk).order_by("-number")[:8]) if fresh.series else [],
        "may": may_handle(user_of(request), fresh),
    }
    return render(request, "coordination/task.html", context, status=status)


def _row_context(request: HttpRequest, found: Task, typed: dict[str, Any] | None = None) -> dict[str, Any]:
    return {
        "task": found,
        "today": timezone.localdate(),
        "back": request.POST.get("back", ""),
        **_theirs(user_of(request), [found]),
        "typed": typed,
        "fresh": True,
    }


def _act(
    request: HttpRequest, uuid: UUID, action: Callable[[Task, User], object], said: str, typing: str = ""
) -> HttpResponse:
    """One write on one task the user may see and whose team they are of; its row, its page or the panel comes back.

    ``typing`` names the field that a refusal must give back.
    """
    user, found = user_of(request), _find(request, uuid)
    insist(may_handle(user, found))
    try:
        action(found, user)
    except DomainError as error:
        given = {"name": typing, "value": request.POST.get(typing, ""), "error": error.message, "task": found.pk}
        typed = given if typing else None
        if typed and not is_htmx(request):
            return _page(request, found, typed=typed, status=422)
        return answer(
            request, lambda: _fragment(request, found, typed), error.message, tone="late", default="coordination:tasks"
        )
    return answer(request, lambda: _fragment(request, found), said, default="coordination:tasks")


def _fragment(request: HttpRequest, found: Task, typed: dict[str, Any] | None = None) -> HttpResponse:
    if request.POST.get("from") == "panel":
        return panel_fragment(request, found.pathway, typed=typed)
    fresh = Task.objects.with_list_data().get(pk=found.pk)
    return render(request, "coordination/tasks.html#row", _row_context(request, fresh, typed))


@require_POST
@allow(reads_tasks)
def claim(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Takes a task of the pool."""
    return _act(request, uuid, lambda task, user: services.claim_task(task=task, user=user), "Tâche prise.")


@require_POST
@allow(reads_tasks)
def give_back(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Puts a task back in the pool."""
    return _act(
        request,
        uuid,
        lambda task, user: services.give_back_task(task=_as_shown(request, task), user=user),
        "Tâche rendue à l’équipe.",
    )


@require_POST
@allow(reads_tasks)
def give(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Gives a task to a colleague of its team."""
    return _act(request, uuid, lambda task, user: _give(request, task, user), "Tâche confiée.", "owner")


def _give(request: HttpRequest, task: Task, user: User) -> Task:
    wanted = request.POST.get("owner", "")
    to = next((each for each in of_the_team([task.team_id]) if str(each.uuid) == wanted), None)
    if to is None:
        raise DomainError("Choisissez à qui confier cette tâche.", field="owner")
    return services.give_task(task=_as_shown(request, task), to=to, by=user)


def _as_shown(request: HttpRequest, task: Task) -> Task:
    """The task as the page showed it: its owner of then, so that a colleague who took it since is not overruled."""
    if "seen" not in request.POST:
        return task
    seen = request.POST["seen"]
    if seen != (str(task.owner.uuid) if task.owner else ""):
        task.owner = next((each for each in of_the_team([task.team_id]) if str(each.uuid) == seen), None)
    return task


@require_POST
@allow(reads_tasks)
def complete(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Marks a task done, with its outcome."""
    outcome = request.POST.get("outcome", "")
    return _act(
        request,
        uuid,
        lambda task, user: services.complete_task(task=task, user=user, outcome=outcome),
        "Tâche faite.",
        "outcome",
    )


@require_POST
@allow(reads_tasks)
def cancel(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Cancels a task with its reason."""
    reason = request.POST.get("reason", "")
    return _act(
        request,
        uuid,
        lambda task, user: services.cancel_task(task=task, user=user, reason=reason),
        "Tâche annulée.",
        "reason",
    )


@require_POST
@allow(reads_tasks)
def tick(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Ticks a point of a checklist, or takes the tick back; the list comes back."""
    user = user_of(request)
    item = get_object_or_404(TaskItem.objects.filter(task__in=Task.objects.visible_to(user)), uuid=uuid)
    found = _find(request, item.task.uuid)
    insist(may_handle(user, found))
    try:
        services.tick_item(item=item, user=user, done=request.POST.get("done") == "1")
    except DomainError as error:
        said, tone = error.message, "late"
    else:
        said, tone = "", "ok"
    if is_htmx(request) and not said:
        return _page_part(request, found)
    default = "coordination:task"
    if not said:
        return redirect(back_url(request, default, found.uuid))
    return answer(request, lambda: _page_part(request, found), said, tone=tone, default=default, args=(found.uuid,))


def _page_part(request: HttpRequest, found: Task) -> HttpResponse:
    items = list(found.items.select_related("done_by__professional"))
    context = {"task": found, "items": items, "may": True, "ticked_now": request.resolver_match.kwargs["uuid"]}  # type: ignore[union-attr]
    return render(request, "coordination/task.html#checklist", context)


def _on_series(
    request: HttpRequest, uuid: UUID, action: Callable[[TaskSeries, User], object], said: str
) -> HttpResponse:
    """One write on a rule, from the patient's panel or the page of one of its tasks."""
    user = user_of(request)
    series = get_object_or_404(TaskSeries.objects.visible_to(user).select_related("pathway"), uuid=uuid)
    insist(any(each.team_id == series.team_id for each in user.current_memberships))
    tone = "ok"
    try:
        action(series, user)
    except DomainError as error:
        said, tone = error.message, "late"
    return answer(
        request,
        lambda: panel_fragment(request, series.pathway),
        said,
        tone=tone,
        default="coordination:pathway-panel",
        args=(series.pathway.uuid,),
    )


@require_POST
@allow(reads_tasks)
def series_pause(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Stops a task that comes back for a while."""
    return _on_series(
        request,
        uuid,
        lambda series, user: services.pause_series(series=series, user=user),
        "Tâche récurrente en pause.",
    )


@require_POST
@allow(reads_tasks)
def series_resume(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Takes it up again."""
    return _on_series(
        request,
        uuid,
        lambda series, user: services.resume_series(series=series, user=user),
        "Tâche récurrente reprise.",
    )


@require_POST
@allow(reads_tasks)
def series_stop(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Ends it for good, with a reason."""
    reason = request.POST.get("reason", "")
    return _on_series(
        request,
        uuid,
        lambda series, user: services.stop_series(series=series, user=user, reason=reason),
        "Cette tâche ne reviendra plus.",
    )
