"""What the desk asks of a platform about its series, until the person who manages it answers."""

from __future__ import annotations

from uuid import uuid4

from django.db import models
from django.db.models import Q

from coordination.models.disturbances import SlotException
from coordination.models.series import SlotSeries
from coordination.querysets.slots import SeriesProposalQuerySet
from directory.history import tracked
from directory.models import User


class ProposalKind(models.TextChoices):
    CHANGE = "change", "Changer la série"
    MORE = "more", "Ouvrir une série de plus"
    EXCEPTION = "exception", "Absence, panne, fermeture"


class ProposalState(models.TextChoices):
    OPEN = "open", "En attente de réponse"
    ACCEPTED = "accepted", "Acceptée"
    DECLINED = "declined", "Refusée"
    WITHDRAWN = "withdrawn", "Retirée"


@tracked()
class SeriesProposal(models.Model):
    """A change of ``series`` that its author may not make: ``asked`` holds what the form said, by public id, and is
    read again on the day it is accepted. ``made`` and ``exception`` are what came of it."""

    uuid = models.UUIDField(default=uuid4, unique=True, editable=False)
    series = models.ForeignKey(SlotSeries, on_delete=models.PROTECT, related_name="proposals")
    kind = models.CharField("nature", max_length=10, choices=ProposalKind)
    asked = models.JSONField("ce qui est demandé")
    reason = models.CharField("pourquoi", max_length=300)
    proposed_at = models.DateTimeField("proposée le", auto_now_add=True)
    proposed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    state = models.CharField("état", max_length=10, choices=ProposalState, default=ProposalState.OPEN)
    answered_at = models.DateTimeField("répondue le", null=True, blank=True)
    answered_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    answer = models.CharField("réponse", max_length=300, blank=True)
    made = models.ForeignKey(SlotSeries, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    exception = models.ForeignKey(SlotException, on_delete=models.PROTECT, null=True, blank=True, related_name="+")

    objects = SeriesProposalQuerySet.as_manager()

    class Meta:
        verbose_name = "proposition"
        ordering = ["-proposed_at", "-id"]
        indexes = [models.Index(fields=["series"], condition=Q(state="open"), name="series_proposal_open")]
        constraints = [
            models.CheckConstraint(
                condition=~Q(reason=""),
                name="series_proposal_with_reason",
                violation_error_message="Indiquez pourquoi.",
            ),
            models.CheckConstraint(
                condition=Q(state="open", answered_at__isnull=True, answered_by__isnull=True)
                | (~Q(state="open") & Q(answered_at__isnull=False, answered_by__isnull=False)),
                name="series_proposal_answer_coherent",
            ),
            models.CheckConstraint(
                condition=~Q(state="declined") | ~Q(answer=""),
                name="series_proposal_declined_with_reason",
                violation_error_message="Indiquez pourquoi cette proposition est refusée.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} : {self.series}"
