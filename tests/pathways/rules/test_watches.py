"""What is watched beyond the steps: when each alert falls due, and which fact answers it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from pathways.rules import Calendar, Fact, MilestoneKind
from pathways.rules.watches import watched
from tests.factories import shipped_target

START = datetime(2026, 11, 2, 9, tzinfo=UTC)
CALENDAR = Calendar()
TARGET = shipped_target("instadiag-foie-pancreas")


def day(number: float) -> datetime:
    return START + timedelta(days=number)


def found(*facts: tuple[str, float], contact: float | None = None) -> dict[str, datetime]:
    return watched(
        TARGET,
        [Fact(occurred_at=day(number), kind=MilestoneKind(kind), detail="") for kind, number in facts],
        opened_at=START,
        last_contact_at=None if contact is None else day(contact),
        calendar=CALENDAR,
    )


def local(number: int) -> datetime:
    """The last instant of a day: where a delay counted in days falls."""
    return CALENDAR.end_of_day(CALENDAR.local_date(day(number)))


def test_silence_is_counted_from_the_last_time_the_patient_was_met_or_called() -> None:
    assert found()["no_contact"] == local(14)
    assert found(("first_care", 3))["no_contact"] == local(17)
    assert found(("first_care", 3), contact=6)["no_contact"] == local(20)
    assert found(("first_care", 8), contact=6)["no_contact"] == local(22)


def test_a_treated_patient_is_not_said_to_be_without_contact() -> None:
    assert "no_contact" not in found(("treatment_started", 1))


def test_a_result_is_awaited_from_the_first_sample_that_nothing_answers() -> None:
    assert found(("biopsy_taken", 1), ("sample_sent", 2))["result_awaited"] == local(11)
    assert "result_awaited" not in found(("biopsy_taken", 1), ("lab_intermediate", 4))
    assert found(("biopsy_taken", 1), ("lab_noncontributive", 4), ("biopsy_taken", 6))["result_awaited"] == local(16)


def test_a_useless_sample_alerts_at_once_until_another_is_taken() -> None:
    assert found(("biopsy_taken", 1), ("lab_noncontributive", 4))["noncontributive"] == day(4)
    assert "noncontributive" not in found(("lab_noncontributive", 4), ("biopsy_taken", 5))
    assert "noncontributive" not in found(("lab_noncontributive", 4), ("lab_final", 5))


def test_a_pps_is_expected_after_the_announcement_only() -> None:
    assert "pps_not_given" not in found(("rcp_held", 1))
    assert found(("announcement", 0))["pps_not_given"] == local(7)  # five working days, a weekend between
    assert "pps_not_given" not in found(("announcement", 1), ("pps_given", 1))


def test_nothing_is_expected_of_a_pathway_that_ended() -> None:
    assert found(("biopsy_taken", 1), ("announcement", 2), ("no_cancer", 5)) == {}
    assert found(("death", 5)) == {}
