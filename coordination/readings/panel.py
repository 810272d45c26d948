"""What the desk knows of one pathway: tasks, appointments, contacts, notices."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from coordination.models import Booking, BookingStatus, Contact, ContactState, Notice, Task
from coordination.services.wordings import wordings
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
        state=ContactState.objects.filter(pathway=pathway).first(),
    )


def bookings_of(pathway: Pathway, now: datetime) -> list[Booking]:
    """Appointments to come first, in their order, then those past or cancelled, newest first."""
    rows = list(Booking.objects.filter(pathway=pathway).with_list_data().order_by("slot__starts_at", "id"))
    coming = [row for row in rows if row.status == BookingStatus.BOOKED]
    return coming + [row for row in reversed(rows) if row.status != BookingStatus.BOOKED]


NOTICE_STATES = {
    "proposed": ("À valider", "soon", "mail-forward"),
    "dropped": ("Écartée", "neutral", "ban"),
    "revoked": ("Annulée", "neutral", "arrow-back-up"),
    "sent": ("Envoyé", "ok", "mail-check"),
    "waiting": ("En attente d’envoi", "info", "hourglass"),
    "retrying": ("Nouvel essai en cours", "soon", "refresh"),
    "failed": ("Non remis", "late", "mail-x"),
    "no_address": ("Pas d’adresse", "late", "mail-x"),
}
READ = ("Lu", "ok", "mail-opened")


def notices_of(pathway: Pathway) -> list[dict[str, Any]]:
    """The notices to the GP with their delivery state in words."""
    rows = Notice.objects.filter(pathway=pathway).with_list_data().with_first_reading()
    return [notice_row(notice) for notice in rows]


def notice_row(notice: Notice) -> dict[str, Any]:
    """What a notice is about and where it stands, in words."""
    texts = wordings()
    read_at = getattr(notice, "read_at", None)
    label, tone, icon = READ if read_at and notice.state == "sent" else NOTICE_STATES[notice.state]
    return {
        "uuid": notice.uuid,
        "title": texts[notice.kind].title if notice.kind in texts else notice.kind,
        "when": notice.created_at,
        "sent_at": notice.message.sent_at if notice.message else None,
        "read_at": read_at,
        "label": label,
        "tone": tone,
        "icon": icon,
        "state": notice.state,
        "waits": notice.state == "no_address",
    }
