"""Celery entry points of the meeting room."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from rcp import services


@shared_task(ignore_result=True)
def open_sessions() -> int:
    """Creates the sessions of the next eight weeks (every night)."""
    return services.open_sessions(now=timezone.now())


@shared_task(ignore_result=True)
def watch_actions() -> int:
    """Decisions not executed that nobody watches yet (every 10 minutes)."""
    return services.watch_actions()


@shared_task(ignore_result=True)
def note_sent_decisions() -> int:
    """Opinions whose notice has left are recorded as sent (every minute)."""
    return services.note_sent()
