"""One case: the file the meeting reads, its preparation, its way off the agenda."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from directory.errors import DomainError
from directory.perms import allow
from pathways.models import BoardOpinion, Document
from rcp import board as boards
from rcp import services
from rcp.forms import ActionFormSet, CaseForm, DecisionForm, PostponeForm, ReasonForm, presenters_for
from rcp.history import versions_of
from rcp.models import Decision, RcpCase, RcpSession
from rcp.perms import attends_meetings, follows_pathway, is_physician, may_decide, may_register, reads_cases
from rcp.readings import local_day, session_day
from rcp.views.common import (
    banner,
    case_or_404,
    log_read,
    meeting_case_or_404,
    pathway_url,
    sits_at,
    tell_refusal,
    user_of,
)
from rcp.views.decision_forms import action_formset, decision_initial


@allow(reads_cases)
def case(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """The file as the meeting reads it, and the opinion to give or given."""
    found = case_or_404(request, uuid)
    log_read(request, [found], "Dossier de RCP")
    return render(request, "rcp/case.html", case_context(request, found))


def case_context(
    request: HttpRequest,
    found: RcpCase,
    *,
    form: DecisionForm | None = None,
    actions: ActionFormSet | None = None,  # type: ignore[valid-type]
) -> dict[str, Any]:
    """Everything the page of a case shows; ``form`` and ``actions`` keep what was typed."""
    user = user_of(request)
    session, decision = found.session, decision_of(found)
    attends = attends_meetings(user) and sits_at(user, found)
    attendances = list(session.attendances.select_related("professional"))
    waits = found.status == "registered" and session.status in ("planned", "running")
    may_answer = attends and may_decide(user) and waits and _day_has_come(session)
    return {
        "case": found,
        "session": session,
        "row": boards.row_of(found, attendances),
        "seats": [seat for seat in boards.seats(session, attendances) if seat.attendance],
        "patient": banner(found.pathway.patient, pathway_url(found)),
        "decision": decision,
        "actions": list(decision.actions.with_list_data()) if decision else [],
        "versions": versions_of(decision) if decision and decision.revision > 1 else [],
        "letters": services.letter_states(decision) if decision and found.status == "decided" else [],
        "send_by": services.send_by(decision) if decision and not decision.sent_at else None,
        "now": timezone.now(),
        "opinions": _other_opinions(found, decision),
        "documents": Document.objects.filter(pathway=found.pathway, status="ready").order_by("-requested_at")[:12],
        "appointments": found.pathway.appointments.exclude(status="cancelled").order_by("-starts_at")[:8],
        "following": RcpCase.objects.filter(previous=found).select_related("session").first(),
        "previous": found.previous,
        "neighbours": _neighbours(found),
        "attends": attends,
        "is_physician": is_physician(user),
        "may_prepare": waits and (attends or may_register(user, found.pathway)),
        "may_answer": may_answer,
        "may_correct": attends and may_decide(user) and decision is not None,
        "may_follow": follows_pathway(user, found.pathway),
        "session_is_over": session.status in ("closed", "cancelled"),
        "form": form or (DecisionForm(initial=decision_initial(found)) if may_answer else None),
        "formset": actions or (action_formset(found) if may_answer else None),
        "today": timezone.localdate(),
    }


def _other_opinions(found: RcpCase, decision: Decision | None) -> Any:
    """Every other opinion on this patient's pathways, whatever the meeting (RCP-17)."""
    opinions = BoardOpinion.objects.filter(pathway__patient=found.pathway.patient)
    return opinions.exclude(origin=decision.uuid) if decision else opinions


def decision_of(found: RcpCase) -> Decision | None:
    """The opinion of a case, or None."""
    return getattr(found, "decision", None) if hasattr(found, "decision") else None


def presence_response(request: HttpRequest, found: RcpCase) -> HttpResponse:
    """After an absence: who is there and the quorum, alone for htmx."""
    if not request.htmx:  # type: ignore[attr-defined]
        return redirect("rcp:case", uuid=found.uuid)
    fresh = case_or_404(request, found.uuid)
    attendances = list(fresh.session.attendances.select_related("professional"))
    context = {
        "case": fresh,
        "session": fresh.session,
        "row": boards.row_of(fresh, attendances),
        "seats": [seat for seat in boards.seats(fresh.session, attendances) if seat.attendance],
        "attends": True,
    }
    return render(request, "rcp/case.html#presence", context)


@allow(attends_meetings)
def prepare(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """What the meeting will read of this file."""
    found, user = case_or_404(request, uuid), user_of(request)
    if not (sits_at(user, found) or may_register(user, found.pathway)):
        raise PermissionDenied
    patient = found.pathway.patient
    form = CaseForm(
        request.POST or None,
        instance=found,
        presenters=presenters_for([found.session.series_id], found.pathway, found.presenter),
        known_gp=patient.gp_id is not None,
    )
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                services.prepare_case(case=found, author=user, **form.details())
            except DomainError as error:
                form.add_error(error.field if error.field in form.fields else None, error.message)
            else:
                messages.success(request, "Dossier mis à jour.")
                return redirect("rcp:case", uuid=uuid)
    else:
        log_read(request, [found], "Préparation du dossier de RCP")
    context = {"form": form, "case": found, "session": found.session, "patient": banner(patient, pathway_url(found))}
    return render(request, "rcp/prepare.html", context, status=status)


@require_POST
@allow(attends_meetings)
def stream(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Discussed, or recorded as standard."""
    found = meeting_case_or_404(request, uuid)
    try:
        services.change_stream(case=found, stream=request.POST.get("stream", ""), author=user_of(request))
    except DomainError as error:
        tell_refusal(request, error)
    return redirect("rcp:case", uuid=uuid)


@allow(attends_meetings)
def postpone(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """To another session of the series, with the reason."""
    found = meeting_case_or_404(request, uuid)
    later = (
        RcpSession.objects.not_held(timezone.now()).filter(series=found.session.series_id).exclude(pk=found.session_id)
    )
    form = PostponeForm(request.POST or None, sessions=later.select_related("series").order_by("starts_at"))
    if request.method != "POST":
        form.initial["to"] = getattr(form.fields["to"].queryset.first(), "uuid", None)  # type: ignore[attr-defined]
    elif form.is_valid():
        try:
            services.postpone_case(
                case=found, reason=form.cleaned_data["reason"], author=user_of(request), to=form.cleaned_data["to"]
            )
        except DomainError as error:
            form.add_error(error.field if error.field in form.fields else None, error.message)
        else:
            messages.success(request, f"Dossier de {found.pathway.patient} reporté.")
            return redirect(_back_to(found))
    context = {"form": form, "case": found, "patient": banner(found.pathway.patient, pathway_url(found))}
    return render(request, "rcp/postpone.html", context, status=422 if form.errors else 200)


@allow(attends_meetings)
def withdraw(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Off the agenda for good, with the reason."""
    found = meeting_case_or_404(request, uuid)
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            services.withdraw_case(case=found, reason=form.cleaned_data["reason"], author=user_of(request))
        except DomainError as error:
            form.add_error(error.field if error.field in form.fields else None, error.message)
        else:
            messages.success(request, f"Dossier de {found.pathway.patient} retiré de la séance.")
            return redirect(_back_to(found))
    context = {"form": form, "case": found, "patient": banner(found.pathway.patient, pathway_url(found))}
    return render(request, "rcp/withdraw.html", context, status=422 if form.errors else 200)


def _back_to(found: RcpCase) -> str:
    return reverse("rcp:session", args=[found.session.uuid])


def _day_has_come(session: RcpSession) -> bool:
    return local_day(session, timezone.now()) >= session_day(session)


def _neighbours(found: RcpCase) -> dict[str, Any]:
    """The cases before and after on the agenda, and the next one still waiting."""
    order = list(RcpCase.objects.filter(session=found.session_id).on_agenda().only("pk", "uuid", "status"))
    at = next((index for index, each in enumerate(order) if each.pk == found.pk), None)
    if at is None:
        return {"number": None, "total": len(order)}
    after = [each for each in order[at + 1 :] + order[:at] if each.status == "registered"]
    return {
        "number": at + 1,
        "total": len(order),
        "before": order[at - 1] if at else None,
        "after": order[at + 1] if at + 1 < len(order) else None,
        "waiting": after[0] if after else None,
    }
