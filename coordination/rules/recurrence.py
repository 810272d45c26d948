"""Tasks that come back: on which day is the next one due?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from pathways.rules.calendar import ONE_DAY, Calendar

WEEK = "week"


@dataclass(frozen=True)
class Rhythm:
    """Every so many days or weeks from ``starts_on``, until a day or so many times (or neither)."""

    every: int
    unit: str
    starts_on: date
    until_on: date | None = None
    times: int | None = None

    @property
    def period(self) -> timedelta:
        return timedelta(days=self.every * (7 if self.unit == WEEK else 1))


def next_due(rhythm: Rhythm, made: int, last_due: date | None, today: date, calendar: Calendar) -> date | None:
    """The day the next occurrence is due, on a worked day; None when the rule has come to its end.

    The days are those of the rule, whatever the delay of the last one: a weekly call made late does not shift the
    following ones. Those gone by meanwhile are not made up: three calls forgotten make one call, not three.
    """
    if rhythm.times is not None and made >= rhythm.times:
        return None
    planned = rhythm.starts_on
    while True:
        due = calendar.next_working_day(planned)
        after_the_last = last_due is None or due > last_due
        if after_the_last and due >= today:
            break
        planned += rhythm.period
    return None if rhythm.until_on is not None and planned > rhythm.until_on else due


def evidence_from(due: date, calendar: Calendar) -> date:
    """The first day whose facts prove the occurrence done: the worked day before it is due. A call made for another
    reason earlier in the week does not take the place of the promised one."""
    day = due - ONE_DAY
    while not calendar.is_working_day(day):
        day -= ONE_DAY
    return day


def in_words(rhythm: Rhythm) -> str:
    """« chaque semaine », « tous les 2 jours, 5 fois »."""
    if rhythm.every == 1:
        text = "chaque semaine" if rhythm.unit == WEEK else "chaque jour ouvré"
    else:
        text = f"toutes les {rhythm.every} semaines" if rhythm.unit == WEEK else f"tous les {rhythm.every} jours"
    if rhythm.times:
        text += f", {rhythm.times} fois"
    return text + (f", jusqu’au {rhythm.until_on:%d/%m/%Y}" if rhythm.until_on else "")
