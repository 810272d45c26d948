"""Where the time of one pathway went, read from what a page has already loaded: no query of its own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from pathways.models import DelayCause, Milestone, Pathway, Step
from pathways.querysets import LATE_WORDS
from pathways.rules.calendar import Calendar
from pathways.rules.durations import Pause
from pathways.rules.milestones import MilestoneKind
from pathways.rules.segments import Segment, ends_its_phase, longest_over, shares_of, split
from pathways.rules.steps import Fact, StepState

BAR_WIDTH = 720


@dataclass(frozen=True)
class Part:
    """A segment with its place in the bar, in whole pixels, and what was said of it."""

    segment: Segment
    number: int
    cause: DelayCause | None
    x: int
    width: int


@dataclass(frozen=True)
class Delay:
    """The parts of the wait. ``missed`` when an objective was not kept; ``proposed`` is then the part to explain.

    ``others`` are causes said of parts that are no longer there, since a fact was corrected.
    """

    parts: list[Part]
    missed: bool
    proposed: Segment | None
    others: list[DelayCause]
    width: int = BAR_WIDTH


def delay_of(
    pathway: Pathway,
    steps: Sequence[Step],
    facts: Iterable[Milestone],
    stops: Sequence[Pause],
    calendar: Calendar,
    *,
    start: datetime,
    end: datetime,
    ended: bool,
    overall_late: bool,
) -> Delay:
    """The delay of a pathway between two instants; ``steps`` carry the annotation ``lateness``.

    ``delay_causes`` of the pathway are those in force: a page prefetches them so.
    """
    ends = {step.key for step in pathway.version.content.steps if ends_its_phase(step)}
    segments = split(
        [Fact(fact.occurred_at, MilestoneKind(fact.kind), fact.detail) for fact in facts],
        start,
        end,
        calendar=calendar,
        pauses=stops,
        awaited={step.phase for step in steps if _expected(step) and step.step_key in ends},
        shares=shares_of(pathway.version.content, start, calendar),
        ended=ended,
    )
    asked = [step.lateness for step in steps if not step.optional]  # type: ignore[attr-defined]
    missed = overall_late or not LATE_WORDS.isdisjoint(asked)
    causes = {str(cause.phase): cause for cause in pathway.delay_causes.all()}
    there = {segment.phase.value for segment in segments}
    others = [cause for phase, cause in causes.items() if phase not in there]
    return Delay(_placed(segments, causes), missed, longest_over(segments) if missed else None, others)


def _expected(step: Step) -> bool:
    return step.state in (StepState.OPEN, StepState.WAITING) and not step.optional and step.occurrence == 1


def _placed(segments: Sequence[Segment], causes: dict[str, DelayCause]) -> list[Part]:
    """The parts side by side, as long as their days lived."""
    total = sum(segment.raw_days for segment in segments) or 1
    placed, x, days = [], 0, 0
    for number, segment in enumerate(segments, start=1):
        days += segment.raw_days
        end = BAR_WIDTH * days // total
        placed.append(Part(segment, number, causes.get(segment.phase), x, end - x))
        x = end
    return placed
