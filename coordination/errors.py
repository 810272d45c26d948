"""Refusals of the slots that carry a way out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from directory.errors import DomainError

if TYPE_CHECKING:
    from coordination.models import Slot


class SlotFull(DomainError):  # noqa: N818 (what the slot is, as the desk says it)
    """The slot cannot be booked any more; ``alternatives`` are the next free ones, soonest first, maybe none."""

    def __init__(self, message: str, *, alternatives: Sequence[Slot], code: str = "slot_full") -> None:
        super().__init__(message, field="slot", code=code)
        self.alternatives = list(alternatives)
