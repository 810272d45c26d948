"""What a laboratory or a platform has promised, and whether the alert of a step already says that it is late.

A platform promises a date, a step expects the exam: two facts, each with its alert. A laboratory promises a result, and
many target pathways expect the same result in a step: that step's alert speaks for both.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from coordination.rules.lab_figures import INTERMEDIATE
from pathways.rules.calendar import Calendar
from pathways.rules.clock import Duration, add
from pathways.rules.milestones import MilestoneKind as Kind

NOTICE = Duration.parse("1 day")
"""A laboratory is asked the day before its promise breaks: J+3 for J+4 [004 F5 l.1083]."""


@dataclass(frozen=True)
class Spoken:
    """An alert that is or will be raised at ``at``, closed by one of ``ends``: (kind, detail), detail empty for any."""

    at: datetime
    ends: frozenset[tuple[Kind, str]]

    def speaks_of(self, kind: Kind, detail: str = "") -> bool:
        return any(each is kind and known in ("", detail) for each, known in self.ends)


@dataclass(frozen=True)
class Awaited:
    """An exam without end at a laboratory, promised before ``promised_at``."""

    code: str
    label: str
    laboratory: str
    promised_at: datetime | None


@dataclass(frozen=True)
class Promise:
    """Broken at ``at``; ``label`` says by whom and what, without identity."""

    at: datetime
    label: str


def lab_promise(
    *,
    requested_at: datetime,
    reception: str,
    silent: bool,
    awaited: Sequence[Awaited],
    spoken: Sequence[Spoken],
    calendar: Calendar,
    now: datetime,
) -> Promise | None:
    """The next promise of a request that no other alert speaks of; ``silent`` while no laboratory has said anything."""
    found = []
    if silent:
        first = add(requested_at, INTERMEDIATE, calendar)
        if not _told(first, (each for each in spoken if each.speaks_of(Kind.LAB_INTERMEDIATE)), now):
            found.append(Promise(first, f"{reception} : première réponse, promise à J+4"))
    alone = [
        each
        for each in awaited
        if each.promised_at
        and not _told(each.promised_at, (told for told in spoken if told.speaks_of(Kind.LAB_FINAL, each.code)), now)
    ]
    for at in {each.promised_at for each in alone if each.promised_at}:
        due = [each for each in alone if each.promised_at == at]
        who = sorted({each.laboratory for each in due})
        found.append(Promise(at, f"{', '.join(who)} : {', '.join(each.label for each in due)}, résultat promis"))
    return min(found, key=lambda each: (each.at, each.label), default=None)


def _told(at: datetime, spoken: Iterable[Spoken], now: datetime) -> bool:
    """An alert speaks of it before it breaks, or does already."""
    return any(each.at <= max(at, now) for each in spoken)
