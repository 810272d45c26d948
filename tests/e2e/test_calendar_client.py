"""A calendar link in a real agenda (vdirsyncer fetches, khal shows): hours, moves, cancellations, a revoked link."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from urllib.request import urlopen
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from django.urls import reverse
from django.utils import timezone
from pytest_django.live_server_helper import LiveServer

from coordination import services
from coordination.models import Slot
from coordination.services.feeds import token_of
from tests.coordination.factories import Desk
from tests.coordination.test_feeds import twice
from tests.e2e.agenda import Agenda, RefusedError, Row

pytestmark = pytest.mark.django_db(transaction=True)

PARIS = ZoneInfo("Europe/Paris")


@pytest.fixture
def desk() -> Desk:
    return Desk()


def link(server: LiveServer, user: Any, shown: Any) -> tuple[Any, str]:
    """A calendar link and its whole address."""
    key = uuid4()
    feed = services.make_feed(user=user, shown=shown, label="Mon agenda", request_key=key)
    return feed, server.url + reverse("coordination:calendar", args=[token_of(key)])


def row(slot: Slot, words: str, state: str, zone: str = "Europe/Paris") -> Row:
    """What the agenda should show of the slot on the clock of ``zone``."""
    begins, ends = (moment.astimezone(ZoneInfo(zone)) for moment in (slot.starts_at, slot.ends_at))
    place = ", ".join(dict.fromkeys(filter(None, [slot.room, str(slot.platform), str(slot.platform.establishment)])))
    return f"{begins:%Y-%m-%d %H:%M}", f"{ends:%Y-%m-%d %H:%M}", f"{slot.exam_type} : {words}", place, state


def test_an_agenda_follows_a_slot_through_its_life(tmp_path: Path, server: LiveServer, desk: Desk) -> None:
    slot, today = desk.slot(in_days=5, capacity=2), timezone.localdate()
    feed, address = link(server, desk.technician, desk.platform)
    agenda = Agenda.of(tmp_path, address)

    def after_a_look() -> list[Row]:
        agenda.fetch()
        slot.refresh_from_db()
        return agenda.shows(today)

    assert after_a_look() == [row(slot, "gardé, 0 place prise sur 2", "TENTATIVE")]
    booking = desk.booking(slot)
    assert after_a_look() == [row(slot, "gardé, 1 place prise sur 2", "CONFIRMED")]
    services.cancel_booking(booking=booking, reason="Fatigué", user=desk.coordinator)
    assert after_a_look() == [row(slot, "gardé, 0 place prise sur 2", "TENTATIVE")]

    before = slot.starts_at
    later = services.one_week(slot=slot, reason="Visite", moved_to=before + timedelta(hours=2))
    services.make_exception(exception=later, user=desk.technician)
    assert after_a_look() == [row(slot, "gardé, 0 place prise sur 2", "TENTATIVE")]
    assert slot.starts_at == before + timedelta(hours=2), "one event, at its new hour"

    services.make_exception(exception=services.one_week(slot=slot, reason="Panne"), user=desk.technician)
    assert after_a_look() == [row(slot, "annulé", "CANCELLED")]

    services.revoke_feed(feed=feed, user=desk.technician)
    with pytest.raises(RefusedError, match="Not Found"):
        agenda.fetch()
    assert len(agenda.shows(today)) == 1, "what was fetched stays"


def test_an_event_opened_again_replaces_what_it_was(tmp_path: Path, server: LiveServer, desk: Desk) -> None:
    slot, today = desk.slot(in_days=5), timezone.localdate()
    _, address = link(server, desk.technician, slot.series)
    agenda = Agenda.of(tmp_path, address)

    def opened() -> list[Row]:
        with urlopen(address) as response:
            agenda.take_in(response.read())
        slot.refresh_from_db()
        return agenda.shows(today)

    assert opened() == [row(slot, "gardé, 0 place prise sur 1", "TENTATIVE")]
    moved = services.one_week(slot=slot, reason="Visite", moved_to=slot.starts_at + timedelta(hours=3))
    services.make_exception(exception=moved, user=desk.technician)
    desk.booking(slot)
    assert opened() == [row(slot, "gardé, 1 place prise sur 1", "CONFIRMED")]


@pytest.mark.parametrize("zone", ["Europe/Paris", "Indian/Reunion", "America/Cayenne"])
def test_hours_are_right_on_both_sides_of_a_change_of_hour(
    tmp_path: Path, server: LiveServer, desk: Desk, zone: str
) -> None:
    """The feed shows half a year: one change of hour at least. Who reads it elsewhere reads their own clock."""
    slots = weeks_at_nine(desk)
    assert len({each.starts_at.astimezone(PARIS).utcoffset() for each in slots}) == 2
    _, address = link(server, desk.technician, desk.platform)
    agenda = Agenda.of(tmp_path, address, zone)
    agenda.fetch()
    assert agenda.shows(timezone.localdate()) == [
        row(each, "gardé, 0 place prise sur 1", "TENTATIVE", zone) for each in slots
    ]


def test_an_hour_that_comes_twice_has_its_length(tmp_path: Path, server: LiveServer, desk: Desk) -> None:
    """Read in Cayenne, where no hour comes twice: from 2:15 in summer time to 2:15 in winter time, in Paris."""
    _, address = link(server, desk.technician, desk.platform)
    slot, body = twice(desk, datetime(2027, 10, 31, 0, 15, tzinfo=UTC), 60)
    agenda = Agenda.of(tmp_path, address, "America/Cayenne")
    agenda.take_in(body)
    assert agenda.shows(date(2027, 10, 30)) == [row(slot, "gardé, 0 place prise sur 1", "TENTATIVE", "America/Cayenne")]


def weeks_at_nine(desk: Desk) -> list[Slot]:
    """A slot a week for as long as a feed shows, holidays too."""
    series = desk.series()
    Slot.objects.all().delete()
    today = timezone.localdate()
    hours = [datetime.combine(today + timedelta(days=days), time(9), PARIS) for days in range(3, 196, 7)]
    return [
        Slot.objects.create(
            series=series, exam_type=series.exam_type, platform=series.platform, starts_at=hour,
            ends_at=hour + timedelta(minutes=30), release_at=hour - timedelta(days=2), capacity=1,
        )
        for hour in hours
    ]  # fmt: skip
