"""The opinion on paper and behind its secure link."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from directory.errors import DomainError
from directory.forms import BirthDateForm
from directory.perms import allow
from directory.tries import LockedError
from rcp import board as boards
from rcp import services
from rcp.models import Decision, RcpCase
from rcp.perms import attends_meetings, follows_pathway, works_for_meetings
from rcp.services.letters import Link, LinkError
from rcp.views.cases import decision_of
from rcp.views.common import banner, case_or_404, log_read, tell_refusal, user_of


@login_not_required
def letter(request: HttpRequest, token: str) -> HttpResponse:
    """Asks for the patient's birth date, then shows the opinion. The link alone opens nothing."""
    try:
        link = services.read_link(token)
    except LinkError as error:
        return render(request, "rcp/letter_refused.html", {"reason": error.message}, status=410)
    form = BirthDateForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            return _shown(request, link, form)
        except LockedError as error:
            return render(request, "rcp/letter_refused.html", {"reason": error.message, "link": link}, status=429)
        except DomainError as error:
            form.add_error(error.field if error.field in form.fields else None, error.message)
    context = {"form": form, "link": link}
    return render(request, "rcp/letter_ask.html", context, status=422 if form.errors else 200)


def _shown(request: HttpRequest, link: Link, form: BirthDateForm) -> HttpResponse:
    decision = services.open_letter(
        link=link, birth_date=form.cleaned_data["birth_date"], ip_address=request.META.get("REMOTE_ADDR")
    )
    return render(request, "rcp/letter.html", letter_context(decision, link.reader))


def letter_context(decision: Decision, reader: Any = None) -> dict[str, Any]:
    """What the letter says: the opinion and what is planned, in the order a GP reads it."""
    case = decision.case
    return {
        "decision": decision,
        "case": case,
        "session": case.session,
        "patient": banner(case.pathway.patient),
        "reader": reader,
        "actions": list(decision.actions.order_by("due_on", "id")),
        "provisional": case.status == "to_represent",
        "today": timezone.localdate(),
    }


@allow(works_for_meetings)
def paper(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """The same letter, to print for a correspondent without electronic address."""
    found, decision = _answered(request, uuid)
    log_read(request, [found], "Lettre d’avis de RCP")
    context = letter_context(decision) | {"readers": services.correspondents(decision)}
    return render(request, "rcp/paper.html", context)


@allow(attends_meetings)
def sheet(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """The sheet of the meeting (fiche RCP), to print: everything the sheet must name, on one page."""
    found = case_or_404(request, uuid)
    log_read(request, [found], "Fiche de RCP")
    decision = decision_of(found)
    attendances = list(found.session.attendances.select_related("professional"))
    context = {
        "case": found,
        "session": found.session,
        "row": boards.row_of(found, attendances),
        "decision": decision,
        "actions": list(decision.actions.order_by("due_on", "id")) if decision else [],
        "patient": banner(found.pathway.patient),
        "provisional": found.status == "to_represent",
    }
    return render(request, "rcp/sheet.html", context)


@require_POST
@allow(works_for_meetings)
def sent(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """The opinion was handed over or posted on paper."""
    found, decision = _answered(request, uuid)
    if not follows_pathway(user_of(request), found.pathway):
        raise PermissionDenied
    try:
        services.mark_sent(decision=decision, at=timezone.now(), author=user_of(request), note="Courrier papier")
    except DomainError as error:
        tell_refusal(request, error)
    else:
        messages.success(request, "Transmission enregistrée.")
    return redirect("rcp:case", uuid=uuid)


def _answered(request: HttpRequest, uuid: UUID) -> tuple[RcpCase, Decision]:
    found = case_or_404(request, uuid)
    decision = decision_of(found)
    if decision is None:
        raise Http404
    return found, decision
