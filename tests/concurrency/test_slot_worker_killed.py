"""kill -9 of the worker in the middle of what it does to slots: nothing is lost nor doubled, and the work is ended."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pytest
from celery import current_app
from django.utils import timezone

from coordination import services, tasks
from coordination.models import (
    Hold,
    Slot,
    SlotChange,
    SlotPractitioner,
    SlotSeries,
    Task,
    WaitingOffer,
    WaitingPlace,
)
from directory.models import OutboxMessage
from tests.concurrency.locks import Lock, still_there
from tests.concurrency.processes import CeleryWorker, RedisServer, publish_to, wait_until
from tests.concurrency.test_bookings import pathways
from tests.concurrency.test_slot_life import all_sound
from tests.coordination.factories import Desk
from tests.factories import ProfessionalFactory, TeamFactory

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.concurrency]

MANY = 4
"""Pieces of work of one job; it is stopped in the third."""


@pytest.fixture(scope="module")
def shared(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[CeleryWorker]:
    """A worker on a Redis of these tests' own, to which this process publishes too."""
    folder = tmp_path_factory.mktemp("worker")
    server = RedisServer(folder)
    server.start()
    usual = current_app.conf.broker_url
    publish_to(server.url)
    process = CeleryWorker(redis_url=server.url, folder=folder, beat=False)
    yield process
    process.kill()
    publish_to(usual)
    server.kill()


@pytest.fixture
def worker(shared: CeleryWorker) -> CeleryWorker:
    if shared.process is None:
        shared.start()
    return shared


@pytest.fixture
def desk() -> Desk:
    return Desk()


@dataclass
class Job:
    """A job of ``MANY`` pieces: what stops it in the third, how many pieces are done, what must be true of them."""

    task: Any
    lock: Lock
    done: Callable[[], int]
    sound: Callable[[int], None]


def release(desk: Desk) -> Job:
    """One slot on each of several platforms; the third expects a practitioner, whose row is written in between."""
    for number in range(MANY):
        platform = TeamFactory(establishment=desk.team.establishment, kind="platform")
        slot = desk.slot_at(timezone.now() + timedelta(hours=20 + number), platform=platform)
        if number == 2:
            span = (slot.starts_at, slot.ends_at)
            SlotPractitioner.objects.create(slot=slot, professional=ProfessionalFactory(), period=span)

    def sound(done: int) -> None:
        assert SlotChange.objects.filter(what="released").count() == done
        told = list(OutboxMessage.objects.filter(kind="slots_released").values_list("recipient", flat=True))
        assert len(told) == len(set(told)) == done
        assert SlotPractitioner.objects.filter(stands=True).count() == int(done < 3)

    return Job(
        tasks.release_unused_slots,
        Lock("SELECT 1 FROM coordination_slotpractitioner FOR UPDATE"),
        Slot.objects.filter(status="released").count,
        sound,
    )


def offers(desk: Desk) -> Job:
    """Free slots and as many who wait; the file of the third to be asked cannot be named when its offer is kept."""
    asking = pathways(desk, MANY)
    for each in asking:
        services.join_waiting(pathway=each, exam_type=desk.slot().exam_type, user=None)
    Slot.objects.exclude(pk__in=[desk.slot(in_days=20 + number).pk for number in range(MANY)]).delete()

    def sound(done: int) -> None:
        assert WaitingOffer.objects.filter(answer="open").values("slot").distinct().count() == done
        assert Task.objects.open().filter(title__startswith="Une place se libère").count() == done
        assert SlotChange.objects.filter(what="offered").count() == done
        assert WaitingPlace.objects.waiting().count() == MANY

    return Job(
        tasks.offer_freed_places,
        Lock("SELECT 1 FROM pathways_pathway WHERE id = %s FOR UPDATE", asking[2].pk),
        WaitingOffer.objects.count,
        sound,
    )


def weeks_of(series: SlotSeries) -> list[date]:
    return list(series.slots.order_by("week").values_list("week", flat=True))


def generation(desk: Desk) -> Job:
    """Series without their slots; the third expects a practitioner, who cannot be named when its slots are kept."""
    person = ProfessionalFactory()
    made = [desk.series(in_days=10 + n, practitioners=[person] if n == 2 else []) for n in range(MANY)]
    usual = {series.pk: weeks_of(series) for series in made}
    Slot.objects.all().delete()

    def sound(done: int) -> None:
        for series in made:
            assert weeks_of(series) in ([], usual[series.pk]), "a series has all its slots or none"
        assert SlotPractitioner.objects.count() == (made[2].slots.count() if done >= 3 else 0)

    def done() -> int:
        return SlotSeries.objects.filter(slots__isnull=False).distinct().count()

    return Job(
        tasks.generate_slots,
        Lock("SELECT 1 FROM directory_professional WHERE id = %s FOR UPDATE", person.pk),
        done,
        sound,
    )


def holds(desk: Desk) -> Job:
    """Holds that have ended, erased in one batch: the slot of the third cannot be named in the log."""
    slots, asking = [desk.slot(in_days=10 + n) for n in range(MANY)], pathways(desk, MANY)
    for slot, each in zip(slots, asking, strict=True):
        at = timezone.now() - timedelta(minutes=6)
        services.hold_place(slot=slot, pathway=each, user=desk.coordinator, at=at)

    def sound(done: int) -> None:
        assert SlotChange.objects.filter(what="let_go").count() == done == MANY - Hold.objects.count()

    return Job(
        tasks.drop_ended_holds,
        Lock("SELECT 1 FROM coordination_slot WHERE id = %s FOR UPDATE", slots[2].pk),
        lambda: MANY - Hold.objects.count(),
        sound,
    )


JOBS = [release, offers, generation, holds]


def stop_in_the_middle(job: Job, kill: Callable[[], None]) -> None:
    """Runs it until it waits in its third piece, kills there, and looks at what is left before anything goes on."""
    with job.lock as lock:
        job.task.delay()
        wait_until(lambda: bool(lock.waiting()), seconds=240, told="the worker never came to the lock")
        backends = lock.waiting()
        before = job.done()
        assert before == (0 if job.task is tasks.drop_ended_holds else 2), "not in the third"
        kill()
        job.sound(before)
    wait_until(lambda: not still_there(backends), seconds=120, told="the database kept the dead one's connection")


@pytest.mark.parametrize("make", JOBS)
def test_a_child_killed_in_the_middle_is_replaced_and_the_work_ends(
    desk: Desk, worker: CeleryWorker, make: Callable[[Desk], Job]
) -> None:
    """Nobody asks again: the message was not acknowledged, it comes back to another child."""
    job = make(desk)
    stop_in_the_middle(job, worker.kill_children)
    wait_until(lambda: job.done() == MANY, seconds=240, told="the work was lost with the child")
    job.sound(MANY)
    all_sound()
    job.task()
    assert job.done() == MANY
    job.sound(MANY)


@pytest.mark.parametrize("make", [release, generation])
def test_a_worker_killed_in_the_middle_leaves_the_rest_to_the_next_turn(
    desk: Desk, worker: CeleryWorker, make: Callable[[Desk], Job]
) -> None:
    job = make(desk)
    stop_in_the_middle(job, worker.kill)
    left = job.done()
    assert left in (2, 3), "the third piece is whole (its commit had been asked for), or not there at all"
    job.sound(left)
    job.task()
    assert job.done() == MANY
    job.sound(MANY)
    all_sound()
