"""When the next alert of a step must be raised, and which of its alerts still stand."""

from __future__ import annotations

from datetime import datetime

from pathways.rules.levels import Ladder, Level
from pathways.rules.plan import StepState

WARNING = "warning"
LATE = "late"


def standing(
    kind: str,
    *,
    state: str,
    warn_at: datetime | None,
    due_at: datetime | None,
    now: datetime,
    level: int = Level.OWNER.rank,
    ladder: Ladder | None = None,
) -> bool:
    """True while the alert's reason holds: the step is open and the instant the alert speaks of has passed."""
    if state != StepState.OPEN or due_at is None:
        return False
    if kind == LATE:
        reached = ladder.at(level) if ladder else None
        return max(due_at, reached or due_at) < now
    return warn_at is not None and warn_at <= now <= due_at


def next_alert_at(
    *, state: str, warn_at: datetime | None, due_at: datetime | None, open_kinds: frozenset[str]
) -> datetime | None:
    """The theoretical instant of the next alert: warning first, then late, then none."""
    if state != StepState.OPEN or due_at is None or LATE in open_kinds:
        return None
    if WARNING in open_kinds or warn_at is None:
        return due_at
    return warn_at
