"""The board by week and month, the slot's page, the platform's day: what shows, how it stays fresh, who reads whom."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from io import BytesIO
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pghistory
import pytest
import time_machine
from bs4 import BeautifulSoup
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pypdf import PdfReader

from coordination import services
from coordination.models import DisturbedSlot, Hold, Slot, SlotChange, SlotEvent, SlotStatus
from coordination.readings.board import board_of, bounds, monday_of
from coordination.readings.month import month_of, next_month
from coordination.readings.slot_use import Period, period_label, total_of, use_by_period
from coordination.rules.slots import SlotLook, look
from directory.models import AccessLog, Role, User
from pathways.models import Pathway
from pathways.services import calendar_of
from tests.coordination.factories import Desk, exam
from tests.coordination.pages import HTMX, text, toast, url
from tests.factories import EstablishmentFactory, TargetFactory, TeamFactory, UserFactory

pytestmark = pytest.mark.django_db

LIVE = {"Jalon-Live": "1"}
SOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)


def hold(slot: Slot, pathway: Pathway, desk: Desk, minutes: int = 5) -> Hold:
    now = timezone.now()
    return Hold.objects.create(
        slot=slot, pathway=pathway, by=desk.coordinator, held_at=now - timedelta(minutes=10),
        until=now + timedelta(minutes=minutes),
    )  # fmt: skip


def board(client: Client, **query: Any) -> Any:
    return client.get(url("slots"), query).context["board"]


def cells(shown: Any) -> list[Any]:
    return [cell for line in shown.lines for _, day in line.days for cell in day]


# --- looks -----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ({}, SlotLook.FREE),
        ({"booked": 1}, SlotLook.PART),
        ({"held": 1}, SlotLook.PART),
        ({"held": 2}, SlotLook.HELD),
        ({"booked": 1, "held": 1}, SlotLook.HELD),
        ({"booked": 2}, SlotLook.FULL),
        ({"booked": 3, "held": 1}, SlotLook.FULL),
        ({"status": "released", "booked": 1}, SlotLook.RELEASED),
        ({"status": "cancelled", "booked": 2}, SlotLook.CANCELLED),
        ({"starts_at": NOW}, SlotLook.PAST),
        ({"release_at": NOW}, SlotLook.RELEASED),
        ({"release_at": NOW + timedelta(seconds=1)}, SlotLook.FREE),
    ],
)
def test_each_state_has_its_own_look(told: dict[str, Any], expected: SlotLook) -> None:
    slot = {"status": "protected", "capacity": 2, "booked": 0, "starts_at": SOON, "now": NOW, **told}
    assert look(**slot) == expected


def test_each_look_has_its_word() -> None:
    assert len({each.label for each in SlotLook}) == len(SlotLook)


def test_a_place_held_elsewhere_shows_while_it_lives(nurse: Client, desk: Desk, pathway: Pathway) -> None:
    slot = desk.slot(in_days=3, capacity=1)
    day = {"semaine": "2026-11-26"}
    hold(slot, pathway, desk)
    shown = board(nurse, **day)
    assert [cell.look for cell in cells(shown)] == [SlotLook.HELD]
    assert shown.figures == {"booked": 0, "free": 0, "held": 1}
    Hold.objects.update(until=timezone.now())
    assert [cell.words for cell in cells(board(nurse, **day))] == ["1 libre sur 1"], "it ends by itself"


def test_a_released_slot_with_a_patient_shows_both(nurse: Client, desk: Desk, pathway: Pathway) -> None:
    slot = desk.slot(in_days=3, capacity=2)
    desk.booking(slot, pathway)
    Slot.objects.filter(pk=slot.pk).update(status="released", released_at=timezone.now())
    page = text(nurse.get(url("slots"), {"semaine": "2026-11-26"}))
    assert "Libéré, 1 réservée sur 2" in page


# --- filters, zones, who reads ----------------------------------------------------------------------------------------
def test_the_board_is_narrowed_to_the_days_of_one_practitioner(nurse: Client, desk: Desk) -> None:
    """« Doctors' schedules » of several sites on one page, for who answers the phone (S12)."""
    doctor = UserFactory(role=Role.PHYSICIAN, team=desk.team).professional
    week, other_site = "2026-11-26", TeamFactory(establishment=EstablishmentFactory(), kind="platform")
    desk.slot(in_days=3)
    here = desk.slot(in_days=3, practitioners=[doctor], starts_at=time(14))
    there = desk.slot(in_days=4, platform=other_site, practitioners=[doctor], starts_at=time(10))
    assert len(cells(board(nurse, semaine=week))) == 3
    found = board(nurse, semaine=week, praticien=doctor.uuid)
    assert {cell.slot for cell in cells(found)} == {here, there}
    page = nurse.get(url("slots"), {"semaine": week, "praticien": doctor.uuid})
    assert [each.value for each in page.context["practitioners"]] == [str(doctor.uuid)]
    month = nurse.get(url("slots-month"), {"praticien": doctor.uuid}).context["month"]
    assert sum(day.slots for line in month.weeks for day in line) == 2
    assert not cells(board(nurse, semaine=week, praticien=uuid4()))


def test_the_board_is_narrowed_by_public_words_only(nurse: Client, desk: Desk) -> None:
    one = desk.slot(in_days=3)
    other_site = TeamFactory(establishment=EstablishmentFactory(), kind="platform", name="TEP de Granval")
    two = desk.slot(in_days=3, platform=other_site, exam_type=exam("tep_scanner"), starts_at=time(10))
    week = "2026-11-26"
    assert {cell.slot for cell in cells(board(nurse, semaine=week))} == {one, two}
    for name, value, left in (
        ("plateau", one.platform.uuid, one),
        ("site", other_site.establishment.uuid, two),
        ("examen", "tep_scanner", two),
    ):
        assert {cell.slot for cell in cells(board(nurse, semaine=week, **{name: value}))} == {left}, name
    assert {cell.slot for cell in cells(board(nurse, semaine=week, parcours=desk.target.key))} == {one, two}
    assert not cells(board(nurse, semaine=week, parcours="autre"))
    assert not cells(board(nurse, semaine=week, plateau=uuid4()))
    page = text(nurse.get(url("slots"), {"semaine": week}))
    soup = BeautifulSoup(page, "html.parser")
    values = {option["value"] for option in soup.select("#f-team option")}
    assert values == {"", str(one.platform.uuid), str(two.platform.uuid)}


def test_the_filters_stand_outside_what_is_replaced(nurse: Client, desk: Desk) -> None:
    desk.slot(in_days=3)
    page = BeautifulSoup(text(nurse.get(url("slots"))), "html.parser")
    assert page.select_one("#board form") is None
    assert page.select_one("form #f-exam") is not None


def test_a_slot_overseas_stands_on_its_own_day_at_its_own_hour(nurse: Client, desk: Desk) -> None:
    island = EstablishmentFactory(name="CH du Lagon", time_zone="Pacific/Noumea", holiday_zone="FR-988")
    slot = desk.slot(in_days=3, platform=TeamFactory(establishment=island, kind="platform"), starts_at=time(8))
    assert slot.starts_at.astimezone(UTC).hour == 21, "the day before, here"
    (cell,) = cells(board(nurse, semaine="2026-11-26"))
    assert (cell.hour, cell.starts_at.date(), cell.elsewhere) == (
        "8\N{NO-BREAK SPACE}h",
        date(2026, 11, 26),
        str(island),
    )
    (day,) = [each for week in month(nurse).weeks for each in week if each.slots]
    assert day.date == date(2026, 11, 26)


def month(client: Client, **query: Any) -> Any:
    return client.get(url("slots-month"), {"mois": "2026-11-01", **query}).context["month"]


def test_a_physician_of_the_team_reads_the_board_and_books_nothing(client: Client, desk: Desk) -> None:
    slot = desk.slot(in_days=3)
    client.force_login(UserFactory(role=Role.PHYSICIAN, team=desk.team))
    assert [cell.slot for cell in cells(board(client, semaine="2026-11-26"))] == [slot]
    assert client.get(url("slot", slot)).status_code == 200
    assert client.post(url("book", desk.pathway()), {"slot": slot.uuid, "key": uuid4()}).status_code == 403


def test_a_physician_of_another_team_sees_none_of_them(client: Client, desk: Desk) -> None:
    slot = desk.slot(in_days=3)
    client.force_login(UserFactory(role=Role.PHYSICIAN, team=TeamFactory()))
    assert not cells(board(client, semaine="2026-11-26"))
    assert client.get(url("slot", slot)).status_code == 404


# --- it stays fresh ---------------------------------------------------------------------------------------------------
def test_nothing_is_sent_again_when_nothing_changed(nurse: Client, desk: Desk, pathway: Pathway) -> None:
    slot = desk.slot(in_days=3)
    address, week = url("slots"), {"semaine": "2026-11-26"}
    first = nurse.get(address, week, headers=LIVE)
    assert first.status_code == 200
    assert "<form" not in text(first), "the rows alone"
    assert first["Jalon-As-Of"] == "10 h"
    assert "no-store" in first["Cache-Control"]
    same = nurse.get(address, week, headers={**LIVE, "If-None-Match": first["ETag"]})
    assert (same.status_code, same.content, same["ETag"]) == (304, b"", first["ETag"])
    desk.booking(slot, pathway)
    moved = nurse.get(address, week, headers={**LIVE, "If-None-Match": first["ETag"]})
    assert moved.status_code == 200
    assert moved["ETag"] != first["ETag"]


def test_a_day_that_stays_the_same_is_read_once(client: Client, desk: Desk) -> None:
    desk.past_booking()
    client.force_login(desk.technician)
    assert AccessLog.objects.count() == 0
    assert client.get(url("platform")).status_code == 200
    assert AccessLog.objects.count() == 1
    first = client.get(url("platform"), headers=LIVE)
    assert AccessLog.objects.count() == 2
    again = client.get(url("platform"), headers={**LIVE, "If-None-Match": first["ETag"]})
    assert again.status_code == 304, "the signs against forgery, drawn anew, change nothing"
    assert AccessLog.objects.count() == 2, "nobody was shown again"


@pytest.mark.parametrize("name", ["platform", "slots", "slots-month"])
def test_a_page_left_open_past_midnight_knows_that_it_shows_another_day(client: Client, desk: Desk, name: str) -> None:
    """The headings stand outside what lives: tomorrow's patients would be read under the day of before."""
    evening = datetime(2026, 11, 30, 23, 59, 30, tzinfo=ZoneInfo("Europe/Paris")) - timedelta(days=name == "slots")
    with time_machine.travel(evening):
        client.force_login(desk.technician)
        page = client.get(url(name)).content.decode()
        shown = client.get(url(name), headers=LIVE)["Jalon-Shows"]
        assert f'data-live-shows="{shown}"' in page
    with time_machine.travel(evening + timedelta(minutes=1)):
        again = client.get(url(name), headers={**LIVE, "If-None-Match": "x"})
        assert again["Jalon-Shows"] > shown
        chosen = {"jour": shown, "semaine": shown, "mois": shown}
        assert client.get(url(name), chosen, headers=LIVE)["Jalon-Shows"] == shown, "a day chosen stays"


# --- month ------------------------------------------------------------------------------------------------------------
def test_a_month_counts_its_days_in_one_query(desk: Desk, pathway: Pathway, django_assert_num_queries: Any) -> None:
    slot = desk.slot(in_days=3, capacity=3)
    desk.booking(slot, pathway)
    gone = desk.slot(in_days=3, exam_type=exam("irm"), starts_at=time(11), capacity=2)
    Slot.objects.filter(pk=gone.pk).update(status=SlotStatus.RELEASED, released_at=timezone.now())
    lost = desk.slot_at(timezone.now() - timedelta(days=3), capacity=1)
    off = desk.slot(in_days=4, starts_at=time(15))
    Slot.objects.filter(pk=off.pk).update(status="cancelled", cancelled_at=timezone.now(), cancel_reason="Panne")
    calendar = calendar_of(desk.team.establishment)
    with django_assert_num_queries(1):
        shown = month_of(Slot.objects.all(), date(2026, 11, 1), calendar, timezone.now())
    days = {day.date: day for week in shown.weeks for day in week}
    busy = days[date(2026, 11, 26)]
    assert (busy.slots, busy.places, busy.booked, busy.free, busy.released) == (2, 5, 1, 2, 2)
    assert days[timezone.localdate(lost.starts_at)].lost == 1
    assert days[date(2026, 11, 27)].slots == 0, "a cancelled slot is no place"
    assert shown.total.places == 6
    assert all(len(week) == 7 for week in shown.weeks)
    assert shown.weeks[0][0].date == date(2026, 10, 26)
    assert days[date(2026, 11, 11)].off == "Armistice"


def test_months_follow_one_another() -> None:
    assert next_month(date(2026, 12, 1)) == date(2027, 1, 1)
    assert next_month(date(2026, 11, 15)) == date(2026, 12, 1)


@pytest.mark.parametrize("query", [{"mois": "2026-13-01"}, {"plateau": "²"}, {"site": "x", "parcours": "\x80"}])
def test_a_month_asked_for_nonsense_is_a_month(nurse: Client, query: dict[str, str]) -> None:
    assert nurse.get(url("slots-month"), query).status_code == 200


# --- one slot ---------------------------------------------------------------------------------------------------------
def test_the_life_of_a_slot_is_told_in_words(nurse: Client, desk: Desk, pathway: Pathway) -> None:
    slot = desk.slot(in_days=3, capacity=2)
    hold(slot, pathway, desk)
    now = timezone.now()
    SlotChange.objects.create(slot=slot, at=now, what=SlotEvent.CHANGED, by=desk.coordinator, reason="Salle 2")
    response = nurse.get(url("slot", slot))
    life = response.context["life"]
    assert [line.what for line in life.lines] == ["Modifié", "Créé"], "the newest first"
    assert [line.by for line in life.lines] == [str(desk.coordinator), ""]
    page = text(response)
    assert "Salle 2" in page
    assert "de lui-même" in page
    assert f"{desk.coordinator}, jusqu’à" in page, "who holds a place"


def test_a_slot_released_before_the_log_says_so(nurse: Client, desk: Desk) -> None:
    slot = desk.slot(in_days=3)
    Slot.objects.filter(pk=slot.pk).update(status="released", released_at=timezone.now())
    lines = nurse.get(url("slot", slot)).context["life"].lines
    assert [line.what for line in lines] == ["Libéré au plateau", "Créé"]


@pytest.mark.parametrize("reader", ["coordinator", "technician"])
def test_reading_who_is_expected_in_a_slot_is_logged(client: Client, desk: Desk, pathway: Pathway, reader: str) -> None:
    booking = desk.booking(desk.slot(in_days=3), pathway)
    user = getattr(desk, reader)
    client.force_login(user)
    client.get(url("slot", booking.slot))
    (line,) = AccessLog.objects.filter(user=user)
    assert (line.patient_uuid, line.what) == (pathway.patient.uuid, "Créneau")


# --- the platform -----------------------------------------------------------------------------------------------------
def test_the_list_of_the_day_is_one_page_and_its_reading_is_logged(client: Client, desk: Desk) -> None:
    now = timezone.now()
    for number in range(6):
        slot = desk.slot_at(now + timedelta(minutes=30 * number + 30))
        desk.booking(slot, desk.pathway(), at=now - timedelta(days=3))
    client.force_login(desk.technician)
    response = client.get(url("day-list"))
    assert response["Content-Type"] == "application/pdf"
    pages = PdfReader(BytesIO(response.content)).pages
    assert len(pages) == 1
    words = pages[0].extract_text()
    assert all(str(each.patient.file_number) in words for each in Pathway.objects.all())
    assert "23 novembre 2026" in words.replace("\u00a0", " ")
    assert AccessLog.objects.filter(user=desk.technician, what="Plateau : liste du jour").count() == 6


def test_the_row_after_a_mark_is_a_read_too(client: Client, desk: Desk) -> None:
    booking = desk.past_booking()
    client.force_login(desk.technician)
    client.post(url("booking-done", booking), {"from": "platform"}, headers={"HX-Request": "true"})
    assert AccessLog.objects.filter(user=desk.technician, patient_uuid=booking.patient.uuid).exists()


def test_a_platform_of_two_sites_shows_one_site_at_a_time(client: Client, desk: Desk) -> None:
    island = EstablishmentFactory(name="CH de l’Île", time_zone="Indian/Reunion", holiday_zone="FR-974")
    away = TeamFactory(establishment=island, kind="platform", name="Scanner de l’île")
    slot = desk.slot(in_days=3, platform=away, starts_at=time(8))
    booking = desk.booking(slot, desk.pathway())
    desk.technician.memberships.create(team=away, role=Role.PLATFORM)
    client.force_login(desk.technician)
    here = client.get(url("platform"), {"jour": "2026-11-26"})
    assert here.context["site"] == desk.platform.establishment
    assert here.context["day"].bookings == []
    there = client.get(url("platform"), {"jour": "2026-11-26", "site": island.uuid})
    assert there.context["day"].bookings == [booking]
    assert "8 h<" in text(there).replace("\u202f", " "), "the hour of the island"


def test_places_end_used_missed_given_back_or_lost(client: Client, desk: Desk) -> None:
    last_week = timezone.now() - timedelta(days=7)
    used = desk.slot_at(last_week, capacity=3)
    before = last_week - timedelta(days=4)
    for _ in range(2):
        desk.booking(used, desk.pathway(), at=before)
    missed = used.bookings.order_by("pk")[0]
    type(missed).objects.filter(pk=missed.pk).update(status="missed", marked_at=last_week, marked_by=desk.coordinator)
    back = desk.slot_at(last_week, capacity=2)
    Slot.objects.filter(pk=back.pk).update(status="released", released_at=last_week - timedelta(days=2))
    desk.slot(in_days=5)  # to come: nothing is said of it
    off = desk.slot_at(last_week)
    Slot.objects.filter(pk=off.pk).update(status="cancelled", cancelled_at=last_week, cancel_reason="Panne")
    (use,) = use_by_period(Slot.objects.all(), Period.WEEK, timezone.now())
    assert (use.slots, use.used, use.missed, use.released, use.lost) == (2, 1, 1, 2, 1)
    assert (use.places, use.fill, use.wasted) == (5, 20, 40)
    assert total_of([use, use]).places == 10
    client.force_login(desk.technician)
    page = text(client.get(url("platform-proof")))
    assert "<strong>5</strong> places" in page
    assert "sem. du 16 nov." in page
    assert text(client.get(url("platform-proof"), {"par": "mois"})).count("nov. 2026") >= 1


def test_periods_have_their_names() -> None:
    assert period_label(date(2026, 11, 23), Period.WEEK).replace("\u00a0", " ") == "sem. du 23 nov."
    assert period_label(date(2026, 1, 1), Period.QUARTER) == "1er trim. 2026"
    assert period_label(date(2026, 10, 1), Period.QUARTER) == "4e trim. 2026"


def test_the_board_reads_the_same_number_of_queries_whatever_the_slots(
    nurse: Client, desk: Desk, django_assert_max_num_queries: Any
) -> None:
    desk.slot(in_days=3)
    nurse.get(url("slots"))  # what a process reads once in its life
    with django_assert_max_num_queries(11) as few:
        nurse.get(url("slots"), {"semaine": "2026-11-26"})
    for number, code in enumerate(("irm", "tep_scanner", "biopsie_percutanee", "echo_endoscopie")):
        desk.slot(in_days=3, exam_type=exam(code), starts_at=time(10 + number))
    with django_assert_max_num_queries(len(few)):
        nurse.get(url("slots"), {"semaine": "2026-11-26"})


def test_every_zone_is_within_the_margin_read(desk: Desk) -> None:
    calendar = calendar_of(desk.team.establishment)
    start, end = bounds(date(2026, 11, 23), date(2026, 11, 29), calendar)
    assert start <= datetime(2026, 11, 22, 13, tzinfo=UTC), "Wallis: Monday at 0:00 is Sunday at noon"
    assert end >= datetime(2026, 11, 30, 10, tzinfo=UTC), "Polynesia: Sunday at midnight is Monday at 10:00"
    assert board_of([], monday_of(date(2026, 11, 26)), calendar, timezone.now()).monday == date(2026, 11, 23)


def test_a_platform_says_that_an_exam_was_not_done_and_why(client: Client, desk: Desk) -> None:
    booking = desk.past_booking()
    client.force_login(desk.technician)
    assert "Non réalisé" in text(client.get(url("platform")))
    refused = client.post(url("booking-not-done", booking), {"reason": " ", "from": "platform"}, headers=HTMX)
    assert toast(refused)["jalon:toast"]["tone"] == "late"
    client.post(url("booking-not-done", booking), {"reason": "Non à jeun", "from": "platform"}, headers=HTMX)
    booking.refresh_from_db()
    assert booking.status == "not_done"
    assert "Venu, non réalisé" in text(client.get(url("platform")))


def test_a_platform_says_that_a_result_is_ready(client: Client, desk: Desk) -> None:
    booking = desk.past_booking()
    client.force_login(desk.technician)
    early = client.post(url("booking-result", booking), {"from": "platform"}, headers=HTMX)
    assert toast(early)["jalon:toast"]["tone"] == "late", "the exam comes first"
    client.post(url("booking-done", booking), {"from": "platform"}, headers=HTMX)
    assert "Résultat prêt :" in text(client.get(url("platform")))
    client.post(url("booking-result", booking), {"from": "platform"}, headers=HTMX)
    booking.refresh_from_db()
    assert booking.result_ready_at is not None
    assert "Résultat prêt :" not in text(client.get(url("platform")))


def test_the_words_of_a_cancellation_are_for_those_who_may_see_the_patient(client: Client, desk: Desk) -> None:
    other = Desk(team=TeamFactory(establishment=desk.team.establishment))
    slot = desk.slot(targets=[desk.target, TargetFactory(other.team, "creca-h")], capacity=2)
    told = "Mme MARTIN hospitalisée pour embolie"
    services.cancel_booking(booking=desk.booking(slot), code="health", reason=told, user=desk.coordinator)
    moved = desk.booking(slot)
    services.cancel_booking(booking=moved, code="machine_down", user=desk.coordinator)

    def lines(user: User) -> list[str]:
        client.force_login(user)
        return [line.reason for line in client.get(url("slot", slot)).context["life"].lines if line.reason]

    assert lines(desk.coordinator) == ["Appareil en panne", told]
    assert lines(desk.technician) == ["Appareil en panne", told]
    assert lines(other.coordinator) == ["Le plateau", "Raison médicale"], "who gave it up, nothing of the patient"


def test_a_slot_that_takes_nobody_more_does_not_show_as_free(nurse: Client, desk: Desk) -> None:
    slot = desk.slot(in_days=3, capacity=2)
    desk.booking(slot)
    DisturbedSlot.objects.create(slot=slot, reason="Appareil en panne", since=timezone.now())
    shown = board(nurse, semaine="2026-11-26")
    assert [cell.words for cell in cells(shown)] == ["Ne prend plus personne, 1 réservée sur 2"]
    assert shown.figures == {"booked": 1}


def test_the_page_of_a_slot_costs_the_same_whatever_the_patients(nurse: Client, desk: Desk) -> None:
    slot = desk.slot(capacity=12)
    desk.booking(slot)
    nurse.get(url("slot", slot))
    few = _queries(nurse, slot)
    for _ in range(6):
        desk.booking(slot)
    assert _queries(nurse, slot) == few


def _queries(client: Client, slot: Slot) -> int:
    with CaptureQueriesContext(connection) as seen:
        assert client.get(url("slot", slot)).status_code == 200
    return len(seen)


def test_the_life_of_a_slot_begins_with_who_made_it(nurse: Client, desk: Desk) -> None:
    (alone,) = nurse.get(url("slot", desk.slot(in_days=12))).context["life"].lines
    assert (alone.what, alone.by) == ("Créé", ""), "made by the night"
    with pghistory.context(user=desk.technician.pk):
        slot = desk.slot()
    (line,) = nurse.get(url("slot", slot)).context["life"].lines
    assert (line.what, line.by) == ("Créé", str(desk.technician))


def test_the_creation_is_told_below_the_past_and_below_a_life_too_long_to_list(nurse: Client, desk: Desk) -> None:
    slot, month = desk.slot(in_days=12), timedelta(days=30)
    lines = [
        SlotChange(slot=slot, at=timezone.now() - month, what=SlotEvent.CHANGED, reason=str(n)) for n in range(200)
    ]
    SlotChange.objects.bulk_create(lines)
    life = nurse.get(url("slot", slot)).context["life"]
    assert (len(life.lines), life.lines[-1].what, life.cut) == (201, "Créé", False)
    SlotChange.objects.create(slot=slot, at=timezone.now(), what=SlotEvent.CHANGED, reason="Salle 2")
    response = nurse.get(url("slot", slot))
    life = response.context["life"]
    assert (len(life.lines), life.lines[0].reason, life.lines[-1].what) == (201, "Salle 2", "Créé")
    assert "de plus anciens ne sont pas affichés" in text(response)


@pytest.mark.parametrize("name", ["slots", "slots-month"])
def test_paper_says_what_the_board_was_narrowed_to(nurse: Client, desk: Desk, name: str) -> None:
    desk.slot(in_days=3)
    paper = BeautifulSoup(
        nurse.get(url(name), {"examen": "scanner", "parcours": desk.target.key}).content, "html.parser"
    )
    (said,) = paper.select(".j-main .co-weeks .j-print-only, .co-weeks .j-print-only")
    assert said.text.replace("\u00a0", " ") == f"Seulement : Examen : Scanner · Parcours : {desk.target.name}"
    strange = text(nurse.get(url(name), {"praticien": uuid4()}))
    assert "Seulement : Praticien : inconnu" in strange
    assert "Seulement" not in text(nurse.get(url(name)))
