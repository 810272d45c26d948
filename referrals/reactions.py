"""The front door reacts to its own requests, inside their transaction: a promise is watched while it runs."""

from __future__ import annotations

from typing import Any

from django.db.models.signals import post_save
from django.dispatch import receiver

from referrals import services
from referrals.models import Referral

PROMISE = frozenset({"status", "answer_due_at", "answer_warn_at"})


@receiver(post_save, sender=Referral, dispatch_uid="referrals.promise")
def on_saved(instance: Referral, update_fields: frozenset[str] | None, **kwargs: Any) -> None:
    """A request received, completed or answered moves its promise."""
    if update_fields is None or PROMISE & set(update_fields):
        services.watch_promise(referral=instance)
