"""Why a target was missed, as the team says it."""

from __future__ import annotations

from uuid import uuid4

from django.db import models
from django.db.models import Q

from directory.history import tracked
from directory.models import User
from pathways.models.codes import PHASES, DelayCode
from pathways.models.pathway import Pathway
from pathways.querysets import DelayCauseQuerySet


@tracked()
class DelayCause(models.Model):
    """The cause of the time lost in one part of the way, confirmed by someone. Said again, it replaces the last one.

    ``excess_days`` is what the part took over its share when it was confirmed (pauses left out).
    """

    uuid = models.UUIDField(default=uuid4, unique=True, editable=False)
    pathway = models.ForeignKey(Pathway, on_delete=models.CASCADE, related_name="delay_causes")
    phase = models.CharField("partie du parcours", max_length=12, choices=PHASES)
    code = models.ForeignKey(DelayCode, on_delete=models.PROTECT, related_name="+", verbose_name="cause")
    avoidable = models.BooleanField("évitable")
    comment = models.CharField("commentaire", max_length=300, blank=True)
    excess_days = models.PositiveSmallIntegerField("jours au-delà de la part prévue", default=0)
    author = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    recorded_at = models.DateTimeField("confirmée le")
    withdrawn_at = models.DateTimeField("retirée le", null=True, blank=True)

    objects = DelayCauseQuerySet.as_manager()

    class Meta:
        verbose_name = "cause de retard confirmée"
        verbose_name_plural = "causes de retard confirmées"
        ordering = ["recorded_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["pathway", "phase"],
                condition=Q(withdrawn_at__isnull=True),
                name="delay_cause_once_per_phase",
                violation_error_message="Une cause est déjà confirmée pour cette partie du parcours.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_phase_display()} : {self.code}"
