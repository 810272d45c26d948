"""What a person finds who acts on an appointment that no longer stands as their page showed it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from coordination.models import Booking, BookingStatus, CancelCode, Channel
from coordination.services.appointments import last_of, what_became


@dataclass(frozen=True)
class Ended:
    """``became``: the sentence; ``last``: the appointment as it stands today; ``typed``: what was written of it."""

    became: str
    last: Booking
    typed: str = ""

    @property
    def stands(self) -> bool:
        """True when another took its place, which can be moved or cancelled in its turn."""
        return self.last.status == BookingStatus.BOOKED

    @property
    def to_tell(self) -> bool:
        """True when it is cancelled and nobody has told the patient."""
        return self.last.status == BookingStatus.CANCELLED and self.last.told_at is None


def ended_of(booking: Booking, typed: dict[str, Any] | None = None) -> Ended | None:
    """What became of an appointment; None while it stands. ``typed``: the fields of a refused form, as valid."""
    last = last_of(booking)
    became = what_became(booking, last)
    return Ended(became, last, _in_words(typed or {})) if became else None


def _in_words(typed: dict[str, Any]) -> str:
    """« Refus du patient, il a rappelé, patient prévenu (téléphone) »."""
    code, how = typed.get("code"), typed.get("told_how")
    cause = code.label if isinstance(code, CancelCode) else ""
    told = f"patient prévenu ({Channel(how).label.lower()})" if how else ""
    return ", ".join(each for each in (cause, typed.get("reason") or "", told) if each)
