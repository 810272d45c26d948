"""Days on which a partner's series is lent to nobody: no convention of those it serves runs (SLT-07, S15)."""

from __future__ import annotations

from collections import defaultdict
from datetime import date

from coordination.models import Convention, PolicyMode, SlotPolicy, SlotSeries
from coordination.rules.agreements import Span, outside
from coordination.rules.series import Gap
from coordination.services.policies import days_of

UNLENT = "Aucune convention ne court ce jour-là"


def unlent_gaps(
    series: SlotSeries, first: date, last: date, *, ending: Convention | SlotPolicy | None = None
) -> list[Gap]:
    """The days of ``first``..``last`` on which nobody may book ``series``: all whom it serves are of other
    establishments, by conventions written down that do not run then. ``ending``: one of them as it would be."""
    if series.pk is None:
        return []
    served = dict(series.targets.values_list("pk", "establishment"))
    if not served or series.platform.establishment_id in served.values():
        return []
    rows = SlotPolicy.objects.filter(
        platform=series.platform_id, exam_type=series.exam_type_id, mode=PolicyMode.PARTNER, target__in=served
    )
    covering = set(SlotPolicy.objects.lending(series.platform).filter(pk__in=rows).values_list("pk", flat=True))
    spans: dict[int, list[Span]] = defaultdict(list)
    for policy in rows.select_related("convention"):
        if isinstance(ending, Convention) and policy.convention_id == ending.pk:
            policy.convention = ending
        now = ending if isinstance(ending, SlotPolicy) and policy.pk == ending.pk else policy
        days = days_of(now) if policy.pk in covering else None
        spans[policy.target_id] += [days] if days else []
    if set(spans) != set(served):
        return []  # one of them was served before conventions were written down
    every = [each for theirs in spans.values() for each in theirs]
    return [Gap(begins, ends, UNLENT) for begins, ends in outside(every, first, last)]
