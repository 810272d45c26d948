"""The opinion given on a case, and what it asks for until it is done."""

from __future__ import annotations

from uuid import uuid4

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from coordination.models import Task
from directory.history import tracked
from directory.models import User
from pathways.models import Milestone, TreatmentModality
from pathways.models.ledger import KIND_CHOICES
from rcp.models.cases import RcpCase
from rcp.querysets import DecisionQuerySet, FollowUpActionQuerySet


class QuorumOutcome(models.TextChoices):
    """ORG-126, ORG-133, GEN-010 (french-standards 1.2)."""

    REACHED = "reached", "Atteint"
    MISSED = "missed", "Non atteint"
    UNKNOWN = "unknown", "Non renseigné"


@tracked()
class Decision(models.Model):
    """The opinion given on a case. The quorum and the participants are those of that instant, and are kept.

    ``revision`` counts the corrections: a form sent for an older one is refused. ``milestone`` is the `rcp_held` it
    recorded; a provisional opinion (quorum missed) has none. ``present`` is a list of
    ``{"name", "specialty", "mode", "physician"}``.
    """

    uuid = models.UUIDField(default=uuid4, unique=True, editable=False)
    case = models.OneToOneField(RcpCase, on_delete=models.PROTECT, related_name="decision")
    proposal = models.TextField("proposition")
    modality = models.CharField("type de traitement", max_length=16, choices=TreatmentModality, blank=True)
    treatment_label = models.CharField("traitement en mots simples", max_length=160, blank=True)
    alternatives = models.TextField("autres options, préférence du patient", blank=True)
    framework = models.CharField("référentiel utilisé", max_length=160, blank=True)
    trial_proposed = models.BooleanField("essai clinique proposé", default=False)
    quorum = models.CharField("quorum", max_length=8, choices=QuorumOutcome)
    quorum_missing = ArrayField(models.CharField(max_length=200), default=list, blank=True)
    present = models.JSONField("participants", default=list)
    decided_at = models.DateTimeField("rendu le")
    decided_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    revision = models.PositiveSmallIntegerField(default=1)
    milestone = models.ForeignKey(Milestone, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    sent_at = models.DateTimeField("envoyé le", null=True, blank=True)

    objects = DecisionQuerySet.as_manager()

    class Meta:
        verbose_name = "avis de RCP"
        verbose_name_plural = "avis de RCP"
        ordering = ["-decided_at", "-id"]
        indexes = [models.Index(fields=["decided_at"], condition=Q(sent_at__isnull=True), name="decision_unsent")]
        constraints = [
            models.CheckConstraint(
                condition=~Q(proposal=""),
                name="decision_has_proposal",
                violation_error_message="Écrivez la proposition de la RCP.",
            ),
        ]

    def __str__(self) -> str:
        return f"Avis du {self.decided_at:%d/%m/%Y}"


class ActionStatus(models.TextChoices):
    OPEN = "open", "À faire"
    EXECUTED = "executed", "Exécutée"
    DEVIATED = "deviated", "Non suivie"


@tracked()
class FollowUpAction(models.Model):
    """One thing the decision asks for: followed until executed, or deviated with a reason (DESIGN.md 4).

    ``executed_by_kind`` names the milestone that proves it, when one does; only a fact that happened after
    ``evidence_after`` counts.
    """

    uuid = models.UUIDField(default=uuid4, unique=True, editable=False)
    decision = models.ForeignKey(Decision, on_delete=models.PROTECT, related_name="actions")
    label = models.CharField("suite à donner", max_length=200)
    due_on = models.DateField("pour le")
    executed_by_kind = models.CharField("prouvée par", max_length=32, choices=KIND_CHOICES, blank=True)
    executed_by_detail = models.CharField(max_length=40, blank=True)
    evidence_after = models.DateTimeField()
    task = models.OneToOneField(Task, on_delete=models.PROTECT, null=True, blank=True, related_name="follow_up_action")
    status = models.CharField("état", max_length=10, choices=ActionStatus, default=ActionStatus.OPEN)
    milestone = models.ForeignKey(Milestone, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    deviation_reason = models.CharField("pourquoi", max_length=300, blank=True)

    objects = FollowUpActionQuerySet.as_manager()

    class Meta:
        verbose_name = "suite à donner"
        verbose_name_plural = "suites à donner"
        ordering = ["due_on", "id"]
        indexes = [models.Index(fields=["due_on"], condition=Q(status="open"), name="follow_up_open")]
        constraints = [
            models.CheckConstraint(
                condition=~Q(status="deviated") | ~Q(deviation_reason=""),
                name="follow_up_deviated_with_reason",
                violation_error_message="Indiquez pourquoi la décision n’est pas suivie.",
            ),
            models.CheckConstraint(
                condition=Q(status="open", closed_at__isnull=True) | (~Q(status="open") & Q(closed_at__isnull=False)),
                name="follow_up_closing_coherent",
            ),
        ]

    def __str__(self) -> str:
        return self.label
