"""A person asks that a patient wait for a place: only where one can come."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.utils import timezone

from coordination.models import ExamType, HalfDay, SlotSeries, WaitingPlace
from coordination.rules.waiting import half_day_of
from coordination.services.series_drafts import HORIZON
from coordination.services.waiting import join_waiting
from directory.errors import DomainError
from directory.typography import short_day
from pathways.models import Pathway
from pathways.services import calendar_of


def ask_to_wait(
    *, pathway: Pathway, exam_type: ExamType, earliest_on: date | None = None, half_day: str = "", **more: Any
) -> WaitingPlace:
    """`join_waiting` asked by a person: refused when nothing could ever be offered.

    Raises DomainError when no series keeps places of that type for the pathway's target, in that half of the day (code
    ``nothing_kept``), or when ``earliest_on`` is beyond the weeks whose slots are made.
    """
    today = calendar_of(pathway.team.establishment).local_date(timezone.now())
    kept = SlotSeries.objects.kept_for(pathway, today).filter(exam_type=exam_type)
    hours = list(kept.values_list("starts_at", flat=True))
    if half_day in set(HalfDay) and hours and half_day not in {half_day_of(each.hour) for each in hours}:
        when = HalfDay(half_day).label.lower()
        raise DomainError(
            f"{exam_type.label} : aucun créneau n’est gardé {when} pour ce parcours.", field="half_day",
            code="nothing_kept",
        )  # fmt: skip
    if not hours:
        raise DomainError(
            f"{exam_type.label} : aucun créneau n’est gardé pour ce parcours, aucune place ne pourrait être proposée.",
            code="nothing_kept",
        )
    if earliest_on and not SlotSeries.objects.kept_for(pathway, earliest_on).filter(exam_type=exam_type).exists():
        raise DomainError(
            f"{exam_type.label} : plus aucun créneau n’est gardé pour ce parcours à cette date.", field="earliest_on",
            code="nothing_kept",
        )  # fmt: skip
    if earliest_on and earliest_on > today + HORIZON:
        raise DomainError(
            f"Les places sont connues jusqu’au {short_day(today + HORIZON, today)} : choisissez une date plus proche.",
            field="earliest_on",
        )
    return join_waiting(pathway=pathway, exam_type=exam_type, earliest_on=earliest_on, half_day=half_day, **more)
