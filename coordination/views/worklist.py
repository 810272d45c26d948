"""« Ma journée »: every active pathway of the desk, the most urgent first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from django.core.paginator import Page, Paginator
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from coordination.counters import added_filters, neighbours
from coordination.models import Post, SavedView
from coordination.querysets import worklist as reads
from coordination.querysets.worklist import Scope
from coordination.readings.counters import Figures, figures_of
from coordination.readings.worklist import Row, worklist_rows
from coordination.views.acts import last_act
from coordination.views.shared import is_htmx, user_of
from directory import badges
from directory.models import Team, User
from directory.perms import allow, works_at_desk
from pathways.models import TargetPathway

PER_PAGE = 50
MINE = "moi"
FILTERED = ("liste", "qui", "parcours")

LOOKS = {
    reads.WITHOUT_NEXT: ("Sans suite", "late", "route-2"),
    reads.LATE: ("En retard", "late", "alert-triangle"),
    reads.SOON: ("À moins de 7 jours", "soon", "clock-exclamation"),
    reads.CALL_BACK: ("À rappeler", "info", "phone-call"),
    reads.EXPECTED: ("Attendus aujourd’hui", "info", "calendar-event"),
    reads.REVIEW: ("À revoir", "neutral", "history"),
    reads.ALL: ("Tous les parcours", "neutral", "list"),
}
"""Label, tone and icon of each filter of ours; those of upper rooms bring theirs."""

POSTS = {reads.CALL_BACK: Post.PHONE, reads.EXPECTED: Post.CONSULTATIONS}
"""Whose work each filter of ours is, in the morning split."""


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
    views = list(SavedView.objects.visible_to(user).with_default_of(user))
    params = _asked(request, views)
    scope, chosen = scope_of(params)
    found = reads.at_desk(user, scope)
    figures = figures_of(user, scope, now, today)
    badges.keep(request, figures.badges)
    words = request.POST.get("q", "").replace("\0", "").strip()[:100]
    listed = reads.named(found, words) if words else reads.chosen(found, chosen, now, today)
    page = _page(figures.filters[chosen], params.get("page"))
    first = 0 if words else (page.number - 1) * PER_PAGE
    rows = worklist_rows(reads.page_of(listed, now, today, first, PER_PAGE), now)
    return {
        "page": None if words else page,
        "rows": rows,
        "words": words,
        "many": bool(words) and len(rows) == PER_PAGE,
        "counters": _counters(user, params, figures, "" if words else chosen),
        "chosen": chosen,
        "chosen_label": looks()[chosen][0],
        "scope": scope,
        "narrowed": bool(words or scope.target or scope.mine),
        "targets": figures.targets,
        "views": [{"view": view, "url": address_of(view), "current": is_on(view, scope, chosen)} for view in views],
        "naming": f"{reverse('coordination:saved-views')}?{urlencode(params_of(chosen, scope))}",
        "everything": f"{reverse('coordination:worklist')}?{urlencode({'liste': reads.ALL})}",
        "asked": params_of(chosen, scope),
        "desks": desks_of(user),
        "done": last_act(request),
        "covers_told": figures.covers,
        "duties": [each.told(user) for each in figures.duties],
        "today": today,
        **_back(_with(params, liste=chosen, page=str(page.number))),
    }


def desks_of(user: User) -> list[Team]:
    """The teams whose desk ``user`` runs, each once."""
    return list({each.team_id: each.team for each in user.current_memberships if each.role in reads.DESK}.values())


def _asked(request: HttpRequest, views: list[SavedView]) -> QueryDict:
    """The filters asked for; an address without any is that of the view one arrives on."""
    params = request.POST if request.method == "POST" else request.GET
    if any(name in params for name in FILTERED):
        return params
    arrival = next((view for view in views if view.is_default), None)  # type: ignore[attr-defined]
    if arrival is None:
        return params
    filled = params.copy()
    filled.update(params_of(arrival.listed, Scope(arrival.mine, arrival.target)))
    return filled


def params_of(listed: str, scope: Scope) -> dict[str, str]:
    """The query of a worklist; `scope_of` reads it back."""
    found = {"liste": listed, "qui": MINE if scope.mine else "", "parcours": scope.target}
    return {name: value for name, value in found.items() if value}


def address_of(view: SavedView) -> str:
    """The worklist with the filters of a saved view."""
    query = urlencode(params_of(view.listed, Scope(view.mine, view.target)))
    return f"{reverse('coordination:worklist')}?{query}"


def is_on(view: SavedView, scope: Scope, listed: str) -> bool:
    """True when the filters on screen are those of ``view``."""
    return (view.listed, view.mine, view.target) == (listed, scope.mine, scope.target)


def scope_of(params: QueryDict) -> tuple[Scope, str]:
    """What the query asks: whose pathways, and which counter."""
    chosen = params.get("liste", reads.ALL)
    scope = Scope(mine=params.get("qui") == MINE, target=params.get("parcours", ""))
    return scope, chosen if chosen in reads.filters() else reads.ALL


def described(listed: str, scope: Scope, names: Mapping[str, str] | None = None) -> str:
    """« En retard, mes patients, FAST »: the filters in words."""
    known = looks()
    label = known[listed][0] if listed in known else "Liste qui n’existe plus"
    if scope.target and names is None:
        names = dict(TargetPathway.objects.filter(key=scope.target).values_list("key", "name"))
    named = (names or {}).get(scope.target, scope.target)
    return ", ".join(part for part in (label, "mes patients" if scope.mine else "", named) if part)


def row_context(request: HttpRequest, row: Row, params: QueryDict) -> dict[str, Any]:
    """One row again, with the counters of the page it stands on."""
    now = timezone.now()
    scope, chosen = scope_of(params)
    figures = figures_of(user_of(request), scope, now, timezone.localdate(now))
    return {
        "row": row,
        "counters": _counters(user_of(request), params, figures, chosen),
        "late": figures.badges.get("coordination:worklist", 0),
        **_back(request.POST.get("back", "")),
        "fresh": True,
    }


def _back(url: str) -> dict[str, str]:
    """The page to come back to, and the same for the links of fifty rows."""
    return {"back": url, "back_query": urlencode({"back": url})}


def looks() -> dict[str, tuple[str, str, str]]:
    """Label, tone and icon of every filter, in the order of the counters."""
    added = {name: (each.label, each.tone, each.icon) for name, each in added_filters().items()}
    return {name: {**LOOKS, **added}[name] for name in reads.filters()}


def _page(count: int, number: str | None) -> Page[Any]:
    """A page whose length is already known: the counter of the filter."""
    paginator: Paginator[Any] = Paginator([], PER_PAGE)
    paginator.count = count  # type: ignore[misc]
    return paginator.get_page(number)


def _post_of(name: str) -> str:
    """The post of the morning split that works on this filter, if any."""
    found = added_filters().get(name)
    return found.post if found else POSTS.get(name, "")


def _counters(user: User, params: QueryDict, figures: Figures, chosen: str) -> list[dict[str, Any]]:
    """The filters; the pages beside stand before « À revoir » and « Tous ». Those of the user's post are marked."""
    mine = {post for each in figures.duties for post in each.split.of(user.pk)}
    ours = [
        {
            "label": label,
            "value": figures.filters[name],
            "url": _with(params, liste=name),
            "tone": tone,
            "icon": icon,
            "current": name == chosen,
            "mark": _post_of(name) in mine,
        }
        for name, (label, tone, icon) in looks().items()
    ]
    beside = [
        {
            "label": each.label,
            "value": figures.neighbours[each.url_name],
            "url": reverse(each.url_name) + each.query,
            "tone": each.tone,
            "icon": each.icon,
            "current": False,
            "mark": each.post in mine,
        }
        for each in neighbours().values()
        if figures.neighbours[each.url_name] or not each.quiet
    ]
    return [*ours[:-2], *beside, *ours[-2:]]


def _with(params: QueryDict, **changes: str) -> str:
    """The worklist's address with some of its query changed; what was searched is left out of it."""
    kept = {name: params[name] for name in FILTERED if params.get(name)}
    return f"{reverse('coordination:worklist')}?{urlencode({**kept, **changes})}"
