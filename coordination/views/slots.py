"""The board of slots, by week and by month, and one slot."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from coordination.models import Booking, DisturbedSlot, Slot, SlotPractitioner, SlotSeries
from coordination.perms import may_see_platform, reads_slots
from coordination.querysets import SlotQuerySet, SlotSeriesQuerySet
from coordination.readings.away import away_between
from coordination.readings.board import WEEK, Place, board_of, bounds, cell_of, monday_of, narrowing, unique
from coordination.readings.month import month_of, weeks_of
from coordination.readings.slot_life import life_of
from coordination.views.days import read_day
from coordination.views.live import is_live, live
from coordination.views.shared import log_team_reads, open_files, user_of
from directory.models import Establishment, User
from directory.perms import allow
from directory.typography import NBSP
from pathways.models import TargetPathway
from pathways.rules.calendar import ONE_DAY
from pathways.services import calendar_of


@dataclass(frozen=True)
class Filters:
    """What the reader asked to see. A value that names nothing of theirs shows an empty board, never another's."""

    exam: str
    platform: str
    site: str
    target: str
    practitioner: str

    @classmethod
    def of(cls, request: HttpRequest) -> Filters:
        return cls(*(request.GET.get(word, "") for word in ("examen", "plateau", "site", "parcours", "praticien")))

    def in_words(self, offered: dict[str, list[Place]]) -> list[str]:
        """« Examen : IRM » of each that narrows the board: paper does not show the lists they were chosen from."""
        used = (
            ("Examen", self.exam, "exam_types"),
            ("Site", self.site, "sites"),
            ("Plateau", self.platform, "platforms"),
            ("Parcours", self.target, "targets"),
            ("Praticien", self.practitioner, "practitioners"),
        )
        labels = {name: {each.value: each.label for each in places} for name, places in offered.items()}
        return [f"{word}{NBSP}: {labels[name].get(value, 'inconnu')}" for word, value, name in used if value]

    def apply(self, slots: SlotQuerySet) -> SlotQuerySet:
        if self.exam:
            slots = slots.filter(exam_type__code=self.exam)
        if platform := _uuid(self.platform):
            slots = slots.filter(platform__uuid=platform)
        if site := _uuid(self.site):
            slots = slots.filter(platform__establishment__uuid=site)
        if self.target:
            serving = SlotSeries.targets.through.objects.filter(targetpathway__key=self.target)
            slots = slots.filter(series__in=serving.values("slotseries_id"))
        if person := _uuid(self.practitioner):
            theirs = SlotPractitioner.objects.filter(professional__uuid=person).order_by()
            slots = slots.filter(pk__in=theirs.values("slot"))
        return slots

    def series(self, user: User) -> SlotSeriesQuerySet:
        """The series of what is shown, whether they have slots there or not."""
        series: SlotSeriesQuerySet = SlotSeries.objects.visible_to(user)
        if self.exam:
            series = series.filter(exam_type__code=self.exam)
        if platform := _uuid(self.platform):
            series = series.filter(platform__uuid=platform)
        if site := _uuid(self.site):
            series = series.filter(platform__establishment__uuid=site)
        if self.target:
            serving = SlotSeries.targets.through.objects.filter(targetpathway__key=self.target)
            series = series.filter(pk__in=serving.values("slotseries_id"))
        if person := _uuid(self.practitioner):
            series = series.filter(practitioners__uuid=person)
        return series


@require_safe
@allow(reads_slots)
def slots(request: HttpRequest) -> HttpResponse:
    """One week of the slots the user sees, by exam type and day; what is below the filters refreshes itself."""
    user, now = user_of(request), timezone.now()
    calendar, filters = calendar_of(home_of(user)), Filters.of(request)
    today = calendar.local_date(now)
    monday = monday_of(read_day(request.GET.get("semaine"), today))
    found = filters.apply(Slot.objects.visible_to(user)).between(*bounds(monday, monday + 6 * ONE_DAY, calendar))
    rows = found.with_board_data().with_held(now).with_offers().with_places(now).order_by("starts_at", "id")
    with timezone.override(calendar.zone):
        away = away_between(filters.series(user), found, monday, monday + 6 * ONE_DAY)
        context: dict[str, Any] = {"board": board_of(rows, monday, calendar, now, away), "away": away.exceptions}
        if is_live(request):
            return live(request, render(request, "coordination/slots.html#board", context), now, monday)
        context |= {
            "before": monday - WEEK,
            "after": monday + WEEK,
            "this_week": monday == monday_of(today),
            "day": monday,
            **_frame(request, user, filters, now),
        }
        return render(request, "coordination/slots.html", context)


@require_safe
@allow(reads_slots)
def month(request: HttpRequest) -> HttpResponse:
    """One month of the slots the user sees: places free, taken and given back, day by day."""
    user, now = user_of(request), timezone.now()
    calendar, filters = calendar_of(home_of(user)), Filters.of(request)
    first = read_day(request.GET.get("mois"), calendar.local_date(now)).replace(day=1)
    found = filters.apply(Slot.objects.visible_to(user))
    with timezone.override(calendar.zone):
        start, end = weeks_of(first)
        away = away_between(filters.series(user), found.between(*bounds(start, end, calendar)), start, end)
        context: dict[str, Any] = {
            "month": month_of(found, first, calendar, now, away),
            "away": away.exceptions,
            "filters_query": _query(request),
        }
        if is_live(request):
            return live(request, render(request, "coordination/slots_month.html#board", context), now, first)
        context |= {"this_month": first == calendar.local_date(now).replace(day=1), "day": first}
        context |= _frame(request, user, filters, now)
        return render(request, "coordination/slots_month.html", context)


def _frame(request: HttpRequest, user: User, filters: Filters, now: datetime) -> dict[str, object]:
    """What stands around the fragment: the filters and what they offer, and where the fragment asks again."""
    series = SlotSeries.objects.visible_to(user)
    served = TargetPathway.objects.filter(pk__in=SlotSeries.targets.through.objects.filter(
        slotseries__in=series.values("pk")).values("targetpathway_id"))  # fmt: skip
    offered = narrowing(series)
    offered["targets"] = unique([Place(key, name) for key, name in served.values_list("key", "name")])
    return {
        "filters": filters,
        **offered,
        "chosen": filters.in_words(offered),
        "now": now,
        "live_url": request.get_full_path(),
        "filters_query": _query(request),
    }


def _query(request: HttpRequest) -> str:
    """The filters as they go on to another week or another month."""
    kept = request.GET.copy()
    for word in ("semaine", "mois"):
        kept.pop(word, None)
    return kept.urlencode()


def home_of(user: User) -> Establishment:
    """The site whose days and hours the user's pages follow: that of their first team."""
    return user.current_memberships[0].team.establishment


def _uuid(text: str) -> UUID | None:
    """The public id; None for nothing, and for what is none."""
    try:
        return UUID(text)
    except ValueError:
        return None


@require_safe
@allow(reads_slots)
def slot(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """One slot: its state, its life, and the places taken, with the patients the user may see (each read logged)."""
    user, now = user_of(request), timezone.now()
    shown = Slot.objects.visible_to(user).with_list_data().with_held(now).with_offers().with_places(now)
    found = get_object_or_404(shown, uuid=uuid)
    seen = Booking.objects.visible_to(user).standing().filter(slot=found).with_list_data()
    seen = seen.select_related("pathway__patient").order_by("seat")
    bookings, is_platform = list(seen), may_see_platform(user, found)
    if is_platform:
        log_team_reads(request, [each.patient.uuid for each in bookings], "Créneau")
    else:
        open_files(request, [each.pathway for each in bookings], "Créneau")
    day = cell_of(found, now).starts_at.date()
    away = away_between(SlotSeries.objects.filter(pk=found.series_id), Slot.objects.filter(pk=found.pk), day, day)
    context = {
        "slot": found,
        "cell": cell_of(found, now, away=away),
        "disturbed": DisturbedSlot.objects.filter(slot=found, settled_at__isnull=True).first(),
        "bookings": bookings,
        "hidden": found.booked - len(bookings),
        "is_platform": is_platform,
        "targets": found.series.targets.all(),
        "life": life_of(found, now, user),
        "practitioners": found.practitioners.select_related("professional"),
        "board": f"{reverse('coordination:slots')}?semaine={day}",
    }
    with timezone.override(ZoneInfo(found.platform.establishment.time_zone)):
        return render(request, "coordination/slot.html", context)
