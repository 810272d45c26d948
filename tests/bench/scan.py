"""Delay scan against the bare SQL that does the same writes (DESIGN.md 6)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from statistics import median
from time import perf_counter

from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from pathways.models import Alert, Step, Watch
from pathways.services import scan_delays

NEWLY_LATE = 10_000
ROUNDS = 3
AIM_RATIO = 2.0

SAME_WRITES = """
WITH due AS (
    SELECT id, uuid, pathway_id, due_at, team_at, head_at, harm_at FROM pathways_step
    WHERE next_alert_at < %(now)s ORDER BY next_alert_at, id FOR UPDATE SKIP LOCKED
), raised AS (
    INSERT INTO pathways_alert (
        uuid, subject, pathway_id, step_id, kind, level, label, since, raised_at, acknowledge_reason,
        team_at, head_at, harm_at, next_level_at
    )
    SELECT gen_random_uuid(), uuid, pathway_id, id, 'late', 1, '', due_at, %(now)s, '',
        team_at, head_at, harm_at, team_at
    FROM due
    ON CONFLICT (subject, kind, level) DO UPDATE SET
        since = excluded.since, raised_at = excluded.raised_at, closed_at = NULL
)
UPDATE pathways_step SET next_alert_at = NULL FROM due WHERE pathways_step.id = due.id
"""


class _Undo(Exception):
    """Rolls a round back, so that each one starts from the same rows."""


def _prepare(now: datetime) -> int:
    """Makes ``NEWLY_LATE`` open steps fall due one hour before ``now``, and nothing else."""
    Step.objects.filter(next_alert_at__lt=now).update(next_alert_at=None)
    steps = Step.objects.filter(optional=False).order_by("pk").values("pk")[:NEWLY_LATE]
    Alert.objects.filter(step__in=steps).delete()
    Alert.objects.update(next_level_at=None)
    Watch.objects.update(next_alert_at=None)
    due = now - timedelta(hours=1)
    return Step.objects.filter(pk__in=steps).update(
        state="open", due_at=due, warn_at=due - timedelta(hours=1), next_alert_at=due,
        team_at=now + timedelta(days=2), head_at=now + timedelta(days=5), harm_at=now + timedelta(days=30),
    )  # fmt: skip


def _bare(now: datetime) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(SAME_WRITES, {"now": now})


def _timed(work: Callable[[], object]) -> float:
    """Seconds of one run, undone afterwards."""
    taken = 0.0
    try:
        with transaction.atomic():
            start = perf_counter()
            work()
            taken = perf_counter() - start
            raise _Undo
    except _Undo:
        return taken


def measure() -> float:
    """Prints the comparison and returns the ratio; leaves the database as it was."""
    total = Step.objects.count()
    now = timezone.now()
    try:
        with transaction.atomic():
            late = _prepare(now)
            ours = [_timed(lambda: scan_delays(now=now)) for _ in range(ROUNDS)]
            bare = [_timed(lambda: _bare(now)) for _ in range(ROUNDS)]
            with CaptureQueriesContext(connection) as queries:
                _timed(lambda: scan_delays(now=now))
            raise _Undo
    except _Undo:
        pass
    print(
        f"delay scan: {total:,} steps, {late:,} newly late, {len(queries)} SQL queries: {median(ours):.2f} s, "
        f"same writes in one SQL statement {median(bare):.2f} s, ratio {median(ours) / median(bare):.2f} "
        f"(aim: at most {AIM_RATIO})"
    )
    return median(ours) / median(bare)
