"""Demand that protected slots did not meet: waiting, given up, booked after the step was due, refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Exists, F, OuterRef, QuerySet, Subquery
from django.utils import timezone

from coordination.models import Booking, ExamRequest, WaitingPlace
from directory.typography import NBSP, short_day
from pathways.models import Step
from pathways.querysets import PathwayQuerySet


@dataclass(frozen=True)
class Kind:
    """One way not to be met: its key in the query, its words, the exam and pathway of each."""

    key: str
    label: str
    rows: QuerySet  # type: ignore[type-arg]

    say: Callable[[Any], str]
    """What is said of one, beside the patient."""

    @property
    def lines(self) -> list[tuple[int, str]]:
        """Pathway of each, the exam and what is said of it; the days are those of the current time zone."""
        rows = self.rows.select_related("exam_type")
        return [(row.pathway_id, f"{row.exam_type} : {self.say(row)}") for row in rows]

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
    again = WaitingPlace.objects.filter(
        pathway=OuterRef("pathway"), exam_type=OuterRef("exam_type"), asked_at__gte=OuterRef("ended_at")
    ).exclude(pk=OuterRef("pk"))
    late = Booking.objects.standing().filter(**theirs, booked_at__gte=since).exclude(step_key="")
    return [
        Kind("attend", "Attendent une place", WaitingPlace.objects.waiting().filter(**theirs), _waits),
        Kind(
            "renonce",
            "Sortis de l’attente sans place",
            # Put back on the list since, they have given up nothing.
            WaitingPlace.objects.filter(**theirs, status="withdrawn", ended_at__gte=since).exclude(Exists(again)),
            _gave_up,
        ),
        Kind(
            "tard",
            "Réservés après l’échéance",
            late.filter(Exists(due)).annotate(when=F("slot__starts_at"), due_at=_first(due)).order_by("when", "pk"),
            _was_late,
        ),
        Kind(
            "refuse",
            "Demandes refusées par le plateau",
            ExamRequest.objects.filter(**theirs, status="refused", asked_at__gte=since),
            _was_refused,
        ),
    ]


def _first(due: QuerySet[Step]) -> Subquery:
    return Subquery(due.order_by("due_at").values("due_at")[:1])


def _day(at: datetime) -> str:
    return short_day(at, timezone.localdate())


def _waits(place: WaitingPlace) -> str:
    return f"depuis {_day(place.asked_at)}"


def _gave_up(place: WaitingPlace) -> str:
    assert place.ended_at is not None  # asked for by the query
    return f"{_day(place.ended_at)}, {place.end_reason}"


def _was_late(booking: Any) -> str:
    """The objective, the day booked, and how much later."""
    late = (timezone.localdate(booking.when) - timezone.localdate(booking.due_at)).days
    after = f"{late}{NBSP}j après" if late else "le même jour, après l’heure"
    return f"objectif {_day(booking.due_at)}, réservé au {_day(booking.when)} ({after})"


def _was_refused(request: ExamRequest) -> str:
    return f"demandé {_day(request.asked_at)}, {request.reason or 'sans motif'}"
