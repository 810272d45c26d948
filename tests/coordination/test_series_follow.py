"""Slots with patients follow what their series changes at the same hour; whoever must hear of it is called."""

from __future__ import annotations

from datetime import date, time
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from coordination import services, tasks
from coordination.models import (
    Booking,
    DisturbedSlot,
    Slot,
    SlotException,
    SlotPractitioner,
    SlotSeries,
    Task,
    UntoldSetup,
)
from directory.errors import DomainError
from directory.models import Professional, Role, User
from pathways.models import Appointment
from tests.coordination.factories import Desk
from tests.coordination.pages import text, url
from tests.coordination.test_series_left import asked, edit, leave
from tests.factories import ProfessionalFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def head(desk: Desk) -> User:
    user = UserFactory(role=Role.PLATFORM, team=desk.platform)
    user.memberships.update(is_head=True)
    return user


def doctors(desk: Desk) -> tuple[Professional, Professional]:
    place = desk.team.establishment
    return ProfessionalFactory(last_name="Avant", establishment=place), ProfessionalFactory(
        last_name="Ensuite", establishment=place
    )


def booked(desk: Desk, **options: Any) -> tuple[SlotSeries, Slot, Booking]:
    series = desk.series(**options)
    slot = series.slots.order_by("starts_at")[0]
    return series, slot, desk.booking(slot)


def leave_of(doctor: Professional, day: date, **more: Any) -> SlotException:
    options = {"kind": "leave", "first_on": day, "last_on": day, "reason": "Congé"} | more
    return services.exception_of(professional=doctor, **options)


def present(slot: Slot) -> set[Professional]:
    return {each.professional for each in SlotPractitioner.objects.filter(slot=slot)}


def test_another_machine_is_taken_without_a_word_to_the_patient(desk: Desk, head: User) -> None:
    first, second = (services.add_resource(platform=desk.platform, name=name, kind="machine") for name in "AB")
    series, slot, _ = booked(desk, resource=first)
    edit(series, head, resource=second)
    slot.refresh_from_db()
    assert slot.resource == second
    assert asked() == []
    assert not DisturbedSlot.objects.exists()
    with pytest.raises(DomainError, match="B est déjà pris"):
        desk.series(resource=second)
    desk.series(resource=first)


def test_another_room_is_written_in_the_file_and_told(desk: Desk, head: User) -> None:
    series, slot, booking = booked(desk, room="Salle 2")
    edit(series, head, room="Salle 4")
    (title,) = asked()
    assert "lieu : Salle 4 (et non Salle 2)" in title
    assert Appointment.objects.get(origin=booking.uuid).place.split(", ")[1] == "Salle 4"
    slot.refresh_from_db()
    assert (slot.room, slot.booked, slot.sequence) == ("Salle 4", 1, 1)
    assert slot.changes.filter(what="changed").count() == 1
    tasks.generate_slots()
    assert len(asked()) == 1


def test_another_practitioner_is_expected_and_told_and_the_former_is_free(desk: Desk, head: User) -> None:
    before, after = doctors(desk)
    series, slot, _ = booked(desk, practitioners=[before], capacity=2)
    edit(series, head, practitioners=[after])
    (title,) = asked()
    assert str(after) in title
    assert present(slot) == {after}
    day = timezone.localdate(slot.starts_at)
    services.make_exception(exception=leave_of(before, day), user=head)
    assert not DisturbedSlot.objects.exists(), "the leave of whoever does not come calls nobody"
    desk.booking(slot)
    services.make_exception(exception=leave_of(after, day), user=head)
    assert DisturbedSlot.objects.get().slot == slot
    assert len([each for each in asked() if "Congé" in each]) == 2


def test_a_practitioner_taken_elsewhere_is_refused_and_nothing_changes(desk: Desk, head: User) -> None:
    before, after = doctors(desk)
    series, slot, _ = booked(desk, practitioners=[before])
    desk.series(practitioners=[after])
    with pytest.raises(DomainError) as refused:
        edit(series, head, practitioners=[after])
    assert refused.value.code == "taken"
    assert present(slot) == {before}


def test_nothing_is_said_of_what_is_again_as_the_patient_knows_it(desk: Desk, head: User) -> None:
    series, _, _ = booked(desk, room="Salle 2")
    edit(series, head, room="Salle 4")
    edit(series, head, room="Salle 6")
    (title,) = asked()
    assert "Salle 6" in title
    edit(series, head, room="Salle 2")
    assert asked() == []
    assert not UntoldSetup.objects.exists()


def test_once_told_a_change_back_is_told_too(desk: Desk, head: User) -> None:
    series, _, _ = booked(desk, room="Salle 2")
    edit(series, head, room="Salle 4")
    services.complete_task(task=Task.objects.open().get(title__startswith="Rappeler"), user=desk.coordinator)
    edit(series, head, room="Salle 2")
    (title,) = asked()
    assert "Salle 2 (et non Salle 4)" in title


def test_nobody_is_told_of_an_appointment_given_up(desk: Desk, head: User) -> None:
    series, _, booking = booked(desk, room="Salle 2")
    edit(series, head, room="Salle 4")
    leave(desk, booking)
    assert asked() == []


def test_the_absence_of_who_comes_to_a_slot_kept_all_the_same_calls_its_patient(desk: Desk, head: User) -> None:
    before, after = doctors(desk)
    series, slot, _ = booked(desk, practitioners=[before])
    edit(series, head, starts_at=time(14), practitioners=[after])
    services.keep_slot(slot=slot, user=head)
    assert asked() == []
    assert present(slot) == {before}, "what the patient was told is still true"
    tasks.generate_slots()
    assert asked() == []
    day = timezone.localdate(slot.starts_at)
    exception = leave_of(before, day)
    assert len(services.change_of_exception(exception).calls()) == 1
    services.make_exception(exception=exception, user=head)
    (title,) = asked()
    assert "Congé" in title
    other = series.slots.get(week=slot.week)
    assert other.status == "protected"
    services.keep_slot(slot=slot, user=head)
    tasks.generate_slots()
    assert asked() == [], "kept once more, the night asks nothing"


def test_the_leave_of_who_comes_to_kept_slots_leaves_the_others_of_the_series(desk: Desk, head: User) -> None:
    before, after = doctors(desk)
    series, slot, _ = booked(desk, practitioners=[before])
    edit(series, head, starts_at=time(14), practitioners=[after])
    days = {"last_on": timezone.localdate(series.slots.order_by("-starts_at")[0].starts_at)}
    services.make_exception(exception=leave_of(before, timezone.localdate(slot.starts_at), **days), user=head)
    assert not series.slots.filter(status="cancelled").exists()


def test_a_machine_down_calls_the_patients_of_slots_kept_on_it(desk: Desk, head: User) -> None:
    first, second = (services.add_resource(platform=desk.platform, name=name, kind="machine") for name in "AB")
    series, slot, _ = booked(desk, resource=first)
    edit(series, head, starts_at=time(14), resource=second)
    services.keep_slot(slot=slot, user=head)
    day = timezone.localdate(slot.starts_at)
    services.make_exception(
        exception=services.exception_of(resource=first, kind="down", first_on=day, last_on=day, reason="Panne"),
        user=head,
    )
    assert len(asked()) == 1


def test_what_a_closed_day_hid_is_told_when_the_day_opens_again(desk: Desk, head: User) -> None:
    series, slot, _ = booked(desk, room="Salle 2")
    day = timezone.localdate(slot.starts_at)
    closed = services.exception_of(platform=desk.platform, kind="closed", first_on=day, last_on=day, reason="Travaux")
    made = services.make_exception(exception=closed, user=head)
    edit(series, head, room="Salle 4")
    slot.refresh_from_db()
    assert slot.room == "Salle 2"
    services.take_back_exception(exception=made, user=head)
    (title,) = asked()
    assert "Salle 4" in title
    slot.refresh_from_db()
    assert slot.room == "Salle 4"


def test_the_preview_names_those_to_tell(client: Client, desk: Desk, head: User) -> None:
    series, _, booking = booked(desk, room="Salle 2", capacity=2)
    client.force_login(head)
    sent = {
        "targets": [desk.target.pk], "weekday": series.weekday, "starts_at": "09:00", "duration_minutes": 30,
        "capacity": 2, "release_notice_hours": 48, "release_unit": "hours", "room": "Salle 4", "do": "preview",
    }  # fmt: skip
    page = client.post(url("series-edit", series), sent)
    assert page.status_code == 200, page.context["form"].errors
    shown = text(page)
    assert "Patients à prévenir : 1" in shown
    assert booking.patient.birth_name.upper() in shown.upper()
    assert "lieu : Salle 4 (et non Salle 2)" in shown
    assert "Patients à rappeler" not in shown


def test_patients_not_read_are_told_of_by_the_reference_of_their_pathway(client: Client, desk: Desk) -> None:
    series, _, booking = booked(desk, room="Salle 2")
    client.force_login(UserFactory(role=Role.ADMINISTRATOR, team=desk.team))
    sent = {
        "targets": [desk.target.pk], "weekday": series.weekday, "starts_at": "09:00", "duration_minutes": 30,
        "capacity": 1, "release_notice_hours": 48, "release_unit": "hours", "room": "Salle 4", "do": "preview",
    }  # fmt: skip
    shown = text(client.post(url("series-edit", series), sent))
    assert "Patients à prévenir : 1" in shown
    assert booking.pathway.reference in shown
    assert booking.patient.birth_name.upper() not in shown.upper()
