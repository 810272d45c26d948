"""What a review shows of one patient: the twenty-second summary of the worklist and of the desk."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from coordination.models import ReviewItem, ReviewMeeting
from coordination.querysets.worklist import with_row_data
from coordination.readings.panel import Panel, panel_of
from coordination.readings.worklist import Row, worklist_rows
from directory.models import User
from pathways.models import BoardOpinion, Pathway

MEETINGS = 30


@dataclass(frozen=True)
class Sight:
    """One patient on the screen of the review."""

    item: ReviewItem
    pathway: Pathway
    row: Row
    panel: Panel
    opinion: BoardOpinion | None


def sight_of(meeting: ReviewMeeting, position: int, now: datetime) -> Sight:
    """The patient at a place of the review, in a fixed number of queries."""
    item = meeting.items.prefetch_related("actions__task__owner__professional").get(position=position)
    item.meeting = meeting
    rows = with_row_data(Pathway.objects.select_related("patient__gp"), timezone.localdate(now), notes=True)
    pathway = rows.get(pk=item.pathway_id)
    return Sight(
        item=item,
        pathway=pathway,
        row=worklist_rows([pathway], now)[0],
        panel=panel_of(pathway, now),
        opinion=pathway.opinions.exclude(quorum_reached=False).order_by("-held_on", "-id").first(),
    )


def colleagues_of(meeting: ReviewMeeting) -> list[User]:
    """The people of the team now, by name."""
    members = User.objects.filter(is_active=True, memberships__in=meeting.team.memberships.current())
    return list(members.select_related("professional").order_by("professional__last_name", "email").distinct())
