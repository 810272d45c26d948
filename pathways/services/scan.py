"""The scan: raises what is due and lets unanswered alerts go up. Any number of workers may scan at once.

Each batch is claimed with SKIP LOCKED and written by one statement; the unique (subject, kind, level) makes a repeat
harmless. Every instant written is the theoretical one, so a late scan tells the same story as a prompt one.
"""

from __future__ import annotations

from datetime import datetime

from django.db import connection, transaction
from django.db.models import Case, Value, When

from pathways.models import Step, Watch
from pathways.querysets import late, soon
from pathways.rules.alerts import LATE, WARNING

BATCH = 5000
LEVELS_BATCH = 1000


def scan_delays(*, now: datetime) -> int:
    """Raises every alert due at ``now``, level by level; returns how many."""
    return sum(_exhaust(batch, now) for batch in (_steps, _watches, _levels))


def _exhaust(batch: object, now: datetime) -> int:
    total = 0
    while claimed := batch(now):  # type: ignore[operator]
        total += claimed
    return total


_COLUMNS = (
    "uuid, subject, pathway_id, team_id, step_id, kind, level, label, since, raised_at, acknowledge_reason, "
    "team_at, head_at, harm_at, next_level_at"
)
_AGAIN = """ON CONFLICT (subject, kind, level) DO UPDATE SET
        since = excluded.since, raised_at = excluded.raised_at, label = excluded.label, closed_at = NULL,
        closed_by_id = NULL, acknowledged_at = NULL, acknowledged_by_id = NULL, acknowledge_reason = '',
        snoozed_until = NULL, told_at = NULL, team_at = excluded.team_at, head_at = excluded.head_at,
        harm_at = excluded.harm_at, next_level_at = excluded.next_level_at"""

# One statement for a whole batch: claim, raise (or raise again), close the warnings a late step leaves behind, and
# move each step on to its next instant. {due} is `Step.objects.to_alert` as the ORM writes it, so that what is late
# keeps its one definition; a step that is neither late nor soon any more only loses its instant.
_RAISE_STEPS = f"""
WITH due (id, uuid, pathway_id, warn_at, due_at, team_at, head_at, harm_at, kind) AS ({{due}}),
raised AS (
    INSERT INTO pathways_alert ({_COLUMNS})
    SELECT gen_random_uuid(), uuid, pathway_id, NULL, id, kind, 1, '',
        CASE kind WHEN 'late' THEN due_at ELSE warn_at END, %s, '',
        CASE kind WHEN 'late' THEN team_at END, CASE kind WHEN 'late' THEN head_at END,
        CASE kind WHEN 'late' THEN harm_at END, CASE kind WHEN 'late' THEN COALESCE(team_at, head_at, harm_at) END
    FROM due WHERE kind <> 'none'
    {_AGAIN}
),
passed AS (
    UPDATE pathways_alert SET closed_at = %s FROM due
    WHERE due.kind = 'late' AND step_id = due.id AND pathways_alert.kind = 'warning' AND closed_at IS NULL
)
UPDATE pathways_step SET next_alert_at = CASE due.kind WHEN 'warning' THEN due.due_at END
FROM due WHERE pathways_step.id = due.id
"""  # noqa: S608 (only the constants above)

_RAISE_WATCHES = f"""
WITH due AS ({{due}}),
raised AS (
    INSERT INTO pathways_alert ({_COLUMNS})
    SELECT gen_random_uuid(), subject, pathway_id, team_id, NULL, kind, 1, label, due_at, %s, '',
        team_at, head_at, harm_at, COALESCE(team_at, head_at, harm_at)
    FROM due
    {_AGAIN}
)
UPDATE pathways_watch SET next_alert_at = NULL FROM due WHERE pathways_watch.id = due.id
"""  # noqa: S608 (only the constants above)

# Silence goes up one level; an answer holds everything but the harm review; a snooze that ends asks the same people
# again. One level at a time: the next pass takes an alert further when it is that late.
_GO_UP = f"""
WITH due AS ({{due}}),
judged AS (
    SELECT *, acknowledged_at IS NOT NULL AND (snoozed_until IS NULL OR snoozed_until >= %(now)s) AS held,
        CASE
            WHEN acknowledged_at IS NOT NULL THEN CASE WHEN level < 4 AND harm_at < %(now)s THEN 4 END
            WHEN level < 2 AND team_at < %(now)s THEN 2
            WHEN level < 3 AND head_at < %(now)s THEN 3
            WHEN level < 4 AND harm_at < %(now)s THEN 4
        END AS up
    FROM due
),
moved AS (
    SELECT *, CASE up WHEN 2 THEN team_at WHEN 3 THEN head_at WHEN 4 THEN harm_at END AS reached FROM judged
),
raised AS (
    INSERT INTO pathways_alert ({_COLUMNS})
    SELECT gen_random_uuid(), subject, pathway_id, team_id, step_id, kind, up, label, reached, %(now)s, '',
        team_at, head_at, harm_at, CASE up WHEN 2 THEN COALESCE(head_at, harm_at) WHEN 3 THEN harm_at END
    FROM moved WHERE up IS NOT NULL
    {_AGAIN}
)
UPDATE pathways_alert SET
    closed_at = moved.reached,
    acknowledged_at = CASE WHEN up IS NOT NULL OR held THEN pathways_alert.acknowledged_at END,
    acknowledged_by_id = CASE WHEN up IS NOT NULL OR held THEN pathways_alert.acknowledged_by_id END,
    acknowledge_reason = CASE WHEN up IS NOT NULL OR held THEN pathways_alert.acknowledge_reason ELSE '' END,
    snoozed_until = CASE WHEN up IS NOT NULL OR held THEN pathways_alert.snoozed_until END,
    told_at = CASE WHEN up IS NOT NULL OR held THEN pathways_alert.told_at END,
    next_level_at = CASE
        WHEN up IS NOT NULL THEN NULL
        WHEN held THEN LEAST(moved.snoozed_until, CASE WHEN moved.level < 4 THEN moved.harm_at END)
        WHEN moved.level < 2 THEN COALESCE(moved.team_at, moved.head_at, moved.harm_at)
        WHEN moved.level < 3 THEN COALESCE(moved.head_at, moved.harm_at)
        WHEN moved.level < 4 THEN moved.harm_at
    END
FROM moved WHERE pathways_alert.id = moved.id
"""  # noqa: S608 (only the constants above)


@transaction.atomic
def _steps(now: datetime) -> int:
    kind = Case(When(late(now), then=Value(LATE)), When(soon(now), then=Value(WARNING)), default=Value("none"))
    due = (
        Step.objects.to_alert(now)
        .select_for_update(skip_locked=True, of=("self",))
        .annotate(alert_kind=kind)
        .values_list(
            "id", "uuid", "pathway_id", "warn_at", "due_at", "team_at", "head_at", "harm_at", "alert_kind"
        )[:BATCH]
    )  # fmt: skip
    sql, params = due.query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(_RAISE_STEPS.format(due=sql), [*params, now, now])
        return int(cursor.rowcount)


@transaction.atomic
def _watches(now: datetime) -> int:
    due = Watch.objects.filter(next_alert_at__lt=now).order_by("next_alert_at", "id")
    claimed = due.select_for_update(skip_locked=True, of=("self",)).values_list(
        "id", "subject", "pathway_id", "team_id", "kind", "label", "due_at", "team_at", "head_at", "harm_at"
    )[:BATCH]
    sql, params = claimed.query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(_RAISE_WATCHES.format(due=sql), [*params, now])
        return int(cursor.rowcount)


@transaction.atomic
def _levels(now: datetime) -> int:
    """Lets the alerts of patients, then those of a team, go up.

    Beside each alert it claims what whoever closes it locks first (the pathway, else the watch): an alert never goes
    up while its evidence is being recorded.
    """
    claimed = 0
    with connection.cursor() as cursor:
        for held, condition in _HOLDERS:
            claim = _CLAIM_LEVELS.format(held=held, condition=condition)
            cursor.execute(_GO_UP.format(due=claim), {"now": now, "batch": LEVELS_BATCH})
            claimed += int(cursor.rowcount)
    return claimed


_HOLDERS = (
    ("pathways_pathway", "held.id = alert.pathway_id"),
    ("pathways_watch", "held.subject = alert.subject AND held.kind = alert.kind AND held.pathway_id IS NULL"),
)
_CLAIM_LEVELS = """SELECT alert.* FROM pathways_alert alert JOIN {held} held ON {condition}
    WHERE alert.closed_at IS NULL AND alert.next_level_at < %(now)s
    ORDER BY alert.next_level_at, alert.id LIMIT %(batch)s FOR NO KEY UPDATE OF alert, held SKIP LOCKED"""
