"""How much is written."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Size:
    """``patients`` in all, of whom ``active`` are on an active pathway, over ``years`` of past.

    ``short`` is the share of the others who only came for the opinion of a meeting. ``crowded`` opens the slots and
    the meetings of a large hospital (a meeting each day, hundreds of series of slots) instead of those of one pathway.
    """

    patients: int
    active: int
    years: float
    short: float = 0.0
    crowded: bool = False
    waiting: int = 12

    @property
    def stride(self) -> int:
        """One patient in so many is on an active pathway."""
        return self.patients // self.active

    @property
    def meeting_days(self) -> tuple[int, ...]:
        return (0, 1, 2, 3, 4) if self.crowded else (4,)


MEDIUM = Size(patients=2_000, active=400, years=1.5)
LARGE = Size(patients=100_000, active=5_000, years=5, short=0.62, crowded=True, waiting=40)
