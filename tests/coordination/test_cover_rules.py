"""Who acts for whom, day by day, against a slow and simple reading of the same absences."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from coordination.rules.covers import Absence, Span, spans

DAY = date(2026, 11, 23)
CLAIRE, PAUL, SOPHIE, NINA = 1, 2, 3, 4


def away(rank: int, absent: int, stand_in: int, first: int, last: int) -> Absence:
    return Absence(rank, absent, stand_in, DAY + timedelta(days=first), DAY + timedelta(days=last))


def day(number: int) -> date:
    return DAY + timedelta(days=number)


def test_one_absence_is_one_span() -> None:
    assert spans([away(1, CLAIRE, PAUL, 0, 9)]) == [Span(CLAIRE, PAUL, day(0), day(9), day(9))]


def test_a_stand_in_away_too_is_replaced_while_it_lasts() -> None:
    found = spans([away(1, CLAIRE, PAUL, 0, 9), away(2, PAUL, SOPHIE, 3, 5)])
    assert [each for each in found if each.replaced == CLAIRE] == [
        Span(CLAIRE, PAUL, day(0), day(2), day(9)),
        Span(CLAIRE, SOPHIE, day(3), day(5), day(9)),
        Span(CLAIRE, PAUL, day(6), day(9), day(9)),
    ]
    assert [each for each in found if each.replaced == PAUL] == [Span(PAUL, SOPHIE, day(3), day(5), day(5))]


def test_a_chain_that_comes_back_leaves_nobody_rather_than_someone_away() -> None:
    found = spans([away(1, CLAIRE, PAUL, 0, 4), away(2, PAUL, CLAIRE, 2, 6)])
    assert found == [Span(CLAIRE, PAUL, day(0), day(1), day(4)), Span(PAUL, CLAIRE, day(5), day(6), day(6))]


def test_two_absences_that_touch_stay_two() -> None:
    found = spans([away(1, CLAIRE, PAUL, 0, 2), away(2, CLAIRE, PAUL, 3, 4)])
    assert [(each.first, each.until) for each in found] == [(day(0), day(2)), (day(3), day(4))]


absences = st.lists(
    st.builds(
        lambda people, first, length: (people[0], people[1], first, first + length),
        st.permutations([CLAIRE, PAUL, SOPHIE, NINA]),
        st.integers(0, 12),
        st.integers(0, 8),
    ),
    max_size=6,
).map(lambda drawn: [away(rank, *each) for rank, each in enumerate(drawn)])


@given(absences)
def test_every_day_says_what_walking_the_chain_says(known: list[Absence]) -> None:
    found = spans(known)
    for number in range(-1, 23):
        for person in (CLAIRE, PAUL, SOPHIE, NINA):
            held = [each for each in found if each.replaced == person and each.first <= day(number) <= each.last]
            assert len(held) <= 1, "one person acts a day"
            assert [each.acting for each in held] == _walk(person, known, day(number))


def _walk(person: int, known: list[Absence], on: date) -> list[int]:
    """Nobody, or the one at the end of the chain."""
    seen = [person]
    while True:
        away_then = [each for each in known if each.absent == seen[-1] and each.first <= on <= each.last]
        if not away_then:
            return seen[-1:] if len(seen) > 1 else []
        following = max(away_then, key=lambda each: each.rank).stand_in
        if following in seen:
            return []
        seen.append(following)
