"""Beginning a target pathway that did not exist."""

from __future__ import annotations

from functools import cache
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from directory.errors import DomainError
from directory.perms import allow
from pathways import services
from pathways.forms.fields import refuse
from pathways.forms.new_target import FILE, OWN, SHIPPED, NewTargetForm
from pathways.models import TargetPathway
from pathways.perms import reads_targets, starts_targets_for
from pathways.rules.target import Target, TargetError, parse_target
from pathways.shipped import shipped
from pathways.views.opening import user_of


@allow(reads_targets)
def target_new(request: HttpRequest) -> HttpResponse:
    """A name, a team, and what it starts from; then its draft."""
    user = user_of(request)
    teams = starts_targets_for(user)
    if not teams:
        raise PermissionDenied
    own = TargetPathway.objects.readable_by(user).published().order_by("name", "id")
    names = {key: content.name for key, content in _shipped().items()}
    form = NewTargetForm(request.POST or None, request.FILES or None, teams=teams, own=own, shipped=names)
    faults: tuple[Any, ...] = ()
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            content = _content(data, own)
            draft = services.begin_target(team=data["team"], content=content, name=data["name"], author=user)
        except TargetError as error:
            faults = error.faults
        except DomainError as error:
            refuse(form, error)
        else:
            site, key = draft.target.establishment.uuid, draft.target.key
            return redirect(reverse("pathways:target-draft", args=[site, key]))
    status = 422 if request.method == "POST" else 200
    return render(request, "pathways/targets/new.html", {"form": form, "faults": faults}, status=status)


def _content(data: dict[str, Any], own: QuerySet[TargetPathway]) -> Target:
    """What the draft will say first. Raises TargetError with every fault of a file."""
    start: str = data["start"]
    if start == FILE:
        return parse_target(data["text"])
    if start.startswith(SHIPPED):
        return _shipped()[start.removeprefix(SHIPPED)]
    return own.get(pk=start.removeprefix(OWN)).current_version.content


@cache
def _shipped() -> dict[str, Target]:
    """What comes with Jalon, read once in the life of a process."""
    return {key: parse_target(file.read_text(encoding="utf-8")) for key, file in shipped().items()}
