"""Who acts for whom: written as a whole for some pathways, never edited."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from django.db import transaction

from pathways.models import StandIn


@dataclass(frozen=True)
class Acting:
    """One row to be; ids of people."""

    replaced: int
    acting: int
    first_on: date
    last_on: date
    absent_until: date


@transaction.atomic
def set_stand_ins(*, pathways: Sequence[int], found: Mapping[int, Sequence[Acting]]) -> None:
    """Makes ``found`` (by pathway id) all that is known of those pathways; the same again changes nothing."""
    wanted = {(pathway, each) for pathway in pathways for each in found.get(pathway, ())}
    kept = set()
    for row in StandIn.objects.select_for_update().filter(pathway__in=pathways).order_by("pk"):
        known = (
            row.pathway_id,
            Acting(row.replaced_id, row.acting_id, row.first_on, row.last_on, row.absent_until),
        )
        if known in wanted:
            kept.add(known)
        else:
            row.delete()
    StandIn.objects.bulk_create(
        StandIn(
            pathway_id=pathway, replaced_id=each.replaced, acting_id=each.acting, first_on=each.first_on,
            last_on=each.last_on, absent_until=each.absent_until,
        )
        for pathway, each in sorted(wanted - kept, key=lambda known: (known[0], known[1].first_on))
    )  # fmt: skip
