"""Reads of the laboratory's requests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Exists, OuterRef, Prefetch, Q

from directory.models import Role, User
from pathways.querysets import visible_pathways

if TYPE_CHECKING:
    from coordination.models import LabRequest, SampleShare  # noqa: F401 (named in the bases below)


class LabRequestQuerySet(models.QuerySet["LabRequest"]):
    def visible_to(self, user: User) -> Self:
        """Those of the pathways the user reads. A laboratory reads its shares, not the request as a whole."""
        return self.filter(visible_pathways(user, "pathway__"))

    def standing(self) -> Self:
        return self.filter(cancelled_at__isnull=True)

    def running(self) -> Self:
        """Standing, with an exam still without end."""
        return self.standing().filter(Exists(open_exams().filter(share__sample__request=OuterRef("pk"))))

    def replacing(self, request: LabRequest) -> Self:
        """Those about a new sample, asked because the one of ``request`` could not be read; the first first."""
        return (
            self.standing()
            .filter(pathway=request.pathway_id, follows__sample__taken_at=request.sample.taken_at)
            .order_by("requested_at", "id")
        )

    def with_page_data(self) -> Self:
        """Everything a page of the request shows, in a fixed number of queries."""
        from coordination.models import SampleShare

        shares = SampleShare.objects.with_answers().order_by("pk")
        return (
            self.select_related(
                "form", "pathway__patient", "pathway__version__target", "pathway__team__establishment",
                "requested_by__professional", "sample__reception__establishment", "report", "reply_team",
            )
            .defer("pathway__version__definition")
            .prefetch_related(Prefetch("sample__shares", shares))
        )  # fmt: skip


class SampleShareQuerySet(models.QuerySet["SampleShare"]):
    def visible_to(self, user: User) -> Self:
        """Those of the user's own laboratory, and those of the pathways the user reads."""
        mine = Q(laboratory__in=user.teams_as(Role.PLATFORM))
        return self.filter(mine | visible_pathways(user, "sample__request__pathway__"))

    def of_laboratory(self, user: User) -> Self:
        return self.filter(laboratory__in=user.teams_as(Role.PLATFORM))

    def standing(self) -> Self:
        return self.filter(sample__request__cancelled_at__isnull=True)

    def awaited(self) -> Self:
        """An exam of theirs has no end yet."""
        return self.standing().filter(Exists(open_exams().filter(share=OuterRef("pk"))))

    def with_answers(self) -> Self:
        from coordination.models import AskedExam, LabAnswer

        answers = LabAnswer.objects.select_related("correction", "user__professional")
        exams = AskedExam.objects.prefetch_related(Prefetch("answers", answers)).order_by("pk")
        return self.select_related("laboratory__establishment").prefetch_related(Prefetch("exams", exams))

    def with_page_data(self) -> Self:
        return (
            self.with_answers()
            .select_related(
                "sample__reception", "sample__request__form", "sample__request__pathway__patient",
                "sample__request__pathway__version__target", "sample__request__pathway__team__establishment",
                "sample__request__requested_by__professional", "sample__request__reply_team",
            )
            .defer("sample__request__pathway__version__definition")
        )  # fmt: skip


def open_exams() -> models.QuerySet:  # type: ignore[type-arg]
    """Exams without a final or non contributive answer in force."""
    from coordination.models import AskedExam, LabAnswer

    ends = LabAnswer.objects.filter(
        asked=OuterRef("pk"), kind__in=["final", "noncontributive"], correction__isnull=True
    )
    return AskedExam.objects.filter(~Exists(ends))
