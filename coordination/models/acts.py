"""One gesture on several patients at once, with what it changed, so that it can be undone."""

from __future__ import annotations

from uuid import uuid4

from django.db import models
from django.db.models import Q

from directory.history import tracked
from directory.models import User
from pathways.models import Pathway


class ActKind(models.TextChoices):
    ASSIGN = "assign", "Confier"
    POSTPONE = "postpone", "Reporter le rappel"
    CONTACT = "contact", "Noter un contact"


@tracked()
class DeskAct(models.Model):
    """What somebody did to the rows they ticked. The public id is the form's: sent twice, it is done once."""

    uuid = models.UUIDField(default=uuid4, unique=True, editable=False)
    kind = models.CharField("geste", max_length=10, choices=ActKind)
    author = models.ForeignKey(User, on_delete=models.PROTECT, related_name="desk_acts")
    at = models.DateTimeField("le", auto_now_add=True)
    undone_at = models.DateTimeField("annulé le", null=True, blank=True)

    class Meta:
        verbose_name = "geste de la coordination"
        verbose_name_plural = "gestes de la coordination"
        ordering = ["-at", "-id"]

    def __str__(self) -> str:
        return self.get_kind_display()


class DeskActLine(models.Model):
    """What an act changed on one pathway: its owner before and after, or the contact that it wrote."""

    act = models.ForeignKey(DeskAct, on_delete=models.CASCADE, related_name="lines")
    pathway = models.ForeignKey(Pathway, on_delete=models.CASCADE, related_name="+")
    owner_before = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    owner_after = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    contact = models.OneToOneField(
        "coordination.Contact", on_delete=models.PROTECT, null=True, blank=True, related_name="act_line"
    )
    undone = models.BooleanField("remis comme avant", null=True, blank=True)

    class Meta:
        verbose_name = "ligne d’un geste"
        verbose_name_plural = "lignes d’un geste"
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["act", "pathway"], name="desk_act_once_per_pathway"),
            models.CheckConstraint(
                condition=Q(contact__isnull=True) | Q(owner_before__isnull=True, owner_after__isnull=True),
                name="desk_act_line_one_change",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.act} {self.pathway_id}"
