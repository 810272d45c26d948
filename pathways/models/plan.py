"""The stored plan: steps with due instants, and the alerts raised on them."""

from __future__ import annotations

from uuid import uuid4

import pghistory
import pgtrigger
from django.db import models
from django.db.models import Q

from directory.history import tracked
from directory.models import User
from pathways.models.ledger import Milestone
from pathways.models.pathway import Pathway
from pathways.querysets import AlertQuerySet, StepQuerySet
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
    ``next_alert_at`` is the next instant at which an alert must be raised.
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


class AlertKind(models.TextChoices):
    """Ordered by gravity: a step alert has one row per (step, kind)."""

    WARNING = "warning", "Échéance proche"
    LATE = "late", "Échéance dépassée"
    NO_NEXT_STEP = "no_next_step", "Pas de prochaine étape"
    NO_OWNER = "no_owner", "Pas de responsable"


@tracked()
class Alert(models.Model):
    """Raised once per (step, kind), or per (pathway, kind) when no step is concerned.

    ``since`` is the theoretical instant the delay ran out, not the scan's. It closes on evidence; acknowledging
    it only says who has seen it and why it waits.
    """

    uuid = models.UUIDField(default=uuid4, unique=True, editable=False)
    pathway = models.ForeignKey(Pathway, on_delete=models.CASCADE, related_name="alerts")
    step = models.ForeignKey(Step, on_delete=models.CASCADE, null=True, blank=True, related_name="alerts")
    kind = models.CharField("alerte", max_length=16, choices=AlertKind)
    since = models.DateTimeField("depuis")
    raised_at = models.DateTimeField("levée le")
    closed_at = models.DateTimeField("close le", null=True, blank=True)
    closed_by = models.ForeignKey(Milestone, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    acknowledged_at = models.DateTimeField("vue le", null=True, blank=True)
    acknowledged_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    acknowledge_reason = models.CharField("motif", max_length=200, blank=True)

    objects = AlertQuerySet.as_manager()

    class Meta:
        verbose_name = "alerte de délai"
        verbose_name_plural = "alertes de délai"
        ordering = ["since", "id"]
        indexes = [
            models.Index(fields=["pathway", "since"], condition=Q(closed_at__isnull=True), name="alert_open_pathway")
        ]
        constraints = [
            models.UniqueConstraint(fields=["step", "kind"], name="alert_one_per_step_and_kind"),
            models.UniqueConstraint(
                fields=["pathway", "kind"], condition=Q(step__isnull=True), name="alert_one_per_pathway_and_kind"
            ),
            models.CheckConstraint(
                condition=Q(step__isnull=False, kind__in=["warning", "late"])
                | Q(step__isnull=True, kind__in=["no_next_step", "no_owner"]),
                name="alert_kind_matches_step",
            ),
            models.CheckConstraint(
                condition=Q(acknowledged_at__isnull=True) | ~Q(acknowledge_reason=""),
                name="alert_acknowledged_with_reason",
                violation_error_message="Indiquez pourquoi cette alerte peut attendre.",
            ),
        ]

    def __str__(self) -> str:
        return self.get_kind_display()
