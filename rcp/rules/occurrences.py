"""The dates of a weekly meeting: on the wall clock of its establishment, holidays skipped and said."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from pathways.rules.calendar import Calendar

WEEKS_AHEAD = 8


@dataclass(frozen=True)
class Weekly:
    """When a series meets. ``starts_at`` is wall-clock time; ``closes_hours_before`` are elapsed hours."""

    weekday: int
    starts_at: time
    duration_minutes: int
    closes_hours_before: int
    valid_from: date
    valid_until: date | None = None


@dataclass(frozen=True)
class Occurrence:
    """One date of the series. ``skipped`` names the holiday or closing; the instants (UTC) are then None."""

    day: date
    skipped: str = ""
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    registration_closes_at: datetime | None = None

    @property
    def instants(self) -> dict[str, datetime]:
        """The three instants by name. Raises ValueError for a skipped date."""
        if self.starts_at is None or self.ends_at is None or self.registration_closes_at is None:
            raise ValueError(f"no meeting on {self.day}: {self.skipped}")
        return {
            "starts_at": self.starts_at,
            "ends_at": self.ends_at,
            "registration_closes_at": self.registration_closes_at,
        }


def occurrences(
    weekly: Weekly,
    since: date,
    until: date,
    calendar: Calendar,
    closings: Mapping[date, str] | None = None,
) -> list[Occurrence]:
    """Every date of the series from ``since`` to ``until``, both included, in order.

    The meeting keeps its wall-clock hour through both changes of hour and lasts its duration in elapsed time.
    ``closings`` gives the reason of the establishment's own closing days.
    """
    first = max(since, weekly.valid_from)
    last = min(until, weekly.valid_until) if weekly.valid_until else until
    day = first + timedelta(days=(weekly.weekday - first.weekday()) % 7)
    found = []
    while day <= last:
        found.append(_occurrence(weekly, day, calendar, closings or {}))
        day += timedelta(days=7)
    return found


def _occurrence(weekly: Weekly, day: date, calendar: Calendar, closings: Mapping[date, str]) -> Occurrence:
    skipped = calendar.holiday_name(day) or closings.get(day, "")
    if not skipped and day in calendar.closing_days:
        skipped = "jour de fermeture"
    if skipped:
        return Occurrence(day, skipped)
    starts_at = calendar.at(day, weekly.starts_at)
    return Occurrence(
        day,
        starts_at=starts_at,
        ends_at=starts_at + timedelta(minutes=weekly.duration_minutes),
        registration_closes_at=starts_at - timedelta(hours=weekly.closes_hours_before),
    )
