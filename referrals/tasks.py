"""Celery entry points of the front door."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from referrals import services


@shared_task(ignore_result=True)
def purge_drafts() -> int:
    """Erases the files that were joined to a form nobody sent (hourly)."""
    return services.purge_drafts(now=timezone.now())


@shared_task(ignore_result=True)
def watch_promises() -> int:
    """Promised answers that nobody watches yet (every 10 minutes)."""
    return services.watch_promises()
