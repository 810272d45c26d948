"""The fewest trips: against every possibility tried one by one, and the sequences that the pathways describe."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, time, timedelta
from itertools import product

from hypothesis import given, settings
from hypothesis import strategies as st

from coordination.rules import trips
from coordination.rules.trips import Option, Proposal, Stay, Wanted, propose

MONDAY = date(2026, 11, 23)


def option(slot: int, day: int, hour: int, minutes: int = 30, site: int = 1) -> Option:
    starts_at = datetime.combine(MONDAY + timedelta(days=day), time(hour), UTC)
    return Option(slot, starts_at, starts_at + timedelta(minutes=minutes), MONDAY + timedelta(days=day), site)


def due(day: int) -> datetime:
    return datetime.combine(MONDAY + timedelta(days=day), time(23, 59), UTC)


def placed(proposal: Proposal) -> dict[str, int]:
    return {key: each.slot for key, each in proposal.places.items()}


def test_the_one_day_diagnosis_is_one_trip() -> None:
    """S93: all the exams of one patient on one day."""
    wanted = [
        Wanted("mammographie", due(10), 1, [option(1, 0, 9), option(2, 7, 9)]),
        Wanted("echographie", due(10), 1, [option(3, 1, 9), option(4, 7, 10)]),
        Wanted("biopsie", due(10), 1, [option(5, 2, 9), option(6, 7, 11)]),
    ]
    (only,) = propose(wanted, []).proposals
    assert placed(only) == {"mammographie": 2, "echographie": 4, "biopsie": 6}
    assert (only.trips, only.late) == (1, 0)


def test_the_two_days_of_the_sequence_keep_their_order() -> None:
    """S07: consultation then CT and MRI on day 1, endoscopy on day 2."""
    wanted = [
        Wanted("echo", None, 2, [option(1, 0, 8), option(2, 2, 8), option(3, 12, 8)]),
        Wanted("consultation", None, 1, [option(4, 1, 9)]),
        Wanted("scanner", None, 1, [option(5, 1, 14), option(6, 2, 14)]),
    ]
    (only,) = propose(wanted, []).proposals
    assert placed(only) == {"consultation": 4, "scanner": 5, "echo": 2}


def test_an_exam_in_time_is_worth_a_trip_more() -> None:
    wanted = [
        Wanted("scanner", due(2), None, [option(1, 1, 9), option(2, 5, 9)]),
        Wanted("irm", due(9), None, [option(3, 5, 10)]),
    ]
    best, other = propose(wanted, []).proposals
    assert (placed(best), best.late, best.trips) == ({"scanner": 1, "irm": 3}, 0, 2)
    assert (placed(other), other.late, other.trips) == ({"scanner": 2, "irm": 3}, 1, 1)


def test_trips_may_be_traded_for_days() -> None:
    """All are late whatever is chosen: one trip in ten days, or two that are over a week sooner."""
    later = [option(10 + n, day, 9) for n, day in enumerate((10, 12, 14, 16))]
    same = [option(20 + n, day, 11) for n, day in enumerate((10, 12, 14, 16))]
    wanted = [
        Wanted("scanner", due(0), None, [option(1, 2, 9), *later]),
        Wanted("irm", due(0), None, [option(2, 3, 9), *same]),
    ]
    first, second, soonest = propose(wanted, []).proposals
    assert (first.trips, first.days) == (1, [MONDAY + timedelta(days=10)])
    assert (second.trips, second.days) == (1, [MONDAY + timedelta(days=12)])
    assert (soonest.trips, placed(soonest), soonest.soonest) == (2, {"scanner": 1, "irm": 2}, True)
    assert not first.soonest
    assert propose(wanted, [], most=1).proposals == [first]


def test_a_day_the_patient_comes_anyway_costs_no_trip() -> None:
    wanted = [Wanted("scanner", None, None, [option(1, 1, 9), option(2, 3, 9)])]
    best = propose(wanted, [], visits=[(MONDAY + timedelta(days=3), 1)]).proposals[0]
    assert (placed(best), best.trips) == ({"scanner": 2}, 0)


def test_another_site_the_same_day_is_another_trip() -> None:
    wanted = [
        Wanted("scanner", None, None, [option(1, 1, 9, site=2), option(2, 2, 9, site=1)]),
        Wanted("irm", None, None, [option(3, 1, 11, site=1), option(4, 2, 11, site=1)]),
    ]
    assert placed(propose(wanted, []).proposals[0]) == {"scanner": 2, "irm": 4}


def test_nothing_at_an_hour_already_taken_nor_two_at_once() -> None:
    clash = option(1, 1, 9)
    wanted = [Wanted("scanner", None, None, [clash, option(2, 1, 11)]), Wanted("irm", None, None, [option(3, 1, 11)])]
    assert propose(wanted, [clash.stay]).proposals == []
    assert placed(propose(wanted, []).proposals[0]) == {"scanner": 1, "irm": 3}


def test_nobody_is_at_two_sites_within_the_hour() -> None:
    """Nor an hour after an appointment elsewhere; at one site, one exam may follow the other at once."""
    wanted = [
        Wanted("scanner", None, None, [option(1, 1, 9, 60)]),
        Wanted("tep", None, None, [option(2, 1, 10, site=2), option(3, 1, 11, site=2)]),
    ]
    assert placed(propose(wanted, []).proposals[0]) == {"scanner": 1, "tep": 3}
    assert propose(wanted, [option(9, 1, 12, site=1).stay]).proposals == []
    near = [wanted[0], Wanted("irm", None, None, [option(4, 1, 10)])]
    assert placed(propose(near, []).proposals[0]) == {"scanner": 1, "irm": 4}


def test_of_two_places_of_one_trip_the_one_that_ends_first_is_taken() -> None:
    long_one, short = option(2, 1, 10, 120), option(3, 1, 11, 30)
    wanted = [Wanted("scanner", None, None, [option(1, 1, 8)]), Wanted("irm", None, None, [long_one, short])]
    assert placed(propose(wanted, []).proposals[0]) == {"scanner": 1, "irm": 3}


def test_one_exam_without_place_and_no_exam_at_all_give_nothing() -> None:
    assert (
        propose([Wanted("scanner", None, None, []), Wanted("irm", None, None, [option(1, 1, 9)])], []).proposals == []
    )
    assert propose([], []).proposals == []


def test_it_says_when_it_gave_up(monkeypatch) -> None:  # type: ignore[no-untyped-def]
    wanted = [Wanted(str(n), None, None, [option(10 * n + k, k, 8 + n) for k in range(6)]) for n in range(5)]
    assert propose(wanted, []).whole
    monkeypatch.setattr(trips, "EFFORT", 31)
    stopped = propose(wanted, [])
    assert not stopped.whole
    assert stopped.proposals, "what was found is still proposed"


def test_six_exams_overdue_on_two_sites_are_searched_whole() -> None:
    """The patient for whom it matters most: whatever is chosen is late, so nothing is told apart by that."""
    drawn = random.Random(5)
    wanted = [
        Wanted(str(n), due(0), None, [
            option(100 * n + k, day, drawn.randint(8, 17), site=drawn.choice([1, 1, 2]))
            for k, day in enumerate(sorted(drawn.sample(range(1, 60), 14)))
        ])
        for n in range(6)
    ]  # fmt: skip
    found = propose(wanted, [])
    assert found.whole
    assert found.proposals[0].late == 6


places = st.builds(option, st.integers(0, 999), st.integers(0, 9), st.integers(8, 10), st.just(45), st.integers(1, 2))
exams = st.lists(
    st.tuples(st.sampled_from([None, 1, 2]), st.none() | st.integers(0, 9), st.lists(places, min_size=1, max_size=4)),
    min_size=1,
    max_size=4,
)


@settings(max_examples=200)
@given(exams, st.lists(places, max_size=2))
def test_no_possibility_is_better_than_the_first(
    drawn: list[tuple[int | None, int | None, list[Option]]], busy: list[Option]
) -> None:
    wanted = [
        Wanted(str(n), None if on is None else due(on), day, options) for n, (day, on, options) in enumerate(drawn)
    ]
    taken = [each.stay for each in busy]
    found = propose(wanted, taken).proposals
    every = [cost for choice in product(*(each.options for each in wanted)) if (cost := cost_of(wanted, choice, taken))]
    assert [(each.late, each.trips, each.ends_at) for each in found[:1]] == sorted(every)[:1]
    soonest = min(((late, ends_at, trips) for late, trips, ends_at in every), default=None)
    said = [(each.late, each.ends_at, each.trips) for each in found if each.soonest]
    if soonest and soonest[1].date() < found[0].days[-1]:
        assert said == [soonest], "more trips that end on an earlier day are proposed"
        assert found[-1].soonest
    else:
        assert said == []


def cost_of(wanted: list[Wanted], choice: tuple[Option, ...], taken: list[Stay]) -> tuple[int, int, datetime] | None:
    """The cost of one way to place them, told without the code under test; None when it is impossible."""
    for number, option in enumerate(choice):
        for one in [*taken, *(each.stay for each in choice[:number])]:
            (_, ends_at, site), (starts_at, _, other_site) = sorted([option.stay, one])
            if starts_at < ends_at + timedelta(minutes=0 if site == other_site else 60):
                return None
    days = [(each.day, option.day) for each, option in zip(wanted, choice, strict=True) if each.day]
    for day, on in days:
        for other_day, other_on in days:
            if day == other_day and on != other_on:
                return None
            if day < other_day and not on < other_on <= on + trips.LONGEST_STAY:
                return None
    late = sum(1 for each, option in zip(wanted, choice, strict=True) if each.due_at and option.starts_at > each.due_at)
    return late, len({(each.day, each.site) for each in choice}), max(each.ends_at for each in choice)
