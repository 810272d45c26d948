"""What decisions ask for, until it is done or set aside with a reason."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from directory.errors import DomainError
from directory.paths import own_path
from directory.perms import allow
from rcp import services
from rcp.board import Late, days_late
from rcp.forms import DoneForm, ReasonForm
from rcp.models import FollowUpAction, RcpCase, RcpSeries
from rcp.perms import follows_decisions, follows_pathway
from rcp.views.common import log_read, tell_refusal, user_of

PER_PAGE = 50
# (value of « vue », label, tone, icon)
VIEWS = [
    ("retard", "En retard", "late", "alert-triangle"),
    ("a-venir", "À venir", "info", "calendar-due"),
    ("faites", "Faites", "ok", "circle-check"),
    ("non-suivies", "Non suivies", "soon", "arrow-ramp-right"),
]


@allow(follows_decisions)
def follow_up(request: HttpRequest) -> HttpResponse:
    """Follow-up actions of the decisions the user may read, overdue first."""
    user, today = user_of(request), timezone.localdate()
    series = RcpSeries.objects.visible_to(user)
    wanted_series = _uuid(request.GET.get("rcp"))
    chosen = series.filter(uuid=wanted_series).first() if wanted_series else None
    actions = FollowUpAction.objects.visible_to(user)
    if chosen:
        actions = actions.filter(decision__case__session__series=chosen)
    conditions = {
        "retard": Q(status="open", due_on__lt=today),
        "a-venir": Q(status="open", due_on__gte=today),
        "faites": Q(status="executed"),
        "non-suivies": Q(status="deviated"),
    }
    view = request.GET.get("vue", "")
    wanted = conditions.get(view, Q(status="open"))
    order = ["-closed_at", "id"] if view in ("faites", "non-suivies") else ["due_on", "id"]
    page = Paginator(actions.filter(wanted).with_list_data().order_by(*order), PER_PAGE).get_page(
        request.GET.get("page")
    )
    rows = [Late(action, days_late(action.due_on)) for action in page]
    counts = actions.aggregate(**{name.replace("-", "_"): Count("pk", filter=q) for name, q in conditions.items()})
    orphans = list(_orphans(request))
    log_read(request, _cases(rows, orphans), "Suites de RCP")
    context = {
        "page": page,
        "rows": rows,
        "view": view,
        "counters": [_counter(each, counts, view, chosen) for each in VIEWS],
        "series": series,
        "chosen": chosen,
        "orphans": orphans,
        "today": today,
        "teams": set(user.teams_as("coordinator", "secretary", "physician")),
    }
    return render(request, "rcp/follow_up.html", context)


def _cases(rows: list[Late], orphans: list[RcpCase]) -> list[RcpCase]:
    """One case per patient: a list of ten actions of one patient is one read."""
    cases = [*orphans, *(late.action.decision.case for late in rows)]
    return list({case.pathway_id: case for case in cases}.values())


def _orphans(request: HttpRequest) -> Any:
    """Files to represent that no session has taken yet."""
    cases = RcpCase.objects.visible_to(user_of(request)).filter(
        status="to_represent", following__isnull=True, pathway__status="active"
    )
    return cases.select_related("pathway__patient", "session__series")[:20]


def _counter(
    view: tuple[str, str, str, str], counts: dict[str, int], current: str, chosen: RcpSeries | None
) -> dict[str, Any]:
    name, label, tone, icon = view
    suffix = f"&rcp={chosen.uuid}" if chosen else ""
    return {
        "label": label,
        "value": counts[name.replace("-", "_")],
        "url": f"?vue={name}{suffix}",
        "tone": tone,
        "icon": icon,
        "current": name == current,
    }


def _uuid(text: str | None) -> UUID | None:
    try:
        return UUID(text or "")
    except ValueError:
        return None


@require_POST
@allow(follows_decisions)
def execute(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """It was done, that day."""
    action, form = _action(request, uuid), DoneForm(request.POST)
    if not form.is_valid():
        messages.error(request, str(form.errors["on"][0]))
        return _back(request, action)
    try:
        services.execute_action(action=action, author=user_of(request), on=form.cleaned_data["on"])
    except DomainError as error:
        tell_refusal(request, error)
    else:
        messages.success(request, f"« {action.label} » : fait.")
    return _back(request, action)


@require_POST
@allow(follows_decisions)
def deviate(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """It will not be done, and why."""
    action, form = _action(request, uuid), ReasonForm(request.POST)
    reason = form.cleaned_data["reason"] if form.is_valid() else ""
    try:
        services.deviate_action(action=action, reason=reason, author=user_of(request))
    except DomainError as error:
        tell_refusal(request, error)
    else:
        messages.success(request, f"« {action.label} » : non suivie, motif enregistré.")
    return _back(request, action)


@require_POST
@allow(follows_decisions)
def reopen(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Said by mistake: it is still to do."""
    action = _action(request, uuid)
    try:
        services.reopen_action(action=action, author=user_of(request))
    except DomainError as error:
        tell_refusal(request, error)
    return _back(request, action)


def _action(request: HttpRequest, uuid: UUID) -> FollowUpAction:
    user = user_of(request)
    actions = FollowUpAction.objects.visible_to(user).select_related("decision__case__pathway")
    action = get_object_or_404(actions, uuid=uuid)
    if not follows_pathway(user, action.decision.case.pathway):
        raise PermissionDenied
    return action


def _back(request: HttpRequest, action: FollowUpAction) -> HttpResponse:
    """To the page the button was on."""
    here = own_path(request.POST.get("retour", ""))
    return redirect(here or reverse("rcp:case", args=[action.decision.case.uuid]))
