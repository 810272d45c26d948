"""The stored plan: steps with their due instants."""

from __future__ import annotations

from uuid import uuid4

import pghistory
import pgtrigger
from django.db import models
from django.db.models import Q

from directory.models import User
from pathways.models.pathway import Pathway
from pathways.querysets import StepQuerySet
from pathways.rules.plan import StepState


@pghistory.track(
    pghistory.UpdateEvent(condition=pgtrigger.AnyChange("skip_reason", "assignee")),
    fields=["pathway", "key", "label", "skip_reason", "assignee"],
    model_name="StepHistory",
    obj_field=pghistory.ObjForeignKey(related_name="history_rows", related_query_name="history_row"),
)
class Step(models.Model):
    """One planned step of a pathway. Instants are UTC; ``due_at`` is already adjusted for pauses, ``raw_due_at`` not.

    Rows are the stored result of `pathways.rules.plan`; only `pathways.services.plan` writes them. ``skip_reason``
    and ``assignee`` are the two inputs kept here: a rebuild leaves no history, a change of theirs does.
    ``next_alert_at`` is the next instant at which an alert must be raised; ``team_at``, ``head_at`` and ``harm_at`` are
    when a delay still running goes up (`pathways.rules.levels`).
    """

    uuid = models.UUIDField(default=uuid4, unique=True, editable=False)
    pathway = models.ForeignKey(Pathway, on_delete=models.CASCADE, related_name="steps")
    key = models.CharField(max_length=60)
    step_key = models.CharField(max_length=60)
    occurrence = models.PositiveSmallIntegerField(default=1)
    label = models.CharField("étape", max_length=160)
    order = models.PositiveSmallIntegerField()
    phase = models.CharField(max_length=20)
    actor = models.CharField("acteur", max_length=20)
    state = models.CharField("état", max_length=16, choices=StepState.choices())
    projected = models.BooleanField("échéance projetée", default=False)
    paused = models.BooleanField("décompte arrêté", default=False)
    optional = models.BooleanField("facultative", default=False)
    exam_type = models.CharField("examen", max_length=40, blank=True)
    tells_gp = models.BooleanField("annoncée au médecin traitant", default=False)
    anchor_at = models.DateTimeField(null=True, blank=True)
    due_at = models.DateTimeField("échéance", null=True, blank=True)
    raw_due_at = models.DateTimeField("échéance sans pause", null=True, blank=True)
    warn_at = models.DateTimeField(null=True, blank=True)
    team_at = models.DateTimeField(null=True, blank=True)
    head_at = models.DateTimeField(null=True, blank=True)
    harm_at = models.DateTimeField(null=True, blank=True)
    done_at = models.DateTimeField("fait le", null=True, blank=True)
    skip_reason = models.CharField("motif", max_length=200, blank=True)
    assignee = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name="responsable"
    )
    next_alert_at = models.DateTimeField(null=True, blank=True)

    objects = StepQuerySet.as_manager()

    class Meta:
        verbose_name = "étape"
        ordering = ["pathway", "order", "id"]
        indexes = [
            models.Index(
                fields=["next_alert_at", "id"], condition=Q(next_alert_at__isnull=False), name="step_next_alert"
            ),
            models.Index(fields=["pathway", "due_at"], condition=Q(state="open"), name="step_open_due"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["pathway", "key"], name="step_key_unique"),
            models.CheckConstraint(
                condition=~Q(state="skipped") | ~Q(skip_reason=""),
                name="step_skip_has_reason",
                violation_error_message="Une étape écartée porte un motif.",
            ),
        ]

    def __str__(self) -> str:
        return self.label
