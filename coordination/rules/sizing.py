"""How many slots a week: a simulation from the site's own requests. Pure: the seed is an argument.

One run is one year as it could be. First a history is drawn again from the weeks observed (what was seen is itself a
matter of luck), then 52 weeks from that history, with its weekdays; requests come in opening hours. Slots stand on the
days of the pattern, at 9:00. A request takes the first slot still protected that it can reach; if that comes after the
objective, the patient goes to an ordinary appointment (``leaves``) or takes it late. The same requests are played
against each number of slots, so that the numbers differ by the slots alone. Delays are counted in calendar days, as
the objective of a step is: a slot on the last day is in time at any hour. Holidays are not played.

A year begins with the patients who would wait already: those left by weeks of the same history played before it, week
by week, for as long as the line needs to forget that it began empty; then a few weeks hour by hour. With no more slots
than requests and nobody leaving, the line grows without end: no year is played, all come too late in the long run.

What comes between two instants that could tell requests apart (midnight, a release) is played at once: the work grows
with the days, not with the requests.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate, pairwise
from math import ceil, floor, inf, sqrt
from random import Random
from statistics import pvariance

from coordination.rules.spread import FEWEST, quantile

WEEKS = 52
WARM_UP = 4
"""Weeks played hour by hour before those that count, besides those of the objective."""
LONGEST_BEFORE = 20 * WEEKS
"""Weeks played week by week before them, at the most."""
RUNS = 200
MOST_DRAWN = 1_000_000
"""Requests drawn in all: beyond, fewer years are played; the greater the numbers, the less years differ."""
FEWEST_RUNS = 60
INTERVAL = (0.05, 0.95)
"""Nine years out of ten fall between them."""
OPENS, CLOSES, SLOT_HOUR = 8 / 24, 18 / 24, 9 / 24
FEWEST_WEEKS = 8
"""Below this many weeks of history, nothing is said."""
FEWEST_REQUESTS = FEWEST
"""Nor of fewer requests: they would point at persons, and one request tells nothing of a year."""
MOST_TRIED = 12
SATURDAY = 5


@dataclass(frozen=True)
class History:
    """Requests observed: how many in each week, and on which weekdays in all (Monday first)."""

    weeks: tuple[int, ...]
    weekdays: tuple[int, ...]

    @property
    def mean(self) -> float:
        return sum(self.weeks) / len(self.weeks) if self.weeks else 0.0

    @property
    def runs(self) -> int:
        """How many years are played."""
        return max(FEWEST_RUNS, min(RUNS, int(MOST_DRAWN / max(1.0, self.mean * WEEKS))))

    @property
    def enough(self) -> bool:
        return len(self.weeks) >= FEWEST_WEEKS and sum(self.weeks) >= FEWEST_REQUESTS


@dataclass(frozen=True)
class Rule:
    """What is fixed: weekdays of the slots in the order they are filled, notice of release (days of 24 hours, with
    ``worked`` those from Monday to Friday) and objective (calendar days), and whether one who finds no place in time
    leaves for an ordinary appointment."""

    days: tuple[int, ...]
    notice: float
    objective: float
    leaves: bool = True
    worked: bool = False

    def given_back(self, slot: float) -> float:
        """The instant at which a slot that nobody took goes to the platform."""
        if not self.worked:
            return slot - self.notice
        left, instant = self.notice, slot
        while left > 0:
            start = float(ceil(instant) - 1)
            worked = instant - start if start % 7 < SATURDAY else 0.0
            step = min(worked, left) if worked else instant - start
            left, instant = left - (step if worked else 0.0), instant - step
        return instant


@dataclass(frozen=True)
class Run:
    """One year: ``arrived`` requests, of which ``in_time``; ``taken`` and ``unused`` slots; ``backlog`` summed over the
    slots: patients still waiting after each."""

    arrived: int
    in_time: int
    taken: int
    unused: int
    backlog: int

    @property
    def share(self) -> float:
        """Share of the requests served within the objective; 1 without any."""
        return self.in_time / self.arrived if self.arrived else 1.0


@dataclass(frozen=True)
class Interval:
    """Mean over the years, and the bounds of nine years out of ten."""

    low: float
    mean: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Interval:
        ordered = sorted(values)
        low, high = (quantile(ordered, part) for part in INTERVAL)
        return cls(low, sum(ordered) / len(ordered), high)


@dataclass(frozen=True)
class Size:
    """What ``slots`` a week give: share served in time (0 to 1), slots that nobody took a week. ``endless``: the line
    of those who wait grows as long as it lasts."""

    slots: int
    share: Interval
    unused: Interval
    endless: bool = False


NEVER = Interval(0.0, 0.0, 0.0)
Batch = tuple[float, int]
"""An instant, in days from a Monday at 0:00, and how many: requests that nothing tells apart, or slots that begin."""


def first_asked(asked: Iterable[datetime], done: Iterable[datetime]) -> list[datetime]:
    """When each need of one step was first asked: ``asked`` are the instants a place was looked for, ``done`` those of
    the exams that took place, after which another is a new need."""
    firsts: list[datetime] = []
    ends = list(done)
    for at in sorted(asked):
        if not firsts or any(firsts[-1] < end < at for end in ends):
            firsts.append(at)
    return firsts


def slot_times(count: int, days: Sequence[int], weeks: int) -> list[Batch]:
    """The instants of ``count`` slots a week, and how many each time: the days in turn, as often as needed."""
    week = sorted(Counter(days[number % len(days)] + SLOT_HOUR for number in range(count)).items())
    return [(7 * number + instant, many) for number in range(weeks) for instant, many in week]


def serve(
    arrivals: Iterable[Batch],
    slots: Sequence[Batch],
    rule: Rule,
    since: float = 0.0,
    until: float = inf,
    given_back: Sequence[float] | None = None,
    waiting: int = 0,
) -> Run:
    """Plays ordered ``arrivals`` against ordered ``slots``; only what comes in [since, until) is counted: the line is
    filled before, and those who come last still find slots after. ``given_back`` is `Rule.given_back` of each slot;
    ``waiting`` patients have the first slots already."""
    releases = [*(given_back or [rule.given_back(at) for at, _ in slots]), inf]
    last_days = [floor(at) - rule.objective for at, _ in slots]  # asked before that day, the slot is late
    many = [number for _, number in slots]
    before = [0, *accumulate(many)]
    taken = [0] * len(slots)
    arrived = in_time = backlog = reached = 0
    here = 0
    while here < len(slots) and waiting > 0:
        taken[here] = min(waiting, many[here])
        waiting -= taken[here]
        here += taken[here] == many[here]
    for at, number in arrivals:
        while releases[reached] <= at:
            reached += 1
        here = max(here, reached)
        counted, today = since <= at < until, floor(at)
        arrived += number * counted
        while number and here < len(slots):
            late = last_days[here] > today
            if late and rule.leaves:
                break
            seated = min(number, many[here] - taken[here])
            if counted:
                in_time += seated * (not late)
                first = before[here] + taken[here] - before[reached]
                backlog += seated * first + seated * (seated - 1) // 2
            taken[here] += seated
            number -= seated
            here += taken[here] == many[here]
    inside = [(had, of) for (at, of), had in zip(slots, taken, strict=True) if since <= at < until]
    used = sum(had for had, _ in inside)
    return Run(arrived, in_time, used, sum(of for _, of in inside) - used, backlog)


def parts_of_week(history: History, rule: Rule) -> list[tuple[float, float]]:
    """The opening hours of a week cut at each release, ordered: an instant inside each part, and its share (not
    normed) of the requests."""
    far = 7.0 * 10  # no notice is as long
    releases = {rule.given_back(far + day + SLOT_HOUR) % 7 for day in rule.days}
    parts = []
    for day, weight in enumerate(history.weekdays):
        opens, closes = day + OPENS, day + CLOSES
        edges = [opens, *sorted(each for each in releases if opens < each < closes), closes]
        parts += [((start + end) / 2, weight * (end - start)) for start, end in pairwise(edges)]
    return [(instant, weight) for instant, weight in parts if weight]


def draw_arrivals(counts: Sequence[int], parts: Sequence[tuple[float, float]], random: Random) -> list[Batch]:
    """The requests of each week in order, so many of them each, spread over ``parts`` (`parts_of_week`)."""
    instants, shares = [at for at, _ in parts], list(accumulate(weight for _, weight in parts))
    found: list[Batch] = []
    for number, count in enumerate(counts):
        drawn = Counter(random.choices(instants, cum_weights=shares, k=count))
        found += [(7 * number + instant, drawn[instant]) for instant in instants if drawn[instant]]
    return found


def weeks_before(history: History, rule: Rule, count: int) -> int:
    """How many weeks it takes the line to forget that it began empty: three times the relaxation time 2σ²/(c - m)² of a
    random walk of drift c - m, and no more than `LONGEST_BEFORE`."""
    drift = count - history.mean
    needed = 6 * pvariance(history.weeks) / drift**2 if drift else inf
    return ceil(min(LONGEST_BEFORE, needed + rule.objective / 7))


def line_after(asked: Iterable[int], count: int, rule: Rule) -> int:
    """Patients who wait after weeks of so many requests each, with ``count`` slots a week; who would be late leaves."""
    most = count * rule.objective / 7 if rule.leaves else inf
    line = 0.0
    for number in asked:
        line = min(max(line + number - count, 0), most)
    return int(line)


def worth_trying(history: History) -> range:
    """The numbers of slots a week around the need: from half the mean to well above it, a dozen at most, some left out
    between them when the need is great (`sizes_around` tries those that matter)."""
    mean = ceil(history.mean)
    first = max(1, mean // 2)
    last = max(first + 5, min(2 * mean + 2, first + MOST_TRIED - 1), ceil(mean + 3 * sqrt(mean) + 1))
    return range(first, last + 1, ceil((last + 1 - first) / MOST_TRIED))


def sizes(
    history: History, rule: Rule, counts: Sequence[int], *, seed: int, runs: int | None = None, weeks: int = WEEKS
) -> list[Size]:
    """What each number of ``counts`` slots a week gives. Raises ValueError without enough history, without a day for
    slots or without a number above zero."""
    if not rule.days or min(counts) < 1:
        raise ValueError("no slot to place")
    years = _years(history, rule, seed, runs or history.runs, weeks)
    return [_size(count, history, rule, years, weeks) for count in counts]


def sizes_around(history: History, rule: Rule, goal: float, *, seed: int, runs: int | None = None) -> list[Size]:
    """What the numbers of `worth_trying` give, and those between two of them that tell the fewest that reaches the
    share ``goal``: more slots never serve fewer, so half of what is left is ruled out each time."""
    years = _years(history, rule, seed, runs or history.runs, WEEKS)
    found = {count: _size(count, history, rule, years, WEEKS) for count in worth_trying(history)}
    answer = fewest(list(found.values()), goal)
    below = max((count for count in found if answer and count < answer), default=None)
    while answer and below and answer - below > 1:
        middle = (below + answer) // 2
        found[middle] = _size(middle, history, rule, years, WEEKS)
        if found[middle].share.low >= goal:
            answer = middle
        else:
            below = middle
    return [found[count] for count in sorted(found)]


@dataclass(frozen=True)
class Year:
    """Requests of the weeks before, then those of the weeks played hour by hour."""

    before: list[int]
    arrivals: list[Batch]


def _years(history: History, rule: Rule, seed: int, runs: int, weeks: int) -> list[Year]:
    if not history.enough:
        raise ValueError("too little history")
    random = Random(seed)  # noqa: S311 (a simulation, to be played again)
    parts, played = parts_of_week(history, rule), warm_up(rule) + weeks
    years = []
    for _ in range(runs):
        known = random.choices(history.weeks, k=len(history.weeks))
        before = random.choices(known, k=LONGEST_BEFORE)
        years.append(Year(before, draw_arrivals(random.choices(known, k=played), parts, random)))
    return years


def warm_up(rule: Rule) -> int:
    return WARM_UP + ceil(rule.objective / 7)


def _size(count: int, history: History, rule: Rule, years: Sequence[Year], weeks: int) -> Size:
    if not rule.leaves and count <= history.mean:
        return Size(count, NEVER, NEVER, endless=True)
    start = warm_up(rule)
    end = start + weeks
    slots = slot_times(count, rule.days, end + int((rule.objective + rule.notice) // 7) + 2)
    given_back, before = [rule.given_back(at) for at, _ in slots], weeks_before(history, rule, count)
    played = [
        serve(
            year.arrivals, slots, rule, 7 * start, 7 * end, given_back,
            line_after(year.before[LONGEST_BEFORE - before :], count, rule),
        )
        for year in years
    ]  # fmt: skip
    share = Interval.of([run.share for run in played])
    return Size(count, share, Interval.of([run.unused / weeks for run in played]))


def fewest(found: Sequence[Size], goal: float) -> int | None:
    """The fewest slots with which nineteen years out of twenty reach the share ``goal``; None when the most do not."""
    return next((each.slots for each in found if each.share.low >= goal), None)
