"""Writes on the weekly review of a team: one list, one patient at a time, actions that are tasks, then minutes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from coordination.models import (
    ReviewAction,
    ReviewAttendance,
    ReviewItem,
    ReviewMeeting,
    ReviewOutcome,
    Task,
)
from coordination.querysets import worklist as reads
from coordination.querysets.worklist import Scope
from coordination.services.new_tasks import create_task
from coordination.services.papers import request_minutes
from directory.errors import DomainError
from directory.history import because
from directory.models import Team, User
from directory.resent import key_of

MOST_PATIENTS = 150


@transaction.atomic
def start_review(*, user: User, team: Team, listed: str, scope: Scope, summary: str) -> ReviewMeeting:
    """Begins a review of a worklist of ``team``, in its order; the review under way when there is one.

    Raises DomainError for a list without anyone.
    """
    Team.objects.select_for_update(of=("self",), no_key=True).get(pk=team.pk)
    known = ReviewMeeting.objects.open().filter(team=team).first()
    if known:
        _join(known, user)
        return known
    now = timezone.now()
    today = timezone.localdate(now)
    found = reads.chosen(reads.at_desk(user, scope).filter(team=team), listed, now, today)
    ids = list(reads.by_priority(found, now, today).values_list("pk", flat=True)[:MOST_PATIENTS])
    if not ids:
        raise DomainError("Cette liste est vide : il n’y a personne à passer en revue.")
    meeting = ReviewMeeting.objects.create(
        team=team,
        listed=listed,
        mine=scope.mine,
        target=scope.target,
        summary=summary[:160],
        started_at=now,
        started_by=user,
    )
    ReviewItem.objects.bulk_create(
        ReviewItem(meeting=meeting, pathway_id=pk, position=place) for place, pk in enumerate(ids, start=1)
    )
    _join(meeting, user)
    return meeting


def _join(meeting: ReviewMeeting, user: User) -> None:
    ReviewAttendance.objects.get_or_create(meeting=meeting, user=user)


@transaction.atomic
def look_at(*, meeting: ReviewMeeting, position: int) -> ReviewMeeting:
    """Moves the review to one of its patients, for everyone who follows; the nearest one when there is none there."""
    locked = _open(meeting)
    locked.position = min(max(position, 1), locked.items.count())
    locked.save(update_fields=["position"])
    return locked


@transaction.atomic
def note_nothing(*, item: ReviewItem, user: User) -> ReviewItem:
    """Seen, nothing to do. Raises DomainError when an action was decided, or when the review is closed."""
    _open(item.meeting)
    locked = ReviewItem.objects.select_for_update(of=("self",)).get(pk=item.pk)
    if locked.outcome == ReviewOutcome.ACTION:
        raise DomainError("Une action a déjà été décidée pour ce patient.")
    return _seen(locked, ReviewOutcome.NOTHING, user)


@transaction.atomic
def decide_action(
    *, item: ReviewItem, user: User, title: str, owner: User | None, due_on: date | None, key: UUID
) -> Task:
    """Decides an action about a patient: a task of the team, with its owner and its day.

    The same ``key`` (`directory.resent`) twice makes it once. Raises DomainError as `create_task`, without a day, for a
    day gone, or when the review is closed.
    """
    _open(item.meeting)
    if due_on is None:
        raise DomainError("Indiquez pour quel jour.", field="due_on")
    if due_on < timezone.localdate():
        raise DomainError("Ce jour est déjà passé.", field="due_on")
    locked = ReviewItem.objects.select_for_update(of=("self",)).select_related("pathway__team").get(pk=item.pk)
    task = create_task(
        pathway=locked.pathway, title=title, owner=owner, due_on=due_on, author=user, team=item.meeting.team,
        origin=key_of(key, locked.pk, title.strip(), owner.pk if owner else None, due_on),
    )  # fmt: skip
    ReviewAction.objects.get_or_create(task=task, defaults={"item": locked})
    _seen(locked, ReviewOutcome.ACTION, user)
    return task


def _seen(item: ReviewItem, outcome: str, user: User) -> ReviewItem:
    item.outcome, item.seen_at, item.seen_by = outcome, timezone.now(), user
    item.save(update_fields=["outcome", "seen_at", "seen_by"])
    return item


@transaction.atomic
def note_attendance(*, meeting: ReviewMeeting, present: Sequence[User], others: str) -> ReviewMeeting:
    """Says who is there: people of the team, and anyone else by name."""
    locked = _open(meeting)
    ReviewAttendance.objects.filter(meeting=locked).exclude(user__in=present).delete()
    for person in present:
        _join(locked, person)
    locked.others = others.strip()[:300]
    locked.save(update_fields=["others"])
    return locked


@transaction.atomic
def close_review(*, meeting: ReviewMeeting, user: User) -> ReviewMeeting:
    """Ends a review and asks for its minutes. Raises DomainError when it is already closed."""
    locked = _open(meeting)
    locked.closed_at, locked.closed_by = timezone.now(), user
    locked.save(update_fields=["closed_at", "closed_by"])
    request_minutes(meeting=locked, user=user)
    return locked


@transaction.atomic
def reopen_review(*, meeting: ReviewMeeting, user: User, reason: str) -> ReviewMeeting:
    """Takes a closed review up again, for a reason; closing it again makes the next version of its minutes."""
    if not reason.strip():
        raise DomainError("Indiquez pourquoi la revue est reprise.", field="reason")
    Team.objects.select_for_update(of=("self",), no_key=True).get(pk=meeting.team_id)
    locked = ReviewMeeting.objects.select_for_update(of=("self",)).get(pk=meeting.pk)
    if locked.is_open:
        return locked
    if ReviewMeeting.objects.open().filter(team=locked.team_id).exists():
        raise DomainError("Une autre revue de cette équipe est en cours : terminez-la d’abord.")
    locked.closed_at = locked.closed_by = None
    with because(reason.strip()[:200]):
        locked.save(update_fields=["closed_at", "closed_by"])
    return locked


def _open(meeting: ReviewMeeting) -> ReviewMeeting:
    """The review, locked. Raises DomainError when it is closed."""
    locked = ReviewMeeting.objects.select_for_update(of=("self",)).select_related("team").get(pk=meeting.pk)
    if not locked.is_open:
        raise DomainError("Cette revue est close.", code="closed")
    return locked
