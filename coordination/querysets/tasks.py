"""Reads of tasks, and of the rules of those that come back."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Case, Count, Exists, F, OuterRef, Q, Subquery, Value, When
from django.db.models.functions import Coalesce

from pathways.querysets import READS_TEAM, asked_of, visible_pathways

if TYPE_CHECKING:
    from coordination.models import Task, TaskSeries  # noqa: F401 (named in the bases below)
    from directory.models import User


class TaskQuerySet(models.QuerySet["Task"]):
    def visible_to(self, user: User) -> Self:
        """Those of the patients they read, and what their own teams are asked to do for any other."""
        return self.filter(visible_pathways(user, "pathway__") | Q(team__in=user.teams_as(*READS_TEAM)))

    def asked_of_teams(self, user: User) -> Self:
        """What the teams of ``user`` are asked to do: all of it is visible to them."""
        return self.filter(team__in=user.teams_as(*READS_TEAM))

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
        """Open and asked of ``user`` today: theirs while they are there, and those of the people they stand in for."""
        return self.open().filter(asked_of(user, "owner"))

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
        """Everything a row shows, in one query: its patient, its people, how much of its checklist is ticked."""
        return (
            self.select_related(
                "pathway__patient", "pathway__version__target", "owner__professional", "team",
                "closed_by__professional", "series", "about",
            )
            .annotate(points=_points(Q()), ticked=_points(Q(done_at__isnull=False)))
            .defer("pathway__version__definition")
        )  # fmt: skip


def _points(which: Q) -> Coalesce:
    """How many points of a task's checklist: counted row by row, so that a page costs its own rows only."""
    from coordination.models import TaskItem

    found = TaskItem.objects.filter(which, task=OuterRef("pk")).order_by().values("task")
    return Coalesce(Subquery(found.annotate(count=Count("pk")).values("count")), 0)


class TaskSeriesQuerySet(models.QuerySet["TaskSeries"]):
    def visible_to(self, user: User) -> Self:
        return self.filter(visible_pathways(user, "pathway__"))

    def running(self) -> Self:
        return self.filter(status="running")

    def waiting_for_the_next(self) -> Self:
        """Running on an active pathway, with no occurrence open."""
        from coordination.models import Task

        opened = Task.objects.open().filter(series=OuterRef("pk"))
        return self.running().filter(~Exists(opened), pathway__status="active")
