"""Delays and pauses: what the clock counts, and what it leaves out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum


class Unit(StrEnum):
    """What a delay is counted in. The value is the word a target pathway's YAML writes."""

    CALENDAR_DAYS = "days"
    WORKING_DAYS = "working_days"
    WORKING_HOURS = "working_hours"
    OFFICE_HOURS = "office_hours"
    HOURS = "hours"
    MONTHS = "months"

    @property
    def is_hours(self) -> bool:
        """True for the units that run second by second."""
        return self in _HOUR_UNITS


_HOUR_UNITS = frozenset({Unit.HOURS, Unit.WORKING_HOURS, Unit.OFFICE_HOURS})

_UNIT_LABELS: dict[Unit, tuple[str, str]] = {
    Unit.CALENDAR_DAYS: ("jour", "jours"),
    Unit.WORKING_DAYS: ("jour ouvré", "jours ouvrés"),
    Unit.WORKING_HOURS: ("heure ouvrable", "heures ouvrables"),
    Unit.OFFICE_HOURS: ("heure d’ouverture", "heures d’ouverture"),
    Unit.HOURS: ("heure", "heures"),
    Unit.MONTHS: ("mois", "mois"),
}

_MAX_VALUES: dict[Unit, int] = {
    Unit.CALENDAR_DAYS: 3_660,
    Unit.WORKING_DAYS: 2_520,
    Unit.WORKING_HOURS: 60_480,
    Unit.OFFICE_HOURS: 25_200,
    Unit.HOURS: 87_840,
    Unit.MONTHS: 120,
}
"""About ten years of each: beyond, it is a typing error."""


@dataclass(frozen=True, slots=True)
class Duration:
    """A delay: a whole number of one unit. Raises ValueError when negative or longer than ten years."""

    value: int
    unit: Unit

    def __post_init__(self) -> None:
        if self.value < 0:
            raise ValueError(f"Un délai ne peut pas être négatif : {self.value}.")
        if self.value > _MAX_VALUES[self.unit]:
            raise ValueError(f"Ce délai dépasse dix ans : {self}.")

    def __str__(self) -> str:
        """As the YAML writes it: `48 working_hours`. `Duration.parse` reads it back."""
        return f"{self.value} {self.unit.value}"

    @property
    def label(self) -> str:
        """In French, with a no-break space: « 48 heures ouvrables », « 1 jour »."""
        one, many = _UNIT_LABELS[self.unit]
        return f"{self.value}\N{NO-BREAK SPACE}{one if self.value < 2 else many}"

    @property
    def as_objective(self) -> str:
        """The same, for the delay a step is given: no day at all is « le jour même »."""
        return self.label if self.value else "le jour même"

    @classmethod
    def parse(cls, text: str) -> Duration:
        """Reads `7 days`, `1 day`, `48 working_hours`. Raises ValueError with a French sentence."""
        number, _, word = text.strip().partition(" ")
        word = word.strip()
        try:
            value = int(number)
            unit = Unit(word if word.endswith("s") else f"{word}s")
        except ValueError:
            units = ", ".join(unit.value for unit in Unit)
            raise ValueError(
                f"Délai illisible : « {text} ». Écrivez un nombre entier et une unité ({units}), "
                "par exemple « 7 days »."
            ) from None
        return cls(value, unit)


@dataclass(frozen=True, slots=True, order=True)
class Pause:
    """Time taken out of the count: `start` included, `end` excluded, None while it has no end.

    Both are aware, and kept in UTC: two wall-clock instants of one zone compare wrongly around an hour change.
    """

    start: datetime
    end: datetime | None = None

    def __post_init__(self) -> None:
        if self.start.tzinfo is None or (self.end is not None and self.end.tzinfo is None):
            raise ValueError("Une pause porte des instants avec fuseau horaire.")
        object.__setattr__(self, "start", self.start.astimezone(UTC))
        object.__setattr__(self, "end", self.end and self.end.astimezone(UTC))
        if self.end is not None and self.end < self.start:
            raise ValueError("Une pause ne peut pas finir avant d’avoir commencé.")

    def covers(self, instant: datetime) -> bool:
        """True when the clock is stopped at that instant."""
        return self.start <= instant and (self.end is None or instant < self.end)


Pauses = tuple[Pause, ...]


def merge(pauses: Iterable[Pause]) -> Pauses:
    """The same stopped time as disjoint pauses in order: overlapping or touching ones become one, empty ones
    vanish."""
    merged: list[Pause] = []
    for pause in sorted(pauses, key=lambda each: each.start):
        if pause.end == pause.start:
            continue
        last = merged[-1] if merged else None
        if last is None or (last.end is not None and last.end < pause.start):
            merged.append(pause)
        elif last.end is not None and (pause.end is None or pause.end > last.end):
            merged[-1] = Pause(last.start, pause.end)
    return tuple(merged)
