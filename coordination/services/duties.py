"""Writes on the morning split: the usual week, one day otherwise, a post taken or left in one gesture."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

from django.db import transaction
from django.utils import timezone

from coordination.models import DutyDay, DutyHolder, DutyPattern, Post
from coordination.querysets.worklist import DESK
from directory.errors import DomainError
from directory.models import Membership, Team, User


@transaction.atomic
def set_usual_week(*, team: Team, week: Mapping[tuple[int, str], Iterable[User]], author: User) -> None:
    """Makes ``week`` (people by weekday and post) the usual week of ``team``; the same again changes nothing.

    Raises DomainError for two posts of one person on the same day, or somebody of another desk.
    """
    _insist(team, author)
    wanted = {(weekday, _post(post), user.pk) for (weekday, post), people in week.items() for user in people}
    if len({(weekday, user) for weekday, _, user in wanted}) < len(wanted):
        raise DomainError("Une personne tient un poste par jour dans la semaine habituelle.")
    _refuse_strangers(team, {user for _, _, user in wanted})
    Team.objects.select_for_update(of=("self",), no_key=True).get(pk=team.pk)
    for row in DutyPattern.objects.filter(team=team):
        known = (row.weekday, row.post, row.user_id)
        if known in wanted:
            wanted.remove(known)
        else:
            row.delete()
    DutyPattern.objects.bulk_create(
        DutyPattern(team=team, weekday=weekday, post=post, user_id=user) for weekday, post, user in sorted(wanted)
    )


@transaction.atomic
def set_day(*, team: Team, day: date, posts: Mapping[str, Iterable[User]], author: User) -> DutyDay:
    """Splits one day by hand: ``posts`` alone count that day. Raises DomainError for a day gone by."""
    split = _day_of(team, day, author)
    wanted = {(_post(post), user.pk) for post, people in posts.items() for user in people}
    _refuse_strangers(team, {user for _, user in wanted})
    for row in split.holders.all():
        if (row.post, row.user_id) in wanted:
            wanted.remove((row.post, row.user_id))
        else:
            row.delete()
    DutyHolder.objects.bulk_create(DutyHolder(duty_day=split, post=post, user_id=user) for post, user in sorted(wanted))
    return split


@transaction.atomic
def take_post(*, team: Team, day: date, post: str, user: User) -> None:
    """``user`` takes a post for the day, beside whoever holds it; taken already, nothing changes."""
    split = _day_of(team, day, user)
    DutyHolder.objects.get_or_create(duty_day=split, post=_post(post), user=user)


@transaction.atomic
def leave_post(*, team: Team, day: date, post: str, user: User) -> None:
    """``user`` holds the post no more that day."""
    split = _day_of(team, day, user)
    for row in split.holders.filter(post=_post(post), user=user):
        row.delete()


def _day_of(team: Team, day: date, author: User) -> DutyDay:
    """The day's own split, begun from the usual week, under lock."""
    _insist(team, author)
    if day < timezone.localdate():
        raise DomainError("Ce jour est déjà passé.")
    split, created = DutyDay.objects.get_or_create(team=team, day=day, defaults={"set_by": author})
    if created:
        usual = DutyPattern.objects.filter(team=team, weekday=day.weekday())
        DutyHolder.objects.bulk_create(
            DutyHolder(duty_day=split, post=each.post, user_id=each.user_id) for each in usual
        )
    return DutyDay.objects.select_for_update(of=("self",)).get(pk=split.pk)


def _insist(team: Team, author: User) -> None:
    if team.pk not in author.teams_as(*DESK):
        raise DomainError("Vous ne travaillez pas à la coordination de cette équipe.")


def _post(post: str) -> str:
    if post not in Post.values:
        raise DomainError("Ce poste n’existe pas.", field="post")
    return post


def _refuse_strangers(team: Team, users: set[int]) -> None:
    members = Membership.objects.current().filter(team=team, role__in=DESK, user__in=users)
    if users - set(members.values_list("user_id", flat=True)):
        raise DomainError("Seules les personnes de la coordination tiennent un poste.")
