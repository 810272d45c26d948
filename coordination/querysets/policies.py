"""Reads of policies and conventions."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import F, Q
from django.db.models.expressions import Combinable

if TYPE_CHECKING:
    from coordination.models import Convention, ExamType, SlotPolicy  # noqa: F401 (named in the bases below)
    from directory.models import Team, User
    from pathways.models import Pathway


def runs_on(day: date | Combinable, prefix: str = "") -> Q:
    """Valid on ``day``, both ends included."""
    return Q(**{f"{prefix}valid_from__lte": day}) & ends_after(day, prefix)


def ends_after(day: date | Combinable, prefix: str = "") -> Q:
    """Still valid on ``day``, or from a later one on."""
    return Q(**{f"{prefix}valid_until__isnull": True}) | Q(**{f"{prefix}valid_until__gte": day})


class ConventionQuerySet(models.QuerySet["Convention"]):
    def visible_to(self, user: User) -> Self:
        """Those of the user's establishments, as holder or as partner."""
        places = user.establishment_ids
        return self.filter(Q(holder__in=places) | Q(partner__in=places))

    def running(self, day: date) -> Self:
        return self.filter(runs_on(day))


class SlotPolicyQuerySet(models.QuerySet["SlotPolicy"]):
    def visible_to(self, user: User) -> Self:
        """Those of the platforms and of the target pathways of the user's establishments: they name no patient."""
        places = user.establishment_ids
        return self.filter(Q(platform__establishment__in=places) | Q(target__team__establishment__in=places))

    def in_force(self, day: date) -> Self:
        """Valid on ``day``; a partner's only while its convention runs too, and covers the exam."""
        from coordination.models import Convention

        covering = Convention.exam_types.through.objects.filter(
            runs_on(day, "convention__"),
            convention=models.OuterRef("convention"),
            examtype=models.OuterRef("exam_type"),
        )
        return self.filter(runs_on(day)).filter(~Q(mode="partner") | models.Exists(covering))

    def lending(self, platform: Team) -> Self:
        """Those by which a partner's platform serves the targets of the establishment that holds the convention, for
        the exams it covers, whenever they run."""
        return self.filter(
            platform=platform, mode="partner", convention__partner=platform.establishment_id,
            convention__holder=F("target__establishment"), convention__exam_types=F("exam_type"),
        )  # fmt: skip

    def serving(self, pathway: Pathway, exam_type: ExamType) -> Self:
        return self.filter(target=pathway.version.target_id, exam_type=exam_type)

    def with_list_data(self) -> Self:
        return self.select_related("exam_type", "target", "platform__establishment", "convention__partner")
