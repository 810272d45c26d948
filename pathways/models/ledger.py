"""The ledger: dated facts of a pathway, and the pauses of its clock. Append-only."""

from __future__ import annotations

from uuid import uuid4

import pgtrigger
from django.db import models
from django.db.models import F, Q

from directory.history import tracked
from directory.models import Establishment, User
from pathways.models.codes import PauseCode
from pathways.models.pathway import Pathway
from pathways.querysets import MilestoneQuerySet, PauseQuerySet
from pathways.rules.milestones import MilestoneKind

KIND_CHOICES = [(kind.value, kind.label) for kind in MilestoneKind]


class MilestoneSource(models.TextChoices):
    TYPED = "typed", "Saisi"
    AUTOMATIC = "automatic", "Automatique"
    IMPORTED = "imported", "Importé"


class Milestone(models.Model):
    """A dated fact. A correction is a new row that supersedes the old one; a withdrawal supersedes with nothing.

    ``occurred_at`` is when it happened, ``recorded_at`` when Jalon learnt it. ``detail`` tells which exam
    (an `ExamType.code`) when the kind alone does not say. The trigger refuses any change or deletion.
    """

    uuid = models.UUIDField(default=uuid4, unique=True, editable=False)
    pathway = models.ForeignKey(Pathway, on_delete=models.PROTECT, related_name="milestones")
    kind = models.CharField("jalon", max_length=32, choices=KIND_CHOICES)
    detail = models.CharField("précision", max_length=40, blank=True)
    occurred_at = models.DateTimeField("date du fait")
    recorded_at = models.DateTimeField("enregistré le")
    recorded_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    source = models.CharField("origine", max_length=10, choices=MilestoneSource, default=MilestoneSource.TYPED)
    site = models.ForeignKey(Establishment, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    note = models.CharField("note", max_length=300, blank=True)
    supersedes = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="superseded_by"
    )
    withdrawn = models.BooleanField("retire le jalon remplacé", default=False)
    dedup_key = models.CharField(max_length=80, null=True, blank=True, unique=True)

    objects = MilestoneQuerySet.as_manager()

    class Meta:
        verbose_name = "jalon"
        verbose_name_plural = "jalons"
        ordering = ["occurred_at", "id"]
        indexes = [models.Index(fields=["pathway", "occurred_at"], name="milestone_pathway")]
        constraints = [
            models.CheckConstraint(
                condition=Q(withdrawn=False) | Q(supersedes__isnull=False),
                name="milestone_withdrawal_names_one",
                violation_error_message="Un retrait désigne le jalon retiré.",
            ),
        ]
        triggers = [pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.occurred_at:%d/%m/%Y}"


@tracked()
class Pause(models.Model):
    """Days set apart in the wait: first and last day, both included, local dates; the raw wait never stops.

    ``stops_clock`` is what the code said on the day it was given: changing a code changes no pathway. A pause that is
    cancelled counts no more and stays, with its reason.
    """

    uuid = models.UUIDField(default=uuid4, unique=True, editable=False)
    pathway = models.ForeignKey(Pathway, on_delete=models.CASCADE, related_name="pauses")
    kind = models.ForeignKey(
        PauseCode, on_delete=models.PROTECT, to_field="code", db_column="kind", related_name="+", verbose_name="motif"
    )
    stops_clock = models.BooleanField("retirée de l’attente comptée", default=True, db_default=True)
    starts_on = models.DateField("du")
    ends_on = models.DateField("au", null=True, blank=True)
    note = models.CharField("précision", max_length=300, blank=True)
    author = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    cancelled_at = models.DateTimeField("annulée le", null=True, blank=True)
    cancelled_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    cancel_reason = models.CharField("motif de l’annulation", max_length=200, blank=True, default="", db_default="")

    objects = PauseQuerySet.as_manager()

    class Meta:
        verbose_name = "pause du décompte"
        verbose_name_plural = "pauses du décompte"
        ordering = ["starts_on", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_on__isnull=True) | Q(ends_on__gte=F("starts_on")),
                name="pause_dates_ordered",
                violation_error_message="La fin de la pause ne peut pas précéder son début.",
            ),
        ]

    def __str__(self) -> str:
        return self.kind.label
