"""A decision not executed in time is an alert of the patient's file (RCP-10)."""

from __future__ import annotations

from django.db.models import Exists, OuterRef

from pathways import services as pathways
from pathways.models import AlertKind, Watch
from rcp.models import ActionStatus, FollowUpAction

BATCH = 500


def watch_action(*, action: FollowUpAction) -> None:
    """An open action is awaited until the end of its day; any other is awaited no more."""
    if action.status != ActionStatus.OPEN:
        pathways.met(kind=AlertKind.RCP_UNEXECUTED, subject=action.uuid, evidence=action.milestone)
        return
    pathway = action.decision.case.pathway
    calendar = pathways.calendar_of(pathway.team.establishment)
    pathways.watch(
        kind=AlertKind.RCP_UNEXECUTED,
        subject=action.uuid,
        pathway=pathway,
        label=action.label,
        due_at=calendar.end_of_day(action.due_on),
    )


def watch_actions() -> int:
    """Safety net: open actions that somehow nobody watches; returns how many there were."""
    known = Watch.objects.filter(kind=AlertKind.RCP_UNEXECUTED, subject=OuterRef("uuid"))
    rows = FollowUpAction.objects.open().filter(~Exists(known), decision__case__pathway__status="active")
    found = rows.select_related("decision__case__pathway__team__establishment", "decision__case__pathway__version")
    actions = list(found[:BATCH])
    for action in actions:
        watch_action(action=action)
    return len(actions)
