"""« Ma journée »: every active pathway of the desk, the most urgent first."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.core.paginator import Page, Paginator
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from coordination.querysets import worklist as reads
from coordination.querysets.worklist import Scope
from coordination.readings.worklist import Row, worklist_rows
from coordination.views.shared import is_htmx, user_of
from directory.models import User
from directory.perms import allow, works_at_desk
from pathways.models import TargetPathway

PER_PAGE = 50
MINE = "moi"

LOOKS = {
    reads.WITHOUT_NEXT: ("Sans suite", "late", "route-2"),
    reads.LATE: ("En retard", "late", "alert-triangle"),
    reads.SOON: ("À moins de 7 jours", "soon", "clock-exclamation"),
    reads.CALL_BACK: ("À rappeler", "info", "phone-call"),
    reads.ALL: ("Tous les parcours", "neutral", "list"),
}


@require_http_methods(["GET", "HEAD", "POST"])
@allow(works_at_desk)
def worklist(request: HttpRequest) -> HttpResponse:
    """The list, its counters and its filters; the fragment alone for htmx.

    POST changes nothing: it is how words are searched, so that a patient's name never stands in an address or a log.
    """
    template = "coordination/worklist.html"
    return render(request, f"{template}#list" if is_htmx(request) else template, page_context(request))


def page_context(request: HttpRequest) -> dict[str, Any]:
    """Everything the page shows."""
    user, now = user_of(request), timezone.now()
    today = timezone.localdate(now)
    params = request.POST if request.method == "POST" else request.GET
    scope, chosen = scope_of(params)
    found = reads.at_desk(user, scope)
    figures = reads.counters(found, now, today)
    words = request.POST.get("q", "").replace("\0", "").strip()[:100]
    listed = reads.named(found, words) if words else reads.chosen(found, chosen, now, today)
    page = _page(figures[chosen], params.get("page"))
    first = 0 if words else (page.number - 1) * PER_PAGE
    rows = worklist_rows(reads.page_of(listed, now, today, first, PER_PAGE), now)
    return {
        "page": None if words else page,
        "rows": rows,
        "words": words,
        "many": bool(words) and len(rows) == PER_PAGE,
        "counters": _counters(params, figures, "" if words else chosen),
        "chosen": chosen,
        "chosen_label": LOOKS[chosen][0],
        "scope": scope,
        "narrowed": bool(words or scope.target or scope.mine),
        "targets": _targets(user),
        "today": today,
        "back": _with(params, liste=chosen, page=str(page.number)),
    }


def scope_of(params: QueryDict) -> tuple[Scope, str]:
    """What the query asks: whose pathways, and which counter."""
    chosen = params.get("liste", reads.ALL)
    scope = Scope(mine=params.get("qui") == MINE, target=params.get("parcours", ""))
    return scope, chosen if chosen in reads.FILTERS else reads.ALL


def row_context(request: HttpRequest, row: Row, params: QueryDict) -> dict[str, Any]:
    """One row again, with the counters of the page it stands on."""
    now = timezone.now()
    scope, chosen = scope_of(params)
    found = reads.at_desk(user_of(request), scope)
    figures = reads.counters(found, now, timezone.localdate(now))
    return {"row": row, "counters": _counters(params, figures, chosen), "fresh": True}


def _page(count: int, number: str | None) -> Page[Any]:
    """A page whose length is already known: the counter of the filter."""
    paginator: Paginator[Any] = Paginator([], PER_PAGE)
    paginator.count = count  # type: ignore[misc]
    return paginator.get_page(number)


def _counters(params: QueryDict, figures: dict[str, int], chosen: str) -> list[dict[str, Any]]:
    return [
        {
            "label": label,
            "value": figures[name],
            "url": _with(params, liste=name),
            "tone": tone,
            "icon": icon,
            "current": name == chosen,
        }
        for name, (label, tone, icon) in LOOKS.items()
    ]


def _with(params: QueryDict, **changes: str) -> str:
    """The worklist's address with some of its query changed; what was searched is left out of it."""
    kept = {name: params[name] for name in ("liste", "qui", "parcours") if params.get(name)}
    return f"{reverse('coordination:worklist')}?{urlencode({**kept, **changes})}"


def _targets(user: User) -> list[tuple[str, str]]:
    """The target pathways of the user's desks, to filter by."""
    targets = TargetPathway.objects.filter(team__in=user.teams_as(*reads.DESK)).order_by("name")
    return list(targets.values_list("key", "name"))
