"""The plan once more, written from its description and not from its code: by recursion, without a graph.

Each question is answered by looking at all facts again. Only the clock (`add`, `before`) is shared, which has
references of its own. Repeated steps are left to tests of their own.
"""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from pathways.rules import Calendar, Fact, Pause, Target, add, before
from pathways.rules.target import Anchor, Match, StepDef


class Naive(NamedTuple):
    """What the plan says of one step."""

    state: str
    anchor_at: datetime | None
    due_at: datetime | None
    raw_due_at: datetime | None
    warn_at: datetime | None
    done_at: datetime | None


class NaivePlan:
    def __init__(
        self, target: Target, facts: list[Fact], pauses: list[Pause], calendar: Calendar, skipped: dict[str, str]
    ) -> None:
        self.target, self.facts, self.pauses = target, facts, pauses
        self.calendar, self.skipped = calendar, skipped
        self.by_key = {step.key: step for step in target.steps}

    def when(self, wanted: Match) -> list[datetime]:
        return sorted(
            fact.occurred_at
            for fact in self.facts
            if fact.kind == wanted.milestone and (not wanted.detail or wanted.detail == fact.detail)
        )

    def anchor_fact(self, anchor: Anchor) -> datetime | None:
        if anchor.step:
            return self.done(self.by_key[anchor.step])
        assert anchor.milestone is not None
        found = self.when(Match(anchor.milestone, anchor.detail))
        if not found:
            return None
        return found[0] if anchor.pick.value == "first" else found[-1]

    def stand_ins(self, step: StepDef, anchor: Anchor) -> list[StepDef]:
        """The steps that should give the anchor."""
        if anchor.step:
            return [self.by_key[anchor.step]]
        if any(match.milestone == anchor.milestone for match in step.when):
            return []
        return [
            other
            for other in self.target.steps
            if other.done_by[0].milestone == anchor.milestone
            and (not anchor.detail or other.done_by[0].detail in ("", anchor.detail))
        ]

    def start(self, step: StepDef) -> tuple[datetime | None, datetime | None, str]:
        """Where the count begins, with and without the pauses, and how sure it is: fact, open, expected, none."""
        anchor = step.anchor
        assert anchor is not None
        if not anchor.all_of:
            return self.start_of(step, anchor)
        found = [self.start_of(step, each) for each in anchor.all_of if not self.gone(step, each)]
        if not found:  # nothing of it will happen: the last date that was handed on
            found = [each for each in (self.start_of(step, part) for part in anchor.all_of) if each[2] != "none"]
        if not found or any(sure == "none" for _, _, sure in found):
            return None, None, "none"
        stuck = any(at is None for at, _, _ in found)
        latest = None if stuck else sorted(at for at, _, _ in found if at is not None)[-1]
        raw = sorted(raw for _, raw, _ in found if raw is not None)[-1]
        sureness = {sure for _, _, sure in found}
        return latest, raw, "expected" if "expected" in sureness else "open" if "open" in sureness else "fact"

    def gone(self, step: StepDef, anchor: Anchor) -> bool:
        """Nothing that could give the anchor will happen, and it did not."""
        if self.anchor_fact(anchor) is not None:
            return False
        givers = self.stand_ins(step, anchor)
        return bool(givers) and all(self.state(giver) in ("skipped", "not_applicable") for giver in givers)

    def start_of(self, step: StepDef, anchor: Anchor) -> tuple[datetime | None, datetime | None, str]:
        """The same, of one anchor."""
        fact = self.anchor_fact(anchor)
        if fact is not None:
            return fact, fact, "fact"
        givers = [(giver, self.state(giver)) for giver in self.stand_ins(step, anchor)]
        alive = [each for each in givers if each[1] in ("open", "waiting")]
        ends = []
        for giver, state in alive or givers:
            at, raw = self.end(giver)
            if raw is not None:
                if state == "done":
                    sure = "fact"
                elif state in ("skipped", "not_applicable") and self.start(giver)[2] in ("fact", "open"):
                    sure = "open"
                else:
                    sure = "expected"
                ends.append((at, raw, sure))
        if not ends:
            return None, None, "none"
        stuck = [end for end in ends if end[0] is None]
        dated = [end for end in ends if end[0] is not None]
        if anchor.pick.value == "first":
            return min(dated or stuck, key=lambda end: end[0] or end[1])
        return max(stuck or dated, key=lambda end: end[0] or end[1])

    def end(self, step: StepDef) -> tuple[datetime | None, datetime | None]:
        """When the step ends or should end, with and without the pauses."""
        done = self.done(step)
        if done is not None:
            return done, done
        at, raw, _ = self.start(step)
        if step.objective is None:
            return at, raw
        return (
            None if at is None else add(at, step.objective, self.calendar, self.pauses),
            None if raw is None else add(raw, step.objective, self.calendar),
        )

    def done(self, step: StepDef) -> datetime | None:
        found = [at for match in step.done_by for at in self.when(match)]
        if step.again:
            _, raw, sure = self.start(step)
            if sure not in ("fact", "open") or raw is None:
                return None
            found = [at for at in found if not at < raw]
        if step.after_anchor:
            at, _, sure = self.start(step)
            assert step.anchor is not None
            waited = {anchor.milestone for anchor in (step.anchor.all_of or [step.anchor])}
            if waited & {match.milestone for match in step.when} and sure != "fact":
                return None
            if sure == "fact":
                assert at is not None
                found = [each for each in found if each >= at]
        return min(found, default=None)

    def state(self, step: StepDef) -> str:
        if self.done(step) is not None:
            return "done"
        ended = any(self.when(Match(kind)) for kind in self.target.ends_on)
        barred = any(self.when(match) for match in step.unless)
        missing = bool(step.when) and not any(self.when(match) for match in step.when)
        if ended or barred or missing:
            return "not_applicable"
        if step.key in self.skipped:
            return "skipped"
        return "open" if self.start(step)[2] in ("fact", "open") else "waiting"

    def of(self, step: StepDef) -> Naive:
        state, done = self.state(step), self.done(step)
        at, raw, sure = self.start(step)
        due = raw_due = warn = None
        speaks = state in ("open", "waiting") or (state == "done" and sure == "fact")
        if step.objective is not None and speaks:
            due, raw_due = (
                None if at is None else add(at, step.objective, self.calendar, self.pauses),
                None if raw is None else add(raw, step.objective, self.calendar),
            )
        ahead = step.warn_before or self.target.warn_before
        if due is not None and ahead is not None:
            assert at is not None
            warn = max(at, before(due, ahead, self.calendar))
        return Naive(state, at, due, raw_due, warn, done)
