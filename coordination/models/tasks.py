"""What a task is made of besides itself: its checklist, and the rule of those that come back."""

from __future__ import annotations

from uuid import uuid4

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from coordination.querysets.tasks import TaskSeriesQuerySet
from directory.history import tracked
from directory.models import Team, User
from pathways.models import Pathway
from pathways.models.ledger import KIND_CHOICES


class Every(models.TextChoices):
    DAY = "day", "jours"
    WEEK = "week", "semaines"


class SeriesStatus(models.TextChoices):
    RUNNING = "running", "En cours"
    PAUSED = "paused", "En pause"
    ENDED = "ended", "Terminée"


@tracked()
class TaskSeries(models.Model):
    """A task that comes back (a weekly call, a blood test), as a rule: every ``every`` ``unit`` from ``starts_on``,
    moved to the next worked day, until a day, so many times, or the end of the pathway.

    One occurrence is open at a time: the next one is made when it closes. ``owner`` gets each of them while in the
    team; without one they wait in the pool.
    """

    uuid = models.UUIDField(default=uuid4, unique=True, editable=False)
    pathway = models.ForeignKey(Pathway, on_delete=models.CASCADE, related_name="task_series")
    title = models.CharField("tâche", max_length=200)
    note = models.TextField("précision", blank=True)
    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="+")
    owner = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    every = models.PositiveSmallIntegerField("tous les")
    unit = models.CharField("unité", max_length=4, choices=Every, default=Every.WEEK)
    starts_on = models.DateField("à partir du")
    until_on = models.DateField("jusqu’au", null=True, blank=True)
    times = models.PositiveSmallIntegerField("nombre de fois", null=True, blank=True)
    closes_on = models.CharField("close par", max_length=32, choices=KIND_CHOICES, blank=True)
    checklist = ArrayField(models.CharField(max_length=200), default=list, blank=True)
    status = models.CharField("état", max_length=8, choices=SeriesStatus, default=SeriesStatus.RUNNING)
    end_reason = models.CharField("pourquoi elle s’arrête", max_length=200, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")

    objects = TaskSeriesQuerySet.as_manager()

    class Meta:
        verbose_name = "tâche récurrente"
        verbose_name_plural = "tâches récurrentes"
        ordering = ["starts_on", "id"]
        indexes = [
            models.Index(fields=["pathway"], name="task_series_pathway"),
            models.Index(fields=["id"], condition=Q(status="running"), name="task_series_running"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(every__gte=1),
                name="task_series_every_positive",
                violation_error_message="La tâche revient au plus tôt le lendemain.",
            ),
            models.CheckConstraint(
                condition=Q(until_on__isnull=True) | Q(until_on__gte=F("starts_on")),
                name="task_series_ends_after_start",
                violation_error_message="La dernière date ne peut pas précéder la première.",
            ),
            models.CheckConstraint(
                condition=Q(times__isnull=True) | Q(times__gte=1),
                name="task_series_times_positive",
                violation_error_message="Indiquez au moins une fois.",
            ),
            models.CheckConstraint(
                condition=~Q(status="ended") | ~Q(end_reason=""),
                name="task_series_ended_with_reason",
                violation_error_message="Indiquez pourquoi cette tâche ne revient plus.",
            ),
        ]

    def __str__(self) -> str:
        return self.title


@tracked()
class TaskItem(models.Model):
    """One point of a task's checklist, with who ticked it and when."""

    uuid = models.UUIDField(default=uuid4, unique=True, editable=False)
    task = models.ForeignKey("coordination.Task", on_delete=models.CASCADE, related_name="items")
    rank = models.PositiveSmallIntegerField()
    label = models.CharField("point", max_length=200)
    done_at = models.DateTimeField("fait le", null=True, blank=True)
    done_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        verbose_name = "point d’une tâche"
        verbose_name_plural = "points d’une tâche"
        ordering = ["rank", "id"]
        constraints = [
            models.UniqueConstraint(fields=["task", "rank"], name="task_item_rank_unique"),
            models.CheckConstraint(
                condition=Q(done_at__isnull=True, done_by__isnull=True) | Q(done_at__isnull=False),
                name="task_item_done_coherent",
            ),
        ]

    def __str__(self) -> str:
        return self.label
