"""A place kept while the form is open: seen by others, free again by itself."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from coordination import services, tasks
from coordination.errors import SlotFull
from coordination.models import Hold, SlotChange
from directory.errors import DomainError
from tests.coordination.factories import Desk
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db


def test_what_one_holds_another_does_not_book_nor_hold(desk: Desk) -> None:
    slot, later = desk.slot(), desk.slot(in_days=12)
    pathway, now = desk.pathway(), timezone.now()
    hold = services.hold_place(slot=slot, pathway=pathway, user=desk.coordinator, at=now)
    assert hold.until == now + timedelta(minutes=5)
    with pytest.raises(SlotFull, match="retenu pour un autre patient jusqu’à 10") as refused:
        services.book_slot(slot=slot, pathway=desk.pathway(), user=desk.coordinator)
    assert (refused.value.code, refused.value.alternatives) == ("slot_held", [later])
    with pytest.raises(SlotFull):
        services.hold_place(slot=slot, pathway=desk.pathway(), user=desk.coordinator)

    booking = services.book_slot(slot=slot, pathway=pathway, user=desk.coordinator)

    assert booking.status == "booked"
    assert not Hold.objects.exists(), "the hold became the booking"


def test_a_hold_ends_by_itself_without_any_job(desk: Desk) -> None:
    slot, now = desk.slot(), timezone.now() - timedelta(minutes=10)
    services.hold_place(slot=slot, pathway=desk.pathway(), user=desk.coordinator, at=now)
    other = desk.pathway()
    with pytest.raises(SlotFull):
        services.book_slot(slot=slot, pathway=other, user=desk.coordinator, at=now + timedelta(minutes=4, seconds=59))
    services.book_slot(slot=slot, pathway=other, user=desk.coordinator, at=now + timedelta(minutes=5))
    assert services.drop_ended_holds(now=now + timedelta(minutes=4)) == 0
    assert tasks.drop_ended_holds() == 1
    assert tasks.drop_ended_holds() == 0
    ended = SlotChange.objects.get(slot=slot, what="let_go")
    assert (ended.at, ended.by) == (now + timedelta(minutes=5), None)


def test_a_place_let_go_is_free_at_once(desk: Desk) -> None:
    slot = desk.slot()
    hold = services.hold_place(slot=slot, pathway=desk.pathway(), user=desk.coordinator)
    assert services.let_go(hold=hold, user=desk.coordinator) == 1
    assert services.let_go(hold=hold, user=desk.coordinator) == 0
    desk.booking(slot)
    assert list(slot.changes.order_by("pk").values_list("what", flat=True)) == ["held", "let_go", "booked"]


def test_a_hold_is_renewed_a_quarter_of_an_hour_in_all(desk: Desk) -> None:
    slot, now, user = desk.slot(), timezone.now(), desk.coordinator
    hold = services.hold_place(slot=slot, pathway=desk.pathway(), user=user, at=now)
    hold = services.renew_hold(hold=hold, user=user, at=now + timedelta(minutes=4))
    assert hold.until == now + timedelta(minutes=9)
    hold = services.renew_hold(hold=hold, user=user, at=now + timedelta(minutes=8))
    hold = services.renew_hold(hold=hold, user=user, at=now + timedelta(minutes=12))
    assert hold.until == now + timedelta(minutes=15)
    with pytest.raises(DomainError, match="assez longtemps"):
        services.renew_hold(hold=hold, user=user, at=now + timedelta(minutes=15))
    services.let_go(hold=hold, user=user)
    with pytest.raises(DomainError, match="n’est plus retenue") as refused:
        services.renew_hold(hold=hold, user=user)
    assert refused.value.code == "hold_ended"


def test_a_hold_that_ended_is_not_renewed_over_the_booking_of_another(desk: Desk) -> None:
    slot, now = desk.slot(), timezone.now() - timedelta(minutes=10)
    hold = services.hold_place(slot=slot, pathway=desk.pathway(), user=desk.coordinator, at=now)
    services.book_slot(slot=slot, pathway=desk.pathway(), user=None, at=now + timedelta(minutes=6))
    with pytest.raises(SlotFull):
        services.renew_hold(hold=hold, user=desk.coordinator, at=now + timedelta(minutes=7))


def test_looking_at_another_hour_does_not_keep_both(desk: Desk) -> None:
    pathway, first, second = desk.pathway(), desk.slot(), desk.slot(in_days=12)
    services.hold_place(slot=first, pathway=pathway, user=desk.coordinator, step_key="ct")
    services.hold_place(slot=second, pathway=pathway, user=desk.coordinator, step_key="ct")
    assert [hold.slot for hold in Hold.objects.all()] == [second]
    colleague = UserFactory(role="coordinator", team=desk.team)
    services.hold_place(slot=first, pathway=pathway, user=colleague, step_key="ct")
    assert Hold.objects.count() == 2, "what a colleague looks at stays"


def test_what_cannot_be_booked_is_not_held(desk: Desk) -> None:
    pathway = desk.pathway()
    desk.booking(desk.slot(), pathway, step_key="ct")
    with pytest.raises(DomainError) as refused:
        services.hold_place(slot=desk.slot(in_days=12), pathway=pathway, user=desk.coordinator, step_key="ct")
    assert refused.value.code == "already_booked"
    assert not Hold.objects.exists()
