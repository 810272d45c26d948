"""A slot that its platform moves while a nurse books it: she books the hour she saw, or is told of the new one."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import time, timedelta

import pytest
from django.db import connections, transaction
from django.utils import timezone

from coordination import services
from coordination.models import Booking, Hold, Slot, SlotSeries
from tests.concurrency.racing import at_once
from tests.concurrency.test_holds import until_somebody_waits, ways
from tests.concurrency.test_series import code_of, edit, head_of, meanwhile
from tests.coordination.factories import Desk, exam

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.concurrency]


def first_of(series: SlotSeries) -> Slot:
    return series.slots.order_by("starts_at")[0]


def test_who_waits_for_a_series_that_moves_is_told_of_the_new_hour() -> None:
    desk = Desk()
    series, head, pathway = desk.series(), head_of(desk), desk.pathway()
    slot = first_of(series)
    services.hold_place(slot=slot, pathway=pathway, user=desk.coordinator)
    found = meanwhile(
        lambda: edit(series, head, starts_at=time(14)),
        lambda: services.book_slot(slot=slot, pathway=pathway, user=desk.coordinator, seen=slot.starts_at),
    )
    assert code_of(found) == "slot_moved"
    assert not Booking.objects.exists()
    assert not Hold.objects.exists()


def test_a_series_that_waits_for_a_booking_leaves_it_at_its_hour() -> None:
    desk = Desk()
    series, head, pathway = desk.series(), head_of(desk), desk.pathway()
    slot = first_of(series)
    meanwhile(
        lambda: services.book_slot(slot=slot, pathway=pathway, user=desk.coordinator, seen=slot.starts_at),
        lambda: edit(series, head, starts_at=time(14)),
    )
    slot.refresh_from_db()
    assert Booking.objects.get().period.lower == slot.starts_at
    assert timezone.localtime(slot.starts_at).hour == 9


def test_places_let_go_while_their_slots_move_never_wait_for_each_other() -> None:
    """Both take the holds before they write about the slots, in either order."""
    desk = Desk()
    head = head_of(desk)
    for turn in range(4):
        one = desk.series(exam_type=exam("irm"), starts_at=time(9 + turn), in_days=9)
        two = desk.series(exam_type=exam("scanner"), starts_at=time(9 + turn), in_days=8)
        slots = [first_of(one), first_of(two)]
        kept = services.hold_bundle(
            wishes=[services.seats.Wish(each) for each in slots], pathway=desk.pathway(), user=desk.coordinator
        )
        day = timezone.localdate(slots[0].starts_at)
        closing = services.exception_of(
            kind="closed", platform=desk.platform, first_on=day - timedelta(days=1), last_on=day, reason="Travaux"
        )
        acts = [
            lambda kept=kept: services.let_go(hold=kept[0], user=desk.coordinator),
            lambda closing=closing: services.make_exception(exception=closing, user=head),
        ]
        results = at_once(lambda place, acts=acts: acts[place](), range(2))
        assert not [each for each in results if isinstance(each, Exception)], results
        assert not Hold.objects.exists()
        services.take_back_exception(exception=closing, user=head)


@pytest.mark.parametrize("way", ["let go", "closed", "ended"])
def test_a_place_let_go_while_its_slot_goes_to_a_new_series_never_waits_for_it(way: str) -> None:
    """« This and following » writes the slots twice: their series, then their hours. The holds come before both."""
    desk = Desk()
    series, head = desk.series(), head_of(desk)
    slot = series.slots.order_by("starts_at")[2]
    at = timezone.now() - timedelta(minutes=20 if way == "ended" else 0)
    hold = services.hold_place(slot=slot, pathway=desk.pathway(), user=desk.coordinator, at=at)

    def cut() -> SlotSeries:
        values, monday = replace(services.values_of(series), starts_at=time(14)), timezone.localdate(slot.starts_at)
        try:
            return services.edit_series(series=series, values=values, user=head, since=monday)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as other:
        with transaction.atomic():
            Hold.objects.select_for_update().get(pk=hold.pk)
            cutting = other.submit(cut)
            until_somebody_waits(told="the cut never waited for the hold")
            ways(hold)[way]()
        fresh = cutting.result()
    slot.refresh_from_db()
    assert slot.series == fresh
    assert list(slot.changes.order_by("pk").values_list("what", flat=True)) == ["held", "let_go", "moved"]
