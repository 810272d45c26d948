"""Target pathways as they are published: the list, one pathway and its versions, its flowchart, its file."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse

from directory.perms import allow
from pathways.models import TargetPathway, TargetPathwayVersion
from pathways.perms import may_edit_target, reads_targets, starts_targets_for
from pathways.querysets import READS_TEAM
from pathways.rules.comparison import compare, summary
from pathways.rules.target import dump
from pathways.rules.words import all_step_words
from pathways.views.opening import user_of
from pathways.views.picture import picture


@allow(reads_targets)
def target_list(request: HttpRequest) -> HttpResponse:
    """The target pathways the user may read, with their versions."""
    user = user_of(request)
    rows = TargetPathway.objects.readable_by(user).kept().with_versions().order_by("establishment__name", "name", "id")
    targets = [{"target": row, "may_edit": may_edit_target(user, row)} for row in rows]
    context = {"targets": targets, "may_begin": starts_targets_for(user).exists()}
    return render(request, "pathways/targets/list.html", context)


@allow(reads_targets)
def target(request: HttpRequest, site: UUID, key: str) -> HttpResponse:
    """One target pathway: its versions, newest first, and the draft."""
    found = open_target(request, site, key)
    user = user_of(request)
    older = any(version.running for version in found.published[1:])  # type: ignore[attr-defined]
    context = {
        "target": found,
        "may_edit": may_edit_target(user, found),
        "may_move": older and bool(user.teams_as(*READS_TEAM)),
    }
    return render(request, "pathways/targets/target.html", context)


@allow(reads_targets)
def target_version(request: HttpRequest, site: UUID, key: str, number: int) -> HttpResponse:
    """One published version: what it asks for, as a picture and as a table."""
    found = open_target(request, site, key)
    version = _version(found, number)
    content = version.content
    context = {
        "target": found,
        "version": version,
        "running": next(each.running for each in found.published if each.pk == version.pk),  # type: ignore[attr-defined]
        "content": content,
        "steps": all_step_words(content),
        "picture": picture(content),
        "compared": compared(request, found, version),
        "may_edit": may_edit_target(user_of(request), found),
    }
    return render(request, "pathways/targets/version.html", context)


@allow(reads_targets)
def target_chart(request: HttpRequest, site: UUID, key: str, number: int) -> HttpResponse:
    """The flowchart alone, for one sheet of paper."""
    found = open_target(request, site, key)
    version = _version(found, number)
    page = reverse("pathways:target-version", args=[site, key, number])
    context = {
        "target": found,
        "version": version,
        "content": version.content,
        "steps": all_step_words(version.content),
        "picture": picture(version.content, href=lambda step: f"{page}#etape-{step.key}"),
    }
    return render(request, "pathways/targets/chart.html", context)


@allow(reads_targets)
def target_file(request: HttpRequest, site: UUID, key: str, number: int) -> HttpResponse:
    """The version as a YAML file that loads back as the same content."""
    version = _version(open_target(request, site, key), number)
    return yaml_file(dump(version.content), f"{key}-v{number}.yaml")


def compared(request: HttpRequest, found: TargetPathway, version: TargetPathwayVersion) -> dict[str, Any] | None:
    """What changes from an earlier version (the one before, or the one asked for); None for the first."""
    asked = request.GET.get("depuis", "")
    earlier = [each for each in found.published if each.number < version.number]  # type: ignore[attr-defined]
    if not earlier:
        return None
    chosen = next((each for each in earlier if str(each.number) == asked), earlier[0])
    changes = compare(_version(found, chosen.number).content, version.content)
    return {"since": chosen.number, "earlier": earlier, "changes": changes, "summary": summary(changes)}


def open_target(request: HttpRequest, site: UUID, key: str) -> TargetPathway:
    """The target of that site and key, with its versions, when the user may read it. Raises Http404."""
    rows = TargetPathway.objects.readable_by(user_of(request)).with_versions()
    return get_object_or_404(rows, establishment__uuid=site, key=key)


def yaml_file(text: str, name: str) -> HttpResponse:
    """A YAML text to be kept as a file."""
    disposition = f'attachment; filename="{name}"'
    return HttpResponse(
        text, content_type="application/yaml; charset=utf-8", headers={"Content-Disposition": disposition}
    )


def _version(found: TargetPathway, number: int) -> TargetPathwayVersion:
    return get_object_or_404(found.versions.select_related("author__professional"), number=number)
