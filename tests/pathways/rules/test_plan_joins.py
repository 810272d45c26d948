"""Steps that wait for several things, and steps that need a milestone again."""

from __future__ import annotations

from pathways.rules import Pause, StepState
from tests.pathways.rules.stories import at, planned, small

REFERRED = "06-01 09:00 referral_received"
EXAMS = (
    "a | referral_received | {milestone: exam_done, detail: scanner} | 2 days",
    "b | referral_received | {milestone: exam_done, detail: irm} | 6 days | unless: palliative_entry",
    "c | [a, b] | rcp_held | 1 day",
)


def test_several_anchors_wait_for_the_last_of_them() -> None:
    target = small(*EXAMS)
    steps = planned(target, REFERRED)
    assert (steps["c"].state, steps["c"].projected, steps["c"].due_at) == (StepState.WAITING, True, at("06-08"))
    half = planned(target, REFERRED, "06-04 09:00 exam_done irm")
    assert (half["c"].state, half["c"].anchor_at) == (StepState.WAITING, at("06-04 09:00"))
    both = planned(target, REFERRED, "06-04 09:00 exam_done irm", "06-03 15:00 exam_done scanner")
    assert (both["c"].state, both["c"].due_at) == (StepState.OPEN, at("06-05"))


def test_what_will_not_happen_is_not_waited_for() -> None:
    target = small(*EXAMS)
    scanned = (REFERRED, "06-03 15:00 exam_done scanner")
    skipped = planned(target, *scanned, b="Déjà faite")
    assert (skipped["c"].state, skipped["c"].due_at) == (StepState.OPEN, at("06-04"))
    set_aside = planned(target, *scanned, "06-01 10:00 palliative_entry")
    assert (set_aside["c"].state, set_aside["c"].due_at) == (StepState.OPEN, at("06-04"))
    none_left = planned(target, REFERRED, a="Refus", b="Refus")
    assert (none_left["c"].state, none_left["c"].due_at) == (StepState.OPEN, at("06-08")), "the last date handed on"


def test_one_anchor_that_cannot_be_dated_leaves_the_whole_undated() -> None:
    target = small(
        "a | referral_received | first_care | 2 days",
        "c | [first_care, lab_noncontributive] | rcp_held | 1 day | when: [lab_noncontributive, palliative_entry]",
    )
    waiting = planned(target, REFERRED, "06-02 09:00 first_care", "06-02 09:00 palliative_entry")["c"]
    assert (waiting.state, waiting.anchor_at, waiting.due_at) == (StepState.WAITING, None, None)
    known = planned(target, REFERRED, "06-02 09:00 first_care", "06-05 09:00 lab_noncontributive")["c"]
    assert (known.state, known.due_at) == (StepState.OPEN, at("06-06"))


def test_a_pause_without_end_holds_up_a_step_that_waits_for_several() -> None:
    target = small(*EXAMS)
    pause = [Pause(at("06-05 09:00"))]
    step = planned(target, REFERRED, "06-03 15:00 exam_done scanner", pauses=pause)["c"]
    assert (step.due_at, step.raw_due_at, step.paused) == (None, at("06-08"), True)


def test_a_second_meeting_is_not_ended_by_the_first() -> None:
    target = small(
        "a | referral_received | rcp_held | 2 days",
        "b | a | lab_final | 3 days",
        "c | b | rcp_held | 4 days | again: true",
    )
    held = (REFERRED, "06-02 09:00 rcp_held")
    assert planned(target, *held)["c"].state is StepState.WAITING
    read = (*held, "06-04 09:00 lab_final")
    assert (planned(target, *read)["c"].state, planned(target, *read)["c"].due_at) == (StepState.OPEN, at("06-08"))
    assert planned(target, *read, "06-07 09:00 rcp_held")["c"].done_at == at("06-07 09:00")
    # The analysis was set aside: its date is handed on, and only a meeting since then is the second one.
    skipped = {"b": "Fait ailleurs"}
    assert planned(target, *held, **skipped)["c"].state is StepState.OPEN
    assert planned(target, *held, "06-06 09:00 rcp_held", **skipped)["c"].done_at == at("06-06 09:00")
