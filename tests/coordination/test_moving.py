"""An appointment moved in one gesture, and a place added in a physician's name."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from coordination import services
from coordination.errors import SlotFull
from coordination.models import Booking, Slot, Task
from coordination.readings.offer import Need
from coordination.readings.otherwise import otherwise_of
from coordination.services.moving import overbookers_of
from directory.errors import DomainError
from directory.models import OutboxMessage, Profession, Professional, Role
from directory.typography import NBSP
from pathways.models import Appointment, Milestone, Pathway
from tests.coordination.factories import Desk, exam
from tests.coordination.pages import text, url
from tests.factories import ProfessionalFactory, TeamFactory, UserFactory

pytestmark = pytest.mark.django_db


def plain(text: str) -> str:
    """With ordinary spaces."""
    return text.replace(NBSP, " ")


def test_a_move_leaves_one_place_for_the_other(desk: Desk) -> None:
    pathway, first, second = desk.pathway(), desk.slot(), desk.slot(in_days=12)
    booking, key = desk.booking(first, pathway, step_key="ct"), uuid4()

    moved = services.move_booking(
        booking=booking, to=second, code="machine_down", user=desk.coordinator, request_key=key
    )
    again = services.move_booking(
        booking=booking, to=second, code="machine_down", user=desk.coordinator, request_key=key
    )

    assert again == moved
    assert (moved.moved_from, moved.step_key, moved.slot) == (booking, "ct", second)
    booking.refresh_from_db()
    assert (booking.status, booking.cancel_code_id) == ("cancelled", "machine_down")
    assert [Slot.objects.get(pk=slot.pk).booked for slot in (first, second)] == [0, 1]
    states = Appointment.objects.filter(pathway=pathway).order_by("starts_at").values_list("status", flat=True)
    assert list(states) == ["cancelled", "planned"]
    assert Milestone.objects.in_force().filter(pathway=pathway, kind="exam_requested").count() == 1
    assert OutboxMessage.objects.filter(kind="slot_moved").count() == 1, "one message inside one platform"
    assert not OutboxMessage.objects.filter(kind="slot_cancelled").exists()
    task = Task.objects.get(pathway=pathway)
    assert plain(task.title).startswith("Prévenir le patient : Scanner du jeu. 3 déc. à")
    assert "déplacé au sam. 5 déc." in plain(task.title)
    lines = list(first.changes.order_by("pk").values_list("what", flat=True))
    assert lines == ["booked", "freed"]


def test_moved_twice_the_patient_is_told_of_the_last_hour_from_the_one_they_know(desk: Desk) -> None:
    pathway = desk.pathway()
    first = desk.booking(desk.slot(), pathway)
    second = services.move_booking(booking=first, to=desk.slot(in_days=12), user=desk.coordinator)
    third = services.move_booking(booking=second, to=desk.slot(in_days=14), user=desk.coordinator)
    assert [each.pk for each in services.history_of(third)] == [third.pk, second.pk, first.pk]
    task = Task.objects.get(pathway=pathway, status="open")
    assert "Scanner du jeu. 3 déc." in plain(task.title)
    assert "déplacé au lun. 7 déc." in plain(task.title)
    assert [each.pk for each in Booking.objects.to_tell(timezone.now())] == [third.pk]
    services.acknowledge_told(booking=third, how="letter", user=desk.coordinator)
    services.cancel_booking(booking=third, code="staff_away", user=desk.coordinator)
    task = Task.objects.get(pathway=pathway, status="open")
    assert "Scanner du lun. 7 déc." in plain(task.title), "the hour the patient was told of"
    assert [each.pk for each in Booking.objects.to_tell(timezone.now())] == [third.pk]


def test_an_offer_moved_stands_and_taken_back_after_a_move_does_not(desk: Desk) -> None:
    pathway, code = desk.pathway(), "consultation_pluridisciplinaire"
    first = desk.booking(desk.slot(exam_type=exam(code)), pathway)
    second = services.move_booking(booking=first, to=desk.slot(in_days=12, exam_type=exam(code)), user=None)
    offered = Milestone.objects.in_force().filter(pathway=pathway, kind="appointment_offered")
    assert offered.count() == 1
    services.cancel_booking(booking=second, code="staff_away", user=None)
    assert offered.count() == 0


def test_both_platforms_are_told_of_a_move_between_them(desk: Desk) -> None:
    other = TeamFactory(establishment=desk.team.establishment, kind="platform")
    booking = desk.booking()
    services.move_booking(booking=booking, to=desk.slot(in_days=12, platform=other), user=None, told_how="phone")
    told = set(OutboxMessage.objects.filter(kind__startswith="slot_").values_list("kind", "recipient"))
    expected = {("slot_cancelled", desk.platform.email), ("slot_booked", other.email)}
    assert told >= expected
    assert not Task.objects.exists(), "the patient knows"


def test_a_move_that_is_refused_changes_nothing(desk: Desk) -> None:
    pathway, full = desk.pathway(), desk.slot(in_days=12)
    booking = desk.booking(desk.slot(), pathway)
    desk.booking(full)
    with pytest.raises(SlotFull):
        services.move_booking(booking=booking, to=full, user=desk.coordinator)
    with pytest.raises(DomainError, match="même examen"):
        services.move_booking(booking=booking, to=desk.slot(in_days=13, exam_type=exam("irm")), user=None)
    with pytest.raises(DomainError, match="déjà à cette heure"):
        services.move_booking(booking=booking, to=booking.slot, user=None)
    past = desk.past_booking()
    with pytest.raises(DomainError, match="passé"):
        services.move_booking(booking=past, to=desk.slot(in_days=15), user=None)
    booking.refresh_from_db()
    assert booking.status == "booked"
    assert Slot.objects.get(pk=booking.slot_id).booked == 1
    assert not Task.objects.exists()


def physician_of(team: object) -> Professional:
    return UserFactory(role="physician", team=team, professional=ProfessionalFactory()).professional


def test_a_place_is_added_in_the_name_of_a_physician_and_goes_with_the_booking(desk: Desk) -> None:
    slot, physician = desk.slot(), physician_of(desk.team)
    with pytest.raises(DomainError, match="Il reste une place") as refused:
        services.overbook(slot=slot, pathway=desk.pathway(), physician=physician, reason="Urgent", user=None)
    assert refused.value.code == "still_free"
    first = desk.booking(slot)
    added = services.overbook(slot=slot, pathway=desk.pathway(), physician=physician, reason=" Urgent ", user=None)
    slot.refresh_from_db()
    assert (slot.booked, slot.extra, slot.free) == (2, 1, 0)
    assert (added.seat, added.overbooked_for, added.overbook_reason) == (2, physician, "Urgent")

    services.cancel_booking(booking=first, reason="Panne", user=None)
    slot.refresh_from_db()
    assert (slot.booked, slot.extra, slot.free) == (1, 1, 0), "the added patient has the place"
    services.cancel_booking(booking=added, reason="Panne", user=None)
    slot.refresh_from_db()
    assert (slot.booked, slot.extra, slot.free) == (0, 0, 1)


def test_whoever_sits_beyond_the_places_moves_closer(desk: Desk) -> None:
    slot, physician = desk.slot(), physician_of(desk.platform)
    desk.booking(slot)
    added = [
        services.overbook(slot=slot, pathway=desk.pathway(), physician=physician, reason="Urgent", user=None)
        for _ in range(2)
    ]
    services.cancel_booking(booking=added[0], reason="Panne", user=None)
    added[1].refresh_from_db()
    assert added[1].seat == 2
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


@pytest.mark.parametrize("case", ["stranger", "no reason", "cancelled"])
def test_a_place_is_not_added_for_anybody(desk: Desk, case: str) -> None:
    slot, physician, reason = desk.slot(), physician_of(desk.team), "Urgent"
    desk.booking(slot)
    if case == "stranger":
        physician = physician_of(TeamFactory())
    elif case == "no reason":
        reason = " "
    else:
        Slot.objects.filter(pk=slot.pk).update(status="cancelled", cancelled_at=timezone.now(), cancel_reason="Panne")
    with pytest.raises(DomainError):
        services.overbook(slot=slot, pathway=desk.pathway(), physician=physician, reason=reason, user=None)
    assert Slot.objects.get(pk=slot.pk).extra == 0


def test_who_may_ask_for_a_place_more_is_read_once_for_all_slots(desk: Desk) -> None:
    """The same people as slot by slot, in three queries."""
    doctor, theirs, ours = ProfessionalFactory(), physician_of(desk.platform), physician_of(desk.team)
    elsewhere = desk.slot(platform=TeamFactory(kind="platform", establishment=desk.team.establishment))
    slots = [desk.slot(practitioners=[doctor]), desk.slot(in_days=12), elsewhere]
    pathway = desk.pathway()
    with CaptureQueriesContext(connection) as queries:
        found = overbookers_of(slots, pathway)
    assert len(queries) == 3
    assert {doctor.pk, theirs.pk, ours.pk} <= set(found[slots[0].pk])
    assert {theirs.pk, ours.pk} <= set(found[slots[1].pk]) and doctor.pk not in found[slots[1].pk]
    assert ours.pk in found[elsewhere.pk] and theirs.pk not in found[elsewhere.pk]


@pytest.mark.parametrize("whose", ["slot", "platform", "team"])
def test_a_place_is_added_in_the_name_of_a_physician_alone(
    desk: Desk, pathway: Pathway, nurse: Client, whose: str
) -> None:
    other = ProfessionalFactory(profession=Profession.TECHNICIAN, last_name="Essaimanip")
    if whose != "slot":
        role, team = (Role.PLATFORM, desk.platform) if whose == "platform" else (Role.COORDINATOR, desk.team)
        UserFactory(role=role, team=team, professional=other)
    slot = desk.slot(practitioners=[other] if whose == "slot" else [])
    desk.booking(slot)
    assert overbookers_of([slot], pathway) == {slot.pk: []}
    with pytest.raises(DomainError, match="un médecin") as refused:
        services.overbook(slot=slot, pathway=pathway, physician=other, reason="Urgent", user=desk.coordinator)
    assert refused.value.field == "physician"
    page = text(nurse.get(url("book", pathway), {"examen": "scanner"}))
    assert "Essaimanip" not in page and "Aucun médecin de ces créneaux" in page and "Ajouter cette place" not in page


def test_nobody_is_added_to_a_slot_whose_patients_are_to_be_called(desk: Desk) -> None:
    slot, physician, pathway = desk.slot(), physician_of(desk.team), desk.pathway()
    desk.booking(slot)

    def proposed() -> list[int]:
        found = otherwise_of(pathway, Need(slot.exam_type, None, None), timezone.now(), timezone.localdate())
        return [each.slot.pk for each in found.full]

    assert proposed() == [slot.pk]
    day = timezone.localdate(slot.starts_at)
    closed = services.exception_of(
        kind="closed", platform=desk.platform, first_on=day, last_on=day, reason="Plateau fermé"
    )
    services.make_exception(exception=closed, user=desk.coordinator)
    assert proposed() == []
    with pytest.raises(DomainError, match="ne reçoit plus personne") as refused:
        services.overbook(slot=slot, pathway=pathway, physician=physician, reason="Urgent", user=None)
    assert refused.value.code == "slot_given_up"


def test_the_database_counts_again_at_commit(desk: Desk) -> None:
    booking = desk.booking(desk.slot(capacity=3))
    for wrong in ({"booked": 2}, {"booked": 0}):
        with pytest.raises(IntegrityError, match="1 bookings"), transaction.atomic():
            Slot.objects.filter(pk=booking.slot_id).update(**wrong)
            Booking.objects.filter(pk=booking.pk).update(step_key="x")
            with connection.cursor() as cursor:
                cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    with pytest.raises(IntegrityError, match="seat 9 of 3"), transaction.atomic():
        Booking.objects.filter(pk=booking.pk).update(seat=9)
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def given_back(desk: Desk, doctor: Professional) -> Slot:
    """A slot whose place nobody took, and whose practitioner is expected no more."""
    slot = desk.series(practitioners=[doctor]).slots.order_by("starts_at")[0]
    services.release_unused_slots(now=slot.release_at)
    assert not slot.practitioners.get().stands
    return slot


def test_a_place_added_to_a_slot_given_back_expects_its_practitioners_again(desk: Desk) -> None:
    doctor = ProfessionalFactory()
    slot = given_back(desk, doctor)
    services.overbook(slot=slot, pathway=desk.pathway(), physician=doctor, reason="Urgent", user=desk.coordinator)
    assert slot.practitioners.get().stands


def test_a_place_is_not_added_to_a_slot_whose_practitioner_is_elsewhere_since(desk: Desk) -> None:
    doctor = ProfessionalFactory()
    slot = given_back(desk, doctor)
    desk.series(practitioners=[doctor], valid_until=timezone.localdate(slot.starts_at))
    with pytest.raises(DomainError) as refused:
        services.overbook(slot=slot, pathway=desk.pathway(), physician=doctor, reason="Urgent", user=desk.coordinator)
    assert refused.value.code == "taken"
    assert not Booking.objects.exists()
