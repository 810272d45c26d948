"""Absences: who acts for whom on each day, when stand-ins may be away in their turn."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from pathways.rules.calendar import ONE_DAY


@dataclass(frozen=True)
class Absence:
    """One person away from `first` to `last`, both included, with who stands in; ids of people. `rank` says which was
    declared last: it prevails."""

    rank: int
    absent: int
    stand_in: int
    first: date
    last: date

    def holds(self, day: date) -> bool:
        return self.first <= day <= self.last


@dataclass(frozen=True)
class Span:
    """From one day to another, `acting` does what was asked of `replaced`, whose absence ends on `until`."""

    replaced: int
    acting: int
    first: date
    last: date
    until: date


def spans(absences: Iterable[Absence]) -> list[Span]:
    """Who acts for whom on one pathway, in order; never two people for the same one on the same day.

    A stand-in who is away too is replaced by their own stand-in, while it lasts. When the chain comes back to someone
    who is away in it, nobody is left to act: the owner stays in charge, rather than somebody who is not there.
    """
    known = sorted(absences, key=lambda each: each.rank)
    found: list[Span] = []
    for first, last in _stretches(known):
        for replaced in sorted({each.absent for each in known}):
            acting = _acting(replaced, known, first)
            away = _away(replaced, known, first)
            if acting is not None and away is not None:
                found.append(Span(replaced, acting, first, last, away.last))
    return _joined(found)


def _stretches(absences: Sequence[Absence]) -> list[tuple[date, date]]:
    """The stretches of days between which nothing begins nor ends."""
    edges = sorted({each.first for each in absences} | {each.last + ONE_DAY for each in absences})
    return [(start, end - ONE_DAY) for start, end in pairwise(edges)]


def _away(person: int, absences: Sequence[Absence], day: date) -> Absence | None:
    return next((each for each in reversed(absences) if each.absent == person and each.holds(day)), None)


def _acting(person: int, absences: Sequence[Absence], day: date) -> int | None:
    """Who is there at the end of the chain; None when the person is not away, or when nobody is there."""
    met = {person}
    away = _away(person, absences, day)
    if away is None:
        return None
    while away is not None:
        person = away.stand_in
        if person in met:
            return None
        met.add(person)
        away = _away(person, absences, day)
    return person


def _joined(found: Sequence[Span]) -> list[Span]:
    """Stretches that follow each other and say the same become one."""
    joined: list[Span] = []
    for span in sorted(found, key=lambda each: (each.replaced, each.first)):
        last = joined[-1] if joined else None
        same = last and (last.replaced, last.acting, last.until) == (span.replaced, span.acting, span.until)
        if last and same and last.last + ONE_DAY == span.first:
            joined[-1] = Span(last.replaced, last.acting, last.first, span.last, last.until)
        else:
            joined.append(span)
    return joined


def overlap(first: date, last: date, other_first: date, other_last: date) -> bool:
    return first <= other_last and other_first <= last
