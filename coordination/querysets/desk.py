"""Reads of tasks, contacts and notices."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Case, F, Min, Q, Value, When

from pathways.querysets import visible_pathways

if TYPE_CHECKING:
    from coordination.models import Contact, Notice, Task  # noqa: F401 (named in the bases below)
    from directory.models import User


class TaskQuerySet(models.QuerySet["Task"]):
    def visible_to(self, user: User) -> Self:
        return self.filter(visible_pathways(user, "pathway__"))

    def open(self) -> Self:
        return self.filter(status="open")

    def closed(self) -> Self:
        return self.exclude(status="open")

    def due(self, day: date) -> Self:
        """Open and to be done on ``day`` or before."""
        return self.open().filter(due_on__lte=day)

    def pool(self) -> Self:
        """Open and owned by nobody yet."""
        return self.open().filter(owner__isnull=True)

    def of_owner(self, user: User) -> Self:
        """Open and owned by ``user``."""
        return self.open().filter(owner=user)

    def of_teams(self, team_ids: list[int]) -> Self:
        return self.filter(team__in=team_ids)

    def by_due(self) -> Self:
        """First what is due first; a task without date comes after those of the day, never at the top."""
        return self.order_by(F("due_on").asc(nulls_last=True), "id")

    def open_first(self) -> Self:
        """Open ones by due date, then the closed ones, newest first."""
        opened = Case(When(status="open", then=Value(0)), default=Value(1))
        return self.order_by(opened, F("closed_at").desc(nulls_first=True), F("due_on").asc(nulls_last=True), "id")

    def proved_by(self, kind: str, detail: str) -> Self:
        """Tasks that a milestone of ``kind`` and ``detail`` closes."""
        return self.filter(Q(closes_on_detail="") | Q(closes_on_detail=detail), closes_on=kind)

    def with_list_data(self) -> Self:
        return self.select_related(
            "pathway__patient", "pathway__version__target", "owner__professional", "team", "closed_by__professional"
        ).defer("pathway__version__definition")


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
