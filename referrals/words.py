"""Sentences the pages and the letters share. Dates are on the current time zone's wall clock."""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone

from directory import typography


def before(due_at: datetime) -> str:
    """« avant le mercredi 25 novembre 2026 à 10 h », « avant la fin du mardi 24 novembre 2026 » at midnight."""
    local = timezone.localtime(due_at)
    if (local.hour, local.minute) == (23, 59):
        return f"avant la fin du {typography.long_day(due_at)}"
    return f"avant le {typography.long_day(due_at)} à {typography.hour(due_at)}"
