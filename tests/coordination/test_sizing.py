"""The simulation of slots against what is known exactly; same seed, same answer; with too little history, none."""

from __future__ import annotations

from random import Random

import pytest

from coordination.rules.queueing import (
    fill_without_wait,
    idle_share,
    mean_backlog,
    poisson,
    served_at_once,
    served_without_wait,
)
from coordination.rules.sizing import (
    LONGEST_BEFORE,
    Batch,
    History,
    Rule,
    draw_arrivals,
    fewest,
    line_after,
    parts_of_week,
    serve,
    sizes,
    sizes_around,
    slot_times,
    weeks_before,
    worth_trying,
)

MONDAYS = (1, 0, 0, 0, 0, 0, 0)
A_LONG_TIME = 20_000
THIS_WEEK_OR_NEVER = Rule(days=(4,), notice=0.0, objective=6.0)
"""Asked on a Monday, served on the Friday or elsewhere: no request waits for the next week."""


def poisson_weeks(mean: float, weeks: int, seed: int) -> list[int]:
    """Requests of so many weeks, drawn by another way than the one under test: the law turned over."""
    random, chances = Random(seed), poisson(mean, 60)
    return random.choices(range(61), weights=chances, k=weeks)


def on_mondays(weeks: list[int]) -> list[Batch]:
    return [(7 * number + 0.4, count) for number, count in enumerate(weeks) if count]


def one_by_one(*instants: float) -> list[Batch]:
    return [(at, 1) for at in instants]


def seats(slots: list[Batch]) -> int:
    return sum(many for _, many in slots)


def test_the_closed_results_agree_with_their_definitions() -> None:
    assert sum(poisson(2.5, 60)) == pytest.approx(1)
    assert served_without_wait(2.5, 60) == pytest.approx(2.5), "with places for all, all are served"
    assert served_without_wait(2.5, 1) == pytest.approx(1 - poisson(2.5, 0)[0]), "one place: someone came"
    assert mean_backlog(0.5) == pytest.approx(0.25)
    assert idle_share(0.8) == pytest.approx(0.2)
    assert served_at_once(0.001) == pytest.approx(1, abs=0.001), "nobody before them"
    with pytest.raises(ValueError, match="stable"):
        mean_backlog(1.0)
    with pytest.raises(ValueError, match="stable"):
        idle_share(1.0)
    with pytest.raises(ValueError, match="stable"):
        served_at_once(1.0)


@pytest.mark.parametrize(("mean", "places"), [(1.5, 1), (1.5, 2), (3.0, 3), (4.0, 2)])
def test_without_waiting_the_share_served_is_the_one_of_the_formula(mean: float, places: int) -> None:
    arrivals = on_mondays(poisson_weeks(mean, A_LONG_TIME, seed=1))
    slots = slot_times(places, (4,), A_LONG_TIME)
    run = serve(arrivals, slots, THIS_WEEK_OR_NEVER)
    assert run.taken / seats(slots) == pytest.approx(fill_without_wait(mean, places), abs=0.01)
    assert run.share == pytest.approx(served_without_wait(mean, places) / mean, abs=0.01)


@pytest.mark.parametrize("load", [0.3, 0.6, 0.8])
def test_one_slot_a_week_and_nobody_giving_up_is_the_slotted_queue(load: float) -> None:
    arrivals = on_mondays(poisson_weeks(load, 10 * A_LONG_TIME, seed=2))
    slots = slot_times(1, (4,), 11 * A_LONG_TIME)
    run = serve(arrivals, slots, Rule((4,), 0.0, 6.0, leaves=False), until=7.0 * 10 * A_LONG_TIME)
    weeks = 10 * A_LONG_TIME
    assert run.backlog / weeks == pytest.approx(mean_backlog(load), rel=0.05)
    assert run.unused / weeks == pytest.approx(idle_share(load), abs=0.01)
    assert run.share == pytest.approx(served_at_once(load), abs=0.01)


@pytest.mark.parametrize(("load", "weeks"), [(0.3, 520), (0.6, 260), (0.8, 52), (0.9, 52)])
def test_a_year_of_the_page_is_one_of_the_slotted_queue_as_it_settles(load: float, weeks: int) -> None:
    """Begun with nobody waiting, it would flatter the answer: 0.25 instead of 0.18 at 0.89 request a slot. Of few
    requests, longer years: the mean of shares is not the share of the mean."""
    history = History(tuple(poisson_weeks(load, 5_000, seed=3)), MONDAYS)
    rule = Rule((4,), notice=0.0, objective=6.0, leaves=False)
    (found,) = sizes(history, rule, [1], seed=4, runs=400 * 52 // weeks, weeks=weeks)
    assert found.share.mean == pytest.approx(served_at_once(history.mean), abs=0.02)
    assert found.unused.mean == pytest.approx(idle_share(history.mean), abs=0.01)


def test_a_line_that_grows_without_end_is_said_so_and_serves_nobody_in_time() -> None:
    history = History((3, 4, 3, 3, 4, 3, 3, 4), MONDAYS)
    waits = Rule((0, 3), 2.0, 7.0, leaves=False)
    found = sizes(history, waits, [3, 4], seed=5, runs=30)
    assert [(each.endless, each.share.mean > 0) for each in found] == [(True, False), (False, True)]
    assert not any(each.endless for each in sizes(history, Rule((0, 3), 2.0, 7.0), [3, 4], seed=5, runs=30))


def test_the_weeks_before_a_year_are_as_many_as_the_load_asks() -> None:
    history, rule = History((2, 1, 3, 2, 2, 1, 3, 2), MONDAYS), Rule((0,), 1.0, 14.0, leaves=False)
    asked = [weeks_before(history, rule, count) for count in (2, 3, 4, 30)]
    assert asked == sorted(asked, reverse=True)
    assert (asked[0], asked[-1]) == (LONGEST_BEFORE, 3), "no drift, and none but the objective"
    assert line_after([3, 1, 0, 5], 2, rule) == 3
    assert line_after([9, 9, 9], 2, Rule((0,), 1.0, 14.0)) == 4, "whoever would come after two weeks leaves"


@pytest.mark.parametrize("leaves", [True, False])
@pytest.mark.parametrize("worked", [True, False])
def test_played_at_once_or_one_by_one_a_year_is_the_same(leaves: bool, worked: bool) -> None:
    random = Random(6)
    history = History((4, 6, 5, 7, 3, 5, 6, 4), (5, 4, 4, 3, 5, 1, 0))
    for _ in range(60):
        days = tuple(sorted(random.sample(range(6), random.randrange(1, 5))))
        rule = Rule(days, random.choice([0.25, 0.9, 2.0]), random.choice([3.0, 7.0, 14.0]), leaves, worked)
        parts = parts_of_week(history, rule)
        batches = draw_arrivals(random.choices(history.weeks, k=20), parts, random)
        slots = slot_times(random.randrange(1, 9), days, 26)
        waiting = random.randrange(12)
        alone = [(at, 1) for at, many in batches for _ in range(many)]
        together = serve(batches, slots, rule, 21, 140, waiting=waiting)
        assert together == serve(alone, slots, rule, 21, 140, waiting=waiting)
        # Anywhere else in its part of the week, a request finds the same slots.
        near = sorted((at + random.uniform(-1, 1) * 1e-4, 1) for at, _ in alone)
        assert together == serve(near, slots, rule, 21, 140, waiting=waiting)
        single = [(at, 1) for at, many in slots for _ in range(many)]
        assert together == serve(batches, single, rule, 21, 140, waiting=waiting)


def test_whoever_waits_already_has_the_first_slots() -> None:
    rule = Rule((0,), notice=0.0, objective=7.0, leaves=False)
    assert serve(one_by_one(0.5), [(1.0, 2), (8.0, 2)], rule, waiting=2).in_time == 0
    assert serve(one_by_one(0.5), [(1.0, 2), (8.0, 2)], rule, waiting=1).in_time == 1
    assert serve(one_by_one(0.5), [(1.0, 2), (8.0, 2)], rule, waiting=9).taken == 4


def test_slots_without_number_serve_everybody() -> None:
    history = History((3, 1, 4, 1, 5, 9, 2, 6), (5, 4, 4, 3, 5, 0, 0))
    (found,) = sizes(history, Rule((0, 1, 2, 3, 4), notice=1.0, objective=7.0), [200], seed=3, runs=20)
    assert found.share.low == 1.0


def test_nobody_takes_a_slot_given_back_already_or_past() -> None:
    slots = one_by_one(1.0, 3.0, 8.0)
    assert serve(one_by_one(0.5), slots, Rule((0,), notice=0.0, objective=1.0)).in_time == 1
    assert serve(one_by_one(0.5), slots, Rule((0,), notice=1.0, objective=1.0)).in_time == 0, (
        "the first is the platform's"
    )
    late = serve(one_by_one(0.5), slots, Rule((0,), notice=1.0, objective=1.0, leaves=False))
    assert (late.taken, late.in_time) == (1, 0), "taken, too late"
    assert serve(one_by_one(9.0), slots, Rule((0,), notice=0.0, objective=9.0)).taken == 0


def test_a_slot_is_taken_once() -> None:
    run = serve(one_by_one(0.1, 0.2, 0.3), one_by_one(1.0, 2.0), Rule((0,), notice=0.0, objective=9.0))
    assert (run.arrived, run.taken, run.unused) == (3, 2, 0)


def test_slots_go_round_the_days_in_turn() -> None:
    assert slot_times(3, (0, 3), 1) == [(0.375, 2), (3.375, 1)]
    assert seats(slot_times(2, (0,), 5)) == 10


def test_the_same_seed_gives_the_same_answer_and_another_does_not() -> None:
    history = History((1, 2, 0, 3, 2, 1, 4, 2), (5, 4, 4, 3, 5, 0, 0))
    rule = Rule((0, 3), 2.0, 7.0)
    asked = sizes(history, rule, [2], seed=4, runs=30)
    assert asked == sizes(history, rule, [2], seed=4, runs=30)
    assert asked != sizes(history, rule, [2], seed=5, runs=30)


def test_more_slots_never_serve_fewer_and_an_interval_holds_its_mean() -> None:
    history = History((1, 2, 0, 3, 2, 1, 4, 2), (5, 4, 4, 3, 5, 0, 0))
    found = sizes(history, Rule((0, 3), 2.0, 7.0), range(1, 7), seed=6, runs=60)
    shares = [each.share.mean for each in found]
    assert shares == sorted(shares)
    assert all(each.share.low <= each.share.mean <= each.share.high for each in found)
    assert fewest(found, 0.0) == 1
    assert fewest(found, 1.1) is None


def test_requests_come_on_the_days_and_in_the_numbers_seen() -> None:
    history = History((2,) * 10, (0, 0, 1, 0, 0, 0, 0))
    parts = parts_of_week(history, Rule((0, 3, 4), 1.25, 7.0))
    assert len(parts) == 1, "no slot goes back on a Wednesday between 8:00 and 18:00"
    assert len(parts_of_week(history, Rule((3,), 0.9, 7.0))) == 2, "that of Thursday does, at 11:24"
    arrivals = draw_arrivals([2] * 50, parts_of_week(history, Rule((3,), 0.9, 7.0)), Random(7))
    assert seats(arrivals) == 100
    assert {int(at % 7) for at, _ in arrivals} == {2}, "Wednesdays only"
    assert arrivals == sorted(arrivals)


def test_too_little_history_says_nothing() -> None:
    assert not History((1,) * 7, MONDAYS).enough
    assert not History((0,) * 20, MONDAYS).enough
    assert not History((), ()).enough
    assert not History((1,) + (0,) * 30, MONDAYS).enough, "one request tells nothing of a year"
    assert not History((1, 1, 1, 1) + (0,) * 30, MONDAYS).enough, "four would point at persons"
    assert History((1, 1, 1, 1, 1) + (0,) * 30, MONDAYS).enough
    with pytest.raises(ValueError, match="history"):
        sizes(History((1,) * 7, MONDAYS), Rule((0,), 0.0, 7.0), [1], seed=1)
    with pytest.raises(ValueError, match="slot"):
        sizes(History((1,) * 9, MONDAYS), Rule((), 0.0, 7.0), [1], seed=1)


def test_what_is_tried_stands_around_the_need() -> None:
    assert list(worth_trying(History((2,) * 10, MONDAYS))) == [1, 2, 3, 4, 5, 6, 7, 8]
    assert list(worth_trying(History((14,) * 10, MONDAYS))) == [*range(7, 28, 2)]


@pytest.mark.parametrize("mean", [1, 2, 5, 7, 12, 14, 16, 17, 25, 30, 40, 120, 400])
def test_what_is_tried_reaches_the_need_whatever_its_size(mean: int) -> None:
    tried = list(worth_trying(History((mean,) * 10, MONDAYS)))
    assert len(tried) <= 12
    assert tried[0] <= mean < mean + 2 * mean**0.5 <= tried[-1]


@pytest.mark.parametrize("goal", [0.0, 0.7, 0.9, 2.0])
def test_the_numbers_left_out_are_tried_as_far_as_they_tell_the_answer(goal: float) -> None:
    history = History((28, 31, 30, 33, 27, 29, 30, 32), (5, 4, 4, 3, 5, 0, 0))
    rule, tried = Rule((0, 1, 2, 3, 4), 1.0, 7.0), worth_trying(history)
    found = sizes_around(history, rule, goal, seed=8, runs=20)
    assert {each.slots for each in found} >= set(tried)
    assert [each.slots for each in found] == sorted({each.slots for each in found})
    every = sizes(history, rule, range(tried[0], tried[-1] + 1), seed=8, runs=20)
    assert fewest(found, goal) == fewest(every, goal)


def test_the_work_of_a_busy_site_is_bounded() -> None:
    """Counted, not timed: requests drawn, whatever the site asks."""
    for mean in (1, 20, 150, 1_000):
        history = History((mean,) * 52, (1, 1, 1, 1, 1, 0, 0))
        assert 60 <= history.runs <= 200
        assert history.runs * mean * 52 <= 1_000_000 or history.runs == 60
    assert History((20,) * 52, MONDAYS).runs == 200


def test_the_last_day_of_the_objective_is_in_time_at_any_hour() -> None:
    rule = Rule((0,), notice=2.0, objective=7.0)
    assert serve(one_by_one(8.5 / 24), one_by_one(7 + 9 / 24), rule).in_time == 1
    assert serve(one_by_one(17 / 24), one_by_one(8 + 9 / 24), rule).in_time == 0


@pytest.mark.parametrize(
    ("slot", "notice", "given_back"),
    [
        (7 + 9 / 24, 2.0, 3 + 9 / 24),  # Monday 9:00, 48 working hours before: Thursday 9:00
        (9 + 9 / 24, 2.0, 7 + 9 / 24),  # Wednesday 9:00: Monday 9:00
        (7 + 9 / 24, 0.25, 7 + 3 / 24),
        (8.0, 1.0, 7.0),
        (7.0, 0.5, 4.5),  # Monday at midnight: Friday at noon
        (6 + 9 / 24, 1.0, 4.0),  # a Sunday: the whole of Friday
    ],
)
def test_a_notice_in_working_hours_leaves_the_weekend_out(slot: float, notice: float, given_back: float) -> None:
    rule = Rule((0,), notice, 7.0, worked=True)
    assert rule.given_back(slot) == pytest.approx(given_back)
    assert Rule((0,), notice, 7.0).given_back(slot) == pytest.approx(slot - notice)


def test_a_month_of_holidays_widens_the_interval_and_frees_slots() -> None:
    rule, steady = Rule((0, 3), 2.0, 7.0), (3,) * 48
    (whole,) = sizes(History(steady, (1, 1, 1, 1, 1, 0, 0)), rule, [3], seed=8, runs=100)
    (broken,) = sizes(History(steady[:44] + (0,) * 4, (1, 1, 1, 1, 1, 0, 0)), rule, [3], seed=8, runs=100)
    assert whole.unused.mean < broken.unused.mean < whole.unused.mean + 3 * 4 / 48 + 0.1
    assert broken.unused.high - broken.unused.low > whole.unused.high - whole.unused.low
    assert broken.share.mean >= whole.share.mean


def test_slots_beyond_the_need_serve_no_more_and_are_all_unused() -> None:
    history = History((2, 1, 3, 2, 2, 1, 3, 2), (1, 1, 1, 1, 1, 0, 0))
    found = sizes(history, Rule((0, 1, 2, 3, 4), 1.0, 7.0), [10, 30], seed=9, runs=60)
    assert [each.share.low for each in found] == [1.0, 1.0]
    assert found[1].unused.mean - found[0].unused.mean == pytest.approx(20)
    assert found[0].unused.mean == pytest.approx(10 - history.mean, abs=0.15)


def test_every_request_is_counted_once_whoever_waits() -> None:
    """In time, late or elsewhere: what is taken and what is not add up to the slots; nobody is served twice."""
    random = Random(10)
    for _ in range(200):
        arrivals = one_by_one(*sorted(random.uniform(0, 60) for _ in range(random.randrange(40))))
        slots = slot_times(random.randrange(1, 6), (0, 2, 4), 12)
        rule = Rule((0, 2, 4), random.choice([0.0, 1.0, 3.0]), random.choice([2.0, 7.0]), random.random() < 0.5)
        run = serve(arrivals, slots, rule)
        assert run.arrived == len(arrivals)
        assert run.taken + run.unused == seats(slots)
        assert run.in_time <= min(run.arrived, run.taken)
        assert not rule.leaves or run.in_time == run.taken, "who would be late goes elsewhere"
