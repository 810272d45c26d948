"""What may be done with a case, what an opinion is worth, and what proves that it was followed."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from pathways.rules.calendar import TICK

ALLOWED: dict[str, frozenset[str]] = {
    "prepare": frozenset({"registered"}),
    "move": frozenset({"registered"}),
    "postpone": frozenset({"registered"}),
    "withdraw": frozenset({"registered"}),
    "decide": frozenset({"registered"}),
    "correct": frozenset({"decided", "to_represent"}),
    "register": frozenset({"withdrawn", "postponed"}),
}
"""Which statuses of a case allow which act."""

_STANDS: dict[str, str] = {
    "registered": "Aucun avis n’a encore été rendu pour ce dossier.",
    "decided": "Un avis a déjà été rendu pour ce dossier.",
    "to_represent": "Un avis provisoire a déjà été rendu : le dossier est à représenter.",
    "postponed": "Ce dossier a été reporté.",
    "withdrawn": "Ce dossier a été retiré de la séance.",
}

LATER_MEETING = frozenset({"rcp_held", "rcp_registered"})
"""Facts that this very meeting writes: only a later meeting proves that a file was presented again."""

AFTER_THE_HOUR = frozenset({"exam_done", "biopsy_taken", "lab_requested", "lab_final"})
"""Facts that may have happened on the very morning of the meeting, before it asked for them."""


def refusal(act: str, status: str) -> str:
    """Why ``act`` is not possible on a case of that status, in French; empty when it is."""
    return "" if status in ALLOWED[act] else _STANDS[status]


def is_provisional(stream: str, quorum: str) -> bool:
    """True when the opinion does not stand: a discussed case whose quorum was missed is presented again (RCP-02).

    A standard file is recorded, not discussed: no quorum is needed (CSP D.6124-131, I).
    """
    return stream == "discussed" and quorum == "missed"


def presented_after_treatment(started_at: datetime | None, session_at: datetime, held: Iterable[datetime]) -> bool:
    """True when treatment began before any RCP did: the meeting can only put in order (RCP-12, PAIN-12).

    ``held`` are the earlier RCPs of the pathway. One held before the treatment clears the label: a later meeting
    then follows a change, it does not make up for one that was skipped.
    """
    if started_at is None or started_at >= session_at:
        return False
    return not any(at <= started_at for at in held)


def evidence_after(kind: str, session_at: datetime, day_starts: datetime, day_ends: datetime) -> datetime:
    """The instant after which a fact of that kind carries out what the meeting asked for.

    The day of the meeting counts whole, since a fact is often typed with its day only, save for what this meeting
    itself records and for exams of the morning.
    """
    if kind in LATER_MEETING:
        return day_ends
    return session_at if kind in AFTER_THE_HOUR else day_starts - TICK


def proves(*, wanted: str, wanted_detail: str, after: datetime, kind: str, detail: str, occurred_at: datetime) -> bool:
    """True when a fact carries out an action that asked for ``wanted`` (and its detail) after an instant."""
    return bool(wanted) and wanted == kind and wanted_detail in ("", detail) and occurred_at > after
