"""Killing the worker in the middle of a PPS loses nothing and doubles nothing; two workers make one paper."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
from celery import current_app
from django.apps import apps
from django.conf import settings
from django.db import connection
from django.utils import timezone
from pypdf import PdfReader

from pathways import services
from pathways.models import Document
from pathways.papers.printer import Printed
from pathways.services import documents
from tests.concurrency.processes import CeleryWorker, RedisServer, publish_to, wait_until
from tests.pathways.scenes import Scene

pytestmark = [pytest.mark.concurrency, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path)
    server.start()
    yield server
    server.kill()


@pytest.fixture
def publishing(redis: RedisServer) -> Iterator[None]:
    """This process sends its messages to the test's own Redis."""
    usual = current_app.conf.broker_url
    publish_to(redis.url)
    yield
    publish_to(usual)


def kept_files() -> list[Path]:
    return sorted(path for path in Path(settings.MEDIA_ROOT).rglob("*") if path.is_file())


def state(document: Document) -> str:
    return str(Document.objects.values_list("status", flat=True).get(pk=document.pk))


def test_worker_killed_in_the_middle_of_a_pps(redis: RedisServer, publishing: None, tmp_path: Path) -> None:
    scene = Scene()
    worker = CeleryWorker(redis_url=redis.url, folder=tmp_path, beat=False)
    worker.start()
    try:
        document = services.request_pps(pathway=scene.pathway, user=scene.coordinator)
        wait_until(lambda: state(document) == "running", seconds=240, told="the worker took nothing up")
        worker.kill()
        assert state(document) == "running", "the worker was too fast to be killed in the middle"
        assert not Document.objects.exclude(file="").exists()

        worker.start()
        # What beat does every 30 seconds; the message in the dead worker's hands comes back in ten minutes only.
        assert documents.requeue(now=timezone.now() + timedelta(minutes=2)) == 1
        wait_until(lambda: state(document) == "ready", seconds=400, told="the document was lost with the worker")
        # Asked again, as a late message would: nothing more is made.
        assert documents.produce(document_id=document.pk) == "idle"
    finally:
        worker.kill()

    document.refresh_from_db()
    assert (document.version, document.attempts) == (1, 2)
    assert Document.objects.count() == 1
    [path] = kept_files()
    content = path.read_bytes()
    assert path == Path(document.file.path)
    assert (document.size, document.sha256) == (len(content), hashlib.sha256(content).hexdigest())
    assert len(PdfReader(path).pages) == document.pages
    history = apps.get_model("pathways", "DocumentHistory").objects.filter(id=document.pk, status="ready")
    assert history.count() == 1, "ready once, and only once"


def test_two_workers_make_one_paper(monkeypatch: pytest.MonkeyPatch, settings: Any, tmp_path: Path) -> None:
    from pathways.papers import pps

    settings.MEDIA_ROOT = tmp_path / "media"
    printing, go_on = Event(), Event()
    printed: list[int] = []

    def print_pps(*args: Any, **options: Any) -> Printed:
        printed.append(1)
        printing.set()
        assert go_on.wait(30)
        return Printed(b"%PDF essai", 1)

    monkeypatch.setattr(pps, "print_pps", print_pps)
    monkeypatch.setattr(documents, "_call_worker", lambda document_id: True)
    document = services.request_pps(pathway=(scene := Scene()).pathway, user=scene.coordinator)
    ends: list[str] = []

    def produce() -> None:
        try:
            ends.append(documents.produce(document_id=document.pk))
        finally:
            connection.close()

    first = Thread(target=produce)
    first.start()
    assert printing.wait(30)
    assert documents.produce(document_id=document.pk) == "idle", "another worker holds it"
    go_on.set()
    first.join(30)
    assert (ends, printed) == (["ready"], [1])
    assert documents.produce(document_id=document.pk) == "idle"


def test_redis_away_when_a_pps_is_asked_for(redis: RedisServer, publishing: None, tmp_path: Path) -> None:
    scene = Scene()
    pathway = scene.pathway
    redis.kill()
    document = services.request_pps(pathway=pathway, user=scene.coordinator)
    assert state(document) == "pending"
    assert Document.objects.get().enqueued_at is None
    redis.start()
    worker = CeleryWorker(redis_url=redis.url, folder=tmp_path, beat=False)
    worker.start()
    try:
        assert documents.requeue(now=timezone.now() + timedelta(minutes=2)) == 1
        wait_until(lambda: state(document) == "ready", seconds=400, told="the document was lost with Redis")
    finally:
        worker.kill()
