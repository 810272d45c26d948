"""Series of protected slots, and the slots they give."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from coordination.models import ExamType, ReleaseUnit, Slot, SlotSeries
from coordination.rules.slots import Occurrence, Pattern, occurrences
from directory.errors import DomainError
from directory.models import Team
from pathways.models import TargetPathway
from pathways.services import calendar_of

HORIZON = timedelta(weeks=12)
"""How far ahead slots are made: longer than any delay a target sets between a request and an exam."""


@transaction.atomic
def create_series(
    *,
    exam_type: ExamType,
    platform: Team,
    targets: Iterable[TargetPathway],
    weekday: int,
    starts_at: time,
    valid_from: date,
    valid_until: date | None = None,
    duration_minutes: int = 30,
    capacity: int = 1,
    release_notice_hours: int = 48,
    release_unit: str = ReleaseUnit.HOURS,
    room: str = "",
) -> SlotSeries:
    """Opens a weekly series kept for ``targets`` and makes its slots up to the horizon.

    ``starts_at`` is the wall clock of the platform's establishment. Raises DomainError naming the field.
    """
    served = list(targets)
    if not served:
        raise DomainError("Indiquez au moins un parcours servi par ces créneaux.", field="targets")
    series = SlotSeries(
        exam_type=exam_type,
        platform=platform,
        weekday=weekday,
        starts_at=starts_at,
        duration_minutes=duration_minutes,
        capacity=capacity,
        release_notice_hours=release_notice_hours,
        release_unit=release_unit,
        room=room.strip(),
        valid_from=valid_from,
        valid_until=valid_until,
    )
    try:
        series.full_clean()
    except ValidationError as error:
        field, messages = next(iter(error.message_dict.items()))
        raise DomainError(messages[0], field=None if field == "__all__" else field) from error
    series.save()
    series.targets.set(served)
    _generate(series, timezone.localdate(), timezone.localdate() + HORIZON, after=timezone.now())
    return series


def generate_slots(*, until: date | None = None, since: date | None = None) -> int:
    """Makes the missing slots of every running series up to ``until`` (the horizon by default); returns how many.

    From today on, it leaves out slots too near to be protected: their release instant has passed. ``since`` (a past
    day, to load a history) leaves out nothing. Running it again, or twice at once, makes nothing more: a slot that
    exists, whatever its state, is never touched (the database refuses a second one at the same instant of a series).
    """
    today = timezone.localdate()
    first, after = (today, timezone.now()) if since is None else (since, None)
    made = 0
    running = SlotSeries.objects.running(first).select_related("platform__establishment", "exam_type")
    for series in running.order_by("pk"):
        with transaction.atomic():
            made += _generate(series, first, until or today + HORIZON, after=after)
    return made


def _generate(series: SlotSeries, first: date, last: date, *, after: datetime | None) -> int:
    calendar = calendar_of(series.platform.establishment)
    wanted = [
        each for each in occurrences(pattern_of(series), first, last, calendar) if not after or each.release_at > after
    ]
    known = set(
        series.slots.filter(starts_at__in=[each.starts_at for each in wanted]).values_list("starts_at", flat=True)
    )
    missing = [_slot(series, each) for each in wanted if each.starts_at not in known]
    Slot.objects.bulk_create(missing, batch_size=500, ignore_conflicts=True)
    return len(missing)


def pattern_of(series: SlotSeries) -> Pattern:
    """The series as the rules read it."""
    return Pattern(
        weekday=series.weekday,
        starts_at=series.starts_at,
        duration=timedelta(minutes=series.duration_minutes),
        release_notice=timedelta(hours=series.release_notice_hours),
        valid_from=series.valid_from,
        valid_until=series.valid_until,
        release_worked=series.release_unit == ReleaseUnit.WORKING_HOURS,
    )


def _slot(series: SlotSeries, occurrence: Occurrence) -> Slot:
    return Slot(
        series=series,
        exam_type=series.exam_type,
        platform=series.platform,
        starts_at=occurrence.starts_at,
        ends_at=occurrence.ends_at,
        release_at=occurrence.release_at,
        capacity=series.capacity,
        room=series.room,
        resource_id=series.resource_id,
        week=occurrence.week,
    )
