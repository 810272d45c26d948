"""Days and hours that somebody typed: what nothing real can bear is refused in words, before it is counted with."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from directory.errors import DomainError

EARLIEST, LATEST = date(2000, 1, 1), date(2100, 12, 31)
APPOINTMENT_AHEAD = timedelta(days=550)
"""Eighteen months: the longest that an appointment of a pathway is given before."""


def refuse_odd_days(**days: date | None) -> None:
    """Raises DomainError, naming the field, for a day before 2000 or after 2100. The names are those of the fields; a
    day left empty is no day."""
    for field, day in days.items():
        if day is not None and not EARLIEST <= day <= LATEST:
            raise DomainError(f"Vérifiez l’année : {day:%d/%m/}{day.year:04}.", field=field, code="odd_day")


def refuse_far_appointment(starts_at: datetime, now: datetime, *, field: str = "starts_at") -> None:
    """Raises DomainError for an appointment past, or more than eighteen months ahead."""
    if starts_at <= now:
        raise DomainError("Proposez une date à venir.", field=field)
    if starts_at - now > APPOINTMENT_AHEAD:
        raise DomainError("Cette date est à plus de dix-huit mois : vérifiez l’année.", field=field, code="odd_day")


def wall_instant(day: date, hour: time, zone: ZoneInfo, *, field: str = "hour") -> datetime:
    """The instant at which the clocks of ``zone`` show that hour; the first of the two in autumn.

    Raises DomainError for an odd day, and for an hour that the change to summer time leaves out.
    """
    refuse_odd_days(**{field: day})
    found = datetime.combine(day, hour, tzinfo=zone)
    if found.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != found.replace(tzinfo=None):
        raise DomainError(
            "Cette heure n’existe pas ce jour-là : les horloges avancent d’une heure.", field=field, code="no_such_hour"
        )
    return found


def instant_of(text: str | None) -> datetime | None:
    """The hour that a page carries in a form, with its offset; None when it is none."""
    try:
        found = datetime.fromisoformat((text or "")[:40])
    except ValueError:
        return None
    # Nobody saw anything in the year 1 or 9999, whose hours exist in no other time zone.
    return found if found.tzinfo and 1 < found.year < 9999 else None
