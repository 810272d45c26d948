"""What the plan would be under another target pathway: read in bulk, nothing written."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from pathways.models import Pathway, Step
from pathways.rules.lateness import late_steps
from pathways.rules.plan import PlannedStep, plan
from pathways.rules.target import Target
from pathways.services.calendars import calendars_of
from pathways.services.plan import facts_of, pauses_of


def late_under(pathways: Sequence[Pathway], content: Target, at: datetime) -> dict[int, list[PlannedStep]]:
    """The late steps of each of some active pathways, were they to follow ``content``: as `move_to_version` would have
    it, with the same facts, pauses and steps set aside. A fixed number of queries; ``team__establishment`` is needed.
    """
    ids = [pathway.pk for pathway in pathways]
    calendars = calendars_of(pathway.team.establishment for pathway in pathways)
    facts, pauses, skipped = facts_of(ids), pauses_of(pathways, calendars), _skipped(ids)
    found = {}
    for pathway in pathways:
        calendar = calendars[pathway.team.establishment_id]
        planned = plan(content, facts[pathway.pk], pauses[pathway.pk], calendar, skipped[pathway.pk])
        found[pathway.pk] = late_steps(planned, at)
    return found


def _skipped(ids: Sequence[int]) -> dict[int, dict[str, str]]:
    """The steps set aside for each patient, with their reasons."""
    found: dict[int, dict[str, str]] = defaultdict(dict)
    rows = Step.objects.filter(pathway__in=ids).exclude(skip_reason="")
    for pathway_id, key, reason in rows.values_list("pathway_id", "key", "skip_reason"):
        found[pathway_id][key] = reason
    return found
