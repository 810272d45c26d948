"""Views of the worklist: named, shared with the desk, chosen to arrive on."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from coordination import services
from coordination.forms import SavedViewForm
from coordination.models import SavedView
from coordination.querysets import worklist as reads
from coordination.querysets.worklist import Scope
from coordination.views.shared import user_of
from coordination.views.worklist import address_of, described, params_of, scope_of
from directory.errors import DomainError
from directory.models import User
from directory.perms import allow, works_at_desk


@require_http_methods(["GET", "HEAD", "POST"])
@allow(works_at_desk)
def saved_views(request: HttpRequest) -> HttpResponse:
    """The views one may use, and the form that names the filters of the address; POST saves them."""
    user = user_of(request)
    asked = request.POST if request.method == "POST" else request.GET
    scope, listed = scope_of(asked)
    form = SavedViewForm(request.POST or None, desks=_desks(user))
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            saved = services.save_view(
                user=user, name=data["name"], listed=listed, mine=scope.mine, target=scope.target, team=data["team"]
            )
            if data["default"]:
                services.open_on(user=user, view=saved)
        except DomainError as error:
            form.add_error(error.field if error.field in form.fields else None, error.message)
        else:
            messages.success(request, f"Vue « {saved} » enregistrée.")
            return redirect(address_of(saved))
    context = {
        "form": form,
        "hidden": params_of(listed, scope),
        "summary": described(listed, scope, _targets(user)),
        "views": _described(user),
        "user_pk": user.pk,
    }
    return render(request, "coordination/saved_views.html", context, status=422 if form.errors else 200)


@require_POST
@allow(works_at_desk)
def saved_view_delete(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Removes one of the user's own views."""
    view = _find(request, uuid)
    try:
        services.delete_view(view=view, user=user_of(request))
    except DomainError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, f"Vue « {view} » supprimée.")
    return redirect("coordination:saved-views")


@require_POST
@allow(works_at_desk)
def saved_view_default(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Arrives on this view from now on, or on the whole list again when it was the one."""
    view = _find(request, uuid)
    stops = "stop" in request.POST
    services.open_on(user=user_of(request), view=None if stops else view)
    said = "« Ma journée » s’ouvre sur la liste entière." if stops else f"« Ma journée » s’ouvre sur « {view} »."
    messages.success(request, said)
    return redirect("coordination:saved-views")


def _find(request: HttpRequest, uuid: UUID) -> SavedView:
    return get_object_or_404(SavedView.objects.visible_to(user_of(request)), uuid=uuid)


def _desks(user: User) -> list[tuple[int, str]]:
    """The teams a view may be shared with."""
    found = {each.team_id: str(each.team) for each in user.current_memberships if each.role in reads.DESK}
    return list(found.items())


def _targets(user: User) -> dict[str, str]:
    return dict(reads.targets(user).values_list("key", "name"))


def _described(user: User) -> list[dict[str, Any]]:
    names = _targets(user)
    return [
        {
            "view": view,
            "url": address_of(view),
            "summary": described(view.listed, Scope(view.mine, view.target), names),
        }
        for view in SavedView.objects.visible_to(user).with_default_of(user)
    ]
