"""Celery entry points of the directory."""

from __future__ import annotations

from celery import shared_task

from directory import services


@shared_task(ignore_result=True)
def drain_outbox() -> int:
    """Sends due messages (every 10 s, and after each commit that wrote one)."""
    return services.drain()


@shared_task(ignore_result=True)
def beat_heartbeat() -> None:
    """Proves that beat schedules and a worker executes; /readyz reads it."""
    services.beat(name="beat")
