"""Days as the query of a page writes them."""

from __future__ import annotations

from datetime import date, timedelta

FAR = timedelta(days=3653)


def read_day(text: str | None, default: date) -> date:
    """A day as the query writes it (2026-11-23), within ten years; ``default`` when it is anything else."""
    try:
        day = date.fromisoformat(text or "")
    except ValueError:
        return default
    return day if abs(day - default) < FAR else default
