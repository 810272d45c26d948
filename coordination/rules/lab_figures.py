"""Waits on the laboratory, from milestones alone: IND-10, IND-11, IND-28. Four states, never typed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
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
    """A milestone. ``where`` names the laboratory it is about, ``case`` the request, as far as known."""

    kind: Kind
    at: datetime
    where: str = ""
    case: str = ""


@dataclass(slots=True)
class _Episode:
    """A request or a sending, and the news of it, oldest first. ``doubtful``: some news may be of it or of another."""

    start: Fact
    news: list[Fact] = field(default_factory=list)
    doubtful: bool = False


@dataclass(frozen=True, slots=True)
class Wait:
    """One case. ``raw`` and ``adjusted`` are days, pauses left in and taken out; None while nothing has ended it.
    ``since`` is when it began, ``where`` the laboratory it began in."""

    state: Scored
    raw: int | None = None
    adjusted: int | None = None
    since: datetime | None = field(default=None, compare=False)
    where: str = field(default="", compare=False)


def intermediate_waits(facts: Iterable[Fact], pauses: Sequence[Pause], calendar: Calendar, now: datetime) -> list[Wait]:
    """IND-10: one wait per request, to its intermediate message.

    A final result, or news that the sample cannot be read, before any intermediate makes the case not applicable: the
    message is for when the final is not known (LAB-06). Still within J+4 without news, it cannot be scored yet; nor can
    it when the news may be of another request.
    """
    found = []
    for each in _episodes(facts, Kind.LAB_REQUESTED):
        start, first = each.start, each.news[0] if each.news else None
        if each.doubtful:
            found.append(_unended(Scored.NOT_SCORABLE, start))
        elif first is None:
            late = add(start.at, INTERMEDIATE, calendar, pauses)
            found.append(_unended(Scored.MISSED if late is not None and late < now else Scored.NOT_SCORABLE, start))
        elif first.kind is not Kind.LAB_INTERMEDIATE:
            found.append(_unended(Scored.NOT_APPLICABLE, start))
        else:
            found.append(_wait(start, first.at, INTERMEDIATE, pauses, calendar))
    return found


def unreadable_waits(facts: Iterable[Fact], pauses: Sequence[Pause], calendar: Calendar) -> list[Wait]:
    """IND-11: one wait per sending whose sample could not be read, to when it was told.

    A sample that could be read does not apply; one of which nothing is known yet, or told unreadable without a sending
    recorded, or whose news may be of another sample, cannot be scored.
    """
    known = list(facts)
    found = []
    for each in _episodes(known, Kind.SAMPLE_SENT):
        told = next((fact for fact in each.news if fact.kind is Kind.LAB_NONCONTRIBUTIVE), None)
        if told and not each.doubtful:
            found.append(_wait(each.start, told.at, UNREADABLE, pauses, calendar))
        else:
            read = each.news and not each.doubtful
            found.append(_unended(Scored.NOT_APPLICABLE if read else Scored.NOT_SCORABLE, each.start))
    sent = min((fact.at for fact in known if fact.kind is Kind.SAMPLE_SENT), default=None)
    lost = [each for each in known if each.kind is Kind.LAB_NONCONTRIBUTIVE and (sent is None or each.at < sent)]
    return found + [_unended(Scored.NOT_SCORABLE, each) for each in lost]


_NEWS = (Kind.LAB_INTERMEDIATE, Kind.LAB_NONCONTRIBUTIVE, Kind.LAB_FINAL)


def _episodes(facts: Iterable[Fact], opening: Kind) -> list[_Episode]:
    """Oldest first. Openings of one instant are one: what is asked exam by exam is one request.

    News that names its request is of that one, whatever was sent since. What was typed by hand names none: it is of the
    only one without news, of the last when all have some; when several wait, nobody can say of which it is.
    """
    ordered = sorted(facts, key=lambda fact: (fact.at, fact.kind is not opening))
    episodes: list[_Episode] = []
    for fact in ordered:
        if fact.kind is opening:
            if not episodes or episodes[-1].start.at != fact.at:
                episodes.append(_Episode(fact))
        elif fact.kind in _NEWS:
            _tell(episodes, fact)
    return episodes


def _tell(episodes: Sequence[_Episode], fact: Fact) -> None:
    own = [each for each in episodes if fact.case and each.start.case == fact.case]
    waiting = [each for each in episodes if not each.news]
    may_be = own[-1:] or waiting or list(episodes[-1:])
    if len(may_be) == 1:
        may_be[0].news.append(fact)
    for each in may_be if len(may_be) > 1 else ():
        each.doubtful = True


def _unended(state: Scored, start: Fact) -> Wait:
    return Wait(state, since=start.at, where=start.where)


def _wait(start: Fact, end: datetime, within: Duration, pauses: Sequence[Pause], calendar: Calendar) -> Wait:
    due = add(start.at, within, calendar, pauses)
    waited = waits(start.at, end, pauses, calendar)
    state = Scored.MET if due is None or end <= due else Scored.MISSED
    return Wait(state, waited.raw_days, waited.adjusted_days, start.at, start.where)


@dataclass(frozen=True, slots=True)
class Summary:
    """What is shown of many waits: quartiles of the raw and adjusted days (None below `SMALLEST` cases), counts by
    state, and how many waited more than `LATE_DAYS` raw days (IND-28). ``hidden``: too few to show anything.
    ``parted``: the states may be told beside the count, none of them being a small one that the others give away."""

    count: int
    met: int
    missed: int
    not_applicable: int
    not_scorable: int
    raw: tuple[float, float, float] | None
    adjusted: tuple[float, float, float] | None
    beyond: int
    hidden: bool

    @property
    def parted(self) -> bool:
        return not any(0 < each < SMALLEST for each in (self.met, self.missed))


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
