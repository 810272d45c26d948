"""Alerts going up while their evidence is recorded, and many workers at once: no level outlives its reason."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Event
from uuid import uuid4

import pytest
from django.db import connection, transaction
from django.utils import timezone

from pathways import services
from pathways.models import Alert, AlertKind, Pathway
from pathways.rules.levels import Ladder
from tests.factories import PathwayFactory, TeamFactory

pytestmark = [pytest.mark.concurrency, pytest.mark.django_db(transaction=True)]

LONG_ENOUGH = 1.5


def go_up(claimed: Event, go_on: Event) -> None:
    """A scan that keeps what it claimed for a while."""
    try:
        with transaction.atomic():
            services.scan_delays(now=timezone.now())
            claimed.set()
            go_on.wait(timeout=LONG_ENOUGH)
    finally:
        connection.close()


def first_level_only(pathway: Pathway) -> None:
    """As if the last scan had been made the very day the delay ran out."""
    services.scan_delays(now=timezone.now())
    Alert.objects.filter(pathway=pathway, level__gt=1).delete()
    for alert in Alert.objects.filter(pathway=pathway, kind="late"):
        Alert.objects.filter(pk=alert.pk).update(closed_at=None, next_level_at=alert.team_at)


def test_evidence_recorded_while_the_alert_goes_up() -> None:
    pathway = PathwayFactory(days_ago=60)
    first_level_only(pathway)
    claimed, go_on = Event(), Event()
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(go_up, claimed, go_on)
        assert claimed.wait(timeout=30)
        services.record_milestone(pathway=pathway, kind="first_care", occurred_at=timezone.now())
        go_on.set()
        running.result(timeout=30)
    told = Alert.objects.filter(pathway=pathway, step__key="first_care")
    assert told.filter(level=4).exists()
    assert not told.open().exists()


@pytest.mark.parametrize("of_a_patient", [False, True])
def test_what_was_awaited_comes_while_its_alert_goes_up(of_a_patient: bool) -> None:
    pathway = PathwayFactory() if of_a_patient else None
    now, subject = timezone.now(), uuid4()
    past = [now - timedelta(hours=hours) for hours in (3, 2, 1)]
    services.watch(
        kind=AlertKind.PROMISE, subject=subject, due_at=past[0], label="Demande D-1", pathway=pathway,
        team=None if of_a_patient else TeamFactory(), ladder=Ladder(past[1], past[2]),
    )  # fmt: skip
    services.scan_delays(now=past[1])
    assert Alert.objects.open().get(subject=subject).level == 1
    claimed, go_on = Event(), Event()
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(go_up, claimed, go_on)
        assert claimed.wait(timeout=30)
        services.met(kind=AlertKind.PROMISE, subject=subject)
        go_on.set()
        running.result(timeout=30)
    told = Alert.objects.filter(subject=subject)
    assert told.filter(level=3).exists()
    assert not told.open().exists()


def test_many_workers_raise_each_level_once() -> None:
    for _ in range(4):
        PathwayFactory(days_ago=60)

    def scan(_: int) -> int:
        try:
            return services.scan_delays(now=timezone.now())
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        raised = sum(pool.map(scan, range(8)))
    raised += services.scan_delays(now=timezone.now())
    assert raised == Alert.objects.count()
    opened = Alert.objects.open().filter(kind="late").values_list("subject", flat=True)
    assert len(opened) == len(set(opened))
