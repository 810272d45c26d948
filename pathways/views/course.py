"""The pathway as a whole: entrusted, linked, closed, reopened."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse

from directory.perms import allow, reads_patients
from pathways import services
from pathways.forms import AssignForm, CloseForm, LinkForm, ReasonForm
from pathways.forms.fields import instant
from pathways.perms import may_coordinate
from pathways.views.act import act
from pathways.views.opening import write
from pathways.views.sheet import earlier_pathways, team_of


@allow(reads_patients)
def pathway_assign(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Names who is responsible for the pathway."""
    file = write(request, uuid, "Formulaire du parcours", may_coordinate)
    form = AssignForm(
        request.POST or None,
        people=team_of(file.pathway),
        empty="Personne pour l’instant",
        initial={"user": file.pathway.owner_id},
    )

    def do(data: dict[str, object]) -> str:
        services.assign_pathway(pathway=file.pathway, owner=data["user"], author=file.user)  # type: ignore[arg-type]
        return "Responsable du parcours enregistré."

    return act(
        request,
        file,
        form,
        do,
        title="Confier le parcours",
        submit="Enregistrer",
        names={"owner": "user"},
        intro="Un parcours sans responsable lève une alerte.",
    )


@allow(reads_patients)
def pathway_link(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Says which earlier pathway of the patient this one follows."""
    file = write(request, uuid, "Formulaire du parcours")
    pathway = file.pathway
    earlier = earlier_pathways(file.user, pathway.patient_id).filter(opened_at__lte=pathway.opened_at)
    form = LinkForm(
        request.POST or None,
        earlier=earlier.exclude(pk=pathway.pk),
        initial={"linked_to": pathway.linked_to.uuid if pathway.linked_to else None, "link_kind": pathway.link_kind},
    )

    def do(data: dict[str, object]) -> str:
        services.link_pathway(pathway=pathway, author=file.user, **data)  # type: ignore[arg-type]
        return "Lien avec le parcours précédent enregistré."

    return act(request, file, form, do, title="Parcours précédent", submit="Enregistrer")


@allow(reads_patients)
def pathway_close(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Ends the pathway for a coded reason."""
    file = write(request, uuid, "Formulaire du parcours")
    form = CloseForm(request.POST or None)

    def do(data: dict[str, object]) -> str:
        at = instant(data["day"], None, file.zone, file.now)  # type: ignore[arg-type]
        services.close_pathway(
            pathway=file.pathway, reason=str(data["reason"]), note=str(data["note"]), at=at, author=file.user
        )
        return "Parcours clos."

    return act(
        request,
        file,
        form,
        do,
        title="Clore le parcours",
        submit="Clore le parcours",
        danger=True,
        names={"at": "day"},
        intro="Ce qui reste à faire ne sera plus attendu et les alertes se ferment. Le parcours peut être rouvert.",
    )


@allow(reads_patients)
def pathway_reopen(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Puts a closed pathway back in progress."""
    file = write(request, uuid, "Formulaire du parcours")

    def do(data: dict[str, object]) -> str:
        services.reopen_pathway(pathway=file.pathway, author=file.user, reason=str(data["reason"]))
        return "Parcours rouvert."

    form = ReasonForm(request.POST or None)
    return act(request, file, form, do, title="Rouvrir le parcours", submit="Rouvrir le parcours")
