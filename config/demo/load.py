"""Loading the demo hospital, whatever its size."""

from __future__ import annotations

import gc
from collections.abc import Callable
from datetime import date

from django.db import connection
from django.utils import timezone

from config.demo import bulk
from config.demo.engine import Agenda, date_history
from config.demo.life import Life
from config.demo.quiet import keep_post_here, without_broker
from config.demo.simulate import SMALL, Measure, simulate
from config.demo.world import HOSPITAL_FINESS, World, build_world
from directory.models import Establishment, Heartbeat
from directory.services import beat
from pathways.services import calendar_of, repair_continuity, scan_delays, tell_new_alerts

SEED = 20_260_101
SIZES: dict[str, Measure | bulk.Size] = {"small": SMALL, "medium": bulk.MEDIUM, "large": bulk.LARGE}
DONE = "load_demo:"
DAYS_LIVED = 8
"""In the bulk sizes only the requests of the last days are lived."""

Say = Callable[[str], None]


def loaded() -> str | None:
    """The size that was loaded to its end, "" when a load was interrupted, None when there is no demo."""
    mark = Heartbeat.objects.filter(name__startswith=DONE).first()
    if mark:
        return mark.name.removeprefix(DONE)
    return "" if Establishment.objects.filter(finess=HOSPITAL_FINESS).exists() else None


def load(*, size: str, say: Say, seed: int = SEED) -> None:
    """Fills an empty database, and marks it as loaded. The same seed on the same day gives the same hospital."""
    _write_fast()
    fill(SIZES[size], today=timezone.localdate(), seed=seed, say=say)
    beat(name=f"{DONE}{size}")


def fill(measure: Measure | bulk.Size, *, today: date, seed: int, say: Say) -> Life | World:
    """Fills an empty database up to the morning of ``today``; the alerts are those of now."""
    days = measure.days if isinstance(measure, Measure) else DAYS_LIVED
    agenda = Agenda(seed=seed, today=today, days=days)
    with without_broker(), keep_post_here():
        with agenda.before_anything():
            world = build_world()
        agenda.calendar = calendar_of(world.hospital)
        if isinstance(measure, bulk.Size):
            bulk.load_bulk(world, measure, agenda, say)
            return world
        _join_as_written()
        life = simulate(agenda, world, measure, say)
        say(f"  {agenda.lived} actes vécus, {date_history()} lignes d’historique datées")
        scan_delays(now=timezone.now())
        repair_continuity(now=timezone.now())
        tell_new_alerts(now=timezone.now())  # told by now: only what is raised from here on is news
    return life


def _write_fast() -> None:
    """A crash loses the demo, which is loaded again: no need to wait for the disk at each commit, and what Python
    already holds (models, routes) need not be looked through by its garbage collector again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit TO off")


def _join_as_written() -> None:
    """An act reads by key, row after row: looking for a better order of its joins takes longer than running them."""
    with connection.cursor() as cursor:
        cursor.execute("SET join_collapse_limit TO 1")
