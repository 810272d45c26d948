"""The minutes of a review: who was there, each patient seen, each action with its owner and its day."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.template.loader import render_to_string
from django.utils import timezone

from coordination.models import ReviewItem, ReviewMeeting, ReviewOutcome
from pathways.papers.printer import Printed, print_pdf

STYLE = Path(__file__).parent / "desk.css"
TEMPLATE = "coordination/papers/minutes.html"


def gather(meeting: ReviewMeeting) -> dict[str, Any]:
    """What the minutes say, in a fixed number of queries."""
    items = list(meeting.items.with_minutes_data())  # type: ignore[attr-defined]
    return {
        "meeting": meeting,
        "team": meeting.team,
        "present": [str(each.user) for each in meeting.attendances.select_related("user__professional")],
        "with_action": [item for item in items if item.outcome == ReviewOutcome.ACTION],
        "nothing": [item for item in items if item.outcome == ReviewOutcome.NOTHING],
        "unseen": [item for item in items if item.outcome == ReviewOutcome.WAITING],
        "total": len(items),
    }


def patients_of(said: dict[str, Any]) -> list[UUID]:
    """The public ids of the patients named in the minutes."""
    items: list[ReviewItem] = [*said["with_action"], *said["nothing"], *said["unseen"]]
    return [item.pathway.patient.uuid for item in items]


def print_minutes(said: dict[str, Any], *, version: int, at: datetime) -> Printed:
    """The PDF. Raises PrintError."""
    return print_pdf(minutes_html(said, version=version, at=at), also=STYLE)


def minutes_html(said: dict[str, Any], *, version: int, at: datetime) -> str:
    """The whole HTML document, in the establishment's time zone."""
    with timezone.override(ZoneInfo(said["team"].establishment.time_zone)):
        return render_to_string(TEMPLATE, said | {"version": version, "at": at})
