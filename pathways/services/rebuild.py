"""Rebuilding the plans of many pathways while people work: after an upgrade, or when a calendar was corrected."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from django.db.models import QuerySet

from pathways.models import Pathway
from pathways.services.plan import rebuild_batch

CHUNK = 200


class Progress(NamedTuple):
    """How far a rebuild got: ``after`` is where to go on from, ``written`` counts the rows of steps changed."""

    after: int
    pathways: int
    written: int


def rebuild_everything(*, rows: QuerySet[Pathway], after: int = 0, size: int = CHUNK) -> Iterator[Progress]:
    """Recomputes ``rows`` in the order of their ids, a chunk and a short transaction at a time; tells each chunk.

    A chunk waits for nobody while it holds pathways: those being written on at that moment are taken one by one after
    it. Memory is that of one chunk. Nothing is written where nothing changed, so that running again is harmless.
    """
    done = Progress(after, 0, 0)
    while True:
        following = rows.filter(pk__gt=done.after).order_by("pk").values_list("pk", flat=True)
        ids = list(following[:size])
        if not ids:
            return
        free = rebuild_batch(pathway_ids=ids, skip_busy=True)
        busy = sorted(set(ids) - set(free.pathways))
        late = [rebuild_batch(pathway_ids=[each]) for each in busy]
        written = free.steps + sum(each.steps for each in late)
        done = Progress(ids[-1], done.pathways + len(ids), done.written + written)
        yield done
