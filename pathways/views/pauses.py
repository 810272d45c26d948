"""Pauses of the adjusted clock."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_POST

from directory.perms import allow, reads_patients
from pathways import services
from pathways.forms import EndPauseForm, PauseForm
from pathways.models import Pause
from pathways.views.act import act, done
from pathways.views.opening import OpenFile, write


@allow(reads_patients)
def pause_add(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Stops the adjusted clock from a day on."""
    file = write(request, uuid, "Formulaire d’une pause")

    def do(data: dict[str, object]) -> str:
        services.add_pause(pathway=file.pathway, author=file.user, **data)  # type: ignore[arg-type]
        return "Pause enregistrée : les échéances sont recalculées."

    return act(
        request,
        file,
        PauseForm(request.POST or None),
        do,
        title="Mettre le décompte en pause",
        submit="Mettre en pause",
        intro="L’attente réelle du patient continue d’être comptée et affichée à côté.",
    )


@allow(reads_patients)
def pause_end(request: HttpRequest, uuid: UUID, pause: UUID) -> HttpResponse:
    """Gives a running pause its last day."""
    file, row = _opened(request, uuid, pause)

    def do(data: dict[str, object]) -> str:
        services.end_pause(pause=row, ends_on=data["ends_on"], author=file.user)  # type: ignore[arg-type]
        return "Pause terminée : le décompte reprend le lendemain."

    form = EndPauseForm(request.POST or None)
    return act(request, file, form, do, title="Terminer la pause", submit="Terminer la pause")


@require_POST
@allow(reads_patients)
def pause_cancel(request: HttpRequest, uuid: UUID, pause: UUID) -> HttpResponse:
    """Removes a pause from the count."""
    file, row = _opened(request, uuid, pause)
    services.cancel_pause(pause=row, author=file.user)
    return done(request, file, "Pause annulée : elle n’est plus décomptée.")


def _opened(request: HttpRequest, uuid: UUID, pause: UUID) -> tuple[OpenFile, Pause]:
    file = write(request, uuid, "Formulaire d’une pause")
    return file, get_object_or_404(Pause.objects.in_force().filter(pathway=file.pathway), uuid=pause)
