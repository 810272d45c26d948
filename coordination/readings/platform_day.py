"""The day of a platform: who comes, what comes next, what was given back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from coordination.models import Booking, Slot
from coordination.querysets import BookingQuerySet
from pathways.rules.calendar import ONE_DAY, Calendar

AHEAD = 14
BACK = 90


@dataclass(frozen=True)
class PlatformDay:
    """One day of a platform: who comes, what comes next, what was given back."""

    day: date
    bookings: list[Booking]
    coming: list[tuple[date, int, str]]
    released: list[Slot]
    forgotten: list[tuple[date, int, str]]
    """Past days with appointments that nobody marked: day, how many, of which types."""


def platform_day(teams: Sequence[int], day: date, calendar: Calendar, now: datetime) -> PlatformDay:
    """What the people of ``teams`` see of ``day``, in four queries."""
    start, end = calendar.start_of_day(day), calendar.start_of_day(day + ONE_DAY)
    today = calendar.start_of_day(calendar.local_date(now))
    tomorrow = calendar.start_of_day(calendar.local_date(now) + ONE_DAY)
    theirs = Booking.objects.filter(slot__platform__in=teams)
    released = Slot.objects.given_back(now).filter(platform__in=teams, starts_at__lt=now + timedelta(days=AHEAD))
    return PlatformDay(
        day=day,
        bookings=list(theirs.of_day(start, end).with_list_data()),
        coming=_by_day(theirs.standing().between(tomorrow, tomorrow + timedelta(days=AHEAD)), calendar),
        forgotten=_by_day(theirs.unmarked().between(now - timedelta(days=BACK), today), calendar),
        released=list(released.with_list_data().order_by("starts_at", "id")),
    )


def _by_day(rows: BookingQuerySet, calendar: Calendar) -> list[tuple[date, int, str]]:
    """Days with appointments: day, how many, of which types."""
    days: dict[date, list[str]] = defaultdict(list)
    for starts_at, label in rows.values_list("slot__starts_at", "slot__exam_type__label").order_by("slot__starts_at"):
        days[calendar.local_date(starts_at)].append(label)
    return [(day, len(labels), ", ".join(dict.fromkeys(labels))) for day, labels in days.items()]
