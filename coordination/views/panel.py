"""The desk's side of one pathway, as a page or as a fragment of the patient's page."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from coordination import services
from coordination.forms import CancelForm, TaskForm
from coordination.links import file_url
from coordination.perms import may_book, may_contact, may_notify
from coordination.readings.ended import Ended
from coordination.readings.new_task import facts_of
from coordination.readings.panel import notices_of, panel_of
from coordination.readings.patient_mails import mails_of
from coordination.readings.people import of_the_team
from coordination.views.shared import answer, find_pathway, insist, is_htmx, user_of
from directory.models import User
from directory.perms import allow, reads_patients
from pathways.access import open_file
from pathways.models import Pathway


@require_safe
@allow(reads_patients)
def pathway_panel(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Tasks, appointments, contacts and notices of a pathway."""
    pathway = find_pathway(request, uuid)
    open_file(request, pathway, "Coordination")
    template = "coordination/panel.html#panel" if is_htmx(request) else "coordination/panel.html"
    return render(request, template, panel_context(request, pathway))


@require_safe
@allow(reads_patients)
def notices(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """What the GP was told, and whether it arrived."""
    pathway = find_pathway(request, uuid)
    open_file(request, pathway, "Informations au médecin traitant")
    template = "coordination/notices.html#notices" if is_htmx(request) else "coordination/notices.html"
    return render(request, template, _notices_context(request, pathway))


@require_POST
@allow(reads_patients)
def send_notices(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Sends what waited for the GP's address."""
    pathway = find_pathway(request, uuid)
    insist(may_notify(user_of(request), pathway))
    sent = services.send_pending_notices(pathway=pathway)
    message = (
        f"{sent} information{'s' if sent > 1 else ''} en cours d’envoi."
        if sent
        else "Aucune adresse : rien n’est parti."
    )
    return answer(
        request,
        lambda: render(request, "coordination/notices.html#notices", _notices_context(request, pathway)),
        message,
        tone="ok" if sent else "soon",
        default="coordination:notices",
        args=(pathway.uuid,),
    )


def _notices_context(request: HttpRequest, pathway: Pathway) -> dict[str, Any]:
    found = notices_of(pathway)
    return {
        "pathway": pathway,
        "notices": found,
        "waiting": any(each["waits"] for each in found),
        "may_notify": may_notify(user_of(request), pathway),
        "file_url": file_url(pathway),
    }


def panel_context(
    request: HttpRequest,
    pathway: Pathway,
    *,
    refused_task: TaskForm | None = None,
    cancel_form: CancelForm | None = None,
    opened: str = "",
    ended: Ended | None = None,
    refusal: str = "",
    typed: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """The panel's context; a refused form takes the place of a fresh one and ``opened`` names the one to unfold."""
    user, now = user_of(request), timezone.now()
    return {
        "pathway": pathway,
        "panel": panel_of(pathway, now),
        "task_form": refused_task or (task_form(pathway, user) if may_contact(user, pathway) else None),
        "cancel_form": cancel_form or CancelForm(),
        "opened": opened,
        "ended": ended,
        "refusal": refusal,
        "typed": typed,
        "stand_in": pathway.acting_for(pathway.owner),
        "may_contact": may_contact(user, pathway),
        "may_book": may_book(user, pathway) and pathway.is_active,
        "may_cancel": may_book(user, pathway),
        "my_teams": {membership.team_id for membership in user.current_memberships},
        "today": timezone.localdate(now),
        "now": now,
        "mails": mails_of(pathway),
        **_notices_context(request, pathway),
    }


def task_form(pathway: Pathway, user: User, data: Any = None, **initial: Any) -> TaskForm:
    """The form of a task with the people and the facts of this pathway; for oneself unless said otherwise."""
    people, first = of_the_team([pathway.team_id]), {"owner": str(user.uuid), **initial}
    return TaskForm(data, initial=first, pathway=pathway, user=user, people=people, facts=facts_of(pathway))


def panel_fragment(request: HttpRequest, pathway: Pathway, *, status: int = 200, **given: Any) -> HttpResponse:
    """The panel again, after a write."""
    fresh = find_pathway(request, pathway.uuid)
    return render(request, "coordination/panel.html#panel", panel_context(request, fresh, **given), status=status)


def panel_refused(request: HttpRequest, pathway: Pathway, **given: Any) -> HttpResponse:
    """The panel with a refused form in it: nothing typed is lost."""
    if is_htmx(request):
        return panel_fragment(request, pathway, status=422, **given)
    return render(request, "coordination/panel.html", panel_context(request, pathway, **given), status=422)
