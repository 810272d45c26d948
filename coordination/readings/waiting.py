"""The waiting lists of a desk: who waits for what, in which rank and why, and the places proposed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from coordination.models import ExamType, OfferAnswer, WaitingOffer, WaitingPlace
from coordination.services.offers import ranks as ranks_of
from pathways.rules.search import normalise
from pathways.services import calendar_of


@dataclass(frozen=True)
class Waiter:
    """One line: its rank in its exam, ``why`` in words."""

    place: WaitingPlace
    rank: int
    why: str
    offer: WaitingOffer | None


@dataclass
class WaitingList:
    """Those who wait for one exam, first in rank first."""

    exam_type: ExamType
    waiters: list[Waiter] = field(default_factory=list)


def waiting_lists(places: Sequence[WaitingPlace], now: datetime) -> list[WaitingList]:
    """The lists of ``places`` (fetched `with_list_data`), by exam, in one query more and one for each exam."""
    offers = {
        offer.place_id: offer
        for offer in WaitingOffer.objects.filter(place__in=places, answer=OfferAnswer.OPEN).select_related(
            "slot__exam_type", "slot__platform__establishment"
        )
    }
    by_exam: dict[int, list[WaitingPlace]] = defaultdict(list)
    for place in places:
        by_exam[place.exam_type_id].append(place)
    found = [_list_of(rows, offers, now) for rows in by_exam.values()]
    return sorted((each for each in found if each.waiters), key=lambda each: normalise(each.exam_type.label))


def _list_of(rows: Sequence[WaitingPlace], offers: dict[int, WaitingOffer], now: datetime) -> WaitingList:
    """Those of one exam, on the calendar of their desk, each with the rank by which places are offered: among all who
    wait for that exam, other teams included."""
    calendar = calendar_of(rows[0].pathway.team.establishment)
    ranks = ranks_of(rows[0].exam_type_id, calendar, now)
    # Who was served or left since the rows were read has no rank any more.
    ordered = sorted((row for row in rows if row.pk in ranks), key=lambda row: ranks[row.pk].place)
    waiters = [
        Waiter(row, ranks[row.pk].place, ranks[row.pk].words(calendar, now), offers.get(row.pk)) for row in ordered
    ]
    return WaitingList(rows[0].exam_type, waiters)
