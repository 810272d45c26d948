"""Slots as an iCalendar (RFC 5545): no patient, no name, no reference; what an agenda needs to stay right.

Each event keeps its identifier for life; its SEQUENCE only grows: with each change of the slot, each booking made and
each one given back, and when its series gives it up or a person decides of it. A cancelled slot stays in the feed as
CANCELLED, so that agendas take it away; so does, in the feed of a series, one that went to another series, and in that
of a practitioner, one where somebody else is expected.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from django.apps import apps
from django.conf import settings
from django.db import models
from django.db.models import Count, Exists, IntegerField, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce
from django.urls import reverse
from icalendar import Calendar, Event, vDuration, vUri

from coordination.models import (
    Booking,
    CalendarFeed,
    DisturbedSlot,
    FeedDeparture,
    Slot,
    SlotChange,
    SlotEvent,
    SlotPractitioner,
)
from coordination.perms import is_oneself
from coordination.querysets import SlotQuerySet
from coordination.querysets.slots import given_up
from coordination.readings.time_zones import time_zone
from directory.models import Professional, Team

BACK = timedelta(days=28)
AHEAD = timedelta(days=200)
ASK_AGAIN = timedelta(minutes=15)
PRODUCT = "-//Jalon//Créneaux sanctuarisés//FR"
CHANGES = (
    SlotEvent.RELEASED, SlotEvent.MOVED, SlotEvent.CHANGED, SlotEvent.CANCELLED, SlotEvent.REOPENED,
)  # fmt: skip


def feed_slots(feed: CalendarFeed, now: datetime) -> list[Slot]:
    """The slots of the feed from four weeks back, cancelled ones included, with what their SEQUENCE counts."""
    slots = _shown(feed).between(now - BACK, now + AHEAD).with_list_data()
    bookings = Booking.objects.filter(slot=OuterRef("pk")).order_by().values("slot")
    changes = SlotChange.objects.filter(slot=OuterRef("pk"), what__in=CHANGES).order_by().values("slot")
    expected = SlotPractitioner.objects.filter(slot=OuterRef("pk"), professional=feed.professional_id)
    disturbed = DisturbedSlot.objects.filter(slot=OuterRef("pk"))
    # Given up, kept all the same, assured again: each is one row of the history that the database keeps.
    history = apps.get_model("coordination", "DisturbedSlotHistory")
    steps = history._default_manager.filter(pgh_obj__slot=OuterRef("pk")).order_by().values("pgh_obj__slot")
    return list(
        slots.annotate(
            booked_ever=_count(bookings.annotate(n=Count("pk") + Count("pk", filter=Q(status="cancelled")))),
            changed=_count(changes.annotate(n=Count("pk"))),
            given_up=given_up(),
            kept=Exists(disturbed.filter(settled_at__isnull=True, kept_by__isnull=False)),
            decided=_count(steps.annotate(n=Count("pk"))),
            stands=Subquery(expected.values("stands")[:1]),
            left=Exists(_departures(feed).filter(slot=OuterRef("pk"))),
        ).order_by("starts_at", "id")
    )


def _count(rows: Any) -> Coalesce:
    return Coalesce(Subquery(rows.values("n"), output_field=IntegerField()), 0)


def _shown(feed: CalendarFeed) -> SlotQuerySet:
    if isinstance(feed.shown, Team):
        return Slot.objects.filter(platform=feed.shown)
    left = Q(pk__in=_departures(feed).values("slot"))
    if isinstance(feed.shown, Professional):
        here = SlotPractitioner.objects.filter(professional=feed.shown)
        theirs = Slot.objects.filter(Q(pk__in=here.values("slot")) | left)
        # Of somebody else's hours, what the maker of the link reads on the pages, and no more.
        return theirs if is_oneself(feed.created_by, feed.shown) else theirs.visible_to(feed.created_by)
    return Slot.objects.filter(Q(series=feed.shown) | left)


def _departures(feed: CalendarFeed) -> models.QuerySet[FeedDeparture]:
    """The slots it showed and shows no more; that of a platform loses none."""
    if isinstance(feed.shown, Professional):
        return FeedDeparture.objects.filter(professional=feed.shown)
    return FeedDeparture.objects.filter(series=feed.series_id) if feed.series_id else FeedDeparture.objects.none()


def calendar_file(feed: CalendarFeed, slots: Iterable[Slot], now: datetime) -> bytes:
    """The feed as the text of a calendar, CRLF at each end of line, with the time zones it uses."""
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", f"Jalon : {feed.shown}")
    calendar.add("refresh-interval", vDuration(ASK_AGAIN), parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", vDuration(ASK_AGAIN))
    shown = list(slots)
    first = (now - BACK).replace(hour=0, minute=0, second=0, microsecond=0)
    for name in sorted({slot.platform.establishment.time_zone for slot in shown}):
        calendar.add_component(time_zone(name, first, now + AHEAD))
    for slot in shown:
        calendar.add_component(_event(slot, now, practitioner=feed.professional_id is not None))
    return calendar.to_ical()


def _event(slot: Slot, now: datetime, *, practitioner: bool) -> Event:
    starts, ends = _hours(slot)
    event = Event()
    event.add("uid", f"{slot.uuid}@{urlsplit(settings.BASE_URL).hostname}")
    event.add("dtstamp", now)
    event.add("dtstart", starts)
    event.add("dtend", ends)
    event.add("sequence", _sequence(slot))
    status, words = _status(slot, practitioner)
    event.add("status", status)
    event.add("summary", f"{slot.exam_type} : {words}")
    # The slot's own room: that of its series changes without it. A room may bear the name of its platform: said once.
    where = [slot.room, str(slot.platform), str(slot.platform.establishment)]
    event.add("location", ", ".join(dict.fromkeys(filter(None, where))))
    event.add("class", "PRIVATE")
    event.add("transp", "OPAQUE" if slot.booked and status != "CANCELLED" else "TRANSPARENT")
    event.add("url", vUri(f"{settings.BASE_URL}{reverse('coordination:slot', args=[slot.uuid])}"))
    return event


def _hours(slot: Slot) -> tuple[datetime, datetime]:
    """On the wall clock of the slot. An hour that comes twice is read as the first (RFC 5545, 3.3.5): one that is the
    second is told in UTC, its event whole, or it would end when it begins."""
    zone = ZoneInfo(slot.platform.establishment.time_zone)
    local = slot.starts_at.astimezone(zone), slot.ends_at.astimezone(zone)
    return (slot.starts_at.astimezone(UTC), slot.ends_at.astimezone(UTC)) if any(each.fold for each in local) else local


def _sequence(slot: Any) -> int:
    """Grows with all that an agenda must hear of; a release from before the log counts once. What left the feed is one
    step behind the slot itself, which moved by two."""
    released = 1 if slot.released_at and not slot.changed else 0
    return int(slot.sequence + slot.booked_ever + slot.changed + slot.decided + released - (1 if slot.left else 0))


def _status(slot: Any, practitioner: bool) -> tuple[str, str]:
    """STATUS, and the state in words. A practitioner is not expected at a slot given back empty."""
    many = "s" if slot.booked > 1 else ""
    taken = f"{slot.booked} place{many} prise{many} sur {slot.capacity}"
    if slot.left:
        return "CANCELLED", "vous n’êtes plus attendu" if practitioner else "passé à une autre série"
    if slot.status == "cancelled" or (practitioner and not slot.stands):
        return "CANCELLED", "annulé" if slot.status == "cancelled" else "rendu, vous n’êtes plus attendu"
    if slot.status == "released" and not slot.given_up:
        return ("CONFIRMED" if slot.booked else "TENTATIVE"), f"rendu au plateau, {taken}"
    state = "tenu malgré tout" if slot.kept else "ne reçoit plus personne" if slot.given_up else "gardé"
    return ("CONFIRMED" if slot.booked else "TENTATIVE"), f"{state}, {taken}"
