"""The « works when » line of each pathway of the experiment (S01 to S07), as far as a plan can tell it, by dates.

2026-06-01 is a Monday. `at("06-04")` is the last instant of the 4th in Paris.
"""

from __future__ import annotations

import pytest

from pathways.rules import Duration, PlannedStep, StepState, Unit
from pathways.rules.target import Actor, EntryChannel, SlotMode
from tests.pathways.rules.stories import at, planned, shipped

DONE, OPEN, WAITING, NONE = StepState.DONE, StepState.OPEN, StepState.WAITING, StepState.NOT_APPLICABLE
REFERRED = "06-01 09:00 referral_received"


def where(step: PlannedStep) -> tuple[StepState, object]:
    return step.state, step.due_at


# S01 CReCa-H: requested once, split, declared unreadable at J+2, sampled again at a partner's.

SAMPLED = (
    REFERRED,
    "06-03 10:00 first_care",
    "06-04 10:00 biopsy_taken",
    "06-04 12:00 lab_requested",
    "06-04 14:00 sample_sent",
)


def test_s01_the_laboratory_speaks_by_the_third_day_and_turns_red_on_the_tenth() -> None:
    steps = planned(shipped("creca-h"), *SAMPLED)
    assert where(steps["lab_news"]) == (OPEN, at("06-07"))
    assert steps["lab_news"].warn_at == at("06-06 00:00"), "J+2"
    assert where(steps["lab_silence"]) == (OPEN, at("06-14"))
    assert steps["new_sample"].state is NONE


def test_s01_an_unreadable_sample_opens_another_at_the_partner() -> None:
    target = shipped("creca-h")
    unread = (*SAMPLED, "06-06 11:00 lab_noncontributive")
    steps = planned(target, *unread)
    assert steps["lab_news"].state is steps["lab_silence"].state is DONE
    assert where(steps["new_sample"]) == (OPEN, at("06-10"))
    definition = target.step("new_sample")
    partner = target.partner(definition.partner)
    assert partner is not None and definition.exam_type in partner.exams
    [slot] = [each for each in target.slot_types if each.key == definition.exam_type]
    assert (slot.mode, slot.partner) == (SlotMode.PARTNER, partner.key)

    again = (*unread, "06-09 10:00 biopsy_taken", "06-09 12:00 lab_requested", "06-09 14:00 sample_sent")
    steps = planned(target, *again)
    assert steps["new_sample"].done_at == at("06-09 10:00")
    assert where(steps["lab_news"]) == (OPEN, at("06-12"))
    assert where(steps["lab_silence"]) == (OPEN, at("06-19"))


def test_s01_one_request_two_laboratories_and_the_rcp_waits_for_both_and_the_pet() -> None:
    target = shipped("creca-h")
    assert [step.key for step in target.steps if step.done_by[0].milestone == "lab_requested"] == ["lab_request"]
    steps = planned(target, *SAMPLED)
    assert (where(steps["histology"]), where(steps["molecular"])) == ((OPEN, at("06-14")), (OPEN, at("06-17")))
    assert where(steps["rcp"]) == (WAITING, at("06-21")), "four days after the last of them"
    read = (*SAMPLED, "06-08 10:00 exam_done tep_scanner", "06-12 16:00 lab_final histologie")
    assert planned(target, *read)["rcp"].state is WAITING
    steps = planned(target, *read, "06-15 16:00 lab_final biologie_moleculaire")
    assert where(steps["rcp"]) == (OPEN, at("06-19"))
    assert planned(target, *read, "06-15 16:00 lab_final")["molecular"].state is OPEN, "which one is not said"


def test_s01_a_result_once_given_is_not_awaited_again_when_another_exam_is_asked() -> None:
    target = shipped("creca-h")
    assert target.version == 2
    given = (*SAMPLED, "06-12 16:00 lab_final histologie", "06-13 10:00 lab_requested")
    steps = planned(target, *given)
    assert steps["histology"].done_at == at("06-12 16:00")
    assert where(steps["molecular"]) == (OPEN, at("06-26")), "thirteen days after it was asked"
    again = (
        *SAMPLED, "06-06 11:00 lab_noncontributive", "06-06 11:00 lab_final biologie_moleculaire",
        "06-09 10:00 biopsy_taken", "06-09 12:00 lab_requested",
    )  # fmt: skip
    steps = planned(target, *again)
    assert steps["molecular"].state is DONE
    assert where(steps["histology"]) == (OPEN, at("06-19"))


# S02 SpeedEndoc: elements of the referral, day-hospital sequence, single PPS, palliative stay.


def test_s02_the_day_hospital_leaves_out_what_town_has_done() -> None:
    target = shipped("speedendoc")
    steps = planned(target, REFERRED, "05-20 10:00 imaging_upstream scanner", "06-05 09:00 first_care")
    assert steps["ct"].state is NONE
    assert where(steps["ultrasound"]) == (OPEN, at("06-05"))
    assert where(steps["biopsy"]) == (OPEN, at("06-08"))
    stay = [step for step in target.steps if step.stay == "hdj_diagnostic"]
    assert [step.key for step in stay] == ["first_care", "ultrasound", "ct", "biopsy"]
    mails = {each.key: each for each in target.mail_templates}
    assert all(mails[key].text for step in stay for key in step.mails)
    assert [step.key for step in target.steps if step.actor is Actor.SECRETARY][:3] == [
        "referral", "referral_complete", "first_response",
    ]  # fmt: skip
    assert EntryChannel.FORM not in target.entry_channels, "phone and mail only"


def test_s02_a_sign_of_compression_branches_to_an_urgent_opinion() -> None:
    target = shipped("speedendoc")
    calm = planned(target, REFERRED, "06-01 11:00 referral_complete")
    assert calm["airway"].state is NONE
    urgent = planned(target, REFERRED, "06-01 11:00 referral_complete compression")
    assert where(urgent["airway"]) == (OPEN, at("06-02 11:00"))
    assert urgent["referral_complete"].state is DONE


def test_s02_a_palliative_need_proposes_a_stay_after_the_announcement() -> None:
    target = shipped("speedendoc")
    met = (REFERRED, "06-05 09:00 first_care", "06-11 13:00 rcp_held")
    before = (*met, "06-10 09:00 support_screening besoin_palliatif")
    assert where(planned(target, *before)["palliative_stay"]) == (WAITING, at("06-21"))
    told = (*before, "06-15 10:00 announcement")
    assert where(planned(target, *told)["palliative_stay"]) == (OPEN, at("06-22"))

    after = (*met, "06-15 10:00 announcement", "06-17 09:00 support_screening besoin_palliatif")
    assert where(planned(target, *after)["palliative_stay"]) == (OPEN, at("06-24")), "not before the need is known"
    none = (*met, "06-15 10:00 announcement", "06-17 09:00 support_screening sans_besoin_palliatif")
    assert planned(target, *none)["palliative_stay"].state is NONE
    stayed = planned(target, *after, "06-22 09:00 palliative_entry")
    assert stayed["palliative_stay"].state is DONE
    assert where(stayed["treatment"]) == (OPEN, at("06-29")), "the stay does not replace the treatment"
    definition = target.step("palliative_stay")
    assert (definition.actor, definition.stay) == (Actor.SUPPORT_CARE, "hdj_pretherapeutique")


# S03: the cell receives, orients, books, prepares, follows.


def test_s03_the_cell_orients_books_and_prepares() -> None:
    target = shipped("digestif-coordonne")
    steps = planned(target, REFERRED)
    assert where(steps["first_response"]) == (OPEN, at("06-03"))
    assert target.step("first_response").mails == ("orientation_specialiste",)
    steps = planned(target, REFERRED, "06-05 09:00 first_care")
    assert where(steps["mri"]) == where(steps["ct"]) == (OPEN, at("06-12")), "side by side"
    assert where(steps["rcp_registered"]) == (OPEN, at("06-12"))
    assert EntryChannel.TELEEXPERTISE in target.entry_channels
    assert target.step("mri").exam_type == "irm" and target.slot_types[0].within == Duration(7, Unit.CALENDAR_DAYS)


def test_s03_an_orientation_is_told_and_the_treatment_is_followed_until_its_end() -> None:
    target = shipped("digestif-coordonne")
    told = (REFERRED, "06-20 09:00 announcement", "06-22 10:00 support_screening soins_de_support")
    assert planned(target, *told)["support_screening"].state is DONE
    treated = (*told, "06-29 08:00 treatment_started")
    assert where(planned(target, *treated)["treatment_call"]) == (OPEN, at("07-13"))
    called = (*treated, "07-13 10:00 followup_contact suivi_traitement")
    assert where(planned(target, *called)["treatment_call:2"]) == (OPEN, at("08-13"))
    assert planned(target, *treated, "07-13 10:00 followup_contact phone")["treatment_call"].state is OPEN
    ended = planned(target, *called, "08-01 10:00 treatment_ended")
    assert ended["treatment_call:2"].state is NONE
    assert ended["review"].state is OPEN


# S04 Gliolink: Pallia10 with its own threshold, seen in the RCP file; PRADO or the CPTS at the exit.


def test_s04_a_positive_score_calls_the_palliative_team() -> None:
    target = shipped("gliolink")
    met = (REFERRED, "06-03 09:00 first_care")
    assert where(planned(target, *met)["pallia10"]) == (OPEN, at("06-10"))
    assert "Pallia10 joint" in target.step("rcp_registered").checklist
    positive = planned(target, *met, "06-05 09:00 support_screening pallia10_positif")
    assert where(positive["palliative_team"]) == (OPEN, at("06-12"))
    negative = planned(target, *met, "06-05 09:00 support_screening pallia10_negatif")
    assert (negative["pallia10"].state, negative["palliative_team"].state) == (DONE, NONE)


def test_s04_the_exit_is_prepared_with_prado_or_the_cpts() -> None:
    target = shipped("gliolink")
    met = (REFERRED, "06-03 09:00 first_care", "06-08 13:00 rcp_held")
    assert planned(target, *met)["town_relay"].state is NONE, "nobody is in hospital yet"
    admitted = (*met, "06-10 08:00 admission")
    steps = planned(target, *admitted)
    assert where(steps["town_relay"]) == (OPEN, at("06-12"))
    assert where(steps["discharge"]) == (OPEN, at("06-20"))
    assert set(target.step("town_relay").mails) == {each.key for each in target.mail_templates}
    assert planned(target, *admitted, "06-11 09:00 followup_contact phone")["town_relay"].state is OPEN
    for body in ("prado", "cpts"):
        assert planned(target, *admitted, f"06-11 09:00 followup_contact {body}")["town_relay"].state is DONE


def test_s04_the_second_rcp_waits_for_the_analysis_and_a_recurrence_needs_none() -> None:
    target = shipped("gliolink")
    operated = (REFERRED, "06-03 09:00 first_care", "06-08 13:00 rcp_held", "06-10 08:00 admission")
    sampled = (*operated, "06-11 10:00 biopsy_taken", "06-11 12:00 lab_requested")
    steps = planned(target, *sampled)
    assert where(steps["rcp_after"]) == (WAITING, at("06-28")), "the first RCP is not the second"
    assert steps["announcement"].state is WAITING
    steps = planned(target, *sampled, "06-19 16:00 lab_final", "06-22 13:00 rcp_held")
    assert steps["rcp_after"].done_at == at("06-22 13:00")
    assert where(steps["announcement"]) == (OPEN, at("06-25"))

    relapsed = (REFERRED, "06-01 11:00 referral_complete recidive", "06-03 09:00 first_care", "06-08 13:00 rcp_held")
    steps = planned(target, *relapsed)
    assert {steps[key].state for key in ("admission", "surgery", "lab_request", "lab_final", "rcp_after")} == {NONE}
    assert where(steps["announcement"]) == (OPEN, at("06-11"))


# S05 FAST: the same request whoever fills the form; the decisions reach the services.


def test_s05_the_form_and_the_phone_open_the_same_plan_and_decisions_are_due() -> None:
    target = shipped("fast")
    assert {EntryChannel.FORM, EntryChannel.PHONE, EntryChannel.MAIL} <= set(target.entry_channels)
    steps = planned(target, REFERRED)
    assert where(steps["first_response"]) == (OPEN, at("06-03"))
    steps = planned(target, REFERRED, "06-05 09:00 first_care", "06-12 13:00 rcp_held")
    assert where(steps["rcp_decision"]) == (OPEN, at("06-16"))
    assert target.step("rcp_decision").actor is Actor.COORDINATOR
    assert len(target.documents) == 4, "the referential shared with the town"


# S06 Instadiag Poumon: a radiologist refers, imaging is asked with an agreed delay, J+4 from the request.


def test_s06_the_radiologist_refers_and_imaging_has_an_agreed_delay() -> None:
    target = shipped("instadiag-poumon")
    steps = planned(target, REFERRED)
    assert where(steps["ct"]) == (OPEN, at("06-04")), "asked before the consultation, three working days"
    seen = planned(target, "05-28 16:00 imaging_upstream scanner", REFERRED)
    assert seen["ct"].state is NONE, "the radiologist's own scan"
    agreed = {slot.key: (slot.mode, slot.within) for slot in target.slot_types}
    assert agreed["scanner"] == (SlotMode.PRIORITY, Duration(3, Unit.WORKING_DAYS))
    assert agreed["echo_endoscopie"] == (SlotMode.DEDICATED, None)


def test_s06_four_days_run_from_the_request_and_warn_the_day_before() -> None:
    target = shipped("instadiag-poumon")
    sampled = (REFERRED, "06-02 09:00 first_care", "06-03 10:00 biopsy_taken")
    steps = planned(target, *sampled)
    assert where(steps["lab_intermediate"]) == (WAITING, at("06-08")), "projected from the request due the next day"
    steps = planned(target, *sampled, "06-05 17:30 lab_requested")
    assert where(steps["lab_intermediate"]) == (OPEN, at("06-09"))
    assert steps["lab_intermediate"].warn_at == at("06-08 00:00")
    assert target.step("lab_request").checklist[:3] == (
        "Fumeur ou non", "Tumeur métastatique ou non", "Premier diagnostic ou récidive",
    )  # fmt: skip
    told = planned(target, *sampled, "06-05 17:30 lab_requested", "06-08 15:00 lab_intermediate")
    assert where(told["early_care"]) == (OPEN, at("06-11"))


# S07 Instadiag Foie-Pancréas: the plan of a Friday evening is told in test_plan.


def test_s07_two_days_a_week_with_two_places_each_given_back_48_hours_before() -> None:
    target = shipped("instadiag-foie-pancreas")
    days = {slot.key: (slot.per_week, slot.capacity, slot.day) for slot in target.slot_types}
    assert days == {
        "consultation_pluridisciplinaire": (2, 2, 1), "scanner": (2, 2, 1), "irm": (2, 2, 1),
        "echo_endoscopie": (2, 2, 2), "biopsie_percutanee": (2, 2, 2),
    }  # fmt: skip
    assert {slot.release_before for slot in target.slot_types} == {Duration(48, Unit.HOURS)}


def test_s07_the_letter_leaves_after_day_one() -> None:
    target = shipped("instadiag-foie-pancreas")
    steps = planned(target, "05-29 18:00 referral_received", "06-01 09:30 first_care")
    assert where(steps["first_response"]) == (DONE, at("06-02 18:00"))
    assert where(steps["gp_letter"]) == (OPEN, at("06-02"))
    assert target.step("gp_letter").mails == ("courrier_jour_1",)
    assert where(steps["diagnosis"]) == (OPEN, at("06-08")), "diagnosis in seven days"


# Breast and prostate


def test_breast_everything_of_the_diagnosis_on_one_day() -> None:
    target = shipped("sein-operable")
    steps = planned(target, REFERRED, "06-08 08:30 first_care")
    same_day = [step.key for step in target.steps if step.stay == "jour_diagnostic"]
    assert same_day == ["first_care", "mammography", "ultrasound", "biopsy"]
    assert {steps[key].due_at for key in same_day} == {at("06-08")}
    assert steps["first_care"].done_at is not None


def test_breast_what_started_decides_what_comes_next() -> None:
    target = shipped("sein-operable")
    decided = (REFERRED, "06-15 13:00 rcp_held", "06-17 10:00 announcement")
    first = (*decided, "06-24 08:00 treatment_started chemotherapy")
    steps = planned(target, *first)
    assert where(steps["surgery_after"]) == (OPEN, at("06-24").replace(year=2027, month=1))
    assert steps["rcp_after_surgery"].state is steps["radiotherapy"].state is NONE

    operated = (*decided, "06-24 08:00 treatment_started surgery")
    steps = planned(target, *operated)
    assert steps["surgery_after"].state is NONE
    assert where(steps["rcp_after_surgery"]) == (OPEN, at("07-08")), "the first RCP is not the second"
    assert where(steps["radiotherapy"]) == (WAITING, at("08-19"))


def test_breast_surveillance_is_delegated_and_the_sheets_come_back() -> None:
    target = shipped("sein-operable")
    ended = (REFERRED, "06-24 08:00 treatment_started surgery", "09-01 10:00 treatment_ended")
    steps = planned(target, *ended)
    assert (where(steps["delegation"]), where(steps["ppac"])) == ((OPEN, at("09-08")), (OPEN, at("09-15")))
    assert steps["review"].state is NONE and steps["town_sheet"].state is NONE
    agreed = planned(target, *ended, "09-02 10:00 delegation_consent")
    assert agreed["town_sheet"].due_at == at("09-02").replace(year=2027, month=3)


def test_prostate_active_surveillance_is_a_treatment_with_a_calendar() -> None:
    target = shipped("prostate")
    assert {"Chirurgie présentée", "Radiothérapie présentée", "Surveillance active présentée"} <= set(
        target.step("announcement").checklist
    )
    told = (REFERRED, "06-10 09:00 biopsy_taken biopsie_prostate", "06-10 09:00 exam_done biopsie_prostate",
            "06-25 13:00 rcp_held", "06-29 10:00 announcement surveillance")  # fmt: skip
    steps = planned(target, *told)
    assert steps["treatment"].state is NONE
    assert where(steps["surveillance"]) == (OPEN, at("07-13"))
    assert steps["surveillance_psa"].state is NONE

    watched = (*told, "07-06 10:00 treatment_started surveillance")
    steps = planned(target, *watched)
    assert where(steps["surveillance_psa"]) == (OPEN, at("07-06").replace(year=2027, month=1))
    year = at("07-06").replace(year=2027)
    assert where(steps["surveillance_mri"]) == where(steps["surveillance_biopsy"]) == (OPEN, year)
    assert where(steps["review"]) == (OPEN, at("10-06"))

    changed = planned(target, *watched, "12-01 10:00 treatment_started surgery")
    assert {changed[key].state for key in ("surveillance_psa", "surveillance_mri", "surveillance_biopsy")} == {NONE}


@pytest.mark.parametrize("choice", ["", " surgery", " radiotherapy"])
def test_prostate_any_other_choice_leads_to_a_treatment(choice: str) -> None:
    steps = planned(shipped("prostate"), REFERRED, "06-25 13:00 rcp_held", f"06-29 10:00 announcement{choice}")
    assert where(steps["treatment"]) == (OPEN, at("07-27"))
    assert steps["surveillance"].state is NONE
