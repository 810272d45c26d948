"""Actions on one step: done, set aside, taken back, entrusted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_POST

from directory.perms import allow, reads_patients
from pathways import services
from pathways.forms import AssignForm, ReasonForm, StepDoneForm
from pathways.models import Step
from pathways.rules.target import Match
from pathways.views.act import act, done
from pathways.views.opening import OpenFile, write
from pathways.views.sheet import team_of

FACT_NAMES = {"occurred_at": "day"}


@allow(reads_patients)
def step_done(request: HttpRequest, uuid: UUID, step: UUID) -> HttpResponse:
    """Records the milestone that ends a step."""
    file, row = _opened(request, uuid, step, "Formulaire d’une étape")
    ends = _ends(file, row)
    details = file.pathway.version.content.details
    form = StepDoneForm(request.POST or None, ends=_end_choices(ends, details))

    def do(data: dict[str, object]) -> str:
        match = ends[int(str(data["end"]))]
        services.record_milestone(
            pathway=file.pathway,
            kind=match.milestone,
            detail=match.detail,
            occurred_at=form.occurred_at(file.zone, file.now),
            author=file.user,
            note=str(data["note"]),
        )
        return f"Enregistré : {row.label}."

    return act(request, file, form, do, title=f"Étape faite : {row.label}", submit="Enregistrer", names=FACT_NAMES)


@allow(reads_patients)
def step_skip(request: HttpRequest, uuid: UUID, step: UUID) -> HttpResponse:
    """Sets a step aside for this patient, with a reason."""
    file, row = _opened(request, uuid, step, "Formulaire d’une étape")

    def do(data: dict[str, object]) -> str:
        services.skip_step(step=row, reason=str(data["reason"]), author=file.user)
        return f"Étape écartée : {row.label}."

    return act(
        request,
        file,
        ReasonForm(request.POST or None),
        do,
        title=f"Écarter l’étape : {row.label}",
        submit="Écarter l’étape",
        intro="L’étape ne sera plus attendue pour ce patient. Vous pourrez la reprendre.",
    )


@require_POST
@allow(reads_patients)
def step_restore(request: HttpRequest, uuid: UUID, step: UUID) -> HttpResponse:
    """Puts a skipped step back in the plan."""
    file, row = _opened(request, uuid, step, "Étape reprise")
    services.restore_step(step=row, author=file.user)
    return done(request, file, f"Étape reprise : {row.label}.")


@allow(reads_patients)
def step_assign(request: HttpRequest, uuid: UUID, step: UUID) -> HttpResponse:
    """Names who is in charge of a step."""
    file, row = _opened(request, uuid, step, "Formulaire d’une étape")
    form = AssignForm(
        request.POST or None,
        people=team_of(file.pathway),
        empty="Le responsable du parcours",
        initial={"user": row.assignee_id},
    )

    def do(data: dict[str, object]) -> str:
        services.assign_step(step=row, assignee=data["user"], author=file.user)  # type: ignore[arg-type]
        return f"Responsable enregistré : {row.label}."

    return act(request, file, form, do, title=f"Confier l’étape : {row.label}", submit="Enregistrer")


def _opened(request: HttpRequest, uuid: UUID, step: UUID, what: str) -> tuple[OpenFile, Step]:
    file = write(request, uuid, what)
    return file, get_object_or_404(Step.objects.filter(pathway=file.pathway).select_related("pathway"), uuid=step)


def _ends(file: OpenFile, step: Step) -> list[Match]:
    """The milestones that may end a step. Raises Http404 when the target's version no longer knows it."""
    definition = next((each for each in file.pathway.version.content.steps if each.key == step.step_key), None)
    if definition is None:
        raise Http404
    return list(definition.done_by)


def _end_choices(ends: Sequence[Match], details: Mapping[str, str]) -> list[tuple[str, str]]:
    """The milestones that may end a step, told apart by their exam or choice when several share a kind."""
    kinds = [end.milestone for end in ends]
    named = {n: details.get(end.detail, "") for n, end in enumerate(ends) if kinds.count(end.milestone) > 1}
    return [
        (str(n), f"{end.milestone.label} ({named[n]})" if named.get(n) else end.milestone.label)
        for n, end in enumerate(ends)
    ]
