"""A place kept while the form is open: seen by others, free again by itself."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from coordination import services, tasks
from coordination.errors import SlotFull
from coordination.models import Hold, Slot, SlotChange
from coordination.readings.month import month_of
from coordination.readings.offer import Need, offer_of
from coordination.services.offers import close_stale_offers
from coordination.services.seats import Wish, next_free
from directory.errors import DomainError
from pathways.services import calendar_of
from tests.coordination.factories import Desk, exam
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


def test_a_hold_asked_again_lasts_a_quarter_of_an_hour_in_all(desk: Desk) -> None:
    slot, now, pathway = desk.slot(), timezone.now(), desk.pathway()
    for minutes, until in ((0, 5), (4, 9), (8, 13), (12, 15)):
        at = now + timedelta(minutes=minutes)
        hold = services.hold_place(slot=slot, pathway=pathway, user=desk.coordinator, at=at)
        assert (hold.held_at, hold.until) == (now, now + timedelta(minutes=until))


def test_the_places_of_a_visit_are_kept_on_together(desk: Desk) -> None:
    """One of them asked again: the others would end before it, and the visit, all or none, be lost."""
    slot, other, now = desk.slot(), desk.slot(in_days=12, exam_type=exam("irm")), timezone.now()
    pathway, user = desk.pathway(), desk.coordinator
    alone = services.hold_place(
        slot=desk.slot(in_days=13, exam_type=exam("tep_scanner")), pathway=pathway, user=user, at=now
    )
    visit = services.hold_bundle(wishes=[Wish(slot), Wish(other)], pathway=pathway, user=user, at=now)
    services.hold_place(slot=slot, pathway=pathway, user=user, at=now + timedelta(minutes=4))
    kept = Hold.objects.exclude(pk=alone.pk)
    assert set(kept.values_list("group", "until")) == {(visit[0].group, now + timedelta(minutes=9))}
    assert kept.count() == 2
    alone.refresh_from_db()
    assert alone.until == now + timedelta(minutes=5)


def test_nothing_is_said_to_be_kept_beyond_its_release(desk: Desk) -> None:
    """Those of one visit neither: it is booked whole."""
    slot, later, pathway = desk.slot(), desk.slot(in_days=12, exam_type=exam("irm")), desk.pathway()
    soon = slot.release_at - timedelta(minutes=1)
    hold = services.hold_place(slot=slot, pathway=pathway, user=desk.coordinator, at=soon)
    assert hold.until == slot.release_at
    wishes = [Wish(slot), Wish(later)]
    visit = services.hold_bundle(wishes=wishes, pathway=pathway, user=desk.coordinator, at=soon)
    assert {each.until for each in visit} == {slot.release_at}


def test_a_hold_that_ended_is_not_taken_up_again_over_the_booking_of_another(desk: Desk) -> None:
    slot, now, pathway = desk.slot(), timezone.now() - timedelta(minutes=10), desk.pathway()
    services.hold_place(slot=slot, pathway=pathway, user=desk.coordinator, at=now)
    services.book_slot(slot=slot, pathway=desk.pathway(), user=None, at=now + timedelta(minutes=6))
    with pytest.raises(SlotFull):
        services.hold_place(slot=slot, pathway=pathway, user=desk.coordinator, at=now + timedelta(minutes=7))


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


class TestWhatIsFree:
    """A place that somebody else keeps is free nowhere: not in lists, nor proposed instead, nor to who waits."""

    def test_a_place_kept_by_others_is_not_proposed_instead_of_another(self, desk: Desk) -> None:
        full, held, later = desk.slot(), desk.slot(in_days=11), desk.slot(in_days=12)
        desk.booking(full)
        keeper, other = desk.pathway(), desk.pathway()
        services.hold_place(slot=held, pathway=keeper, user=desk.coordinator)
        now = timezone.now()
        assert next_free(full, other, now) == [later]
        assert next_free(full, keeper, now) == [held, later], "it is kept for that one"
        assert list(Slot.objects.free(now).order_by("starts_at")) == [later]
        assert set(Slot.objects.not_full(now)) == {held, later}
        assert held in Slot.objects.free(now + timedelta(minutes=5)), "a hold ends by itself"

    def test_a_place_left_beside_one_that_is_kept_is_free(self, desk: Desk) -> None:
        slot = desk.slot(capacity=2)
        services.hold_place(slot=slot, pathway=desk.pathway(), user=desk.coordinator)
        assert slot in Slot.objects.free(timezone.now())
        services.hold_place(slot=slot, pathway=desk.pathway(), user=desk.coordinator)
        assert slot not in Slot.objects.free(timezone.now())

    def test_the_only_slot_in_time_kept_by_a_colleague_is_not_an_answer(self, desk: Desk) -> None:
        pathway, slot = desk.pathway(), desk.slot(in_days=3)
        need, now = Need(slot.exam_type, None, None), timezone.now()
        calendar = calendar_of(desk.team.establishment)
        services.hold_place(slot=slot, pathway=desk.pathway(), user=desk.coordinator)
        offer = offer_of(pathway, need, [], calendar, now)
        assert [each.slot for each in offer.meeting] == [slot], "shown, as kept"
        assert (offer.in_time, offer.first) == (False, None)

    def test_who_waits_is_asked_only_when_the_place_is_let_go(self, desk: Desk) -> None:
        slot, now = desk.slot(), timezone.now()
        hold = services.hold_place(slot=slot, pathway=desk.pathway(), user=desk.coordinator)
        services.join_waiting(pathway=desk.pathway(), exam_type=slot.exam_type, user=desk.coordinator)
        assert services.offer_freed_places(now=now) == 0
        services.let_go(hold=hold, user=desk.coordinator)
        assert services.offer_freed_places(now=now) == 1

    def test_an_offer_stands_while_somebody_else_keeps_its_place(self, desk: Desk) -> None:
        slot, now = desk.slot(), timezone.now()
        place = services.join_waiting(pathway=desk.pathway(), exam_type=slot.exam_type, user=desk.coordinator)
        services.offer_freed_places(now=now)
        offer = place.offers.get()
        hold = services.hold_place(slot=slot, pathway=desk.pathway(), user=desk.coordinator)
        with pytest.raises(SlotFull, match="retenu pour un autre patient"):
            services.answer_offer(offer=offer, accept=True, user=desk.coordinator)
        assert close_stale_offers(now=now) == 0
        services.let_go(hold=hold, user=desk.coordinator)
        assert services.answer_offer(offer=offer, accept=True, user=desk.coordinator) is not None

    def test_the_month_counts_what_can_be_chosen(self, desk: Desk) -> None:
        slot, now = desk.slot(capacity=3), timezone.now()
        services.hold_place(slot=slot, pathway=desk.pathway(), user=desk.coordinator)
        first = timezone.localdate(slot.starts_at).replace(day=1)
        month = month_of(Slot.objects.all(), first, calendar_of(desk.team.establishment), now)
        assert (month.total.places, month.total.free) == (3, 2)
