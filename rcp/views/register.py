"""A patient on the agenda of a session, from their pathway: prefilled, nothing typed twice (RCP-08)."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone

from directory.errors import DomainError
from directory.models import User
from directory.perms import allow
from pathways.access import open_file
from pathways.models import Pathway
from pathways.rules.milestones import MilestoneKind
from pathways.services import calendar_of
from rcp import services
from rcp.forms import RegisterForm, presenters_for
from rcp.models import RcpCase, RcpSeries, RcpSession
from rcp.perms import is_physician, may_register, may_register_late, works_for_meetings
from rcp.rules.registration import SessionChoice, choices
from rcp.views.common import banner, user_of

MOST_SESSIONS = 12


@allow(works_for_meetings)
def register(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Chooses the session, asks the question; the rest comes from the file."""
    user = user_of(request)
    pathways = Pathway.objects.visible_to(user).select_related("patient__gp", "version__target", "team__establishment")
    pathway = get_object_or_404(pathways, uuid=uuid)
    if not may_register(user, pathway):
        raise PermissionDenied
    now = timezone.now()
    sessions, series = _sessions(pathway, user, now)
    form = RegisterForm(
        request.POST or None,
        initial=_prefilled(pathway, user),
        sessions=RcpSession.objects.filter(pk__in=[each.pk for each in sessions]).select_related("series"),
        presenters=presenters_for(series, pathway, user.professional),
        known_gp=pathway.patient.gp_id is not None,
        may_spare=is_physician(user),
    )
    if request.method == "POST" and form.is_valid():
        try:
            case = services.register_case(pathway=pathway, author=user, **form.details())
        except DomainError as error:
            form.add_error(error.field if error.field in form.fields else None, error.message)
        else:
            messages.success(request, f"{pathway.patient} est inscrit à la RCP.")
            return redirect("rcp:case", uuid=case.uuid)
    if request.method != "POST":
        open_file(request, pathway, "Inscription en RCP")
    context = {
        "form": form,
        "pathway": pathway,
        "patient": banner(pathway.patient),
        "choices": _choices(sessions, pathway, now),
        "chosen": _chosen(form, sessions, now),
        "may_be_late": may_register_late(user),
        "waiting": RcpCase.objects.standing().filter(pathway=pathway).select_related("session__series"),
    }
    return render(request, "rcp/register.html", context, status=422 if form.errors else 200)


def _sessions(pathway: Pathway, user: User, now: datetime) -> tuple[list[RcpSession], list[int]]:
    """Sessions of the series that take this target pathway, else of those the user attends."""
    series = RcpSeries.objects.for_pathway(pathway)
    if not series.exists():
        series = RcpSeries.objects.visible_to(user)
    ids = list(series.values_list("pk", flat=True))
    found = RcpSession.objects.not_held(now).filter(series__in=ids).with_list_data().order_by("starts_at", "id")
    open_ones = [
        each for each in found[: 2 * MOST_SESSIONS] if may_register_late(user) or each.registration_closes_at > now
    ]
    return open_ones[:MOST_SESSIONS], ids


def _choices(sessions: list[RcpSession], pathway: Pathway, now: datetime) -> list[tuple[RcpSession, SessionChoice]]:
    """Each session with its margin against the pathway's own objective."""
    due_at = _objective(pathway)
    calendar = calendar_of(pathway.team.establishment)
    dates = [(each.starts_at, each.registration_closes_at) for each in sessions]
    return list(zip(sessions, choices(dates, due_at, now, calendar), strict=True))


def _objective(pathway: Pathway) -> datetime | None:
    """By when this patient should be discussed: the open step that `rcp_held` ends."""
    keys = [
        step.key
        for step in pathway.version.content.steps
        if any(match.milestone == MilestoneKind.RCP_HELD for match in step.done_by[:1])
    ]
    steps = pathway.steps.filter(step_key__in=keys, state__in=["open", "waiting"], due_at__isnull=False)
    return steps.order_by("due_at").values_list("due_at", flat=True).first()


def _chosen(form: RegisterForm, sessions: list[RcpSession], now: datetime) -> str:
    """The radio to tick: what was typed, else the first session still open."""
    if form.is_bound:
        return str(form["session"].value() or "")
    return next((str(each.uuid) for each in sessions if each.registration_closes_at > now), "")


def _prefilled(pathway: Pathway, user: User) -> dict[str, Any]:
    """What the file already says, and what the last presentation said."""
    last = pathway.rcp_cases.order_by("-registered_at", "-id").first()
    known: dict[str, Any] = {
        "summary": pathway.suspicion,
        "site_label": "",
        "histology": pathway.diagnosis,
        "who_status": pathway.who_status,
        "presenter": user.professional_id if is_physician(user) else None,
    }
    if last:
        kept = ("summary", "antecedents", "site_label", "histology", "stage", "diagnosed_on", "g8_score", "team_note")
        known |= {name: getattr(last, name) for name in kept if getattr(last, name)}
        known["no_gp"] = last.no_gp
        known["presenter"] = known["presenter"] or last.presenter_id
    return known
