"""What became of the places kept (SLT-10): used, missed, given back in time, lost. Computed from the slots, as
`SlotQuerySet.with_places` says what is in time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from django.db.models import Count, F, Q, Sum
from django.db.models.functions import TruncMonth, TruncQuarter, TruncWeek

from coordination.models import Booking
from coordination.querysets import SlotQuerySet
from coordination.querysets.slots import LOCAL_DAY
from coordination.rules.charts import Bar, Chart, bars
from coordination.rules.spread import bounds, few
from directory.typography import MONTHS_SHORT, NBSP


class Period(StrEnum):
    """How time is cut."""

    WEEK = "semaine"
    MONTH = "mois"
    QUARTER = "trimestre"


_TRUNC = {Period.WEEK: TruncWeek, Period.MONTH: TruncMonth, Period.QUARTER: TruncQuarter}
SHOWN = {Period.WEEK: timedelta(weeks=12), Period.MONTH: timedelta(days=366), Period.QUARTER: timedelta(days=3 * 366)}
"""How far back each cut goes."""

PARTS = ("used", "missed", "released", "lost")


@dataclass(frozen=True)
class Use:
    """The places of one line: their sum is what was kept. ``key`` is what they were cut by."""

    key: Any
    slots: int = 0
    used: int = 0
    missed: int = 0
    released: int = 0
    lost: int = 0

    @property
    def places(self) -> int:
        return self.used + self.missed + self.released + self.lost

    @property
    def fill(self) -> int | None:
        """Percent of the places kept in which a patient came; None without any."""
        return percent(self.used, self.places)

    @property
    def wasted(self) -> int | None:
        """Percent lost to all: neither used nor given back in time."""
        return percent(self.lost + self.missed, self.places)

    @property
    def hidden(self) -> bool:
        """True when a number of its patients is too small to be shown: what it could be worked out from is shown as
        `told`, the places kept and the filling."""
        return few(self.used) or few(self.missed)

    @property
    def told(self) -> Told:
        return told([self])

    @property
    def drawn(self) -> Use:
        """Without the numbers too small to be shown."""
        return replace(self, used=0 if few(self.used) else self.used, missed=0 if few(self.missed) else self.missed)


def percent(part: int, whole: int) -> int | None:
    return round(100 * part / whole) if whole else None


def use_by_period(slots: SlotQuerySet, period: Period, now: datetime) -> list[Use]:
    """The lines of the past, oldest first: those of `SHOWN`, in two queries."""
    return sorted(_use(slots, _TRUNC[period]("day"), now, SHOWN[period]), key=lambda use: use.key)


def use_by(slots: SlotQuerySet, field: str, now: datetime, back: timedelta) -> list[Use]:
    """The same cut by a column of the slot (``exam_type``, ``platform``)."""
    return _use(slots, F(field), now, back)


def _use(slots: SlotQuerySet, key: Any, now: datetime, back: timedelta) -> list[Use]:
    past = slots.exclude(status="cancelled").between(now - back, now).annotate(day=LOCAL_DAY).order_by()
    rows = list(
        past.with_places(now)
        .annotate(key=key)
        .values("key")
        .annotate(
            slots=Count("pk"),
            taken=Sum("booked"),
            released=Sum(F("left") - F("late"), filter=Q(status="released")),
            late=Sum("late", filter=Q(status="released")),
            never=Sum("left", filter=Q(status="protected")),
        )
    )
    missed = dict(
        past.filter(bookings__in=Booking.objects.filter(status="missed"))
        .annotate(key=key)
        .values_list("key")
        .annotate(count=Count("bookings__pk", filter=Q(bookings__status="missed")))
    )
    return [
        Use(
            row["key"],
            slots=row["slots"],
            used=row["taken"] - missed.get(row["key"], 0),
            missed=missed.get(row["key"], 0),
            released=row["released"] or 0,
            lost=(row["late"] or 0) + (row["never"] or 0),
        )
        for row in rows
    ]


def total_of(uses: list[Use]) -> Use:
    """All the lines together."""
    return Use(None, **{name: sum(getattr(use, name) for use in uses) for name in ("slots", *PARTS)})


@dataclass(frozen=True)
class Told:
    """What may be told of several lines together: the least and the most that each figure may be, from what is shown of
    the lines alone. Nothing hidden can be worked out from it."""

    places: tuple[int, int]
    fill: tuple[int | None, int | None]
    wasted: tuple[int | None, int | None]


def told(uses: Iterable[Use]) -> Told:
    """Of one line, or of all of them; exact when no number of patients is hidden."""
    lines = list(uses)
    released, lost = (sum(getattr(use, part) for use in lines) for part in ("released", "lost"))
    used, most_used = (sum(bounds(use.used)[end] for use in lines) for end in (0, 1))
    missed, most_missed = (sum(bounds(use.missed)[end] for use in lines) for end in (0, 1))
    fewest, least_kept, most_kept = (
        Use(None, used=u, missed=m, released=released, lost=lost)
        for u, m in ((used, missed), (used, most_missed), (most_used, missed))
    )
    return Told(
        places=(fewest.places, most_used + most_missed + released + lost),
        fill=(least_kept.fill, most_kept.fill),
        wasted=(most_kept.wasted, least_kept.wasted),
    )


def chart_of(uses: list[Use], labels: list[str]) -> Chart[Bar]:
    """Each line as a bar, in the order of `PARTS`."""
    return bars([(label, [getattr(use, part) for part in PARTS]) for use, label in zip(uses, labels, strict=True)])


def period_label(start: date, period: Period) -> str:
    """« sem. du 23 nov. », « nov. 2026 », « 4e trim. 2026 »."""
    month = MONTHS_SHORT[start.month - 1]
    if period is Period.WEEK:
        return f"sem. du {start.day}{NBSP}{month}"
    if period is Period.MONTH:
        return f"{month} {start.year}"
    quarter = (start.month + 2) // 3
    return f"{quarter}{'er' if quarter == 1 else 'e'} trim. {start.year}"
