"""Demand that protected slots did not meet: waiting, given up, booked after the step was due, refused."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, F, OuterRef, QuerySet

from coordination.models import Booking, ExamRequest, WaitingPlace
from pathways.models import Step
from pathways.querysets import PathwayQuerySet


@dataclass(frozen=True)
class Kind:
    """One way not to be met: its key in the query, its words, the exam and pathway of each."""

    key: str
    label: str
    rows: QuerySet  # type: ignore[type-arg]

    @property
    def pairs(self) -> list[tuple[str, int]]:
        """Exam label and pathway of each."""
        return list(self.rows.order_by().values_list("exam_type__label", "pathway_id"))


def unmet(pathways: PathwayQuerySet, since: datetime) -> list[Kind]:
    """The four of them, for the pathways of ``pathways``; what waits is of today, the rest since ``since``."""
    theirs = {"pathway__in": pathways.values("pk")}
    due = Step.objects.filter(
        pathway=OuterRef("pathway"), key=OuterRef("step_key"), due_at__lt=OuterRef("slot__starts_at")
    )
    late = Booking.objects.standing().filter(**theirs, booked_at__gte=since).exclude(step_key="")
    return [
        Kind("attend", "Attendent une place", WaitingPlace.objects.waiting().filter(**theirs)),
        Kind(
            "renonce",
            "Sortis de l’attente sans place",
            WaitingPlace.objects.filter(**theirs, status="withdrawn", ended_at__gte=since),
        ),
        Kind("tard", "Réservés après l’échéance", late.filter(Exists(due)).annotate(when=F("slot__starts_at"))),
        Kind(
            "refuse",
            "Demandes refusées par le plateau",
            ExamRequest.objects.filter(**theirs, status="refused", asked_at__gte=since),
        ),
    ]
