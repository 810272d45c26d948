"""Waits on the laboratory, from milestones alone: IND-10, IND-11, IND-28. Four states, never typed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from statistics import quantiles

from pathways.rules.calendar import Calendar
from pathways.rules.clock import Pause, add, waits
from pathways.rules.durations import Duration
from pathways.rules.milestones import MilestoneKind as Kind

SMALLEST = 5
"""Fewer cases than this are not shown (DESIGN.md 4)."""
INTERMEDIATE = Duration.parse("4 days")
"""J+4 from the request [004 F5 l.1083]."""
UNREADABLE = Duration.parse("3 days")
"""J+2 or J+3 [004 F5 l.1087], counted from the sending: à valider."""
LATE_DAYS = 10
"""[004 F5 l.1073] [004 F5 l.1114]."""


class Scored(StrEnum):
    MET = "met"
    MISSED = "missed"
    NOT_APPLICABLE = "not_applicable"
    NOT_SCORABLE = "not_scorable"


@dataclass(frozen=True, slots=True)
class Fact:
    kind: Kind
    at: datetime


@dataclass(frozen=True, slots=True)
class Wait:
    """One case. ``raw`` and ``adjusted`` are days, pauses left in and taken out; None while nothing has ended it."""

    state: Scored
    raw: int | None = None
    adjusted: int | None = None


def intermediate_waits(facts: Iterable[Fact], pauses: Sequence[Pause], calendar: Calendar, now: datetime) -> list[Wait]:
    """IND-10: one wait per request, to its intermediate message.

    A final result, or news that the sample cannot be read, before any intermediate makes the case not applicable: the
    message is for when the final is not known (LAB-06). Still within J+4 without news, it cannot be scored yet.
    """
    found = []
    for start, after in _episodes(facts, Kind.LAB_REQUESTED):
        first = next((fact for fact in after if fact.kind in _NEWS), None)
        if first is None:
            late = add(start, INTERMEDIATE, calendar, pauses)
            found.append(Wait(Scored.MISSED if late is not None and late < now else Scored.NOT_SCORABLE))
        elif first.kind is not Kind.LAB_INTERMEDIATE:
            found.append(Wait(Scored.NOT_APPLICABLE))
        else:
            found.append(_wait(start, first.at, INTERMEDIATE, pauses, calendar))
    return found


def unreadable_waits(facts: Iterable[Fact], pauses: Sequence[Pause], calendar: Calendar) -> list[Wait]:
    """IND-11: one wait per sending whose sample could not be read, to when it was told; other sendings do not apply."""
    found = []
    for start, after in _episodes(facts, Kind.SAMPLE_SENT):
        told = next((fact for fact in after if fact.kind is Kind.LAB_NONCONTRIBUTIVE), None)
        wait = _wait(start, told.at, UNREADABLE, pauses, calendar) if told else Wait(Scored.NOT_APPLICABLE)
        found.append(wait)
    return found


_NEWS = (Kind.LAB_INTERMEDIATE, Kind.LAB_NONCONTRIBUTIVE, Kind.LAB_FINAL)


def _episodes(facts: Iterable[Fact], opening: Kind) -> list[tuple[datetime, list[Fact]]]:
    """(start, what was said until the next opening), oldest first."""
    ordered = sorted(facts, key=lambda fact: (fact.at, fact.kind is not opening))
    episodes: list[tuple[datetime, list[Fact]]] = []
    for fact in ordered:
        if fact.kind is opening:
            episodes.append((fact.at, []))
        elif episodes:
            episodes[-1][1].append(fact)
    return episodes


def _wait(start: datetime, end: datetime, within: Duration, pauses: Sequence[Pause], calendar: Calendar) -> Wait:
    due = add(start, within, calendar, pauses)
    waited = waits(start, end, pauses, calendar)
    state = Scored.MET if due is None or end <= due else Scored.MISSED
    return Wait(state, waited.raw_days, waited.adjusted_days)


@dataclass(frozen=True, slots=True)
class Summary:
    """What is shown of many waits: quartiles of the raw and adjusted days (None below `SMALLEST` cases), counts by
    state, and how many waited more than `LATE_DAYS` days (IND-28). ``hidden``: too few to show anything."""

    count: int
    met: int
    missed: int
    not_applicable: int
    not_scorable: int
    raw: tuple[float, float, float] | None
    adjusted: tuple[float, float, float] | None
    beyond: int
    hidden: bool


def summary_of(found: Sequence[Wait]) -> Summary:
    """The figures of a team or a site, never of a person or a laboratory."""
    ended = [each for each in found if each.raw is not None]
    shown = len(ended) >= SMALLEST

    def states(wanted: Scored) -> int:
        return sum(1 for each in found if each.state is wanted)

    def quartiles(name: str) -> tuple[float, float, float] | None:
        days = [float(getattr(each, name)) for each in ended]
        low, middle, high = quantiles(days, n=4, method="inclusive") if shown else (0.0, 0.0, 0.0)
        return (low, middle, high) if shown else None

    return Summary(
        count=len(ended),
        met=states(Scored.MET),
        missed=states(Scored.MISSED),
        not_applicable=states(Scored.NOT_APPLICABLE),
        not_scorable=states(Scored.NOT_SCORABLE),
        raw=quartiles("raw"),
        adjusted=quartiles("adjusted"),
        beyond=sum(1 for each in ended if (each.raw or 0) > LATE_DAYS),
        hidden=not shown,
    )
