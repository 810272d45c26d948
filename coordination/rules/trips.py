"""Several exams on the fewest trips (SLT-15, PTH-07): which slots to propose together.

Best first: as few exams as possible after their objective, then as few trips as possible (a trip is a day at a site;
those the patient makes anyway count for nothing), then the earliest end. Exams of one stay that carry a number of day
(« jour 1 », « jour 2 ») keep it: those of one number fall on one date, and a higher number comes later, within
`LONGEST_STAY`.

The search is exact: it leaves out only what cannot be better than what it has. It gives up after `EFFORT` trials, and
then says so (`Search.whole`): what it found is still possible, only perhaps not the best.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

LONGEST_STAY = timedelta(days=7)
"""From the first to the last day of one stay: « séquence de 2 à 3 jours » [004 F3 l.667], with a weekend between."""

EFFORT = 60_000
MOST = 3

Span = tuple[datetime, datetime]


@dataclass(frozen=True)
class Option:
    """A free place: ``slot`` names it, ``day`` is its date at the site, ``site`` where the patient goes."""

    slot: int
    starts_at: datetime
    ends_at: datetime
    day: date
    site: int

    @property
    def trip(self) -> tuple[date, int]:
        return (self.day, self.site)


@dataclass(frozen=True)
class Wanted:
    """One exam to place: what it is called, when it is due, its day in the stay (None: any), its free places."""

    key: str
    due_at: datetime | None
    day: int | None
    options: Sequence[Option]


@dataclass(frozen=True)
class Proposal:
    """One place for each exam, by its key."""

    places: Mapping[str, Option]
    late: int
    trips: int
    ends_at: datetime

    @property
    def days(self) -> list[date]:
        return sorted({option.day for option in self.places.values()})


@dataclass
class Search:
    """The proposals found, best first, none on the same days as another; ``whole`` when every possibility was tried."""

    proposals: list[Proposal] = field(default_factory=list)
    whole: bool = True


Cost = tuple[int, int, datetime]


def propose(
    wanted: Sequence[Wanted], taken: Iterable[Span], visits: Iterable[tuple[date, int]] = (), most: int = MOST
) -> Search:
    """At most ``most`` ways to place all of ``wanted`` around what the patient has already (``taken``), of which
    ``visits`` are the trips made anyway; none when one of them cannot be placed."""
    return _Finder(wanted, list(taken), frozenset(visits), most).search()


class _Finder:
    """Depth first, the exam with the fewest places first, cutting what is already worse than the worst kept."""

    def __init__(
        self, wanted: Sequence[Wanted], taken: list[Span], visits: frozenset[tuple[date, int]], most: int
    ) -> None:
        self.taken, self.visits, self.most = taken, visits, most
        self.wanted = sorted(wanted, key=lambda each: (each.day or 0, len(each.options), each.key))
        self.kept: dict[tuple[date, ...], Proposal] = {}
        self.effort = 0

    def search(self) -> Search:
        if self.wanted:
            self._place(0, {})
        ranked = sorted(self.kept.values(), key=_cost)[: self.most]
        return Search(ranked, whole=self.effort < EFFORT)

    def _place(self, index: int, places: dict[str, Option]) -> None:
        if self.effort >= EFFORT or (places and self._hopeless(places)):
            return
        self.effort += 1
        if index == len(self.wanted):
            self._keep(places)
            return
        exam = self.wanted[index]
        for option in sorted(exam.options, key=lambda each: (each.trip not in self._trips(places), each.starts_at)):
            if self._fits(exam, option, places):
                self._place(index + 1, {**places, exam.key: option})

    def _fits(self, exam: Wanted, option: Option, places: Mapping[str, Option]) -> bool:
        spans = [*self.taken, *((each.starts_at, each.ends_at) for each in places.values())]
        if any(start < option.ends_at and option.starts_at < end for start, end in spans):
            return False
        return exam.day is None or all(
            _in_order(exam.day, option.day, other.day, places[other.key].day)
            for other in self.wanted
            if other.day is not None and other.key in places
        )

    def _trips(self, places: Mapping[str, Option]) -> set[tuple[date, int]]:
        return {option.trip for option in places.values()} | self.visits

    def _cost_of(self, places: Mapping[str, Option]) -> Cost:
        due = {each.key: each.due_at for each in self.wanted}
        late = sum(1 for key, option in places.items() if (at := due[key]) is not None and option.starts_at > at)
        return (late, len(self._trips(places) - self.visits), max(option.ends_at for option in places.values()))

    def _hopeless(self, places: Mapping[str, Option]) -> bool:
        """Placing more only costs more: worse than the worst of enough proposals, it never comes back."""
        if len(self.kept) < self.most:
            return False
        return self._cost_of(places) >= sorted(map(_cost, self.kept.values()))[self.most - 1]

    def _keep(self, places: dict[str, Option]) -> None:
        late, trips, ends_at = self._cost_of(places)
        found = Proposal(places, late, trips, ends_at)
        days = tuple(found.days)
        if days not in self.kept or _cost(found) < _cost(self.kept[days]):
            self.kept[days] = found


def _in_order(day: int, on: date, other: int, other_on: date) -> bool:
    """Two days of one stay on their dates."""
    if day == other:
        return on == other_on
    first, last = (on, other_on) if day < other else (other_on, on)
    return first < last <= first + LONGEST_STAY


def _cost(proposal: Proposal) -> Cost:
    return (proposal.late, proposal.trips, proposal.ends_at)
