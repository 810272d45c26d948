"""The opinion entered in seconds, and corrected with a reason."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from directory.errors import DomainError
from directory.perms import allow
from rcp import services
from rcp.forms import CorrectionForm, DecisionForm
from rcp.models import Decision, RcpCase
from rcp.perms import may_decide
from rcp.services.decisions import WORDS
from rcp.views.cases import case_context, decision_of
from rcp.views.common import banner, log_read, meeting_case_or_404, pathway_url, user_of
from rcp.views.decision_forms import action_formset, decision_initial, wanted_actions


@require_POST
@allow(may_decide)
def decide(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Saves the opinion, then opens the next file that waits when asked to (« suivant »)."""
    found = meeting_case_or_404(request, uuid)
    form, formset = DecisionForm(request.POST, initial=decision_initial(found)), action_formset(found, request.POST)
    if form.is_valid() and formset.is_valid():
        try:
            decision = services.decide(
                case=found, author=user_of(request), actions=wanted_actions(formset), **form.cleaned_data
            )
        except DomainError as error:
            form.add_error(error.field if error.field in form.fields else None, error.message)
        else:
            _tell(request, decision)
            return _next_page(request, found)
    context = case_context(request, found, form=form, actions=formset)
    return render(request, "rcp/case.html", context, status=422)


def _tell(request: HttpRequest, decision: Decision) -> None:
    patient = decision.case.pathway.patient
    if decision.case.status == "to_represent":
        missing = ", ".join(decision.quorum_missing)
        messages.warning(
            request, f"{patient} : avis provisoire, quorum non atteint (manque : {missing}). À représenter."
        )
    else:
        messages.success(request, f"{patient} : avis enregistré.")


def _next_page(request: HttpRequest, found: RcpCase) -> HttpResponse:
    """The next file that waits, after this one first; the agenda when none does."""
    if "suivant" not in request.POST:
        return redirect("rcp:case", uuid=found.uuid)
    waiting = RcpCase.objects.visible_to(user_of(request)).filter(session=found.session_id, status="registered")
    following = waiting.filter(position__gt=found.position).on_agenda().first() or waiting.on_agenda().first()
    return redirect("rcp:case", uuid=following.uuid) if following else redirect("rcp:session", uuid=found.session.uuid)


@allow(may_decide)
def correct(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """A new text with its reason; the former one stays in the history, the follow-up actions as they are."""
    found = meeting_case_or_404(request, uuid)
    decision = decision_of(found)
    if decision is None:
        raise Http404
    form = CorrectionForm(request.POST or None, initial=_as_typed(decision))
    formset = action_formset(found, request.POST or None, ticked=False)
    if request.method == "POST" and form.is_valid() and formset.is_valid():
        try:
            services.correct_decision(
                decision=decision, author=user_of(request), actions=wanted_actions(formset), **form.cleaned_data
            )
        except DomainError as error:
            form.add_error(error.field if error.field in form.fields else None, error.message)
        else:
            messages.success(request, "Avis corrigé ; la version précédente est gardée.")
            return redirect("rcp:case", uuid=uuid)
    if request.method != "POST":
        log_read(request, [found], "Correction d’un avis de RCP")
    context = {
        "form": form,
        "formset": formset,
        "case": found,
        "decision": decision,
        "patient": banner(found.pathway.patient, pathway_url(found)),
    }
    return render(request, "rcp/correct.html", context, status=422 if form.errors else 200)


def _as_typed(decision: Decision) -> dict[str, Any]:
    return {**{name: getattr(decision, name) for name in WORDS}, "revision": decision.revision}
