"""Pauses of the adjusted clock."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404

from directory.perms import allow, reads_patients
from pathways import services
from pathways.forms import EndPauseForm, PauseForm, ReasonForm
from pathways.models import Pause
from pathways.views.act import act
from pathways.views.opening import OpenFile, write


@allow(reads_patients)
def pause_add(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Stops the adjusted clock from a day on."""
    file = write(request, uuid, "Formulaire d’une pause")

    def do(data: dict[str, object]) -> str:
        services.add_pause(pathway=file.pathway, author=file.user, **data)  # type: ignore[arg-type]
        return "Pause enregistrée : les échéances sont recalculées."

    codes = services.pause_codes_for(pathway=file.pathway, user=file.user)
    return act(
        request,
        file,
        PauseForm(request.POST or None, codes=codes),
        do,
        title="Mettre le décompte en pause",
        submit="Mettre en pause",
        intro="L’attente réelle du patient continue d’être comptée et affichée à côté.",
    )


@allow(reads_patients)
def pause_end(request: HttpRequest, uuid: UUID, pause: UUID) -> HttpResponse:
    """Gives a pause its last day, or an earlier one than planned."""
    file, row = _opened(request, uuid, pause)

    def do(data: dict[str, object]) -> str:
        services.end_pause(pause=row, ends_on=data["ends_on"], author=file.user)  # type: ignore[arg-type]
        return "Pause terminée : le décompte reprend le lendemain."

    form = EndPauseForm(request.POST or None)
    return act(request, file, form, do, title="Terminer la pause", submit="Terminer la pause")


@allow(reads_patients)
def pause_cancel(request: HttpRequest, uuid: UUID, pause: UUID) -> HttpResponse:
    """Takes a pause out of the count, with a reason."""
    file, row = _opened(request, uuid, pause)

    def do(data: dict[str, object]) -> str:
        services.cancel_pause(pause=row, author=file.user, reason=str(data["reason"]))
        return "Pause annulée : elle n’est plus décomptée."

    return act(
        request,
        file,
        ReasonForm(request.POST or None),
        do,
        title="Annuler la pause",
        submit="Annuler la pause",
        danger=True,
        intro="Elle ne sera plus retirée de l’attente ; elle reste dans l’historique avec ce motif.",
    )


def _opened(request: HttpRequest, uuid: UUID, pause: UUID) -> tuple[OpenFile, Pause]:
    file = write(request, uuid, "Formulaire d’une pause")
    return file, get_object_or_404(Pause.objects.in_force().filter(pathway=file.pathway), uuid=pause)
