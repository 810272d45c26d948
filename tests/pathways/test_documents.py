"""A PPS asked for, made, failed, taken up again, given; a paper received. Nothing lost, nothing doubled."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from celery.exceptions import SoftTimeLimitExceeded
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from kombu.exceptions import OperationalError as BrokerDown

from directory.errors import DomainError
from pathways import services, tasks
from pathways.models import Document, DocumentStatus, Milestone
from pathways.papers.facts import collect, load
from pathways.papers.printer import Printed
from pathways.services import documents
from tests.pathways.scenes import Scene

pytestmark = pytest.mark.django_db

PDF = Printed(b"%PDF-1.7 essai", 3)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The document ids a worker was called for."""
    calls: list[int] = []
    monkeypatch.setattr(tasks.render_document, "apply_async", lambda args, **options: calls.append(args[0]))
    return calls


@pytest.fixture
def press(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Prints at once; the versions printed."""
    from pathways.papers import pps

    versions: list[int] = []

    def print_pps(facts: Any, *, version: int, at: Any, author: str) -> Printed:
        versions.append(version)
        return PDF

    monkeypatch.setattr(pps, "print_pps", print_pps)
    return versions


def breaks(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    from pathways.papers import pps

    def print_pps(*args: Any, **options: Any) -> Printed:
        raise error

    monkeypatch.setattr(pps, "print_pps", print_pps)


def files(settings: Any) -> list[Path]:
    return sorted(path for path in Path(settings.MEDIA_ROOT).rglob("*") if path.is_file())


# --- asking ---------------------------------------------------------------------------------------------------------
def test_asking_writes_the_row_then_calls_a_worker(
    scene: Scene, asked: list[int], django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        document = services.request_pps(pathway=scene.pathway, user=scene.coordinator)
        assert asked == [], "the worker is called after the commit"
    assert asked == [document.pk]
    document.refresh_from_db()
    assert (document.version, document.status, document.progress) == (1, DocumentStatus.PENDING, 0)
    assert document.facts_sha256 == collect(load(scene.pathway.pk)).fingerprint()
    assert document.enqueued_at is not None


def test_redis_away_is_no_failure(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    def away(*args: Any, **options: Any) -> None:
        raise BrokerDown("away")

    monkeypatch.setattr(tasks.render_document, "apply_async", away)
    with django_capture_on_commit_callbacks(execute=True):
        document = services.request_pps(pathway=scene.pathway, user=scene.coordinator)
    assert Document.objects.get(pk=document.pk).status == DocumentStatus.PENDING

    calls: list[int] = []
    monkeypatch.setattr(tasks.render_document, "apply_async", lambda args, **options: calls.append(args[0]))
    assert documents.requeue(now=timezone.now()) == 0, "too soon"
    later = timezone.now() + documents.ASK_AGAIN_AFTER + timedelta(seconds=1)
    assert documents.requeue(now=later) == 1
    assert calls == [document.pk]
    assert documents.requeue(now=timezone.now() + timedelta(seconds=5)) == 0, "asked a moment ago"


def test_asking_twice_gives_the_one_in_hand(scene: Scene, asked: list[int]) -> None:
    first = services.request_pps(pathway=scene.pathway, user=scene.coordinator)
    assert services.request_pps(pathway=scene.pathway, user=scene.physician) == first
    assert Document.objects.count() == 1


def test_the_database_keeps_one_in_hand_and_versions_apart(scene: Scene, asked: list[int]) -> None:
    document = services.request_pps(pathway=scene.pathway, user=scene.coordinator)
    for version, status in ((2, "pending"), (1, "ready")):
        with pytest.raises(IntegrityError), transaction.atomic():
            Document.objects.create(
                pathway=scene.pathway, kind="pps", title="PPS", version=version, status=status,
                requested_at=timezone.now(), file="x", sha256="x" * 64,
            )  # fmt: skip
    assert Document.objects.get() == document


def test_each_request_after_a_ready_one_is_the_next_version(scene: Scene, asked: list[int], press: list[int]) -> None:
    for version in (1, 2, 3):
        document = services.request_pps(pathway=scene.pathway, user=scene.coordinator)
        assert document.version == version
        assert documents.produce(document_id=document.pk) == "ready"
    assert press == [1, 2, 3]


def test_a_closed_pathway_makes_no_paper(scene: Scene) -> None:
    services.close_pathway(pathway=scene.pathway, reason="transferred", author=scene.coordinator)
    with pytest.raises(DomainError, match="clos"):
        services.request_pps(pathway=scene.pathway, user=scene.coordinator)


# --- making ---------------------------------------------------------------------------------------------------------
def test_made_once_kept_whole(scene: Scene, asked: list[int], press: list[int], settings: Any) -> None:
    document = services.request_pps(pathway=scene.pathway, user=scene.coordinator)
    tasks.render_document(document.pk)
    tasks.render_document(document.pk)
    document.refresh_from_db()
    assert press == [1], "a second message makes nothing again"
    assert (document.status, document.progress, document.pages) == (DocumentStatus.READY, 100, 3)
    assert document.size == len(PDF.content)
    assert document.sha256 == hashlib.sha256(PDF.content).hexdigest()
    [path] = files(settings)
    assert path.read_bytes() == PDF.content
    assert path.name == document.uuid.hex, "the file's name tells nothing"
    assert path.stat().st_mode & 0o077 == 0, "nobody else may read the file"


def test_progress_is_told_while_it_runs(scene: Scene, asked: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    from pathways.papers import pps

    seen: list[tuple[str, int]] = []

    def print_pps(*args: Any, **options: Any) -> Printed:
        seen.extend(Document.objects.values_list("status", "progress"))
        return PDF

    monkeypatch.setattr(pps, "print_pps", print_pps)
    document = services.request_pps(pathway=scene.pathway, user=scene.coordinator)
    documents.produce(document_id=document.pk)
    assert seen == [("running", 40)]


def test_the_fingerprint_is_that_of_what_was_printed(scene: Scene, asked: list[int], press: list[int]) -> None:
    document = services.request_pps(pathway=scene.pathway, user=scene.coordinator)
    services.write_summary(pathway=scene.pathway, diagnosis="Précisé entre-temps")
    documents.produce(document_id=document.pk)
    document.refresh_from_db()
    assert document.facts_sha256 == collect(load(scene.pathway.pk)).fingerprint()


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (ValueError("secret du patient"), "La mise en page a échoué"),
        (SoftTimeLimitExceeded(), "trop de temps"),
        (OSError(28, "No space left on device"), "n’a plus de place"),
        (OSError(5, "Input/output error"), "n’a pas pu être enregistré"),
    ],
)
def test_a_failure_is_told_without_its_data(
    scene: Scene, asked: list[int], monkeypatch: pytest.MonkeyPatch, error: Exception, told: str, settings: Any
) -> None:
    breaks(monkeypatch, error)
    document = services.request_pps(pathway=scene.pathway, user=scene.coordinator)
    assert documents.produce(document_id=document.pk) == "failed"
    document.refresh_from_db()
    assert document.status == DocumentStatus.FAILED
    assert told in document.error
    assert "secret" not in document.error
    assert files(settings) == []
    assert documents.produce(document_id=document.pk) == "idle", "a failure waits for someone"


def test_taken_up_again_keeps_the_version(
    scene: Scene, asked: list[int], press: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    document = services.request_pps(pathway=scene.pathway, user=scene.coordinator)
    with monkeypatch.context() as patch:
        breaks(patch, ValueError())
        documents.produce(document_id=document.pk)
    again = services.retry_document(document=document, user=scene.physician)
    assert (again.status, again.attempts, again.error) == (DocumentStatus.PENDING, 0, "")
    assert documents.produce(document_id=document.pk) == "ready"
    assert Document.objects.get().version == 1
    with pytest.raises(DomainError):
        services.retry_document(document=document, user=scene.physician)


def test_asking_after_a_failure_takes_the_same_version(
    scene: Scene, asked: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    document = services.request_pps(pathway=scene.pathway, user=scene.coordinator)
    breaks(monkeypatch, ValueError())
    documents.produce(document_id=document.pk)
    assert services.request_pps(pathway=scene.pathway, user=scene.coordinator) == document
    assert Document.objects.get().status == DocumentStatus.PENDING


def test_a_worker_that_died_is_followed_by_another(scene: Scene, asked: list[int], press: list[int]) -> None:
    document = services.request_pps(pathway=scene.pathway, user=scene.coordinator)
    Document.objects.filter(pk=document.pk).update(status="running", progress=40, attempts=1)
    assert documents.produce(document_id=document.pk) == "ready"
    document.refresh_from_db()
    assert document.attempts == 2


def test_a_document_that_kills_its_workers_is_given_up(scene: Scene, asked: list[int], press: list[int]) -> None:
    document = services.request_pps(pathway=scene.pathway, user=scene.coordinator)
    Document.objects.filter(pk=document.pk).update(status="running", attempts=documents.MOST_ATTEMPTS)
    assert documents.produce(document_id=document.pk) == "idle"
    document.refresh_from_db()
    assert (document.status, press) == (DocumentStatus.FAILED, [])
    assert "interrompue plusieurs fois" in document.error


def test_an_older_attempt_can_no_longer_finish(
    scene: Scene, asked: list[int], monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    """A worker believed dead that comes back: its paper is not kept, its draft is gone."""
    from pathways.papers import pps

    def print_pps(*args: Any, **options: Any) -> Printed:
        Document.objects.update(attempts=7)
        return PDF

    monkeypatch.setattr(pps, "print_pps", print_pps)
    document = services.request_pps(pathway=scene.pathway, user=scene.coordinator)
    assert documents.produce(document_id=document.pk) == "idle"
    document.refresh_from_db()
    assert document.status == DocumentStatus.RUNNING
    assert files(settings) == []


def test_the_lock_is_given_back(scene: Scene, asked: list[int], press: list[int]) -> None:
    document = services.request_pps(pathway=scene.pathway, user=scene.coordinator)
    documents.produce(document_id=document.pk)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()")
        assert cursor.fetchone() == (0,)


# --- giving ---------------------------------------------------------------------------------------------------------
@pytest.fixture
def ready(scene: Scene, asked: list[int], press: list[int]) -> Document:
    document = services.request_pps(pathway=scene.pathway, user=scene.coordinator)
    documents.produce(document_id=document.pk)
    return Document.objects.get(pk=document.pk)


def test_given_to_the_patient(scene: Scene, ready: Document) -> None:
    at = timezone.now()
    milestone = services.mark_given(document=ready, at=at, author=scene.coordinator)
    ready.refresh_from_db()
    assert (milestone.kind, milestone.occurred_at, ready.given_at) == ("pps_given", at, at)
    assert scene.step("pps").state == "done"
    assert ready.facts_sha256 == collect(load(scene.pathway.pk)).fingerprint(), "giving it does not make it stale"
    with pytest.raises(DomainError, match="déjà"):
        services.mark_given(document=ready, at=at, author=scene.coordinator)
    assert Milestone.objects.filter(kind="pps_given").count() == 1


def test_a_handing_over_said_by_mistake_may_be_said_again(scene: Scene, ready: Document) -> None:
    mistake = services.mark_given(document=ready, at=timezone.now(), author=scene.coordinator)
    services.withdraw_milestone(milestone=mistake, author=scene.coordinator, note="remis à un autre")
    ready.refresh_from_db()
    assert ready.given_at is None
    again = services.mark_given(document=ready, at=timezone.now(), author=scene.coordinator)
    assert list(Milestone.objects.in_force().filter(kind="pps_given")) == [again]
    later = timezone.now()
    services.correct_milestone(milestone=again, occurred_at=later, author=scene.coordinator)
    ready.refresh_from_db()
    assert ready.given_at == later


def test_not_given_before_it_exists_nor_unready(scene: Scene, ready: Document) -> None:
    with pytest.raises(DomainError) as refusal:
        services.mark_given(document=ready, at=timezone.now() - timedelta(days=2), author=scene.coordinator)
    assert refusal.value.field == "at"
    pending = services.request_pps(pathway=scene.pathway, user=scene.coordinator)
    with pytest.raises(DomainError, match="pas prêt"):
        services.mark_given(document=pending, at=timezone.now(), author=scene.coordinator)


# --- receiving ------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("content", [b"\x89PNG essai", SimpleUploadedFile("scan.png", b"\x89PNG essai")])
def test_a_received_paper_is_filed_privately(scene: Scene, content: Any, settings: Any) -> None:
    document = services.receive_document(
        pathway=scene.pathway, title="Scanner de ville " * 20, content=content, content_type="image/png"
    )
    assert (document.status, document.kind, document.size) == (DocumentStatus.READY, "received", 10)
    assert document.sha256 == hashlib.sha256(b"\x89PNG essai").hexdigest()
    assert len(document.title) == 160
    [path] = files(settings)
    assert path.name == document.uuid.hex
    assert path.read_bytes() == b"\x89PNG essai"
