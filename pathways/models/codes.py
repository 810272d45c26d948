"""Coded reasons as data: why the clock is stopped, why a delay was missed. Edited in the administration."""

from __future__ import annotations

from django.db import models

from directory.history import tracked
from directory.models import Establishment
from pathways.querysets import PauseCodeQuerySet
from pathways.rules.vocabulary import Phase

PHASES = [(phase.value, phase.label) for phase in Phase]


class PauseFamily(models.TextChoices):
    """Whose reason it is."""

    PATIENT = "patient", "Du fait du patient"
    MEDICAL = "medical", "Raison médicale"
    ORGANISATION = "organisation", "Organisation"


class Code(models.Model):
    """A word of a closed list: its ``code`` is written in the files and never changes; it is retired, not deleted."""

    code = models.SlugField("code", max_length=20, unique=True)
    label = models.CharField("libellé", max_length=80)
    order = models.PositiveSmallIntegerField("rang", default=50)
    is_active = models.BooleanField("proposé", default=True)
    source = models.CharField("source", max_length=200, blank=True)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.label


@tracked()
class PauseCode(Code):
    """A reason for which the clock may stop. ``stops_clock`` false: the wait is noted, and goes on being counted."""

    family = models.CharField("nature", max_length=12, choices=PauseFamily)
    stops_clock = models.BooleanField("retirée de l’attente comptée", default=True)
    open_to_desk = models.BooleanField("permise à la coordination", default=True)

    objects = PauseCodeQuerySet.as_manager()

    class Meta:
        verbose_name = "motif de pause"
        verbose_name_plural = "motifs de pause"
        ordering = ["order", "label"]


@tracked()
class PauseExclusion(models.Model):
    """An establishment that does not admit a reason; without row, it does."""

    code = models.ForeignKey(PauseCode, on_delete=models.CASCADE, related_name="exclusions")
    establishment = models.ForeignKey(
        Establishment, on_delete=models.CASCADE, related_name="+", verbose_name="établissement"
    )

    class Meta:
        verbose_name = "établissement qui n’admet pas ce motif"
        verbose_name_plural = "établissements qui n’admettent pas ce motif"
        ordering = ["establishment__name", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["code", "establishment"],
                name="pause_exclusion_once",
                violation_error_message="Cet établissement n’admet déjà pas ce motif.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.code} : {self.establishment}"


@tracked()
class DelayCode(Code):
    """Why a delay was missed. ``phase`` is the part of the way it is proposed for first, ``avoidable`` its usual
    answer; ``needs_comment`` for the words that say nothing by themselves."""

    phase = models.CharField("proposé pour", max_length=12, choices=PHASES, blank=True)
    avoidable = models.BooleanField("évitable, d’habitude", default=True)
    needs_comment = models.BooleanField("commentaire obligatoire", default=False)

    class Meta:
        verbose_name = "cause de retard"
        verbose_name_plural = "causes de retard"
        ordering = ["order", "label"]
