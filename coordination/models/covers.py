"""Absences of the desk: whose patients are handed to whom, from when to when."""

from __future__ import annotations

from uuid import uuid4

from django.db import models
from django.db.models import F, Q

from coordination.querysets.covers import CoverQuerySet
from directory.history import tracked
from directory.models import User
from pathways.models import Pathway


@tracked()
class Cover(models.Model):
    """One person away from ``starts_on`` to ``ends_on``, both included, whose patients somebody else looks after.

    It moves nobody's patients: `pathways.models.StandIn` says day by day who acts, worked out from these rows, and the
    day after the last everything is as before. ``everyone``: the patients who come meanwhile are handed over too.
    ``returned_at`` is when the end was told, ``seen_at`` when the person back read what happened; ``interrupted_at``
    when the stand-in left the team: from then on nobody stands in.
    """

    uuid = models.UUIDField(default=uuid4, unique=True, editable=False)
    absent = models.ForeignKey(User, on_delete=models.PROTECT, related_name="absences", verbose_name="personne absente")
    stand_in = models.ForeignKey(User, on_delete=models.PROTECT, related_name="covers", verbose_name="remplacée par")
    starts_on = models.DateField("du")
    ends_on = models.DateField("au")
    everyone = models.BooleanField("tous les patients, y compris ceux qui arriveront", default=True)
    note = models.CharField("consignes", max_length=500, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    cancelled_at = models.DateTimeField("annulée le", null=True, blank=True)
    told_at = models.DateTimeField(null=True, blank=True)
    returned_at = models.DateTimeField(null=True, blank=True)
    seen_at = models.DateTimeField(null=True, blank=True)
    interrupted_at = models.DateTimeField("interrompue le", null=True, blank=True)

    objects = CoverQuerySet.as_manager()

    class Meta:
        verbose_name = "absence"
        ordering = ["-starts_on", "-id"]
        indexes = [
            models.Index(fields=["absent", "ends_on"], name="cover_absent"),
            models.Index(fields=["stand_in", "ends_on"], name="cover_stand_in"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_on__gte=F("starts_on")),
                name="cover_days_ordered",
                violation_error_message="Le dernier jour ne peut pas précéder le premier.",
            ),
            models.CheckConstraint(
                condition=~Q(absent=F("stand_in")),
                name="cover_by_another",
                violation_error_message="Personne ne se remplace soi-même.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.absent}, du {self.starts_on:%d/%m/%Y} au {self.ends_on:%d/%m/%Y}"


class CoverLine(models.Model):
    """One pathway handed over, with what to watch as the person leaving puts it."""

    cover = models.ForeignKey(Cover, on_delete=models.CASCADE, related_name="lines")
    pathway = models.ForeignKey(Pathway, on_delete=models.CASCADE, related_name="cover_lines")
    watch = models.CharField("à surveiller", max_length=300, blank=True)

    class Meta:
        verbose_name = "patient confié"
        verbose_name_plural = "patients confiés"
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["cover", "pathway"],
                name="cover_line_unique",
                violation_error_message="Ce patient est déjà dans cette absence.",
            )
        ]

    def __str__(self) -> str:
        return self.pathway.reference
