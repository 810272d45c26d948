"""Documents: the PPS made by a worker from the pathway's data, and the papers received.

A PPS is a row first (`request_pps`), a file later (`produce`). Whatever dies in between, nothing is lost and nothing
doubled: one worker at a time holds the row's advisory lock, which PostgreSQL frees when its connection dies; a beat
job asks again for what is not finished (`requeue`); the file takes its place and the row becomes ready in one
transaction that only the attempt in hand may win.
"""

from __future__ import annotations

import hashlib
import io
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import structlog
from django.conf import settings
from django.core.files.base import ContentFile, File
from django.db import DatabaseError, transaction
from django.db.models import F, Q
from django.utils import timezone

from directory.errors import DomainError
from directory.models import User
from pathways.models import Document, DocumentKind, DocumentStatus, Milestone, Pathway
from pathways.papers.facts import collect, load
from pathways.rules.milestones import MilestoneKind
from pathways.services.ledger import record_milestone
from pathways.services.press import held, told, write_draft

if TYPE_CHECKING:
    from pathways.papers.printer import Printed

log = structlog.get_logger(__name__)

PPS_TITLE = "Programme personnalisé de soins"
ASK_AGAIN_AFTER = timedelta(seconds=45)
MOST_ATTEMPTS = 3
UNFINISHED = (DocumentStatus.PENDING, DocumentStatus.RUNNING)
_LOCK_SPACE = 0x4A505053  # « JPPS »: our own space among PostgreSQL's advisory locks
_CHUNK = 64 * 1024


# --- asking ---------------------------------------------------------------------------------------------------------
@transaction.atomic
def request_pps(*, pathway: Pathway, user: User) -> Document:
    """Asks for the next version of the pathway's PPS and returns its row; the one in hand when there is one.

    A version that failed is taken up again, so that the papers given to a patient have no missing number. The worker
    is called after commit; when Redis is away, `requeue` calls it later. Raises DomainError on a closed pathway.
    """
    locked = Pathway.objects.select_for_update(of=("self",), no_key=True).get(pk=pathway.pk)
    if not locked.is_active:
        raise DomainError("Ce parcours est clos : rouvrez-le pour préparer un programme personnalisé de soins.")
    last = Document.objects.filter(pathway=locked, kind=DocumentKind.PPS).order_by("-version").first()
    if last and last.status in UNFINISHED:
        return last
    if last and last.status == DocumentStatus.FAILED:
        return retry_document(document=last, user=user)
    document = Document.objects.create(
        pathway=locked,
        kind=DocumentKind.PPS,
        title=PPS_TITLE,
        version=last.version + 1 if last else 1,
        facts_sha256=collect(load(locked.pk)).fingerprint(),
        requested_by=user,
        requested_at=timezone.now(),
    )
    _call_worker_after_commit(document.pk)
    return document


@transaction.atomic
def retry_document(*, document: Document, user: User) -> Document:
    """Takes up a failed document again. Raises DomainError when it did not fail."""
    again = Document.objects.filter(pk=document.pk, status=DocumentStatus.FAILED).update(
        status=DocumentStatus.PENDING,
        progress=0,
        attempts=0,
        error="",
        requested_by=user,
        requested_at=timezone.now(),
        started_at=None,
        enqueued_at=None,
    )
    if not again:
        raise DomainError("Ce document n’est pas en erreur.")
    _call_worker_after_commit(document.pk)
    return Document.objects.get(pk=document.pk)


def requeue(*, now: datetime) -> int:
    """Calls a worker for each unfinished document nobody was asked for lately; returns how many."""
    waiting = Document.objects.unfinished().filter(
        Q(enqueued_at__isnull=True) | Q(enqueued_at__lt=now - ASK_AGAIN_AFTER), requested_at__lt=now - ASK_AGAIN_AFTER
    )
    return sum(_call_worker(pk) for pk in waiting.order_by("requested_at").values_list("pk", flat=True)[:200])


def _call_worker_after_commit(document_id: int) -> None:
    transaction.on_commit(lambda: _call_worker(document_id), robust=True)


def _call_worker(document_id: int) -> bool:
    """True when the message was handed over. Redis away is no failure: `requeue` asks again."""
    from kombu.exceptions import OperationalError as BrokerDown

    from pathways.tasks import render_document

    try:
        render_document.apply_async(args=[document_id], retry=False)
    except (BrokerDown, OSError):
        log.warning("document_not_enqueued", document=document_id)
        return False
    Document.objects.filter(pk=document_id).update(enqueued_at=timezone.now())
    return True


# --- making ---------------------------------------------------------------------------------------------------------
def produce(*, document_id: int) -> str:
    """Makes the file of one document; returns `ready`, `failed`, or `idle` when another has it or nothing is left.

    Safe to run any number of times, at once or after a crash.
    """
    with held(_LOCK_SPACE, document_id) as mine:
        attempt = _begin(document_id) if mine else 0
        if not attempt:
            return "idle"
        document = Document.objects.select_related("requested_by__professional").get(pk=document_id)
        try:
            return _make(document, attempt)
        except DatabaseError:
            raise  # the row cannot be written now: the next attempt will
        except Exception as error:
            log.exception("document_failed", document=str(document.uuid), attempt=attempt)
            _set(document_id, attempt, status=DocumentStatus.FAILED, error=told(error), progress=0)
            return "failed"


def _begin(document_id: int) -> int:
    """Takes up a pending document, or one whose worker died; returns the attempt's number, 0 when there is nothing.

    A document that kept killing its worker is given up with a message.
    """
    unfinished = Document.objects.filter(pk=document_id, status__in=UNFINISHED)
    given_up = unfinished.filter(attempts__gte=MOST_ATTEMPTS).update(
        status=DocumentStatus.FAILED, error="La préparation a été interrompue plusieurs fois.", progress=0
    )
    if given_up:
        return 0
    began = unfinished.update(
        status=DocumentStatus.RUNNING, attempts=F("attempts") + 1, started_at=timezone.now(), progress=10, error=""
    )
    return Document.objects.values_list("attempts", flat=True).get(pk=document_id) if began else 0


def _make(document: Document, attempt: int) -> str:
    from pathways.papers.pps import print_pps  # WeasyPrint weighs 90 MB and a second: only workers load it

    facts = collect(load(document.pathway_id))
    _set(document.pk, attempt, progress=40)
    author = str(document.requested_by) if document.requested_by else ""
    printed = print_pps(facts, version=document.version, at=document.requested_at, author=author)
    _set(document.pk, attempt, progress=80)
    return "ready" if _keep(document, attempt, printed, facts.fingerprint()) else "idle"


def _keep(document: Document, attempt: int, printed: Printed, fingerprint: str) -> bool:
    """Puts the file in its place and makes the row ready, together; only the attempt in hand may."""
    name = document.file.field.generate_filename(document, "")
    final = Path(settings.MEDIA_ROOT) / name
    draft = write_draft(final, printed.content)
    with transaction.atomic():
        won = _set(
            document.pk,
            attempt,
            status=DocumentStatus.READY,
            progress=100,
            file=name,
            size=len(printed.content),
            pages=printed.pages,
            sha256=hashlib.sha256(printed.content).hexdigest(),
            facts_sha256=fingerprint,
            ready_at=timezone.now(),
        )
        if won:
            draft.replace(final)
        else:
            draft.unlink()
    return won


def _set(document_id: int, attempt: int, **values: object) -> bool:
    """Compare-and-set: writes only while this attempt is the one that runs."""
    running = Document.objects.filter(pk=document_id, status=DocumentStatus.RUNNING, attempts=attempt)
    return bool(running.update(**values))


# --- giving, receiving ----------------------------------------------------------------------------------------------
@transaction.atomic
def mark_given(*, document: Document, at: datetime, author: User | None) -> Milestone:
    """Records that a ready PPS was given to the patient: the date on the paper, and the milestone `pps_given`.

    Raises DomainError when it is not ready, already given, or given before it was made.
    """
    locked = Document.objects.select_for_update(of=("self",)).select_related("pathway").get(pk=document.pk)
    if locked.kind != DocumentKind.PPS or locked.status != DocumentStatus.READY:
        raise DomainError("Ce document n’est pas prêt à être remis.")
    if locked.given_at:
        raise DomainError("Cette version a déjà été remise au patient.")
    if at.date() < locked.requested_at.astimezone(at.tzinfo).date():
        raise DomainError("La remise ne peut pas précéder la préparation du document.", field="at")
    milestone = record_milestone(
        pathway=locked.pathway,
        kind=MilestoneKind.PPS_GIVEN,
        occurred_at=at,
        author=author,
        note=f"Version {locked.version}",
        dedup_key=_given_key(locked),
    )
    locked.given_at = at
    locked.save(update_fields=["given_at"])
    return milestone


def _given_key(document: Document) -> str:
    """One milestone per version handed over; a new key once the former one was withdrawn."""
    key = f"pps-given-{document.uuid}"
    known = Milestone.objects.filter(dedup_key__startswith=key).count()
    return f"{key}:{known}" if known else key


def receive_document(
    *,
    pathway: Pathway,
    title: str,
    content: bytes | File[bytes],
    content_type: str,
    author: User | None = None,
) -> Document:
    """Files a paper that came from outside, already inspected by its caller; it is ready at once.

    The file is written before the row: a crash in between leaves a file nobody sees, never a row without its file.
    """
    now = timezone.now()
    document = Document(
        pathway=pathway,
        kind=DocumentKind.RECEIVED,
        title=title[:160],
        content_type=content_type,
        status=DocumentStatus.READY,
        progress=100,
        requested_by=author,
        requested_at=now,
        ready_at=now,
    )
    file = ContentFile(content) if isinstance(content, bytes) else content
    document.size, document.sha256 = _measure(file)
    document.file.save("", file, save=False)
    with transaction.atomic():
        document.save()
    return document


def _measure(file: File[bytes]) -> tuple[int, str]:
    """(size in bytes, SHA-256) of a file, read by chunks; leaves it at its start."""
    digest, size = hashlib.sha256(), 0
    file.seek(0)
    for chunk in file.chunks(_CHUNK):
        digest.update(chunk)
        size += len(chunk)
    file.seek(0, io.SEEK_SET)
    return size, digest.hexdigest()
