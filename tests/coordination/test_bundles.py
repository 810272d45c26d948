"""Several exams as one visit: all or none, one message to each platform, one letter to the GP."""

from __future__ import annotations

from datetime import time
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from coordination import services
from coordination.errors import SlotFull
from coordination.models import Booking, Bundle, Hold, Notice, Slot, Task
from coordination.services import Wish
from directory.errors import DomainError
from directory.models import OutboxMessage
from pathways.models import Appointment
from tests.coordination.factories import Desk, exam
from tests.factories import PatientFactory, ProfessionalFactory, TeamFactory

pytestmark = pytest.mark.django_db

CODES = ("scanner", "irm", "tep_scanner")


def visit(desk: Desk, **options: Any) -> list[Wish]:
    """Three exams one after the other on one day, the last on another platform."""
    elsewhere = TeamFactory(establishment=desk.team.establishment, kind="platform", name="Médecine nucléaire")
    platforms = (desk.platform, desk.platform, elsewhere)
    rows = enumerate(zip(CODES, platforms, strict=True))
    return [
        Wish(desk.slot(exam_type=exam(code), starts_at=time(9 + place), platform=platform, **options))
        for place, (code, platform) in rows
    ]


def test_a_visit_is_held_then_booked_as_one(desk: Desk) -> None:
    gp = ProfessionalFactory(gp=True)
    pathway = desk.pathway(patient=PatientFactory(establishment=desk.team.establishment, gp=gp))
    wishes, key = visit(desk), uuid4()
    holds = services.hold_bundle(wishes=wishes, pathway=pathway, user=desk.coordinator)
    assert [hold.slot for hold in holds] == [wish.slot for wish in wishes]
    assert len({hold.group for hold in holds}) == 1

    bundle = services.book_bundle(wishes=wishes, pathway=pathway, user=desk.coordinator, request_key=key)
    again = services.book_bundle(wishes=wishes, pathway=pathway, user=desk.coordinator, request_key=key)

    assert again == bundle
    assert not Hold.objects.exists()
    assert bundle.bookings.count() == Booking.objects.count() == 3
    assert Appointment.objects.filter(pathway=pathway, status="planned").count() == 3
    kinds = sorted(OutboxMessage.objects.filter(kind__startswith="slot").values_list("kind", flat=True))
    assert kinds == ["slot_booked", "slots_booked"], "one message to each platform"
    assert Notice.objects.filter(pathway=pathway, kind="appointments").count() == 1
    body = OutboxMessage.objects.get(kind="slots_booked").body
    assert "Scanner" in body
    assert "IRM" in body
    assert pathway.patient.birth_name not in body


def test_one_place_gone_and_nothing_is_booked(desk: Desk) -> None:
    wishes, pathway = visit(desk), desk.pathway()
    desk.booking(wishes[2].slot)
    with pytest.raises(SlotFull) as refused:
        services.book_bundle(wishes=wishes, pathway=pathway, user=desk.coordinator, request_key=uuid4())
    assert refused.value.code == "slot_full"
    with pytest.raises(SlotFull):
        services.hold_bundle(wishes=wishes, pathway=pathway, user=desk.coordinator)
    assert not Bundle.objects.exists()
    assert not Hold.objects.exists()
    assert [slot.booked for slot in Slot.objects.order_by("starts_at")] == [0, 0, 1]


def test_two_exams_at_one_hour_are_no_visit(desk: Desk) -> None:
    wishes = [Wish(desk.slot(exam_type=exam(code))) for code in CODES[:2]]
    with pytest.raises(DomainError) as refused:
        services.book_bundle(wishes=wishes, pathway=desk.pathway(), user=None, request_key=uuid4())
    assert refused.value.code == "patient_busy"
    assert not Booking.objects.exists()


def test_a_key_serves_one_visit(desk: Desk) -> None:
    wishes, key, pathway = visit(desk), uuid4(), desk.pathway()
    services.book_bundle(wishes=wishes[:2], pathway=pathway, user=None, request_key=key)
    with pytest.raises(DomainError, match="rechargez la page"):
        services.book_bundle(wishes=wishes[1:], pathway=pathway, user=None, request_key=key)
    with pytest.raises(DomainError, match="au moins un créneau"):
        services.book_bundle(wishes=[], pathway=pathway, user=None, request_key=uuid4())
    with pytest.raises(DomainError, match="deux fois"):
        services.book_bundle(wishes=[wishes[2], wishes[2]], pathway=pathway, user=None, request_key=uuid4())


def test_a_visit_is_cancelled_and_told_as_one(desk: Desk) -> None:
    pathway = desk.pathway()
    bundle = services.book_bundle(wishes=visit(desk), pathway=pathway, user=desk.coordinator, request_key=uuid4())

    gone = services.cancel_bundle(bundle=bundle, code="machine_down", user=desk.coordinator)

    assert {booking.cancel_code_id for booking in gone} == {"machine_down"}
    assert set(Slot.objects.values_list("booked", flat=True)) == {0}
    kinds = sorted(OutboxMessage.objects.filter(kind__contains="cancelled").values_list("kind", flat=True))
    assert kinds == ["slot_cancelled", "slots_cancelled"]
    task = Task.objects.get(pathway=pathway)
    assert task.title.startswith("Prévenir le patient : 3 rendez-vous annulés (Scanner du")
    assert Booking.objects.to_tell(timezone.now()).count() == 3
    services.acknowledge_told(booking=gone[1], how="phone", user=desk.coordinator)
    assert not Booking.objects.to_tell(timezone.now()).exists(), "told together"
    task.refresh_from_db()
    assert task.status == "done"
    with pytest.raises(DomainError, match="Aucun rendez-vous"):
        services.cancel_bundle(bundle=bundle, code="machine_down", user=desk.coordinator)
