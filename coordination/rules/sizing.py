"""How many slots a week: a simulation from the site's own requests. Pure: the seed is an argument.

One run is one year as it could be. First a history is drawn again from the weeks observed (what was seen is itself a
matter of luck), then 52 weeks from that history, with its weekdays; requests come in opening hours. Slots stand on the
days of the pattern, at 9:00. A request takes the first slot still protected that it can reach; if that comes after the
objective, the patient goes to an ordinary appointment (``leaves``) or takes it late. The same requests are played
against each number of slots, so that the numbers differ by the slots alone. Delays are counted in calendar days, as
the objective of a step is: a slot on the last day is in time at any hour. Holidays are not played.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import ceil, floor, inf, sqrt
from random import Random

from coordination.rules.spread import FEWEST, quantile

WEEKS = 52
WARM_UP = 4
RUNS = 200
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
    """What ``slots`` a week give: share served in time (0 to 1), slots that nobody took a week."""

    slots: int
    share: Interval
    unused: Interval


def first_asked(asked: Iterable[datetime], done: Iterable[datetime]) -> list[datetime]:
    """When each need of one step was first asked: ``asked`` are the instants a place was looked for, ``done`` those of
    the exams that took place, after which another is a new need."""
    firsts: list[datetime] = []
    ends = list(done)
    for at in sorted(asked):
        if not firsts or any(firsts[-1] < end < at for end in ends):
            firsts.append(at)
    return firsts


def slot_times(count: int, days: Sequence[int], weeks: int) -> list[float]:
    """The instants, in days from a Monday at 0:00, of ``count`` slots a week: the days in turn, as often as needed."""
    week = sorted(days[number % len(days)] + SLOT_HOUR for number in range(count))
    return [7 * number + instant for number in range(weeks) for instant in week]


def serve(
    arrivals: Sequence[float],
    slots: Sequence[float],
    rule: Rule,
    since: float = 0.0,
    until: float = inf,
    given_back: Sequence[float] | None = None,
) -> Run:
    """Plays ordered ``arrivals`` against ordered ``slots``; only what comes in [since, until) is counted: the line is
    filled before, and those who come last still find slots after. ``given_back`` is `Rule.given_back` of each slot."""
    releases = given_back or [rule.given_back(slot) for slot in slots]
    taken = [False] * len(slots)
    arrived = in_time = backlog = 0
    first_free = 0
    for at in arrivals:
        reached = bisect_right(releases, at)
        first_free = max(first_free, reached)
        counted = since <= at < until
        arrived += counted
        if first_free == len(slots):
            continue
        late = floor(slots[first_free]) - floor(at) > rule.objective
        if late and rule.leaves:
            continue
        taken[first_free] = True
        if counted:
            in_time += not late
            backlog += first_free - reached
        first_free += 1
    first, last = bisect_left(slots, since), bisect_left(slots, until)
    used = sum(taken[first:last])
    return Run(arrived, in_time, used, last - first - used, backlog)


def draw_arrivals(history: History, weeks: int, random: Random) -> list[float]:
    """Requests of so many weeks, in order: a history drawn from the one observed, then weeks of it."""
    known = random.choices(history.weeks, k=len(history.weeks))
    days = range(len(history.weekdays))
    instants = []
    for number, count in enumerate(random.choices(known, k=weeks)):
        for day in random.choices(days, weights=history.weekdays, k=count):
            instants.append(7 * number + day + random.uniform(OPENS, CLOSES))
    return sorted(instants)


def worth_trying(history: History) -> range:
    """The numbers of slots a week around the need: from half the mean to well above it, a dozen at most, some left out
    between them when the need is great (`between` tries those)."""
    mean = ceil(history.mean)
    first = max(1, mean // 2)
    last = max(first + 5, min(2 * mean + 2, first + MOST_TRIED - 1), ceil(mean + 3 * sqrt(mean) + 1))
    return range(first, last + 1, ceil((last + 1 - first) / MOST_TRIED))


def between(found: Sequence[Size], goal: float) -> range:
    """The numbers left out just below the fewest that reach ``goal``: the answer may be one of them."""
    numbers = [each.slots for each in found]
    answer = fewest(found, goal)
    if answer is None or answer == numbers[0]:
        return range(0)
    return range(numbers[numbers.index(answer) - 1] + 1, answer)


def sizes(
    history: History, rule: Rule, counts: Sequence[int], *, seed: int, runs: int = RUNS, weeks: int = WEEKS
) -> list[Size]:
    """What each number of ``counts`` slots a week gives. Raises ValueError without enough history, without a day for
    slots or without a number above zero."""
    if not history.enough:
        raise ValueError("too little history")
    if not rule.days or min(counts) < 1:
        raise ValueError("no slot to place")
    random, end = Random(seed), WARM_UP + weeks  # noqa: S311 (a simulation, to be played again)
    after = int((rule.objective + rule.notice) // 7) + 2
    slots = [slot_times(count, rule.days, end + after) for count in counts]
    given_back = [[rule.given_back(slot) for slot in times] for times in slots]
    played: list[list[Run]] = [[] for _ in counts]
    for _ in range(runs):
        arrivals = draw_arrivals(history, end, random)
        for number, times in enumerate(slots):
            played[number].append(serve(arrivals, times, rule, 7 * WARM_UP, 7 * end, given_back[number]))
    return [
        Size(
            count,
            Interval.of([run.share for run in each]),
            Interval.of([run.unused / weeks for run in each]),
        )
        for count, each in zip(counts, played, strict=True)
    ]


def fewest(found: Sequence[Size], goal: float) -> int | None:
    """The fewest slots with which nineteen years out of twenty reach the share ``goal``; None when the most do not."""
    return next((each.slots for each in found if each.share.low >= goal), None)
