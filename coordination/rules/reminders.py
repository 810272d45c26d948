"""When a reminder leaves. Instants are UTC; hours are those of the clock where the appointment is."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

DAYS_BEFORE = 2
LEAVES_AT, STOPS_AT = time(10), time(19)
"""A decent hour: a choice of Jalon."""
FARTHEST = timedelta(days=DAYS_BEFORE + 1)
"""No reminder is due for what begins later."""


def reminder_at(starts_at: datetime, zone: ZoneInfo) -> datetime:
    """10:00, two days before."""
    day = starts_at.astimezone(zone).date() - timedelta(days=DAYS_BEFORE)
    return datetime.combine(day, LEAVES_AT, zone)


def is_due(starts_at: datetime, booked_at: datetime, now: datetime, zone: ZoneInfo) -> bool:
    """True from that instant to the evening before, between 10:00 and 19:00; not for what was booked since: the mail of
    the booking has just said it."""
    leaves = reminder_at(starts_at, zone)
    local = now.astimezone(zone)
    before = local.date() < starts_at.astimezone(zone).date()
    return booked_at < leaves <= now and before and LEAVES_AT <= local.time() < STOPS_AT
