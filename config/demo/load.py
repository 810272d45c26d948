"""Loading the demo hospital, whatever its size."""

from __future__ import annotations

import gc
from collections.abc import Callable
from datetime import date

from django.db import connection
from django.utils import timezone

from config.demo import bulk
from config.demo.engine import Agenda, date_history
from config.demo.quiet import without_broker
from config.demo.simulate import SMALL, simulate
from config.demo.world import HOSPITAL_FINESS, build_world
from directory.models import Establishment, Heartbeat
from directory.services import beat
from pathways.services import calendar_of

SEED = 20_260_101
SIZES = {"small": None, "medium": bulk.MEDIUM, "large": bulk.LARGE}
DONE = "load_demo:"

Say = Callable[[str], None]


def loaded() -> str | None:
    """The size that was loaded to its end, "" when a load was interrupted, None when there is no demo."""
    mark = Heartbeat.objects.filter(name__startswith=DONE).first()
    if mark:
        return mark.name.removeprefix(DONE)
    return "" if Establishment.objects.filter(finess=HOSPITAL_FINESS).exists() else None


def load(*, size: str, say: Say, today: date | None = None, seed: int = SEED) -> None:
    """Fills an empty database. The same seed on the same day gives the same hospital."""
    today = today or timezone.localdate()
    _write_fast()
    with without_broker():
        agenda = Agenda(seed=seed, today=today, days=120)
        with agenda.before_anything():
            world = build_world()
        agenda.calendar = calendar_of(world.hospital)
        bulk_size = SIZES[size]
        if bulk_size is None:
            simulate(agenda, world, SMALL, say)
        else:
            bulk.load_bulk(world, bulk_size, agenda, say)
        say(f"  {date_history()} lignes d’historique datées")
    beat(name=f"{DONE}{size}")


def _write_fast() -> None:
    """A crash loses the demo, which is loaded again: no need to wait for the disk at each commit, and what Python
    already holds (models, routes) need not be looked through by its garbage collector again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit TO off")
