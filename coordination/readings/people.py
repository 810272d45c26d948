"""Who works at a desk now."""

from __future__ import annotations

from collections.abc import Iterable

from coordination.querysets.worklist import DESK
from directory.models import Membership, User
from pathways.querysets import READS_TEAM


def at_the_desk(teams: Iterable[int]) -> list[User]:
    """The coordinators and secretaries of some teams, by name."""
    return _members(teams, DESK)


def of_the_team(teams: Iterable[int]) -> list[User]:
    """Those who may be given a task there, its physicians included."""
    return _members(teams, READS_TEAM)


def _members(teams: Iterable[int], roles: Iterable[str]) -> list[User]:
    members = Membership.objects.current().filter(team__in=list(teams), role__in=list(roles))
    users = User.objects.filter(pk__in=members.values("user_id"), is_active=True)
    return list(users.select_related("professional").order_by("professional__last_name", "email"))
