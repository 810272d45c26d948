"""Alerts: raised by the scan, closed by evidence, acknowledged with a reason (DESIGN.md 3.7)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from django.db import connection, transaction
from django.db.models import Case, Exists, OuterRef, Value, When
from django.utils import timezone

from directory.errors import DomainError
from directory.models import User
from pathways.models import Alert, AlertKind, Milestone, Pathway, Step
from pathways.querysets import late, soon
from pathways.rules.alerts import LATE, WARNING, next_alert_at, standing
from pathways.rules.plan import PlannedStep

BATCH = 5000

OpenAlerts = dict[int, list[Alert]]
"""Open alerts by pathway id."""


def open_alerts_of(pathway_ids: Sequence[int]) -> OpenAlerts:
    """Open alerts of a batch of pathways, with their steps."""
    found: OpenAlerts = defaultdict(list)
    for alert in Alert.objects.open().filter(pathway__in=pathway_ids):
        found[alert.pathway_id].append(alert)
    return found


def step_next_alert(step: Step, planned: PlannedStep, alerts: OpenAlerts) -> datetime | None:
    """When ``step``, about to be stored as ``planned``, must raise its next alert.

    An alert that no longer stands does not count: `settle_alerts` closes it in the same transaction.
    """
    now = timezone.now()
    kinds = frozenset(
        alert.kind
        for alert in alerts[step.pathway_id]
        if step.pk
        and alert.step_id == step.pk
        and standing(alert.kind, state=planned.state, warn_at=planned.warn_at, due_at=planned.due_at, now=now)
    )
    if planned.optional:
        return None
    return next_alert_at(state=planned.state, warn_at=planned.warn_at, due_at=planned.due_at, open_kinds=kinds)


def settle_alerts(*, pathways: Sequence[Pathway], alerts: OpenAlerts, now: datetime, continuity: bool = True) -> None:
    """After a rebuild: closes what no longer stands; with ``continuity``, raises or closes those alerts too."""
    steps = Step.objects.in_bulk([alert.step_id for rows in alerts.values() for alert in rows if alert.step_id])
    for pathway in pathways:
        for alert in alerts[pathway.pk]:
            step = steps.get(alert.step_id or 0)
            if alert.step_id and (step is None or not _still_true(alert, step, now)):
                _close(alert, step, now)
        for kind, missing in _continuity(pathway).items() if continuity else ():
            _settle_continuity(pathway, kind, missing, alerts[pathway.pk], now)


def _still_true(alert: Alert, step: Step, now: datetime) -> bool:
    return standing(alert.kind, state=step.state, warn_at=step.warn_at, due_at=step.due_at, now=now)


def _close(alert: Alert, step: Step | None, now: datetime) -> None:
    alert.closed_at = now
    alert.closed_by = _evidence(step) if step else None
    alert.save(update_fields=["closed_at", "closed_by"])


def _evidence(step: Step) -> Milestone | None:
    """The milestone that made the step done, when it is one."""
    if step.done_at is None:
        return None
    return Milestone.objects.in_force().filter(pathway=step.pathway_id, occurred_at=step.done_at).first()


def _continuity(pathway: Pathway) -> dict[str, bool]:
    """Every active pathway has a next step and an owner (DESIGN.md 3.6)."""
    return {
        AlertKind.NO_NEXT_STEP: pathway.is_active and pathway.next_step_id is None,
        AlertKind.NO_OWNER: pathway.is_active and pathway.owner_id is None,
    }


def _settle_continuity(pathway: Pathway, kind: str, missing: bool, opened: list[Alert], now: datetime) -> None:
    standing_alert = next((alert for alert in opened if alert.step_id is None and alert.kind == kind), None)
    if missing and standing_alert is None:
        Alert.objects.update_or_create(
            pathway=pathway,
            kind=kind,
            step=None,
            defaults={"since": now, "raised_at": now, "closed_at": None, "closed_by": None, **_UNSEEN},
        )
    elif not missing and standing_alert is not None:
        _close(standing_alert, None, now)


_UNSEEN = {"acknowledged_at": None, "acknowledged_by": None, "acknowledge_reason": ""}


def scan_delays(*, now: datetime) -> int:
    """Raises every alert due at ``now``; returns how many. Any number of workers may scan at once.

    Each batch is claimed with SKIP LOCKED, and the unique (step, kind) makes a repeat harmless. ``since`` is the
    theoretical instant, so a late scan tells the same story as a prompt one.
    """
    total = 0
    while raised := _scan_batch(now):
        total += raised
    return total


# One statement for a whole batch: claim, raise (or raise again), close the warnings a late step leaves behind, and
# move each step on to its next instant. {due} is `Step.objects.to_alert` as the ORM writes it, so that what is late
# keeps its one definition; a step that is neither late nor soon any more only loses its instant.
_RAISE = """
WITH due (id, pathway_id, warn_at, due_at, kind) AS ({due}),
raised AS (
    INSERT INTO pathways_alert (uuid, pathway_id, step_id, kind, since, raised_at, acknowledge_reason)
    SELECT gen_random_uuid(), pathway_id, id, kind, CASE kind WHEN 'late' THEN due_at ELSE warn_at END, %s, ''
    FROM due WHERE kind <> 'none'
    ON CONFLICT (step_id, kind) DO UPDATE SET
        since = excluded.since, raised_at = excluded.raised_at, closed_at = NULL, closed_by_id = NULL,
        acknowledged_at = NULL, acknowledged_by_id = NULL, acknowledge_reason = ''
),
passed AS (
    UPDATE pathways_alert SET closed_at = %s FROM due
    WHERE due.kind = 'late' AND step_id = due.id AND pathways_alert.kind = 'warning' AND closed_at IS NULL
)
UPDATE pathways_step SET next_alert_at = CASE due.kind WHEN 'warning' THEN due.due_at END
FROM due WHERE pathways_step.id = due.id
"""


@transaction.atomic
def _scan_batch(now: datetime) -> int:
    kind = Case(When(late(now), then=Value(LATE)), When(soon(now), then=Value(WARNING)), default=Value("none"))
    due = (
        Step.objects.to_alert(now)
        .select_for_update(skip_locked=True, of=("self",))
        .annotate(alert_kind=kind)
        .values_list("id", "pathway_id", "warn_at", "due_at", "alert_kind")[:BATCH]
    )
    sql, params = due.query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(_RAISE.format(due=sql), [*params, now, now])
        return int(cursor.rowcount)


@transaction.atomic
def acknowledge_alert(*, alert: Alert, user: User, reason: str) -> Alert:
    """Says who has seen an alert and why it waits; it stays open until the evidence comes. Raises DomainError."""
    if not reason.strip():
        raise DomainError("Indiquez pourquoi cette alerte peut attendre.", field="reason")
    locked = Alert.objects.select_for_update(of=("self",)).get(pk=alert.pk)
    if locked.closed_at:
        raise DomainError("Cette alerte est déjà close.")
    locked.acknowledged_at, locked.acknowledged_by, locked.acknowledge_reason = timezone.now(), user, reason.strip()
    locked.save(update_fields=["acknowledged_at", "acknowledged_by", "acknowledge_reason"])
    return locked


def repair_continuity(*, now: datetime) -> int:
    """Safety net of the scan: active pathways without next step or owner that somehow have no alert for it."""
    raised = 0
    for kind, missing in (
        (AlertKind.NO_NEXT_STEP, {"next_step__isnull": True}),
        (AlertKind.NO_OWNER, {"owner__isnull": True}),
    ):
        known = Alert.objects.open().filter(pathway=OuterRef("pk"), kind=kind)
        for pathway in Pathway.objects.active().filter(~Exists(known), **missing)[:BATCH]:
            with transaction.atomic():
                _settle_continuity(pathway, kind, True, [], now)
            raised += 1
    return raised
