"""Celery: the application and everything that runs by itself."""

from __future__ import annotations

import os
from datetime import timedelta

from celery import Celery
from celery.schedules import crontab

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("jalon")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

app.conf.beat_schedule = {
    "beat-heartbeat": {"task": "directory.tasks.beat_heartbeat", "schedule": timedelta(seconds=30)},
    "drain-outbox": {"task": "directory.tasks.drain_outbox", "schedule": timedelta(seconds=10)},
    "scan-delays": {"task": "pathways.tasks.scan_delays", "schedule": timedelta(seconds=60)},
    "tell-new-alerts": {"task": "pathways.tasks.tell_new_alerts", "schedule": timedelta(seconds=60)},
    "send-alert-digests": {"task": "pathways.tasks.send_alert_digests", "schedule": timedelta(minutes=5)},
    "watch-promises": {"task": "referrals.tasks.watch_promises", "schedule": timedelta(minutes=10)},
    "watch-rcp-actions": {"task": "rcp.tasks.watch_actions", "schedule": timedelta(minutes=10)},
    "requeue-documents": {"task": "pathways.tasks.requeue_documents", "schedule": timedelta(seconds=30)},
    "release-unused-slots": {"task": "coordination.tasks.release_unused_slots", "schedule": timedelta(seconds=60)},
    "drop-ended-holds": {"task": "coordination.tasks.drop_ended_holds", "schedule": timedelta(seconds=60)},
    "offer-freed-places": {"task": "coordination.tasks.offer_freed_places", "schedule": timedelta(seconds=60)},
    "warn-of-promises": {"task": "coordination.tasks.warn_of_promises", "schedule": timedelta(minutes=10)},
    "watch-waits": {"task": "coordination.tasks.watch_waits", "schedule": timedelta(minutes=10)},
    "watch-desk-promises": {"task": "coordination.tasks.watch_promises", "schedule": timedelta(minutes=10)},
    "remind-patients": {"task": "coordination.tasks.remind_patients", "schedule": timedelta(minutes=15)},
    "note-told-gps": {"task": "coordination.tasks.note_told_gps", "schedule": timedelta(seconds=60)},
    "requeue-desk-papers": {"task": "coordination.tasks.requeue_papers", "schedule": timedelta(seconds=30)},
    "erase-daily-lists": {"task": "coordination.tasks.erase_daily_lists", "schedule": crontab(hour="3", minute="5")},
    "generate-slots": {"task": "coordination.tasks.generate_slots", "schedule": crontab(hour="2", minute="15")},
    "remind-of-conventions": {
        "task": "coordination.tasks.remind_of_conventions",
        "schedule": crontab(hour="4", minute="10"),
    },
    "make-next-tasks": {"task": "coordination.tasks.make_next_tasks", "schedule": timedelta(minutes=10)},
    "settle-covers": {"task": "coordination.tasks.settle_covers", "schedule": timedelta(minutes=10)},
    "purge-referral-drafts": {"task": "referrals.tasks.purge_drafts", "schedule": crontab(minute="40")},
    "open-rcp-sessions": {"task": "rcp.tasks.open_sessions", "schedule": crontab(hour="2", minute="30")},
    "note-sent-rcp-decisions": {"task": "rcp.tasks.note_sent_decisions", "schedule": timedelta(seconds=60)},
}
