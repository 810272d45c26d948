"""Making tasks: by hand, from a fact, a decision or a step, or as the next of those that come back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils import timezone

from coordination.models import Task, TaskItem
from directory.errors import DomainError
from directory.models import Team, User
from pathways.models import Milestone, Pathway
from pathways.rules.milestones import MilestoneKind

MOST_POINTS = 20


@transaction.atomic
def create_task(
    *,
    pathway: Pathway,
    title: str,
    team: Team | None = None,
    owner: User | None = None,
    due_on: date | None = None,
    due_at: datetime | None = None,
    note: str = "",
    closes_on: str = "",
    closes_on_detail: str = "",
    evidence_after: datetime | None = None,
    origin: UUID | None = None,
    about: Milestone | None = None,
    checklist: Sequence[str] = (),
    author: User | None = None,
) -> Task:
    """Makes a task for one patient, in the pool of ``team`` (the pathway's by default) or owned by ``owner``.

    ``due_at`` is due on the day of that instant where the team is, whoever made the task and wherever they are.
    The same ``origin`` twice returns the first task unchanged. With ``closes_on``, a fact counts when it happened after
    ``evidence_after``; by default, after the latest fact of that kind already known. ``about`` is the fact it follows
    from. Raises DomainError for an empty title, an unknown milestone, an owner outside the team, a fact of another
    patient.
    """
    team = team or pathway.team
    points = points_of(checklist)
    refuse_wrong_task(title=title, closes_on=closes_on, owner=owner, team=team)
    if about is not None and about.pathway_id != pathway.pk:
        raise DomainError("Ce jalon est celui d’un autre patient.", field="about")
    values = {
        "pathway": pathway,
        "title": title.strip(),
        "team": team,
        "owner": owner,
        "due_on": due_on or (day_of(team, due_at) if due_at else None),
        "note": note.strip(),
        "closes_on": closes_on,
        "closes_on_detail": closes_on_detail,
        "evidence_after": evidence_after or latest_known(pathway, closes_on, closes_on_detail),
        "about": about,
        "created_by": author,
    }
    if origin is None:
        task, created = Task.objects.create(**values), True
    else:
        task, created = Task.objects.get_or_create(origin=origin, defaults=values)
    if created:
        add_points(task, points)
    return task


def day_of(team: Team, at: datetime) -> date:
    """Which day it is then where the team is."""
    return timezone.localdate(at, ZoneInfo(team.establishment.time_zone))


def refuse_wrong_task(*, title: str, closes_on: str, owner: User | None, team: Team) -> None:
    """What every task must have; raises DomainError."""
    if not title.strip():
        raise DomainError("Dites en quelques mots ce qu’il y a à faire.", field="title")
    if closes_on and closes_on not in set(MilestoneKind):
        raise DomainError("Ce jalon n’existe pas.", field="closes_on")
    if owner is not None and not works_in(owner, team):
        raise DomainError("Cette personne ne fait pas partie de l’équipe.", field="owner")


def points_of(checklist: Sequence[str]) -> list[str]:
    """The points of a checklist as typed: blank lines left out. Raises DomainError when it is too long."""
    points = [each.strip() for each in checklist if each.strip()]
    if len(points) > MOST_POINTS:
        raise DomainError(f"Une liste compte {MOST_POINTS} points au plus.", field="checklist")
    if any(len(each) > 200 for each in points):
        raise DomainError("Un point de la liste tient en 200 caractères.", field="checklist")
    return points


def add_points(task: Task, points: Sequence[str]) -> None:
    if points:
        TaskItem.objects.bulk_create(TaskItem(task=task, rank=rank, label=each) for rank, each in enumerate(points))


def works_in(user: User, team: Team) -> bool:
    return user.is_active and any(membership.team_id == team.pk for membership in user.current_memberships)


def latest_known(pathway: Pathway, kind: str, detail: str = "") -> datetime:
    """The instant of the latest fact that would already have closed the task, else the pathway's opening."""
    facts = Milestone.objects.in_force().filter(pathway=pathway, kind=kind)
    if detail:
        facts = facts.filter(detail=detail)
    known = facts.order_by("-occurred_at").values_list("occurred_at", flat=True).first() if kind else None
    return known or pathway.opened_at
