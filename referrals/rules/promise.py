"""The published promise (ENT-06): within what a request is answered, and how much of it is left."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Self

from pathways.rules import Calendar, Duration, Unit, add, before, elapsed

WARN_BEFORE = Duration(16, Unit.WORKING_HOURS)
"""When a promise starts to show as "soon": the morning of its last worked day, for a promise given in the day."""


@dataclass(frozen=True, slots=True)
class Promise:
    """Until when an answer is promised; ``warn_at`` is when it starts to be short. UTC instants."""

    due_at: datetime
    warn_at: datetime

    @classmethod
    def since(cls, start: datetime, within: Duration | None, calendar: Calendar) -> Self | None:
        """The promise running from ``start``; None for a pathway that publishes none."""
        if within is None:
            return None
        due = add(start, within, calendar)
        return cls(due_at=due, warn_at=max(before(due, WARN_BEFORE, calendar), start))


@dataclass(frozen=True, slots=True)
class Countdown:
    """What a list shows of a promise: a tone, a short text, and the full sentence read aloud."""

    tone: str
    text: str
    spoken: str


def countdown(now: datetime, due_at: datetime, warn_at: datetime | None, calendar: Calendar) -> Countdown:
    """Working hours left until ``due_at``, or gone since."""
    hours = elapsed(now, due_at, Unit.WORKING_HOURS, calendar)
    if due_at < now:
        over = abs(hours)
        return Countdown("late", f"−{_hours(over)}" if over else "dépassée", f"promesse dépassée de {_spoken(over)}")
    tone = "soon" if warn_at is not None and warn_at <= now else "neutral"
    return Countdown(tone, _hours(hours), f"encore {_spoken(hours)} pour répondre")


def _hours(hours: int) -> str:
    return f"{hours}\N{NO-BREAK SPACE}h" if hours else "<\N{NO-BREAK SPACE}1\N{NO-BREAK SPACE}h"


def _spoken(hours: int) -> str:
    if not hours:
        return "moins d’une heure ouvrable"
    return f"{hours} heure{'s' if hours > 1 else ''} ouvrable{'s' if hours > 1 else ''}"
