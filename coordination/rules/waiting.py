"""The waiting list of an exam: who comes first, and why, in words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from uuid import UUID, uuid5

from directory.typography import NBSP, short_day
from pathways.rules.calendar import Calendar

NOON = 12
"""Hour, on the clock of the site, that parts the morning from the afternoon."""
MORNING, AFTERNOON = "morning", "afternoon"

SOON, WEEK = 3, 7
"""Days left before the step is due: under the first it is urgent, under the second it is near."""


def half_day_of(hour: int) -> str:
    """The half of the day of what begins at that hour, on the clock of its site."""
    return MORNING if hour < NOON else AFTERNOON


class Band(IntEnum):
    """How near the objective is; the lowest is served first."""

    LATE = 0
    SOON = 1
    WEEK = 2
    LATER = 3
    OPEN = 4


@dataclass(frozen=True)
class Rank:
    """Where someone stands: place in the list from 1, band, calendar days left (negative when late; None without
    objective), and since when they wait."""

    place: int
    band: Band
    margin: int | None
    asked_at: datetime

    def words(self, calendar: Calendar, now: datetime) -> str:
        """« 2e : objectif dans 3 j, inscrit le mer. 18 nov. »."""
        number = "1er" if self.place == 1 else f"{self.place}e"
        today = calendar.local_date(now)
        since = f"inscrit le {short_day(calendar.local_date(self.asked_at), today)}"
        return f"{number}{NBSP}: {_objective(self.band, self.margin)}, {since}"


def _objective(band: Band, margin: int | None) -> str:
    if margin is None:
        return "sans échéance"
    if band is Band.LATE:
        return f"objectif dépassé de {-margin}{NBSP}j" if margin else "objectif dépassé aujourd’hui"
    return f"objectif dans {margin}{NBSP}j" if margin else "objectif aujourd’hui"


def band_of(latest_at: datetime | None, now: datetime, calendar: Calendar) -> tuple[Band, int | None]:
    """The band of an objective, and the calendar days left."""
    if latest_at is None:
        return Band.OPEN, None
    margin = (calendar.local_date(latest_at) - calendar.local_date(now)).days
    if latest_at < now:
        return Band.LATE, margin
    return (Band.SOON if margin <= SOON else Band.WEEK if margin <= WEEK else Band.LATER), margin


@dataclass(frozen=True)
class Waiter:
    """One who waits: any key, the due instant of the step if there is one, and when the place was asked."""

    key: int
    latest_at: datetime | None
    asked_at: datetime


def ranked(waiters: Iterable[Waiter], now: datetime, calendar: Calendar) -> dict[int, Rank]:
    """The rank of each by key, first to last: the band of lateness, then who asked first.

    Days alone do not decide inside a band: someone inscribed later never overtakes for one day of difference.
    """
    known = [(*band_of(each.latest_at, now, calendar), each) for each in waiters]
    known.sort(key=lambda row: (row[0], row[2].asked_at, row[2].key))
    return {
        each.key: Rank(place, band, margin, each.asked_at) for place, (band, margin, each) in enumerate(known, start=1)
    }


def offer_origin(offer: UUID) -> UUID:
    """The origin of the task that asks to put an offer to the patient."""
    return uuid5(offer, "offer")
