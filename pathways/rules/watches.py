"""What is watched of one patient beyond the steps: no contact, a result overdue, a useless sample, a PPS not given.

Each rule gives the instant (UTC) at which its alert falls due, or nothing once the awaited fact is known.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from pathways.rules.calendar import Calendar
from pathways.rules.clock import add
from pathways.rules.definition import Target
from pathways.rules.milestones import MilestoneKind as Kind
from pathways.rules.plan import Fact

NO_CONTACT = "no_contact"
RESULT_AWAITED = "result_awaited"
NONCONTRIBUTIVE = "noncontributive"
PPS_NOT_GIVEN = "pps_not_given"

MEETINGS = frozenset(
    {
        Kind.FIRST_CARE, Kind.ADMISSION, Kind.EXAM_DONE, Kind.BIOPSY_TAKEN, Kind.ANNOUNCEMENT, Kind.PPS_GIVEN,
        Kind.SUPPORT_SCREENING, Kind.DISCHARGE, Kind.FOLLOWUP_CONTACT,
    }
)  # fmt: skip
"""Facts that cannot happen without the patient: each is a contact."""
SAMPLES = frozenset({Kind.BIOPSY_TAKEN, Kind.SAMPLE_SENT, Kind.LAB_REQUESTED})
NEWS = frozenset({Kind.LAB_INTERMEDIATE, Kind.LAB_NONCONTRIBUTIVE, Kind.LAB_FINAL})
NEW_SAMPLE = frozenset({Kind.BIOPSY_TAKEN, Kind.LAB_REQUESTED, Kind.LAB_FINAL})
"""What answers a sample from which nothing could be read: another one, or a diagnosis all the same."""
ANSWERS = {
    NO_CONTACT: MEETINGS,
    RESULT_AWAITED: NEWS,
    NONCONTRIBUTIVE: NEW_SAMPLE,
    PPS_NOT_GIVEN: frozenset({Kind.PPS_GIVEN}),
}
"""The facts that close each alert."""


def watched(
    target: Target, facts: Iterable[Fact], *, opened_at: datetime, last_contact_at: datetime | None, calendar: Calendar
) -> dict[str, datetime]:
    """What is still awaited of an active pathway: when each alert falls due, by kind."""
    told = sorted(facts, key=lambda fact: fact.occurred_at)
    if any(fact.kind in target.ends_on or fact.kind is Kind.DEATH for fact in told):
        return {}
    alerts = target.alerts
    starts = {
        NO_CONTACT: (_silence(told, opened_at, last_contact_at), alerts.no_contact_after),
        RESULT_AWAITED: (_unanswered(told, SAMPLES, NEWS, first=True), alerts.result_after),
        NONCONTRIBUTIVE: (_unanswered(told, {Kind.LAB_NONCONTRIBUTIVE}, NEW_SAMPLE), None),
        PPS_NOT_GIVEN: (_unanswered(told, {Kind.ANNOUNCEMENT}, ANSWERS[PPS_NOT_GIVEN]), alerts.pps_after),
    }
    return {
        kind: add(start, within, calendar) if within else start
        for kind, (start, within) in starts.items()
        if start is not None
    }


def _silence(told: Sequence[Fact], opened_at: datetime, last_contact_at: datetime | None) -> datetime | None:
    """The last contact of a patient whose treatment has not started: afterwards his care team sees him."""
    if any(fact.kind is Kind.TREATMENT_STARTED for fact in told):
        return None
    met = [fact.occurred_at for fact in told if fact.kind in MEETINGS]
    return max([opened_at, *met, *([last_contact_at] if last_contact_at else [])])


def _unanswered(
    told: Sequence[Fact], asks: Iterable[Kind], answers: Iterable[Kind], *, first: bool = False
) -> datetime | None:
    """When the last (or first) asking fact happened that no answer follows; None when nothing is awaited.

    An answer of the very same instant follows.
    """
    answered = max((fact.occurred_at for fact in told if fact.kind in answers), default=None)
    waiting = [
        fact.occurred_at for fact in told if fact.kind in asks and (answered is None or fact.occurred_at > answered)
    ]
    if not waiting:
        return None
    return waiting[0] if first else waiting[-1]
