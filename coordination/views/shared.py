"""What the desk's views share: the user, the pathway they may see, and how an answer goes back."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from typing import Any
from uuid import UUID

import structlog
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse

from directory.clock import follow_clock_of
from directory.models import AccessLog, User
from directory.paths import own_path
from directory.services import record_accesses
from pathways.models import Pathway
from pathways.perms import why_reads

CHANGED = "jalon:pathway-changed"
"""Event that tells the rest of a patient's page that its pathway moved."""

CLOSE_DIALOG = "jalon:close-dialog"


def user_of(request: HttpRequest) -> User:
    """The logged-in user; the middleware lets nobody else in."""
    assert isinstance(request.user, User)
    return request.user


def find_pathway(request: HttpRequest, uuid: UUID) -> Pathway:
    """The pathway, if the user may see it; 404 for a stranger. The page shows the hours of its establishment."""
    visible = Pathway.objects.visible_to(user_of(request)).with_list_data().select_related("patient__gp")
    found = get_object_or_404(visible.defer("version__definition"), uuid=uuid)
    follow_clock_of(found.team.establishment)
    return found


def open_files(request: HttpRequest, pathways: Iterable[Pathway], what: str) -> None:
    """Logs that the user reads ``what`` of many patients, in one query; those of another team are few, and each is
    asked why."""
    user = user_of(request)
    _log(request, [(pathway.patient.uuid, why_reads(user, pathway)) for pathway in pathways], what)


def log_team_reads(request: HttpRequest, patients: Iterable[UUID], what: str) -> None:
    """The same for patients of the user's own teams, from their public ids."""
    _log(request, [(patient, AccessLog.Why.TEAM) for patient in patients], what)


def _log(request: HttpRequest, read: list[tuple[UUID, str]], what: str) -> None:
    record_accesses(
        user=user_of(request),
        read=read,
        what=what,
        ip_address=request.META.get("REMOTE_ADDR"),
        request_id=str(structlog.contextvars.get_contextvars().get("request_id", "")),
    )


def insist(allowed: bool) -> None:
    """403 when ``allowed`` is false."""
    if not allowed:
        raise PermissionDenied


def is_htmx(request: HttpRequest) -> bool:
    """True when the request comes from htmx and wants a fragment."""
    return bool(getattr(request, "htmx", False))


def back_url(request: HttpRequest, default: str, *args: Any) -> str:
    """The page the form was on, when it is one of ours; else the page called ``default``."""
    return own_path(request.POST.get("back", "")) or reverse(default, args=args)


def back_query(request: HttpRequest) -> QueryDict:
    """The query of the page the form was on."""
    return QueryDict(request.POST.get("back", "").partition("?")[2])


def toast(response: HttpResponse, message: str, tone: str, events: Sequence[str] = ()) -> HttpResponse:
    """Adds a short message, and other events, to an htmx answer."""
    response["HX-Trigger"] = json.dumps(
        {"jalon:toast": {"message": message, "tone": tone}, **{name: {} for name in events}}
    )
    return response


def answer(
    request: HttpRequest,
    fragment: Callable[[], HttpResponse],
    message: str,
    *,
    default: str,
    args: tuple[Any, ...] = (),
    tone: str = "ok",
    events: Sequence[str] = (),
) -> HttpResponse:
    """After a write: the fragment with a toast for htmx, else back to the page with a message."""
    if is_htmx(request):
        return toast(fragment(), message, tone, events)
    level = messages.SUCCESS if tone == "ok" else messages.WARNING if tone == "soon" else messages.ERROR
    messages.add_message(request, level, message)
    return redirect(back_url(request, default, *args))
