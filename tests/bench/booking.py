"""Bookings through the service against one locked SQL transaction doing the same writes (DESIGN.md 6).

The yardstick is not written by hand: each booking is first made once by the service and rolled back, the statements
that lock and write are kept, and only those are played again, with the identifiers of the second time. It thus follows
the service when that one writes more. Every place of the slots is asked for exactly once: one refusal is one too many.

A second one plays the reads too, by which the service knows that the booking is right: what is left between them and
the service is Python.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import time, timedelta
from itertools import islice
from time import perf_counter
from typing import Any
from uuid import uuid4

from django.db import connection, transaction
from django.utils import timezone

from coordination.errors import SlotFull
from coordination.models import Booking, ExamType, Slot
from coordination.services import book_slot, create_series
from directory.models import Team, TeamKind
from pathways.models import Pathway, TargetPathway
from tests.bench.load import Latency

CLIENTS = (1, 8, 32)
BOOKINGS = 160
PLACES = 16
AIM_RATIO = 0.5
WRITES = ("INSERT", "UPDATE", "DELETE")
RANGE = 10**12
FAR_AHEAD = 56
"""Days: the slots stand where nobody of the fictitious hospital is expected yet."""


@dataclass(frozen=True)
class Pair:
    """One booking to make; ``seat`` is the one that the yardstick takes."""

    slot: int
    pathway: int
    seat: int


@dataclass(frozen=True)
class Statement:
    """One write of the service, with the identifiers it gave out."""

    sql: str
    params: Sequence[Any]
    gave: list[int]


def measure() -> None:
    """Prints bookings a second, latencies and refusals of both, and their ratio, at 1, 8 and 32 clients."""
    _spread_identifiers()
    pathways = _pathways()
    print("booking through the service, against the same writes in one locked SQL transaction:")
    some = _pairs(pathways)
    for clients in CLIENTS:
        bare_rate, bare, _ = _run(_bare, _pairs(pathways), clients)
        read_rate, read, _ = _run(_bare_with_reads, _pairs(pathways), clients)
        rate, full, refused = _run(_service, _pairs(pathways), clients)
        print(
            f"  {clients:>2} clients  service {rate:6.1f}/s p50 {full.p50:6.1f} ms p95 {full.p95:6.1f} ms   "
            f"bare {bare_rate:6.1f}/s p50 {bare.p50:6.1f} ms p95 {bare.p95:6.1f} ms   "
            f"ratio {rate / bare_rate:4.2f} (aim: at least {AIM_RATIO}), {refused} refused (aim: 0)\n"
            f"              with the same reads {read_rate:6.1f}/s p50 {read.p50:6.1f} ms p95 {read.p95:6.1f} ms   "
            f"ratio {rate / read_rate:4.2f}"
        )
    every, written = (len(_written(some[0], every=each)) for each in (True, False))
    print(f"  a booking: {every} statements, {written} of them writes or locks")


def _spread_identifiers() -> None:
    """Each table gives out identifiers of its own range from now on: one that is met again can only mean its row."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT schemaname, sequencename FROM pg_sequences WHERE data_type = 'bigint'::regtype ORDER BY 2"
        )
        for number, (schema, name) in enumerate(cursor.fetchall(), start=1):
            sequence = f'"{schema}"."{name}"'
            cursor.execute("SELECT setval(%s, GREATEST(%s, nextval(%s)))", [sequence, number * RANGE, sequence])


def _pathways() -> Iterator[Pathway]:
    """Active pathways of one target, of patients expected nowhere."""
    most = TargetPathway.objects.filter(versions__pathways__status="active").order_by("pk").values_list("pk", flat=True)
    target = max(set(most), key=list(most).count)
    expected = Booking.objects.unmarked().values("patient")
    free = Pathway.objects.active().filter(version__target=target, patient__deceased_on=None)
    rows = free.exclude(patient__in=expected).select_related("version__target").defer("version__definition")
    seen: set[int] = set()
    for pathway in rows.order_by("pk"):  # read at once: the connection is closed between two runs
        if pathway.patient_id not in seen:
            seen.add(pathway.patient_id)
            yield pathway


def _pairs(pathways: Iterator[Pathway]) -> list[Pair]:
    """Slots with as many places as there are patients, shared among the clients."""
    taken = list(islice(pathways, BOOKINGS))
    if len(taken) < BOOKINGS:
        raise SystemExit("too few active pathways: load the large hospital")
    target = taken[0].version.target
    platform = Team.objects.filter(kind=TeamKind.PLATFORM, establishment=target.establishment).order_by("pk")[0]
    exam, day = ExamType.objects.order_by("pk")[0], timezone.localdate() + timedelta(days=FAR_AHEAD)
    slots = []
    while len(slots) < BOOKINGS // PLACES:
        series = create_series(
            exam_type=exam, platform=platform, targets=[target], weekday=day.weekday(), starts_at=time(7),
            valid_from=day, valid_until=day, capacity=PLACES, room=f"Banc {uuid4()}",
        )  # fmt: skip
        slots += series.slots.values_list("pk", flat=True)  # none on a holiday
        day += timedelta(days=1)
    return [
        Pair(slots[number % len(slots)], pathway.pk, number // len(slots) + 1) for number, pathway in enumerate(taken)
    ]


def _run(
    book: Callable[[Sequence[Pair], Any, Any], None], pairs: list[Pair], clients: int
) -> tuple[float, Latency, int]:
    """Bookings a second, their latency, how many were refused; each client is a process with its own connection."""
    connection.close()
    context = multiprocessing.get_context("fork")
    ready, said = context.Barrier(clients + 1), context.Queue()
    processes = [context.Process(target=book, args=(pairs[number::clients], ready, said)) for number in range(clients)]
    for process in processes:
        process.start()
    ready.wait(timeout=300)
    start = perf_counter()
    answers = [said.get(timeout=300) for _ in processes]
    elapsed = perf_counter() - start
    for process in processes:
        process.join()
    seconds = [each for taken, _ in answers for each in taken]
    return len(pairs) / elapsed, Latency.of(seconds), sum(refused for _, refused in answers)


def _service(pairs: Sequence[Pair], ready: Any, said: Any) -> None:
    work = [(Slot.objects.get(pk=pair.slot), Pathway.objects.get(pk=pair.pathway)) for pair in pairs]
    _written(pairs[0])  # what a process reads once in its life is not counted
    ready.wait()
    taken, refused = [], 0
    for slot, pathway in work:
        start = perf_counter()
        try:
            book_slot(slot=slot, pathway=pathway, user=None)
        except SlotFull:
            refused += 1
        taken.append(perf_counter() - start)
    said.put((taken, refused))


def _bare_with_reads(pairs: Sequence[Pair], ready: Any, said: Any) -> None:
    _bare(pairs, ready, said, every=True)


def _bare(pairs: Sequence[Pair], ready: Any, said: Any, *, every: bool = False) -> None:
    work = [_written(pair, every=every) for pair in pairs]
    ready.wait()
    taken = []
    for statements in work:
        start = perf_counter()
        _play(statements)
        taken.append(perf_counter() - start)
    said.put((taken, 0))


class _Undo(Exception):
    """Rolls the first time back."""


def _written(pair: Pair, *, every: bool = False) -> list[Statement]:
    """What the service locks and writes for this booking; ``every`` statement: what it reads too."""
    slot, pathway = Slot.objects.get(pk=pair.slot), Pathway.objects.get(pk=pair.pathway)
    kept: list[Statement] = []
    try:
        with transaction.atomic(), _kept(kept, every):
            book_slot(slot=slot, pathway=pathway, user=None)
            raise _Undo
    except _Undo:
        pass
    return [_seated(each, pair.seat) for each in kept]


@contextmanager
def _kept(kept: list[Statement], every: bool) -> Iterator[None]:
    def keep(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
        if sql.startswith("INSERT") and " RETURNING " not in sql:
            sql += " RETURNING id"  # a message that may be there already is read again by its key: its row is told here
        result = execute(sql, params, many, context)
        locks = " FOR NO KEY UPDATE" in sql or " FOR UPDATE" in sql
        if sql.lstrip().startswith(WRITES) or locks or (every and sql.startswith("SELECT")):
            gave = []
            if " RETURNING " in sql:
                cursor = context["cursor"].cursor
                gave = [row[0] for row in cursor.fetchall()]
                cursor.scroll(0, mode="absolute")
            kept.append(Statement(sql, params or (), gave))
        return result

    with connection.execute_wrapper(keep):
        yield


def _seated(statement: Statement, seat: int) -> Statement:
    """The insertion of the booking, in the seat planned: the first time, each was alone."""
    if not statement.sql.startswith('INSERT INTO "coordination_booking"'):
        return statement
    columns = statement.sql.partition("(")[2].partition(")")[0].split(", ")
    params = list(statement.params)
    params[columns.index('"seat"')] = seat
    return Statement(statement.sql, params, statement.gave)


def _play(statements: Sequence[Statement]) -> None:
    """The same statements in one transaction, with the identifiers given this time."""
    renamed: dict[Any, int] = {}
    with transaction.atomic(), connection.cursor() as cursor:
        raw = cursor.cursor
        for each in statements:
            raw.execute(each.sql, [renamed.get(value, value) if type(value) is int else value for value in each.params])
            if each.gave:
                renamed.update(zip(each.gave, (row[0] for row in raw.fetchall()), strict=True))
