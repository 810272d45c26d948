"""Who acts for whom while somebody is away: the stored result of the absences that the desk declares."""

from __future__ import annotations

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models
from django.db.models import F, Func, Q, Value

from directory.models import User
from pathways.models.pathway import Pathway
from pathways.querysets import StandInQuerySet


class StandIn(models.Model):
    """From one day to another, both included, ``acting`` does on this pathway what was asked of ``replaced``.

    The owner does not change: on the day after, everything is as before without anyone doing anything. The desk works
    these rows out from its absences, and may at any time again; the database keeps one person acting per day.
    ``absent_until`` is the last day of the absence itself, which outlasts this row when the stand-in is away too.
    """

    pathway = models.ForeignKey(Pathway, on_delete=models.CASCADE, related_name="stand_ins")
    replaced = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    acting = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    first_on = models.DateField()
    last_on = models.DateField()
    absent_until = models.DateField()

    objects = StandInQuerySet.as_manager()

    class Meta:
        verbose_name = "remplacement"
        ordering = ["first_on", "id"]
        indexes = [
            models.Index(fields=["acting", "last_on"], name="stand_in_acting"),
            models.Index(fields=["replaced", "last_on"], name="stand_in_replaced"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(last_on__gte=F("first_on")), name="stand_in_days_ordered"),
            models.CheckConstraint(condition=~Q(acting=F("replaced")), name="stand_in_by_another"),
            ExclusionConstraint(
                name="stand_in_one_a_day",
                expressions=[
                    ("pathway", RangeOperators.EQUAL),
                    ("replaced", RangeOperators.EQUAL),
                    (
                        Func("first_on", "last_on", Value("[]"), function="DATERANGE", output_field=DateRangeField()),
                        RangeOperators.OVERLAPS,
                    ),
                ],
                violation_error_message="Une autre personne remplace déjà celle-ci ce jour-là pour ce patient.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.acting} pour {self.replaced}"
