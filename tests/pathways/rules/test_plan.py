"""The plan on the shipped pathways, told as patients' stories, and on small targets that show one rule each."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pathways.rules import (
    Fact,
    MilestoneKind,
    Pause,
    StepState,
    Target,
    next_step,
    parse_target,
    plan,
)
from pathways.rules.target import StepDef
from tests.pathways.rules.stories import CALENDAR, TARGETS, at, planned, shipped, small, told


@pytest.fixture(scope="module")
def instadiag() -> Target:
    return shipped("instadiag-foie-pancreas")


@pytest.fixture(scope="module")
def fast() -> Target:
    return shipped("fast")


# Instadiag Foie-Pancréas


def test_a_request_on_friday_evening_has_48_working_hours(instadiag: Target) -> None:
    steps = planned(instadiag, "05-29 18:00 referral_received")
    assert steps["first_response"].due_at == at("06-02 18:00")
    assert steps["first_response"].warn_at == at("06-02 10:00")
    assert steps["first_response"].state is StepState.OPEN
    assert steps["first_care"].due_at == at("06-02")
    assert steps["referral"].state is StepState.DONE
    following = next_step(list(steps.values()))
    assert following is not None and following.key == "referral_complete"


def test_what_comes_after_is_projected_from_due_dates(instadiag: Target) -> None:
    steps = planned(instadiag, "05-29 18:00 referral_received")
    for key, due in [
        ("ct", "06-02"),
        ("mri", "06-02"),
        ("gp_letter", "06-03"),
        ("biopsy", "06-03"),
        ("lab_request", "06-04"),
        ("lab_intermediate", "06-08"),
        ("diagnosis", "06-09"),
        ("rcp", "06-09"),
        ("announcement", "06-12"),
        ("treatment", "06-26"),
        ("review", "09-26"),
    ]:
        assert (steps[key].state, steps[key].projected) == (StepState.WAITING, True), key
        assert steps[key].due_at == at(due), key
    assert steps["new_sample"].state is StepState.NOT_APPLICABLE
    assert steps["new_sample"].due_at is None


def test_day_one_bundles_the_exams_and_sends_the_letter(instadiag: Target) -> None:
    steps = planned(
        instadiag, "05-29 18:00 referral_received", "06-01 09:30 first_care", "06-01 15:00 exam_done scanner"
    )
    assert steps["first_response"].state is StepState.DONE, "whoever was received has had an answer"
    assert steps["ct"].state is StepState.DONE
    assert (steps["mri"].state, steps["mri"].due_at) == (StepState.OPEN, at("06-01"))
    assert (steps["biopsy"].state, steps["biopsy"].due_at) == (StepState.OPEN, at("06-02"))
    assert (steps["gp_letter"].state, steps["gp_letter"].due_at) == (StepState.OPEN, at("06-02"))
    assert (steps["rcp"].state, steps["rcp"].due_at) == (StepState.OPEN, at("06-08"))


BIOPSIED = (
    "05-29 18:00 referral_received",
    "06-01 09:30 first_care",
    "06-02 10:00 biopsy_taken",
    "06-02 12:00 lab_requested",
    "06-02 14:00 sample_sent",
)


def test_the_intermediate_result_is_counted_from_the_request(instadiag: Target) -> None:
    steps = planned(instadiag, *BIOPSIED)
    assert (steps["lab_intermediate"].state, steps["lab_intermediate"].due_at) == (StepState.OPEN, at("06-06"))
    assert steps["new_sample"].state is StepState.NOT_APPLICABLE, "the first sample is not a second one"
    assert steps["diagnosis"].due_at == at("06-08")
    assert steps["new_sample"].state is StepState.NOT_APPLICABLE, "the first sample is not the second one"


def test_a_final_result_makes_the_intermediate_one_needless(instadiag: Target) -> None:
    steps = planned(instadiag, *BIOPSIED, "06-05 16:00 lab_final")
    assert steps["lab_intermediate"].done_at == steps["diagnosis"].done_at == at("06-05 16:00")


def test_a_sample_that_cannot_be_read_opens_a_new_one_and_a_new_wait(instadiag: Target) -> None:
    unread = (*BIOPSIED, "06-04 11:00 lab_noncontributive")
    steps = planned(instadiag, *unread)
    assert steps["lab_intermediate"].state is StepState.DONE
    assert (steps["new_sample"].state, steps["new_sample"].due_at) == (StepState.OPEN, at("06-08"))
    assert steps["lab_request"].state is StepState.DONE

    again = (*unread, "06-08 10:00 biopsy_taken")
    steps = planned(instadiag, *again)
    assert steps["new_sample"].done_at == at("06-08 10:00")
    assert steps["biopsy"].done_at == at("06-02 10:00")
    assert (steps["lab_request"].state, steps["lab_request"].due_at) == (StepState.OPEN, at("06-09"))

    steps = planned(instadiag, *again, "06-08 12:00 lab_requested")
    assert (steps["lab_intermediate"].state, steps["lab_intermediate"].due_at) == (StepState.OPEN, at("06-12"))


def test_the_end_of_the_pathway(instadiag: Target) -> None:
    decided = (*BIOPSIED, "06-05 16:00 lab_final", "06-08 13:00 rcp_held")
    steps = planned(instadiag, *decided)
    assert steps["rcp_registered"].state is StepState.DONE, "a case that was discussed had been registered"
    assert steps["rcp_decision"].due_at == at("06-11")
    assert steps["announcement"].due_at == at("06-11")
    treated = (*decided, "06-10 09:00 announcement", "06-20 08:00 treatment_started")
    steps = planned(instadiag, *treated)
    assert steps["treatment"].done_at == at("06-20 08:00")
    assert (steps["review"].state, steps["review"].due_at) == (StepState.OPEN, at("09-20"))
    steps = planned(instadiag, *treated, "09-18 10:00 followup_contact reevaluation")
    assert steps["review"].state is StepState.DONE
    assert steps["review:2"].due_at == at("12-18")


def test_no_cancer_ends_what_was_expected(instadiag: Target) -> None:
    steps = planned(instadiag, *BIOPSIED, "06-05 16:00 lab_final", "06-05 17:00 no_cancer")
    assert steps["diagnosis"].state is StepState.DONE
    assert steps["rcp"].state is StepState.NOT_APPLICABLE
    assert next_step(list(steps.values())) is None


# FAST


def test_imaging_done_in_town_is_not_done_again(fast: Target) -> None:
    steps = planned(fast, "05-29 18:00 referral_received", "05-20 10:00 imaging_upstream scanner")
    assert steps["ct"].state is StepState.NOT_APPLICABLE
    assert steps["mri"].state is StepState.OPEN


def test_the_decision_reaches_the_services(fast: Target) -> None:
    steps = planned(fast, "05-29 18:00 referral_received", "06-03 09:00 first_care", "06-12 13:00 rcp_held")
    assert (steps["rcp_decision"].state, steps["rcp_decision"].due_at) == (StepState.OPEN, at("06-16"))
    assert steps["rcp_decision"].tells_gp


@pytest.mark.parametrize("path", sorted(TARGETS.glob("*.yaml")), ids=lambda path: path.stem)
def test_shipped_pathways_are_whole(path: Path) -> None:
    """Every phase is there, every delay has a source, no establishment or person is named."""
    target = parse_target(path.read_text(encoding="utf-8"))
    assert {step.phase for step in target.steps} == {
        "referral", "first_care", "exams", "pathology", "rcp", "announcement", "treatment",
    }  # fmt: skip
    assert path.stem == target.key, "load_targets finds a shipped pathway by its key"
    sourced = [*target.steps, *target.partners, *target.stays, *target.mail_templates, *target.slot_types]
    for each in sourced:
        said = each.source
        has_delay = not isinstance(each, StepDef) or each.objective or each.repeat
        assert not has_delay or "[00" in said or "proposition Jalon, à valider" in said.replace("P", "p"), each.key
    assert target.first_response is not None and target.overall is not None
    assert target.site_label == "Centre" and not (target.contact.phone or target.contact.email)
    assert not any(partner.convention or partner.valid_from for partner in target.partners)
    text = path.read_text(encoding="utf-8")
    sites = ("Gustave", "Mondor", "Saint-Joseph", "Roussy", "Caen", "Falaise", "Baclesse", "Lannelongue", "Hainaut")
    assert not any(name in text for name in (*sites, "Pitié", "Salpêtrière", "Lyon", "Vauban", "Curie"))


def test_the_seven_pathways_of_the_experiment_are_shipped_and_two_more() -> None:
    assert {path.stem for path in TARGETS.glob("*.yaml")} == {
        "creca-h", "speedendoc", "digestif-coordonne", "gliolink", "fast", "instadiag-poumon",
        "instadiag-foie-pancreas", "sein-operable", "prostate",
    }  # fmt: skip


# One rule each


def test_a_fact_wins_over_a_skip() -> None:
    target = small("a | referral_received | first_care | 2 days")
    steps = planned(target, "06-01 09:00 referral_received", "06-02 09:00 first_care", a="Choix médical")
    assert (steps["a"].state, steps["a"].skip_reason) == (StepState.DONE, "")


def test_a_skipped_step_hands_its_date_on() -> None:
    target = small("a | referral_received | first_care | 2 days", "b | a | rcp_held | 3 days")
    waiting = planned(target, "06-01 09:00 referral_received")["b"]
    freed = planned(target, "06-01 09:00 referral_received", a="Choix médical")
    assert (waiting.state, waiting.projected) == (StepState.WAITING, True)
    assert (freed["a"].state, freed["a"].due_at, freed["a"].skip_reason) == (StepState.SKIPPED, None, "Choix médical")
    assert (freed["b"].state, freed["b"].projected) == (StepState.OPEN, False)
    assert freed["b"].due_at == waiting.due_at == at("06-06")


def test_a_skipped_step_that_was_only_expected_frees_nobody() -> None:
    target = small(
        "a | referral_received | first_care | 2 days", "b | a | rcp_held | 3 days", "c | b | announcement | 1 day"
    )
    steps = planned(target, "06-01 09:00 referral_received", b="Choix médical")
    assert (steps["c"].state, steps["c"].projected, steps["c"].due_at) == (StepState.WAITING, True, at("06-07"))


def test_a_new_sample_waits_for_its_condition_and_makes_no_loop() -> None:
    """The sample is read, or another one is taken and read: a loop in words, none in the plan."""
    target = small(
        "a | referral_received | biopsy_taken | 1 day",
        "b | {milestone: biopsy_taken, pick: last} | lab_noncontributive | 3 days",
        "n | lab_noncontributive | biopsy_taken | 4 days | when: lab_noncontributive",
    )
    steps = planned(target, "06-01 09:00 referral_received")
    assert (steps["n"].state, steps["n"].anchor_at) == (StepState.NOT_APPLICABLE, None)
    assert steps["b"].due_at == at("06-05")


def test_a_step_set_aside_by_its_condition_hands_its_date_on() -> None:
    target = small(
        "a | referral_received | first_care | 2 days | unless: palliative_entry", "b | first_care | rcp_held | 3 days"
    )
    steps = planned(target, "06-01 09:00 referral_received", "06-02 09:00 palliative_entry")
    assert steps["a"].state is StepState.NOT_APPLICABLE
    assert (steps["b"].state, steps["b"].due_at) == (StepState.OPEN, at("06-06"))


def test_an_end_by_another_milestone_frees_what_waited_for_the_expected_one() -> None:
    target = small(
        "a | referral_received | [treatment_started, palliative_entry] | 2 days",
        "b | treatment_started | followup_contact | 3 days",
    )
    steps = planned(target, "06-01 09:00 referral_received", "06-02 09:00 palliative_entry")
    assert (steps["b"].state, steps["b"].anchor_at) == (StepState.OPEN, at("06-02 09:00"))


def test_first_and_last_occurrence() -> None:
    target = small(
        "a | {milestone: exam_done, pick: first} | rcp_held | 2 days",
        "b | {milestone: exam_done, pick: last} | announcement | 2 days",
        "c | referral_received | exam_done | 1 day",
    )
    story = ("06-01 09:00 referral_received", "06-08 09:00 exam_done irm", "06-03 09:00 exam_done scanner")
    steps = planned(target, *story)
    assert steps["a"].due_at == at("06-05")
    assert steps["b"].due_at == at("06-10")
    assert steps["c"].done_at == at("06-03 09:00")


def test_a_late_entered_fact_before_its_anchor_is_done_unless_told_otherwise() -> None:
    target = small(
        "a | first_care | exam_done | 2 days",
        "b | first_care | gp_informed | 2 days | after_anchor: true",
        "c | referral_received | first_care | 2 days",
    )
    early = ("06-01 09:00 referral_received", "06-01 10:00 exam_done", "06-01 10:00 gp_informed")
    story = (*early, "06-02 09:00 first_care")
    steps = planned(target, *story)
    assert steps["a"].state is StepState.DONE
    assert steps["b"].state is StepState.OPEN
    assert planned(target, *early)["b"].state is StepState.DONE, "nothing says yet that it was before"
    assert planned(target, *story, "06-02 09:00 gp_informed")["b"].done_at == at("06-02 09:00")


def test_a_done_step_without_a_known_anchor_is_not_judged() -> None:
    target = small("a | referral_received | first_care | 2 days", "b | first_care | rcp_held | 3 days")
    step = planned(target, "06-01 09:00 referral_received", "06-20 09:00 rcp_held")["b"]
    assert (step.state, step.due_at, step.raw_due_at) == (StepState.DONE, None, None)


def test_a_step_without_objective_passes_its_anchor_on() -> None:
    target = small("a | referral_received | rcp_registered | -", "b | rcp_registered | rcp_held | 3 days")
    steps = planned(target, "06-01 09:00 referral_received")
    assert (steps["a"].state, steps["a"].due_at) == (StepState.OPEN, None)
    assert (steps["b"].anchor_at, steps["b"].due_at) == (at("06-01 09:00"), at("06-04"))
    following = next_step(list(steps.values()))
    assert following is None, "nothing dated is expected of anyone"


def test_nothing_is_known_before_the_request() -> None:
    target = small("a | referral_received | first_care | 2 days", "b | first_care | rcp_held | 3 days")
    for step in planned(target).values():
        assert (step.state, step.anchor_at, step.due_at, step.projected) == (StepState.WAITING, None, None, False)


def test_a_pause_without_end_stops_open_and_projected_steps() -> None:
    target = small("a | referral_received | first_care | 2 days", "b | first_care | rcp_held | 3 days")
    steps = planned(target, "06-01 09:00 referral_received", pauses=[Pause(at("06-02 09:00"))])
    assert (steps["a"].due_at, steps["a"].raw_due_at, steps["a"].paused) == (None, at("06-03"), True)
    assert (steps["b"].due_at, steps["b"].raw_due_at, steps["b"].paused) == (None, at("06-06"), True)
    following = next_step(list(steps.values()))
    assert following is not None and following.key == "a", "a paused patient still has a next step"


def test_an_optional_step_is_never_next() -> None:
    target = small(
        "a | referral_received | first_care | 5 days", "b | referral_received | rcp_held | 3 days | optional: true"
    )
    following = next_step(list(planned(target, "06-01 09:00 referral_received").values()))
    assert following is not None and following.key == "a"


def test_a_step_that_runs_comes_before_one_that_is_stopped() -> None:
    """Even when the stopped one was due earlier without the pauses."""
    target = small("a | referral_received | first_care | 5 days", "b | referral_received | rcp_held | 3 days")
    running, stopped = planned(target, "06-01 09:00 referral_received").values()
    following = next_step([running, replace(stopped, due_at=None, paused=True)])
    assert following is running


def test_the_earliest_due_open_step_comes_next() -> None:
    target = small("a | referral_received | first_care | 5 days", "b | referral_received | rcp_held | 3 days")
    following = next_step(list(planned(target, "06-01 09:00 referral_received").values()))
    assert following is not None and following.key == "b"


def test_a_repeated_step() -> None:
    target = small(
        "a | referral_received | first_care | 1 day",
        "r | referral_received | followup_contact | 10 days | repeat: {every: 5 days, times: 3}",
        "z | r | announcement | 1 day",
    )
    referral = "06-01 09:00 referral_received"
    first = planned(target, referral)
    assert list(first) == ["a", "r", "z"]
    assert (first["r"].due_at, first["r"].occurrence) == (at("06-11"), 1)

    once = planned(target, referral, "06-10 09:00 followup_contact")
    assert list(once) == ["a", "r", "r:2", "z"]
    assert (once["r:2"].step_key, once["r:2"].occurrence, once["r:2"].due_at) == ("r", 2, at("06-15"))
    assert once["z"].due_at == at("06-11"), "who waits for it waits for its first time"

    skipped = {step.key: step for step in plan(target, told(referral), [], CALENDAR, {"r": "Vacances"})}
    assert skipped["r"].state is StepState.SKIPPED
    assert (skipped["r:2"].state, skipped["r:2"].due_at) == (StepState.OPEN, at("06-16"))

    days = ["06-10", "06-16", "06-21"]
    thrice = planned(target, referral, *(f"{day} 09:00 followup_contact" for day in [*days, "06-26"]))
    assert list(thrice) == ["a", "r", "r:2", "r:3", "z"]
    assert [thrice[key].done_at for key in ("r", "r:2", "r:3")] == [at(f"{day} 09:00") for day in days]


def test_the_projection_chooses_among_the_steps_still_expected() -> None:
    """Two exams of the same kind stand for « examen réalisé »: the first, or the last, of those to come."""
    pair = (
        "a | referral_received | {milestone: exam_done, detail: scanner} | 2 days",
        "b | referral_received | {milestone: exam_done, detail: irm} | 6 days",
    )
    soonest = small(*pair, "c | exam_done | rcp_held | 1 day")
    latest = small(*pair, "c | {milestone: exam_done, pick: last} | rcp_held | 1 day")
    referral = "06-01 09:00 referral_received"
    assert planned(soonest, referral)["c"].due_at == at("06-04")
    assert planned(latest, referral)["c"].due_at == at("06-08")
    assert planned(soonest, referral, a="Déjà fait ailleurs")["c"].due_at == at("06-08")


def test_a_naive_fact_is_refused() -> None:
    target = small("a | referral_received | first_care | 2 days")
    with pytest.raises(ValueError, match="fuseau"):
        plan(target, [Fact(datetime(2026, 6, 1), MilestoneKind.REFERRAL_RECEIVED)], (), CALENDAR)


def test_everything_comes_out_in_utc() -> None:
    target = small("a | referral_received | first_care | 2 days")
    [step] = plan(target, told("06-01 09:00 referral_received"), (), CALENDAR)
    assert step.anchor_at is not None and step.due_at is not None
    assert step.anchor_at.tzinfo is UTC and step.due_at.tzinfo is UTC
