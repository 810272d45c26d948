"""The simulation of slots against what is known exactly; same seed, same answer; with too little history, none."""

from __future__ import annotations

from random import Random

import pytest

from coordination.rules.queueing import fill_without_wait, idle_share, mean_backlog, poisson, served_without_wait
from coordination.rules.sizing import (
    History,
    Rule,
    between,
    draw_arrivals,
    fewest,
    serve,
    sizes,
    slot_times,
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


def on_mondays(weeks: list[int]) -> list[float]:
    return [7 * number + 0.4 for number, count in enumerate(weeks) for _ in range(count)]


def test_the_closed_results_agree_with_their_definitions() -> None:
    assert sum(poisson(2.5, 60)) == pytest.approx(1)
    assert served_without_wait(2.5, 60) == pytest.approx(2.5), "with places for all, all are served"
    assert served_without_wait(2.5, 1) == pytest.approx(1 - poisson(2.5, 0)[0]), "one place: someone came"
    assert mean_backlog(0.5) == pytest.approx(0.25)
    assert idle_share(0.8) == pytest.approx(0.2)
    with pytest.raises(ValueError, match="stable"):
        mean_backlog(1.0)
    with pytest.raises(ValueError, match="stable"):
        idle_share(1.0)


@pytest.mark.parametrize(("mean", "places"), [(1.5, 1), (1.5, 2), (3.0, 3), (4.0, 2)])
def test_without_waiting_the_share_served_is_the_one_of_the_formula(mean: float, places: int) -> None:
    arrivals = on_mondays(poisson_weeks(mean, A_LONG_TIME, seed=1))
    slots = slot_times(places, (4,), A_LONG_TIME)
    run = serve(arrivals, slots, THIS_WEEK_OR_NEVER)
    assert run.taken / len(slots) == pytest.approx(fill_without_wait(mean, places), abs=0.01)
    assert run.share == pytest.approx(served_without_wait(mean, places) / mean, abs=0.01)


@pytest.mark.parametrize("load", [0.3, 0.6, 0.8])
def test_one_slot_a_week_and_nobody_giving_up_is_the_slotted_queue(load: float) -> None:
    arrivals = on_mondays(poisson_weeks(load, 10 * A_LONG_TIME, seed=2))
    slots = slot_times(1, (4,), 11 * A_LONG_TIME)
    run = serve(arrivals, slots, Rule((4,), 0.0, 6.0, leaves=False), until=7.0 * 10 * A_LONG_TIME)
    weeks = 10 * A_LONG_TIME
    assert run.backlog / weeks == pytest.approx(mean_backlog(load), rel=0.05)
    assert run.unused / weeks == pytest.approx(idle_share(load), abs=0.01)


def test_slots_without_number_serve_everybody() -> None:
    history = History((3, 1, 4, 1, 5, 9, 2, 6), (5, 4, 4, 3, 5, 0, 0))
    (found,) = sizes(history, Rule((0, 1, 2, 3, 4), notice=1.0, objective=7.0), [200], seed=3, runs=20)
    assert found.share.low == 1.0


def test_nobody_takes_a_slot_given_back_already_or_past() -> None:
    slots = [1.0, 3.0, 8.0]
    assert serve([0.5], slots, Rule((0,), notice=0.0, objective=1.0)).in_time == 1
    assert serve([0.5], slots, Rule((0,), notice=1.0, objective=1.0)).in_time == 0, "the first is the platform's"
    late = serve([0.5], slots, Rule((0,), notice=1.0, objective=1.0, leaves=False))
    assert (late.taken, late.in_time) == (1, 0), "taken, too late"
    assert serve([9.0], slots, Rule((0,), notice=0.0, objective=9.0)).taken == 0


def test_a_slot_is_taken_once() -> None:
    run = serve([0.1, 0.2, 0.3], [1.0, 2.0], Rule((0,), notice=0.0, objective=9.0))
    assert (run.arrived, run.taken, run.unused) == (3, 2, 0)


def test_slots_go_round_the_days_in_turn() -> None:
    assert slot_times(3, (0, 3), 1) == [0.375, 0.375, 3.375]
    assert len(slot_times(2, (0,), 5)) == 10


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
    arrivals = draw_arrivals(history, 50, Random(7))
    assert len(arrivals) == 100
    assert {int(at % 7) for at in arrivals} == {2}, "Wednesdays only"
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


def test_the_numbers_left_out_below_the_answer_are_tried_too() -> None:
    history = History((28, 31, 30, 33, 27, 29, 30, 32), (5, 4, 4, 3, 5, 0, 0))
    rule = Rule((0, 1, 2, 3, 4), 1.0, 7.0)
    coarse = sizes(history, rule, worth_trying(history), seed=8, runs=20)
    left_out = between(coarse, 0.9)
    answer = fewest(coarse, 0.9)
    assert answer is not None and len(left_out) >= 1, "else nothing is tried here"
    assert left_out[-1] == answer - 1
    every = sizes(history, rule, range(left_out[0] - 1, answer + 1), seed=8, runs=20)
    fine = sorted([*coarse, *sizes(history, rule, left_out, seed=8, runs=20)], key=lambda each: each.slots)
    assert fewest(fine, 0.9) == fewest(every, 0.9)
    assert list(between(coarse, 2.0)) == [], "no number reaches it"
    assert list(between(coarse, 0.0)) == [], "the first does already"


def test_the_last_day_of_the_objective_is_in_time_at_any_hour() -> None:
    rule = Rule((0,), notice=2.0, objective=7.0)
    assert serve([8.5 / 24], [7 + 9 / 24], rule).in_time == 1
    assert serve([17 / 24], [8 + 9 / 24], rule).in_time == 0


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
        arrivals = sorted(random.uniform(0, 60) for _ in range(random.randrange(40)))
        slots = slot_times(random.randrange(1, 6), (0, 2, 4), 12)
        rule = Rule((0, 2, 4), random.choice([0.0, 1.0, 3.0]), random.choice([2.0, 7.0]), random.random() < 0.5)
        run = serve(arrivals, slots, rule)
        assert run.arrived == len(arrivals)
        assert run.taken + run.unused == len(slots)
        assert run.in_time <= min(run.arrived, run.taken)
        assert not rule.leaves or run.in_time == run.taken, "who would be late goes elsewhere"
