"""Levels of an alert: who is asked, when silence goes up, and what a target pathway may say of it.

An alert starts with whoever is in charge; unanswered, it goes up to the team, then to its head; beyond a bound a harm
review is asked for, whatever was answered. Every instant is worked out from the instant the delay ran out, never from
the hour of a scan.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from pathways.rules.calendar import Calendar
from pathways.rules.clock import add
from pathways.rules.durations import Duration, Unit


class Level(StrEnum):
    """Who is asked. The value is the word of the YAML; the database keeps the rank."""

    OWNER = "owner"
    TEAM = "team"
    HEAD = "head"
    HARM = "harm"

    @property
    def rank(self) -> int:
        """1 for the owner to 4 for the harm review."""
        return list(Level).index(self) + 1

    @property
    def label(self) -> str:
        """The French name, as shown on screen."""
        return _LABELS[self]

    @classmethod
    def of(cls, rank: int) -> Level:
        """The level of that rank."""
        return list(cls)[rank - 1]


_LABELS = {
    Level.OWNER: "Responsable",
    Level.TEAM: "Équipe",
    Level.HEAD: "Chef d’équipe",
    Level.HARM: "Revue de préjudice",
}


TEAM_AFTER = Duration(2, Unit.WORKING_DAYS)
HEAD_AFTER = Duration(5, Unit.WORKING_DAYS)
HARM_AFTER = Duration(30, Unit.CALENDAR_DAYS)
NO_CONTACT_AFTER = Duration(14, Unit.CALENDAR_DAYS)
RESULT_AFTER = Duration(10, Unit.CALENDAR_DAYS)
PPS_AFTER = Duration(5, Unit.WORKING_DAYS)
"""The laboratory's ten days are a source's [004 F5 l.1073]; the others « proposition Jalon, à valider par le site »."""


@dataclass(frozen=True)
class Alerts:
    """When alerts go up, counted from the instant the delay ran out, which levels are mailed at once, and what is
    watched beyond the steps."""

    team_after: Duration = TEAM_AFTER
    head_after: Duration = HEAD_AFTER
    harm_after: Duration = HARM_AFTER
    immediate: tuple[Level, ...] = (Level.HARM,)
    no_contact_after: Duration = NO_CONTACT_AFTER
    result_after: Duration = RESULT_AFTER
    pps_after: Duration = PPS_AFTER

    def ladder(self, due_at: datetime, calendar: Calendar) -> Ladder:
        """When an alert due at that instant goes up."""
        return Ladder(*(add(due_at, after, calendar) for after in (self.team_after, self.head_after, self.harm_after)))

    def is_immediate(self, rank: int) -> bool:
        """True when an alert of that level is mailed at once instead of with the day's digest."""
        return Level.of(rank) in self.immediate


class Ladder(NamedTuple):
    """The instants (UTC) at which an unanswered alert goes up; None for a level it never reaches."""

    team_at: datetime | None = None
    head_at: datetime | None = None
    harm_at: datetime | None = None

    def at(self, rank: int) -> datetime | None:
        """When that level is reached; None for the first, which needs nothing."""
        return None if rank < Level.TEAM.rank else self[rank - Level.TEAM.rank]


def next_level_at(
    rank: int, ladder: Ladder, *, acknowledged: bool = False, snoozed_until: datetime | None = None
) -> datetime | None:
    """When the scan must look at an open alert again. An answer holds everything but the harm review; a snooze ends.

    The statement of `pathways.services.scan` says the same in SQL.
    """
    harm_at = ladder.harm_at if rank < Level.HARM.rank else None
    if acknowledged:
        return min((at for at in (snoozed_until, harm_at) if at is not None), default=None)
    return next((at for at in ladder[rank - 1 :] if at is not None), None)


_DAYS = {
    Unit.CALENDAR_DAYS: 1.0,
    Unit.WORKING_DAYS: 1.4,
    Unit.HOURS: 1 / 24,
    Unit.WORKING_HOURS: 1.4 / 24,
    Unit.OFFICE_HOURS: 1.4 / 10,
    Unit.MONTHS: 30.0,
}
"""About how many days each unit lasts: enough to tell an order, no clock."""


def goes_down(earlier: Duration, later: Duration) -> bool:
    """True when the delay that should be the longer of two is plainly the shorter."""
    return later.value * _DAYS[later.unit] < earlier.value * _DAYS[earlier.unit]
