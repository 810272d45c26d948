"""Lateness of one step, for Python. The SQL expression of `pathways/querysets.py` says exactly the same.

First match wins, comparisons exact to the microsecond, a missing instant never matching:

1. done_late  `done_at > due_at`
2. done       `done_at IS NOT NULL`
3. undated    `due_at IS NULL`: no objective, no date yet, or a pause without end
4. late       `due_at < now`
5. soon       `warn_at <= now` (and so `now <= due_at`)
6. on_time    otherwise

An instant equal to `due_at` is on time. Only `open` and `done` steps are asked: a `waiting` step has a projected
due instant, which may well have passed, and is not late for that; a skipped or not applicable step has none.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum

from pathways.rules.calendar import Calendar
from pathways.rules.steps import PlannedStep, StepState


class Lateness(StrEnum):
    """How a step stands against its objective."""

    DONE_LATE = "done_late"
    DONE = "done"
    LATE = "late"
    SOON = "soon"
    ON_TIME = "on_time"
    UNDATED = "undated"

    @property
    def label(self) -> str:
        """The French name, as shown on screen."""
        return _LABELS[self]


_LABELS: dict[Lateness, str] = {
    Lateness.DONE_LATE: "Fait en retard",
    Lateness.DONE: "Fait",
    Lateness.LATE: "En retard",
    Lateness.SOON: "Bientôt dû",
    Lateness.ON_TIME: "Dans les temps",
    Lateness.UNDATED: "Sans échéance",
}


def state(due_at: datetime | None, warn_at: datetime | None, done_at: datetime | None, now: datetime) -> Lateness:
    """The lateness of a step at the instant `now`. All instants are aware."""
    if done_at is not None:
        return Lateness.DONE_LATE if due_at is not None and done_at > due_at else Lateness.DONE
    if due_at is None:
        return Lateness.UNDATED
    if due_at < now:
        return Lateness.LATE
    return Lateness.SOON if warn_at is not None and warn_at <= now else Lateness.ON_TIME


def late_steps(planned: Iterable[PlannedStep], now: datetime) -> list[PlannedStep]:
    """The steps of a plan that make its pathway late at `now`: open, asked of everyone, due earlier; first due first.

    What `pathways.querysets.late` says of the stored steps, for a plan that was never stored (a rehearsal).
    """
    running = (step for step in planned if step.state is StepState.OPEN and not step.optional)
    late = [step for step in running if state(step.due_at, step.warn_at, None, now) is Lateness.LATE]
    return sorted(late, key=lambda step: (step.due_at or now, step.order))


def margin_days(due_at: datetime, now: datetime, calendar: Calendar) -> int:
    """Calendar days left before the due day, on the establishment's wall clock; negative when it has passed.

    Zero all day long on the due day, even once an objective in hours has passed: ask `state` for lateness.
    """
    return (calendar.local_date(due_at) - calendar.local_date(now)).days
