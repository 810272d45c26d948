"""A fact recorded while the delays are scanned: neither waits for the other for ever, no alert outlives its step."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor, wait
from threading import Event
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from pathways import services
from pathways.models import Alert, Pathway
from pathways.services import plan
from tests.factories import PathwayFactory

pytestmark = [pytest.mark.concurrency, pytest.mark.django_db(transaction=True)]

LONG_ENOUGH = 1.5
"""Seconds: more than PostgreSQL takes to find a deadlock."""


def first_care(pathway: Pathway) -> None:
    services.record_milestone(pathway=pathway, kind="first_care", occurred_at=timezone.now())


def open_alerts() -> list[str]:
    return list(Alert.objects.open().filter(step__key="first_care").values_list("kind", flat=True))


def test_a_scan_in_the_middle_of_a_fact(monkeypatch: pytest.MonkeyPatch) -> None:
    pathway = PathwayFactory(days_ago=9)
    write, scans = plan._write, []

    def scan() -> int:
        try:
            return services.scan_delays(now=timezone.now())
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:

        def write_later(*rows: Any) -> None:
            scans.append(pool.submit(scan))
            wait(scans, timeout=LONG_ENOUGH)
            write(*rows)

        monkeypatch.setattr(plan, "_write", write_later)
        first_care(pathway)
        assert [each.result(timeout=30) for each in scans]
    assert open_alerts() == []


def test_a_fact_in_the_middle_of_a_scan() -> None:
    pathway = PathwayFactory(days_ago=9)
    claimed, go_on = Event(), Event()

    def scan() -> None:
        try:
            with transaction.atomic():
                services.scan_delays(now=timezone.now())
                claimed.set()
                go_on.wait(timeout=LONG_ENOUGH)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(scan)
        assert claimed.wait(timeout=30)
        first_care(pathway)
        go_on.set()
        running.result(timeout=30)
    assert set(Alert.objects.filter(step__key="first_care").values_list("kind", flat=True)) == {"late"}
    assert open_alerts() == []
