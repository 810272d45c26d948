"""Pure rules of the directory."""

from __future__ import annotations

from datetime import timedelta

LONGEST_RETRY = timedelta(hours=2)


def retry_delay(attempts: int) -> timedelta:
    """How long to wait before attempt ``attempts + 1``: 15 s, doubling, two hours at most."""
    return min(timedelta(seconds=15) * 2 ** max(attempts - 1, 0), LONGEST_RETRY)
