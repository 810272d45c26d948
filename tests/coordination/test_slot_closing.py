"""Who is expected at a slot given back; what a death takes back, and what is told when it was none."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.utils import timezone

from coordination import services
from coordination.models import Booking, Slot, SlotPractitioner, Task
from pathways import services as pathways
from pathways.models import Milestone
from tests.coordination.factories import Desk, exam
from tests.factories import ProfessionalFactory, TargetFactory

pytestmark = pytest.mark.django_db


def expected(slot: Slot) -> SlotPractitioner:
    period = DateTimeTZRange(slot.starts_at, slot.ends_at)
    return SlotPractitioner.objects.create(slot=slot, professional=ProfessionalFactory(), period=period)


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
    assert task.title == "Changement de parcours : revoir 1 rendez-vous de l’ancien"
    assert task.note.startswith("- Scanner, jeu.")


def test_exams_asked_and_waits_of_the_old_target_are_looked_at(desk: Desk) -> None:
    pathway, other = desk.pathway(), TargetFactory(team=desk.team, key="fast")
    asked = {"pathway": pathway, "addressed_to": desk.platform, "user": desk.coordinator}
    pet = services.ask_exam(exam_type=exam("tep_scanner"), **asked)
    services.propose_date(request=pet, starts_at=timezone.now() + timedelta(days=4), user=desk.technician)
    services.ask_exam(exam_type=exam("irm"), **asked)
    withdrawn = services.ask_exam(exam_type=exam("echographie"), **asked)
    services.cancel_request(request=withdrawn, reason="Fait en ville", user=desk.coordinator)
    desk.series()
    services.ask_to_wait(pathway=pathway, exam_type=exam(), user=desk.coordinator)
    pathways.switch_pathway(pathway=pathway, target=other, reason="Pancréas", author=desk.coordinator)
    task = Task.objects.get(pathway=pathway, title__startswith="Changement de parcours")
    assert task.title == "Changement de parcours : revoir 2 demandes d’examen, 1 attente de l’ancien"
    assert task.note.splitlines() == [
        "- TEP-scanner, demandé à Scanner 1",
        "- IRM, demandé à Scanner 1",
        "- Scanner, en attente d’une place",
    ]


def test_what_is_agreed_for_the_new_target_too_is_not_looked_at(desk: Desk) -> None:
    pathway, other = desk.pathway(), TargetFactory(team=desk.team, key="fast")
    services.ask_exam(
        pathway=pathway, exam_type=exam("irm"), addressed_to=desk.platform, user=desk.coordinator, within="72 hours"
    )
    today = timezone.localdate()
    services.decide_policy(
        exam_type=exam("irm"), target=other, platform=desk.platform, mode="priority", within="72 hours",
        valid_from=today, decided_on=today, decided_by="Comité", user=desk.coordinator,
    )  # fmt: skip
    pathways.switch_pathway(pathway=pathway, target=other, reason="Pancréas", author=desk.coordinator)
    assert not Task.objects.filter(title__startswith="Changement de parcours").exists()


def test_a_switch_without_appointments_asks_nothing(desk: Desk) -> None:
    pathway = desk.pathway()
    other = TargetFactory(team=desk.team, key="fast")
    pathways.switch_pathway(pathway=pathway, target=other, reason="Pancréas", author=desk.coordinator)
    assert not Task.objects.exists()
