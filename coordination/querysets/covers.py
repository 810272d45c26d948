"""Reads of the absences of the desk."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Count, Q

from directory.models import Membership, Role

if TYPE_CHECKING:
    from coordination.models import Cover  # noqa: F401 (named in the base below)
    from directory.models import User

UNREAD_FOR = timedelta(days=30)
"""How long what happened meanwhile is offered to the person who is back."""


class CoverQuerySet(models.QuerySet["Cover"]):
    def visible_to(self, user: User) -> Self:
        """Their own, those they stand in for, and those of the people of their desks, of the teams they head, and of
        the establishments they administer."""
        teams = {*user.teams_as(Role.COORDINATOR, Role.SECRETARY), *user.headed_teams}
        places = user.establishments_as(Role.ADMINISTRATOR)
        members = Membership.objects.filter(Q(team__in=list(teams)) | Q(team__establishment__in=places)).values("user")
        return self.filter(Q(absent=user) | Q(stand_in=user) | Q(absent__in=members))

    def standing(self) -> Self:
        """Neither cancelled, nor left without anyone to stand in."""
        return self.filter(cancelled_at__isnull=True, interrupted_at__isnull=True)

    def on(self, day: date) -> Self:
        return self.filter(starts_on__lte=day, ends_on__gte=day, cancelled_at__isnull=True)

    def not_over(self, day: date) -> Self:
        """Under way or to come on ``day``."""
        return self.filter(ends_on__gte=day, cancelled_at__isnull=True)

    def overlapping(self, first: date, last: date) -> Self:
        return self.filter(starts_on__lte=last, ends_on__gte=first)

    def to_read(self, user: User, day: date) -> Self:
        """Over, and ``user`` has not read yet what happened meanwhile."""
        ended = self.filter(absent=user, cancelled_at__isnull=True, seen_at__isnull=True)
        return ended.filter(ends_on__lt=day, ends_on__gte=day - UNREAD_FOR)

    def with_list_data(self) -> Self:
        people = ("absent__professional", "stand_in__professional", "created_by__professional")
        return self.select_related(*people).annotate(patients=Count("lines"))
