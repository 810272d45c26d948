"""Counts of sessions for the 3C: computed from what happened, never typed, never a person (RCP-14, RCP-23)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields

from rcp.models import RcpSession, SessionStatus


@dataclass
class Figures:
    """Totals over sessions. Each ratio keeps its two numbers, so that a small one is read for what it is."""

    sessions: int = 0
    cases: int = 0
    decided: int = 0
    discussed: int = 0
    recorded: int = 0
    quorum: int = 0
    quorum_unknown: int = 0
    complete: int = 0
    after: int = 0
    represent: int = 0
    postponed: int = 0
    sent: int = 0

    @property
    def quorum_percent(self) -> int | None:
        """Discussed cases whose quorum was reached; None when none was discussed."""
        return _percent(self.quorum, self.discussed)

    @property
    def complete_percent(self) -> int | None:
        """Answered cases whose file was complete."""
        return _percent(self.complete, self.decided)

    @property
    def sent_percent(self) -> int | None:
        """Opinions that stand and were sent: a provisional one is not."""
        return _percent(self.sent, self.decided - self.represent)


def figures_of(sessions: Iterable[RcpSession]) -> Figures:
    """The totals of sessions fetched `with_list_data`; cancelled ones are not sessions held."""
    total = Figures()
    for session in sessions:
        if session.status == SessionStatus.CANCELLED:
            continue
        total.sessions += 1
        for name in (each.name for each in fields(Figures) if each.name != "sessions"):
            count = getattr(session, "case_count" if name == "cases" else f"{name}_count")
            setattr(total, name, getattr(total, name) + count)
    return total


def _percent(part: int, whole: int) -> int | None:
    return round(100 * part / whole) if whole else None
