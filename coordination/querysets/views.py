"""Reads of the saved views of the worklist."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Exists, OuterRef, Q

from directory.models import Role

if TYPE_CHECKING:
    from coordination.models import SavedView  # noqa: F401 (named in the base below)
    from directory.models import User


class SavedViewQuerySet(models.QuerySet["SavedView"]):
    def visible_to(self, user: User) -> Self:
        """The user's own, and those shared with a desk they run."""
        return self.filter(Q(owner=user) | Q(team__in=user.teams_as(Role.COORDINATOR, Role.SECRETARY)))

    def with_default_of(self, user: User) -> Self:
        """Annotates ``is_default``: what ``user`` finds on arriving."""
        from coordination.models import DefaultView

        chosen = DefaultView.objects.filter(user=user, view=OuterRef("pk"))
        return self.annotate(is_default=Exists(chosen)).select_related("owner__professional", "team")
