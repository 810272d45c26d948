"""Weeks whose slot could not be made: noted, told once, closed by themselves."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime
from hashlib import sha256

from django.conf import settings
from django.db.models import Exists, OuterRef, Q
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from coordination.models import Slot, SlotSeries, SlotStatus, UnmadeWeek
from coordination.rules.series import Outcome
from coordination.services.appointments import clock_of
from directory.models import Team
from directory.services import post
from directory.typography import moment


def note_unmade(series: SlotSeries, clashes: Iterable[tuple[Outcome, str]], at: datetime) -> None:
    """The weeks that ``series`` could not give, and why: these are told once, and all others are closed."""
    why: dict[date, list[str]] = defaultdict(list)
    hours: dict[date, datetime] = {}
    for each, said in clashes:
        if each.wanted:
            why[each.week].append(said)
            hours[each.week] = each.wanted.starts_at
    known = {each.week: each for each in UnmadeWeek.objects.filter(series=series, week__in=why)} if why else {}
    fresh = []
    for week, reasons in sorted(why.items()):
        row = known.get(week) or UnmadeWeek(series=series, week=week, since=at)
        if row.pk is None or row.settled_at:
            row.since, row.settled_at = at, None
            fresh.append(row)
        row.reason, row.starts_at = " ; ".join(dict.fromkeys(reasons))[:300], hours[week]
        row.save()
    UnmadeWeek.objects.filter(series=series, settled_at__isnull=True).exclude(week__in=why).update(settled_at=at)
    if fresh:
        _tell(series, fresh, at)


def settle_made(series: Iterable[SlotSeries], at: datetime) -> None:
    """Closes the weeks that have their slot now, whoever made it."""
    standing = Slot.objects.filter(series=OuterRef("series"), week=OuterRef("week")).exclude(
        status=SlotStatus.CANCELLED
    )
    rows = UnmadeWeek.objects.filter(Exists(standing), series__in=[each.pk for each in series])
    rows.filter(settled_at__isnull=True).update(settled_at=at)


def settle_past(now: datetime) -> None:
    """Nothing can be done any more for weeks gone by, nor is wanted of a series that has ended."""
    today = timezone.localdate(now)
    over = Q(starts_at__lte=now) | Q(series__valid_until__lt=today)
    UnmadeWeek.objects.filter(over, settled_at__isnull=True).update(settled_at=now)


def _tell(series: SlotSeries, weeks: list[UnmadeWeek], at: datetime) -> None:
    """One message to the platform, and one to each team that relies on it; who is taken is read on the page."""
    platform = series.platform
    with clock_of(platform):
        today = timezone.localdate(at)
        context = {
            "exam": series.exam_type.label,
            "platform": platform.name,
            "slots": [moment(each.starts_at, today) for each in weeks],
            "link": f"{settings.BASE_URL}{reverse('coordination:series-page', args=[series.uuid])}",
        }
    together = sha256(repr([(each.week, at) for each in weeks]).encode()).hexdigest()[:32]
    relying = Team.objects.filter(target_pathways__slot_series=series).select_related("establishment").distinct()
    told: set[str] = set()
    for team in [platform, *relying.order_by("pk")]:
        recipient = team.email or team.establishment.email
        if not recipient or recipient in told:
            continue
        told.add(recipient)
        post(
            kind="slots_not_made",
            dedup_key=f"slots-not-made:{series.uuid}:{together}:{team.pk}",
            establishment=team.establishment,
            recipient=recipient,
            subject="Un créneau n’a pas pu être créé" if len(weeks) == 1 else f"{len(weeks)} créneaux non créés",
            body=render_to_string("coordination/post/not_made.txt", context),
            about=series.uuid,
        )
