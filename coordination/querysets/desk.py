"""Reads of contacts and notices."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Min, Q

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
        return self.filter(status="accepted", message__isnull=True)

    def proposed(self) -> Self:
        """Those that someone of the desk must read before they leave."""
        return self.filter(status="proposed")

    def undelivered(self) -> Self:
        """Those that the mail servers refused until Jalon gave up."""
        return self.filter(status="accepted", message__given_up_at__isnull=False)

    def to_note(self) -> Self:
        """Letters of a target pathway that have left, and whose leaving the pathway does not know yet."""
        return (
            self.filter(noted_at__isnull=True, message__sent_at__isnull=False)
            .exclude(template="")
            .select_related("message", "pathway__version", "decided_by")
            .order_by("id")
        )

    def with_list_data(self) -> Self:
        return self.select_related("message", "milestone", "decided_by__professional")

    def with_letter_data(self) -> Self:
        """With what its page shows."""
        return self.with_list_data().select_related(
            "pathway__patient__gp", "pathway__version__target", "pathway__team__establishment",
            "pathway__owner__professional",
        )  # fmt: skip

    def with_first_reading(self) -> Self:
        """Adds ``read_at``, when its link was first opened by someone who knew the birth date."""
        return self.annotate(read_at=Min("readings__at", filter=Q(readings__outcome="shown")))
