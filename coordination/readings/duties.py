"""The morning split as the desk shows it, read along with its figures."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.contrib.postgres.aggregates import ArrayAgg, JSONBAgg
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import JSONObject

from coordination.models import Cover, DutyDay, DutyHolder, DutyPattern, Post
from coordination.querysets.worklist import DESK
from coordination.readings.covers_told import name_of
from coordination.rules.duties import Held, Split, split
from directory.counting import Figure, count_up_to, read, summed
from directory.models import Membership, Team, User

ICONS = {Post.MAIL: "mail", Post.PHONE: "phone", Post.CONSULTATIONS: "stethoscope"}


@dataclass(frozen=True)
class DeskSplit:
    """The day of one desk, with the posts in the order they are shown."""

    team: Team
    split: Split
    by_hand: bool

    def told(self, user: User) -> dict[str, Any]:
        """For the desk of ``user``."""
        posts = self.posts(user)
        mine = [each["label"] for each in posts if each["mine"]]
        return {"team": self.team.uuid, "name": self.team.name, "posts": posts, "mine": mine}

    def posts(self, user: User) -> list[dict[str, Any]]:
        return [
            {
                "post": post.value,
                "label": post.label,
                "icon": ICONS[post],
                "people": [each.name for each in self.split.posts[post] if each.user != user.pk],
                "mine": any(each.user == user.pk for each in self.split.posts[post]),
                "empty": post in self.split.unassigned,
            }
            for post in Post
        ]


def are_used(user: User, day: date) -> dict[str, Figure]:
    """Whether the desks of ``user`` share out the morning of ``day`` at all: most do not, and need not read who does
    what."""
    teams = user.teams_as(*DESK)
    patterns = DutyPattern.objects.filter(team__in=teams, weekday=day.weekday())
    days = DutyDay.objects.filter(team__in=teams, day=day)
    return {"duties_usual": count_up_to(patterns, 1), "duties_said": count_up_to(days, 1)}


def expressions(user: User, day: date) -> dict[str, Figure]:
    """What to read for the splits of the user's desks, for `directory.counting.read`."""
    teams = user.teams_as(*DESK)
    usual = DutyPattern.objects.filter(team__in=teams, weekday=day.weekday())
    said = DutyHolder.objects.filter(duty_day__team__in=teams, duty_day__day=day).annotate(team_id=F("duty_day__team"))
    return {
        "duty_usual": _agg(usual, day, "team_id"),
        "duty_said": _agg(said, day, "team_id"),
        "duty_days": summed(DutyDay.objects.filter(team__in=teams, day=day), ArrayAgg("team_id")),
    }


def _agg(rows: QuerySet[Any], day: date, team: str) -> Figure:
    members = Membership.objects.filter(
        Q(starts_on__isnull=True) | Q(starts_on__lte=day), Q(ends_on__isnull=True) | Q(ends_on__gte=day),
        user=OuterRef("user"), team=OuterRef(team), role__in=DESK,
    )  # fmt: skip
    there = Exists(members) & ~Exists(Cover.objects.on(day).filter(absent=OuterRef("user")))
    row = JSONObject(team=team, post="post", user="user_id", name=name_of("user"), there="there")
    return summed(rows.annotate(there=there), JSONBAgg(row, order_by=["user_id"]))


def splits(user: User, found: Mapping[str, Any]) -> list[DeskSplit]:
    """The splits of the user's desks, from what was read."""
    desks = {each.team_id: each.team for each in user.current_memberships if each.role in DESK}
    by_hand = set(found["duty_days"] or ())
    usual, said = _held(found["duty_usual"]), _held(found["duty_said"])
    return [
        DeskSplit(team, split(usual[pk], said[pk] if pk in by_hand else None), pk in by_hand)
        for pk, team in sorted(desks.items(), key=lambda each: each[1].name)
    ]


def split_of(user: User, team: Team, day: date) -> DeskSplit:
    """The split of one of the user's desks on ``day``."""
    found = read(expressions(user, day))
    return next(each for each in splits(user, found) if each.team == team)


def _held(rows: Iterable[Mapping[str, Any]] | None) -> dict[int, list[Held]]:
    held: dict[int, list[Held]] = defaultdict(list)
    for row in rows or ():
        held[row["team"]].append(Held(row["post"], row["user"], row["name"], row["there"]))
    return held
