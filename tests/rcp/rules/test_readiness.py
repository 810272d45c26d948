from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from rcp.rules.readiness import CaseFacts, DatedFact, ItemState, Planned, readiness

SESSION = datetime(2026, 5, 14, 12, tzinfo=UTC)
EARLIER = SESSION - timedelta(days=5)
READY = CaseFacts(
    session_at=SESSION,
    question="Chirurgie première ou chimiothérapie ?",
    has_presenter=True,
    histology="Adénocarcinome",
    stage="non connu",
    who_status=0,
    has_gp=False,
    age=60,
    facts=(DatedFact("exam_done", EARLIER, is_image=True),),
)


def states(case: CaseFacts) -> dict[str, ItemState]:
    return {item.key: item.state for item in readiness(case).items}


def test_a_file_with_everything_is_complete() -> None:
    answer = readiness(READY)
    assert answer.complete
    assert set(states(READY).values()) == {ItemState.OK}


def test_an_empty_file_misses_everything_and_says_who_owes_it() -> None:
    answer = readiness(CaseFacts(session_at=SESSION))
    assert [item.key for item in answer.missing] == [
        "question",
        "presenter",
        "imaging",
        "pathology",
        "stage",
        "who",
        "gp",
    ]
    assert all(item.owes for item in answer.missing)


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({"question": "  "}, "question"),
        ({"has_presenter": False}, "presenter"),
        ({"facts": ()}, "imaging"),
        ({"histology": ""}, "pathology"),
        ({"stage": " "}, "stage"),
        ({"who_status": None}, "who"),
        ({"has_gp": None}, "gp"),
    ],
)
def test_each_missing_piece_alone_makes_it_incomplete(change: dict[str, object], key: str) -> None:
    answer = readiness(replace(READY, **change))  # type: ignore[arg-type]
    assert [item.key for item in answer.missing] == [key]
    assert not answer.complete


def test_who_status_zero_is_an_answer() -> None:
    assert states(READY)["who"] is ItemState.OK


def test_an_exam_booked_before_the_meeting_is_expected_and_later_is_missing() -> None:
    before = Planned("IRM hépatique", EARLIER, is_image=True)
    after = Planned("IRM hépatique", SESSION + timedelta(hours=1), is_image=True)
    assert states(replace(READY, facts=(), planned=(before, after)))["imaging"] is ItemState.EXPECTED
    assert states(replace(READY, facts=(), planned=(after,)))["imaging"] is ItemState.MISSING
    assert not readiness(replace(READY, facts=(), planned=(before,))).complete


def test_a_consultation_is_no_imaging() -> None:
    visit = Planned("Consultation", EARLIER)
    anaesthetist = DatedFact("exam_done", EARLIER)
    case = replace(READY, facts=(anaesthetist,), planned=(visit,))
    item = next(i for i in readiness(case).items if i.key == "imaging")
    assert (item.state, item.at) == (ItemState.MISSING, None)


def test_images_named_by_hand_are_images() -> None:
    assert states(replace(READY, facts=(), imaging="TDM du 2 mai, clinique"))["imaging"] is ItemState.OK


def test_pathology_is_proved_by_a_result_and_owed_by_the_laboratory_once_asked() -> None:
    result = replace(READY, histology="", facts=(*READY.facts, DatedFact("lab_final", EARLIER)))
    asked = replace(READY, histology="", facts=(*READY.facts, DatedFact("lab_requested", EARLIER)))
    assert states(result)["pathology"] is ItemState.OK
    (item,) = readiness(asked).missing
    assert (item.owes, item.at) == ("Anatomopathologie", EARLIER)


@pytest.mark.parametrize(("age", "asked"), [(74, False), (75, True), (90, True)])
def test_geriatric_screening_is_reminded_from_75_and_never_blocks(age: int, asked: bool) -> None:
    answer = readiness(replace(READY, age=age))
    assert bool(answer.reminders) is asked
    assert answer.complete
    assert not readiness(replace(READY, age=age, has_g8=True)).reminders
