"""Celery entry points of the desk: they only call services, which may run twice or many at once without harm."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from coordination import services


@shared_task(ignore_result=True)
def release_unused_slots() -> int:
    """Gives unused protected slots back to their platforms (every minute)."""
    return services.release_unused_slots(now=timezone.now())


@shared_task(ignore_result=True)
def drop_ended_holds() -> int:
    """Erases the holds that have ended (every minute)."""
    return services.drop_ended_holds(now=timezone.now())


@shared_task(ignore_result=True)
def offer_freed_places() -> int:
    """Proposes freed places to those who wait (every minute)."""
    return services.offer_freed_places(now=timezone.now())


@shared_task(ignore_result=True)
def watch_waits() -> int:
    """Tells the desk of those who wait for places that no series keeps any more (every 10 minutes)."""
    return services.watch_waits(now=timezone.now())


@shared_task(ignore_result=True)
def warn_of_promises() -> int:
    """Asks the desk to call the platforms that are about to break a promise (every 10 minutes)."""
    return services.warn_of_promises(now=timezone.now())


@shared_task(ignore_result=True)
def watch_promises() -> int:
    """Promises whose alert must come or go because of what moved around them (every 10 minutes)."""
    return services.watch_promises(now=timezone.now())


@shared_task(ignore_result=True)
def remind_patients() -> int:
    """Reminds the patients who agreed to it of what begins in two days (every 15 minutes)."""
    return services.remind_patients(now=timezone.now())


@shared_task(ignore_result=True)
def note_told_gps() -> int:
    """Letters to the GP that have left end the steps that waited for them (every 60 s)."""
    return services.note_told()


@shared_task(ignore_result=True)
def print_paper(paper_id: int) -> None:
    """Makes the file of one paper of the desk; nothing when it is made or in other hands."""
    services.produce_paper(paper_id=paper_id)


@shared_task(ignore_result=True)
def requeue_papers() -> int:
    """Asks again for papers left unfinished by a dead worker or an absent Redis (every 30 s)."""
    return services.requeue_papers(now=timezone.now())


@shared_task(ignore_result=True)
def erase_daily_lists() -> int:
    """Erases the files of old daily lists (every night)."""
    return services.erase_daily_lists(now=timezone.now())


@shared_task(ignore_result=True)
def generate_slots() -> int:
    """Makes the slots of the coming weeks (every night)."""
    return services.generate_slots()


@shared_task(ignore_result=True)
def remind_of_conventions() -> int:
    """Tells of the conventions that end soon (every night)."""
    return services.remind_of_conventions(now=timezone.now())


@shared_task(ignore_result=True)
def make_next_tasks() -> int:
    """Makes the tasks that come back and that a closing left unmade (every 10 minutes)."""
    return services.make_next_occurrences(now=timezone.now())


@shared_task(ignore_result=True)
def settle_covers() -> int:
    """Tells what begins and ends of the absences, and sees that nobody is left alone in them (every 10 minutes)."""
    return services.settle_covers(now=timezone.now())
