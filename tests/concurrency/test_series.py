"""Two people, or a person and the night, on the same series: one after the other, and nothing stale is applied."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import time, timedelta
from threading import Event
from typing import Any, TypeVar

import pytest
from django.db import connection, transaction
from django.utils import timezone

from coordination import services
from coordination.models import (
    DisturbedSlot,
    ExceptionKind,
    ProposalState,
    SeriesProposal,
    Slot,
    SlotException,
    SlotSeries,
    Task,
    UnmadeWeek,
)
from directory.errors import DomainError
from directory.models import Role, User
from tests.concurrency.processes import wait_until
from tests.concurrency.racing import at_once
from tests.concurrency.test_moving import somebody_waits
from tests.coordination.factories import Desk
from tests.factories import UserFactory

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.concurrency]

T = TypeVar("T")


def head_of(desk: Desk) -> User:
    user = UserFactory(role=Role.PLATFORM, team=desk.platform)
    user.memberships.update(is_head=True)
    return user


def fresh(series: SlotSeries) -> SlotSeries:
    return SlotSeries.objects.get(pk=series.pk)


def edit(series: SlotSeries, user: User, *, known: str | None = None, seen: str | None = None, **changes: Any) -> Any:
    values = replace(services.values_of(fresh(series)), **changes)
    return services.edit_series(series=fresh(series), values=values, user=user, known=known, seen=seen)


def meanwhile(first: Callable[[], object], second: Callable[[], T]) -> T | DomainError:
    """What ``second`` gives when it has to wait for ``first``, which has written and not committed."""
    written, release = Event(), Event()

    def hold() -> None:
        try:
            with transaction.atomic():
                first()
                written.set()
                assert release.wait(timeout=60)
        finally:
            written.set()
            connection.close()

    def wait() -> T | DomainError:
        try:
            assert written.wait(timeout=60)
            return second()
        except DomainError as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as both:
        holding, waiting = both.submit(hold), both.submit(wait)
        try:
            wait_until(somebody_waits, seconds=60, told="the second never waited for the first")
        finally:
            release.set()
        holding.result(timeout=60)
        return waiting.result(timeout=60)


def code_of(found: object) -> str:
    assert isinstance(found, DomainError), found
    return found.code


def test_of_ten_people_who_change_the_same_series_one_wins() -> None:
    desk = Desk()
    series, head = desk.series(), head_of(desk)
    known = services.version_of(series)
    results = at_once(lambda capacity: edit(series, head, known=known, capacity=capacity), range(2, 12))
    won = [each for each in results if isinstance(each, SlotSeries)]
    assert len(won) == 1
    assert {code_of(each) for each in results if not isinstance(each, SlotSeries)} == {"changed"}
    assert set(series.slots.values_list("capacity", flat=True)) == {won[0].capacity}


def test_a_change_that_waited_for_another_reads_what_it_left() -> None:
    desk = Desk()
    series, head = desk.series(), head_of(desk)
    change = services.change_of_series(
        series=fresh(series), values=replace(services.values_of(series), starts_at=time(11))
    )
    found = meanwhile(
        lambda: edit(series, head, room="Salle 4"),
        lambda: services.edit_series(
            series=series, values=replace(services.values_of(series), starts_at=time(11)), user=head, seen=change.digest
        ),
    )
    assert code_of(found) == "outdated"
    assert (fresh(series).room, fresh(series).starts_at) == ("Salle 4", time(9))


def test_a_booking_that_waits_for_a_change_is_never_left_on_the_former_hour() -> None:
    desk = Desk()
    series, head, pathway = desk.series(), head_of(desk), desk.pathway()
    slot = series.slots.order_by("starts_at")[0]
    booking = meanwhile(
        lambda: edit(series, head, starts_at=time(11)),
        lambda: services.book_slot(slot=slot, pathway=pathway, user=desk.coordinator),
    )
    assert not isinstance(booking, DomainError)
    now = Slot.objects.get(pk=slot.pk)
    assert timezone.localtime(now.starts_at).time() == time(11)
    assert (booking.period.lower, booking.period.upper) == (now.starts_at, now.ends_at)


def test_a_change_that_waits_for_a_booking_asks_to_call_that_patient() -> None:
    desk = Desk()
    series, head, pathway = desk.series(), head_of(desk), desk.pathway()
    slot = series.slots.order_by("starts_at")[0]
    change = services.change_of_series(
        series=fresh(series), values=replace(services.values_of(series), starts_at=time(11))
    )

    def book() -> object:
        return services.book_slot(slot=slot, pathway=pathway, user=desk.coordinator)

    refused = meanwhile(book, lambda: edit(series, head, starts_at=time(11), seen=change.digest))
    assert code_of(refused) == "outdated", "whom to call has changed since the preview"
    edit(series, head, starts_at=time(11))
    assert DisturbedSlot.objects.get().slot == slot
    assert timezone.localtime(Slot.objects.get(pk=slot.pk).starts_at).time() == time(9)
    assert Task.objects.open().filter(pathway=pathway, title__startswith="Rappeler").count() == 1


def test_bookings_and_changes_all_at_once_leave_no_seat_lost() -> None:
    desk = Desk()
    series, head = desk.series(capacity=4), head_of(desk)
    slot = series.slots.order_by("starts_at")[0]
    pathways = [desk.pathway() for _ in range(6)]

    def work(item: object) -> object:
        if isinstance(item, time):
            return edit(series, head, starts_at=item)
        return services.book_slot(slot=slot, pathway=item, user=desk.coordinator)

    results = at_once(work, [*pathways[:3], time(11), *pathways[3:], time(14)])
    assert not [each for each in results if isinstance(each, Exception) and not isinstance(each, DomainError)]
    now = Slot.objects.get(pk=slot.pk)
    standing = now.bookings.exclude(status="cancelled")
    assert now.booked == standing.count() <= 4
    assert {each.period.lower for each in standing} <= {now.starts_at}


def test_the_night_and_a_change_make_each_week_once() -> None:
    desk = Desk()
    series, head = desk.series(), head_of(desk)
    series.slots.filter(booked=0).delete()
    results = at_once(
        lambda item: services.generate_slots() if item is None else edit(series, head, starts_at=item),
        [None, time(11), None, time(14), None, None],
    )
    assert not [each for each in results if isinstance(each, Exception)]
    services.generate_slots()
    weeks = list(series.slots.values_list("week", flat=True))
    assert len(weeks) == len(set(weeks)) >= 10
    hours = {timezone.localtime(each.starts_at).time() for each in series.slots.all()}
    assert hours == {fresh(series).starts_at}


def test_the_night_that_waits_for_a_change_makes_what_it_decided() -> None:
    desk = Desk()
    series, head = desk.series(), head_of(desk)
    last = timezone.localdate() + timedelta(weeks=4)
    found = meanwhile(lambda: edit(series, head, valid_until=last), services.generate_slots)
    assert found == 0
    assert not series.slots.filter(starts_at__date__gt=last).exclude(status="cancelled").exists()


def test_two_series_take_the_same_machine_at_once_and_the_week_lost_is_told() -> None:
    desk = Desk()
    machine = services.add_resource(platform=desk.platform, name="Scanner A", kind="machine")
    series = desk.series(resource=machine)
    series.slots.all().delete()
    head = head_of(desk)
    other = desk.series(resource=machine, starts_at=time(14))
    found = meanwhile(lambda: edit(other, head, starts_at=time(9)), services.generate_slots)
    assert found == 0
    assert UnmadeWeek.objects.filter(series=series, reason__contains="Scanner A est déjà pris").count() >= 10


def test_a_series_that_takes_a_machine_waits_for_the_exception_that_closes_it() -> None:
    desk = Desk()
    machine = services.add_resource(platform=desk.platform, name="Scanner A", kind="machine")
    series, head = desk.series(), head_of(desk)
    slot = series.slots.order_by("starts_at")[1]
    day = timezone.localdate(slot.starts_at)
    down = services.exception_of(resource=machine, kind=ExceptionKind.DOWN, first_on=day, last_on=day, reason="Panne")
    meanwhile(lambda: services.make_exception(exception=down, user=head), lambda: edit(series, head, resource=machine))
    assert SlotException.objects.exists()
    assert Slot.objects.get(pk=slot.pk).status == "cancelled"


def test_an_exception_waits_for_the_series_that_takes_its_machine() -> None:
    desk = Desk()
    machine = services.add_resource(platform=desk.platform, name="Scanner A", kind="machine")
    series, head = desk.series(), head_of(desk)
    slot = series.slots.order_by("starts_at")[1]
    day = timezone.localdate(slot.starts_at)
    down = services.exception_of(resource=machine, kind=ExceptionKind.DOWN, first_on=day, last_on=day, reason="Panne")
    meanwhile(lambda: edit(series, head, resource=machine), lambda: services.make_exception(exception=down, user=head))
    assert Slot.objects.get(pk=slot.pk).status == "cancelled"


def test_accepted_withdrawn_and_declined_at_once_has_one_winner() -> None:
    desk = Desk()
    series, head = desk.series(), head_of(desk)
    values = replace(services.values_of(series), capacity=3)
    made = services.propose_change(series=series, values=values, reason="Attente", user=desk.coordinator)
    acts: list[Callable[[], object]] = [
        lambda: services.accept_proposal(proposal=made, user=head),
        lambda: services.withdraw_proposal(proposal=made, user=desk.coordinator),
        lambda: services.decline_proposal(proposal=made, why="Non", user=head),
    ]
    results = at_once(lambda act: act(), acts)
    answered = [each for each in results if isinstance(each, SeriesProposal)]
    assert len(answered) == 1
    assert {code_of(each) for each in results if not isinstance(each, SeriesProposal)} == {"answered"}
    made.refresh_from_db()
    assert (made.state == ProposalState.ACCEPTED) == (fresh(series).capacity == 3)
