"""Reads of contacts and notices."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.db import models

from pathways.querysets import visible_pathways

if TYPE_CHECKING:
    from coordination.models import Contact, Notice  # noqa: F401 (named in the bases below)
    from directory.models import User


class ContactQuerySet(models.QuerySet["Contact"]):
    def visible_to(self, user: User) -> Self:
        return self.filter(visible_pathways(user, "pathway__"))

    def with_list_data(self) -> Self:
        return self.select_related("author__professional", "withdrawal__by__professional")

    def standing(self) -> Self:
        """Those that nobody withdrew."""
        return self.filter(withdrawal__isnull=True)


class NoticeQuerySet(models.QuerySet["Notice"]):
    def visible_to(self, user: User) -> Self:
        return self.filter(visible_pathways(user, "pathway__"))

    def unsent(self) -> Self:
        """Those that could not leave because the GP had no address."""
        return self.filter(message__isnull=True)

    def with_list_data(self) -> Self:
        return self.select_related("message", "milestone")
