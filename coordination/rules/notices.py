"""Notices to the GP: which milestones are told (GPN-01), and from when on it is too late to be news."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

FRESH = timedelta(days=14)
"""A fact entered later than that is history (a file taken over, an import), not news to send."""


def is_told(
    kind: str, *, always: Collection[str], told_steps: Collection[str], occurred_at: datetime, now: datetime
) -> bool:
    """True when the GP is told of a milestone: a key event, or the end of a step that the target marks so."""
    return now - occurred_at <= FRESH and (kind in always or kind in told_steps)
