"""What the patient's file must know of the upper rooms: appointments, opinions of an RCP, treatments.

Written through `pathways.services.file` only; papers (PPS, letters) are made from these rows alone. ``origin`` is
the public id of the row of the upper room it comes from, so that writing it again updates instead of doubling.
"""

from __future__ import annotations

from datetime import tzinfo
from uuid import uuid4
from zoneinfo import ZoneInfo

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from directory.history import tracked
from pathways.models.pathway import Pathway


class AppointmentStatus(models.TextChoices):
    PLANNED = "planned", "Prévu"
    DONE = "done", "Honoré"
    MISSED = "missed", "Manqué"
    CANCELLED = "cancelled", "Annulé"


@tracked()
class Appointment(models.Model):
    """A dated meeting of the patient with someone: exam, consultation, stay. ``time_zone`` is that of where it takes
    place; unknown (""), its hours are shown on the clock of the page."""

    uuid = models.UUIDField(default=uuid4, unique=True, editable=False)
    pathway = models.ForeignKey(Pathway, on_delete=models.CASCADE, related_name="appointments")
    origin = models.UUIDField(unique=True)
    label = models.CharField("rendez-vous", max_length=160)
    exam_code = models.CharField("examen", max_length=40, blank=True)
    starts_at = models.DateTimeField("début")
    ends_at = models.DateTimeField("fin")
    place = models.CharField("lieu", max_length=200, blank=True)
    preparation = models.TextField("préparation", blank=True)
    time_zone = models.CharField("fuseau horaire", max_length=40, blank=True, db_default="")
    status = models.CharField("état", max_length=10, choices=AppointmentStatus, default=AppointmentStatus.PLANNED)

    class Meta:
        verbose_name = "rendez-vous"
        verbose_name_plural = "rendez-vous"
        ordering = ["starts_at", "id"]
        indexes = [models.Index(fields=["pathway", "starts_at"], name="appointment_pathway")]
        constraints = [
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="appointment_ends_after_start")
        ]

    def __str__(self) -> str:
        return self.label

    @property
    def zone(self) -> tzinfo:
        """The clock on which its hour is read."""
        return ZoneInfo(self.time_zone) if self.time_zone else timezone.get_current_timezone()


@tracked()
class BoardOpinion(models.Model):
    """The opinion of one RCP on this patient."""

    pathway = models.ForeignKey(Pathway, on_delete=models.CASCADE, related_name="opinions")
    origin = models.UUIDField(unique=True)
    held_on = models.DateField("date de la RCP")
    meeting = models.CharField("RCP", max_length=160)
    question = models.TextField("question", blank=True)
    proposal = models.TextField("proposition")
    alternatives = models.TextField("autres options et préférence du patient", blank=True)
    quorum_reached = models.BooleanField("quorum atteint", null=True)

    class Meta:
        verbose_name = "avis de RCP"
        verbose_name_plural = "avis de RCP"
        ordering = ["-held_on", "-id"]

    def __str__(self) -> str:
        return f"{self.meeting} {self.held_on:%d/%m/%Y}"


class TreatmentModality(models.TextChoices):
    """PTH-24."""

    SURGERY = "surgery", "Chirurgie"
    CHEMOTHERAPY = "chemotherapy", "Chimiothérapie"
    RADIOTHERAPY = "radiotherapy", "Radiothérapie"
    IMMUNOTHERAPY = "immunotherapy", "Immunothérapie"
    TARGETED = "targeted", "Thérapie ciblée"
    HORMONE = "hormone", "Hormonothérapie"
    INTERVENTIONAL = "interventional", "Radiologie interventionnelle"
    SURVEILLANCE = "surveillance", "Surveillance active"
    SUPPORTIVE = "supportive", "Soins de support"
    PALLIATIVE = "palliative", "Accompagnement global"
    OTHER = "other", "Autre"


class TreatmentStatus(models.TextChoices):
    PROPOSED = "proposed", "Proposé"
    STARTED = "started", "Commencé"
    ENDED = "ended", "Terminé"
    ABANDONED = "abandoned", "Non réalisé"


@tracked()
class Treatment(models.Model):
    """One treatment of the care plan, in the words of the PPS."""

    uuid = models.UUIDField(default=uuid4, unique=True, editable=False)
    pathway = models.ForeignKey(Pathway, on_delete=models.CASCADE, related_name="treatments")
    origin = models.UUIDField(unique=True)
    modality = models.CharField("type", max_length=16, choices=TreatmentModality)
    label = models.CharField("traitement", max_length=160)
    place = models.CharField("lieu", max_length=160, blank=True)
    planned_on = models.DateField("date prévue", null=True, blank=True)
    rhythm = models.CharField("rythme", max_length=160, blank=True)
    effects = models.TextField("effets possibles", blank=True)
    status = models.CharField("état", max_length=10, choices=TreatmentStatus, default=TreatmentStatus.PROPOSED)

    class Meta:
        verbose_name = "traitement"
        ordering = ["planned_on", "id"]

    def __str__(self) -> str:
        return self.label
