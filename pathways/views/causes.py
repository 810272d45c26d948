"""Why a target was missed: the proposed cause confirmed in one click, another one chosen, or taken back."""

from __future__ import annotations

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_POST

from directory.perms import allow, reads_patients
from pathways import services
from pathways.forms import DelayCauseForm
from pathways.models import DelayCause, DelayCode
from pathways.rules.vocabulary import Phase
from pathways.views.act import act, done
from pathways.views.opening import write
from pathways.views.sheet import delay_shown


@allow(reads_patients)
def delay_cause(request: HttpRequest, uuid: UUID, phase: str) -> HttpResponse:
    """Says why one part of the way took too long."""
    if phase not in set(Phase):
        raise Http404
    file = write(request, uuid, "Formulaire d’une cause de retard")
    part = Phase(phase)
    said = DelayCause.objects.in_force().filter(pathway=file.pathway, phase=part).select_related("code").first()
    usual = DelayCode.objects.filter(is_active=True, phase=part).first()
    initial = {"code": usual.code, "avoidable": _answer(usual.avoidable)} if usual else {}
    if said:
        initial = {"code": said.code.code, "avoidable": _answer(said.avoidable), "comment": said.comment}

    def do(data: dict[str, object]) -> str:
        segments = delay_shown(file).parts
        services.confirm_delay_cause(
            pathway=file.pathway,
            phase=part,
            code=data["code"].code,  # type: ignore[attr-defined]
            avoidable=bool(data["avoidable"]),
            comment=str(data["comment"]),
            excess_days=sum(each.segment.excess_days for each in segments if each.segment.phase is part),
            author=file.user,
        )
        return f"Cause du retard enregistrée : {part.label}."

    form = DelayCauseForm(request.POST or None, initial=initial)
    return act(request, file, form, do, title=f"Cause du retard : {part.label}", submit="Confirmer la cause")


@require_POST
@allow(reads_patients)
def delay_cause_withdraw(request: HttpRequest, uuid: UUID, cause: UUID) -> HttpResponse:
    """Takes back a cause given by mistake."""
    file = write(request, uuid, "Cause de retard retirée")
    row = get_object_or_404(DelayCause.objects.in_force().filter(pathway=file.pathway), uuid=cause)
    services.withdraw_delay_cause(cause=row, author=file.user)
    return done(request, file, "Cause retirée ; elle reste dans l’historique.")


def _answer(avoidable: bool) -> str:
    return "yes" if avoidable else "no"
