"""The plan against a naive one, and its laws, on random target pathways and random histories."""

from __future__ import annotations

from datetime import UTC, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from pathways.rules import Calendar, Fact, Pause, StepState, Target, next_step, plan
from pathways.rules.lateness import Lateness, state
from tests.pathways.rules.naive import Naive, NaivePlan
from tests.pathways.rules.strategies import FIRST_DAY, calendars, histories, pause_lists, targets

many = settings(max_examples=100, deadline=None)
CALENDAR = Calendar()


@st.composite
def skips(draw: Any) -> dict[str, str]:
    return {f"step{number}": "Choix médical" for number in draw(st.sets(st.integers(0, 7), max_size=2))}


@settings(max_examples=200, deadline=None)
@given(targets(), histories(), pause_lists(), calendars(), skips())
def test_the_naive_plan_says_the_same(
    target: Target, facts: list[Fact], pauses: list[Pause], calendar: Calendar, skipped: dict[str, str]
) -> None:
    naive = NaivePlan(target, facts, pauses, calendar, skipped)
    planned = plan(target, facts, pauses, calendar, skipped)
    assert [step.key for step in planned] == [step.key for step in target.steps]
    for step, definition in zip(planned, target.steps, strict=True):
        found = Naive(step.state, step.anchor_at, step.due_at, step.raw_due_at, step.warn_at, step.done_at)
        assert found == naive.of(definition), step.key


@many
@given(targets(may_repeat=True), histories(), pause_lists(), skips(), st.randoms(use_true_random=False))
def test_the_order_of_the_facts_does_not_matter(
    target: Target, facts: list[Fact], pauses: list[Pause], skipped: dict[str, str], chance: Any
) -> None:
    """Nor does a fact told twice, nor the zone it is told in; and the same question has the same answer."""
    planned = plan(target, facts, pauses, CALENDAR, skipped)
    again = [*facts, *facts]
    chance.shuffle(again)
    paris = [Fact(fact.occurred_at.astimezone(CALENDAR.zone), fact.kind, fact.detail) for fact in again]
    assert plan(target, paris, list(reversed(pauses)), CALENDAR, skipped) == planned


@many
@given(targets(may_repeat=True), histories(), pause_lists(), calendars(), skips())
def test_what_each_state_promises(
    target: Target, facts: list[Fact], pauses: list[Pause], calendar: Calendar, skipped: dict[str, str]
) -> None:
    for step in plan(target, facts, pauses, calendar, skipped):
        assert (step.state is StepState.DONE) == (step.done_at is not None)
        assert (step.state is StepState.SKIPPED) == bool(step.skip_reason)
        assert step.state is not StepState.OPEN or not step.projected
        assert not step.projected or step.anchor_at is not None
        if step.state in (StepState.SKIPPED, StepState.NOT_APPLICABLE):
            assert step.due_at is step.raw_due_at is step.warn_at is None
        if step.due_at is not None:
            assert step.anchor_at is not None and step.anchor_at <= step.due_at
            assert step.warn_at is None or step.anchor_at <= step.warn_at <= step.due_at
            assert step.raw_due_at is not None and step.raw_due_at <= step.due_at
        assert not step.paused or any(pause.end is None for pause in pauses)
        for instant in (step.anchor_at, step.due_at, step.raw_due_at, step.warn_at, step.done_at):
            assert instant is None or instant.tzinfo is UTC


@many
@given(targets(may_repeat=True), histories(), pause_lists(), skips())
def test_the_next_step_is_open_and_none_is_due_before_it(
    target: Target, facts: list[Fact], pauses: list[Pause], skipped: dict[str, str]
) -> None:
    planned = plan(target, facts, pauses, CALENDAR, skipped)
    following = next_step(planned)
    dated = [step for step in planned if step.state is StepState.OPEN and step.raw_due_at]
    assert (following is None) == (not dated)
    if following is not None:
        assert following in dated
        assert all(step.due_at is None or (following.due_at and following.due_at <= step.due_at) for step in dated)


@many
@given(targets(), histories(), skips())
def test_pauses_never_change_where_a_step_stands(target: Target, facts: list[Fact], skipped: dict[str, str]) -> None:
    """They move dates, and only later."""
    away = [Pause(FIRST_DAY + timedelta(days=3), FIRST_DAY + timedelta(days=12))]
    raw = plan(target, facts, (), CALENDAR, skipped)
    adjusted = plan(target, facts, away, CALENDAR, skipped)
    for one, two in zip(raw, adjusted, strict=True):
        assert (one.state, one.done_at, one.raw_due_at) == (two.state, two.done_at, two.raw_due_at)
        assert one.due_at == one.raw_due_at
        assert (one.due_at is None) == (two.due_at is None)


@many
@given(targets(may_repeat=True), histories(), st.integers(0, 60))
def test_lateness_has_one_answer_at_each_instant(target: Target, facts: list[Fact], day: int) -> None:
    now = FIRST_DAY + timedelta(days=day)
    for step in plan(target, facts, (), CALENDAR):
        found = state(step.due_at, step.warn_at, step.done_at, now)
        late = step.done_at is None and step.due_at is not None and step.due_at < now
        done_late = step.done_at is not None and step.due_at is not None and step.done_at > step.due_at
        assert (found is Lateness.LATE) == late
        assert (found is Lateness.DONE_LATE) == done_late
