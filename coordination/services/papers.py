"""Papers of the desk: asked for, made by a worker, taken up again after a crash, erased when they are stale.

As for the PPS (`pathways.services.documents`): a row first, a file later, one worker at a time, none lost nor doubled.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from pathlib import Path

import structlog
from django.conf import settings
from django.core.files.storage import default_storage
from django.db import DatabaseError, transaction
from django.db.models import F, Max, Q
from django.utils import timezone

from coordination.models import DeskPaper, PaperKind, PaperStatus, ReviewMeeting
from coordination.querysets.worklist import Scope
from directory.errors import DomainError
from directory.models import User
from pathways.services.press import held, told, write_draft

log = structlog.get_logger(__name__)

ASK_AGAIN_AFTER = timedelta(seconds=45)
MOST_ATTEMPTS = 3
DAILY_LASTS = timedelta(days=2)
"""A list of patients is not kept: it is wrong the next day, and it names them all."""
UNFINISHED = (PaperStatus.PENDING, PaperStatus.RUNNING)
_LOCK_SPACE = 0x4A444553  # « JDES »: our own space among PostgreSQL's advisory locks


@transaction.atomic
def request_daily_list(*, user: User, title: str, listed: str, scope: Scope) -> DeskPaper:
    """Asks for the list of these filters on paper; the one in hand when the same is already asked for."""
    User.objects.select_for_update(of=("self",), no_key=True).get(pk=user.pk)
    values = {"listed": listed, "mine": scope.mine, "target": scope.target}
    known = DeskPaper.objects.unfinished().filter(kind=PaperKind.DAILY, requested_by=user, **values).first()
    if known:
        return known
    return _ask(DeskPaper(kind=PaperKind.DAILY, title=title[:160], requested_by=user, **values))


@transaction.atomic
def request_minutes(*, meeting: ReviewMeeting, user: User) -> DeskPaper:
    """Asks for the next version of the minutes of a closed review."""
    locked = ReviewMeeting.objects.select_for_update(of=("self",)).select_related("team").get(pk=meeting.pk)
    if locked.is_open:
        raise DomainError("Le compte rendu s’établit quand la revue est close.")
    last = locked.papers.aggregate(last=Max("version"))["last"] or 0
    title = f"Compte rendu de la revue du {timezone.localtime(locked.started_at):%d/%m/%Y}"
    return _ask(
        DeskPaper(
            kind=PaperKind.MINUTES, title=title, version=last + 1, requested_by=user, team=locked.team, meeting=locked
        )
    )


def _ask(paper: DeskPaper) -> DeskPaper:
    paper.requested_at = timezone.now()
    paper.save()
    transaction.on_commit(lambda: _call_worker(paper.pk), robust=True)
    return paper


@transaction.atomic
def retry_paper(*, paper: DeskPaper) -> DeskPaper:
    """Takes up a failed paper again. Raises DomainError when it did not fail."""
    again = DeskPaper.objects.filter(pk=paper.pk, status=PaperStatus.FAILED).update(
        status=PaperStatus.PENDING, attempts=0, error="", requested_at=timezone.now(), enqueued_at=None
    )
    if not again:
        raise DomainError("Ce document n’est pas en erreur.")
    transaction.on_commit(lambda: _call_worker(paper.pk), robust=True)
    return DeskPaper.objects.get(pk=paper.pk)


def requeue_papers(*, now: datetime) -> int:
    """Calls a worker for each unfinished paper nobody was asked for lately; returns how many."""
    waiting = DeskPaper.objects.unfinished().filter(
        Q(enqueued_at__isnull=True) | Q(enqueued_at__lt=now - ASK_AGAIN_AFTER), requested_at__lt=now - ASK_AGAIN_AFTER
    )
    return sum(_call_worker(pk) for pk in waiting.order_by("requested_at").values_list("pk", flat=True)[:200])


def _call_worker(paper_id: int) -> bool:
    """True when the message was handed over. Redis away is no failure: `requeue_papers` asks again."""
    from kombu.exceptions import OperationalError as BrokerDown

    from coordination.tasks import print_paper

    try:
        print_paper.apply_async(args=[paper_id], retry=False)
    except (BrokerDown, OSError):
        log.warning("paper_not_enqueued", paper=paper_id)
        return False
    DeskPaper.objects.filter(pk=paper_id).update(enqueued_at=timezone.now())
    return True


def produce_paper(*, paper_id: int) -> str:
    """Makes the file of one paper; returns `ready`, `failed`, or `idle` when another has it or nothing is left."""
    with held(_LOCK_SPACE, paper_id) as mine:
        attempt = _begin(paper_id) if mine else 0
        if not attempt:
            return "idle"
        paper = DeskPaper.objects.select_related(
            "requested_by__professional", "meeting__team__establishment", "meeting__closed_by__professional"
        ).get(pk=paper_id)
        try:
            return _make(paper, attempt)
        except DatabaseError:
            raise  # the row cannot be written now: the next attempt will
        except Exception as error:
            log.exception("paper_failed", paper=str(paper.uuid), attempt=attempt)
            _set(paper_id, attempt, status=PaperStatus.FAILED, error=told(error))
            return "failed"


def _begin(paper_id: int) -> int:
    """Takes up an unfinished paper; returns the attempt's number, 0 when there is nothing to do."""
    unfinished = DeskPaper.objects.filter(pk=paper_id, status__in=UNFINISHED)
    if unfinished.filter(attempts__gte=MOST_ATTEMPTS).update(
        status=PaperStatus.FAILED, error="La préparation a été interrompue plusieurs fois."
    ):
        return 0
    began = unfinished.update(status=PaperStatus.RUNNING, attempts=F("attempts") + 1, error="")
    return DeskPaper.objects.values_list("attempts", flat=True).get(pk=paper_id) if began else 0


def _make(paper: DeskPaper, attempt: int) -> str:
    from coordination.papers import daily, minutes  # WeasyPrint weighs 90 MB and a second: only workers load it

    if paper.kind == PaperKind.MINUTES:
        assert paper.meeting is not None
        said = minutes.gather(paper.meeting)
        printed = minutes.print_minutes(said, version=paper.version, at=paper.requested_at)
        patients = minutes.patients_of(said)
    else:
        now = timezone.now()
        found = daily.gather(paper.requested_by, paper.listed, Scope(paper.mine, paper.target), now)
        printed = daily.print_daily(found, title=paper.title, user=paper.requested_by, at=now)
        patients = found.patients
    name = paper.file.field.generate_filename(paper, "")
    final = Path(settings.MEDIA_ROOT) / name
    draft = write_draft(final, printed.content)
    with transaction.atomic():
        won = _set(
            paper.pk,
            attempt,
            status=PaperStatus.READY,
            file=name,
            size=len(printed.content),
            pages=printed.pages,
            sha256=hashlib.sha256(printed.content).hexdigest(),
            patients=patients,
            ready_at=timezone.now(),
        )
        if won:
            draft.replace(final)
        else:
            draft.unlink()
    return "ready" if won else "idle"


def _set(paper_id: int, attempt: int, **values: object) -> bool:
    """Compare-and-set: writes only while this attempt is the one that runs."""
    running = DeskPaper.objects.filter(pk=paper_id, status=PaperStatus.RUNNING, attempts=attempt)
    return bool(running.update(**values))


def erase_daily_lists(*, now: datetime) -> int:
    """Erases the files of old daily lists; the row stays, to tell what the access log speaks of. Returns how many."""
    stale = DeskPaper.objects.filter(kind=PaperKind.DAILY, status=PaperStatus.READY, ready_at__lt=now - DAILY_LASTS)
    erased = 0
    for paper in stale:
        name = paper.file.name or ""
        DeskPaper.objects.filter(pk=paper.pk).update(status=PaperStatus.EXPIRED, file="")
        default_storage.delete(name)
        erased += 1
    return erased
