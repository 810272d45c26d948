"""The day's list on paper, for when the network is down: who to call, what is expected, room for notes by hand."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

from django.template.loader import render_to_string
from django.utils import timezone

from coordination.models import Task
from coordination.querysets import worklist as reads
from coordination.querysets.worklist import Scope
from coordination.readings.worklist import Row, worklist_rows
from directory.models import Professional, User
from pathways.models import Pathway
from pathways.papers.printer import Printed, print_pdf

STYLE = Path(__file__).parent / "desk.css"
TEMPLATE = "coordination/papers/daily.html"
MOST_ROWS = 300
MOST_TASKS = 4


@dataclass(frozen=True)
class Line:
    """One patient of the list."""

    row: Row
    gp: Professional | None
    tasks: list[Task]


@dataclass(frozen=True)
class Daily:
    """Everything the paper shows. ``total`` may be more than its lines."""

    lines: list[Line]
    total: int

    @property
    def patients(self) -> list[UUID]:
        return [line.row.pathway.patient.uuid for line in self.lines]


def gather(user: User, listed: str, scope: Scope, now: datetime) -> Daily:
    """The rows of a worklist as ``user`` sees it now, `MOST_ROWS` at most, in a fixed number of queries."""
    today = timezone.localdate(now)
    found = reads.chosen(reads.at_desk(user, scope), listed, now, today)
    pathways = reads.page_of(found, now, today, 0, MOST_ROWS, notes=True)
    tasks, gps = _tasks(pathways), _gps(pathways)
    lines = [
        Line(row, gps.get(row.pathway.patient.gp_id or 0), tasks[row.pathway.pk][:MOST_TASKS])
        for row in worklist_rows(pathways, now)
    ]
    return Daily(lines, found.count() if len(lines) == MOST_ROWS else len(lines))


def _tasks(pathways: Sequence[Pathway]) -> dict[int, list[Task]]:
    found: dict[int, list[Task]] = defaultdict(list)
    rows = Task.objects.open().filter(pathway__in=[each.pk for each in pathways])
    for task in rows.select_related("owner__professional").by_due():
        found[task.pathway_id].append(task)
    return found


def _gps(pathways: Sequence[Pathway]) -> dict[int, Professional]:
    return Professional.objects.in_bulk({each.patient.gp_id for each in pathways if each.patient.gp_id})


def print_daily(daily: Daily, *, title: str, user: User, at: datetime) -> Printed:
    """The PDF, in the time zone of the user's establishment. Raises PrintError."""
    return print_pdf(daily_html(daily, title=title, user=user, at=at), also=STYLE)


def daily_html(daily: Daily, *, title: str, user: User, at: datetime) -> str:
    """The whole HTML document."""
    place = user.current_memberships[0].team.establishment if user.current_memberships else None
    with timezone.override(ZoneInfo(place.time_zone) if place else None):
        context = {
            "daily": daily,
            "title": title,
            "author": str(user),
            "place": place,
            "at": at,
            "today": timezone.localdate(at),
            "most": MOST_ROWS,
        }
        return render_to_string(TEMPLATE, context)
