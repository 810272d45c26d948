"""The platform's own pages: who comes today, the marks, the slots given back, the list of the day on paper, and the
proof that what it lends is used or comes back."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from coordination.models import Booking, Slot, SlotSeries
from coordination.papers.day_list import day_list_pdf
from coordination.perms import manages_series, may_see_platform, runs_platform
from coordination.readings.away import away_between
from coordination.readings.coming import Coming
from coordination.readings.platform_day import platform_day
from coordination.readings.slot_use import Period, chart_of, period_label, total_of, use_by_period
from coordination.views.days import read_day
from coordination.views.live import is_live, live
from coordination.views.shared import log_team_reads, open_files, user_of
from directory.models import Establishment, Role, Team
from directory.perms import allow
from pathways.rules.calendar import ONE_DAY, Calendar
from pathways.services import calendar_of

READ = "Plateau : journée"
PRINTED = "Plateau : liste du jour"


@dataclass(frozen=True)
class Here:
    """The platforms of the reader at one site, and its calendar: the days and the hours of a page are those of a site.
    ``others`` are the reader's other sites."""

    site: Establishment
    teams: list[Team]
    others: list[Establishment]
    calendar: Calendar

    @classmethod
    def of(cls, request: HttpRequest) -> Here:
        memberships = sorted(user_of(request).current_memberships, key=lambda each: each.pk)
        mine = [each.team for each in memberships if each.role == Role.PLATFORM]
        sites = list({team.establishment_id: team.establishment for team in mine}.values())
        asked = request.GET.get("site", "")
        site = next((each for each in sites if str(each.uuid) == asked), sites[0])
        teams = [team for team in mine if team.establishment_id == site.pk]
        return cls(site, teams, [each for each in sites if each.pk != site.pk], calendar_of(site))

    @property
    def ids(self) -> list[int]:
        return [team.pk for team in self.teams]

    def context(self) -> dict[str, Any]:
        return {"teams": self.teams, "site": self.site, "others": self.others}


@require_safe
@allow(runs_platform)
def platform(request: HttpRequest) -> HttpResponse:
    """One day of the user's platforms at a site: of each patient, only what the appointment needs. The day refreshes
    itself; each time patients are named anew, the reads are logged."""
    here, now = Here.of(request), timezone.now()
    today = here.calendar.local_date(now)
    day = read_day(request.GET.get("jour"), today)
    shown = platform_day(here.ids, day, here.calendar, now)
    context = {
        **here.context(),
        "day": shown,
        "today": today,
        "is_today": day == today,
        "before": day - ONE_DAY,
        "after": day + ONE_DAY,
        "back": request.get_full_path(),
        "now": now,
        "live_url": request.get_full_path(),
    }
    with timezone.override(here.calendar.zone):
        if not is_live(request):
            _log(request, shown.lines, READ)
            context["series_waiting"] = _series_waiting(request, now)
            return render(request, "coordination/platform.html", context)
        response = live(request, render(request, "coordination/platform.html#day", context), now, day)
    if response.status_code == 200:
        _log(request, shown.lines, READ)
    return response


def _series_waiting(request: HttpRequest, now: datetime) -> int:
    """How many series ask something of whoever manages them."""
    user = user_of(request)
    return SlotSeries.objects.to_look_at(user, now).count() if manages_series(user) else 0


def _log(request: HttpRequest, lines: Iterable[Coming], what: str) -> None:
    log_team_reads(request, {each.patient.uuid for each in lines}, what)


def booking_row(request: HttpRequest, booking: Booking) -> HttpResponse:
    """One line of the day again, after a mark."""
    fresh = Booking.objects.with_list_data().get(pk=booking.pk)
    if may_see_platform(user_of(request), fresh.slot):
        _log(request, [fresh], READ)
    else:
        open_files(request, [fresh.pathway], READ)
    zone = ZoneInfo(fresh.slot.platform.establishment.time_zone)
    with timezone.override(zone):
        context = {
            "booking": fresh,
            "now": timezone.now(),
            "back": request.POST.get("back", ""),
            "fresh": True,
            "away": _away(fresh.slot, timezone.localdate(fresh.slot.starts_at)),
        }
        return render(request, "coordination/platform.html#row", context)


def _away(slot: Slot, day: date) -> list[str]:
    series, alone = SlotSeries.objects.filter(pk=slot.series_id), Slot.objects.filter(pk=slot.pk)
    return away_between(series, alone, day, day).of(slot, day)


@require_safe
@allow(runs_platform)
def day_list(request: HttpRequest) -> HttpResponse:
    """The list of one day as a PDF, for the room where the exams are made."""
    here, now = Here.of(request), timezone.now()
    day = read_day(request.GET.get("jour"), here.calendar.local_date(now))
    shown = platform_day(here.ids, day, here.calendar, now)
    _log(request, shown.lines, PRINTED)
    with timezone.override(here.calendar.zone):
        content = day_list_pdf(
            shown, teams=here.teams, site=here.site, author=str(user_of(request)), today=timezone.localdate(now), at=now
        )
    response = HttpResponse(content, content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="liste-du-jour-{day:%Y%m%d}.pdf"'
    return response


@require_safe
@allow(runs_platform)
def proof(request: HttpRequest) -> HttpResponse:
    """What became of the places lent: used, missed, given back in time, lost, by week or by month (SLT-10)."""
    here, now = Here.of(request), timezone.now()
    period = Period.MONTH if request.GET.get("par") == Period.MONTH else Period.WEEK
    uses = use_by_period(Slot.objects.filter(platform__in=here.ids), period, now)
    labels = [period_label(use.key, period) for use in uses]
    context = {
        **here.context(),
        "period": period,
        "lines": [
            {"use": use, "label": label, "day": use.key.isoformat()} for use, label in zip(uses, labels, strict=True)
        ],
        "total": total_of(uses),
        "chart": chart_of(uses, labels),
    }
    with timezone.override(here.calendar.zone):
        return render(request, "coordination/platform_proof.html", context)
