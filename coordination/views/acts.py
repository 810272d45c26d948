"""One gesture on the ticked rows: a preview that says who and what, the act, and its undoing."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from coordination import services
from coordination.forms import ActForm
from coordination.models import ActKind, DeskAct
from coordination.querysets import worklist as reads
from coordination.querysets.worklist import Scope
from coordination.readings.people import at_the_desk
from coordination.services.acts import Asked, why_not
from coordination.views.shared import back_url, user_of
from directory.errors import DomainError
from directory.models import User
from directory.paths import own_path
from directory.perms import allow, works_at_desk
from directory.typography import short_day
from pathways.models import Pathway

MOST = 100
GESTURES = {"confier": ActKind.ASSIGN, "reporter": ActKind.POSTPONE, "contact": ActKind.CONTACT}
LOOKS = {
    ActKind.ASSIGN: ("Confier", "user-check"),
    ActKind.POSTPONE: ("Reporter le rappel", "calendar-time"),
    ActKind.CONTACT: ("Noter un contact", "phone"),
}


@require_http_methods(["GET", "HEAD", "POST"])
@allow(works_at_desk)
def act(request: HttpRequest) -> HttpResponse:
    """Who is concerned, what will change, who cannot and why; « Confirmer » does what was shown, and nothing else."""
    params = request.POST if request.method == "POST" else request.GET
    kind = GESTURES.get(params.get("geste", ""))
    pathways = _ticked(user_of(request), params)
    if kind is None or not pathways:
        messages.warning(request, "Cochez d’abord une ligne de la liste.")
        return redirect(back_url(request, "coordination:worklist"))
    first = "key" not in params  # coming from the list: nothing was chosen yet
    form = ActForm(
        None if first else params,
        kind=kind,
        people=at_the_desk({pathway.team_id for pathway in pathways}),
        user=user_of(request),
    )
    asked = form.asked()
    shown = form.signature()
    if asked and params.get("do") == "confirm" and params.get("seen") == shown and request.method == "POST":
        return _do(request, pathways, asked, form)
    return _preview(request, pathways, form, asked, kind)


def _preview(
    request: HttpRequest, pathways: list[Pathway], form: ActForm, asked: Asked | None, kind: ActKind
) -> HttpResponse:
    params = request.POST if request.method == "POST" else request.GET
    lines = [_line(pathway, asked) for pathway in pathways]
    label, icon = LOOKS[kind]
    context = {
        "form": form,
        "label": label,
        "icon": icon,
        "gesture": next(name for name, each in GESTURES.items() if each == kind),
        "lines": lines,
        "possible": sum(not line["refusal"] for line in lines),
        "changed": bool(params.get("seen")) and params.get("seen") != form.signature(),
        "seen": form.signature(),
        "key": params.get("key") or uuid4(),
        "back": own_path(params.get("back", "")),
        "asked": asked,
    }
    return render(request, "coordination/act.html", context, status=422 if form.is_bound and form.errors else 200)


def _do(request: HttpRequest, pathways: list[Pathway], asked: Asked, form: ActForm) -> HttpResponse:
    try:
        done = services.act_on_rows(
            pathways=pathways, asked=asked, author=user_of(request), key=form.cleaned_data["key"]
        )
    except DomainError as error:
        form.add_error(error.field if error.field in form.fields else None, error.message)
        return _preview(request, pathways, form, asked, ActKind(asked.kind))
    address = back_url(request, "coordination:worklist")
    path, _, query = address.partition("?")
    kept = QueryDict(query, mutable=True)
    kept["fait"] = str(done.uuid)
    return redirect(f"{path}?{kept.urlencode()}")


@require_POST
@allow(works_at_desk)
def act_undo(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Puts the rows back as they were; what moved since stays as it is, and is named by its reference."""
    found = get_object_or_404(DeskAct, uuid=uuid, author=user_of(request))
    try:
        lines = services.undo_act(act=found, user=user_of(request))
    except DomainError as error:
        messages.error(request, error.message)
        return redirect(back_url(request, "coordination:worklist"))
    moved = [line.pathway.reference for line in lines if not line.undone]
    back = len(lines) - len(moved)
    if back:
        messages.success(request, f"{back} parcours remis comme avant.")
    if moved:
        messages.warning(request, f"Changé depuis, laissé tel quel : {', '.join(moved)}.")
    return redirect(back_url(request, "coordination:worklist"))


def last_act(request: HttpRequest) -> dict[str, Any] | None:
    """What the gesture just made did, when the address names one of the user's own that still stands."""
    try:
        uuid = UUID(request.GET.get("fait", ""))
    except ValueError:
        return None
    found = DeskAct.objects.filter(uuid=uuid, author=user_of(request), undone_at=None).first()
    if found is None:
        return None
    count = found.lines.count()
    said = {
        ActKind.ASSIGN: f"{count} parcours confié{'s' if count > 1 else ''}.",
        ActKind.POSTPONE: f"Rappel reporté pour {count} parcours.",
        ActKind.CONTACT: f"Contact noté pour {count} parcours.",
    }
    return {"uuid": found.uuid, "text": said[ActKind(found.kind)]}


def _ticked(user: User, params: QueryDict) -> list[Pathway]:
    """The active pathways of the user's desks among the ticked ones, in the order of the worklist."""
    wanted = []
    for each in params.getlist("p")[:MOST]:
        try:
            wanted.append(UUID(each))
        except ValueError:
            continue
    now = timezone.now()
    found = reads.at_desk(user, Scope()).filter(uuid__in=wanted)
    return reads.page_of(found, now, timezone.localdate(now), 0, MOST)


def _line(pathway: Pathway, asked: Asked | None) -> dict[str, Any]:
    state = getattr(pathway, "contact_state", None)
    promised = state.call_back_on if state else None
    return {
        "pathway": pathway,
        "owner": pathway.owner,
        "promised": promised,
        "refusal": why_not(pathway, asked) if asked else "",
        "after": _after(asked) if asked else "",
    }


def _after(asked: Asked) -> str:
    """What the row will say, in a few words."""
    today = timezone.localdate()
    if asked.kind == ActKind.ASSIGN:
        return f"responsable : {asked.owner}" if asked.owner else "sans responsable"
    if asked.kind == ActKind.POSTPONE and asked.day:
        return f"rappel {short_day(asked.day, today)}"
    label = dict(ActForm.OUTCOMES)[asked.outcome].lower()
    return f"{label}, rappel {short_day(asked.day, today)}" if asked.day else label
