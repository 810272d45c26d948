"""What a patient has to be told of their appointments (PAIN-20)."""

from __future__ import annotations

from uuid import UUID, uuid5


def tell_origin(booking: UUID) -> UUID:
    """The origin of the task that asks to tell the patient what became of ``booking``."""
    return uuid5(booking, "tell-patient")
