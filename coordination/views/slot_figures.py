"""Figures of slots, and how many a site needs. Computed, never typed; too few to count is not shown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from coordination.forms.sizing import LEAVES, SizingForm
from coordination.models import ExamType, ReleaseUnit, Slot, SlotSeries
from coordination.perms import reads_slot_figures, relies_on_slots
from coordination.querysets import SlotQuerySet
from coordination.readings.demand import demand_of, running_series
from coordination.readings.sized import sized
from coordination.readings.slot_delays import (
    Cut,
    Delay,
    DelayLine,
    Delays,
    State,
    by_pk,
    lines_of,
    promise_of,
    quarter_of,
)
from coordination.readings.slot_use import SHOWN, Period, chart_of, told, use_by, use_by_period
from coordination.readings.unmet import unmet
from coordination.rules.charts import Chart, Range, bars, ranges
from coordination.rules.sizing import WEEKS, Rule, Size, fewest
from coordination.rules.spread import FEWEST, few
from coordination.views.shared import open_files, user_of
from coordination.views.slots import home_of
from directory.models import Role, Team, User
from directory.perms import allow
from directory.typography import NBSP
from pathways.models import Pathway
from pathways.querysets import PathwayQuerySet
from pathways.rules.search import normalise
from pathways.services import calendar_of

YEAR = timedelta(days=366)
MOST_LISTED = 100
HEADS = {Cut.EXAM: "Examen", Cut.PLATFORM: "Plateau", Cut.QUARTER: "Trimestre"}
CARE = (Role.COORDINATOR, Role.SECRETARY, Role.PHYSICIAN)


@dataclass(frozen=True)
class Scope:
    """What the reader's figures bear on: the slots they see (quality: those of the site), the pathways of their teams
    (quality: of the site). ``opens`` tells whether they may open the list behind a figure."""

    slots: SlotQuerySet
    pathways: PathwayQuerySet
    opens: bool

    @classmethod
    def of(cls, user: User) -> Scope:
        sites = user.establishments_as(Role.QUALITY)
        slots = Slot.objects.visible_to(user) | Slot.objects.filter(platform__establishment__in=sites)
        teams = Team.objects.filter(pk__in=user.teams_as(*CARE)) | Team.objects.filter(establishment__in=sites)
        return cls(slots, Pathway.objects.filter(team__in=teams.values("pk")), bool(user.roles & set(CARE)))


def _cut(request: HttpRequest) -> Cut:
    asked = request.GET.get("par", "")
    return Cut(asked) if asked in {each.value for each in Cut} else Cut.EXAM


@require_safe
@allow(reads_slot_figures)
def figures(request: HttpRequest) -> HttpResponse:
    """Use of the slots, demand not met and delays, by exam, by platform or by quarter."""
    user, now, cut = user_of(request), timezone.now(), _cut(request)
    scope, calendar = Scope.of(user), calendar_of(home_of(user))
    since = now - (SHOWN[Period.QUARTER] if cut is Cut.QUARTER else YEAR)
    uses, labels = _uses(scope.slots, cut, now)
    delays = Delays(scope.pathways, since, now, cut, calendar.zone)
    exams, acts = lines_of(delays.exams(), cut), lines_of(delays.first_acts(), cut)
    context = {
        "cut": cut,
        "cuts": [(Cut.EXAM, "Par examen"), (Cut.PLATFORM, "Par plateau"), (Cut.QUARTER, "Par trimestre")],
        "head": HEADS[cut],
        "uses": [{"use": use, "label": label} for use, label in zip(uses, labels, strict=True)],
        "use_total": told(uses),
        "use_chart": chart_of([use.drawn for use in uses], labels) if uses else None,
        "unmet": _unmet(scope, since),
        "exams": exams,
        "exams_chart": _delay_chart(exams),
        "acts": acts,
        "acts_chart": _delay_chart(acts),
        "promise": promise_of(state for state, _ in delays.offers().values()),
        "fewest": FEWEST,
        "since": since,
        "now": now,
        "opens": scope.opens,
    }
    with timezone.override(calendar.zone):
        return render(request, "coordination/slot_figures.html", context)


def _uses(slots: SlotQuerySet, cut: Cut, now: datetime) -> tuple[list[Any], list[str]]:
    """The use of each line, and its words."""
    if cut is Cut.QUARTER:
        uses = use_by_period(slots, Period.QUARTER, now)
        return uses, [quarter_of(use.key) for use in uses]
    model: Any = ExamType if cut is Cut.EXAM else Team
    uses = use_by(slots, "exam_type" if cut is Cut.EXAM else "platform", now, YEAR)
    names = {each.pk: str(each) for each in model.objects.filter(pk__in=[use.key for use in uses])}
    uses.sort(key=lambda use: normalise(names[use.key]))
    return uses, [names[use.key] for use in uses]


def _unmet(scope: Scope, since: datetime) -> dict[str, Any]:
    """A table: exam types by way not to be met."""
    kinds = unmet(scope.pathways, since)
    counts = {kind.key: Counter(label for label, _ in kind.pairs) for kind in kinds}
    exams = sorted({label for each in counts.values() for label in each}, key=normalise)
    drawn = [(exam, [_drawn(counts[kind.key][exam]) for kind in kinds]) for exam in exams]
    return {
        "chart": bars([row for row in drawn if any(row[1])]) if any(any(sizes) for _, sizes in drawn) else None,
        "kinds": kinds,
        "rows": [(exam, [(kind, counts[kind.key][exam]) for kind in kinds]) for exam in exams],
        "totals": [(kind, _total(counts[kind.key].values())) for kind in kinds],
    }


def _drawn(count: int) -> int:
    """Nothing is drawn of too few."""
    return 0 if few(count) else count


def _total(counts: Iterable[int]) -> str:
    """The sum, unless it would tell one that is hidden."""
    known = list(counts)
    return "–" if any(map(few, known)) else str(sum(known))


def _delay_chart(lines: list[DelayLine]) -> Chart[Range] | None:
    rows = []
    for line in lines:
        low, middle, high = line.spread.low, line.spread.middle, line.spread.high
        if low is not None and middle is not None and high is not None:
            rows.append((line.group, low, middle, high, f"{middle:.0f}{NBSP}j"))
    return ranges(rows) if rows else None


TITLES = {
    "examen": "De la demande à l’examen",
    "accueil": "De la réception au premier examen",
    "proposition": "Rendez-vous proposé après 48 heures ouvrables",
    "attend": "Attendent une place",
    "renonce": "Sortis de l’attente sans place",
    "tard": "Réservés après l’échéance",
    "refuse": "Demandes refusées par le plateau",
}


@require_safe
@allow(relies_on_slots)
def listed(request: HttpRequest) -> HttpResponse:
    """The patients behind a figure, the longest delays first: those the reader may open, each read logged."""
    user, now, cut = user_of(request), timezone.now(), _cut(request)
    what, group = request.GET.get("quoi", "examen"), request.GET.get("groupe", "")
    if what not in TITLES:
        raise Http404
    scope = Scope.of(user)
    since = now - (SHOWN[Period.QUARTER] if cut is Cut.QUARTER else YEAR)
    zone = calendar_of(home_of(user)).zone
    with timezone.override(zone):
        found = _behind(scope, what, group, Delays(scope.pathways, since, now, cut, zone), since)
    pathways = by_pk([pk for pk, _ in found[:MOST_LISTED]], Pathway.objects.visible_to(user))
    rows = [(pathways[pk], words) for pk, words in found[:MOST_LISTED] if pk in pathways]
    open_files(request, {pathway.pk: pathway for pathway, _ in rows}.values(), "Chiffres des créneaux")
    context = {
        "title": TITLES[what],
        "group": group,
        "rows": rows,
        "count": len(found),
        "people": len({pathway.patient_id for pathway, _ in rows}),
        "most": MOST_LISTED,
        "cut": cut,
    }
    with timezone.override(zone):
        return render(request, "coordination/slot_figures_list.html", context)


def _behind(scope: Scope, what: str, group: str, delays: Delays, since: datetime) -> list[tuple[int, str]]:
    """Pathway and what to say of it."""
    if what == "proposition":
        return [(pk, "promesse dépassée") for pk, (state, _) in delays.offers().items() if state is State.MISSED]
    if what in ("examen", "accueil"):
        every: list[Delay] = delays.exams() if what == "examen" else delays.first_acts()
        kept = sorted((each for each in every if group in ("", each.group)), key=lambda each: -each.days)
        return [(each.pathway, f"{each.days:.0f}{NBSP}j") for each in kept]
    kind = next(each for each in unmet(scope.pathways, since) if each.key == what)
    return replace(kind, rows=kind.rows.filter(exam_type__label=group) if group else kind.rows).lines


@require_safe
@allow(relies_on_slots)
def sizing(request: HttpRequest) -> HttpResponse:
    """How many slots a week: what 1, 2, 3… would give, played on the site's own requests."""
    user, now = user_of(request), timezone.now()
    calendar, scope = calendar_of(home_of(user)), Scope.of(user)
    series = SlotSeries.objects.visible_to(user)
    exams = ExamType.objects.filter(pk__in=series.values("exam_type"))
    form = SizingForm(request.GET if "objectif" in request.GET else None, exams=exams)
    context: dict[str, Any] = {"form": form, "weeks": WEEKS}
    if "objectif" not in request.GET:
        exam = exams.filter(code=request.GET.get("examen", "")).first()
        if exam:
            known = running_series(series, exam, calendar, now)
            form.initial = {**form.initial, "examen": exam.code, **_as_today(known)}
    elif form.is_valid():
        history = demand_of(scope.pathways, form.cleaned_data["examen"], calendar, now)
        today = running_series(series, form.cleaned_data["examen"], calendar, now)
        context |= {"history": history, "today": sum(each.capacity for each in today)}
        if history.enough:
            rule = _rule(form)
            goal, seed = form.cleaned_data["part"] / 100, form.cleaned_data["graine"]
            found = sized(history, rule, goal, seed=seed)
            context |= {
                "sizes": found,
                "chart": _size_chart([each for each in found if not each.endless], goal),
                "enough": fewest(found, goal),
                "endless": max((each.slots for each in found if each.endless), default=0),
                "runs": history.runs,
            }
    status = 422 if form.is_bound and form.errors else 200
    with timezone.override(calendar.zone):
        return render(request, "coordination/sizing.html", context, status=status)


def _as_today(series: list[SlotSeries]) -> dict[str, Any]:
    """The days and the notice of the series that run."""
    if not series:
        return {}
    return {
        "jours": sorted({str(each.weekday) for each in series}),
        "preavis": max(each.release_notice_hours for each in series),
        "unite": max(series, key=lambda each: each.release_notice_hours).release_unit,
    }


def _rule(form: SizingForm) -> Rule:
    told = form.cleaned_data
    days = tuple(sorted(int(day) for day in told["jours"]))
    worked = told["unite"] == ReleaseUnit.WORKING_HOURS
    return Rule(days, told["preavis"] / 24, float(told["objectif"]), leaves=told["sinon"] == LEAVES, worked=worked)


def _size_chart(found: list[Size], goal: float) -> Chart[Range]:
    rows = [
        (
            f"{each.slots} créneau{'x' if each.slots > 1 else ''}",
            100 * each.share.low,
            100 * each.share.mean,
            100 * each.share.high,
            f"{100 * each.share.mean:.0f}{NBSP}%",
        )
        for each in found
    ]
    return ranges(rows, most=100, mark=100 * goal)
