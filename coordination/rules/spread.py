"""How delays spread: a count, the middle, the middle half; and what is too few to be shown."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

FEWEST = 5
"""Below this many, a figure could point at a person: it is not shown."""


def few(count: int) -> bool:
    """True for a number of patients too small to be shown; nobody is no one."""
    return 0 < count < FEWEST


def bounds(count: int) -> tuple[int, int]:
    """The least and the most it may be, for whoever is told only that it is `few`."""
    return (1, FEWEST - 1) if few(count) else (count, count)


@dataclass(frozen=True)
class Spread:
    """``count`` values; the quartiles are None when they are fewer than `FEWEST`."""

    count: int
    low: float | None = None
    middle: float | None = None
    high: float | None = None

    @property
    def hidden(self) -> bool:
        return few(self.count)

    @property
    def shown(self) -> bool:
        return self.count >= FEWEST


def spread_of(values: Iterable[float]) -> Spread:
    """The spread; quartiles lie on the line between the two nearest values (type 7 of Hyndman and Fan)."""
    ordered = sorted(values)
    if len(ordered) < FEWEST:
        return Spread(len(ordered))
    return Spread(len(ordered), quantile(ordered, 0.25), quantile(ordered, 0.5), quantile(ordered, 0.75))


def quantile(ordered: list[float], part: float) -> float:
    """The value below which ``part`` of the ordered values lie. Raises IndexError without any value."""
    place = part * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)
