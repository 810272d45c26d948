"""The patient's page, its one-page summary and its history."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from directory.perms import allow, reads_patients
from pathways.chronicle import chronicle
from pathways.panels import briefs_of
from pathways.views.identity import identity_of
from pathways.views.opening import read
from pathways.views.sheet import sheet_context


@allow(reads_patients)
def detail(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Where the patient stands, what comes next and who does it."""
    file = read(request, uuid, "Dossier")
    with timezone.override(file.zone):
        return render(request, "pathways/detail.html", sheet_context(file))


@allow(reads_patients)
def summary(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """One page to read at a glance or to hand over on paper (GPN-04, GPN-18)."""
    file = read(request, uuid, "Synthèse d’une page")
    with timezone.override(file.zone):
        context = sheet_context(file)
        return render(request, "pathways/summary.html", context | {"briefs": briefs_of(context["pathway"], file.now)})


@allow(reads_patients)
def history(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Who wrote what, when and why."""
    file = read(request, uuid, "Historique")
    with timezone.override(file.zone):
        context = {
            "pathway": file.pathway,
            "file": file,
            "p": identity_of(file.pathway.patient),
            "items": chronicle(file.pathway),
        }
        return render(request, "pathways/history.html", context)
