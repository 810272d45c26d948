"""The parts of the wait: they add up to the whole, whatever was recorded, in whatever order."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pathways.rules import Calendar, Fact, MilestoneKind, Pause, days_off, waits
from pathways.rules.segments import ENDS, Segment, longest_over, shares_of, split
from pathways.rules.vocabulary import Phase
from tests.factories import TARGETS, shipped_target
from tests.pathways.rules.strategies import calendars, instants, pause_lists

START = datetime(2026, 3, 2, 8, tzinfo=UTC)
PARIS = Calendar()


def on(day: int, kind: str, detail: str = "") -> Fact:
    return Fact(START + timedelta(days=day), MilestoneKind(kind), detail)


WAY = [
    on(2, "appointment_offered"), on(5, "first_care"), on(6, "exam_done", "scanner"), on(9, "biopsy_taken"),
    on(15, "lab_final"), on(20, "rcp_held"), on(23, "announcement"), on(30, "treatment_started"),
]  # fmt: skip


def days(facts: list[Fact], end: int = 30, **options: object) -> dict[str, int]:
    parts = split(facts, START, START + timedelta(days=end), calendar=PARIS, **options)  # type: ignore[arg-type]
    return {part.phase.value: part.raw_days for part in parts}


def test_each_part_lasts_until_its_own_milestone() -> None:
    assert days(WAY, ended=True) == {
        "referral": 2, "first_care": 3, "exams": 4, "pathology": 6, "rcp": 5, "announcement": 3, "treatment": 7,
    }  # fmt: skip


def test_a_milestone_that_never_came_leaves_its_time_to_the_next_part() -> None:
    facts = [fact for fact in WAY if fact.kind not in ("appointment_offered", "lab_final")]
    assert days(facts, ended=True) == {"first_care": 5, "exams": 4, "rcp": 11, "announcement": 3, "treatment": 7}


def test_an_exam_after_the_result_is_what_was_waited_for() -> None:
    assert days([*WAY, on(18, "exam_done", "irm")], ended=True)["exams"] == 13
    assert days([*WAY, on(18, "exam_done", "irm")], ended=True)["pathology"] == 0


def test_only_the_last_meeting_before_the_announcement_ends_the_rcp() -> None:
    again = [*WAY, on(12, "rcp_held"), on(26, "rcp_held"), on(25, "exam_done", "tep_scanner")]
    assert days(again, ended=True) == days(WAY, ended=True)


def test_what_is_recorded_outside_the_wait_counts_for_nothing() -> None:
    assert days([*WAY, on(-3, "first_care"), on(40, "treatment_started")], ended=True) == days(WAY, ended=True)


def test_a_result_before_the_first_care_makes_no_negative_part() -> None:
    facts = [on(5, "first_care"), on(3, "lab_final"), on(8, "rcp_held")]
    assert days(facts, end=8, ended=True) == {"first_care": 3, "pathology": 0, "rcp": 5}


@pytest.mark.parametrize(
    ("awaited", "running"),
    [({"exams", "rcp"}, "exams"), ({"rcp"}, "rcp"), (set(), "pathology"), ({"referral"}, "pathology")],
)
def test_the_time_that_runs_belongs_to_what_is_still_expected(awaited: set[str], running: str) -> None:
    parts = split(WAY[:4], START, START + timedelta(days=12), calendar=PARIS, awaited=awaited)
    assert [part.phase.value for part in parts if part.runs] == [running]
    assert [part.phase.value for part in parts].count("exams") == 1
    assert sum(part.raw_days for part in parts) == 12


def test_a_wait_that_has_just_begun_is_that_of_the_referral() -> None:
    (only,) = split([], START, START, calendar=PARIS)
    assert (only.phase, only.raw_days, only.runs) == (Phase.REFERRAL, 0, True)


def test_a_wait_over_on_its_last_milestone_has_nothing_running() -> None:
    parts = split(WAY, START, WAY[-1].occurred_at, calendar=PARIS, ended=True)
    assert not any(part.runs for part in parts)


@st.composite
def histories(draw: st.DrawFn) -> list[Fact]:
    kinds = [kind for ends in ENDS.values() for kind in ends] + [MilestoneKind.REFERRAL_RECEIVED]
    return draw(st.lists(st.builds(Fact, instants(), st.sampled_from(kinds)), max_size=14))


@settings(max_examples=200)
@given(
    histories(),
    instants(),
    instants(),
    calendars(),
    pause_lists(),
    st.sets(st.sampled_from(list(Phase))),
    st.booleans(),
)
def test_parts_follow_one_another_and_add_up_to_the_whole(
    facts: list[Fact],
    one: datetime,
    two: datetime,
    calendar: Calendar,
    pauses: list[Pause],
    awaited: set[Phase],
    ended: bool,
) -> None:
    start, end = min(one, two), max(one, two)
    parts = split(facts, start, end, calendar=calendar, pauses=pauses, awaited=awaited, ended=ended)
    assert [part.starts_at for part in parts] == [start, *(part.ends_at for part in parts)][: len(parts)]
    assert parts[-1].ends_at == end
    assert all(part.starts_at <= part.ends_at for part in parts)
    assert [part.phase for part in parts] == sorted({part.phase for part in parts}, key=list(Phase).index)
    whole = waits(start, end, pauses, calendar)
    assert sum(part.raw_days for part in parts) == whole.raw_days
    assert sum(part.adjusted_days for part in parts) == whole.adjusted_days
    assert sum(part.runs for part in parts) == (not ended)
    shuffled = random.Random(1).sample(facts, len(facts))
    assert split(shuffled, start, end, calendar=calendar, pauses=pauses, awaited=awaited, ended=ended) == parts


def test_pauses_leave_the_part_they_fall_in() -> None:
    stops = [
        days_off(date(2026, 3, 12), date(2026, 3, 14), PARIS),
        days_off(date(2026, 3, 13), date(2026, 3, 15), PARIS),
    ]
    parts = split(WAY, START, WAY[-1].occurred_at, calendar=PARIS, pauses=stops, ended=True)
    found = {part.phase: (part.raw_days, part.adjusted_days) for part in parts}
    assert found[Phase.PATHOLOGY] == (6, 2)
    assert found[Phase.EXAMS] == (4, 4)


# Shares


def test_the_shares_are_what_the_target_asks_of_each_part() -> None:
    """Monday: 48 hours to the offer, care in 2 working days, the rest as the file says."""
    shares = shares_of(shipped_target("instadiag-foie-pancreas"), START, PARIS)
    assert shares[Phase.REFERRAL] == 2
    assert sum(shares.values()) <= 28
    assert shares[Phase.TREATMENT] == 14
    assert shares[Phase.ANNOUNCEMENT] == 3


@pytest.mark.parametrize("key", sorted(file.stem for file in TARGETS.glob("*.yaml")))
def test_every_shipped_target_has_a_share_for_the_parts_it_times(key: str) -> None:
    shares = shares_of(shipped_target(key), START, PARIS)
    assert set(shares) == set(Phase)
    assert all(share >= 0 for share in shares.values())
    assert shares[Phase.TREATMENT] > 0


def part(phase: Phase, adjusted: int, share: int) -> Segment:
    return Segment(phase, START, START, adjusted, adjusted, share, runs=False)


def test_the_part_to_explain_is_the_one_most_over_its_share_not_the_longest() -> None:
    long, over = part(Phase.TREATMENT, 20, 18), part(Phase.EXAMS, 9, 3)
    assert longest_over([over, long]) is over
    assert longest_over([part(Phase.EXAMS, 3, 3), part(Phase.RCP, 1, 6)]) is None
    assert longest_over([]) is None
    assert part(Phase.EXAMS, 4, 3).excess_label == "1\N{NO-BREAK SPACE}jour au-delà"
