"""Pure rules of the laboratory: forms, order of answers, facts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coordination.rules.lab import (
    Answer,
    Said,
    check_answers,
    expects_by_exam,
    facts_of,
    read_sheet,
    refusal,
    sheet_for,
)
from coordination.services.lab_forms import shipped_forms
from pathways.rules.milestones import MilestoneKind
from tests.coordination.laboratories import ANSWERS
from tests.factories import shipped_target

AT = datetime(2026, 11, 23, 9, tzinfo=UTC)
SHEETS = {entry["key"]: read_sheet(entry) for entry in shipped_forms()}


def said(exam: str, kind: Answer, hours: float = 0, act: str = "") -> Said:
    return Said(exam, kind, AT + timedelta(hours=hours), act or f"{exam}-{kind}")


def test_each_shipped_form_is_adapted_and_says_so() -> None:
    assert set(SHEETS) == {"general", "poumon", "lymphome"}
    for sheet in SHEETS.values():
        assert "à valider" in sheet.source.lower()
        assert check_answers(sheet, ANSWERS[sheet.key]) == (ANSWERS[sheet.key], {})


def test_the_lung_form_asks_what_guides_molecular_biology() -> None:
    """LAB-02: smoker or not, metastatic or not, first diagnosis or recurrence: none may be left out."""
    _, wrong = check_answers(SHEETS["poumon"], {"context": "Nodule"})
    assert set(wrong) == {"smoker", "metastatic", "recurrence"}


def test_an_answer_that_is_not_proposed_is_refused_and_what_is_not_asked_left_out() -> None:
    kept, wrong = check_answers(SHEETS["poumon"], {**ANSWERS["poumon"], "smoker": "maybe", "other": "x"})
    assert set(wrong) == {"smoker"}
    assert "other" not in kept


def test_a_text_too_long_is_refused() -> None:
    _, wrong = check_answers(SHEETS["general"], {**ANSWERS["general"], "treatments": "x" * 201})
    assert set(wrong) == {"treatments"}


@pytest.mark.parametrize(
    ("target", "sheet"),
    [("creca-h", "lymphome"), ("creca-h-ouest", "lymphome"), ("instadiag-poumon", "poumon"), ("fast", "general")],
)
def test_each_target_has_its_form(target: str, sheet: str) -> None:
    assert sheet_for(target, SHEETS.values()).key == sheet


def test_a_form_that_cannot_be_read_says_which() -> None:
    with pytest.raises(ValueError, match="Bon poumon : il manque label"):
        read_sheet({"key": "poumon", "version": 1, "source": "x", "fields": [1], "exams": [1]})


def test_exams_named_by_a_form_are_what_its_target_waits_for() -> None:
    """creca-h waits exam by exam; the lung waits for the whole."""

    def finals(key: str) -> set[str]:
        return shipped_target(key).details_awaited(MilestoneKind.LAB_FINAL)

    assert expects_by_exam(finals("creca-h"), SHEETS["lymphome"].exams)
    assert finals("creca-h") <= set(SHEETS["lymphome"].exams)
    assert not expects_by_exam(finals("instadiag-poumon"), SHEETS["poumon"].exams)


def test_an_end_is_the_last_word() -> None:
    assert refusal([], Answer.NONCONTRIBUTIVE) == ""
    assert refusal([Answer.INTERMEDIATE], Answer.FINAL) == ""
    assert refusal([Answer.INTERMEDIATE], Answer.NONCONTRIBUTIVE) == ""
    assert refusal([Answer.FINAL], Answer.INTERMEDIATE)
    assert refusal([Answer.NONCONTRIBUTIVE], Answer.FINAL)
    assert refusal([Answer.INTERMEDIATE], Answer.INTERMEDIATE)


def test_finals_exam_by_exam_keep_their_detail() -> None:
    facts = facts_of([said("h", Answer.FINAL), said("m", Answer.FINAL, 5)], ["h", "m"], by_exam=True)
    assert [(each.kind, each.detail) for each in facts] == [("lab_final", "h"), ("lab_final", "m")]


def test_a_final_before_the_others_is_news_not_the_end() -> None:
    first = facts_of([said("h", Answer.FINAL)], ["h", "m"], by_exam=False)
    assert [(each.kind, each.detail) for each in first] == [("lab_intermediate", "")]
    both = facts_of([said("h", Answer.FINAL), said("m", Answer.FINAL, 5)], ["h", "m"], by_exam=False)
    assert [(each.kind, each.at) for each in both] == [
        ("lab_intermediate", AT),
        ("lab_final", AT + timedelta(hours=5)),
    ]
    at_once = [said("h", Answer.FINAL, act="a"), said("m", Answer.FINAL, act="a")]
    assert [each.kind for each in facts_of(at_once, ["h", "m"], by_exam=False)] == ["lab_final"]


def test_answers_given_together_make_one_fact() -> None:
    together = [said("h", Answer.NONCONTRIBUTIVE, act="a"), said("m", Answer.NONCONTRIBUTIVE, act="a")]
    assert len(facts_of(together, ["h", "m"], by_exam=True)) == 1


@given(
    st.lists(st.tuples(st.sampled_from("hmc"), st.sampled_from(list(Answer))), max_size=6, unique=True), st.booleans()
)
def test_facts_depend_on_what_is_said_and_never_on_its_order(answers: list[tuple[str, Answer]], by_exam: bool) -> None:
    rows = [said(exam, kind, hours) for hours, (exam, kind) in enumerate(answers)]
    expected = facts_of(rows, "hmc", by_exam=by_exam)
    for other in list(permutations(rows))[:6]:
        assert facts_of(other, "hmc", by_exam=by_exam) == expected
    assert len({each.key for each in expected}) == len(expected)
    whole = [each for each in expected if each.kind is MilestoneKind.LAB_FINAL and not each.detail]
    complete = {exam for exam, kind in answers if kind is Answer.FINAL} == set("hmc")
    assert len(whole) == (1 if complete and not by_exam else 0)
