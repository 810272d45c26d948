"""The outbox (DESIGN.md 3.8): a message is written with its fact, sent later, neither lost nor doubled."""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from django.conf import settings
from django.core.mail import EmailMessage
from django.db import OperationalError, transaction
from django.utils import timezone

from directory.models import CALLED_OFF, Establishment, OutboxMessage, Professional
from directory.querysets import OutboxQuerySet
from directory.rules import retry_delay

log = structlog.get_logger(__name__)

LEASE = timedelta(minutes=10)
"""Longer than a mail server is waited for (`directory.mail.REPLY`): a message is not handed over twice meanwhile."""
MOST_ATTEMPTS = 12
TURN = timedelta(seconds=40)
"""How long one run takes new messages: with the last one waited for, less than the time a task is given."""


def post(
    *,
    kind: str,
    dedup_key: str,
    establishment: Establishment,
    recipient: str,
    subject: str,
    body: str,
    professional: Professional | None = None,
    about: UUID | None = None,
    due_at: datetime | None = None,
) -> OutboxMessage:
    """Writes one message in the caller's transaction and nudges a worker after commit, unless it is for later.

    The same ``dedup_key`` twice returns the first message unchanged. ``due_at`` (UTC) delays the sending.
    """
    send_once(
        kind=kind, dedup_key=dedup_key, establishment=establishment, recipient=recipient, subject=subject, body=body,
        professional=professional, about=about, due_at=due_at,
    )  # fmt: skip
    return OutboxMessage.objects.get(dedup_key=dedup_key)


def send_once(
    *,
    kind: str,
    dedup_key: str,
    establishment: Establishment,
    recipient: str,
    subject: str,
    body: str,
    professional: Professional | None = None,
    about: UUID | None = None,
    due_at: datetime | None = None,
) -> None:
    """As `post`, for a caller that does not need the message: one statement. The same ``dedup_key`` twice writes
    nothing."""
    OutboxMessage.objects.bulk_create(
        [
            OutboxMessage(
                kind=kind, dedup_key=dedup_key, establishment=establishment, recipient=recipient,
                professional=professional, subject=subject, body=body, about=about, due_at=due_at or timezone.now(),
            )
        ],
        ignore_conflicts=True,
    )  # fmt: skip
    if due_at is None or due_at <= timezone.now():
        transaction.on_commit(_nudge, robust=True)


def call_off(*, messages: OutboxQuerySet) -> int:
    """Erases those of ``messages`` that have not left, and that no worker holds; returns how many.

    One that a worker holds leaves now or never: should the worker have died, nobody sends it when the lease ends.
    """
    now = timezone.now()
    waiting = messages.filter(sent_at__isnull=True, given_up_at__isnull=True)
    free = waiting.exclude(claimed_until__gt=now).select_for_update(skip_locked=True, of=("self",), no_key=True)
    keys = list(free.values_list("pk", flat=True))
    OutboxMessage.objects.filter(pk__in=keys).delete()
    waiting.update(given_up_at=now, last_error=CALLED_OFF)
    return len(keys)


def _nudge() -> None:
    """Asks for a delivery now. Redis away is no failure: the beat job drains the table as soon as it is back."""
    from kombu.exceptions import OperationalError as BrokerDown

    from directory.tasks import drain_outbox

    try:
        drain_outbox.apply_async(retry=False)
    except (BrokerDown, OSError):
        log.warning("outbox_nudge_failed")


def drain(*, limit: int = 2000) -> int:
    """Sends what is due, one message at a time, for as long as `TURN`; returns how many were sent. Any number of
    workers may run it."""
    sent, ends = 0, time.monotonic() + TURN.total_seconds()
    for _ in range(limit):
        if time.monotonic() > ends:
            break
        message = _claim()
        if message is None:
            break
        sent += deliver(message=message)
    return sent


@transaction.atomic
def _claim() -> OutboxMessage | None:
    """Takes the next message for a lease; a worker that dies gives it back when the lease ends."""
    now = timezone.now()
    message = OutboxMessage.objects.to_send(now).select_for_update(skip_locked=True, of=("self",)).first()
    if message is None:
        return None
    message.claimed_until, message.attempts = now + LEASE, message.attempts + 1
    message.save(update_fields=["claimed_until", "attempts"])
    return message


def deliver(*, message: OutboxMessage) -> bool:
    """Hands one claimed message to the mail server. The Message-ID is stable, so a repeat is the same message."""
    try:
        EmailMessage(
            subject=message.subject,
            body=message.body,
            to=[message.recipient],
            headers={"Message-ID": f"<{message.uuid}@{_domain()}>", "Auto-Submitted": "auto-generated"},
        ).send()
    except OperationalError:
        raise
    except Exception as error:
        _failed(message, error)
        return False
    OutboxMessage.objects.filter(pk=message.pk).update(
        sent_at=timezone.now(), claimed_until=None, given_up_at=None, last_error=""
    )
    return True


def _failed(message: OutboxMessage, error: Exception) -> None:
    now = timezone.now()
    final = message.attempts >= MOST_ATTEMPTS
    OutboxMessage.objects.filter(pk=message.pk, given_up_at__isnull=True).update(
        claimed_until=None,
        due_at=now + retry_delay(message.attempts),
        given_up_at=now if final else None,
        last_error=type(error).__name__,
    )
    log.warning("outbox_delivery_failed", message=str(message.uuid), attempts=message.attempts, final=final)


def _domain() -> str:
    return settings.DEFAULT_FROM_EMAIL.rpartition("@")[2].rstrip(">")
