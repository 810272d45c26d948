"""Celery entry points of the desk: they only call services, which may run twice or many at once without harm."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from coordination import services


@shared_task(ignore_result=True)
def release_unused_slots() -> int:
    """Gives unused protected slots back to their platforms (every 5 minutes)."""
    return services.release_unused_slots(now=timezone.now())


@shared_task(ignore_result=True)
def generate_slots() -> int:
    """Makes the slots of the coming weeks (every night)."""
    return services.generate_slots()


@shared_task(ignore_result=True)
def make_next_tasks() -> int:
    """Makes the tasks that come back and that a closing left unmade (every 10 minutes)."""
    return services.make_next_occurrences(now=timezone.now())


@shared_task(ignore_result=True)
def settle_covers() -> int:
    """Tells what begins and ends of the absences, and sees that nobody is left alone in them (every 10 minutes)."""
    return services.settle_covers(now=timezone.now())
