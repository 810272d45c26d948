"""The sheet given to the patient: every appointment to come, where, when and how to prepare (S25, SLT-15)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from django.template.loader import render_to_string
from django.utils import timezone

from coordination.models import Booking
from coordination.readings.coming import Coming, coming_of, doubt_of
from coordination.services.appointments import clock_of, place_of
from directory.models import Establishment
from directory.typography import NBSP, hour, long_day, phone
from pathways.models import Pathway
from pathways.papers.printer import Printed, print_pdf

STYLE = Path(__file__).parent / "desk.css"
TEMPLATE = "coordination/papers/sheet.html"
TO_CONFIRM = "À confirmer : ne venez pas avant notre appel."
"""Beside an hour of which nobody knows yet whether it is held."""


@dataclass(frozen=True)
class Day:
    """One trip of the patient."""

    on: date
    bookings: list[Coming]

    @property
    def preparation(self) -> list[str]:
        """What the patient is told to do before that day, each line once; the checklist stays with the staff."""
        lines = [line for booking in self.bookings for line in booking.slot.exam_type.patient_lines]
        return list(dict.fromkeys(lines))


def days_of(pathway: Pathway, coming: Sequence[Coming]) -> list[Day]:
    """Of the patient's appointments to come, those of this pathway, by day of where they take place."""
    found: dict[date, list[Coming]] = {}
    for booking in coming:
        if booking.pathway_id == pathway.pk:
            with clock_of(booking.slot.platform):
                found.setdefault(timezone.localdate(booking.slot.starts_at), []).append(booking)
    return [Day(on, bookings) for on, bookings in found.items()]


def print_sheet(pathway: Pathway, now: datetime) -> Printed:
    """The PDF, each hour on the clock of where the patient is expected. Raises PrintError."""
    return print_pdf(sheet_html(pathway, now), also=STYLE)


def sheet_html(pathway: Pathway, now: datetime) -> str:
    """The whole HTML document."""
    days = days_of(pathway, coming_of(pathway, now))
    context = {
        "pathway": pathway, "place": pathway.team.establishment, "days": days, "to_confirm": TO_CONFIRM, "now": now
    }  # fmt: skip
    with timezone.override(ZoneInfo(pathway.team.establishment.time_zone)):
        return render_to_string(TEMPLATE, context)


def _place(expected: Coming, home: Establishment) -> str:
    """Where to come; the way to another hospital is written in full."""
    platform = expected.slot.platform
    if isinstance(expected, Booking):
        place = place_of(expected.slot)
    else:
        place = ", ".join(part for part in (platform.name, expected.slot.room, str(platform.establishment)) if part)
    there = platform.establishment.postal_address if platform.establishment_id != home.pk else ""
    return f"{place}, {there}" if there else place


def message_of(pathway: Pathway, days: Sequence[Day]) -> str:
    """The words to send or to read to the patient: when, where and what to do before, neither the exam nor the illness
    named; none without any."""
    if not days:
        return ""
    lines = ["Bonjour,", "", "Vos rendez-vous :"]
    for day in days:
        for booking in day.bookings:
            with clock_of(booking.slot.platform):
                at = hour(booking.slot.starts_at).replace(NBSP, " ")
            lines.append(f"- {long_day(day.on)} à {at}, {_place(booking, pathway.team.establishment)}")
            if doubt_of(booking) is not None:
                lines.append(f"  {TO_CONFIRM}")
        lines += [f"  {line}" for line in day.preparation]
    number = phone(pathway.team.phone or pathway.team.establishment.phone or "").replace(NBSP, " ")
    lines += ["", f"Un empêchement ? Appelez {pathway.team}{f' au {number}' if number else ''}."]
    return "\n".join(lines)
