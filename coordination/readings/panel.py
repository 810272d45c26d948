"""What the desk knows of one pathway: tasks, appointments, contacts, notices."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from coordination.models import (
    Booking,
    BookingStatus,
    Contact,
    ContactState,
    Notice,
    SeriesStatus,
    Task,
    TaskSeries,
)
from coordination.rules.recurrence import in_words
from coordination.services.notices import wordings
from coordination.services.recurrence import rhythm_of
from pathways.models import Pathway

CONTACTS = 12
CLOSED_TASKS = 8


@dataclass(frozen=True)
class Panel:
    """Everything the panel shows."""

    open_tasks: list[Task]
    closed_tasks: list[Task]
    bookings: list[Booking]
    contacts: list[Contact]
    contact_count: int
    series: list[tuple[TaskSeries, str]]
    state: ContactState | None


def panel_of(pathway: Pathway, now: datetime) -> Panel:
    """Reads the panel in a fixed number of queries."""
    tasks = list(Task.objects.filter(pathway=pathway).with_list_data().open_first())
    contacts = list(Contact.objects.filter(pathway=pathway).with_list_data()[: CONTACTS + 1])
    return Panel(
        open_tasks=[task for task in tasks if task.status == "open"],
        closed_tasks=[task for task in tasks if task.status != "open"][:CLOSED_TASKS],
        bookings=bookings_of(pathway, now),
        contacts=contacts[:CONTACTS],
        contact_count=len(contacts),
        series=[(each, in_words(rhythm_of(each))) for each in _series(pathway)],
        state=ContactState.objects.filter(pathway=pathway).first(),
    )


def _series(pathway: Pathway) -> QuerySet[TaskSeries]:
    """What comes back, or may again."""
    living = TaskSeries.objects.filter(pathway=pathway).exclude(status=SeriesStatus.ENDED)
    return living.select_related("owner__professional")


def bookings_of(pathway: Pathway, now: datetime) -> list[Booking]:
    """Appointments to come first, in their order, then those past or cancelled, newest first."""
    rows = list(Booking.objects.filter(pathway=pathway).with_list_data().order_by("slot__starts_at", "id"))
    coming = [row for row in rows if row.status == BookingStatus.BOOKED]
    return coming + [row for row in reversed(rows) if row.status != BookingStatus.BOOKED]


NOTICE_STATES = {
    "sent": ("Envoyé", "ok", "mail-check"),
    "waiting": ("En attente d’envoi", "info", "hourglass"),
    "retrying": ("Nouvel essai en cours", "soon", "refresh"),
    "failed": ("Non remis", "late", "mail-x"),
    "no_address": ("Pas d’adresse", "late", "mail-x"),
}


def notices_of(pathway: Pathway) -> list[dict[str, Any]]:
    """The notices to the GP with their delivery state in words."""
    texts = wordings()
    found = []
    for notice in Notice.objects.filter(pathway=pathway).with_list_data():
        label, tone, icon = NOTICE_STATES[notice.state]
        found.append(
            {
                "title": texts[notice.kind].title if notice.kind in texts else notice.kind,
                "when": notice.created_at,
                "sent_at": notice.message.sent_at if notice.message else None,
                "label": label,
                "tone": tone,
                "icon": icon,
                "waits": notice.message is None,
            }
        )
    return found
