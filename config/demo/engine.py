"""The simulated clock: an agenda of acts, each lived at its own instant, through the services.

Time stands still during an act (`time_machine.travel(..., tick=False)`), so that what a service reads from the clock
is what the story says. The database's own clock cannot travel: the history rows its triggers write are dated again at
the end from the instant each act left in its history context (`date_history`).
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pghistory
import time_machine
from django.apps import apps
from django.db import connection, models

from directory.models import User
from pathways.rules import Calendar, Duration, Unit, add
from pathways.services import rebuild_once

PARIS = ZoneInfo("Europe/Paris")
INSTANT = "simulated_at"

Act = Callable[[], None]
Say = Callable[[str], None]


class Agenda:
    """What is to come, lived in order. Everything is relative to ``today``; nothing is lived at or after ``end``."""

    def __init__(self, *, seed: int, today: date, days: int, calendar: Calendar | None = None) -> None:
        self.seed = seed
        self.today = today
        self.first_day = today - timedelta(days=days)
        self.start = datetime.combine(self.first_day, time(0), PARIS)
        self.end = datetime.combine(today, time(0), PARIS)
        self.calendar = calendar or Calendar()
        self.now = self.start
        self.lived = 0
        self._waiting: list[tuple[datetime, int, Act, User | None]] = []
        self._rank = 0
        self._traveller: Any = None  # a `time_machine.Traveller`, whose stubs name another class

    def rng(self, name: object) -> Random:
        """A stream of chance of its own for each story: changing one story leaves the others alone."""
        return Random(f"{self.seed}:{name}")  # noqa: S311

    def at(self, instant: datetime, act: Act, by: User | None = None) -> None:
        """Plans ``act`` by ``by`` (the history names them). In the past of the story means right now; what would
        fall after the end is never lived: it is the patients' future."""
        self._rank += 1
        heapq.heappush(self._waiting, (max(instant, self.now), self._rank, act, by))

    def run(self, progress: Callable[[date], None]) -> None:
        """Lives everything before the end; ``progress`` is told each new day."""
        day = None
        with time_machine.travel(self.start, tick=False) as traveller:
            self._traveller = traveller
            while self._waiting and self._waiting[0][0] < self.end:
                instant, _, act, by = heapq.heappop(self._waiting)
                self._move(instant)
                if day != instant.date():
                    day = instant.date()
                    progress(day)
                self.live(act, by)

    def live(self, act: Act, by: User | None = None) -> None:
        """One act at the present instant of the story; what it writes for one patient makes one new plan."""
        with pghistory.context(user=by.pk if by else None, **{INSTANT: self.now.isoformat()}), rebuild_once():
            act()
        self.lived += 1

    @contextmanager
    def before_anything(self) -> Iterator[None]:
        """The eve of the first day, for what was there before the story."""
        with time_machine.travel(self.start, tick=False), pghistory.context(**{INSTANT: self.start.isoformat()}):
            yield

    def _move(self, instant: datetime) -> None:
        assert self._traveller is not None
        self._traveller.move_to(instant, tick=False)
        self.now = instant

    # Instants, on the clock of the centre

    def on(self, day: date, hour: float) -> datetime:
        """``hour`` (9.5 is half past nine) of ``day``."""
        return datetime.combine(day, time(0), PARIS) + timedelta(minutes=round(hour * 60))

    def worked(self, day: date) -> bool:
        return self.calendar.is_working_day(day)

    def worked_day(self, day: date, after: int = 0) -> date:
        """The first worked day from ``day`` on, then ``after`` worked days later."""
        while not self.worked(day):
            day += timedelta(days=1)
        for _ in range(after):
            day = self.worked_day(day + timedelta(days=1))
        return day

    def office(self, instant: datetime, rng: Random) -> datetime:
        """``instant`` itself in office hours, else some minute of the next worked morning."""
        local = instant.astimezone(PARIS)
        if self.worked(local.date()) and 8 <= local.hour < 18:
            return local
        day = local.date() if local.hour < 8 else local.date() + timedelta(days=1)
        return self.on(self.worked_day(day), 8.5 + rng.random() * 2.5)

    def later(self, hours: float, rng: Random) -> datetime:
        """About ``hours`` of worked time from now, in office hours."""
        worked = add(self.now, Duration(max(0, round(hours)), Unit.WORKING_HOURS), self.calendar)
        return self.office(worked + timedelta(minutes=rng.randint(3, 55)), rng)


def date_history() -> int:
    """Gives the history rows written by the triggers the instant of the act that caused them; returns how many."""
    dated = 0
    contexts = apps.get_model("pghistory", "Context")._meta.db_table
    with connection.cursor() as cursor:
        for model in history_models():
            cursor.execute(
                f'UPDATE "{model._meta.db_table}" AS h SET pgh_created_at = '  # noqa: S608
                f"(c.metadata->>'{INSTANT}')::timestamptz FROM \"{contexts}\" AS c "
                f"WHERE c.id = h.pgh_context_id AND c.metadata ? '{INSTANT}'"
            )
            dated += cursor.rowcount
        cursor.execute(
            f"UPDATE \"{contexts}\" SET created_at = (metadata->>'{INSTANT}')::timestamptz, "  # noqa: S608
            f"updated_at = (metadata->>'{INSTANT}')::timestamptz, metadata = metadata - '{INSTANT}' "
            f"WHERE metadata ? '{INSTANT}'"
        )
    return dated


def history_models() -> list[type[models.Model]]:
    """The tables kept by triggers."""
    return [model for model in apps.get_models() if issubclass(model, pghistory.models.Event) and not model._meta.proxy]
