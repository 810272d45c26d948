"""The rehearsal of a draft: who would be late today if every running pathway followed it. Nothing of theirs is written.

Up to `AT_ONCE` pathways the answer comes with the request. Beyond, a worker reads them `BATCH` at a time, tells how far
it is, and keeps by name no more than `KEPT` of each kind: memory is that of a batch, whatever the site. A rehearsal
whose worker died gives no sign of life any more and can be asked again; so can one that Redis did not take.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from directory.errors import DomainError
from directory.models import User
from pathways.models import Pathway, RehearsalStatus, TargetDraft, TargetRehearsal
from pathways.querysets import pathway_late
from pathways.rules.plan import PlannedStep
from pathways.rules.target import Target, check, from_dict
from pathways.services.drafts import FAULTY, claim
from pathways.services.supposing import late_under

log = structlog.get_logger(__name__)

AT_ONCE = 400
BATCH = 400
KEPT = 500
SILENT_AFTER = timedelta(minutes=2)
UNFINISHED = (RehearsalStatus.PENDING, RehearsalStatus.RUNNING)


def ask_rehearsal(*, draft: TargetDraft, revision: int, author: User) -> TargetRehearsal:
    """Rehearses the draft as it stands; the one in hand when the same is already being rehearsed.

    Raises DomainError when the draft changed since ``revision``, or cannot be followed.
    """
    with transaction.atomic():
        mine = claim(draft, revision)
        faults = check(mine.content)
        if faults:
            raise DomainError(f"Le brouillon ne peut pas être suivi : {faults[0].message}", code=FAULTY)
        now = timezone.now()
        running = mine.rehearsals.filter(revision=revision, status__in=UNFINISHED, moved_at__gt=now - SILENT_AFTER)
        if known := running.first():
            return known
        mine.rehearsals.all().delete()
        rehearsal = TargetRehearsal.objects.create(
            draft=mine,
            revision=revision,
            definition=mine.definition,
            asked_by=author,
            asked_at=now,
            moved_at=now,
            total=_followed(mine).count(),
        )
    if rehearsal.total <= AT_ONCE:
        rehearse(rehearsal_id=rehearsal.pk)
    else:
        _enqueue(rehearsal.pk)
    return TargetRehearsal.objects.get(pk=rehearsal.pk)


def rehearse(*, rehearsal_id: int) -> None:
    """Does one rehearsal, batch after batch; nothing when it is done or another worker has it."""
    now = timezone.now()
    free = Q(status=RehearsalStatus.PENDING) | Q(status=RehearsalStatus.RUNNING, moved_at__lt=now - SILENT_AFTER)
    taken = TargetRehearsal.objects.filter(free, pk=rehearsal_id).update(
        status=RehearsalStatus.RUNNING, moved_at=now, done=0
    )
    if not taken:
        return
    rehearsal = TargetRehearsal.objects.select_related("draft").get(pk=rehearsal_id)
    content, tally = from_dict(rehearsal.definition), _Tally(rehearsal.asked_at)
    rows, last = _followed(rehearsal.draft), 0
    while batch := list(rows.filter(pk__gt=last)[:BATCH]):
        tally.add(batch, content)
        last = batch[-1].pk
        alive = TargetRehearsal.objects.filter(pk=rehearsal_id).update(done=tally.done, moved_at=timezone.now())
        if not alive:
            return  # the draft was published or dropped, or the rehearsal asked again
    TargetRehearsal.objects.filter(pk=rehearsal_id).update(
        status=RehearsalStatus.READY, moved_at=timezone.now(), total=tally.done, **tally.result()
    )


def _followed(draft: TargetDraft) -> Any:
    """The running pathways of the draft's target, in the order of their keys."""
    rows = Pathway.objects.active().filter(version__target=draft.target_id).select_related("team__establishment")
    return rows.order_by("pk")


class _Tally:
    """Counts, and the few kept by name."""

    def __init__(self, at: datetime) -> None:
        self.at = at
        self.done = self.before = self.after = self.newly = self.no_longer = 0
        self.kept: dict[tuple[bool, bool], list[dict[str, Any]]] = {}

    def add(self, batch: list[Pathway], content: Target) -> None:
        """Takes one batch into account. Late today is what the list says: the one definition, in SQL."""
        today = set(
            Pathway.objects.filter(pathway_late(self.at), pk__in=[each.pk for each in batch]).values_list(
                "pk", flat=True
            )
        )
        then = late_under(batch, content, self.at)
        for pathway in batch:
            self._count(pathway.pk, pathway.pk in today, then[pathway.pk])
        self.done += len(batch)

    def _count(self, pk: int, before: bool, steps: list[PlannedStep]) -> None:
        after = bool(steps)
        self.before += before
        self.after += after
        self.newly += after and not before
        self.no_longer += before and not after
        kept = self.kept.setdefault((before, after), [])
        if (before or after) and len(kept) < KEPT:
            due = [[step.label, step.due_at.isoformat()] for step in steps[:3] if step.due_at]
            kept.append({"pathway": pk, "before": before, "after": after, "steps": due})

    def result(self) -> dict[str, Any]:
        """The fields of the rehearsal."""
        return {
            "late_before": self.before,
            "late_after": self.after,
            "newly_late": self.newly,
            "no_longer_late": self.no_longer,
            "rows": [row for rows in self.kept.values() for row in rows],
        }


def _enqueue(rehearsal_id: int) -> None:
    """Hands the rehearsal to a worker; without Redis it says at once that it did not start."""
    from kombu.exceptions import OperationalError as BrokerDown

    from pathways.tasks import rehearse_target

    try:
        rehearse_target.apply_async(args=[rehearsal_id], retry=False)
    except (BrokerDown, OSError):
        log.warning("rehearsal_not_enqueued", rehearsal=rehearsal_id)
        TargetRehearsal.objects.filter(pk=rehearsal_id).update(status=RehearsalStatus.FAILED)
