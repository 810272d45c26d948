"""« À partir du »: a patient who cannot come soon is booked, or moved, on a later day."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from coordination.models import Booking, Hold, Slot
from coordination.readings.offer import SINCE
from pathways.models import Pathway
from tests.coordination.factories import Desk, exam
from tests.coordination.pages import text, url

pytestmark = pytest.mark.django_db


def many(desk: Desk, in_days: int, count: int = 20) -> list[Slot]:
    """Free places of one day, one after another."""
    first = desk.slot(in_days=in_days, starts_at=time(8))
    rows = [
        Slot(
            series=first.series, exam_type=first.exam_type, platform=first.platform, capacity=1,
            starts_at=first.starts_at + timedelta(minutes=15 * n), ends_at=first.ends_at + timedelta(minutes=15 * n),
            release_at=first.release_at,
        )
        for n in range(1, count)
    ]  # fmt: skip
    first.series.slots.exclude(pk=first.pk).delete()
    Slot.objects.filter(pk=first.pk).update(ends_at=first.starts_at + timedelta(minutes=15))
    for row in rows:
        row.ends_at = row.starts_at + timedelta(minutes=15)
    return [first, *Slot.objects.bulk_create(rows)]


def day(slot: Slot) -> str:
    return timezone.localdate(slot.starts_at).isoformat()


def shown(page: Any) -> list[Slot]:
    offer = page.context["offer"]
    return [each.slot for each in (*offer.together, *offer.meeting, *offer.missing)]


def test_a_later_day_is_seen_and_booked(nurse: Client, desk: Desk, pathway: Pathway) -> None:
    many(desk, 3, 25)
    later = desk.slot(in_days=9)
    page = nurse.get(url("book", pathway), {"examen": "scanner"})
    assert later not in shown(page) and "D’autres créneaux suivent" in text(page)
    page = nurse.get(url("book", pathway), {"examen": "scanner", "pas_avant": day(later)})
    assert shown(page) == [later] and "D’autres créneaux suivent" not in text(page)
    assert page.context["forms"]["wait"].initial["earliest_on"] == timezone.localdate(later.starts_at)
    sent = {"slot": later.uuid, "examen": "scanner", "step": "ct", "key": uuid4(), "pas_avant": day(later)}
    nurse.post(url("book", pathway), sent)
    assert Booking.objects.get().slot == later


def test_what_follows_leads_through_every_place(nurse: Client, desk: Desk, pathway: Pathway) -> None:
    slots = {*many(desk, 3, 25), *many(desk, 5, SINCE + 5), *many(desk, 9, 2)}
    asked, seen, days = {"examen": "scanner"}, set(), []
    while True:
        page = nurse.get(url("book", pathway), asked)
        seen |= set(shown(page))
        follows = page.context["offer"].follows
        if follows is None:
            break
        days.append(follows)
        assert f"pas_avant={follows.isoformat()}" in text(page)
        asked["pas_avant"] = follows.isoformat()
    assert days == sorted(set(days)), "each page goes on"
    assert {timezone.localdate(each.starts_at) for each in seen} == {timezone.localdate(s.starts_at) for s in slots}


def test_the_day_is_kept_through_a_hold_a_refusal_and_a_letting_go(nurse: Client, desk: Desk, pathway: Pathway) -> None:
    desk.slot(in_days=3)
    later, other = desk.slot(in_days=9), desk.slot(in_days=9, starts_at=time(11))
    asked = {"examen": "scanner", "step": "ct", "pas_avant": day(later)}
    page = nurse.post(url("hold", pathway), {**asked, "slot": later.uuid}, follow=True)
    assert Hold.objects.get().slot == later
    assert set(shown(page)) == {later, other}
    desk.booking(other, desk.pathway())
    page = nurse.post(url("book", pathway), {**asked, "slot": other.uuid, "key": uuid4()})
    assert page.status_code == 422 and shown(page) == [later]
    assert f'value="{day(later)}"' in text(page)
    page = nurse.post(url("wait", pathway), {**asked, "half_day": "nuit"})
    assert page.status_code == 422 and shown(page) == [later]
    page = nurse.post(url("hold-release", pathway), asked, follow=True)
    assert not Hold.objects.exists() and shown(page) == [later]


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("32/13/2026", "Cette date n’existe pas"),
        ("0026-12-01", "Vérifiez l’année : 01/12/0026"),
        ("9999-12-31", "Vérifiez l’année : 31/12/9999"),
    ],
)
def test_a_day_that_is_none_is_told_and_shows_the_first_places(
    nurse: Client, desk: Desk, pathway: Pathway, typed: str, words: str
) -> None:
    slot = desk.slot()
    page = nurse.get(url("book", pathway), {"examen": "scanner", "pas_avant": typed})
    assert page.status_code == 200 and words in text(page) and shown(page) == [slot]
    moved = desk.booking(slot, pathway)
    page = nurse.post(url("booking-move", moved), {"voir": "", "pas_avant": typed})
    assert page.status_code == 200 and words in text(page)


def test_an_appointment_is_moved_to_a_later_day_and_the_form_is_kept(
    nurse: Client, desk: Desk, pathway: Pathway
) -> None:
    booking = desk.booking(desk.slot(in_days=3), pathway)
    many(desk, 4, 25)
    later = desk.slot(in_days=9)
    typed = {"code": "patient_unavailable", "told_how": "phone", "key": uuid4()}
    assert later not in shown(nurse.get(url("booking-move", booking)))
    page = nurse.post(url("booking-move", booking), {**typed, "voir": "", "pas_avant": day(later)})
    assert page.status_code == 200 and shown(page) == [later]
    assert 'value="patient_unavailable" selected' in text(page) and 'value="phone" selected' in text(page)
    assert "Dites pourquoi" not in text(page), "looking asks for nothing"
    page = nurse.post(url("booking-move", booking), {"voir": day(later), "pas_avant": ""})
    assert shown(page) == [later] and f'value="{day(later)}"' in text(page)
    refused = nurse.post(url("booking-move", booking), {"slot": later.uuid, "pas_avant": day(later)})
    assert refused.status_code == 422 and shown(refused) == [later], "the day is kept when a cause is missing"
    booking.refresh_from_db()
    assert booking.status == "booked", "looking moves nothing"
    nurse.post(url("booking-move", booking), {**typed, "slot": later.uuid, "pas_avant": day(later)})
    assert Booking.objects.get(status="booked").slot == later


def test_the_full_slots_proposed_are_those_of_that_day_on(nurse: Client, desk: Desk, pathway: Pathway) -> None:
    soon, later = desk.slot(in_days=3), desk.slot(in_days=9)
    for slot in (soon, later):
        desk.booking(slot, desk.pathway())
    page = nurse.get(url("book", pathway), {"examen": "scanner", "pas_avant": day(later)})
    assert [each.slot for each in page.context["otherwise"].full] == [later]
    assert "Aucun créneau gardé n’est libre à partir de ce jour" in text(page)


def test_visits_are_those_of_that_day_on_too(nurse: Client, desk: Desk, pathway: Pathway) -> None:
    for days in (3, 9):
        for hour, code in ((9, "scanner"), (11, "irm")):
            desk.slot(in_days=days, starts_at=time(hour), exam_type=exam(code))
    later = Slot.objects.latest("starts_at")
    (visit, *_) = nurse.get(url("book", pathway)).context["bundles"]
    assert timezone.localdate(later.starts_at) not in visit.ways[0].days
    page = nurse.get(url("book", pathway), {"pas_avant": day(later)})
    (visit,) = page.context["bundles"]
    assert [way.days for way in visit.ways] == [[timezone.localdate(later.starts_at)]]
    form = text(page).partition(url("book-together", pathway))[2].partition("</form>")[0]
    assert f'name="pas_avant" value="{day(later)}"' in form


def test_a_day_costs_no_query_more(nurse: Client, desk: Desk, pathway: Pathway) -> None:
    later = [desk.slot(in_days=n) for n in (3, 4, 9)][-1]

    def queries(**asked: str) -> int:
        with CaptureQueriesContext(connection) as seen:
            nurse.get(url("book", pathway), {"examen": "scanner", **asked})
        return len(seen)

    queries()
    assert queries(pas_avant=day(later)) <= queries()


def test_the_day_is_that_of_the_patients_site(nurse: Client, desk: Desk, pathway: Pathway) -> None:
    slot = desk.slot_at(datetime(2026, 12, 7, 0, 30, tzinfo=timezone.get_current_timezone()))
    asked = {"examen": "scanner", "pas_avant": date(2026, 12, 7).isoformat()}
    assert shown(nurse.get(url("book", pathway), asked)) == [slot]
    assert shown(nurse.get(url("book", pathway), {**asked, "pas_avant": "2026-12-08"})) == []
