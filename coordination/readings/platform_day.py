"""The day of a platform: who comes, what comes next, what was given back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from coordination.models import Booking, ExamRequest, Slot, SlotException, SlotSeries
from coordination.querysets import BookingQuerySet, ExamRequestQuerySet
from coordination.readings.away import away_between
from coordination.readings.coming import Coming, DateGiven, date_given
from pathways.rules.calendar import ONE_DAY, Calendar

AHEAD = 14
BACK = 90


@dataclass(frozen=True)
class PlatformDay:
    """One day of a platform: who comes, what comes next, what was given back."""

    day: date
    bookings: list[Booking]
    given: list[DateGiven]
    """Those to whom the platform itself gave a date, outside its slots."""
    coming: list[tuple[date, int, str]]
    released: list[Slot]
    forgotten: list[tuple[date, int, str]]
    """Past days with appointments that nobody marked: day, how many, of which types."""
    away: Sequence[SlotException]
    """What runs that day against the slots: an absence, a machine down, a closing."""
    touched: dict[UUID, list[str]]
    """The same in words, for each line that it takes."""

    @property
    def lines(self) -> list[Coming]:
        """All who come, hour by hour."""
        return sorted([*self.bookings, *self.given], key=lambda each: each.slot.starts_at)

    @property
    def patients(self) -> int:
        """How many people; one may have several exams."""
        return len({each.patient.pk for each in self.lines})


def platform_day(teams: Sequence[int], day: date, calendar: Calendar, now: datetime) -> PlatformDay:
    """What the people of ``teams`` see of ``day``, in eight queries, a few more when something runs against slots."""
    start, end = calendar.start_of_day(day), calendar.start_of_day(day + ONE_DAY)
    today = calendar.start_of_day(calendar.local_date(now))
    tomorrow = calendar.start_of_day(calendar.local_date(now) + ONE_DAY)
    ahead, back = tomorrow + timedelta(days=AHEAD), now - timedelta(days=BACK)
    theirs = Booking.objects.filter(slot__platform__in=teams)
    dated = ExamRequest.objects.filter(addressed_to__in=teams).dated()
    promised = dated.filter(status="proposed")
    released = Slot.objects.given_back(now).filter(platform__in=teams, starts_at__lt=now + timedelta(days=AHEAD))
    of_day = dated.filter(proposed_at__gte=start, proposed_at__lt=end).with_list_data().order_by("proposed_at", "id")
    bookings = list(theirs.of_day(start, end).with_list_data())
    given = [date_given(each) for each in of_day]
    away = away_between(
        SlotSeries.objects.filter(platform__in=teams),
        Slot.objects.filter(platform__in=teams).between(start, end),
        day,
        day,
    )
    return PlatformDay(
        day=day,
        bookings=bookings,
        given=given,
        away=away.heads(day),
        touched={each.uuid: away.of(each.slot, day) for each in bookings}
        | {each.uuid: away.at(each.slot.platform.pk, day) for each in given},
        coming=_people_by_day(
            theirs.standing().between(tomorrow, ahead),
            promised.filter(proposed_at__gte=tomorrow, proposed_at__lt=ahead),
            calendar,
        ),
        forgotten=_by_day(
            theirs.unmarked().between(back, today),
            promised.filter(proposed_at__gte=back, proposed_at__lt=today),
            calendar,
        ),
        released=list(released.with_list_data().order_by("starts_at", "id")),
    )


def _by_day(booked: BookingQuerySet, given: ExamRequestQuerySet, calendar: Calendar) -> list[tuple[date, int, str]]:
    """Days with appointments: day, how many, of which types."""
    return [
        (day, len(rows), ", ".join(dict.fromkeys(label for label, _ in rows)))
        for day, rows in _rows_by_day(booked, given, calendar).items()
    ]


def _people_by_day(
    booked: BookingQuerySet, given: ExamRequestQuerySet, calendar: Calendar
) -> list[tuple[date, int, str]]:
    """The same, each patient counted once a day."""
    return [
        (day, len({patient for _, patient in rows}), ", ".join(dict.fromkeys(label for label, _ in rows)))
        for day, rows in _rows_by_day(booked, given, calendar).items()
    ]


def _rows_by_day(
    booked: BookingQuerySet, given: ExamRequestQuerySet, calendar: Calendar
) -> dict[date, list[tuple[str, int]]]:
    """Exam and patient of each appointment, by day, in the order of the hours; two queries."""
    rows = [
        *booked.values_list("slot__starts_at", "slot__exam_type__label", "patient"),
        *given.values_list("proposed_at", "exam_type__label", "pathway__patient"),
    ]
    days: dict[date, list[tuple[str, int]]] = defaultdict(list)
    for starts_at, label, patient in sorted(rows):
        assert starts_at is not None  # `dated` has looked
        days[calendar.local_date(starts_at)].append((label, patient))
    return days
