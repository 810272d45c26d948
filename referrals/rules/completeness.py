"""What a request usually lacks, and since when it lacks nothing (ENT-07)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

_IMAGING = frozenset({"ultrasound", "ct", "mri", "pet"})


def usually_missing(
    *,
    exams: Collection[str],
    document_count: int,
    patient_phone: str,
    history: str,
    first_symptoms_known: bool,
    gp_known: bool,
) -> list[str]:
    """Values of `MissingPiece` worth asking for, in the order they are shown; ticked beforehand, never imposed."""
    missing = []
    if not document_count:
        missing.append("letter")
        if _IMAGING & set(exams):
            missing.append("imaging_report")
        if "biopsy" in exams:
            missing.append("pathology")
    if not history.strip():
        missing.append("history")
    if not first_symptoms_known:
        missing.append("first_symptoms")
    if not patient_phone:
        missing.append("patient_phone")
    if not gp_known:
        missing.append("gp")
    return missing


def complete_since(
    received_at: datetime, *, asked_at: Sequence[datetime], completed_at: Sequence[datetime], accepted_at: datetime
) -> datetime:
    """When the request had all that its acceptance needed: at once when nothing was asked; else when the last
    complement came; else (accepted without it) when it was accepted."""
    if not asked_at:
        return received_at
    answers = [instant for instant in completed_at if instant >= min(asked_at)]
    return max(answers) if answers and max(answers) >= max(asked_at) else accepted_at
