"""The outbox neither loses nor doubles a message."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core import mail
from django.db import transaction
from django.utils import timezone

from directory.models import OutboxMessage
from directory.rules import LONGEST_RETRY, retry_delay
from directory.services import outbox as post_service
from directory.services.outbox import LEASE, MOST_ATTEMPTS, drain, post
from tests.factories import EstablishmentFactory

pytestmark = pytest.mark.django_db


def write(key: str = "k1", **changes: Any) -> OutboxMessage:
    return post(
        **{
            "kind": "essai", "dedup_key": key, "establishment": EstablishmentFactory(),
            "recipient": "dr@exemple.invalid", "subject": "Demande D-1", "body": "Un lien.", **changes,
        }
    )  # fmt: skip


def test_same_fact_writes_one_message() -> None:
    assert write().pk == write().pk
    assert OutboxMessage.objects.count() == 1


def test_a_message_leaves_with_its_transaction_or_not_at_all() -> None:
    with pytest.raises(RuntimeError), transaction.atomic():
        write()
        raise RuntimeError
    assert not OutboxMessage.objects.exists()


def test_drain_sends_once_and_says_so() -> None:
    write()
    assert drain() == 1
    assert drain() == 0
    assert len(mail.outbox) == 1
    assert OutboxMessage.objects.get().state == "sent"


def test_a_message_of_tomorrow_waits() -> None:
    write(due_at=timezone.now() + timedelta(days=1))
    assert drain() == 0
    assert OutboxMessage.objects.get().state == "waiting"


def test_the_message_id_is_stable_so_that_a_repeat_is_the_same_message(settings: Any, tmp_path: Path) -> None:
    settings.EMAIL_BACKEND = "directory.mail.FolderBackend"
    settings.EMAIL_FILE_PATH = str(tmp_path)
    message = write()
    claimed = post_service._claim()
    assert claimed is not None
    assert post_service.deliver(message=claimed)
    # The worker dies after the server took the message and before the row said so.
    OutboxMessage.objects.filter(pk=message.pk).update(sent_at=None, claimed_until=timezone.now())
    assert drain() == 1
    assert len(list(tmp_path.glob("*.eml"))) == 1


def test_a_dead_worker_gives_its_message_back_after_the_lease(time_machine: Any) -> None:
    write()
    assert post_service._claim() is not None
    assert drain() == 0
    time_machine.move_to(timezone.now() + LEASE + timedelta(seconds=1), tick=False)
    assert drain() == 1


def test_a_refused_message_is_tried_again_later_and_given_up_in_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object, **kwargs: object) -> None:
        raise ConnectionRefusedError

    monkeypatch.setattr("directory.services.outbox.EmailMessage.send", refuse)
    message = write()
    assert drain() == 0
    message.refresh_from_db()
    assert (message.state, message.last_error, message.attempts) == ("retrying", "ConnectionRefusedError", 1)
    assert message.due_at > timezone.now()
    OutboxMessage.objects.update(attempts=MOST_ATTEMPTS - 1, due_at=timezone.now())
    drain()
    message.refresh_from_db()
    assert message.state == "failed"


def test_retries_wait_longer_each_time_up_to_two_hours() -> None:
    delays = [retry_delay(n) for n in range(1, 20)]
    assert delays == sorted(delays)
    assert delays[0] == timedelta(seconds=15)
    assert delays[-1] == LONGEST_RETRY


@pytest.mark.django_db(transaction=True)
def test_redis_away_does_not_stop_a_message_from_being_written(monkeypatch: pytest.MonkeyPatch) -> None:
    from kombu.exceptions import OperationalError

    def away(*args: object, **kwargs: object) -> None:
        raise OperationalError("broker is away")

    monkeypatch.setattr("directory.tasks.drain_outbox.apply_async", away)
    with transaction.atomic():
        write()
    assert OutboxMessage.objects.get().state == "waiting"
    assert drain() == 1
