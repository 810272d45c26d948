"""The medium and large sizes: the same hospital, its past written in bulk instead of being lived.

What the services would have done one patient at a time is written with `bulk_create`; the history triggers are set
aside meanwhile (`pgtrigger.ignore`): a history of rows nobody typed would say nothing and double the load. The plan is
not imitated: `rebuild_plans` computes every step with the rules the services use, and `scan_delays` raises the alerts.
Memory is bounded by the size of a batch.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from random import Random
from typing import TypeVar

import pgtrigger
from django.db import transaction
from django.utils import timezone

from config.demo import names
from config.demo.engine import Agenda
from config.demo.timeline import Days, Drawing, Timeline, at
from config.demo.world import FAST, INSTADIAG, World
from directory.codes import short_code
from pathways.models import (
    CareCircleMember,
    CircleRole,
    Milestone,
    MilestoneSource,
    Pathway,
    PathwayStatus,
    Patient,
)
from pathways.rules.search import search_text
from pathways.services import rebuild_plans, repair_continuity, scan_delays

BATCH = 2000
STATUSES = (("QUAL", 55), ("RECUP", 10), ("VALI", 20), ("PROV", 15))

Say = Callable[[str], None]
T = TypeVar("T")


@dataclass(frozen=True)
class Size:
    """How many patients, of whom ``active`` are on an active pathway, over ``years`` of past."""

    patients: int
    active: int
    years: float


MEDIUM = Size(patients=2_000, active=400, years=1.5)
LARGE = Size(patients=100_000, active=5_000, years=5)


@dataclass(slots=True)
class Drawn:
    """One patient's story before it is written."""

    patient: Patient
    pathway: Pathway
    line: Timeline


def load_bulk(world: World, size: Size, agenda: Agenda, say: Say) -> None:
    """Writes the patients of ``size`` with their pathways, then their plans and alerts."""
    first: int | None = None
    with pgtrigger.ignore():
        done = 0
        for batch in _batches(_stories(world, size, agenda), BATCH):
            pks = _write(world, batch, agenda)
            first = min(pks) if first is None else first
            done += len(batch)
            say(f"  {done:,} patients sur {size.patients:,}".replace(",", "\N{NO-BREAK SPACE}"))
        ids = Pathway.objects.filter(pk__gte=first or 0).order_by("pk").values_list("pk", flat=True)
        _plan(ids.iterator(chunk_size=BATCH), size.patients, say)
    say("  alertes de délai")
    scan_delays(now=timezone.now())
    repair_continuity(now=timezone.now())


def _stories(world: World, size: Size, agenda: Agenda) -> Iterator[Drawn]:
    drawing = Drawing(Days(agenda.calendar))
    stride = size.patients // size.active
    for number in range(size.patients):
        rng = agenda.rng(f"bulk:{number}")
        active = number % stride == 0
        yield _story(world, drawing, rng, number, agenda, active=active, years=size.years)


def _story(
    world: World, drawing: Drawing, rng: Random, number: int, agenda: Agenda, *, active: bool, years: float
) -> Drawn:
    """Draws until the pathway is, as wanted, still running or already closed at the end."""
    target = world.targets[FAST if rng.random() < 0.45 else INSTADIAG]
    while True:
        back = rng.uniform(0.2, 130) if active else rng.uniform(120, 365 * years)
        day = drawing.days.next((agenda.end - timedelta(days=back)).date())
        received = min(at(day, rng.randint(8, 19), rng.randrange(60)), agenda.end - timedelta(hours=2))
        line = drawing.draw(rng, received_at=received, fast=target.key == FAST).until(agenda.end)
        if active is (line.closed_at is None):
            break
    patient = _patient(world, rng, number, agenda)
    version = target.current_version
    owner = world.desk[number % 2]
    pathway = Pathway(
        reference=f"J-{short_code()}", version=version, team=target.team, owner=owner, opened_at=received,
        status=PathwayStatus.ACTIVE if active else PathwayStatus.CLOSED, closed_at=line.closed_at,
        closing_reason=line.reason, suspicion="Suspicion de tumeur hépatique, biliaire ou pancréatique",
    )  # fmt: skip
    return Drawn(patient, pathway, line)


def _patient(world: World, rng: Random, number: int, agenda: Agenda) -> Patient:
    person = names.draw_person(rng, number, today=agenda.today)
    status = rng.choices([name for name, _ in STATUSES], [weight for _, weight in STATUSES])[0]
    known = status in {"QUAL", "RECUP"}
    file_number = f"V{number:07d}"
    return Patient(
        establishment=world.hospital, file_number=file_number, birth_name=person.birth_name.upper(),
        used_name=person.used_name.upper(), first_name=person.first_name, birth_date=person.birth_date, sex=person.sex,
        birth_place_code=person.birth_place, ins_matricule=person.matricule if known else "",
        ins_oid=person.oid if known else "", identity_status=status, phone=person.phone, address=person.address,
        postal_code=person.postal_code, city=person.city, gp=rng.choice(world.gps),
        search_text=search_text(
            names=[person.birth_name, person.used_name, person.first_name], file_number=file_number,
            birth_date=person.birth_date, matricule=person.matricule if known else "",
        ),
    )  # fmt: skip


@transaction.atomic
def _write(world: World, batch: list[Drawn], agenda: Agenda) -> list[int]:
    """One batch in four statements per table; returns the ids of its pathways."""
    Patient.objects.bulk_create([drawn.patient for drawn in batch])
    for drawn in batch:
        drawn.pathway.patient = drawn.patient
    Pathway.objects.bulk_create([drawn.pathway for drawn in batch])
    Milestone.objects.bulk_create(
        [
            Milestone(
                pathway=drawn.pathway, kind=kind, detail=detail, occurred_at=instant,
                recorded_at=min(instant + timedelta(minutes=7), agenda.end), recorded_by=drawn.pathway.owner,
                source=MilestoneSource.IMPORTED, site=world.hospital,
            )
            for drawn in batch
            for kind, detail, instant in drawn.line.facts
        ],
        batch_size=5000,
    )  # fmt: skip
    CareCircleMember.objects.bulk_create(
        [
            CareCircleMember(
                pathway=drawn.pathway, professional=drawn.patient.gp, role=CircleRole.GP, since=drawn.pathway.opened_at
            )
            for drawn in batch
            if drawn.patient.gp
        ]
    )
    return [drawn.pathway.pk for drawn in batch]


def _plan(ids: Iterator[int], total: int, say: Say) -> None:
    for done, batch in enumerate(_batches(ids, BATCH), start=1):
        rebuild_plans(pathway_ids=batch)
        say(f"  {min(done * BATCH, total):,} plans calculés".replace(",", "\N{NO-BREAK SPACE}"))


def _batches(source: Iterator[T], size: int) -> Iterator[list[T]]:
    batch: list[T] = []
    for each in source:
        batch.append(each)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch
