"""Waits on the laboratory (IND-10, IND-11, IND-28), beside the figures of the slots. Computed, never typed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from coordination.forms.lab_figures import PeriodForm
from coordination.perms import reads_slot_figures, relies_on_slots
from coordination.readings.lab_figures import Case, Indicator, LabCut, lab_cases, lines_of
from coordination.readings.slot_delays import by_pk
from coordination.rules.charts import Chart, Range, ranges
from coordination.rules.lab_figures import LATE_DAYS, SMALLEST, Scored, Summary, summary_of
from coordination.views.shared import open_files, user_of
from coordination.views.slot_figures import MOST_LISTED, Scope
from coordination.views.slots import home_of
from directory.perms import allow
from directory.typography import NBSP
from pathways.models import Pathway
from pathways.rules.calendar import Calendar
from pathways.services import calendar_of

YEAR = timedelta(days=365)
WITHIN = {Indicator.INTERMEDIATE: 4.0, Indicator.UNREADABLE: 3.0}
"""The promise drawn across each chart, in days."""
TITLES = {
    Indicator.INTERMEDIATE: "De la demande au résultat intermédiaire",
    Indicator.UNREADABLE: "De l’envoi à l’annonce d’un prélèvement non contributif",
}
ABOUT = {
    Indicator.INTERMEDIATE: "IND-10 : jours entre la demande au laboratoire et le message intermédiaire, promis à J+4. "
    "Un résultat définitif, ou un prélèvement illisible, dit avant tout message ne s’applique pas.",
    Indicator.UNREADABLE: "IND-11 : jours entre l’envoi du prélèvement et l’annonce qu’il ne peut pas être lu, promise "
    "à J+2 ou J+3 (départ à valider). IND-28 : annonces faites plus de dix jours après l’envoi.",
}
HEADS = {LabCut.LABORATORY: "Laboratoire", LabCut.TARGET: "Parcours"}
WORDS = {
    Scored.MET: "tenu",
    Scored.MISSED: "promesse dépassée",
    Scored.NOT_APPLICABLE: "sans objet",
    Scored.NOT_SCORABLE: "non évaluable",
}


@dataclass(frozen=True)
class Table:
    """One indicator as the page shows it."""

    key: Indicator
    title: str
    about: str
    lines: list[tuple[str, Summary]]
    total: Summary
    chart: Chart[Range] | None
    counts_beyond: bool

    @property
    def telling(self) -> bool:
        """The states of the whole may be told: no line holds a small number that the whole gives away."""
        return self.total.parted and all(line.parted for _, line in self.lines)


@dataclass(frozen=True)
class Asked:
    """The period, its last day included, in the reader's zone; and the cut."""

    first: date
    last: date
    cut: LabCut
    form: PeriodForm

    @classmethod
    def of(cls, request: HttpRequest, calendar: Calendar, now: datetime) -> Asked:
        today = calendar.local_date(now)
        usual = {"du": today - YEAR, "au": today}
        asked = "du" in request.GET or "au" in request.GET
        form = PeriodForm(request.GET if asked else None, initial=usual)
        read = form.cleaned_data if asked and form.is_valid() else usual
        cut = request.GET.get("par", "")
        return cls(read["du"], read["au"], LabCut(cut) if cut in {*LabCut} else LabCut.LABORATORY, form)

    def cases(self, scope: Scope, calendar: Calendar, now: datetime) -> dict[Indicator, list[Case]]:
        since, until = (datetime.combine(day, datetime.min.time(), calendar.zone) for day in (self.first, self._after))
        return lab_cases(scope.pathways, since=since, until=until, now=now)

    @property
    def _after(self) -> date:
        return self.last + timedelta(days=1)


@require_safe
@allow(reads_slot_figures)
def lab_figures(request: HttpRequest) -> HttpResponse:
    """What the laboratories' answers took, by laboratory or by target pathway, over the period asked."""
    user, now = user_of(request), timezone.now()
    scope, calendar = Scope.of(user), calendar_of(home_of(user))
    asked = Asked.of(request, calendar, now)
    context = {
        "asked": asked,
        "cuts": [(LabCut.LABORATORY, "Par laboratoire"), (LabCut.TARGET, "Par parcours")],
        "head": HEADS[asked.cut],
        "tables": [_table(key, found, asked.cut) for key, found in asked.cases(scope, calendar, now).items()],
        "fewest": SMALLEST,
        "late_days": LATE_DAYS,
        "opens": scope.opens,
    }
    with timezone.override(calendar.zone):
        return render(request, "coordination/lab_figures.html", context, status=422 if asked.form.errors else 200)


def _table(key: Indicator, cases: list[Case], cut: LabCut) -> Table:
    lines = lines_of(cases, cut)
    total = summary_of([each.wait for each in cases])
    return Table(key, TITLES[key], ABOUT[key], lines, total, _chart(key, lines), key is Indicator.UNREADABLE)


def _chart(key: Indicator, lines: list[tuple[str, Summary]]) -> Chart[Range] | None:
    """Raw waits, and below each the wait without the pauses where they differ."""
    rows = []
    for name, line in lines:
        if line.raw is None or line.adjusted is None:
            continue
        rows.append((name, *line.raw, f"{line.raw[1]:.0f}{NBSP}j"))
        if line.adjusted != line.raw:
            rows.append(("pauses retirées", *line.adjusted, f"{line.adjusted[1]:.0f}{NBSP}j"))
    return ranges(rows, mark=WITHIN[key]) if rows else None


@require_safe
@allow(relies_on_slots)
def lab_cases_listed(request: HttpRequest) -> HttpResponse:
    """The patients behind a figure, the longest waits first: those the reader may open, each read logged."""
    user, now = user_of(request), timezone.now()
    scope, calendar = Scope.of(user), calendar_of(home_of(user))
    asked, group = Asked.of(request, calendar, now), request.GET.get("groupe", "")
    what = request.GET.get("quoi", Indicator.INTERMEDIATE)
    if what not in {*Indicator}:
        raise Http404
    key = Indicator(what)
    cases = [each for each in asked.cases(scope, calendar, now)[key] if group in ("", each.line(asked.cut))]
    cases.sort(key=lambda each: (-(each.wait.raw if each.wait.raw is not None else -1), each.pathway))
    pathways = by_pk([each.pathway for each in cases[:MOST_LISTED]], Pathway.objects.visible_to(user))
    rows = [(pathways[each.pathway], _told(each)) for each in cases[:MOST_LISTED] if each.pathway in pathways]
    open_files(request, {pathway.pk: pathway for pathway, _ in rows}.values(), "Chiffres du laboratoire")
    context: dict[str, Any] = {
        "title": TITLES[key],
        "group": group,
        "rows": rows,
        "count": len(cases),
        "most": MOST_LISTED,
        "asked": asked,
    }
    with timezone.override(calendar.zone):
        return render(request, "coordination/lab_figures_list.html", context)


def _told(case: Case) -> str:
    """« 6 j, dont 2 en pause : promesse dépassée »."""
    raw, adjusted, words = case.wait.raw, case.wait.adjusted, WORDS[case.wait.state]
    if raw is None or adjusted is None:
        return words
    paused = f", dont {raw - adjusted} en pause" if raw != adjusted else ""
    return f"{raw}{NBSP}j{paused}{NBSP}: {words}"
