"""The log of the life of slots: the one place that writes it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from coordination.models import Booking, Slot, SlotChange, SlotEvent
from directory.models import User


def log(
    slot: Slot, what: SlotEvent, *, by: User | None, at: datetime, reason: str = "", booking: Booking | None = None
) -> None:
    """Writes one line; ``by`` nobody when the thing happens by itself. Lines are never changed."""
    SlotChange.objects.create(slot=slot, what=what, at=at, by=by, reason=reason.strip()[:200], booking=booking)


def log_all(slots: Iterable[Slot], what: SlotEvent, *, by: User | None, at: datetime, reason: str = "") -> None:
    """The same line for many slots, in one statement."""
    SlotChange.objects.bulk_create(
        SlotChange(slot=slot, what=what, at=at, by=by, reason=reason.strip()[:200]) for slot in slots
    )
