"""Running pathways moved to a new version, one or a chosen list of them; one switched to another target."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from directory.errors import DomainError
from directory.models import User
from directory.perms import allow, has_role, reads_patients
from pathways import services
from pathways.forms import MoveForm, MoveManyForm, SwitchForm
from pathways.forms.fields import refuse
from pathways.models import Pathway, TargetPathway, TargetPathwayVersion
from pathways.perms import may_read
from pathways.querysets import READS_TEAM, PathwayQuerySet
from pathways.services.supposing import late_under
from pathways.views.act import act
from pathways.views.opening import OpenFile, user_of, write
from pathways.views.targets import open_target

SHOWN = 200
follows_patients = has_role(*READS_TEAM)


@allow(reads_patients)
def pathway_move(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Moves one running pathway to another version of its target."""
    file = write(request, uuid, "Formulaire du parcours")
    others = file.pathway.version.target.versions.exclude(pk=file.pathway.version_id).order_by("-number")
    told = [(str(version.number), _said(file, version)) for version in others]
    form = MoveForm(request.POST or None, versions=told)

    def do(data: dict[str, Any]) -> str:
        version = next(each for each in others if str(each.number) == data["version"])
        services.move_to_version(pathway=file.pathway, version=version, reason=data["reason"], author=file.user)
        return f"Le parcours suit maintenant la version {version.number}."

    return act(
        request,
        file,
        form,
        do,
        title="Passer à une autre version",
        submit="Passer à cette version",
        intro="Ce qui est fait reste fait et ce qui est écarté le reste ; les échéances sont recalculées."
        if told
        else "Ce parcours cible n’a pas d’autre version.",
    )


def _said(file: OpenFile, version: TargetPathwayVersion) -> str:
    """A version, and what would be late with it."""
    late = late_under([file.pathway], version.content, file.now)[file.pathway.pk] if file.pathway.is_active else []
    steps = ", ".join(step.label for step in late)
    consequence = f"en retard : {steps}" if steps else "aucun retard"
    return f"Version {version.number} ({consequence})"


@allow(reads_patients)
def pathway_switch(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Makes a running pathway follow another target pathway of the site."""
    file = write(request, uuid, "Formulaire du parcours")
    targets = (
        TargetPathway.objects.published()
        .filter(establishment=file.pathway.team.establishment_id)
        .exclude(pk=file.pathway.version.target_id)
    )
    form = SwitchForm(request.POST or None, targets=targets)

    def do(data: dict[str, Any]) -> str:
        services.switch_pathway(pathway=file.pathway, target=data["target"], reason=data["reason"], author=file.user)
        return f"Le parcours suit maintenant « {data['target'].name} »."

    response = act(
        request,
        file,
        form,
        do,
        title="Changer de parcours cible",
        submit="Changer de parcours cible",
        intro="Le patient, ses jalons et son historique restent ; le parcours passe à l’équipe du nouveau.",
    )
    if request.method == "POST" and response.status_code != 422 and not may_read(file.user, file.pathway):
        return _left(request)
    return response


def _left(request: HttpRequest) -> HttpResponse:
    """The file went to another team, which its page would no longer open for."""
    if request.htmx:  # type: ignore[attr-defined]
        messages.success(request, "Le parcours est passé à l’autre équipe.")
        return HttpResponse(headers={"HX-Redirect": "/parcours/"})
    return redirect("pathways:list")


@allow(follows_patients)
def move_many(request: HttpRequest, site: UUID, key: str) -> HttpResponse:
    """Moves a chosen list to the current version, after showing what would be late.

    The first POST (« Voir ») only shows; the second (« Passer ») moves.
    """
    target, user = open_target(request, site, key), user_of(request)
    if not target.published:  # type: ignore[attr-defined]
        raise Http404
    rows = _movable(target, user)
    if not user.teams_as(*READS_TEAM):
        raise PermissionDenied
    version = target.current_version
    pathways = list(rows[:SHOWN])
    form = MoveManyForm(request.POST or None, pathways=pathways)
    status, preview = 200, None
    if request.method == "POST":
        status = 422
        form.fields["reason"].required = "show" not in request.POST
        valid = form.is_valid()
        form.fields["reason"].required = True  # as the page shows it, whichever button was pressed
        if valid:
            chosen = form.chosen(pathways)
            if "show" in request.POST:
                status, preview = 200, _preview(chosen, version, timezone.now())
            else:
                try:
                    services.move_all_to_version(
                        pathways=chosen, version=version, reason=form.cleaned_data["reason"], author=user
                    )
                except DomainError as error:
                    refuse(form, error)
                else:
                    messages.success(request, f"{len(chosen)} parcours passés à la version {version.number}.")
                    return redirect("pathways:target", site, key)
    context = {
        "target": target,
        "version": version,
        "form": form,
        "pathways": pathways,
        "ticked": set(request.POST.getlist("pathways")),
        "preview": preview,
        "more": len(pathways) == SHOWN,
    }
    return render(request, "pathways/targets/move.html", context, status=status)


def _movable(target: TargetPathway, user: User) -> PathwayQuerySet:
    """The running pathways left on an older version, of the teams the user works in."""
    rows = Pathway.objects.active().visible_to(user).filter(team__in=user.teams_as(*READS_TEAM))
    newest = target.published[0].pk  # type: ignore[attr-defined]
    return (
        rows.filter(version__target=target)
        .exclude(version=newest)
        .select_related("patient", "team__establishment", "version", "next_step")
        .defer("version__definition")
        .order_by("patient__birth_name", "id")
    )


def _preview(chosen: list[Pathway], version: TargetPathwayVersion, at: datetime) -> dict[str, Any]:
    """What would be late with the new version, beside what is today."""
    late = late_under(chosen, version.content, at)
    today = set(Pathway.objects.late(at).filter(pk__in=[each.pk for each in chosen]).values_list("pk", flat=True))
    rows = [
        {"pathway": pathway, "steps": late[pathway.pk], "newly": bool(late[pathway.pk]) and pathway.pk not in today}
        for pathway in chosen
    ]
    return {"rows": rows, "before": len(today), "after": sum(1 for row in rows if row["steps"])}
