"""Adding a task: from the patient's page, from a row, or from anywhere by choosing the patient first."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from coordination import services
from coordination.forms import TaskForm
from coordination.perms import may_contact, reads_tasks
from coordination.querysets.worklist import named
from coordination.readings.new_task import from_fact, from_step, proposals_of
from coordination.views.panel import panel_fragment, panel_refused, task_form
from coordination.views.shared import CHANGED, answer, find_pathway, insist, user_of
from directory.errors import DomainError
from directory.models import User
from directory.paths import own_path
from directory.perms import allow
from pathways.access import open_file
from pathways.models import Pathway
from pathways.querysets import READS_TEAM

SHOWN = 20


@require_http_methods(["GET", "HEAD", "POST"])
@allow(reads_tasks)
def new(request: HttpRequest) -> HttpResponse:
    """For which patient? POST changes nothing: it is how words are searched, which never stand in an address."""
    words = request.POST.get("q", "").replace("\0", "").strip()[:100]
    found = []
    if words:
        theirs = Pathway.objects.active().filter(team__in=user_of(request).teams_as(*READS_TEAM))
        found = list(named(theirs, words).with_list_data().defer("version__definition")[: SHOWN + 1])
    context = {"words": words, "found": found[:SHOWN], "many": len(found) > SHOWN}
    return render(request, "coordination/task_new.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@allow(reads_tasks)
def add(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """A task for this patient; `etape` or `jalon` in the address starts from a step or from a fact."""
    pathway = find_pathway(request, uuid)
    insist(may_contact(user_of(request), pathway))
    if request.method == "POST":
        return _add(request, pathway)
    open_file(request, pathway, "Nouvelle tâche")
    initial = from_step(pathway, request.GET.get("etape", "")) or from_fact(pathway, request.GET.get("jalon", ""))
    form = task_form(pathway, user_of(request), **initial)
    return _page(request, pathway, form, request.GET)


def _add(request: HttpRequest, pathway: Pathway) -> HttpResponse:
    user = user_of(request)
    form = task_form(pathway, user, request.POST)
    if form.is_valid():
        try:
            said = _make(pathway, form, user)
        except DomainError as error:
            field = "due_on" if error.field == "starts_on" else error.field
            form.add_error(field if field in form.fields else None, error.message)
        else:
            return answer(
                request,
                lambda: panel_fragment(request, pathway),
                said,
                default="coordination:pathway-panel",
                args=(pathway.uuid,),
                events=(CHANGED,),
            )
    if request.POST.get("from") == "panel":
        return panel_refused(request, pathway, refused_task=form, opened="task")
    return _page(request, pathway, form, request.POST, status=422)


def _make(pathway: Pathway, form: TaskForm, user: User) -> str:
    given = form.given()
    if form.comes_back:
        services.repeat_task(pathway=pathway, author=user, **given, **form.rhythm())
        return "Tâche récurrente ajoutée."
    about = form.facts.get(form.cleaned_data["about"])
    services.create_task(pathway=pathway, due_on=form.cleaned_data["due_on"], about=about, author=user, **given)
    return "Tâche ajoutée."


def _page(request: HttpRequest, pathway: Pathway, form: TaskForm, params: Any, *, status: int = 200) -> HttpResponse:
    context = {
        "pathway": pathway,
        "form": form,
        "back": own_path(params.get("back", "")),
        "proposals": proposals_of(pathway),
        "today": timezone.localdate(),
    }
    return render(request, "coordination/task_add.html", context, status=status)
