"""Killing Redis or the worker in the middle of the outbox loses no message and sends none twice."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import pytest
from django.db import connection
from django.utils import timezone

from directory.models import OutboxMessage
from directory.services.outbox import drain
from tests.concurrency.processes import CeleryWorker, RedisServer, wait_until
from tests.factories import EstablishmentFactory

pytestmark = [pytest.mark.concurrency, pytest.mark.django_db(transaction=True)]


def write(count: int, prefix: str) -> None:
    establishment = EstablishmentFactory()
    OutboxMessage.objects.bulk_create(
        OutboxMessage(
            kind="essai", dedup_key=f"{prefix}-{n}", establishment=establishment, recipient=f"dr{n}@exemple.invalid",
            subject="Essai", body="Un lien.", due_at=timezone.now(),
        )
        for n in range(count)
    )  # fmt: skip


def sent() -> int:
    return OutboxMessage.objects.filter(sent_at__isnull=False).count()


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path)
    server.start()
    yield server
    server.kill()


@pytest.fixture
def running(redis: RedisServer, tmp_path: Path) -> Iterator[CeleryWorker]:
    process = CeleryWorker(redis_url=redis.url, folder=tmp_path)
    process.start()
    yield process
    process.kill()


def letters(folder: Path) -> int:
    return len(list((folder / "post").glob("*.eml")))


def test_redis_killed_in_the_middle(redis: RedisServer, running: CeleryWorker, tmp_path: Path) -> None:
    write(1500, "before")
    wait_until(lambda: sent() > 0, seconds=240, told="the worker sent nothing")
    redis.kill()
    write(100, "during")
    redis.start()
    wait_until(lambda: sent() == 1600, seconds=400, told="messages were lost with Redis")
    assert letters(tmp_path) == 1600
    assert OutboxMessage.objects.filter(attempts__gt=1).count() == 0


def test_worker_killed_in_the_middle(running: CeleryWorker, tmp_path: Path) -> None:
    write(1500, "before")
    wait_until(lambda: sent() > 0, seconds=240, told="the worker sent nothing")
    running.kill()
    assert sent() < 1500, "the worker was too fast to be killed in the middle"
    # The message in its hands comes back when its lease ends: end it now.
    OutboxMessage.objects.filter(sent_at__isnull=True, claimed_until__isnull=False).update(claimed_until=timezone.now())
    running.start()
    wait_until(lambda: sent() == 1500, seconds=400, told="messages were lost with the worker")
    assert letters(tmp_path) == 1500


def test_many_workers_drain_each_message_once(settings: object, tmp_path: Path) -> None:
    settings.EMAIL_BACKEND = "directory.mail.FolderBackend"  # type: ignore[attr-defined]
    settings.EMAIL_FILE_PATH = str(tmp_path / "post")  # type: ignore[attr-defined]
    write(200, "shared")
    counts: list[int] = []

    def work() -> None:
        try:
            counts.append(drain(limit=500))
        finally:
            connection.close()

    threads = [Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(counts) == 200
    assert OutboxMessage.objects.filter(attempts=1, sent_at__isnull=False).count() == 200
    assert letters(tmp_path) == 200
