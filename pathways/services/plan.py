"""The stored plan: computed by the pure rules, written only where it changed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import replace
from datetime import UTC, datetime
from itertools import islice
from typing import NamedTuple

from django.db import transaction
from django.utils import timezone

from directory.errors import DomainError
from directory.joined import joined
from directory.models import User
from pathways.models import Milestone, Pathway, Pause, Step
from pathways.rules.calendar import Calendar
from pathways.rules.clock import days_off
from pathways.rules.durations import Pause as ClockPause
from pathways.rules.levels import Ladder
from pathways.rules.milestones import MilestoneKind
from pathways.rules.plan import Fact, PlannedStep, StepState, plan
from pathways.services.alerts import OpenAlerts, open_alerts_of, settle_alerts, step_next_alert
from pathways.services.calendars import calendars_of
from pathways.services.watches import sync_watches

BATCH = 500
COPIED = (
    "step_key", "occurrence", "label", "order", "phase", "actor", "state", "projected", "paused", "optional",
    "exam_type", "tells_gp", "anchor_at", "due_at", "raw_due_at", "warn_at", "done_at",
)  # fmt: skip
_NEVER = datetime.max.replace(tzinfo=UTC)
WRITTEN = (*COPIED, *Ladder._fields, "next_alert_at")


class Rebuilt(NamedTuple):
    """What one batch did: the pathways it recomputed, and how many rows of steps it had to write."""

    pathways: list[int]
    steps: int


_waiting: ContextVar[set[int] | None] = ContextVar("plans_waiting", default=None)


@contextmanager
def rebuild_once() -> Iterator[None]:
    """Inside, the plan of each pathway touched is recomputed once, at the end, instead of after each fact.

    For a caller that writes several facts of one patient together, in its own transaction: until the end of the
    block, steps and alerts are those of its beginning. An error leaves them so, and is for the transaction to undo.
    """
    if _waiting.get() is not None:
        yield
        return
    token = _waiting.set(set())
    try:
        yield
        touched = _waiting.get() or set()
    finally:
        _waiting.reset(token)
    for pathway_id in sorted(touched):
        refresh_plan(pathway_id=pathway_id)


@joined
def refresh_plan(*, pathway_id: int, held: Pathway | None = None) -> None:
    """As `rebuild_plan`, for a caller that does not need the pathway back. Waits for the end of `rebuild_once`.

    ``held`` is that pathway as `lock_pathway` gave it in this transaction, when the caller has it.
    """
    waiting = _waiting.get()
    if waiting is not None:
        waiting.add(pathway_id)
        return
    _rebuild([pathway_id], held=held)


@transaction.atomic
def rebuild_plan(*, pathway: Pathway, continuity: bool = True) -> Pathway:
    """Recomputes one pathway's steps, next step and alerts; returns the pathway as stored."""
    _rebuild([pathway.pk], continuity=continuity)
    return Pathway.objects.select_related("patient", "version__target", "team__establishment", "next_step").get(
        pk=pathway.pk
    )


def rebuild_plans(*, pathway_ids: Iterable[int]) -> int:
    """Recomputes many pathways in batches, each its own transaction; memory stays flat. Returns how many."""
    total = 0
    for batch in _batches(pathway_ids, BATCH):
        total += len(rebuild_batch(pathway_ids=batch).pathways)
    return total


@transaction.atomic
def rebuild_batch(*, pathway_ids: Sequence[int], skip_busy: bool = False) -> Rebuilt:
    """Recomputes some pathways in one transaction; with ``skip_busy``, leaves out those somebody is writing on."""
    return _rebuild(pathway_ids, skip_busy=skip_busy)


@transaction.atomic
def skip_step(*, step: Step, reason: str, author: User | None) -> Step:
    """Sets a step aside for this patient, with a reason; the target frames, it does not constrain (PTH-02)."""
    if not reason.strip():
        raise DomainError("Indiquez pourquoi cette étape est écartée.", field="reason")
    Pathway.objects.select_for_update(of=("self",), no_key=True).get(pk=step.pathway_id)
    fresh = Step.objects.get(pk=step.pk)
    if fresh.state == StepState.DONE:
        raise DomainError("Cette étape est déjà faite : corrigez ou retirez son jalon.")
    Step.objects.filter(pk=step.pk).update(skip_reason=reason.strip())
    refresh_plan(pathway_id=step.pathway_id)
    return Step.objects.get(pk=step.pk)


@transaction.atomic
def restore_step(*, step: Step, author: User | None) -> Step:
    """Puts a skipped step back in the plan."""
    Pathway.objects.select_for_update(of=("self",), no_key=True).get(pk=step.pathway_id)
    Step.objects.filter(pk=step.pk, state=StepState.SKIPPED).update(skip_reason="", state=StepState.WAITING)
    refresh_plan(pathway_id=step.pathway_id)
    return Step.objects.get(pk=step.pk)


@transaction.atomic
def assign_step(*, step: Step, assignee: User | None, author: User | None) -> Step:
    """Names who is in charge of one step; without name it is the pathway's owner."""
    Step.objects.filter(pk=step.pk).update(assignee=assignee)
    return Step.objects.get(pk=step.pk)


def _rebuild(
    pathway_ids: Sequence[int], *, continuity: bool = True, skip_busy: bool = False, held: Pathway | None = None
) -> Rebuilt:
    """Locks, computes and writes one batch: a fixed number of queries whatever its size."""
    now = timezone.now()
    pathways = [_caught_up(held)] if held else _locked(pathway_ids, skip_busy)
    ids = [pathway.pk for pathway in pathways]
    calendars = calendars_of(pathway.team.establishment for pathway in pathways)
    _hold_watched_steps(ids)
    facts, pauses, steps = facts_of(ids), pauses_of(pathways, calendars), _steps(ids)
    alerts = open_alerts_of(ids)
    created: list[Step] = []
    changed: list[Step] = []
    gone: list[int] = []
    current: dict[int, list[Step]] = {}
    for pathway in pathways:
        stored = {step.key: step for step in steps[pathway.pk]}
        skipped = {key: step.skip_reason for key, step in stored.items() if step.skip_reason}
        planned = plan(
            pathway.version.content,
            facts[pathway.pk],
            pauses[pathway.pk],
            calendars[pathway.team.establishment_id],
            skipped,
        )
        if not pathway.is_active:
            planned = [_stopped(step) for step in planned]
        calendar = calendars[pathway.team.establishment_id]
        current[pathway.pk] = _compare(pathway, planned, stored, calendar, alerts, created, changed, gone)
    _write(created, changed, gone)
    _write_next_steps(pathways, current)
    settle_alerts(pathways=pathways, alerts=alerts, steps=current, calendars=calendars, now=now, continuity=continuity)
    sync_watches(pathways=pathways, facts=facts, calendars=calendars, now=now)
    return Rebuilt(ids, len(created) + len(changed) + len(gone))


def _locked(pathway_ids: Sequence[int], skip_busy: bool) -> list[Pathway]:
    ids = Pathway.objects.filter(pk__in=pathway_ids).held(skip_busy=skip_busy)
    return list(
        Pathway.objects.select_related("version__target", "team__establishment")
        .defer("version__definition")  # read once in the life of a process, by its fingerprint
        .filter(pk__in=ids)
        .order_by("pk")
    )


def _caught_up(held: Pathway) -> Pathway:
    """A locked pathway, with what this transaction may have written since by another copy of it."""
    held.refresh_from_db(fields=["status", "next_step", "next_due_at"])
    return held


def _hold_watched_steps(ids: Sequence[int]) -> None:
    """Locks the steps the scan may claim, after their pathway and before their alerts are read.

    The scan skips what is held here; what it holds already is waited for, so that its alerts are seen. It waits for
    nothing itself: the pathway's lock (``no_key``) lets its rows name the pathway.
    """
    watched = Step.objects.filter(pathway__in=ids, next_alert_at__isnull=False).order_by("pk")
    list(watched.select_for_update(of=("self",), no_key=True).values_list("pk", flat=True))


def _stopped(step: PlannedStep) -> PlannedStep:
    """A closed pathway expects nothing any more: what was not done is no longer applicable."""
    if step.state in {StepState.OPEN, StepState.WAITING}:
        return replace(step, state=StepState.NOT_APPLICABLE, due_at=None, raw_due_at=None, warn_at=None)
    return step


def _compare(
    pathway: Pathway,
    planned: Sequence[PlannedStep],
    stored: dict[str, Step],
    calendar: Calendar,
    alerts: OpenAlerts,
    created: list[Step],
    changed: list[Step],
    gone: list[int],
) -> list[Step]:
    """Sorts the steps wanted from those stored; returns the pathway's steps as they will be stored."""
    current: list[Step] = []
    for wanted in planned:
        step = stored.pop(wanted.key, None) or Step(pathway=pathway, key=wanted.key)
        values = {name: getattr(wanted, name) for name in COPIED}
        ladder = _ladder(pathway, wanted, calendar)
        values |= ladder._asdict()
        values["next_alert_at"] = step_next_alert(step, wanted, ladder, alerts)
        if step.pk is None:
            created.append(_filled(step, values))
        elif any(getattr(step, name) != value for name, value in values.items()):
            changed.append(_filled(step, values))
        current.append(step)
    gone.extend(step.pk for step in stored.values())
    return current


def _ladder(pathway: Pathway, step: PlannedStep, calendar: Calendar) -> Ladder:
    """When the delay of a step goes up; only a running one does."""
    if step.state != StepState.OPEN or step.due_at is None or step.optional:
        return Ladder()
    return pathway.version.content.alerts.ladder(step.due_at, calendar)


def _filled(step: Step, values: dict[str, object]) -> Step:
    for name, value in values.items():
        setattr(step, name, value)
    return step


def _write(created: list[Step], changed: list[Step], gone: list[int]) -> None:
    Step.objects.bulk_create(created, batch_size=2000)
    # An upsert on the known ids: `bulk_update` would compile a CASE of every row for each of the columns.
    Step.objects.bulk_create(
        changed, batch_size=2000, update_conflicts=True, unique_fields=["id"], update_fields=[*WRITTEN]
    )
    if gone:
        Step.objects.filter(pk__in=gone).delete()


def _write_next_steps(pathways: Sequence[Pathway], current: Mapping[int, Sequence[Step]]) -> None:
    """Stores each pathway's most urgent open step; a step whose clock is stopped counts as a next step, undated."""
    changed = []
    for pathway in pathways:
        first = _first_open(current[pathway.pk]) if pathway.is_active else None
        wanted = (first.pk, first.due_at) if first else (None, None)
        if (pathway.next_step_id, pathway.next_due_at) != wanted:
            pathway.next_step_id, pathway.next_due_at = wanted
            changed.append(pathway)
    if changed:
        Pathway.objects.bulk_update(changed, ["next_step", "next_due_at"], batch_size=500)


def _first_open(steps: Sequence[Step]) -> Step | None:
    opened = [
        step for step in steps if step.state == StepState.OPEN and not step.optional and (step.due_at or step.paused)
    ]
    return min(opened, key=_urgency, default=None)


def _urgency(step: Step) -> tuple[bool, datetime, int, int]:
    return (step.due_at is None, step.due_at or _NEVER, step.order, step.pk)


def facts_of(ids: Sequence[int]) -> dict[int, list[Fact]]:
    """The facts in force of each pathway; one query."""
    found: dict[int, list[Fact]] = defaultdict(list)
    rows = Milestone.objects.in_force().filter(pathway__in=ids)
    for pathway_id, kind, occurred_at, detail in rows.values_list("pathway_id", "kind", "occurred_at", "detail"):
        found[pathway_id].append(Fact(occurred_at=occurred_at, kind=MilestoneKind(kind), detail=detail))
    return found


def pauses_of(pathways: Sequence[Pathway], calendars: dict[int, Calendar]) -> dict[int, list[ClockPause]]:
    """Pauses as the clock reads them: whole days of the establishment."""
    calendar_by_pathway = {pathway.pk: calendars[pathway.team.establishment_id] for pathway in pathways}
    found: dict[int, list[ClockPause]] = defaultdict(list)
    for pathway_id, starts_on, ends_on in (
        Pause.objects.counted()
        .filter(pathway__in=calendar_by_pathway)
        .values_list("pathway_id", "starts_on", "ends_on")
    ):
        found[pathway_id].append(days_off(starts_on, ends_on, calendar_by_pathway[pathway_id]))
    return found


def _steps(ids: Sequence[int]) -> dict[int, list[Step]]:
    found: dict[int, list[Step]] = defaultdict(list)
    for step in Step.objects.filter(pathway__in=ids).order_by("pk"):
        found[step.pathway_id].append(step)
    return found


def _batches(ids: Iterable[int], size: int) -> Iterator[list[int]]:
    source = iter(ids)
    while batch := list(islice(source, size)):
        yield batch
