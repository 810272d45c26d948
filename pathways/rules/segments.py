"""Where the time went: the whole wait of a patient cut into the parts of the way, which add up to it exactly.

Each part ends at a milestone of its own (`ENDS`): the first appointment offered, the first care, the last exam or
sample, the last final result, the last RCP before the announcement, the last announcement before the treatment, the
treatment. Read backwards, each looks only before the one that follows it, so that a fact recorded late or out of order
never gives a part a negative length. Parts that run side by side are told apart by what was waited for last: pathology
is what is left to wait once the last exam is done.

A part whose milestone never came has no length: its time is that of the next part that ended. What comes after the
last end belongs to the earliest part that still expects something of the plan, else to the one that follows.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from pathways.rules.calendar import Calendar
from pathways.rules.clock import waits
from pathways.rules.definition import StepDef, Target
from pathways.rules.durations import Duration, Pause, Unit, merge
from pathways.rules.milestones import MilestoneKind as Kind
from pathways.rules.plan import plan
from pathways.rules.steps import Fact, StepState
from pathways.rules.vocabulary import Phase

ENDS: dict[Phase, frozenset[Kind]] = {
    Phase.REFERRAL: frozenset({Kind.APPOINTMENT_OFFERED}),
    Phase.FIRST_CARE: frozenset({Kind.FIRST_CARE, Kind.ADMISSION}),
    Phase.EXAMS: frozenset({Kind.EXAM_DONE, Kind.BIOPSY_TAKEN}),
    Phase.PATHOLOGY: frozenset({Kind.LAB_FINAL}),
    Phase.RCP: frozenset({Kind.RCP_HELD}),
    Phase.ANNOUNCEMENT: frozenset({Kind.ANNOUNCEMENT}),
    Phase.TREATMENT: frozenset({Kind.TREATMENT_STARTED}),
}
_ORDER = tuple(ENDS)
_FIRST = (Phase.REFERRAL, Phase.FIRST_CARE, Phase.TREATMENT)
"""The parts ended by the first fact of theirs; the last one ends the others."""


@dataclass(frozen=True, slots=True)
class Segment:
    """One part of the wait. `share_days` is what the target leaves it, `runs` true while it has no end yet."""

    phase: Phase
    starts_at: datetime
    ends_at: datetime
    raw_days: int
    adjusted_days: int
    share_days: int
    runs: bool

    @property
    def excess_days(self) -> int:
        """Counted days beyond the share, never negative."""
        return max(self.adjusted_days - self.share_days, 0)

    @property
    def excess_label(self) -> str:
        """« 3 jours au-delà »."""
        return f"{Duration(self.excess_days, Unit.CALENDAR_DAYS).label} au-delà"


def split(
    facts: Iterable[Fact],
    start: datetime,
    end: datetime,
    *,
    calendar: Calendar,
    pauses: Iterable[Pause] = (),
    awaited: Collection[str] = (),
    shares: Mapping[Phase, int] | None = None,
    ended: bool = False,
) -> tuple[Segment, ...]:
    """The parts from `start` to `end`, in the order of the way, without hole nor overlap.

    `awaited` are the phases of the steps still expected, `shares` what `shares_of` gives; `ended` when the wait is
    over.
    """
    stops = merge(pauses)
    ends = _ends([fact for fact in facts if start <= fact.occurred_at <= end], end)
    parts: list[Segment] = []
    since = start
    for phase in _ORDER:
        until = ends.get(phase)
        if until is not None:
            parts.append(_part(phase, since, until, stops, calendar, shares, runs=False))
            since = until
    if since < end or not parts or not ended:
        phase = _running(parts[-1].phase if parts else None, awaited)
        if parts and parts[-1].phase is phase:
            since = parts.pop().starts_at
        parts.append(_part(phase, since, end, stops, calendar, shares, runs=not ended))
    return tuple(parts)


def longest_over(segments: Sequence[Segment]) -> Segment | None:
    """The part that took most beyond its share: the one to explain first. None when each kept to its share."""
    worst = max(segments, key=lambda each: each.excess_days, default=None)
    return worst if worst is not None and worst.excess_days else None


def shares_of(target: Target, start: datetime, calendar: Calendar) -> dict[Phase, int]:
    """The days the target leaves each part, for a patient who starts then and for whom all goes as it says.

    Conditional steps are taken as asked for, except those whose own anchor is their condition: a second biopsy is
    nobody's plan.
    """
    expected = replace(target, steps=tuple(_asked_for(step) for step in target.steps))
    since = target.overall.since if target.overall else Kind.REFERRAL_RECEIVED
    ideal = plan(expected, [Fact(start, since)], [], calendar)
    definitions = {step.key: step for step in target.steps}
    due: dict[Phase, datetime] = {}
    for step in ideal:
        phase = Phase(step.phase)
        running = step.state in (StepState.OPEN, StepState.WAITING) and not step.optional and step.occurrence == 1
        if step.due_at is None or not running or not ends_its_phase(definitions[step.step_key]):
            continue
        due[phase] = max(due.get(phase, step.due_at), step.due_at)
    shares, at = {}, start
    for phase in _ORDER:
        until = max(due.get(phase, at), at)
        shares[phase] = waits(at, until, (), calendar).raw_days
        at = until
    return shares


def _asked_for(step: StepDef) -> StepDef:
    return step if step.waits_for_its_condition else replace(step, when=(), unless=())


def ends_its_phase(step: StepDef) -> bool:
    """True when a milestone of the step ends its part of the way: only those keep the part running."""
    return any(match.milestone in ENDS[step.phase] for match in step.done_by)


def _ends(facts: Sequence[Fact], end: datetime) -> dict[Phase, datetime]:
    """The end of each part that has one, each no later than the next."""
    ends: dict[Phase, datetime] = {}
    limit = end
    for phase in reversed(_ORDER):
        found = [fact.occurred_at for fact in facts if fact.kind in ENDS[phase] and fact.occurred_at <= limit]
        if not found:
            continue
        ends[phase] = min(found) if phase in _FIRST else max(found)
        if phase is not Phase.PATHOLOGY:  # the last exam may come after the result: the two run side by side
            limit = ends[phase]
    if Phase.EXAMS in ends and Phase.PATHOLOGY in ends:
        ends[Phase.PATHOLOGY] = max(ends[Phase.PATHOLOGY], ends[Phase.EXAMS])
    elif Phase.PATHOLOGY in ends:
        for phase in (Phase.REFERRAL, Phase.FIRST_CARE):
            if phase in ends:
                ends[phase] = min(ends[phase], ends[Phase.PATHOLOGY])
    return ends


def _running(last: Phase | None, awaited: Collection[str]) -> Phase:
    """The part the time after the last end belongs to."""
    place = _ORDER.index(last) if last else 0
    expected = [phase for phase in _ORDER[place:] if phase in awaited]
    if expected:
        return expected[0]
    return _ORDER[min(place + (last is not None), len(_ORDER) - 1)]


def _part(
    phase: Phase,
    start: datetime,
    end: datetime,
    stops: Sequence[Pause],
    calendar: Calendar,
    shares: Mapping[Phase, int] | None,
    *,
    runs: bool,
) -> Segment:
    waited = waits(start, end, stops, calendar)
    share = (shares or {}).get(phase, 0)
    return Segment(phase, start, end, waited.raw_days, waited.adjusted_days, share, runs)
