"""Establishments' calendars, as the rules read them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date

from directory.models import ClosingDay, Establishment
from pathways.rules.calendar import Calendar


def calendar_of(establishment: Establishment) -> Calendar:
    """The establishment's calendar for the rules."""
    return calendars_of([establishment])[establishment.pk]


def calendars_of(establishments: Iterable[Establishment]) -> dict[int, Calendar]:
    """The calendars of some establishments by id, in one query."""
    wanted = {each.pk: each for each in establishments}
    closing: dict[int, list[date]] = defaultdict(list)
    rows = ClosingDay.objects.filter(establishment__in=wanted).values_list("establishment_id", "date")
    for establishment_id, day in rows:
        closing[establishment_id].append(day)
    return {
        pk: Calendar(
            time_zone=each.time_zone,
            holiday_zone=each.holiday_zone,
            good_friday=each.good_friday,
            closing_days=frozenset(closing[pk]),
        )
        for pk, each in wanted.items()
    }
