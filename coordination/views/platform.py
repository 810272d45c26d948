"""The platform's own page: who comes today, done or missed in one click, and the slots given back."""

from __future__ import annotations

from datetime import date, timedelta

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from coordination.models import Booking
from coordination.perms import runs_platform
from coordination.readings.board import platform_day
from coordination.views.shared import is_htmx, user_of
from directory.models import Role
from directory.perms import allow
from pathways.rules.calendar import ONE_DAY
from pathways.services import calendar_of

FAR = timedelta(days=3653)


@require_safe
@allow(runs_platform)
def platform(request: HttpRequest) -> HttpResponse:
    """One day of the user's platforms: of each patient, only what the appointment needs."""
    user, now = user_of(request), timezone.now()
    memberships = [each for each in user.current_memberships if each.role == Role.PLATFORM]
    calendar = calendar_of(memberships[0].team.establishment)
    today = calendar.local_date(now)
    day = read_day(request.GET.get("jour"), today)
    shown = platform_day([each.team_id for each in memberships], day, calendar, now)
    context = {
        "day": shown,
        "teams": [each.team for each in memberships],
        "today": today,
        "is_today": day == today,
        "markable": day <= today,
        "before": day - ONE_DAY,
        "after": day + ONE_DAY,
        "back": request.get_full_path(),
    }
    template = "coordination/platform.html"
    return render(request, f"{template}#day" if is_htmx(request) else template, context)


def booking_row(request: HttpRequest, booking: Booking) -> HttpResponse:
    """One line of the day again, after a mark."""
    fresh = Booking.objects.with_list_data().get(pk=booking.pk)
    context = {
        "booking": fresh,
        "markable": timezone.localdate(fresh.slot.starts_at) <= timezone.localdate(),
        "back": request.POST.get("back", ""),
        "fresh": True,
    }
    return render(request, "coordination/platform.html#row", context)


def read_day(text: str | None, default: date) -> date:
    """A day as the query writes it (2026-11-23), within ten years; ``default`` when it is anything else."""
    try:
        day = date.fromisoformat(text or "")
    except ValueError:
        return default
    return day if abs(day - default) < FAR else default
