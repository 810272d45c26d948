"""Writes on tasks. A task closes by a click or by evidence; what closed by evidence reopens when it is withdrawn."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from coordination.models import Task, TaskStatus
from directory.errors import DomainError
from directory.history import because
from directory.models import Team, User
from pathways.models import Milestone, Pathway
from pathways.rules.milestones import MilestoneKind


@transaction.atomic
def create_task(
    *,
    pathway: Pathway,
    title: str,
    team: Team | None = None,
    owner: User | None = None,
    due_on: date | None = None,
    note: str = "",
    closes_on: str = "",
    closes_on_detail: str = "",
    evidence_after: datetime | None = None,
    origin: UUID | None = None,
    author: User | None = None,
) -> Task:
    """Makes a task for one patient, in the pool of ``team`` (the pathway's by default) or owned by ``owner``.

    The same ``origin`` twice returns the first task unchanged. With ``closes_on``, a fact counts when it happened after
    ``evidence_after``; by default, after the latest fact of that kind already known. Raises DomainError for an empty
    title, an unknown milestone or an owner outside the team.
    """
    if not title.strip():
        raise DomainError("Dites en quelques mots ce qu’il y a à faire.", field="title")
    if closes_on and closes_on not in set(MilestoneKind):
        raise DomainError("Ce jalon n’existe pas.", field="closes_on")
    team = team or pathway.team
    if owner is not None and not _works_in(owner, team):
        raise DomainError("Cette personne ne fait pas partie de l’équipe.", field="owner")
    values = {
        "pathway": pathway,
        "title": title.strip(),
        "team": team,
        "owner": owner,
        "due_on": due_on,
        "note": note.strip(),
        "closes_on": closes_on,
        "closes_on_detail": closes_on_detail,
        "evidence_after": evidence_after or _latest_known(pathway, closes_on, closes_on_detail),
        "created_by": author,
    }
    if origin is None:
        return Task.objects.create(**values)
    return Task.objects.get_or_create(origin=origin, defaults=values)[0]


def _works_in(user: User, team: Team) -> bool:
    return any(membership.team_id == team.pk for membership in user.current_memberships)


def _latest_known(pathway: Pathway, kind: str, detail: str) -> datetime:
    """The instant of the latest fact that would already have closed the task, else the pathway's opening."""
    facts = Milestone.objects.in_force().filter(pathway=pathway, kind=kind)
    if detail:
        facts = facts.filter(detail=detail)
    known = facts.order_by("-occurred_at").values_list("occurred_at", flat=True).first() if kind else None
    return known or pathway.opened_at


@transaction.atomic
def claim_task(*, task: Task, user: User) -> Task:
    """Takes a task of the pool: the first who asks has it. Asking again for one's own changes nothing.

    Raises DomainError when someone else has it, when it is closed, or when ``user`` is not of its team.
    """
    if not _works_in(user, task.team):
        raise DomainError("Cette tâche est celle d’une autre équipe.")
    taken = Task.objects.filter(pk=task.pk, status=TaskStatus.OPEN, owner__isnull=True).update(owner=user)
    fresh = _fresh(task)
    if not taken and fresh.owner_id != user.pk:
        _refuse_closed(fresh)
        raise DomainError(f"{fresh.owner} vient de prendre cette tâche.", code="taken")
    return fresh


@transaction.atomic
def give_back_task(*, task: Task, user: User) -> Task:
    """Puts an open task back in the team's pool. Raises DomainError when it is closed."""
    locked = _locked(task)
    _refuse_closed(locked)
    locked.owner = None
    locked.save(update_fields=["owner"])
    return locked


@transaction.atomic
def complete_task(*, task: Task, user: User | None, outcome: str = "") -> Task:
    """Says that a task is done, with its outcome in a few words. Raises DomainError when it is already closed."""
    return _close(_locked(task), TaskStatus.DONE, user, outcome)


@transaction.atomic
def cancel_task(*, task: Task, user: User | None, reason: str) -> Task:
    """Sets a task aside. Raises DomainError without a reason or when it is already closed."""
    if not reason.strip():
        raise DomainError("Indiquez pourquoi cette tâche est annulée.", field="reason")
    return _close(_locked(task), TaskStatus.CANCELLED, user, reason)


def _close(task: Task, status: str, user: User | None, outcome: str) -> Task:
    _refuse_closed(task)
    task.status, task.closed_at, task.closed_by, task.outcome = status, timezone.now(), user, outcome.strip()[:200]
    task.save(update_fields=["status", "closed_at", "closed_by", "outcome"])
    return task


@transaction.atomic
def close_by_evidence(*, milestone: Milestone) -> int:
    """Closes the open tasks that ``milestone`` proves done; returns how many.

    A correction closes nothing new: it only takes the place of the fact it corrects (`reopen_without_evidence`).
    """
    if milestone.supersedes_id is not None:
        return 0
    proved = Task.objects.open().filter(pathway=milestone.pathway_id, evidence_after__lt=milestone.occurred_at)
    return proved.proved_by(milestone.kind, milestone.detail).update(
        status=TaskStatus.DONE, closed_at=timezone.now(), closed_by=milestone.recorded_by, evidence=milestone
    )


@transaction.atomic
def reopen_without_evidence(*, milestone: Milestone) -> int:
    """``milestone`` is no longer in force: tasks it closed lean on its correction, on another fact, or open again.

    Returns how many opened again.
    """
    reopened = 0
    for task in Task.objects.select_for_update(of=("self",)).filter(evidence=milestone):
        other = _other_evidence(task)
        if other is not None:
            task.evidence = other
            task.save(update_fields=["evidence"])
            continue
        task.status, task.closed_at, task.closed_by, task.evidence = TaskStatus.OPEN, None, None, None
        with because(f"Jalon retiré : {milestone.get_kind_display()}"):
            task.save(update_fields=["status", "closed_at", "closed_by", "evidence"])
        reopened += 1
    return reopened


def _other_evidence(task: Task) -> Milestone | None:
    facts = Milestone.objects.in_force().filter(
        pathway=task.pathway_id, kind=task.closes_on, occurred_at__gt=task.evidence_after
    )
    if task.closes_on_detail:
        facts = facts.filter(detail=task.closes_on_detail)
    return facts.order_by("occurred_at", "id").first()


def _locked(task: Task) -> Task:
    return Task.objects.select_for_update(of=("self",)).get(pk=task.pk)


def _fresh(task: Task) -> Task:
    return Task.objects.with_list_data().get(pk=task.pk)


def _refuse_closed(task: Task) -> None:
    if task.status != TaskStatus.OPEN:
        raise DomainError(f"Cette tâche est déjà close ({task.get_status_display().lower()}).", code="closed")
