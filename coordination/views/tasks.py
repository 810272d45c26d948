"""Tasks: mine, the pool's, the team's; taken, done, cancelled, added by hand."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any
from uuid import UUID

from django.core.paginator import Paginator
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from coordination import services
from coordination.forms import TaskForm
from coordination.models import Task
from coordination.perms import may_contact, may_handle, reads_tasks
from coordination.querysets import TaskQuerySet
from coordination.views.panel import panel_fragment, panel_refused
from coordination.views.shared import answer, find_pathway, insist, is_htmx, user_of
from directory.errors import DomainError
from directory.models import User
from directory.perms import allow
from pathways.querysets import READS_TEAM

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
    theirs = Task.objects.visible_to(user).of_teams(user.teams_as(*READS_TEAM))
    rows = _chosen(theirs, chosen, user, today if due_only else None)
    page = Paginator(rows.with_list_data(), PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "tabs": _tabs(theirs, user, today, chosen, due_only),
        "chosen": chosen,
        "due_only": due_only,
        "today": today,
        "back": request.get_full_path(),
        "my_teams": {membership.team_id for membership in user.current_memberships},
    }
    template = "coordination/tasks.html"
    return render(request, f"{template}#list" if is_htmx(request) else template, context)


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
            MINE: Count("pk", filter=opened & Q(owner=user)),
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


def _act(request: HttpRequest, uuid: UUID, action: Callable[[Task, User], Task], said: str) -> HttpResponse:
    """One write on one task the user may see and whose team they are of; its row, or the panel, comes back."""
    user = user_of(request)
    task = get_object_or_404(Task.objects.visible_to(user).with_list_data(), uuid=uuid)
    insist(may_handle(user, task))
    try:
        action(task, user)
    except DomainError as error:
        return answer(
            request, lambda: _fragment(request, task), error.message, tone="late", default="coordination:tasks"
        )
    return answer(request, lambda: _fragment(request, task), said, default="coordination:tasks")


def _fragment(request: HttpRequest, task: Task) -> HttpResponse:
    if request.POST.get("from") == "panel":
        return panel_fragment(request, task.pathway)
    fresh = Task.objects.with_list_data().get(pk=task.pk)
    user = user_of(request)
    context = {
        "task": fresh,
        "today": timezone.localdate(),
        "back": request.POST.get("back", ""),
        "my_teams": {membership.team_id for membership in user.current_memberships},
        "fresh": True,
    }
    return render(request, "coordination/tasks.html#row", context)


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
        request, uuid, lambda task, user: services.give_back_task(task=task, user=user), "Tâche rendue à l’équipe."
    )


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
    )


@require_POST
@allow(reads_tasks)
def add(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Adds a task by hand from a pathway's panel."""
    user, pathway = user_of(request), find_pathway(request, uuid)
    insist(may_contact(user, pathway))
    form = TaskForm(request.POST, pathway=pathway, user=user)
    if form.is_valid():
        data = form.cleaned_data
        try:
            services.create_task(
                pathway=pathway,
                title=data["title"],
                due_on=data["due_on"],
                note=data["note"],
                closes_on=data["closes_on"],
                owner=user if data.get("mine") else None,
                author=user,
            )
        except DomainError as error:
            form.add_error(error.field if error.field in form.fields else None, error.message)
        else:
            return answer(
                request,
                lambda: panel_fragment(request, pathway),
                "Tâche ajoutée.",
                default="coordination:pathway-panel",
                args=(pathway.uuid,),
            )
    return panel_refused(request, pathway, task_form=form, opened="task")
