"""The circle of care: the professionals the patient's team lets read the pathway."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from directory.models import Professional
from directory.perms import allow, reads_patients
from pathways import services
from pathways.forms import CircleForm
from pathways.models import CareCircleMember
from pathways.views.act import done
from pathways.views.identity import identity_of
from pathways.views.opening import OpenFile, write

FOUND = 20


@allow(reads_patients)
def circle_add(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Finds a professional of the directory and adds him or her to the circle."""
    file = write(request, uuid, "Formulaire du cercle de soins")
    form = CircleForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        professional = get_object_or_404(Professional, uuid=form.cleaned_data["professional"])
        services.add_to_circle(pathway=file.pathway, professional=professional, role=form.cleaned_data["role"])
        return done(request, file, f"{professional} peut maintenant lire ce parcours.")
    return _search(request, file, status=422 if request.method == "POST" else 200)


@require_POST
@allow(reads_patients)
def circle_remove(request: HttpRequest, uuid: UUID, professional: UUID, role: str) -> HttpResponse:
    """Ends a membership now."""
    file = write(request, uuid, "Cercle de soins")
    members = CareCircleMember.objects.current().filter(pathway=file.pathway, role=role)
    member = get_object_or_404(members.select_related("professional"), professional__uuid=professional)
    services.remove_from_circle(member=member)
    return done(request, file, f"{member.professional} ne peut plus lire ce parcours.")


def _search(request: HttpRequest, file: OpenFile, status: int) -> HttpResponse:
    words = request.GET.get("q", "").strip()[:80]
    found = Professional.objects.search(words).select_related("establishment")[:FOUND] if len(words) > 1 else []
    context = {
        "pathway": file.pathway,
        "p": identity_of(file.pathway.patient, url=reverse("pathways:detail", args=[file.pathway.uuid])),
        "words": words,
        "found": found,
        "limit": FOUND,
        "form": CircleForm(),
    }
    part = "#found" if request.htmx else ""  # type: ignore[attr-defined]
    with timezone.override(file.zone):
        return render(request, f"pathways/circle.html{part}", context, status=status)
