"""Kinds of exams and consultations that are booked."""

from __future__ import annotations

from django.db import models
from django.db.models import Func, Value
from django.db.models.functions import Upper

from directory.history import tracked
from pathways.models.ledger import KIND_CHOICES
from pathways.rules.milestones import MilestoneKind

ACCENTED, PLAIN = "ÀÂÄÇÉÈÊËÎÏÔÖÙÛÜàâäçéèêëîïôöùûü", "AAACEEEEIIOOUUUaaaceeeeiioouuu"


def _without_accents(field: str) -> Upper:
    """Écho-endoscopie comes with the E: the database sorts by code points."""
    return Upper(Func(field, Value(ACCENTED), Value(PLAIN), function="TRANSLATE"))


class Sampling(models.TextChoices):
    """Whether the exam takes a sample for the laboratory."""

    NEVER = "never", "Jamais"
    POSSIBLE = "possible", "Selon l’examen"
    ALWAYS = "always", "Toujours"


@tracked()
class ExamType(models.Model):
    """A kind of exam or consultation that can be booked (SLT-09). ``code`` is what milestones carry as detail.

    ``booked_as`` is the milestone that a booking records (the request of an exam, the offer of a first
    consultation), ``done_as`` the one recorded when it took place; an exam that takes a sample adds `biopsy_taken`.
    ``preparation`` is what staff check before the exam, ``patient`` what the patient themselves is told to do.
    ``diagnostic`` is false for what prepares a treatment: IND-03 waits for "imaging, biopsy or other diagnostic exam".
    """

    code = models.SlugField("code", max_length=40, unique=True)
    label = models.CharField("nom", max_length=120)
    modality = models.CharField("plateau", max_length=40)
    preparation = models.TextField("préparation du patient", blank=True, help_text="Une consigne par ligne.")
    patient = models.TextField(
        "consignes dites au patient",
        blank=True,
        db_default="",
        help_text="Une phrase par ligne.",
    )
    booked_as = models.CharField(
        "jalon à la réservation", max_length=32, choices=KIND_CHOICES, default=MilestoneKind.EXAM_REQUESTED.value
    )
    done_as = models.CharField(
        "jalon à la réalisation", max_length=32, choices=KIND_CHOICES, default=MilestoneKind.EXAM_DONE.value
    )
    contraindications = models.TextField(
        "contre-indications à vérifier", blank=True, db_default="", help_text="Une question par ligne."
    )
    diagnostic = models.BooleanField("contribue au diagnostic", default=True, db_default=True)
    sampling = models.CharField("prélèvement", max_length=8, choices=Sampling, default=Sampling.NEVER)

    class Meta:
        verbose_name = "type d’examen"
        verbose_name_plural = "types d’examen"
        ordering = [_without_accents("label"), "id"]

    def __str__(self) -> str:
        return self.label

    @property
    def instructions(self) -> list[str]:
        """The preparation as a checklist of the staff, one line each."""
        return [line.strip() for line in self.preparation.splitlines() if line.strip()]

    @property
    def patient_lines(self) -> list[str]:
        """What the patient is told to do, one line each."""
        return [line.strip() for line in self.patient.splitlines() if line.strip()]

    @property
    def checks(self) -> list[str]:
        """What must be asked before the exam is booked, one line each."""
        return [line.strip() for line in self.contraindications.splitlines() if line.strip()]
