"""IND-10, IND-11 and IND-28 over many pathways, from the ledger."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime

from coordination.rules.lab_figures import Fact, Summary, Wait, intermediate_waits, summary_of, unreadable_waits
from pathways.models import Milestone, Pause
from pathways.querysets import PathwayQuerySet
from pathways.rules.clock import days_off
from pathways.rules.milestones import MilestoneKind
from pathways.services.calendars import calendars_of

KINDS = (
    MilestoneKind.LAB_REQUESTED,
    MilestoneKind.SAMPLE_SENT,
    MilestoneKind.LAB_INTERMEDIATE,
    MilestoneKind.LAB_NONCONTRIBUTIVE,
    MilestoneKind.LAB_FINAL,
)


def lab_figures(pathways: PathwayQuerySet, *, since: datetime, until: datetime, now: datetime) -> dict[str, Summary]:
    """`IND-10` and `IND-11` of ``pathways``, for what was requested or sent in [since, until); IND-28 is the
    ``beyond`` of IND-11. Four queries, whatever their number."""
    facts: dict[int, list[Fact]] = defaultdict(list)
    rows = Milestone.objects.in_force().filter(pathway__in=pathways.values("pk"), kind__in=KINDS)
    for pathway, kind, at in rows.values_list("pathway_id", "kind", "occurred_at"):
        facts[pathway].append(Fact(MilestoneKind(kind), at))
    known = pathways.filter(pk__in=list(facts)).select_related("team__establishment").defer("version__definition")
    found = list(known)
    calendars = calendars_of(each.team.establishment for each in found)
    stops: dict[int, list[Pause]] = defaultdict(list)
    for pause in Pause.objects.filter(pathway__in=list(facts), stops_clock=True, cancelled_at__isnull=True):
        stops[pause.pathway_id].append(pause)
    intermediate: list[Wait] = []
    unreadable: list[Wait] = []
    for pathway in found:
        calendar = calendars[pathway.team.establishment_id]
        off = [days_off(each.starts_on, each.ends_on, calendar) for each in stops[pathway.pk]]
        said = _within(facts[pathway.pk], since, until)
        intermediate += intermediate_waits(said, off, calendar, now)
        unreadable += unreadable_waits(said, off, calendar)
    return {"IND-10": summary_of(intermediate), "IND-11": summary_of(unreadable)}


def _within(facts: list[Fact], since: datetime, until: datetime) -> list[Fact]:
    """Openings of the period, and everything said of them, even later; what answers an earlier opening is left out
    with it."""
    openings = (MilestoneKind.LAB_REQUESTED, MilestoneKind.SAMPLE_SENT)
    return [fact for fact in facts if fact.kind not in openings or since <= fact.at < until]
