"""Logging a call: two clicks from the row, a whole page without JavaScript."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID, uuid4

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from coordination import services
from coordination.forms import LETTER_SENT, ContactForm
from coordination.models import ContactOutcome
from coordination.perms import may_contact, reads_tasks
from coordination.querysets.worklist import page_of
from coordination.readings.worklist import Row, worklist_rows
from coordination.rules.contacts import (
    call_after_letter,
    call_back_choices,
    proposed_call_back,
    proposes_another_way,
)
from coordination.views.panel import panel_fragment
from coordination.views.shared import CHANGED, CLOSE_DIALOG, answer, back_query, find_pathway, insist, is_htmx, user_of
from coordination.views.worklist import row_context
from directory.errors import DomainError
from directory.paths import own_path
from directory.perms import allow
from directory.typography import sentence, short_day
from pathways.access import open_file
from pathways.models import Pathway
from pathways.services import calendar_of

SHOWN = 3


@require_http_methods(["GET", "HEAD", "POST"])
@allow(reads_tasks)
def contact(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """The gestures of a call with what helps to make it; POST logs it."""
    pathway = find_pathway(request, uuid)
    insist(may_contact(user_of(request), pathway))
    if request.method == "POST":
        return _log(request, pathway)
    open_file(request, pathway, "Contact")
    return _form(request, pathway, ContactForm(initial={"key": uuid4()}), request.GET)


def _log(request: HttpRequest, pathway: Pathway) -> HttpResponse:
    form = ContactForm(request.POST)
    if not form.is_valid():
        return _form(request, pathway, form, request.POST, status=422)
    data = form.cleaned_data
    calendar = calendar_of(pathway.team.establishment)
    proposed = proposed_call_back(data["outcome"], timezone.localdate(), calendar)
    if data["another"] == LETTER_SENT:
        proposed = call_after_letter(timezone.localdate(), calendar)
    try:
        logged = services.record_contact(
            pathway=pathway,
            author=user_of(request),
            outcome=data["outcome"],
            channel=data["channel"],
            whom=data["whom"],
            next_on=data["next_on"] or proposed,
            note=data["note"],
            key=data["key"],
        )
    except DomainError as error:
        form.add_error(error.field if error.field in form.fields else None, error.message)
        return _form(request, pathway, form, request.POST, status=422)
    return answer(
        request,
        lambda: _fragment(request, pathway),
        _said(ContactOutcome(logged.outcome).label, logged.next_on),
        default="coordination:pathway-panel",
        args=(pathway.uuid,),
        events=(CLOSE_DIALOG, CHANGED),
    )


def _said(outcome: str, next_on: date | None) -> str:
    """« Injoignable, à rappeler mar. 24 nov. »."""
    if next_on is None:
        return f"Contact noté : {outcome.lower()}."
    day = sentence(short_day(next_on, timezone.localdate()))
    return f"À rappeler {day}" if outcome == "À rappeler" else f"Contact noté : {outcome.lower()}, à rappeler {day}"


def _fragment(request: HttpRequest, pathway: Pathway) -> HttpResponse:
    """What the page the call was logged from shows now: its row, or the pathway's panel."""
    if request.POST.get("from") != "worklist":
        return panel_fragment(request, pathway)
    row = _row(pathway)
    return render(request, "coordination/worklist.html#changed", row_context(request, row, back_query(request)))


def _another_way(row: Row) -> str:
    """« 3 essais sans réponse »: calling again is no longer what is proposed; empty before."""
    attempts = row.situation.attempts
    return f"{attempts} essais sans réponse" if proposes_another_way(attempts) else ""


def _row(pathway: Pathway) -> Row:
    now = timezone.now()
    return worklist_rows(page_of(Pathway.objects.filter(pk=pathway.pk), now, timezone.localdate(now)), now)[0]


def _form(request: HttpRequest, pathway: Pathway, form: ContactForm, params: Any, *, status: int = 200) -> HttpResponse:
    calendar = calendar_of(pathway.team.establishment)
    today, row = timezone.localdate(), _row(pathway)
    context = {
        "pathway": pathway,
        "row": row,
        "form": form,
        "origin": params.get("from", ""),
        "back": own_path(params.get("back", "")),
        "days": call_back_choices(today, calendar),
        "proposed": {
            outcome: proposed_call_back(outcome, today, calendar)
            for outcome in (ContactOutcome.MESSAGE, ContactOutcome.UNREACHABLE)
        }
        | {LETTER_SENT: call_after_letter(today, calendar)},
        "another_way": _another_way(row),
        "gp": pathway.patient.gp,
        "contacts": pathway.contacts.with_list_data()[:SHOWN],
    }
    if not is_htmx(request):  # alone on its page, the form has no row nor panel behind it to change
        return render(request, "coordination/contact.html", {**context, "whole_page": True}, status=status)
    response = render(request, "coordination/contact.html#dialog", context, status=status)
    if status != 200:  # the form aims at the row behind it: what was refused stays in its window
        response["HX-Retarget"], response["HX-Reswap"] = "#contact-dialog", "outerHTML"
    return response
