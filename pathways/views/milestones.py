"""Milestones typed by hand, corrected or withdrawn: the ledger only ever grows."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone

from directory import typography
from directory.perms import allow, reads_patients
from pathways import services
from pathways.forms import CorrectionForm, MilestoneForm, ReasonForm
from pathways.models import Milestone
from pathways.rules.milestones import MilestoneKind
from pathways.views.act import act
from pathways.views.opening import OpenFile, write
from pathways.views.sheet import detail_choices
from pathways.views.steps import FACT_NAMES


@allow(reads_patients)
def milestone_add(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Records any milestone of the vocabulary."""
    file = write(request, uuid, "Formulaire d’un jalon")
    form = MilestoneForm(request.POST or None, details=detail_choices(file.pathway.version.content))

    def do(data: dict[str, object]) -> str:
        kind = MilestoneKind(str(data["kind"]))
        services.record_milestone(
            pathway=file.pathway,
            kind=kind,
            detail=str(data["detail"]),
            occurred_at=form.occurred_at(file.zone, file.now),
            author=file.user,
            note=str(data["note"]),
        )
        return f"Enregistré : {kind.label}."

    return act(
        request,
        file,
        form,
        do,
        title="Enregistrer un jalon",
        submit="Enregistrer",
        names=FACT_NAMES,
        intro="Un jalon est un fait daté du parcours. Le plan et les délais se recalculent aussitôt.",
    )


@allow(reads_patients)
def milestone_correct(request: HttpRequest, uuid: UUID, milestone: UUID) -> HttpResponse:
    """Gives a milestone its right date."""
    file, row = _opened(request, uuid, milestone)
    local = timezone.localtime(row.occurred_at, file.zone)
    form = CorrectionForm(request.POST or None, initial={"day": local.date(), "hour": local.time()})

    def do(data: dict[str, object]) -> str:
        occurred_at = form.occurred_at(file.zone, file.now)
        services.correct_milestone(milestone=row, occurred_at=occurred_at, author=file.user, note=str(data["note"]))
        return f"Date corrigée : {row.get_kind_display()}."

    return act(
        request,
        file,
        form,
        do,
        title=f"Corriger : {row.get_kind_display()}",
        submit="Corriger",
        names=FACT_NAMES,
        intro=f"Date enregistrée : {_said(row, file)}. L’ancienne date reste dans l’historique.",
    )


@allow(reads_patients)
def milestone_withdraw(request: HttpRequest, uuid: UUID, milestone: UUID) -> HttpResponse:
    """Says that a milestone never happened."""
    file, row = _opened(request, uuid, milestone)

    def do(data: dict[str, object]) -> str:
        services.withdraw_milestone(milestone=row, author=file.user, note=str(data["reason"]))
        return f"Jalon retiré : {row.get_kind_display()}."

    return act(
        request,
        file,
        ReasonForm(request.POST or None),
        do,
        title=f"Retirer : {row.get_kind_display()}",
        submit="Retirer le jalon",
        danger=True,
        names={"note": "reason"},
        intro=f"Enregistré pour le {_said(row, file)}. À retirer s’il n’a pas eu lieu ; il reste dans l’historique.",
    )


def _opened(request: HttpRequest, uuid: UUID, milestone: UUID) -> tuple[OpenFile, Milestone]:
    file = write(request, uuid, "Formulaire d’un jalon")
    return file, get_object_or_404(Milestone.objects.filter(pathway=file.pathway, withdrawn=False), uuid=milestone)


def _said(milestone: Milestone, file: OpenFile) -> str:
    with timezone.override(file.zone):
        return typography.moment(milestone.occurred_at, timezone.localdate())
