"""The PPS (programme personnalisé de soins) as a page for the patient: 2 to 4 sheets, large type, plain words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.template.loader import render_to_string
from django.utils import timezone

from directory import typography
from pathways.models import AppointmentStatus, StepState
from pathways.papers import words
from pathways.papers.facts import PaperStep, PpsFacts, Stop
from pathways.papers.printer import Printed, print_pdf
from pathways.rules.calendar import Calendar
from pathways.rules.durations import Pause
from pathways.rules.timeline import layout

TEMPLATE = "pathways/papers/pps.html"
PICTURE_WIDTH = 600
ROW_HEIGHT = 27
CALM = {"late": "due", "done_late": "done"}
"""What the picture shows a patient instead: delays are the hospital's to worry about."""


def print_pps(facts: PpsFacts, *, version: int, at: datetime, author: str) -> Printed:
    """The PDF of version ``version``, established at the instant ``at`` by ``author``. Raises PrintError."""
    return print_pdf(pps_html(facts, version=version, at=at, author=author))


def pps_html(facts: PpsFacts, *, version: int, at: datetime, author: str) -> str:
    """The whole HTML document, in the establishment's time zone."""
    with timezone.override(ZoneInfo(facts.time_zone)):
        return render_to_string(TEMPLATE, pps_context(facts, version=version, at=at, author=author))


def pps_context(facts: PpsFacts, *, version: int, at: datetime, author: str) -> dict[str, Any]:
    """What the template shows; nothing is decided there."""
    following = _next(facts.steps)
    return {
        "f": facts,
        "version": version,
        "at": at,
        "author": author,
        "born": {"F": "Née", "M": "Né"}.get(facts.identity.sex, "Né(e)"),
        "steps": [_line(step, at) for step in facts.steps],
        "next": _line(following, at) if following else None,
        "timeline": _timeline(facts, at),
        "has_skipped": any(step.state == StepState.SKIPPED for step in facts.steps),
        "visits": [visit for visit in facts.visits if _to_come(visit.status, visit.starts_at, at)],
        "support_care": words.SUPPORT_CARE,
    }


def _next(steps: Sequence[PaperStep]) -> PaperStep | None:
    """The step the patient waits for: of those that run, the first due; else the first to come."""
    running = [step for step in steps if step.state == StepState.OPEN]
    if running:
        return min(running, key=_urgency)
    return next((step for step in steps if step.state == StepState.WAITING), None)


def _urgency(step: PaperStep) -> tuple[bool, bool, datetime, bool]:
    """The first due; then, while a pause without end stops the clock, what was due first before it."""
    moment = step.due_at or step.raw_due_at or step.anchor_at
    return step.due_at is None, moment is None, moment or datetime.max.replace(tzinfo=UTC), step.optional


def _line(step: PaperStep, at: datetime) -> dict[str, Any]:
    """A step with its state and date in words; a mark goes with each state, never a colour alone."""
    mark, when = _when(step, at)
    explained = mark in ("now", "coming")  # what is over needs no explanation
    return {
        "title": step.title,
        "gloss": step.gloss if explained else "",
        "delay": step.delay if explained else "",
        "mark": mark,
        "when": when,
    }


def _when(step: PaperStep, at: datetime) -> tuple[str, str]:
    """(mark, sentence) of a step: what a patient should read, never « late »."""
    if step.done_at is not None:
        return "done", f"Fait le {_date(step.done_at)}"
    if step.state == StepState.SKIPPED:
        return "skipped", "Pas nécessaire pour vous"
    if step.due_at is None:
        return "coming", "En attente" if step.raw_due_at else "Date à fixer"
    if step.projected:
        return "coming", f"Vers le {_date(step.due_at)}" if step.due_at >= at else "Date à fixer"
    if step.due_at >= at:
        return "now", f"Avant le {_date(step.due_at)}"
    if step.embargoed:
        return "now", "En cours : votre médecin vous en parlera en consultation"
    return "now", f"Était prévu avant le {_date(step.due_at)} : la coordination s’en occupe"


def _date(instant: datetime) -> str:
    return typography.long_day(instant).partition(" ")[2]


def _to_come(status: str, starts_at: datetime, at: datetime) -> bool:
    return status == AppointmentStatus.PLANNED and starts_at >= at - timedelta(hours=12)


def _timeline(facts: PpsFacts, at: datetime) -> dict[str, Any] | None:
    """The picture of the steps, closer rows than on screen (the dates are in the table), without far repeats."""
    steps = [step for step in facts.steps if not step.repeats]
    if not steps:
        return None
    calendar = Calendar(time_zone=facts.time_zone)
    steps = [_undated(step) if _overtaken(step, at) else step for step in steps]
    stops = _pauses(facts, calendar)
    drawn = layout(steps, stops, facts.opened_at, at, PICTURE_WIDTH, calendar, row_height=ROW_HEIGHT)
    rows = tuple(replace(row, state=CALM.get(row.state, row.state), sublabel="") for row in drawn.rows)
    said = " ; ".join(f"{step.title} : {_when(step, at)[1]}" for step in steps)
    title = f"Votre parcours en image. {said}."
    return asdict(replace(drawn, rows=rows)) | {"title": title, "desc": title}


def _overtaken(step: PaperStep, at: datetime) -> bool:
    """True for an estimate that lies in the past: it says nothing any more."""
    return step.projected and step.due_at is not None and step.due_at < at


def _undated(step: PaperStep) -> PaperStep:
    return replace(step, anchor_at=None, due_at=None, raw_due_at=None)


def _pauses(facts: PpsFacts, calendar: Calendar) -> list[tuple[Pause, str]]:
    return [(_stopped(stop, calendar), "Pause") for stop in facts.stops]


def _stopped(stop: Stop, calendar: Calendar) -> Pause:
    """The first and last day of a pause, both included, as instants."""
    end = calendar.start_of_day(stop.ends_on + timedelta(days=1)) if stop.ends_on else None
    return Pause(calendar.start_of_day(stop.starts_on), end)
