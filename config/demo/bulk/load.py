"""The order in which a bulk hospital is written."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from typing import TypeVar

import pgtrigger
from django.db import connection, transaction
from django.utils import timezone

from config.demo import cast, front
from config.demo.bulk import rooms
from config.demo.bulk.drawn import Drawn, Sketcher
from config.demo.bulk.meetings import Meetings
from config.demo.bulk.places import Board, open_slots, settle_slots
from config.demo.bulk.size import Size
from config.demo.commitments import write_commitments
from config.demo.engine import Agenda
from config.demo.exams import ordinary, over
from config.demo.life import Life
from config.demo.world import World, publish_short
from coordination.services import watch_promises
from pathways.models import CareCircleMember, CircleRole, Milestone, MilestoneSource, Pathway, Patient
from pathways.services import rebuild_plans, repair_continuity, scan_delays

BATCH = 2000

Say = Callable[[str], None]
T = TypeVar("T")


def load_bulk(world: World, size: Size, agenda: Agenda, say: Say) -> None:
    """Writes the hospital of ``size``, then its plans and alerts, then this morning's requests."""
    with pgtrigger.ignore():
        if size.short:
            publish_short(world)
        say(f"  {_spaced(open_slots(world, size, agenda))} créneaux")
        write_commitments(world, agenda.start.date(), agenda.today)
        meetings = Meetings(world, size, agenda)
        board = Board()
        board.read()
        done = 0
        for batch in batches(Sketcher(world, size, agenda, board).all(), BATCH):
            _write(world, batch, meetings, agenda)
            done += len(batch)
            say(f"  {_spaced(done)} patients sur {_spaced(size.patients)}")
        settle_slots(agenda)
        _analyse()
        _plan(size, say)
    say("  alertes de délai, demandes de ce matin")
    watch_promises(now=timezone.now())
    scan_delays(now=timezone.now())
    repair_continuity(now=timezone.now())
    _requests(world, size, agenda, meetings)


@transaction.atomic
def _write(world: World, batch: list[Drawn], meetings: Meetings, agenda: Agenda) -> None:
    """One batch of patients, in a fixed number of statements."""
    Patient.objects.bulk_create([drawn.patient for drawn in batch])
    for drawn in batch:
        drawn.pathway.patient = drawn.patient
    Pathway.objects.bulk_create([drawn.pathway for drawn in batch])
    milestones = [fact for drawn in batch for fact in _facts(world, drawn, agenda)]
    Milestone.objects.bulk_create(milestones, batch_size=5000)
    CareCircleMember.objects.bulk_create(
        CareCircleMember(
            pathway=drawn.pathway, professional=drawn.gp, role=CircleRole.GP, since=drawn.pathway.opened_at
        )
        for drawn in batch
    )
    by_kind = {(fact.pathway_id, fact.kind): fact for fact in milestones}
    meetings.write(batch, by_kind)
    rooms.write_bookings(world, batch, agenda)
    rooms.write_requests(world, batch, agenda)
    rooms.write_desk(world, batch, agenda)
    rooms.write_waiting(world, batch, agenda)


def _facts(world: World, drawn: Drawn, agenda: Agenda) -> Iterator[Milestone]:
    for kind, detail, instant in drawn.line.facts:
        yield Milestone(
            pathway=drawn.pathway, kind=kind, detail=detail, occurred_at=instant,
            recorded_at=min(instant + timedelta(minutes=7), agenda.end), recorded_by=drawn.owner,
            source=MilestoneSource.IMPORTED, site=world.hospital,
        )  # fmt: skip


def _plan(size: Size, say: Say) -> None:
    ids = Pathway.objects.order_by("pk").values_list("pk", flat=True).iterator(chunk_size=BATCH)
    done = 0
    for batch in batches(ids, BATCH):
        done += rebuild_plans(pathway_ids=batch)
        say(f"  {_spaced(done)} plans sur {_spaced(size.patients)}")


def _requests(world: World, size: Size, agenda: Agenda, meetings: Meetings) -> None:
    """This morning's requests come in through the front door, as they were sent over the last days."""
    life = Life(agenda, world, meetings.series[0], when_over=over, when_ordinary=ordinary)
    life.stories = cast.waiting(life, size.waiting, size.patients)
    for story in life.stories:
        life.then(story, story.sent_at, front.send)
    agenda.run(lambda day: None)


def batches(source: Iterable[T], size: int) -> Iterator[list[T]]:
    """``source`` in lists of ``size``."""
    batch: list[T] = []
    for each in source:
        batch.append(each)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch


def _analyse() -> None:
    """Fresh statistics: the planner would otherwise still believe the tables empty."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _spaced(number: int) -> str:
    return f"{number:,}".replace(",", "\N{NO-BREAK SPACE}")
