"""Quorum against a slow reference that shares no code with the rule."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rcp.rules.quorum import Outcome, Participant, QuorumRule, RuleError, quorum, read_required

CODES = ["", "SM01", "SM14", "SM26", "SM36", "SM37", "SM44", "SM45", "SM53", "SM54"]
TWINS = [{"SM37", "SM45"}, {"SM26", "SM53", "SM54"}]

people = st.lists(
    st.tuples(st.sampled_from(CODES), st.booleans(), st.booleans()), max_size=7
)  # specialty, physician, absent for this case
groups = st.lists(st.lists(st.sampled_from(CODES[1:]), min_size=1, max_size=3).map(tuple), max_size=3).map(tuple)


def same(one: str, other: str) -> bool:
    return one == other or any(one in twin and other in twin for twin in TWINS)


def reference(present: list[str], at_least: int, required: tuple[tuple[str, ...], ...]) -> bool:
    """Tries every subset of those present: one of pairwise different specialties that is large enough."""
    known = [code for code in present if code]
    large_enough = any(
        all(not same(a, b) for a, b in combinations(subset, 2)) for subset in combinations(known, at_least)
    )
    return large_enough and all(any(same(code, held) for code in group for held in known) for group in required)


@given(people, st.integers(0, 5), groups)
def test_agrees_with_the_reference(
    crowd: list[tuple[str, bool, bool]], at_least: int, required: tuple[tuple[str, ...], ...]
) -> None:
    recorded = [Participant(key, code, physician) for key, (code, physician, _) in enumerate(crowd)]
    absent = {key for key, (_, _, away) in enumerate(crowd) if away}
    answer = quorum(recorded, QuorumRule(at_least, required), absent)
    if not crowd:
        assert answer.outcome is Outcome.UNKNOWN
        return
    present = [code for code, physician, away in crowd if physician and not away]
    assert answer.is_reached is reference(present, at_least, required)
    assert bool(answer.missing) is not answer.is_reached


@given(people, st.integers(0, 5), groups, st.sampled_from(CODES[1:]))
def test_one_more_physician_never_breaks_a_quorum(
    crowd: list[tuple[str, bool, bool]], at_least: int, required: tuple[tuple[str, ...], ...], newcomer: str
) -> None:
    recorded = [Participant(key, code, physician) for key, (code, physician, _) in enumerate(crowd)]
    rule = QuorumRule(at_least, required)
    if quorum(recorded, rule).is_reached:
        assert quorum([*recorded, Participant(99, newcomer)], rule).is_reached


def room(*codes: str) -> list[Participant]:
    return [Participant(key, code) for key, code in enumerate(codes)]


THREE = QuorumRule(3, (("SM14", "SM05"), ("SM36",), ("SM37",)))


def test_nobody_recorded_is_unknown_not_missed() -> None:
    assert quorum([], THREE).outcome is Outcome.UNKNOWN


def test_everybody_absent_for_the_case_is_missed() -> None:
    assert quorum(room("SM14", "SM36", "SM37"), THREE, absent={0, 1, 2}).outcome is Outcome.MISSED


def test_names_what_is_missing_in_french() -> None:
    answer = quorum(room("SM36", "SM44"), THREE)
    assert answer.missing == ("chirurgie viscérale et digestive ou chirurgie générale", "oncologie radiothérapique")


def test_says_how_many_more_specialties_when_the_groups_would_not_suffice() -> None:
    assert quorum(room("SM36"), QuorumRule(4, (("SM37",),))).missing == (
        "oncologie radiothérapique",
        "2 autres spécialités",
    )
    assert quorum(room("SM36", "SM44"), QuorumRule(3)).missing == ("une autre spécialité",)


def test_two_codes_of_radiotherapy_are_one_specialty() -> None:
    assert quorum(room("SM37", "SM45", "SM36"), QuorumRule(3)).outcome is Outcome.MISSED
    assert quorum(room("SM45"), QuorumRule(1, (("SM37",),))).is_reached


def test_a_nurse_never_counts() -> None:
    nurse = Participant(9, "SM37", is_physician=False)
    assert not quorum([*room("SM14", "SM36"), nurse], THREE).is_reached


def test_a_group_asked_twice_is_named_once() -> None:
    assert quorum(room("SM14"), QuorumRule(1, (("SM37",), ("SM45",)))).missing == ("oncologie radiothérapique",)


def test_what_is_missing_always_fits_the_column() -> None:
    many = tuple(f"SM{number:02d}" for number in range(1, 50))
    (words,) = quorum(room("SM99"), QuorumRule(1, (many,))).missing
    assert len(words) <= 200


@pytest.mark.parametrize("raw", [None, "SM36", [[]], ["SM36"], [["SM36"], 4], [[""]]])
def test_refuses_a_rule_it_cannot_read(raw: object) -> None:
    with pytest.raises(RuleError, match=r"groupe|liste"):
        read_required(raw)


def test_reads_the_groups_of_a_series() -> None:
    assert read_required([["SM14", " sm05 "], ["SM36"]]) == (("SM14", "SM05"), ("SM36",))
