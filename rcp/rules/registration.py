"""Which session to choose: the margin each leaves against the pathway's objective."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from pathways.rules.calendar import Calendar
from pathways.rules.lateness import margin_days


@dataclass(frozen=True)
class SessionChoice:
    """``margin`` in calendar days left before the objective (negative: too late), None without one."""

    margin: int | None
    closed: bool

    @property
    def tone(self) -> str:
        if self.margin is None:
            return "neutral"
        return "late" if self.margin < 0 else "ok"


def choices(
    sessions: Sequence[tuple[datetime, datetime]], due_at: datetime | None, now: datetime, calendar: Calendar
) -> list[SessionChoice]:
    """One choice per ``(starts_at, registration_closes_at)``."""
    return [
        SessionChoice(margin=margin_days(due_at, starts_at, calendar) if due_at else None, closed=closes_at <= now)
        for starts_at, closes_at in sessions
    ]
