"""The history of an absence in plain words, as the database's triggers kept it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from coordination.models import Cover
from directory.models import User

AUTOMATIC = "Jalon"


def history_of(cover: Cover) -> list[dict[str, Any]]:
    """What was decided, newest first, as `components/history.html` shows it."""
    rows = list(cover.history_rows.select_related("pgh_context").order_by("pgh_created_at", "pgh_id"))  # type: ignore[attr-defined]
    authors = {_author(row) for row in rows} - {None}
    people = User.objects.select_related("professional").in_bulk(authors)
    entries = list(_entries(rows, {pk: str(user) for pk, user in people.items()}))
    return entries[::-1]


def _entries(rows: list[Any], people: dict[int, str]) -> Iterator[dict[str, Any]]:
    before = None
    for row in rows:
        who = people.get(_author(row) or 0, AUTOMATIC)
        told = _told(before, row)
        if told:
            yield _entry(*told, row.pgh_created_at, who)
        before = row


def _told(before: Any, row: Any) -> tuple[str, str, str] | None:
    """Title, tone and icon of one change; None for what nobody decided."""
    if before is None:
        return f"Patients confiés du {row.starts_on:%d/%m/%Y} au {row.ends_on:%d/%m/%Y}", "info", "user-check"
    if row.ends_on != before.ends_on:
        return f"Dernier jour : {row.ends_on:%d/%m/%Y} (avant : {before.ends_on:%d/%m/%Y})", "neutral", "calendar"
    if row.cancelled_at and not before.cancelled_at:
        return "Absence annulée", "neutral", "ban"
    if row.interrupted_at and not before.interrupted_at:
        return "Relais interrompu : la personne qui remplaçait n’est plus de l’équipe", "late", "alert-triangle"
    if row.returned_at and not before.returned_at:
        return "Patients rendus", "ok", "arrow-back-up"
    return None


def _entry(title: str, tone: str, icon: str, when: datetime, who: str) -> dict[str, Any]:
    return {"title": title, "when": when, "who": who, "tone": tone, "icon": icon, "text": ""}


def _author(row: Any) -> int | None:
    found = row.pgh_context.metadata.get("user") if row.pgh_context else None
    return found if isinstance(found, int) else None
