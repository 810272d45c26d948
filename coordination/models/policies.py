"""How an exam is obtained in time for a pathway, and the written word behind it (SLT-05..07, SLT-12, NET-04)."""

from __future__ import annotations

from pathlib import Path
from uuid import uuid4

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models
from django.db.models import F, Func, Q, Value

from coordination.models.exam_types import ExamType
from coordination.querysets.policies import ConventionQuerySet, SlotPolicyQuerySet
from directory.history import tracked
from directory.models import Establishment, Team, User
from pathways.models import TargetPathway
from pathways.rules.durations import Duration


class ConventionKind(models.TextChoices):
    CONVENTION = "convention", "Convention"
    GCS = "gcs", "Groupement de coopération sanitaire (GCS)"
    CHARTER = "charter", "Charte"
    PROTOCOL = "protocol", "Protocole"


class PolicyMode(models.TextChoices):
    """As `pathways.rules.vocabulary.SlotMode`."""

    DEDICATED = "dedicated", "Créneaux dédiés"
    PRIORITY = "priority", "Demande prioritaire, délai convenu"
    PARTNER = "partner", "Partenaire par convention"


VALIDITY = Func(F("valid_from"), F("valid_until"), Value("[]"), function="DATERANGE", output_field=DateRangeField())
"""Both days included; without an end, it runs on."""


@tracked()
class Convention(models.Model):
    """A written agreement with a partner, or a charter with a service of the same establishment.

    The holder writes it down. What it asks of the partner alone, its slots, the partner opens or not; but the partner's
    practitioners are expected at the holder's only once the partner has confirmed it (NET-10).
    """

    uuid = models.UUIDField(default=uuid4, unique=True, editable=False)
    reference = models.CharField("référence", max_length=60)
    kind = models.CharField("nature", max_length=12, choices=ConventionKind, default=ConventionKind.CONVENTION)
    holder = models.ForeignKey(
        Establishment, on_delete=models.PROTECT, related_name="conventions", verbose_name="établissement porteur"
    )
    partner = models.ForeignKey(
        Establishment, on_delete=models.PROTECT, related_name="conventions_as_partner", verbose_name="partenaire"
    )
    exam_types = models.ManyToManyField(ExamType, related_name="conventions", verbose_name="examens ou actes")
    contact = models.CharField("contact", max_length=160, blank=True)
    valid_from = models.DateField("à partir du")
    valid_until = models.DateField("jusqu’au", null=True, blank=True)
    remind_days = models.PositiveSmallIntegerField("rappel avant la fin (jours)", default=90)
    reminded_at = models.DateTimeField("rappelée le", null=True, blank=True)
    note = models.TextField("précision", blank=True)
    confirmed_at = models.DateTimeField("confirmée le", null=True, blank=True)
    confirmed_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name="confirmée par"
    )

    objects = ConventionQuerySet.as_manager()

    class Meta:
        verbose_name = "convention"
        ordering = ["reference", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["holder", "reference"],
                name="convention_reference_unique",
                violation_error_message="Cette référence existe déjà dans l’établissement.",
            ),
            models.CheckConstraint(
                condition=Q(valid_until__isnull=True) | Q(valid_until__gte=F("valid_from")),
                name="convention_dates_ordered",
                violation_error_message="La fin ne peut pas précéder le début.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.reference}, {self.partner}"

    @property
    def awaits_partner(self) -> bool:
        """Whether another establishment has still to say that it is right."""
        return self.holder_id != self.partner_id and self.confirmed_at is None


@tracked()
class SlotPolicy(models.Model):
    """How ``platform`` serves ``target`` for ``exam_type``: slots of its own, a place before others ``within`` an
    agreed delay (as targets write it, `72 hours`), or as a partner whose ``convention`` must run on the day."""

    uuid = models.UUIDField(default=uuid4, unique=True, editable=False)
    exam_type = models.ForeignKey(ExamType, on_delete=models.PROTECT, related_name="policies", verbose_name="examen")
    target = models.ForeignKey(
        TargetPathway, on_delete=models.PROTECT, related_name="slot_policies", verbose_name="parcours"
    )
    platform = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="slot_policies", verbose_name="plateau")
    mode = models.CharField("mode", max_length=10, choices=PolicyMode, default=PolicyMode.DEDICATED)
    within = models.CharField("délai maximal convenu", max_length=20, blank=True)
    per_week = models.PositiveSmallIntegerField("créneaux par semaine", null=True, blank=True)
    convention = models.ForeignKey(Convention, on_delete=models.PROTECT, null=True, blank=True, related_name="policies")
    valid_from = models.DateField("à partir du")
    valid_until = models.DateField("jusqu’au", null=True, blank=True)
    decided_on = models.DateField("décidé le")
    decided_by = models.CharField("décidé par", max_length=160)
    entered_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    source = models.CharField("source", max_length=200, blank=True)

    objects = SlotPolicyQuerySet.as_manager()

    class Meta:
        verbose_name = "engagement"
        ordering = ["target", "exam_type", "valid_from", "id"]
        constraints = [
            ExclusionConstraint(
                name="slot_policy_one_at_a_time",
                expressions=[
                    ("exam_type", RangeOperators.EQUAL),
                    ("target", RangeOperators.EQUAL),
                    ("platform", RangeOperators.EQUAL),
                    (VALIDITY, RangeOperators.OVERLAPS),
                ],
                violation_error_message="Un engagement existe déjà pour cet examen, ce parcours et ce plateau.",
            ),
            models.CheckConstraint(
                condition=Q(valid_until__isnull=True) | Q(valid_until__gte=F("valid_from")),
                name="slot_policy_dates_ordered",
                violation_error_message="La fin ne peut pas précéder le début.",
            ),
            models.CheckConstraint(
                condition=~Q(mode="priority") | ~Q(within=""),
                name="slot_policy_priority_has_delay",
                violation_error_message="Une demande prioritaire a un délai maximal convenu.",
            ),
            models.CheckConstraint(
                condition=~Q(mode="partner") | Q(convention__isnull=False),
                name="slot_policy_partner_has_convention",
                violation_error_message="Un partenaire sert par convention : indiquez laquelle.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.exam_type}, {self.platform}"

    @property
    def within_label(self) -> str:
        """« 48 heures ouvrables »; nothing without an agreed delay."""
        return Duration.parse(self.within).label if self.within else ""


def _private_path(instance: CommitmentFile, filename: str) -> str:
    """Named by public id: no name typed by anyone on the disk."""
    return f"commitments/{instance.uuid}{Path(filename).suffix}"


class CommitmentFile(models.Model):
    """A signed paper of a convention or of a policy, inspected before it is kept."""

    uuid = models.UUIDField(default=uuid4, unique=True, editable=False)
    convention = models.ForeignKey(Convention, on_delete=models.PROTECT, null=True, blank=True, related_name="files")
    policy = models.ForeignKey(SlotPolicy, on_delete=models.PROTECT, null=True, blank=True, related_name="files")
    name = models.CharField("nom", max_length=160)
    file = models.FileField(upload_to=_private_path, max_length=200)
    content_type = models.CharField(max_length=60)
    size = models.PositiveIntegerField("taille (octets)")
    sha256 = models.CharField("empreinte", max_length=64)
    added_at = models.DateTimeField("ajouté le", auto_now_add=True)
    added_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        verbose_name = "pièce d’un engagement"
        verbose_name_plural = "pièces d’un engagement"
        ordering = ["added_at", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(convention__isnull=True, policy__isnull=False)
                | Q(convention__isnull=False, policy__isnull=True),
                name="commitment_file_of_one",
            )
        ]

    def __str__(self) -> str:
        return self.name
