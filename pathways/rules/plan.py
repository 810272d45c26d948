"""The plan: what a target pathway and the facts so far say about each step of one patient.

Rules, for one step:

- **Done** at the earliest fact that matches one of its `done_by` milestones, whatever was recorded when. With
  `after_anchor`, a fact earlier than the anchor does not count (once the anchor is itself a fact): the second
  biopsy is not done by the first; nor is it before anything asked for a second (a step whose `when` is its own
  anchor). With `again`, nothing ends the step before its clock runs, and then only a fact since its start: the
  second RCP is not the first. A recorded fact wins over a skip and over any other condition.
- **Anchor**: the first (or `pick: last`) fact of the anchor's milestone; or the end of the anchor's step. Several
  anchors: the last of them, each worked out for itself; one that was set aside (below) is not waited for (all were:
  the last date handed on), and one that cannot be dated leaves the whole undated.
- **Projection**: while that fact is missing, the steps that should give it (their first `done_by`) stand for
  it, each with its own due instant, or its anchor when it has no objective. The earliest of them counts, or
  the latest with `pick: last`. The step is `waiting` and its dates are `projected`.
- **The clock is not held up by what will not happen**: a step that was skipped, that a condition set aside
  or that ended by another of its `done_by` milestones hands its date on as if it were done; the next step is
  `open`.
- A projection is never earlier than the anchor it comes from, but it may well be in the past: the plan reads
  no clock, and the delay belongs to the step that is late, not to those that wait for it.
- **Conditions**: `when` needs one of its facts, `unless` none; after a fact of the target's `ends_on`,
  nothing undone applies any more.
- A done step whose anchor is not a fact has no due instant: its delay cannot be judged.

The same facts in any order give the same plan; a fact given twice counts once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from pathways.rules.calendar import Calendar
from pathways.rules.clock import add, before
from pathways.rules.definition import Anchor, Match, Pick, StepDef, Target
from pathways.rules.durations import Duration, Pause, Pauses, merge
from pathways.rules.milestones import MilestoneKind
from pathways.rules.steps import Fact, PlannedStep, StepState

__all__ = ["Fact", "PlannedStep", "StepState", "next_step", "plan"]


def plan(
    target: Target,
    facts: Iterable[Fact],
    pauses: Iterable[Pause],
    calendar: Calendar,
    skipped: Mapping[str, str] | None = None,
) -> list[PlannedStep]:
    """Every step of the target for one patient, in the target's order.

    `facts` are the milestones in force, `pauses` the stops of the clock, `skipped` maps the key of each step
    set aside (`review` or `review:2`) to its reason. Only to be asked of a target that `checks.check` accepts.
    """
    planner = _Planner(target, _Ledger(facts), merge(pauses), calendar, skipped or {})
    return planner.run()


def next_step(planned: Sequence[PlannedStep]) -> PlannedStep | None:
    """The open step that is due first, or None: nothing dated is expected of anyone now. Optional steps never are.

    While a pause without end stops the clock, the steps are ordered by what their due instant was before it.
    """
    dated = [
        (step.due_at is None, step.due_at or step.raw_due_at, step.order, step)
        for step in planned
        if step.state is StepState.OPEN and not step.optional and step.raw_due_at is not None
    ]
    return min(dated, key=lambda each: each[:3])[3] if dated else None


class _Ledger:
    """The facts of one patient, by kind, in order of time, without doubles."""

    def __init__(self, facts: Iterable[Fact]) -> None:
        self._by_kind: dict[MilestoneKind, list[Fact]] = {}
        for fact in sorted({_in_utc(fact) for fact in facts}):
            self._by_kind.setdefault(fact.kind, []).append(fact)

    def of(self, match: Match) -> list[Fact]:
        """The facts that match, earliest first."""
        return [fact for fact in self._by_kind.get(match.milestone, ()) if match.accepts(fact.detail)]

    def has(self, matches: Iterable[Match]) -> bool:
        """True when a fact matches one of them."""
        return any(self.of(match) for match in matches)


@dataclass(frozen=True, slots=True)
class _Start:
    """Where the count of a step begins: with and without the pauses before it. `known` when the clock really
    runs, `factual` when it is a fact (and not the date of a step that will not happen)."""

    at: datetime | None
    raw_at: datetime | None
    known: bool
    factual: bool = False


_NOWHERE = _Start(None, None, known=False)


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What a step hands on to those that wait for it."""

    state: StepState
    done_at: datetime | None
    started: _Start
    due_at: datetime | None
    raw_due_at: datetime | None

    @property
    def handed_on(self) -> _Start:
        """The start of a step that waits for this one to end."""
        if self.done_at is not None:
            return _Start(self.done_at, self.done_at, known=True, factual=True)
        return _Start(self.due_at, self.raw_due_at, known=self.set_aside and self.started.known)

    @property
    def set_aside(self) -> bool:
        """True when the step will not happen."""
        return self.state in (StepState.SKIPPED, StepState.NOT_APPLICABLE)


class _Planner:
    """Works out one plan. Sources come before what waits for them (`Graph.order`)."""

    def __init__(
        self, target: Target, ledger: _Ledger, pauses: Pauses, calendar: Calendar, skipped: Mapping[str, str]
    ) -> None:
        self.target = target
        self.ledger = ledger
        self.pauses = pauses
        self.calendar = calendar
        self.skipped = skipped
        self.ended = ledger.has(Match(kind) for kind in target.ends_on)
        self.outcomes: dict[int, _Outcome] = {}

    def run(self) -> list[PlannedStep]:
        """The planned steps, in the order of the target."""
        planned: dict[int, list[PlannedStep]] = {}
        for position in self.target.graph.order:
            planned[position] = list(self._occurrences(position))
        return [step for position in sorted(planned) for step in planned[position]]

    def _occurrences(self, position: int) -> Iterator[PlannedStep]:
        """The step once, or, repeated, as often as it was done or skipped and once more."""
        step = self.target.steps[position]
        start = self._start(position)
        objective = step.objective or (step.repeat.every if step.repeat else None)
        occurrence = 1
        while True:
            done_at = self._done_at(step, start, repeated=occurrence > 1)
            outcome, planned = self._planned(position, occurrence, start, objective, done_at)
            self.outcomes.setdefault(position, outcome)  # who waits for the step waits for its first time
            yield planned
            over = planned.state in (StepState.DONE, StepState.SKIPPED)
            if step.repeat is None or not over or occurrence == step.repeat.times:
                return
            start = outcome.handed_on
            objective = step.repeat.every
            occurrence += 1

    def _start(self, position: int) -> _Start:
        """Where the count of a step begins."""
        anchors = self.target.steps[position].anchors
        parts = [*zip(anchors, self.target.graph.parts[position], strict=True)]
        if len(parts) > 1:
            awaited = [self._start_of(*each) for each in parts if not self._set_aside(*each)]
            handed_on = [each for each in (self._start_of(*part) for part in parts) if each.raw_at is not None]
            return _last_of(awaited or handed_on)
        return self._start_of(*parts[0]) if parts else _NOWHERE

    def _start_of(self, anchor: Anchor, sources: Sequence[int]) -> _Start:
        """Where one anchor lies."""
        if anchor.milestone is not None:
            facts = self.ledger.of(Match(anchor.milestone, anchor.detail))
            if facts:
                at = facts[0 if anchor.pick is Pick.FIRST else -1].occurred_at
                return _Start(at, at, known=True, factual=True)
        return self._projected(anchor, sources)

    def _set_aside(self, anchor: Anchor, sources: Sequence[int]) -> bool:
        """True when the anchor is not a fact and none of the steps that give it will happen."""
        fact = anchor.milestone is not None and self.ledger.has([Match(anchor.milestone, anchor.detail)])
        return not fact and bool(sources) and all(self.outcomes[each].set_aside for each in sources)

    def _projected(self, anchor: Anchor, sources: Sequence[int]) -> _Start:
        """The start handed on by the steps that stand for the anchor: those still expected, else the others."""
        outcomes = [self.outcomes[each] for each in sources]
        expected = [each for each in outcomes if each.state in (StepState.OPEN, StepState.WAITING)]
        starts = [each.handed_on for each in expected or outcomes]
        dated = [each for each in starts if each.raw_at is not None]
        if not dated:
            return _NOWHERE
        choose = min if anchor.pick is Pick.FIRST else max
        # A start that a pause without end holds up has no date of its own and counts as the latest.
        return choose(dated, key=lambda each: (each.at is None, each.at or each.raw_at))

    def _done_at(self, step: StepDef, start: _Start, *, repeated: bool) -> datetime | None:
        """When the step was done. `repeated`: strictly after its last occurrence."""
        if step.after_anchor and step.waits_for_its_condition and not start.factual:
            return None  # what has not been asked for cannot have been done
        facts = [fact.occurred_at for match in step.done_by for fact in self.ledger.of(match)]
        if step.again:
            since = start.raw_at if start.known else None
            facts = [each for each in facts if since is not None and each >= since]
        if start.factual and start.at is not None:
            if repeated:
                facts = [each for each in facts if each > start.at]
            elif step.after_anchor or step.repeat:
                facts = [each for each in facts if each >= start.at]
        return min(facts, default=None)

    def _planned(
        self,
        position: int,
        occurrence: int,
        start: _Start,
        objective: Duration | None,
        done_at: datetime | None,
    ) -> tuple[_Outcome, PlannedStep]:
        """One occurrence of a step, and what it hands on."""
        step = self.target.steps[position]
        key = step.key if occurrence == 1 else f"{step.key}:{occurrence}"
        state = self._state(step, key, start, done_at)
        due_at, raw_due_at = self._due(start, objective)
        outcome = _Outcome(
            state,
            done_at,
            start,
            due_at=due_at if objective else start.at,
            raw_due_at=raw_due_at if objective else start.raw_at,
        )
        if not _is_watched(state, start):
            due_at = raw_due_at = None
        planned = PlannedStep(
            key=key,
            step_key=step.key,
            occurrence=occurrence,
            label=step.label,
            order=position,
            phase=step.phase,
            actor=step.actor,
            state=state,
            anchor_at=start.at,
            projected=start.at is not None and not start.known,
            raw_due_at=raw_due_at,
            due_at=due_at,
            warn_at=self._warn_at(step, start, due_at),
            done_at=done_at,
            paused=due_at is None and raw_due_at is not None and done_at is None,
            optional=step.optional,
            exam_type=step.exam_type,
            tells_gp=step.tells_gp,
            skip_reason=self.skipped[key] if state is StepState.SKIPPED else "",
        )
        return outcome, planned

    def _state(self, step: StepDef, key: str, start: _Start, done_at: datetime | None) -> StepState:
        """Where one occurrence stands."""
        if done_at is not None:
            return StepState.DONE
        if self.ended or self.ledger.has(step.unless) or (step.when and not self.ledger.has(step.when)):
            return StepState.NOT_APPLICABLE
        if key in self.skipped:
            return StepState.SKIPPED
        return StepState.OPEN if start.known else StepState.WAITING

    def _due(self, start: _Start, objective: Duration | None) -> tuple[datetime | None, datetime | None]:
        """`(due, due without the pauses)`, in UTC."""
        if objective is None or start.raw_at is None:
            return None, None
        raw = add(start.raw_at, objective, self.calendar)
        if not self.pauses:
            return raw, raw
        return (add(start.at, objective, self.calendar, self.pauses) if start.at else None), raw

    def _warn_at(self, step: StepDef, start: _Start, due_at: datetime | None) -> datetime | None:
        """When to start warning: never before the clock starts."""
        ahead = step.warn_before or self.target.warn_before
        if due_at is None or ahead is None:
            return None
        warn_at = before(due_at, ahead, self.calendar)
        return max(warn_at, start.at) if start.at else warn_at


def _last_of(starts: Sequence[_Start]) -> _Start:
    """The start of a step that waits for all of these: where the last one lies, once each has a place."""
    raw = [each.raw_at for each in starts if each.raw_at is not None]
    at = [each.at for each in starts if each.at is not None]
    if not starts or len(raw) < len(starts):
        return _NOWHERE
    return _Start(
        max(at) if len(at) == len(starts) else None,  # a pause without end holds up the whole
        max(raw),
        known=all(each.known for each in starts),
        factual=all(each.factual for each in starts),
    )


def _is_watched(state: StepState, start: _Start) -> bool:
    """True when a due instant means something: the step still runs, or ended after a real anchor."""
    if state is StepState.DONE:
        return start.factual
    return state in (StepState.OPEN, StepState.WAITING)


def _in_utc(fact: Fact) -> Fact:
    """The fact with its instant in UTC. Raises ValueError when it is naive."""
    if fact.occurred_at.tzinfo is None:
        raise ValueError("Un jalon porte un instant avec fuseau horaire.")
    return Fact(fact.occurred_at.astimezone(UTC), fact.kind, fact.detail)
