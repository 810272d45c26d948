"""The board of slots, week by week, and one slot."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from coordination.models import Booking, ExamType, Slot, SlotSeries
from coordination.perms import may_see_platform, reads_slots
from coordination.readings.board import board_of, cell_of, monday_of
from coordination.views.platform import read_day
from coordination.views.shared import is_htmx, user_of
from directory.models import Team
from directory.perms import allow
from pathways.rules.calendar import ONE_DAY, Calendar

WEEK = 7 * ONE_DAY


@require_safe
@allow(reads_slots)
def slots(request: HttpRequest) -> HttpResponse:
    """One week of the slots the user sees, by exam type and day; the fragment refreshes itself."""
    user, now = user_of(request), timezone.now()
    place = user.current_memberships[0].team.establishment
    calendar = Calendar(time_zone=place.time_zone, holiday_zone=place.holiday_zone)
    today = calendar.local_date(now)
    monday = monday_of(read_day(request.GET.get("semaine"), today))
    code, platform = request.GET.get("examen", ""), request.GET.get("plateau", "")
    found = Slot.objects.visible_to(user).between(calendar.start_of_day(monday), calendar.start_of_day(monday + WEEK))
    if code:
        found = found.filter(exam_type__code=code)
    if platform.isdecimal():
        found = found.filter(platform=int(platform))
    rows = list(found.with_list_data().order_by("starts_at", "id"))
    series = SlotSeries.objects.visible_to(user)
    context = {
        "board": board_of(rows, monday, place, now),
        "exam_types": ExamType.objects.filter(pk__in=series.values("exam_type")),
        "platforms": Team.objects.filter(pk__in=series.values("platform")),
        "code": code,
        "platform": platform,
        "before": monday - WEEK,
        "after": monday + WEEK,
        "this_week": monday == monday_of(today),
        "now": now,
        "refresh": f"{reverse('coordination:slots')}?{request.GET.urlencode()}",
    }
    template = "coordination/slots.html"
    return render(request, f"{template}#board" if is_htmx(request) else template, context)


@require_safe
@allow(reads_slots)
def slot(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """One slot: its state and the places taken, with the patients the user may see."""
    user, now = user_of(request), timezone.now()
    found = get_object_or_404(Slot.objects.visible_to(user).with_list_data(), uuid=uuid)
    seen = Booking.objects.visible_to(user).standing().filter(slot=found).with_list_data().order_by("seat")
    bookings = list(seen)
    context = {
        "slot": found,
        "cell": cell_of(found, now),
        "bookings": bookings,
        "hidden": found.booked - len(bookings),
        "markable": timezone.localdate(found.starts_at) <= timezone.localdate(now),
        "is_platform": may_see_platform(user, found),
        "targets": found.series.targets.all(),
        "back": request.get_full_path(),
    }
    return render(request, "coordination/slot.html", context)
