"""Reads of the desk's papers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Q

from pathways.querysets import READS_TEAM

if TYPE_CHECKING:
    from coordination.models import DeskPaper  # noqa: F401 (named in the base below)
    from directory.models import User


class DeskPaperQuerySet(models.QuerySet["DeskPaper"]):
    def visible_to(self, user: User) -> Self:
        """The user's own lists, and the minutes of the user's teams."""
        return self.filter(Q(kind="daily", requested_by=user) | Q(kind="minutes", team__in=user.teams_as(*READS_TEAM)))

    def unfinished(self) -> Self:
        return self.filter(status__in=["pending", "running"])
