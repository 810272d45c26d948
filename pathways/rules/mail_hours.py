"""When a mail may reach a person: on a working day, within the hours they chose."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from pathways.rules.calendar import Calendar


def next_mail_at(now: datetime, opens: time, closes: time, calendar: Calendar) -> datetime:
    """``now`` itself within those hours of a working day, else the next opening."""
    day = calendar.local_date(now)
    if calendar.is_working_day(day):
        if now < calendar.at(day, opens):
            return calendar.at(day, opens)
        if now < calendar.at(day, closes):
            return now
    return calendar.at(calendar.next_working_day(day + timedelta(days=1)), opens)
