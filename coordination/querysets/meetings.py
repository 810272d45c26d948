"""Reads of the reviews of a team."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Count, Q

from pathways.querysets import READS_TEAM

if TYPE_CHECKING:
    from coordination.models import ReviewItem, ReviewMeeting  # noqa: F401 (named in the bases below)
    from directory.models import User


class ReviewMeetingQuerySet(models.QuerySet["ReviewMeeting"]):
    def visible_to(self, user: User) -> Self:
        """Those of the user's teams."""
        return self.filter(team__in=user.teams_as(*READS_TEAM))

    def open(self) -> Self:
        return self.filter(closed_at__isnull=True)

    def with_counts(self) -> Self:
        """Adds ``total``, ``seen`` and ``with_action``, the patients of each."""
        return self.select_related("team__establishment", "started_by__professional").annotate(
            total=Count("items"),
            seen=Count("items", filter=~Q(items__outcome="waiting")),
            with_action=Count("items", filter=Q(items__outcome="action")),
        )


class ReviewItemQuerySet(models.QuerySet["ReviewItem"]):
    def with_minutes_data(self) -> Self:
        """With what the minutes say of each."""
        return (
            self.select_related("pathway__patient", "pathway__version__target", "seen_by__professional")
            .defer("pathway__version__definition")
            .prefetch_related("actions__task__owner__professional")
        )
