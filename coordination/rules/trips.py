"""Several exams on the fewest trips (SLT-15, PTH-07): which slots to propose together.

Best first: as few exams as possible after their objective, then as few trips as possible (a trip is a day at a site;
those the patient makes anyway count for nothing), then the earliest end. Between two sites the patient has `TRAVEL` to
go from one to the other. When more trips end on an earlier day, with no more exams late, the soonest such way is
proposed too: days are what a patient may prefer to trips. Exams of one stay that carry a number of day (« jour 1 »,
« jour 2 ») keep it: those of one number fall on one date, and a higher number comes later, within `LONGEST_STAY`.

The search is exact: it leaves out only what cannot be better than what it has. It begins with the days that hold
everything, gives up after `EFFORT` trials, and then says so (`Search.whole`): what it found is still possible, only
perhaps not the best.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

LONGEST_STAY = timedelta(days=7)
"""From the first to the last day of one stay: « séquence de 2 à 3 jours » [004 F3 l.667], with a weekend between."""

EFFORT, EFFORT_A_DAY = 100_000, 5_000
"""Places tried, in all and to put everything on one day: some tenths of a second at most, on a page that a nurse waits
for."""

MOST = 3

TRAVEL = timedelta(hours=1)
"""From the end at one site to the beginning at another, at least. Our own bound."""


class Stay(NamedTuple):
    """When and where a patient is; ``site`` is an establishment's number."""

    starts_at: datetime
    ends_at: datetime
    site: int


def hinders(one: Stay, other: Stay) -> bool:
    """True when nobody can be at both: they overlap, or are too near for two sites."""
    gap = TRAVEL if one.site != other.site else timedelta(0)
    return one.starts_at < other.ends_at + gap and other.starts_at < one.ends_at + gap


@dataclass(frozen=True)
class Option:
    """A free place: ``slot`` names it, ``day`` is its date at the site, ``site`` where the patient goes."""

    slot: int
    starts_at: datetime
    ends_at: datetime
    day: date
    site: int

    @property
    def trip(self) -> Trip:
        return (self.day, self.site)

    @property
    def stay(self) -> Stay:
        return Stay(self.starts_at, self.ends_at, self.site)


@dataclass(frozen=True)
class Wanted:
    """One exam to place: what it is called, when it is due, its day in the stay (None: any), its free places."""

    key: str
    due_at: datetime | None
    day: int | None
    options: Sequence[Option]


@dataclass(frozen=True)
class Proposal:
    """One place for each exam, by its key. ``soonest``: more trips than the first, and over on an earlier day."""

    places: Mapping[str, Option]
    late: int
    trips: int
    ends_at: datetime
    soonest: bool = False

    @property
    def days(self) -> list[date]:
        return sorted({option.day for option in self.places.values()})


@dataclass
class Search:
    """The proposals found, best first, none on the same days as another; ``whole`` when every possibility was tried."""

    proposals: list[Proposal] = field(default_factory=list)
    whole: bool = True


Cost = tuple[Any, ...]
Trip = tuple[date, int]


def _fewest(late: int, trips: int, ends_at: datetime) -> Cost:
    return (late, trips, ends_at)


def _soonest(late: int, trips: int, ends_at: datetime) -> Cost:
    return (late, ends_at, trips)


def propose(wanted: Sequence[Wanted], taken: Iterable[Stay], visits: Iterable[Trip] = (), most: int = MOST) -> Search:
    """At most ``most`` ways to place all of ``wanted`` around what the patient has already (``taken``), of which
    ``visits`` are the trips made anyway; none when one of them cannot be placed. The soonest one, if any, is last."""
    if not wanted:
        return Search()
    exams, trips = _exams(wanted, list(taken)), frozenset(visits)
    search = _Finder(exams, trips, most, _fewest).search()
    soon = _Finder(exams, trips, 1, _soonest).search() if most > 1 and search.proposals else Search()
    found = search.proposals
    if soon.proposals and soon.proposals[0].days[-1] < found[0].days[-1]:
        best = replace(soon.proposals[0], soonest=True)
        others = [each for each in found if each.days != best.days]
        found = [*others[: most - 1], best]
    return Search(found, whole=search.whole and soon.whole)


@dataclass(frozen=True)
class _Place:
    """A place that the patient is free to take, with what the search asks of it at each trial."""

    option: Option
    trip: Trip
    stay: Stay
    late: bool

    @property
    def ends_at(self) -> datetime:
        return self.stay.ends_at


@dataclass(frozen=True)
class _Exam:
    """One exam to place. ``trips``: where it may be done."""

    key: str
    day: int | None
    places: list[_Place]
    trips: frozenset[Trip]

    def at(self, trip: Trip) -> list[_Place]:
        return [place for place in self.places if place.trip == trip]


def _exams(wanted: Sequence[Wanted], taken: Sequence[Stay]) -> list[_Exam]:
    """In the order to place them: the days of a stay one after the other, then the exam with the fewest places."""
    exams = []
    for each in wanted:
        free = [option for option in each.options if not any(hinders(option.stay, other) for other in taken)]
        places = [
            _Place(one, one.trip, one.stay, each.due_at is not None and one.starts_at > each.due_at)
            for one in sorted(free, key=lambda option: option.starts_at)
        ]
        exams.append(_Exam(each.key, each.day, places, frozenset(place.trip for place in places)))
    return sorted(exams, key=lambda each: (each.day or 0, len(each.places), each.key))


@dataclass(frozen=True)
class _Least:
    """What the exams from one on cost at least, wherever they are placed: how many are late, when they end."""

    late: int
    ends_at: datetime


class _Finder:
    """Depth first, cutting what cannot become better than the worst kept."""

    def __init__(
        self, exams: list[_Exam], visits: frozenset[Trip], most: int, cost: Callable[[int, int, datetime], Cost]
    ) -> None:
        self.exams, self.visits, self.most, self.cost = exams, visits, most, cost
        self.kept: dict[tuple[date, ...], tuple[Cost, Proposal]] = {}
        self.worst: Cost | None = None
        self.effort, self.bound = 0, EFFORT

    def search(self) -> Search:
        if all(exam.places for exam in self.exams):
            self._on_one_trip()
            self.least = [_least(self.exams[index:]) for index in range(len(self.exams))]
            self._place([], frozenset(), 0)
        ranked = sorted(self.kept.values(), key=lambda each: each[0])[: self.most]
        return Search([proposal for _, proposal in ranked], whole=self.effort < self.bound)

    def _on_one_trip(self) -> None:
        """What holds everything, soonest first, is found at once, and spares trying most of the rest."""
        common = frozenset.intersection(*(exam.trips for exam in self.exams))
        if all(len(exam.trips) == 1 for exam in self.exams):
            return
        for trip in sorted(common, key=lambda each: (each not in self.visits, each)):
            there = [replace(exam, places=exam.at(trip), trips=frozenset([trip])) for exam in self.exams]
            finder = _Finder(there, self.visits, 1, self.cost)
            finder.bound = EFFORT_A_DAY
            finder.search()
            for cost, found in finder.kept.values():
                self._note(cost, found)
            if len(self.kept) >= self.most:
                return

    def _place(self, chosen: list[_Place], trips: frozenset[Trip], late: int) -> None:
        """``trips``: those of ``chosen`` beyond the visits made anyway; ``late``: how many of ``chosen`` are.

        Of the last exam, what begins later on the same trip and ends no sooner (``done``) cannot be better.
        """
        if self.effort >= self.bound or self._hopeless(chosen, trips, late):
            return
        if len(chosen) == len(self.exams):
            self._keep(chosen, trips, late)
            return
        exam, made = self.exams[len(chosen)], trips | self.visits
        last = len(chosen) + 1 == len(self.exams)
        self.effort += len(exam.places)
        here = [place for place in exam.places if place.trip in made]
        done: dict[Trip, datetime] = {}
        for place in (*here, *(place for place in exam.places if place.trip not in made)):
            if place.trip in done and place.ends_at >= done[place.trip]:
                continue
            if self._fits(exam, place, chosen):
                if last:
                    done[place.trip] = place.ends_at
                more = trips if place.trip in made else trips | {place.trip}
                self._place([*chosen, place], more, late + place.late)

    def _fits(self, exam: _Exam, place: _Place, chosen: Sequence[_Place]) -> bool:
        if any(hinders(each.stay, place.stay) for each in chosen):
            return False
        return exam.day is None or all(
            other.day is None or _in_order(exam.day, place.trip[0], other.day, each.trip[0])
            for other, each in zip(self.exams, chosen, strict=False)
        )

    def _hopeless(self, chosen: Sequence[_Place], trips: frozenset[Trip], late: int) -> bool:
        """The others placed as well as could be, it is no better than the worst of enough proposals."""
        if self.worst is None:
            return False
        ends = [place.ends_at for place in chosen]
        if len(chosen) < len(self.exams):
            least = self.least[len(chosen)]
            late, ends = late + least.late, [*ends, least.ends_at]
        return self.cost(late, len(trips) + self._more_trips(len(chosen), trips), max(ends)) >= self.worst

    def _more_trips(self, index: int, trips: frozenset[Trip]) -> int:
        """At least so many trips more: exams that share none of theirs, neither with one another nor with ``trips``."""
        seen, count = trips | self.visits, 0
        for exam in self.exams[index:]:
            if seen.isdisjoint(exam.trips):
                seen, count = seen | exam.trips, count + 1
        return count

    def _keep(self, chosen: Sequence[_Place], trips: frozenset[Trip], late: int) -> None:
        ends_at = max(place.ends_at for place in chosen)
        places = {exam.key: place.option for exam, place in zip(self.exams, chosen, strict=True)}
        self._note(self.cost(late, len(trips), ends_at), Proposal(places, late, len(trips), ends_at))

    def _note(self, cost: Cost, found: Proposal) -> None:
        days = tuple(found.days)
        if days not in self.kept or cost < self.kept[days][0]:
            self.kept[days] = (cost, found)
            if len(self.kept) >= self.most:
                self.worst = sorted(each for each, _ in self.kept.values())[self.most - 1]


def _least(exams: Sequence[_Exam]) -> _Least:
    late = sum(all(place.late for place in exam.places) for exam in exams)
    return _Least(late, max(min(place.ends_at for place in exam.places) for exam in exams))


def _in_order(day: int, on: date, other: int, other_on: date) -> bool:
    """Two days of one stay on their dates."""
    if day == other:
        return on == other_on
    first, last = (on, other_on) if day < other else (other_on, on)
    return first < last <= first + LONGEST_STAY
