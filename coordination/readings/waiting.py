"""The waiting lists of a desk: who waits for what, in which rank and why, and the places proposed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from coordination.models import ExamType, OfferAnswer, WaitingOffer, WaitingPlace
from coordination.rules.waiting import Rank, rank


@dataclass(frozen=True)
class Waiter:
    """One line: ``position`` from 1 in its exam, ``why`` its rank in words."""

    place: WaitingPlace
    position: int
    why: Rank
    offer: WaitingOffer | None


@dataclass
class WaitingList:
    """Those who wait for one exam, first in rank first."""

    exam_type: ExamType
    waiters: list[Waiter] = field(default_factory=list)


def waiting_lists(places: Sequence[WaitingPlace], now: datetime) -> list[WaitingList]:
    """The lists of ``places`` (fetched `with_list_data`), by exam, in one query more."""
    offers = {
        offer.place_id: offer
        for offer in WaitingOffer.objects.filter(place__in=places, answer=OfferAnswer.OPEN).select_related(
            "slot__exam_type", "slot__platform__establishment"
        )
    }
    by_exam: dict[int, list[WaitingPlace]] = defaultdict(list)
    for place in places:
        by_exam[place.exam_type_id].append(place)
    found = []
    for rows in by_exam.values():
        ranked = sorted(((rank(row.latest_at, row.asked_at, now), row) for row in rows), key=lambda pair: pair[0].key)
        waiters = [Waiter(row, at, why, offers.get(row.pk)) for at, (why, row) in enumerate(ranked, start=1)]
        found.append(WaitingList(rows[0].exam_type, waiters))
    return sorted(found, key=lambda each: each.exam_type.label)
