"""The life of one slot in words: what happened, when, by whom, and who keeps a place of it now."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from coordination.models import Booking, CancelSide, Hold, Slot, SlotChange, SlotEvent
from directory.models import User

MOST = 200

ICONS = {
    SlotEvent.MADE: "calendar-plus", SlotEvent.HELD: "hourglass", SlotEvent.LET_GO: "hourglass-empty",
    SlotEvent.BOOKED: "calendar-check", SlotEvent.OVERBOOKED: "circle-plus", SlotEvent.FREED: "circle",
    SlotEvent.OFFERED: "send", SlotEvent.RELEASED: "arrow-back-up", SlotEvent.MOVED: "calendar-repeat",
    SlotEvent.CHANGED: "edit", SlotEvent.CANCELLED: "ban", SlotEvent.REOPENED: "rotate-clockwise",
    SlotEvent.DONE: "check", SlotEvent.MISSED: "user-x", SlotEvent.NOT_DONE: "circle-x",
    SlotEvent.UNMARKED: "rotate-clockwise", SlotEvent.RESULT_READY: "flag-check",
}  # fmt: skip


@dataclass(frozen=True)
class LifeLine:
    """One event. ``by`` is empty when it came by itself. A booking is told by its seat, never by its patient."""

    at: datetime
    icon: str
    what: str
    by: str
    reason: str
    seat: int | None = None


@dataclass(frozen=True)
class SlotLife:
    """The events, the newest first and the creation last, whatever its instant; and the holds that live: until when,
    and who has the form open. ``cut``: the oldest events between the creation and the others are not listed."""

    lines: list[LifeLine]
    holds: list[Hold]
    cut: bool = False


def _words(change: SlotChange, seen: Collection[int]) -> str:
    """Why, as typed; for who may not see the booking, the side that gave it up and nothing of the patient."""
    if change.booking is None or change.booking.pk in seen:
        return change.reason
    cause = change.booking.cancel_code
    return CancelSide(cause.side).label if cause and change.what == SlotEvent.FREED else ""


def _made(slot: Slot) -> list[LifeLine]:
    """When the slot was made, and by whom; none when it is older than its history."""
    row = slot.history_rows.filter(pgh_label="insert").select_related("pgh_context").first()  # type: ignore[attr-defined]
    if row is None:
        return []
    key = row.pgh_context.metadata.get("user") if row.pgh_context else None
    author = User.objects.filter(pk=key).select_related("professional").first() if isinstance(key, int) else None
    return [LifeLine(slot.made_at, ICONS[SlotEvent.MADE], SlotEvent.MADE.label, str(author) if author else "", "")]


def life_of(slot: Slot, now: datetime, user: User) -> SlotLife:
    """The life of ``slot`` in at most six queries. Who made it is read in its history, kept by the database; what
    no log told (slots older than the log), off the slot itself.

    What was written about a patient is for those who may see the booking; others read who gave the place up.
    """
    changes = list(slot.changes.select_related("by__professional", "booking__cancel_code")[: MOST + 1])
    seen = set(Booking.objects.visible_to(user).filter(slot=slot).values_list("pk", flat=True))
    lines = [
        LifeLine(
            at=each.at,
            icon=ICONS[SlotEvent(each.what)],
            what=each.get_what_display(),
            by=str(each.by) if each.by else "",
            reason=_words(each, seen),
            seat=each.booking.seat if each.booking else None,
        )
        for each in changes[:MOST]
    ]
    told = {line.what for line in lines}
    if slot.released_at and SlotEvent.RELEASED.label not in told:
        lines.append(LifeLine(slot.released_at, ICONS[SlotEvent.RELEASED], SlotEvent.RELEASED.label, "", ""))
    if slot.cancelled_at and SlotEvent.CANCELLED.label not in told:
        label = SlotEvent.CANCELLED.label
        lines.append(LifeLine(slot.cancelled_at, ICONS[SlotEvent.CANCELLED], label, "", slot.cancel_reason))
    holds = Hold.objects.living(now).filter(slot=slot).select_related("by__professional").order_by("until", "id")
    lines.sort(key=lambda line: line.at, reverse=True)
    # What is said of the past, as a booking taken over from paper, may be older than the row of its slot.
    return SlotLife([*lines, *_made(slot)], list(holds), cut=len(changes) > MOST)
