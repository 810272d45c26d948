"""IND-10, IND-11 and IND-28 over many pathways, from the ledger."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from coordination.models import Sample
from coordination.rules.lab_figures import Fact, Summary, Wait, intermediate_waits, summary_of, unreadable_waits
from coordination.services.lab_facts import SAID
from coordination.services.lab_requests import ASKED, SENT
from pathways.models import Milestone, Pathway, Pause
from pathways.querysets import PathwayQuerySet
from pathways.rules.clock import days_off
from pathways.rules.milestones import MilestoneKind
from pathways.rules.search import normalise
from pathways.services.calendars import calendars_of

OPENINGS = (MilestoneKind.LAB_REQUESTED, MilestoneKind.SAMPLE_SENT)
KINDS = (
    *OPENINGS,
    MilestoneKind.LAB_INTERMEDIATE,
    MilestoneKind.LAB_NONCONTRIBUTIVE,
    MilestoneKind.LAB_FINAL,
)
ELSEWHERE = "Hors de Jalon"


class Indicator(StrEnum):
    """IND-28 is what IND-11 counts beyond ten days."""

    INTERMEDIATE = "IND-10"
    UNREADABLE = "IND-11"


class LabCut(StrEnum):
    """By what the figures are cut: the laboratory that received the sample, or the target pathway."""

    LABORATORY = "laboratoire"
    TARGET = "parcours"


@dataclass(frozen=True)
class Case:
    """One request or one sending of a pathway, and the line it counts in for each cut."""

    pathway: int
    wait: Wait
    target: str

    def line(self, cut: LabCut) -> str:
        return self.target if cut is LabCut.TARGET else self.wait.where or ELSEWHERE


def lab_cases(
    pathways: PathwayQuerySet, *, since: datetime, until: datetime, now: datetime
) -> dict[Indicator, list[Case]]:
    """The cases of ``pathways`` that began in [since, until), whenever they ended. Six queries, whatever their number.

    A case that a request made in Jalon began counts for the laboratory that received the sample.
    """
    facts = _facts(pathways)
    known = pathways.filter(pk__in=list(facts)).select_related("team__establishment", "version__target")
    found = list(known.defer("version__definition"))
    calendars = calendars_of(each.team.establishment for each in found)
    stops: dict[int, list[Pause]] = defaultdict(list)
    for pause in Pause.objects.counted().filter(pathway__in=list(facts)):
        stops[pause.pathway_id].append(pause)
    cases: dict[Indicator, list[Case]] = {each: [] for each in Indicator}
    for pathway in found:
        calendar = calendars[pathway.team.establishment_id]
        off = [days_off(each.starts_on, each.ends_on, calendar) for each in stops[pathway.pk]]
        said = facts[pathway.pk]
        cases[Indicator.INTERMEDIATE] += _cases(pathway, intermediate_waits(said, off, calendar, now), since, until)
        cases[Indicator.UNREADABLE] += _cases(pathway, unreadable_waits(said, off, calendar), since, until)
    return cases


def _cases(pathway: Pathway, waits: Iterable[Wait], since: datetime, until: datetime) -> list[Case]:
    target = pathway.version.target.name
    return [Case(pathway.pk, each, target) for each in waits if each.since and since <= each.since < until]


def _facts(pathways: PathwayQuerySet) -> dict[int, list[Fact]]:
    """What the ledger says of the laboratory, by pathway, each with its laboratory and its request."""
    rows = Milestone.objects.filter(pathway__in=pathways.values("pk"), kind__in=KINDS).order_by("pk")
    told = rows.values_list("pk", "pathway_id", "kind", "occurred_at", "withdrawn", "supersedes_id", "dedup_key")
    receptions = _receptions(pathways)
    superseded: set[int] = set()
    keys: dict[int, str] = {}
    standing: list[tuple[int, int, str, datetime]] = []
    for pk, pathway, kind, at, withdrawn, supersedes, key in told:
        if supersedes:
            superseded.add(supersedes)
        keys[pk] = key or keys.get(supersedes, "")
        if not withdrawn:
            standing.append((pk, pathway, kind, at))
    facts: dict[int, list[Fact]] = defaultdict(list)
    for pk, pathway, kind, at in standing:
        if pk not in superseded:
            where, case = receptions.get(_stem(keys[pk]), ("", ""))
            facts[pathway].append(Fact(MilestoneKind(kind), at, where, case))
    return facts


def _receptions(pathways: PathwayQuerySet) -> dict[str, tuple[str, str]]:
    """The laboratory that received the sample, and the request, by the stem of the milestones' keys."""
    rows = Sample.objects.filter(request__pathway__in=pathways.values("pk")).select_related("request", "reception")
    found: dict[str, tuple[str, str]] = {}
    for sample in rows:
        request = sample.request.uuid
        for stem in (f"{ASKED}{request}", f"{SENT}{sample.uuid}", f"{SAID}{request.hex[:12]}"):
            found[stem] = str(sample.reception), request.hex
    return found


def _stem(key: str) -> str:
    """The prefix and the id of a milestone's key, without its turn or exam."""
    return ":".join(key.split(":")[:2])


def lab_figures(pathways: PathwayQuerySet, *, since: datetime, until: datetime, now: datetime) -> dict[str, Summary]:
    """The figures of ``pathways`` together; IND-28 is the ``beyond`` of IND-11."""
    cases = lab_cases(pathways, since=since, until=until, now=now)
    return {indicator: summary_of([each.wait for each in found]) for indicator, found in cases.items()}


def lines_of(cases: Iterable[Case], cut: LabCut) -> list[tuple[str, Summary]]:
    """A line per laboratory or target pathway, by its name: nobody is ranked."""
    groups: dict[str, list[Wait]] = defaultdict(list)
    for case in cases:
        groups[case.line(cut)].append(case.wait)
    return [(name, summary_of(groups[name])) for name in sorted(groups, key=normalise)]
