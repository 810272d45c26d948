"""What a patient has to be told of their appointments (PAIN-20)."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID, uuid5


def tell_origin(booking: UUID, *, moved: bool = False) -> UUID:
    """The origin of the task that asks to tell the patient that ``booking`` is cancelled, or is where one was moved."""
    return uuid5(booking, "tell-moved" if moved else "tell-patient")


def tell_origins(booking: UUID) -> tuple[UUID, UUID]:
    """Both of them: a booking made by a move may be cancelled later."""
    return tell_origin(booking), tell_origin(booking, moved=True)


def recall_origin(booking: UUID, since: datetime) -> UUID:
    """The origin of the task that asks to call the patient of an appointment whose slot may not be held ``since``
    then."""
    return uuid5(booking, f"given-up:{since.isoformat()}")


def promise_origin(request: UUID) -> UUID:
    """The origin of the task that asks to call a platform about to break its promise."""
    return uuid5(request, "promise")


def request_tell_origin(request: UUID, since: datetime) -> UUID:
    """The origin of the task that asks to tell the patient what an exam asked of a platform became ``since`` then."""
    return uuid5(request, f"tell:{since.astimezone(UTC).isoformat()}")
