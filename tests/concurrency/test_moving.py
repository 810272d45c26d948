"""A milestone waits for the lock of a file that changes version or team meanwhile: it is not lost."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import TypeVar

import pytest
from django.db import connection, transaction
from django.utils import timezone

from pathways import services
from pathways.models import Milestone, Pathway
from tests.concurrency.processes import wait_until
from tests.coordination.factories import Desk
from tests.factories import TargetFactory, TeamFactory

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.concurrency]

T = TypeVar("T")
WAITING = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"


def somebody_waits() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(WAITING)
        return bool(cursor.fetchone()[0])


class Scene:
    """A switch to another team that has written and not committed, and somebody who waits for the file."""

    def __init__(self) -> None:
        self.desk = Desk()
        self.pathway = self.desk.pathway(days_ago=10)
        self.other = TargetFactory(team=TeamFactory(establishment=self.desk.team.establishment), key="fast")
        self.switched, self.release = Event(), Event()

    def switch(self) -> None:
        try:
            with transaction.atomic():
                services.switch_pathway(
                    pathway=self.pathway, target=self.other, reason="Pancréas", author=self.desk.coordinator
                )
                self.switched.set()
                assert self.release.wait(timeout=60)
        finally:
            connection.close()

    def meanwhile(self, act: Callable[[], T]) -> T:
        """What ``act`` gives when it had to wait for the switch."""

        def waiting() -> T:
            try:
                assert self.switched.wait(timeout=60)
                with transaction.atomic():
                    return act()
            finally:
                connection.close()

        with ThreadPoolExecutor(2) as both:
            switching, acting = both.submit(self.switch), both.submit(waiting)
            try:
                wait_until(somebody_waits, seconds=60, told="nobody ever waited for the switch")
            finally:
                self.release.set()
            switching.result(timeout=60)
            return acting.result(timeout=60)


def test_a_file_waited_for_is_held_whatever_it_became() -> None:
    scene = Scene()
    assert scene.meanwhile(Pathway.objects.filter(pk=scene.pathway.pk).held) == [scene.pathway.pk]


def test_a_milestone_that_waits_for_a_switch_is_kept_and_planned() -> None:
    scene = Scene()
    milestone = scene.meanwhile(
        lambda: services.record_milestone(
            pathway=scene.pathway, kind="first_care", occurred_at=timezone.now(), author=scene.desk.coordinator
        )
    )
    fresh = Pathway.objects.get(pk=scene.pathway.pk)
    assert fresh.team == scene.other.team
    assert milestone in Milestone.objects.in_force().filter(pathway=fresh)
    assert fresh.steps.get(step_key="first_care").state == "done"
