"""Calendar links: what they show to an independent reader, whom they name (nobody), when they stop working."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
import vobject
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from icalendar import Calendar
from psycopg2.extras import DateTimeTZRange
from vobject.icalendar import registerTzid

from config.logs import drop_identity
from coordination import services
from coordination.models import CalendarFeed, FeedDeparture, Slot, SlotChange, SlotEvent, SlotPractitioner, SlotSeries
from coordination.readings.feeds import calendar_file, feed_slots
from coordination.services.feeds import MOST_LINKS, token_of
from directory.errors import DomainError
from directory.models import Role, User
from pathways.models import Pathway
from tests.coordination.factories import Desk, exam
from tests.coordination.pages import text, url
from tests.factories import EstablishmentFactory, ProfessionalFactory, TeamFactory, UserFactory

pytestmark = pytest.mark.django_db


def make(user: User, shown: Any, key: UUID | None = None) -> tuple[CalendarFeed, str]:
    """A link and its address."""
    key = key or uuid4()
    feed = services.make_feed(user=user, shown=shown, label="Agenda du scanner", request_key=key)
    return feed, reverse("coordination:calendar", args=[token_of(key)])


def read(client: Client, address: str) -> Any:
    """The calendar as an independent parser reads it."""
    response = client.get(address)
    assert response.status_code == 200
    assert response["Content-Type"].startswith("text/calendar")
    return parsed(response.content)


def parsed(body: bytes) -> Any:
    """Read with its own time zones: the parser keeps for all calendars those of the first that it meets."""
    for zone in ("Europe/Paris", "Indian/Reunion"):
        registerTzid(zone, None)
    return vobject.readOne(body.decode())


def events(client: Client, address: str) -> dict[str, Any]:
    return {event.uid.value: event for event in getattr(read(client, address), "vevent_list", [])}


def expects(slot: Slot, professional: Any, *, stands: bool = True) -> None:
    SlotPractitioner.objects.create(
        slot=slot, professional=professional, stands=stands, period=DateTimeTZRange(slot.starts_at, slot.ends_at)
    )


def test_a_room_named_as_its_platform_is_said_once(client: Client, desk: Desk) -> None:
    desk.slot(in_days=3, room=str(desk.platform))
    _, address = make(desk.technician, desk.platform)
    (event,) = events(client, address).values()
    assert event.location.value == f"{desk.platform}, {desk.platform.establishment}"


# --- what is read -----------------------------------------------------------------------------------------------------
def test_another_parser_reads_the_hours_the_place_and_the_state(client: Client, desk: Desk, pathway: Pathway) -> None:
    slot = desk.slot(in_days=3, capacity=2, room="Salle 2")
    desk.booking(slot, pathway)
    _, address = make(desk.technician, desk.platform)
    (event,) = events(client, address).values()
    assert event.uid.value == f"{slot.uuid}@127.0.0.1"
    assert event.dtstart.value.astimezone(UTC) == slot.starts_at
    assert event.dtend.value.astimezone(UTC) == slot.ends_at
    assert event.dtstart.value.hour == 9, "the hour of the wall"
    assert event.status.value == "CONFIRMED"
    assert event.summary.value == "Scanner : gardé, 1 place prise sur 2"
    assert event.location.value == f"Salle 2, Scanner 1, {desk.platform.establishment}"
    assert getattr(event, "class").value == "PRIVATE"


def test_the_feed_names_its_zones_its_method_and_nobody(client: Client, desk: Desk) -> None:
    island = EstablishmentFactory(name="CH du Volcan", time_zone="Indian/Reunion", holiday_zone="FR-974")
    away = TeamFactory(establishment=island, kind="platform")
    there = desk.slot(in_days=3, platform=away, starts_at=time(8))
    pathway = desk.pathway()
    desk.booking(there, pathway)
    doctor = ProfessionalFactory()
    expects(there, doctor)
    here = desk.slot(in_days=4)
    expects(here, doctor)
    _, address = make(desk.coordinator, doctor)
    body = client.get(address).content.decode()
    assert "METHOD:PUBLISH" in body
    found = parsed(body.encode())
    assert {zone.tzid.value for zone in found.vtimezone_list} == {"Europe/Paris", "Indian/Reunion"}
    assert {event.dtstart.value.hour for event in found.vevent_list} == {8, 9}
    unfolded = body.replace("\r\n ", "")
    patient = pathway.patient
    for secret in (patient.birth_name, patient.first_name, patient.file_number, pathway.reference, str(pathway.uuid)):
        assert str(secret).lower() not in unfolded.lower()
    assert all(len(line.encode()) <= 75 for line in body.split("\r\n"))


def test_the_zone_of_paris_changes_its_hour(client: Client, desk: Desk) -> None:
    series = desk.series(in_days=1)
    Slot.objects.all().delete()
    for day in (datetime(2026, 11, 24, 8, tzinfo=UTC), datetime(2027, 4, 6, 7, tzinfo=UTC)):
        Slot.objects.create(
            series=series, exam_type=series.exam_type, platform=series.platform, starts_at=day,
            ends_at=day + timedelta(minutes=30), release_at=day - timedelta(days=2), capacity=1,
        )  # fmt: skip
    _, address = make(desk.technician, desk.platform)
    assert [event.dtstart.value.hour for event in events(client, address).values()] == [9, 9]
    body = client.get(address).content.decode()
    assert "DTSTART:20270328T020000\r\nTZNAME:CEST\r\nTZOFFSETFROM:+0100\r\nTZOFFSETTO:+0200" in body, "2:00, then 3:00"
    assert body.count("BEGIN:DAYLIGHT") == 1
    assert body.index("BEGIN:VTIMEZONE") < body.index("BEGIN:VEVENT")


def twice(desk: Desk, begins: datetime, minutes: int) -> tuple[Slot, bytes]:
    """A slot of the night when the hour between 2:00 and 3:00 comes twice, and the feed of its platform."""
    series = desk.series(in_days=1)
    Slot.objects.all().delete()
    slot = Slot.objects.create(
        series=series, exam_type=series.exam_type, platform=series.platform, starts_at=begins,
        ends_at=begins + timedelta(minutes=minutes), release_at=begins - timedelta(days=2), capacity=1,
    )  # fmt: skip
    feed, _ = make(desk.technician, desk.platform)
    now = begins - timedelta(days=20)
    return slot, calendar_file(feed, feed_slots(feed, now), now)


@pytest.mark.parametrize("minute", [-45, -15, 0, 15, 45, 60, 75, 105, 120])
@pytest.mark.parametrize("minutes", [30, 60, 90])
def test_an_hour_that_comes_twice_is_read_as_it_is(desk: Desk, minute: int, minutes: int) -> None:
    slot, body = twice(desk, datetime(2027, 10, 31, 0, tzinfo=UTC) + timedelta(minutes=minute), minutes)
    other, event = parsed(body).vevent, Calendar.from_ical(body).walk("VEVENT")[0]
    for begins, ends in ((other.dtstart.value, other.dtend.value), (event["DTSTART"].dt, event["DTEND"].dt)):
        assert (begins.astimezone(UTC), ends.astimezone(UTC)) == (slot.starts_at, slot.ends_at)


def test_the_sequence_only_grows_and_the_identifier_never_changes(client: Client, desk: Desk, pathway: Pathway) -> None:
    slot = desk.slot(in_days=5)
    _, address = make(desk.technician, desk.platform)
    seen = []

    def look() -> tuple[str, str]:
        (event,) = events(client, address).values()
        seen.append(int(event.sequence.value))
        assert event.uid.value == f"{slot.uuid}@127.0.0.1"
        return event.status.value, event.summary.value

    assert look() == ("TENTATIVE", "Scanner : gardé, 0 place prise sur 1")
    booking = desk.booking(slot, pathway)
    assert look()[0] == "CONFIRMED"
    services.cancel_booking(booking=booking, reason="Fatigué", user=desk.coordinator)
    assert look()[0] == "TENTATIVE"
    Slot.objects.filter(pk=slot.pk).update(starts_at=slot.starts_at + timedelta(hours=1), sequence=1,
                                           ends_at=slot.ends_at + timedelta(hours=1))  # fmt: skip
    look()
    Slot.objects.filter(pk=slot.pk).update(status="released", released_at=timezone.now())
    assert look()[1].startswith("Scanner : rendu au plateau")
    SlotChange.objects.create(slot=slot, at=timezone.now(), what=SlotEvent.RELEASED)
    SlotChange.objects.create(slot=slot, at=timezone.now(), what=SlotEvent.CANCELLED)
    Slot.objects.filter(pk=slot.pk).update(status="cancelled", cancelled_at=timezone.now(), cancel_reason="Panne")
    assert look()[0] == "CANCELLED"
    assert seen == sorted(set(seen)), "each change is newer than the one before"


def test_a_slot_that_its_series_gives_up_says_so_and_each_step_is_newer(client: Client, desk: Desk) -> None:
    slot = desk.slot(in_days=5, capacity=2)
    desk.booking(slot)
    _, address = make(desk.technician, desk.platform)

    def look() -> tuple[int, str, str]:
        (event,) = events(client, address).values()
        return int(event.sequence.value), event.status.value, event.summary.value

    day = timezone.localdate(slot.starts_at)
    closed = services.exception_of(kind="closed", platform=desk.platform, first_on=day, last_on=day, reason="Travaux")
    seen = [look()]
    exception = services.make_exception(exception=closed, user=desk.technician)
    seen.append(look())
    services.keep_slot(slot=slot, user=desk.technician)
    seen.append(look())
    services.take_back_exception(exception=exception, user=desk.technician)
    seen.append(look())
    assert [words for _, _, words in seen] == [
        f"Scanner : {state}, 1 place prise sur 2"
        for state in ("gardé", "ne reçoit plus personne", "tenu malgré tout", "gardé")
    ]
    assert {status for _, status, _ in seen} == {"CONFIRMED"}
    numbers = [number for number, _, _ in seen]
    assert numbers == sorted(set(numbers)), "an agenda takes each for newer than the one before"


def test_a_practitioner_not_expected_any_more_is_told_so(client: Client, desk: Desk) -> None:
    slot, doctor = desk.slot(in_days=3), ProfessionalFactory()
    expects(slot, doctor, stands=False)
    _, address = make(desk.coordinator, doctor)
    (event,) = events(client, address).values()
    assert event.status.value == "CANCELLED"


def test_a_series_shows_its_own_slots_and_a_platform_all_of_them(client: Client, desk: Desk) -> None:
    one, two = desk.slot(in_days=3), desk.slot(in_days=3, exam_type=exam("irm"), starts_at=time(11))
    desk.slot(in_days=3, platform=TeamFactory(kind="platform"))
    _, of_series = make(desk.technician, one.series)
    _, of_platform = make(desk.technician, desk.platform)
    assert set(events(client, of_series)) == {f"{one.uuid}@127.0.0.1"}
    assert set(events(client, of_platform)) == {f"{each.uuid}@127.0.0.1" for each in (one, two)}


def split(desk: Desk, series: SlotSeries, **changes: Any) -> SlotSeries:
    """« This and following »: from the fourth week on."""
    head = UserFactory(role=Role.PLATFORM, team=desk.platform)
    week = series.slots.order_by("starts_at")[3].week
    values = replace(services.values_of(series), **changes)
    return services.edit_series(series=series, values=values, user=head, since=week)


def merged(*calendars: dict[str, Any]) -> dict[str, Any]:
    """What an agenda with all of them keeps of each identifier: the newest (RFC 5546, 2.1.5)."""
    found: dict[str, Any] = {}
    for uid, event in (item for each in calendars for item in each.items()):
        if uid not in found or int(event.sequence.value) > int(found[uid].sequence.value):
            found[uid] = event
    return found


@pytest.mark.parametrize("changes", [{}, {"capacity": 2}, {"starts_at": time(14)}])
def test_what_goes_to_another_series_is_cancelled_here_and_shown_there_once(
    client: Client, desk: Desk, changes: dict[str, Any]
) -> None:
    series = desk.series()
    desk.booking(series.slots.order_by("starts_at")[5])
    _, here = make(desk.technician, series)
    before = events(client, here)
    fresh = split(desk, series, **changes)
    _, there = make(desk.technician, fresh)
    _, whole = make(desk.technician, desk.platform)
    old, new = events(client, here), events(client, there)
    assert set(old) == set(before), "nothing leaves without a word"
    left = {uid for uid, event in old.items() if event.status.value == "CANCELLED"}
    assert left == set(new)
    assert len(left) == len(before) - 3
    for uid in left:
        assert int(old[uid].sequence.value) > int(before[uid].sequence.value)
    both = merged(old, new)
    assert {uid for uid, event in both.items() if event.status.value != "CANCELLED"} == set(before)
    assert {uid for uid, event in both.items() if event is new.get(uid)} == set(new)
    assert {event.status.value for event in events(client, whole).values()} <= {"TENTATIVE", "CONFIRMED"}
    assert "place" not in old[next(iter(left))].summary.value, "what becomes of it is the other series'"


def test_a_slot_that_went_twice_is_shown_by_the_last_series_only(client: Client, desk: Desk) -> None:
    first = desk.series()
    second = split(desk, first)
    third = split(desk, second)
    feeds = [events(client, make(desk.technician, each)[1]) for each in (first, second, third)]
    both = merged(*feeds)
    assert all(both[uid] is event for uid, event in feeds[2].items())
    assert {each.status.value for each in feeds[2].values()} == {"TENTATIVE"}


def test_who_comes_no_more_sees_it_cancelled_until_they_come_again(client: Client, desk: Desk) -> None:
    before, after = (ProfessionalFactory(establishment=desk.team.establishment) for _ in range(2))
    series = desk.series(practitioners=[before])
    _, address = make(desk.coordinator, before)
    head = UserFactory(role=Role.PLATFORM, team=desk.platform)
    seen = [events(client, address)]
    for people in ([after], [before]):
        values = replace(services.values_of(series), practitioners=people)
        series = services.edit_series(series=series, values=values, user=head)
        seen.append(events(client, address))
    for uid in seen[0]:
        assert [each[uid].status.value for each in seen] == ["TENTATIVE", "CANCELLED", "TENTATIVE"]
        sequences = [int(each[uid].sequence.value) for each in seen]
        assert sequences == sorted(set(sequences))


def test_the_agenda_of_a_practitioner_hears_that_they_are_expected_no_more(client: Client, desk: Desk) -> None:
    doctor = ProfessionalFactory(establishment=desk.team.establishment)
    series = desk.series(practitioners=[doctor])
    _, address = make(desk.coordinator, doctor)
    expected = events(client, address)
    services.edit_series(
        series=series, values=replace(services.values_of(series), practitioners=[]), user=desk.coordinator
    )
    told = events(client, address)
    assert {uid: event.status.value for uid, event in told.items()} == dict.fromkeys(expected, "CANCELLED")
    FeedDeparture.objects.update(at=timezone.now() - timedelta(days=29))
    assert client.get(address).status_code == 404


def test_the_desk_puts_in_an_agenda_only_the_slots_that_it_reads(client: Client, desk: Desk) -> None:
    doctor = ProfessionalFactory(establishment=desk.team.establishment)
    here = desk.slot(in_days=3, practitioners=[doctor])
    elsewhere = Desk(team=TeamFactory(establishment=EstablishmentFactory(name="Clinique d’ailleurs")))
    there, left = elsewhere.slot(in_days=4), elsewhere.slot(in_days=5)
    expects(there, doctor)
    FeedDeparture.objects.create(slot=left, professional=doctor, at=timezone.now())
    _, of_desk = make(desk.coordinator, doctor)
    _, own = make(UserFactory(role=Role.PHYSICIAN, team=TeamFactory(), professional=doctor), doctor)
    assert set(events(client, of_desk)) == {f"{here.uuid}@127.0.0.1"}
    assert set(events(client, own)) == {f"{each.uuid}@127.0.0.1" for each in (here, there, left)}


def test_a_slot_given_back_keeps_its_room_when_the_series_takes_another(client: Client, desk: Desk) -> None:
    series = desk.series()
    slot = series.slots.order_by("starts_at")[0]
    Slot.objects.filter(pk=slot.pk).update(release_at=timezone.now() - timedelta(minutes=1))
    services.release_unused_slots(now=timezone.now())
    _, address = make(desk.technician, desk.platform)
    before = events(client, address)
    values = replace(services.values_of(series), room="Salle 9")
    services.edit_series(series=series, values=values, user=desk.coordinator)
    after = events(client, address)
    changed = {uid for uid in before if before[uid].location.value != after[uid].location.value}
    assert changed == {uid for uid in before if int(before[uid].sequence.value) < int(after[uid].sequence.value)}
    assert len(changed) == len(before) - 1, "all but the one given back"


# --- the link ---------------------------------------------------------------------------------------------------------
def test_the_page_makes_a_link_shown_once_and_kept_nowhere(client: Client, desk: Desk) -> None:
    desk.slot(in_days=3)
    client.force_login(desk.technician)
    form = {"shown": f"p-{desk.platform.uuid}", "label": "Téléphone du cadre", "key": uuid4()}
    made = client.post(url("feeds"), form)
    assert made.status_code == 200
    (token,) = set(re.findall(r"/calendrier/([0-9a-f]{64})\.ics", text(made)))
    feed = CalendarFeed.objects.get()
    assert token not in {str(value) for value in CalendarFeed.objects.values_list().get()}
    assert Client().get(reverse("coordination:calendar", args=[token])).status_code == 200
    feed.refresh_from_db()
    assert feed.last_read_at is not None
    assert token in text(client.post(url("feeds"), form)), "the same form again: the same link"
    assert CalendarFeed.objects.count() == 1
    page = text(client.get(url("feeds")))
    assert token not in page
    assert "Téléphone du cadre" in page


def test_a_form_without_a_name_loses_nothing(client: Client, desk: Desk) -> None:
    slot = desk.slot(in_days=3)
    client.force_login(desk.coordinator)
    form = {"shown": f"s-{slot.series.uuid}", "label": " ", "key": uuid4()}
    refused = client.post(url("feeds"), form)
    assert refused.status_code == 422
    assert f'value="s-{slot.series.uuid}" selected' in text(refused)
    assert not CalendarFeed.objects.exists()


def test_a_revoked_link_opens_nothing(client: Client, desk: Desk) -> None:
    feed, address = make(desk.technician, desk.platform)
    assert client.get(address).status_code == 200
    client.force_login(desk.technician)
    assert client.post(url("feed-revoke", feed)).status_code == 302
    assert Client().get(address).status_code == 404
    feed.refresh_from_db()
    assert feed.revoked_by == desk.technician


def test_a_link_dies_with_the_right_of_its_maker(client: Client, desk: Desk) -> None:
    _, address = make(desk.technician, desk.platform)
    desk.technician.memberships.update(ends_on=timezone.localdate() - timedelta(days=1))
    assert client.get(address).status_code == 404


def test_an_unknown_link_is_no_page(client: Client) -> None:
    assert client.get(reverse("coordination:calendar", args=["0" * 64])).status_code == 404


def test_a_link_read_too_often_rests(client: Client, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("coordination.services.feeds.MOST_READS", 3)
    _, address = make(desk.technician, desk.platform)
    assert [client.get(address).status_code for _ in range(4)] == [200, 200, 200, 429]
    assert client.get(address)["Retry-After"] == "3600"


def test_reading_notes_the_hour_ten_minutes_apart(client: Client, desk: Desk) -> None:
    feed, address = make(desk.technician, desk.platform)
    client.get(address)
    feed.refresh_from_db()
    first = feed.last_read_at
    client.get(address)
    feed.refresh_from_db()
    assert feed.last_read_at == first
    CalendarFeed.objects.update(last_read_at=first - timedelta(minutes=11))
    client.get(address)
    feed.refresh_from_db()
    assert feed.last_read_at > first - timedelta(minutes=11)


def test_nobody_makes_a_link_of_what_they_do_not_see(desk: Desk) -> None:
    slot, doctor = desk.slot(in_days=3), ProfessionalFactory()
    expects(slot, doctor)
    stranger = UserFactory(role=Role.COORDINATOR, team=TeamFactory())
    for shown in (desk.platform, slot.series, doctor):
        with pytest.raises(DomainError) as refused:
            make(stranger, shown)
        assert refused.value.code == "not_yours"
    with pytest.raises(DomainError):
        make(desk.coordinator, desk.platform)  # the whole platform serves others too
    physician = UserFactory(role=Role.PHYSICIAN, team=desk.team)
    with pytest.raises(DomainError):
        make(physician, doctor)  # a colleague's hours are theirs
    make(UserFactory(role=Role.PHYSICIAN, team=TeamFactory(), professional=doctor), doctor)


def test_links_are_not_without_number(desk: Desk) -> None:
    for _ in range(MOST_LINKS):
        make(desk.technician, desk.platform)
    with pytest.raises(DomainError) as refused:
        make(desk.technician, desk.platform)
    assert refused.value.code == "too_many"
    services.revoke_feed(feed=CalendarFeed.objects.all()[0], user=desk.technician)
    make(desk.technician, desk.platform)


def test_a_link_shows_one_thing_the_database_says_so(desk: Desk) -> None:
    feed, _ = make(desk.technician, desk.platform)
    with pytest.raises(IntegrityError, match="calendar_feed_of_one_thing"), transaction.atomic():
        CalendarFeed.objects.filter(pk=feed.pk).update(series=desk.series())
    with pytest.raises(IntegrityError, match="calendar_feed_revoked_by_someone"), transaction.atomic():
        CalendarFeed.objects.filter(pk=feed.pk).update(revoked_at=timezone.now())


@pytest.mark.parametrize("name", ["calendar", "letter"])
def test_a_link_is_never_written_in_a_log(name: str) -> None:
    secret = "f" * 64
    address = reverse(f"coordination:{name}", args=[secret])
    line = drop_identity(None, "info", {"request": f"GET {address}", "event": f"Not Found: {address}"})
    assert secret not in str(line)
