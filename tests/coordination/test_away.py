"""While an absence, a machine down or a closing runs, the pages of the day say so; its preview shares places out."""

from __future__ import annotations

from datetime import date, timedelta
from io import BytesIO
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pypdf import PdfReader

from coordination import services
from coordination.models import Resource, Slot, SlotException
from coordination.readings.away import away_between
from directory.models import User
from tests.coordination.factories import Desk, exam
from tests.coordination.pages import text, url
from tests.factories import ProfessionalFactory

pytestmark = pytest.mark.django_db
DOWN = "Hors service : Scanner B"


@pytest.fixture
def machine(desk: Desk) -> Resource:
    return Resource.objects.create(team=desk.platform, name="Scanner B")


@pytest.fixture
def head(desk: Desk) -> User:
    desk.technician.memberships.update(is_head=True)
    return User.objects.get(pk=desk.technician.pk)


def stop(user: User, slot: Slot, **about: Any) -> SlotException:
    day = timezone.localdate(slot.starts_at)
    options: dict[str, Any] = {"kind": "down", "first_on": day, "last_on": day, "reason": "Panne du tube", **about}
    return services.make_exception(exception=services.exception_of(**options), user=user)


def of_day(slot: Slot) -> dict[str, str]:
    return {"jour": f"{timezone.localdate(slot.starts_at):%Y-%m-%d}"}


def test_the_day_its_list_and_the_board_say_that_a_machine_is_down(
    client: Client, desk: Desk, machine: Resource, head: User
) -> None:
    slot, other = desk.slot(resource=machine), desk.slot(exam_type=exam("irm"))
    booking, spared = desk.booking(slot), desk.booking(other)
    exception = stop(head, slot, resource=machine)
    client.force_login(head)
    page = client.get(url("platform"), of_day(slot))
    assert page.context["day"].touched == {booking.uuid: ["Hors service\u00a0: Scanner B"], spared.uuid: []}
    assert text(page).count(DOWN) == 2, "at the head of the day, and on the line"
    assert "Panne du tube" in text(page)
    paper = client.get(url("day-list"), of_day(slot))
    printed = " ".join("".join(each.extract_text() for each in PdfReader(BytesIO(paper.content)).pages).split())
    assert printed.replace("\u00a0", " ").count(DOWN) == 2
    client.force_login(desk.coordinator)
    week = client.get(url("slots"), {"semaine": of_day(slot)["jour"]})
    assert text(week).count(DOWN) == 3, "above, in the head of its day, beside the slot"
    month = client.get(url("slots-month"), {"mois": of_day(slot)["jour"]})
    assert text(month).count(DOWN) == 2, "above, and in its day"
    elsewhere = client.get(url("slots"), {"semaine": of_day(slot)["jour"], "examen": "irm"})
    assert DOWN not in text(elsewhere), "another exam, another machine"
    services.keep_slot(slot=slot, user=head)
    assert f"{DOWN}, tenu malgré tout" in text(client.get(url("slots"), {"semaine": of_day(slot)["jour"]}))
    services.take_back_exception(exception=exception, user=head)
    assert DOWN not in text(client.get(url("slots"), {"semaine": of_day(slot)["jour"]}))


def test_a_line_after_a_mark_says_it_too(client: Client, desk: Desk, machine: Resource, head: User) -> None:
    booking = desk.past_booking()
    Slot.objects.filter(pk=booking.slot_id).update(resource=machine)
    day = timezone.localdate()
    SlotException.objects.create(kind="down", resource=machine, first_on=day, last_on=day, reason="Panne")
    client.force_login(head)
    row = client.post(url("booking-done", booking), {"from": "platform"}, headers={"HX-Request": "true"})
    assert DOWN in text(row)


def test_an_absence_is_said_of_the_slots_of_that_person_and_its_reason_is_not(
    nurse: Client, desk: Desk, head: User
) -> None:
    doctor = ProfessionalFactory(establishment=desk.team.establishment, last_name="Martin")
    slot, other = desk.slot(practitioners=[doctor]), desk.slot(exam_type=exam("irm"))
    desk.booking(slot), desk.booking(other)
    stop(head, slot, kind="leave", professional=doctor, reason="Arrêt maladie")
    page = nurse.get(url("slots"), {"semaine": of_day(slot)["jour"]})
    touched = [cell for line in page.context["board"].lines for _, day in line.days for cell in day if cell.away]
    assert [cell.slot for cell in touched] == [slot]
    assert "Absence : " in text(page) and "Arrêt maladie" not in text(page)


def test_a_closing_is_said_where_no_slot_is_left_and_of_a_date_given(client: Client, desk: Desk, head: User) -> None:
    slot = desk.slot()
    request = services.ask_exam(
        pathway=desk.pathway(), exam_type=exam("irm"), addressed_to=desk.platform, user=desk.coordinator
    )
    services.propose_date(request=request, starts_at=slot.starts_at + timedelta(hours=2), user=head)
    stop(head, slot, kind="closed", platform=desk.platform, reason="Travaux")
    client.force_login(head)
    page = client.get(url("platform"), of_day(slot))
    assert text(page).count("Fermeture : Scanner 1") == 2
    assert "Fermeture : Scanner 1" not in text(client.get(url("platform")))


def test_nobody_hears_of_the_exceptions_of_others(nurse: Client, desk: Desk) -> None:
    other = Desk()
    slot = other.slot()
    desk.slot()
    stop(other.technician, slot, kind="closed", platform=other.platform)
    assert "Fermeture" not in text(nurse.get(url("slots"), {"semaine": of_day(slot)["jour"]}))


def test_queries_do_not_grow_with_the_slots(desk: Desk, machine: Resource, head: User) -> None:
    def count() -> int:
        slots = Slot.objects.filter(platform=desk.platform)
        with CaptureQueriesContext(connection) as seen:
            away = away_between(type(first.series).objects.all(), slots, date(2026, 11, 1), date(2026, 12, 31))
            for each in slots:
                away.of(each, timezone.localdate(each.starts_at))
        return len(seen)

    first = desk.slot(resource=machine)
    desk.booking(first)
    assert count() == 2, "the slots and one more, when nothing runs against them"
    stop(head, first, resource=machine)
    few = count()
    for number in range(4):
        slot = desk.slot(resource=machine, in_days=14 + number)
        desk.booking(slot)
        stop(head, slot, resource=machine)
    assert count() == few == 3


def test_whom_to_call_costs_the_same_for_many_patients(desk: Desk) -> None:
    slot = desk.slot(capacity=9)
    desk.series(capacity=9, in_days=12)
    day = timezone.localdate(slot.starts_at)
    closed = services.exception_of(kind="closed", platform=desk.platform, first_on=day, last_on=day, reason="Pont")
    costs = []
    for more in (2, 6):
        for _ in range(more):
            desk.booking(slot)
        with CaptureQueriesContext(connection) as queries:
            calls = services.change_of_exception(closed).calls()
        costs.append(len(queries))
        assert all(call.next_free for call in calls)
    assert costs[0] == costs[1]


def test_a_free_place_is_proposed_once(desk: Desk, machine: Resource) -> None:
    lost = desk.slot(resource=machine, capacity=3)
    for _ in range(3):
        desk.booking(lost)
    single, double = desk.slot(in_days=17), desk.slot(in_days=24, capacity=2)
    desk.booking(double)
    day = timezone.localdate(lost.starts_at)
    exception = services.exception_of(kind="down", resource=machine, first_on=day, last_on=day, reason="Panne")
    calls = services.change_of_exception(exception).calls()
    assert [each.next_free for each in calls] == [single, double, None]


def test_a_series_suspended_is_said_on_its_own_days_and_by_its_name(nurse: Client, desk: Desk, head: User) -> None:
    slot = desk.slot(valid_until=None)
    day = timezone.localdate(slot.starts_at)
    stop(head, slot, kind="one_week", series=slot.series, first_on=day, last_on=day + timedelta(days=70))
    page = nurse.get(url("slots"), of_day(slot) | {"semaine": of_day(slot)["jour"]})
    heads = {each.date: [said.brief for said in each.away] for each in page.context["board"].days}
    assert heads.pop(day) == [f"Suspendu\u00a0: {slot.exam_type}"]
    assert set(map(tuple, heads.values())) == {()}, "on no other day of the week"
    assert "Pas cette semaine" not in text(page) and "Une seule semaine" not in text(nurse.get(url("series")))
    client = Client()
    client.force_login(head)
    assert "Suspendu" in text(client.get(url("platform"), of_day(slot)))
    other = {"jour": f"{day + timedelta(days=1):%Y-%m-%d}"}
    assert "Suspendu" not in text(client.get(url("platform"), other))


def test_one_week_left_out_keeps_its_name(desk: Desk, head: User) -> None:
    slot = desk.slot()
    exception = stop(head, slot, kind="one_week", series=slot.series)
    assert exception.words.startswith("Pas cette semaine")
    assert str(exception).startswith("Une seule semaine")
