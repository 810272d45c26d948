"""What a decision asks for: followed until a fact proves it, or set aside with a reason (RCP-10)."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils import timezone

from coordination import services as coordination
from coordination.models import Task, TaskStatus
from directory.errors import DomainError
from directory.history import because
from directory.models import Team, User
from directory.typography import long_day
from pathways import services as pathways
from pathways.models import Milestone
from pathways.rules.milestones import MilestoneKind
from rcp.models import ActionStatus, Decision, FollowUpAction, RcpSession
from rcp.readings import session_day
from rcp.rules.cases import LATER_MEETING, evidence_after, proves

FARTHEST = timedelta(days=5 * 366)
"""An action due later is a year mistyped: it would never be late."""


@dataclass(frozen=True)
class NewAction:
    """One follow-up action as typed. ``kind`` is the milestone that will prove it, "" when a person says so."""

    label: str
    due_on: date
    team: Team | None = None
    kind: str = ""
    detail: str = ""


def add_actions(
    *, decision: Decision, actions: Sequence[NewAction], author: User, since: datetime | None = None
) -> list[FollowUpAction]:
    """Writes the actions of a decision, each with a task of its team (the pathway's by default).

    A fact already known that carries one out executes it at once; ``since`` leaves out what happened before it.
    """
    return [_add(decision, action, author, since) for action in actions]


@transaction.atomic
def execute_action(*, action: FollowUpAction, author: User, on: date) -> FollowUpAction:
    """Says that an action was done on that day.

    One that a milestone proves records that milestone, so that the delays and the file know it too. Raises
    DomainError when it is no longer open, the day is to come, or only a meeting can prove it.
    """
    locked = _lock(action)
    if on > timezone.localdate():
        raise DomainError("Cette date est dans le futur.", field="on")
    if not locked.executed_by_kind:
        return _close(locked, ActionStatus.EXECUTED, author=author, outcome=f"Fait le {long_day(on)}")
    if locked.executed_by_kind in LATER_MEETING:
        raise DomainError("C’est la prochaine RCP qui le dira : inscrivez le dossier à une séance.")
    if on < session_day(locked.decision.case.session):
        raise DomainError("Cette date précède la RCP qui l’a demandé.", field="on")
    pathways.record_milestone(
        pathway=locked.decision.case.pathway,
        kind=MilestoneKind(locked.executed_by_kind),
        detail=locked.executed_by_detail,
        occurred_at=_instant(locked, on),
        author=author,
    )
    return FollowUpAction.objects.get(pk=locked.pk)


@transaction.atomic
def deviate_action(*, action: FollowUpAction, reason: str, author: User | None) -> FollowUpAction:
    """Says that an action will not be done, and why; its task is cancelled. Raises DomainError without a reason."""
    if not reason.strip():
        raise DomainError("Indiquez pourquoi la décision n’est pas suivie.", field="reason")
    locked = _lock(action)
    return _close(locked, ActionStatus.DEVIATED, author=author, reason=reason.strip()[:300])


@transaction.atomic
def reopen_action(*, action: FollowUpAction, author: User | None) -> FollowUpAction:
    """Takes back a deviation or an execution said by mistake; one that a milestone proves follows its milestone."""
    locked = FollowUpAction.objects.select_for_update(of=("self",), no_key=True).get(pk=action.pk)
    if locked.status == ActionStatus.OPEN:
        return locked
    if locked.milestone_id:
        raise DomainError("Un jalon prouve cette suite : corrigez ou retirez ce jalon dans le parcours.")
    _open(locked)
    locked.task = _new_task(locked, uuid.uuid4(), author)
    locked.save(update_fields=["task"])
    return locked


def note_evidence(*, milestone: Milestone) -> int:
    """A fact was recorded: the open actions it proves are executed; returns how many."""
    waiting = FollowUpAction.objects.open().filter(
        decision__case__pathway=milestone.pathway_id, executed_by_kind=milestone.kind
    )
    if not waiting.exists():  # most facts prove none: spare them the wide query
        return 0
    found = waiting.select_for_update(of=("self",), no_key=True)
    proved = [action for action in found.select_related(*_CONTEXT) if _proved_by(action, milestone)]
    for action in proved:
        _close(action, ActionStatus.EXECUTED, author=milestone.recorded_by, milestone=milestone)
    return len(proved)


def forget_evidence(*, milestone: Milestone) -> int:
    """A fact no longer stands: the actions it proved are open again, unless another fact proves them."""
    proved = FollowUpAction.objects.select_for_update(of=("self",), no_key=True).filter(milestone=milestone)
    actions = list(proved.select_related(*_CONTEXT))
    others = Milestone.objects.in_force().filter(pathway=milestone.pathway_id, kind=milestone.kind)
    for action in actions:
        _open(action)
        other = next((each for each in others if _proved_by(action, each)), None)
        if other:
            _close(action, ActionStatus.EXECUTED, author=other.recorded_by, milestone=other)
    return len(actions)


_CONTEXT = ("decision__case__session__series__team__establishment", "task")


def _add(decision: Decision, action: NewAction, author: User, since: datetime | None) -> FollowUpAction:
    session = decision.case.session
    if not action.label.strip():
        raise DomainError("Une suite à donner porte un libellé.", field="actions")
    if action.due_on < session_day(session):
        raise DomainError(f"« {action.label} » : la date précède la séance.", field="actions")
    if action.due_on - session_day(session) > FARTHEST:
        raise DomainError(f"« {action.label} » : vérifiez l’année, la date est à plus de cinq ans.", field="actions")
    if action.kind and action.kind not in set(MilestoneKind):
        raise DomainError("Ce jalon n’existe pas.", field="actions")
    row = FollowUpAction(
        decision=decision,
        label=action.label.strip()[:200],
        due_on=action.due_on,
        executed_by_kind=action.kind,
        executed_by_detail=action.detail,
        evidence_after=since or _evidence_after(session, action.kind),
    )
    row.task = _new_task(row, row.uuid, author, action.team)
    row.save(force_insert=True)
    known = Milestone.objects.in_force().filter(pathway=decision.case.pathway, kind=row.executed_by_kind)
    done = next((fact for fact in known if _proved_by(row, fact)), None)
    return _close(row, ActionStatus.EXECUTED, author=author, milestone=done) if done else row


def _new_task(action: FollowUpAction, origin: uuid.UUID, author: User | None, team: Team | None = None) -> Task:
    case = action.decision.case
    return coordination.create_task(
        pathway=case.pathway,
        title=action.label,
        team=team or (action.task.team if action.task else case.pathway.team),
        due_on=action.due_on,
        note=f"Suite de la RCP « {case.session.series} » du {long_day(case.session.starts_at)}",
        closes_on=action.executed_by_kind,
        closes_on_detail=action.executed_by_detail,
        evidence_after=action.evidence_after,
        origin=origin,
        author=author,
    )


def _evidence_after(session: RcpSession, kind: str) -> datetime:
    zone = ZoneInfo(session.series.team.establishment.time_zone)
    day = session_day(session)
    starts, ends = (datetime.combine(day, edge, zone) for edge in (time.min, time.max))
    return evidence_after(kind, session.starts_at, starts, ends)


def _lock(action: FollowUpAction) -> FollowUpAction:
    rows = FollowUpAction.objects.select_for_update(of=("self",), no_key=True)
    locked = rows.select_related(*_CONTEXT, "decision__case__pathway__team").get(pk=action.pk)
    if locked.status != ActionStatus.OPEN:
        raise DomainError(f"Cette suite est déjà notée « {locked.get_status_display().lower()} ».", code="wrong_status")
    return locked


def _close(
    action: FollowUpAction,
    status: str,
    *,
    author: User | None,
    milestone: Milestone | None = None,
    reason: str = "",
    outcome: str = "Fait",
) -> FollowUpAction:
    action.status, action.closed_at, action.closed_by = status, timezone.now(), author
    action.milestone, action.deviation_reason = milestone, reason
    with because(reason) if reason else transaction.atomic():
        action.save(update_fields=["status", "closed_at", "closed_by", "milestone", "deviation_reason"])
    _settle_task(action, author, outcome)
    return action


def _open(action: FollowUpAction) -> FollowUpAction:
    action.status, action.closed_at, action.closed_by = ActionStatus.OPEN, None, None
    action.milestone, action.deviation_reason = None, ""
    action.save(update_fields=["status", "closed_at", "closed_by", "milestone", "deviation_reason"])
    return action


def _settle_task(action: FollowUpAction, author: User | None, outcome: str) -> None:
    """The desk's task follows its action. What a milestone proves, the desk has already closed by itself."""
    task = Task.objects.filter(follow_up_action=action, status=TaskStatus.OPEN).first()
    if task is None:
        return
    if action.status == ActionStatus.DEVIATED:
        coordination.cancel_task(task=task, user=author, reason=action.deviation_reason)
    elif author is not None:
        coordination.complete_task(task=task, user=author, outcome=outcome)


def follow_task(*, task: Task) -> None:
    """The desk closed a task that a decision asked for: its action is executed, or set aside for the same reason."""
    rows = FollowUpAction.objects.select_for_update(of=("self",), no_key=True)
    action = rows.select_related(*_CONTEXT).filter(task=task, status=ActionStatus.OPEN).first()
    if action is None or task.status == TaskStatus.OPEN:
        return
    if task.status == TaskStatus.DONE:
        _close(action, ActionStatus.EXECUTED, author=task.closed_by, milestone=task.evidence)
    else:
        _close(action, ActionStatus.DEVIATED, author=task.closed_by, reason=task.outcome or "Tâche annulée")


def _proved_by(action: FollowUpAction, milestone: Milestone) -> bool:
    return proves(
        wanted=action.executed_by_kind,
        wanted_detail=action.executed_by_detail,
        after=action.evidence_after,
        kind=milestone.kind,
        detail=milestone.detail,
        occurred_at=milestone.occurred_at,
    )


def _instant(action: FollowUpAction, on: date) -> datetime:
    """Now when it was done today, else noon of that day where the meeting is held."""
    now = timezone.now()
    zone = ZoneInfo(action.decision.case.session.series.team.establishment.time_zone)
    return now if on == now.astimezone(zone).date() else datetime.combine(on, time(12), zone)
