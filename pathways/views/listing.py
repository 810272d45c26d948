"""The list of patients' pathways, and the search as one types."""

from __future__ import annotations

from datetime import timedelta
from functools import cached_property
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import F, Prefetch
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from directory.models import User
from directory.perms import allow, may_break_glass, reads_patients, works_at_desk
from pathways.forms import ListFilter
from pathways.models import Pathway, Patient, Step, TargetPathway
from pathways.querysets import PathwayQuerySet, in_charge
from pathways.rules.calendar import Calendar
from pathways.rules.lateness import margin_days
from pathways.rules.search import as_searched
from pathways.views.opening import user_of
from pathways.views.sheet import PAUSED, TELLING

ROWS = 50
FILTERS = ("target", "status", "delay", "mine")
SHORTEST, FOUND = 2, 8
COUNTED = 1000
"""Beyond, the list says « plus de 1000 »: counting 100,000 rows helps nobody and takes longer than the page."""


@require_http_methods(["GET", "HEAD", "POST"])
@allow(reads_patients)
def pathway_list(request: HttpRequest) -> HttpResponse:
    """The pathways the user reads, most urgent first; the rows alone for htmx.

    POST changes nothing: it is how words are searched, so that a patient's name never stands in an address or a log.
    """
    user, now = user_of(request), timezone.now()
    targets = TargetPathway.objects.visible_to(user).published().order_by("name", "id")
    address = _address(request.POST if request.method == "POST" else request.GET)
    form = ListFilter(request.POST if request.method == "POST" else address, targets=targets)
    chosen = form.chosen
    rows = narrowed(Pathway.objects.visible_to(user), chosen, user)
    keys = _ordered(rows, chosen).values_list("pk", flat=True)
    page = _CappedPaginator(keys, ROWS).get_page(request.GET.get("page"))
    request.GET = address  # type: ignore[assignment]  # where the links to other pages go on from
    context = {
        "form": form,
        "page": page,
        "capped": page.paginator.count >= COUNTED,
        "lines": _lines(page, now),
        "search_value": chosen.get("q", ""),
        "may_create": works_at_desk(user),
        "may_break_glass": may_break_glass(user),
    }
    if not request.htmx:  # type: ignore[attr-defined]
        return render(request, "pathways/list.html", context)
    response = render(request, "pathways/list.html#rows", context)
    response["HX-Push-Url"] = request.path + (f"?{address.urlencode()}" if address else "")
    return response


@require_POST
@allow(reads_patients)
def find(request: HttpRequest) -> HttpResponse:
    """The few pathways the palette offers for what is typed. POST changes nothing: it keeps names out of addresses."""
    words = request.POST.get("q", "").replace("\0", "").strip()[:100]
    rows = Pathway.objects.none()
    if len(words) >= SHORTEST:
        rows = narrowed(Pathway.objects.visible_to(user_of(request)), {"q": words}, user_of(request))
    keys = list(_ordered(rows, {}).values_list("pk", flat=True)[:FOUND])
    found = Pathway.objects.filter(pk__in=keys).select_related("patient", "version__target")
    by_key = {pathway.pk: pathway for pathway in found.defer("version__definition")}
    return render(request, "pathways/_found.html", {"found": [by_key[key] for key in keys if key in by_key]})


def _address(asked: QueryDict) -> QueryDict:
    """The filters that an address may hold: not the words being searched, nor what is empty."""
    kept = QueryDict(mutable=True)
    for name in FILTERS:
        if value := asked.get(name):
            kept[name] = str(value)
    return kept


def narrowed(rows: PathwayQuerySet, chosen: dict[str, Any], user: User) -> PathwayQuerySet:
    """``rows`` after the filters; ``chosen`` as `ListFilter.chosen` gives it. Also used by the API."""
    now = timezone.now()
    words = chosen.get("q", "")
    searching = len(words) > 1
    if searching:
        rows = rows.filter(patient__in=Patient.objects.search(as_searched(words)))
    if target := chosen.get("target"):
        rows = rows.filter(version__target=target)
    if chosen.get("mine"):
        rows = rows.filter(in_charge(user))
    match chosen.get("delay"):
        case "late":
            return rows.late(now)
        case "soon":
            return rows.due_before(now, now + timedelta(days=7))
        case "none":
            return rows.without_next_step()
    status = chosen.get("status") or ("all" if searching else "active")
    return rows if status == "all" else rows.filter(status=status)


def _ordered(rows: PathwayQuerySet, chosen: dict[str, Any]) -> PathwayQuerySet:
    """Open ones by their next due instant, those without first (they have no date at all); then the closed ones."""
    if chosen.get("status") == "closed":
        return rows.order_by("-closed_at", "-id")
    return rows.order_by("status", F("next_due_at").asc(nulls_first=True), "id")


def _lines(page: Page[int], now: Any) -> list[dict[str, Any]]:
    """The rows as shown, with the lateness of each next step. Only keys were sorted: whole rows are read now."""
    keys = list(page.object_list)
    steps = Step.objects.with_lateness(now).select_related("assignee__professional")
    rows = (
        Pathway.objects.filter(pk__in=keys)
        .select_related("patient", "version__target", "team__establishment", "owner__professional")
        .prefetch_related(Prefetch("next_step", steps))
        .with_stand_ins()
    )
    found = {pathway.pk: pathway for pathway in rows.defer("version__definition")}
    return [_line(found[key], now) for key in keys if key in found]


def _line(pathway: Pathway, now: Any) -> dict[str, Any]:
    step = pathway.next_step
    if step is None:
        people = {"person": pathway.owner, "stand_in": pathway.acting_for(pathway.owner)}
        return {"pathway": pathway, "step": None, "tone": "", "words": "", "margin": None, **people}
    person = step.assignee or pathway.owner
    tone, words = PAUSED if step.paused else TELLING[step.lateness]  # type: ignore[attr-defined]
    calendar = Calendar(time_zone=pathway.team.establishment.time_zone)
    return {
        "pathway": pathway,
        "step": step,
        "tone": tone,
        "words": words,
        "margin": margin_days(step.due_at, now, calendar) if step.due_at else None,
        "person": person,
        "stand_in": pathway.acting_for(person),
    }


class _CappedPaginator(Paginator):  # type: ignore[type-arg]
    """Counts at most `COUNTED` rows."""

    @cached_property
    def count(self) -> int:
        rows: PathwayQuerySet = self.object_list  # type: ignore[assignment]
        return rows.order_by()[:COUNTED].count()
