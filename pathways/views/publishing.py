"""Before a draft becomes a version: rehearsed on the pathways running now, then published with its reason."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from directory.errors import DomainError
from directory.models import User
from directory.perms import allow
from pathways import services
from pathways.forms.fields import refuse
from pathways.forms.target_file import PublishForm
from pathways.models import Pathway, RehearsalStatus, TargetRehearsal
from pathways.perms import reads_targets
from pathways.services.rehearsals import SILENT_AFTER, UNFINISHED
from pathways.views.bench import Bench, changes_of, faults_of, open_bench, revision_of


@allow(reads_targets)
def draft_rehearsal(request: HttpRequest, site: UUID, key: str) -> HttpResponse:
    """Who would be late with the draft; POST asks for it, and whoever reads the draft sees the last one."""
    bench = open_bench(request, site, key, write=False)
    if bench.draft is None:
        return redirect(bench.url("target"))
    if request.method == "POST":
        if not bench.may_edit:
            raise PermissionDenied
        try:
            services.ask_rehearsal(draft=bench.draft, revision=revision_of(request), author=bench.user)
        except DomainError as error:
            messages.error(request, error.message)
            return redirect(bench.url("target-draft"))
        return redirect(bench.url("target-rehearsal"))
    context = _rehearsal_context(bench, bench.draft.rehearsals.select_related("asked_by__professional").first())
    template = "pathways/targets/rehearsal.html"
    partial = request.htmx and context["waiting"]  # type: ignore[attr-defined]
    if request.htmx and not partial:  # type: ignore[attr-defined]
        return HttpResponse(headers={"HX-Refresh": "true"})
    return render(request, f"{template}#progress" if partial else template, context)


def _rehearsal_context(bench: Bench, rehearsal: TargetRehearsal | None) -> dict[str, Any]:
    assert bench.draft is not None
    context: dict[str, Any] = {
        "bench": bench,
        "target": bench.target,
        "draft": bench.draft,
        "rehearsal": rehearsal,
        "faults": faults_of(bench, bench.content),
        "waiting": False,
    }
    if rehearsal is None:
        return context
    silent = rehearsal.moved_at < timezone.now() - SILENT_AFTER
    unfinished = rehearsal.status in UNFINISHED
    context["waiting"] = unfinished and not silent
    context["broken"] = rehearsal.status == RehearsalStatus.FAILED or (unfinished and silent)
    context["ready"] = rehearsal.status == RehearsalStatus.READY
    context["outdated"] = rehearsal.revision != bench.draft.revision
    if context["ready"]:
        context |= _named(rehearsal, bench.user)
    return context


def _named(rehearsal: TargetRehearsal, user: User) -> dict[str, Any]:
    """The patients of a rehearsal, by name for those ``user`` may read, and how many are left unnamed."""
    keys = [row["pathway"] for row in rehearsal.rows]
    visible = Pathway.objects.visible_to(user).filter(pk__in=keys).select_related("patient", "next_step", "version")
    known = {pathway.pk: pathway for pathway in visible.defer("version__definition")}
    groups = []
    for title, tone, before, after, count in (
        ("Nouveaux retards", "late", False, True, rehearsal.newly_late),
        ("Retards levés", "ok", True, False, rehearsal.no_longer_late),
        (
            "En retard aujourd’hui comme avec le brouillon",
            "soon",
            True,
            True,
            rehearsal.late_after - rehearsal.newly_late,
        ),
    ):
        rows = [row for row in rehearsal.rows if (row["before"], row["after"]) == (before, after)]
        named = [
            {
                "pathway": known[row["pathway"]],
                "steps": [(label, datetime.fromisoformat(due)) for label, due in row["steps"]],
            }
            for row in rows
            if row["pathway"] in known
        ]
        named.sort(key=lambda each: (each["pathway"].patient.birth_name, each["pathway"].pk))  # type: ignore[attr-defined]
        groups.append({"title": title, "tone": tone, "count": count, "rows": named, "unnamed": count - len(named)})
    return {"groups": groups}


@require_POST
@allow(reads_targets)
def draft_rebase(request: HttpRequest, site: UUID, key: str) -> HttpResponse:
    """Says that the draft was read beside the version published meanwhile."""
    bench = open_bench(request, site, key)
    if bench.draft is None:
        return redirect(bench.url("target"))
    try:
        services.rebase_draft(draft=bench.draft, revision=revision_of(request), author=bench.user)
    except DomainError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, "Le brouillon remplacera la version publiée entre-temps : relisez ce qui change.")
    return redirect(bench.url("target-draft"))


@allow(reads_targets)
def draft_publish(request: HttpRequest, site: UUID, key: str) -> HttpResponse:
    """Makes the draft the next version, with its reason."""
    bench = open_bench(request, site, key)
    if bench.draft is None:
        messages.info(request, "Il n’y a plus de brouillon : il a été publié ou abandonné.")
        return redirect(bench.url("target"))
    form, status = PublishForm(request.POST or None), 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                version = services.publish_draft(
                    draft=bench.draft,
                    revision=revision_of(request),
                    reason=form.cleaned_data["reason"],
                    author=bench.user,
                )
            except DomainError as error:
                refuse(form, error)
            else:
                messages.success(request, f"Version {version.number} publiée. Aucun parcours en cours n’a bougé.")
                return redirect(bench.url("target-version", version.number))
    rehearsal = bench.draft.rehearsals.filter(status=RehearsalStatus.READY, revision=bench.draft.revision).first()
    context = {
        "bench": bench,
        "target": bench.target,
        "draft": bench.draft,
        "form": form,
        "faults": faults_of(bench, bench.content),
        "changes": changes_of(bench.draft),
        "rehearsal": rehearsal,
        "running": sum(version.running for version in bench.target.published),  # type: ignore[attr-defined]
    }
    return render(request, "pathways/targets/publish.html", context, status=status)
