"""A hold ends once, whoever ends it: its slot's life says so in one line."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, connections, transaction
from django.utils import timezone

from coordination import services
from coordination.models import Hold, SlotChange
from tests.concurrency.processes import wait_until
from tests.concurrency.racing import at_once
from tests.coordination.factories import Desk

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.concurrency]

WAITS = "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND cardinality(pg_blocking_pids(pid)) > 0"


def somebody_waits() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(WAITS)
        return cursor.fetchone() is not None


def until_somebody_waits(*, told: str) -> None:
    """Called inside a transaction, which does not see what begins after it: another connection looks."""

    def watch() -> None:
        try:
            wait_until(somebody_waits, seconds=60, told=told)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as other:
        other.submit(watch).result()


@pytest.fixture
def hold() -> Hold:
    """One that ended a minute ago, and that nobody has erased."""
    desk = Desk()
    at = timezone.now() - timedelta(minutes=6)
    return services.hold_place(slot=desk.slot(), pathway=desk.pathway(), user=desk.coordinator, at=at)


def ways(hold: Hold) -> dict[str, Callable[[], Any]]:
    """All that ends a hold."""
    return {
        "let go": lambda: services.let_go(hold=hold, user=hold.by),
        "closed": lambda: services.drop_holds(pathway=hold.pathway),
        "ended": lambda: services.drop_ended_holds(now=timezone.now()),
        "renewed": lambda: services.hold_place(slot=hold.slot, pathway=hold.pathway, user=hold.by),
    }


def said(hold: Hold) -> list[str]:
    return list(SlotChange.objects.filter(slot=hold.slot).order_by("pk").values_list("what", flat=True))


@pytest.mark.parametrize("first", ["let go", "ended"])
def test_a_file_closed_while_the_hold_is_being_ended_says_it_once(hold: Hold, first: str) -> None:
    """The closing has read the hold, which another has erased and not committed: it waits, and has nothing to say."""
    acts = ways(hold)

    def close() -> None:
        try:
            acts["closed"]()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as other:
        with transaction.atomic():
            acts[first]()
            closing = other.submit(close)
            until_somebody_waits(told="the closing never waited for the hold")
        closing.result()
    assert said(hold) == ["held", "let_go"]
    assert not Hold.objects.exists()


def test_ended_from_every_side_at_once_it_ends_once(hold: Hold) -> None:
    acts = ways(hold)
    results = at_once(lambda name: acts[name](), ["let go", "closed", "ended"] * 4)
    assert not [each for each in results if isinstance(each, Exception)], results
    assert said(hold) == ["held", "let_go"]
    assert not Hold.objects.exists()


@pytest.mark.parametrize("turn", range(3))
def test_a_hold_taken_up_again_while_others_end_it_is_held_twice_and_ended_as_often(hold: Hold, turn: int) -> None:
    acts = ways(hold)
    results = at_once(lambda name: acts[name](), ["renewed", "ended", "renewed", "ended", "closed", "renewed"][turn:])
    assert not [each for each in results if isinstance(each, Exception)], results
    lines = said(hold)
    assert lines.count("held") - lines.count("let_go") == Hold.objects.count()
