"""What a site asked of protected slots, week by week, and how its slots stand: what the simulation starts from."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta

from coordination.models import Booking, ExamRequest, ExamType, SlotSeries, WaitingPlace
from coordination.querysets import BookingQuerySet, SlotSeriesQuerySet
from coordination.readings.board import monday_of
from coordination.rules.sizing import History, first_asked
from coordination.services.cancel_codes import MISTAKE
from pathways.querysets import PathwayQuerySet
from pathways.rules.calendar import ONE_DAY, Calendar

BACK = timedelta(weeks=53)


def demand_of(pathways: PathwayQuerySet, exam: ExamType, calendar: Calendar, now: datetime) -> History:
    """The requests for ``exam`` in the last 52 whole weeks: each need once (pathway and step), when it was first asked.

    A need ends with its exam: what is asked after that is another one. What was booked by mistake asked for nothing
    (IND-06). The week that runs is left out; the history begins with the first request seen.
    """
    theirs = {"pathway__in": pathways.values("pk"), "exam_type": exam}
    asked, done = defaultdict(list), defaultdict(list)
    booked = Booking.objects.filter(**theirs)
    for rows, column, held in (
        (booked.exclude(pk__in=_mistaken(booked)), "booked_at", "slot__starts_at"),
        (WaitingPlace.objects.filter(**theirs), "asked_at", None),
        (ExamRequest.objects.filter(**theirs), "asked_at", "proposed_at"),
    ):
        recent = rows.filter(**{f"{column}__gte": now - BACK}).order_by()
        columns = recent.values_list("pathway_id", "step_key", column, "status", held or column)
        for pathway, step, at, status, on in columns:
            asked[pathway, step].append(at)
            if status == "done":
                done[pathway, step].append(on)
    firsts = [at for need, times in asked.items() for at in first_asked(times, done[need])]
    return _weeks(firsts, calendar, now)


def _mistaken(booked: BookingQuerySet) -> set[int]:
    """Those cancelled as booked by mistake, and what they were moved from."""
    before = dict(booked.filter(moved_from__isnull=False).order_by().values_list("pk", "moved_from"))
    found: set[int] = set()
    for pk in booked.filter(cancel_code__code=MISTAKE).order_by().values_list("pk", flat=True):
        last: int | None = pk
        while last is not None:
            found.add(last)
            last = before.get(last)
    return found


def _weeks(asked: Iterable[datetime], calendar: Calendar, now: datetime) -> History:
    this_week = monday_of(calendar.local_date(now))
    days = [day for day in (calendar.local_date(at) for at in asked) if this_week - 364 * ONE_DAY <= day < this_week]
    if not days:
        return History((), ())
    counts = Counter(monday_of(day) for day in days)
    first = min(counts)
    weeks = [counts[first + 7 * n * ONE_DAY] for n in range((this_week - first).days // 7)]
    weekdays = Counter(day.weekday() for day in days)
    return History(tuple(weeks), tuple(weekdays[n] for n in range(7)))


def running_series(series: SlotSeriesQuerySet, exam: ExamType, calendar: Calendar, now: datetime) -> list[SlotSeries]:
    """The series of ``exam`` that run today, by weekday."""
    found = series.running(calendar.local_date(now)).filter(exam_type=exam)
    return list(found.order_by("weekday", "starts_at", "id"))
