"""What the desk knows of one pathway: tasks, appointments, contacts, notices."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.text import Truncator

from coordination.models import (
    Booking,
    BookingStatus,
    Contact,
    ContactState,
    ExamRequest,
    Notice,
    SeriesStatus,
    Task,
    TaskSeries,
)
from coordination.rules.recurrence import in_words
from coordination.services.recurrence import rhythm_of
from coordination.services.wordings import wordings
from directory import typography
from pathways.models import Appointment, AppointmentStatus, Pathway
from pathways.panels import Brief

CONTACTS = 12
CLOSED_TASKS = 8
BRIEF, BRIEF_NOTE = 5, 140


@dataclass(frozen=True)
class Visit:
    """One appointment, booked here (``booking``) or written from elsewhere."""

    starts_at: datetime
    label: str
    place: str
    preparation: str
    expected: bool
    state: str
    zone: tzinfo
    """The clock of where it takes place."""
    booking: Booking | None = None
    moved_to: Booking | None = None
    """What took its place."""


@dataclass(frozen=True)
class Panel:
    """Everything the panel shows."""

    open_tasks: list[Task]
    closed_tasks: list[Task]
    coming: list[Visit]
    past: list[Visit]
    asked: list[ExamRequest]
    contacts: list[Contact]
    contact_count: int
    series: list[tuple[TaskSeries, str]]
    state: ContactState | None


def panel_of(pathway: Pathway, now: datetime) -> Panel:
    """Reads the panel in a fixed number of queries."""
    tasks = list(Task.objects.filter(pathway=pathway).with_list_data().open_first())
    coming, past = visits_of(pathway, now)
    contacts = list(Contact.objects.filter(pathway=pathway).with_list_data()[: CONTACTS + 1])
    return Panel(
        open_tasks=[task for task in tasks if task.status == "open"],
        closed_tasks=[task for task in tasks if task.status != "open"][:CLOSED_TASKS],
        coming=coming,
        past=past,
        asked=list(ExamRequest.objects.filter(pathway=pathway).to_follow(now).with_list_data()),
        contacts=contacts[:CONTACTS],
        contact_count=len(contacts),
        series=[(each, in_words(rhythm_of(each))) for each in _series(pathway)],
        state=ContactState.objects.filter(pathway=pathway).first(),
    )


def visits_of(pathway: Pathway, now: datetime) -> tuple[list[Visit], list[Visit]]:
    """(what is to come or still to mark, soonest first; what is over, latest first), in two queries."""
    bookings = {row.uuid: row for row in Booking.objects.filter(pathway=pathway).with_list_data().with_doubt()}
    written = {row.origin: row for row in pathway.appointments.all()}
    moved = {row.moved_from_id: row for row in bookings.values()}
    visits = [_booked(row, written.get(uuid), moved.get(row.pk)) for uuid, row in bookings.items()]
    visits += [_elsewhere(row, now) for origin, row in written.items() if origin not in bookings]
    visits.sort(key=lambda visit: visit.starts_at)
    return [each for each in visits if each.expected], [each for each in reversed(visits) if not each.expected]


def _booked(booking: Booking, written: Appointment | None, moved_to: Booking | None) -> Visit:
    slot, room = booking.slot, booking.slot.room
    return Visit(
        starts_at=slot.starts_at,
        label=slot.exam_type.label,
        place=f"{slot.platform}, {room}" if room and room != slot.platform.name else str(slot.platform),
        preparation=written.preparation if written else "",
        expected=booking.status == BookingStatus.BOOKED,
        state=booking.get_status_display(),
        booking=booking,
        moved_to=moved_to,
        zone=ZoneInfo(slot.platform.establishment.time_zone),
    )


def _elsewhere(row: Appointment, now: datetime) -> Visit:
    expected = row.status == AppointmentStatus.PLANNED and row.ends_at >= now
    said = row.get_status_display().lower()
    return Visit(row.starts_at, row.label, row.place, row.preparation, expected, said, row.zone)


def contacts_brief(pathway: Pathway, now: datetime) -> Brief:
    """For the summary of one page: the last contacts, and the call promised."""
    standing = Contact.objects.filter(pathway=pathway).standing().with_list_data()
    rows = list(standing.select_related("pathway__contact_state")[:BRIEF])
    state: ContactState | None = getattr(rows[0].pathway, "contact_state", None) if rows else None
    lines = [_contact_line(row) for row in rows]
    if state and state.call_back_on:
        lines.insert(0, f"À rappeler {typography.short_day(state.call_back_on, timezone.localdate(now))}")
    return Brief("Derniers contacts", "phone", lines, "Aucun contact noté.")


def _contact_line(contact: Contact) -> str:
    said = contact.get_outcome_display() + (f", {contact.whom.lower()}" if contact.whom else "")
    note = f" : {Truncator(contact.note).chars(BRIEF_NOTE)}" if contact.note else ""
    return f"{timezone.localtime(contact.at):%d/%m/%Y} · {said}, {contact.author}{note}"


def tasks_brief(pathway: Pathway, now: datetime) -> Brief:
    """For the summary of one page: what is left to do, and whose it is."""
    rows = Task.objects.filter(pathway=pathway).open().with_list_data().by_due()[:BRIEF]
    return Brief("Tâches", "checklist", [_task_line(row) for row in rows], "Aucune tâche en attente.")


def _task_line(task: Task) -> str:
    due = f", pour le {task.due_on:%d/%m/%Y}" if task.due_on else ""
    return f"{task.title}{due} ({task.owner or 'à prendre'})"


def _series(pathway: Pathway) -> QuerySet[TaskSeries]:
    """What comes back, or may again."""
    living = TaskSeries.objects.filter(pathway=pathway).exclude(status=SeriesStatus.ENDED)
    return living.select_related("owner__professional")


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
