"""The former versions of an opinion, read from the history the database keeps."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from directory.models import User
from rcp.models import Decision


@dataclass(frozen=True)
class Version:
    """One state of an opinion: who wrote it, when, and why (empty for the first)."""

    revision: int
    at: datetime
    who: str
    reason: str
    proposal: str
    quorum: str


def versions_of(decision: Decision) -> list[Version]:
    """Every version, newest first; a row written for another reason (sending) is not a version."""
    history = Decision.pgh_event_model.objects  # type: ignore[attr-defined]
    events = history.filter(pgh_obj=decision).select_related("pgh_context").order_by("pgh_id")
    last: dict[int, Version] = {}
    people: dict[int, str] = {}
    for event in events:
        metadata = event.pgh_context.metadata if event.pgh_context else {}
        if event.revision in last:
            continue
        who = _name(metadata.get("user"), people)
        reason = metadata.get("reason", "") if event.revision > 1 else ""
        last[event.revision] = Version(
            event.revision, event.pgh_created_at, who, reason, event.proposal, event.get_quorum_display()
        )
    return [last[revision] for revision in sorted(last, reverse=True)]


def _name(user_id: object, known: dict[int, str]) -> str:
    if not isinstance(user_id, int):
        return ""
    if user_id not in known:
        user = User.objects.select_related("professional").filter(pk=user_id).first()
        known[user_id] = str(user) if user else ""
    return known[user_id]
