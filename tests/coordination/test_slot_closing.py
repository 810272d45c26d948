"""A slot closed and open again; what a death takes back, and what is told when it was none."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.utils import timezone

from coordination import services
from coordination.errors import SlotFull
from coordination.models import Booking, Resource, Slot, SlotPractitioner, Task
from directory.errors import DomainError
from pathways import services as pathways
from pathways.models import Milestone
from tests.coordination.factories import Desk, exam
from tests.factories import ProfessionalFactory, TargetFactory

pytestmark = pytest.mark.django_db


def expected(slot: Slot) -> SlotPractitioner:
    period = DateTimeTZRange(slot.starts_at, slot.ends_at)
    return SlotPractitioner.objects.create(slot=slot, professional=ProfessionalFactory(), period=period)


def test_a_slot_is_closed_and_open_again(desk: Desk) -> None:
    slot = desk.slot()
    person = expected(slot)
    with pytest.raises(DomainError, match="pourquoi"):
        services.close_slot(slot=slot, reason=" ", user=None)
    closed = services.close_slot(slot=slot, reason="Panne", user=desk.technician)
    assert (closed.status, closed.cancel_reason, closed.sequence) == ("cancelled", "Panne", 1)
    person.refresh_from_db()
    assert not person.stands
    with pytest.raises(SlotFull) as refused:
        desk.booking(slot)
    assert refused.value.code == "slot_cancelled"

    again = services.reopen_slot(slot=slot, user=desk.technician)

    assert (again.status, again.sequence, again.cancelled_at) == ("protected", 2, None)
    person.refresh_from_db()
    assert person.stands
    desk.booking(slot)
    lines = list(slot.changes.order_by("pk").values_list("what", flat=True))
    assert lines == ["cancelled", "reopened", "booked"]
    with pytest.raises(DomainError, match="n’est pas annulé"):
        services.reopen_slot(slot=slot, user=None)


def test_a_slot_with_patients_is_not_closed_unless_told_what_becomes_of_them(desk: Desk) -> None:
    slot = desk.slot(capacity=2)
    bookings = [desk.booking(slot), desk.booking(slot)]
    with pytest.raises(DomainError, match="porte 2 rendez-vous") as refused:
        services.close_slot(slot=slot, reason="Panne", user=None)
    assert refused.value.code == "booked"
    services.close_slot(slot=slot, reason="Panne", code="machine_down", user=desk.technician)
    states = Booking.objects.filter(pk__in=[b.pk for b in bookings]).values_list("status", "cancel_code")
    assert set(states) == {("cancelled", "machine_down")}
    assert Task.objects.filter(title__startswith="Prévenir le patient").count() == 2


def test_a_slot_where_somebody_came_is_not_closed(desk: Desk) -> None:
    booking = desk.past_booking()
    services.mark_done(booking=booking, user=desk.technician)
    with pytest.raises(DomainError) as refused:
        services.close_slot(slot=booking.slot, reason="Panne", user=None)
    assert refused.value.code == "used"


def test_a_slot_open_again_after_its_release_instant_is_the_platforms(desk: Desk) -> None:
    slot = desk.slot_at(timezone.now() + timedelta(hours=20))
    services.close_slot(slot=slot, reason="Panne", user=None)
    assert services.reopen_slot(slot=slot, user=None).status == "released"


def test_a_slot_whose_machine_was_given_since_stays_closed(desk: Desk) -> None:
    machine = Resource.objects.create(team=desk.platform, name="Scanner A")
    slots = [desk.slot(), desk.slot(exam_type=exam("irm"))]
    Slot.objects.filter(pk=slots[0].pk).update(resource=machine)
    services.close_slot(slot=slots[0], reason="Panne", user=None)
    Slot.objects.filter(pk=slots[1].pk).update(resource=machine)
    with pytest.raises(DomainError, match="pris ailleurs"):
        services.reopen_slot(slot=slots[0], user=None)
    slots[0].refresh_from_db()
    assert slots[0].status == "cancelled"


def test_practitioners_of_a_slot_given_back_empty_are_free(desk: Desk) -> None:
    empty, full = (desk.slot_at(timezone.now() + timedelta(hours=hours), capacity=2) for hours in (20, 30))
    desk.booked_before_release(full)
    people = [expected(empty), expected(full)]
    services.release_unused_slots(now=timezone.now())
    for person in people:
        person.refresh_from_db()
    assert [person.stands for person in people] == [False, True]
    services.cancel_booking(booking=full.bookings.get(), code="transport", user=None)
    people[1].refresh_from_db()
    assert not people[1].stands


def test_a_death_taken_back_says_which_places_were_given_away(desk: Desk) -> None:
    pathway = desk.pathway()
    coming = desk.booking(desk.slot(), pathway)
    death = pathways.record_milestone(pathway=pathway, kind="death", occurred_at=timezone.now())
    coming.refresh_from_db()
    assert (coming.status, coming.cancel_code_id) == ("cancelled", "death")
    assert not Booking.objects.to_tell(timezone.now()).exists(), "nobody calls a dead patient"

    pathways.withdraw_milestone(milestone=death, author=desk.coordinator, note="Homonyme")

    task = Task.objects.get(pathway=pathway, status="open")
    assert task.title.startswith("Décès retiré")
    assert "Scanner, jeu." in task.note
    assert Slot.objects.get(pk=coming.slot_id).booked == 0, "nothing is booked by itself"
    assert Milestone.objects.filter(kind="death").exists()


def test_appointments_of_the_old_target_are_looked_at(desk: Desk) -> None:
    pathway = desk.pathway()
    desk.booking(desk.slot(), pathway)
    other = TargetFactory(team=desk.team, key="fast")
    pathways.switch_pathway(pathway=pathway, target=other, reason="Pancréas", author=desk.coordinator)
    task = Task.objects.get(pathway=pathway)
    assert task.title == "Changement de parcours : revoir 1 rendez-vous pris pour l’ancien"


def test_a_switch_without_appointments_asks_nothing(desk: Desk) -> None:
    pathway = desk.pathway()
    other = TargetFactory(team=desk.team, key="fast")
    pathways.switch_pathway(pathway=pathway, target=other, reason="Pancréas", author=desk.coordinator)
    assert not Task.objects.exists()
