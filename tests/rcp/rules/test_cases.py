from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from rcp.rules.cases import ALLOWED, evidence_after, is_provisional, presented_after_treatment, proves, refusal
from rcp.rules.presets import STANDARD_PRESETS, PresetError, read_presets

SESSION = datetime(2026, 5, 14, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def test_every_refusal_has_a_reason_and_every_leave_none() -> None:
    statuses = {"registered", "decided", "to_represent", "postponed", "withdrawn"}
    for act, allowed in ALLOWED.items():
        assert allowed <= statuses
        for status in statuses:
            assert bool(refusal(act, status)) is (status not in allowed), (act, status)


@pytest.mark.parametrize(
    ("stream", "quorum", "provisional"),
    [
        ("discussed", "missed", True),
        ("discussed", "reached", False),
        ("discussed", "unknown", False),
        ("recorded", "missed", False),
    ],
)
def test_only_a_discussed_case_without_quorum_is_provisional(stream: str, quorum: str, provisional: bool) -> None:
    assert is_provisional(stream, quorum) is provisional


def test_treatment_before_the_meeting_is_labelled() -> None:
    assert presented_after_treatment(SESSION - DAY, SESSION, [])
    assert not presented_after_treatment(None, SESSION, [])
    assert not presented_after_treatment(SESSION, SESSION, [])
    assert not presented_after_treatment(SESSION + DAY, SESSION, [])


def test_a_meeting_held_before_the_treatment_clears_the_label() -> None:
    assert not presented_after_treatment(SESSION - DAY, SESSION, [SESSION - 2 * DAY])
    assert presented_after_treatment(SESSION - 2 * DAY, SESSION, [SESSION - DAY])


def evidence(**changes: object) -> bool:
    given: dict[str, object] = {
        "wanted": "announcement", "wanted_detail": "", "after": SESSION,
        "kind": "announcement", "detail": "", "occurred_at": SESSION + DAY,
    }  # fmt: skip
    return proves(**{**given, **changes})  # type: ignore[arg-type]


def test_the_fact_asked_for_proves_the_action_once_it_is_late_enough() -> None:
    assert evidence()
    assert not evidence(occurred_at=SESSION)
    assert not evidence(kind="pps_given")


def test_an_action_without_milestone_is_never_proved() -> None:
    assert not evidence(wanted="", kind="")


def test_the_detail_asked_for_must_match_and_none_accepts_any() -> None:
    assert not evidence(wanted_detail="irm", detail="tdm")
    assert evidence(wanted_detail="irm", detail="irm")
    assert evidence(detail="tdm")


def test_what_counts_depends_on_what_was_asked() -> None:
    starts, ends = SESSION.replace(hour=0), SESSION.replace(hour=23)
    assert evidence_after("announcement", SESSION, starts, ends) < starts
    assert evidence_after("exam_done", SESSION, starts, ends) == SESSION
    assert evidence_after("rcp_held", SESSION, starts, ends) == ends


def test_the_standard_presets_can_be_read_and_are_dated() -> None:
    presets = {preset.key: preset for preset in read_presets([dict(each) for each in STANDARD_PRESETS])}
    assert presets["announcement"].due_on(date(2026, 5, 14)) == date(2026, 5, 21)
    assert (presets["announcement"].closes_on, presets["pps"].closes_on) == ("announcement", "pps_given")
    assert presets["treatment"].closes_on == "treatment_started"


@pytest.mark.parametrize(
    "entry",
    [
        "annonce",
        {"key": "a", "label": "x"},
        {"key": "a b", "label": "x", "days": 1},
        {"key": "a", "label": " ", "days": 1},
        {"key": "a", "label": "x", "days": -1},
        {"key": "a", "label": "x", "days": True},
        {"key": "a", "label": "x", "days": 1, "closes_on": "cured"},
        {"key": "a", "label": "x", "days": 1, "colour": "red"},
    ],
)
def test_refuses_presets_it_cannot_read(entry: object) -> None:
    with pytest.raises(PresetError, match="n° 1"):
        read_presets([entry])


def test_refuses_two_presets_of_the_same_key() -> None:
    entry = {"key": "a", "label": "x", "days": 1}
    with pytest.raises(PresetError, match="même clé"):
        read_presets([entry, entry])
