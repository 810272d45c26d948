"""Celery entry points of the pathways: ids only, idempotent."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from pathways import services
from pathways.services import documents, rehearsals


@shared_task(ignore_result=True)
def render_document(document_id: int) -> None:
    """Makes the file of one document; nothing when it is made or in other hands."""
    documents.produce(document_id=document_id)


@shared_task(ignore_result=True)
def requeue_documents() -> int:
    """Asks again for documents left unfinished by a dead worker or an absent Redis (every 30 s)."""
    return documents.requeue(now=timezone.now())


@shared_task(ignore_result=True)
def scan_delays() -> int:
    """Raises the alerts due now (every 60 s)."""
    now = timezone.now()
    return services.scan_delays(now=now) + services.repair_continuity(now=now)


@shared_task(ignore_result=True, soft_time_limit=3600, time_limit=3660)
def rehearse_target(rehearsal_id: int) -> None:
    """Replans the pathways of a big target under its draft; nothing when it is done or in other hands.

    About 3 ms each: a hundred thousand take five minutes, more than other tasks are given.
    """
    rehearsals.rehearse(rehearsal_id=rehearsal_id)


@shared_task(ignore_result=True)
def tell_new_alerts() -> int:
    """Mails the alerts of the levels told at once (every 60 s)."""
    return services.tell_new_alerts(now=timezone.now())


@shared_task(ignore_result=True)
def send_alert_digests() -> int:
    """Mails each person's digest once their day has begun (every 5 minutes)."""
    return services.send_alert_digests(now=timezone.now())
