"""The outbox neither loses nor doubles a message."""

from __future__ import annotations

import smtplib
import socketserver
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core import mail
from django.db import transaction
from django.utils import timezone

from config.settings import CELERY_TASK_SOFT_TIME_LIMIT, CELERY_TASK_TIME_LIMIT
from directory.mail import REPLY
from directory.models import OutboxMessage
from directory.rules import LONGEST_RETRY, retry_delay
from directory.services import outbox as post_service
from directory.services.outbox import LEASE, MOST_ATTEMPTS, TURN, call_off, drain, post
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


def test_what_a_worker_held_as_it_died_is_not_sent_once_it_was_called_off(time_machine: Any) -> None:
    message = write()
    assert post_service._claim() is not None
    assert call_off(messages=OutboxMessage.objects.all()) == 0, "it may be leaving at this very instant"
    time_machine.move_to(timezone.now() + LEASE + timedelta(seconds=1), tick=False)
    assert drain() == 0
    message.refresh_from_db()
    assert message.state == "called_off"


@pytest.mark.parametrize("arrives", [True, False])
def test_called_off_while_it_leaves_it_has_left_or_never_does(
    monkeypatch: pytest.MonkeyPatch, time_machine: Any, arrives: bool
) -> None:
    message = write()

    def send(*args: object, **kwargs: object) -> None:
        call_off(messages=OutboxMessage.objects.all())
        if not arrives:
            raise ConnectionResetError

    monkeypatch.setattr("directory.services.outbox.EmailMessage.send", send)
    assert drain() == arrives
    message.refresh_from_db()
    assert message.state == ("sent" if arrives else "called_off")
    time_machine.move_to(timezone.now() + timedelta(hours=3), tick=False)
    assert drain() == 0


def test_a_run_takes_no_new_message_for_longer_than_its_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    """The last one may be waited for; the task is not killed with a message half sent, nor handed to another worker."""
    for number in range(3):
        write(f"turn-{number}")
    clock = iter([0.0, 1.0, TURN.total_seconds() + 1])
    monkeypatch.setattr("directory.services.outbox.time.monotonic", lambda: next(clock))
    assert drain() == 1
    assert TURN.total_seconds() + REPLY + 15 < CELERY_TASK_SOFT_TIME_LIMIT
    assert LEASE.total_seconds() > CELERY_TASK_TIME_LIMIT


class Postman(socketserver.StreamRequestHandler):
    """A mail server that takes everything."""

    def handle(self) -> None:
        self.wfile.write(b"220 ready\r\n")
        for line in self.rfile:
            word = line.split()[0].upper()
            if word == b"DATA":
                self.wfile.write(b"354 go on\r\n")
                while self.rfile.readline() != b".\r\n":
                    pass
            self.wfile.write(b"221 bye\r\n" if word == b"QUIT" else b"250 ok\r\n")


@pytest.fixture
def server() -> Iterator[int]:
    """Its port."""
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Postman) as listening:
        thread = threading.Thread(target=listening.serve_forever)
        thread.start()
        yield listening.server_address[1]
        listening.shutdown()
        thread.join()


def test_a_server_that_has_the_message_is_waited_for(
    settings: Any, monkeypatch: pytest.MonkeyPatch, server: int
) -> None:
    """Its virus scan takes longer than it is given to answer anything else: trying again would deliver twice."""
    settings.EMAIL_BACKEND = "directory.mail.PatientBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", server, 15
    waited: list[tuple[int, float | None]] = []
    getreply = smtplib.SMTP.getreply

    def listen(self: smtplib.SMTP) -> tuple[int, bytes]:
        patience = self.sock.gettimeout() if self.sock else None
        answer = getreply(self)
        waited.append((answer[0], patience))
        return answer

    monkeypatch.setattr(smtplib.SMTP, "getreply", listen)
    write()
    assert drain() == 1
    asked, taken = [code for code, _ in waited].index(354), -2
    assert {patience for _, patience in waited[1:asked]} == {15}
    assert (waited[taken], waited[-1]) == ((250, REPLY), (221, 15))
