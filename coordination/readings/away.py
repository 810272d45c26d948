"""What runs against the slots of some days: an absence, a machine down, a closing, a week left out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, Q

from coordination.models import DisturbedSlot, Slot, SlotException, SlotPractitioner
from coordination.querysets import SlotQuerySet, SlotSeriesQuerySet


@dataclass(frozen=True)
class Away:
    """The exceptions in force; who of their practitioners is expected at which slot; the slots held all the same."""

    exceptions: Sequence[SlotException] = field(default_factory=list)
    people: dict[int, set[int]] = field(default_factory=dict)
    kept: frozenset[int] = frozenset()

    def on(self, day: date) -> list[SlotException]:
        """Those of one day, on the calendar of the site."""
        return [each for each in self.exceptions if each.first_on <= day <= each.last_on]

    def heads(self, day: date) -> list[SlotException]:
        """Those said at the head of a day: of a series, on its own day of the week only."""
        return [each for each in self.on(day) if each.series is None or each.series.weekday == day.weekday()]

    def of(self, slot: Slot, day: date) -> list[str]:
        """Those that take ``slot``, which begins on ``day``, in words: « Hors service : Scanner 1, tenu malgré tout ».
        Nothing for one cancelled already: its state says so."""
        if slot.status == "cancelled":
            return []
        kept = ", tenu malgré tout" if slot.pk in self.kept else ""
        return [f"{each.words}{kept}" for each in self.on(day) if self._takes(each, slot)]

    def at(self, platform: int, day: date) -> list[str]:
        """Those that close ``platform``, for a date it gave outside its slots."""
        return [each.words for each in self.on(day) if each.platform_id == platform]

    def _takes(self, exception: SlotException, slot: Slot) -> bool:
        if exception.professional_id:
            return exception.professional_id in self.people.get(slot.pk, ())
        if exception.resource_id:
            return exception.resource_id == slot.resource_id
        return slot.platform_id == exception.platform_id or slot.series_id == exception.series_id


def away_between(series: SlotSeriesQuerySet, slots: SlotQuerySet, first: date, last: date) -> Away:
    """What touches ``series``, and ``slots`` that were kept with another machine or other people, from ``first`` to
    ``last``. One short query on most days, when nothing runs anywhere; two otherwise."""
    in_force = SlotException.objects.filter(
        taken_back_at__isnull=True, moved_to__isnull=True, first_on__lte=last, last_on__gte=first
    )
    if not in_force.exists():
        return Away()
    running = series.running(first).order_by()
    held = slots.filter(booked__gt=0).order_by()
    expected = SlotPractitioner.objects.filter(slot__in=held.values("pk"), stands=True).order_by()
    theirs = series.model.practitioners.through.objects.filter(slotseries__in=running.values("pk"))
    about = (
        Q(series__in=running.values("pk"))
        | Q(platform__in=running.values("platform"))
        | Q(resource__in=running.filter(resource__isnull=False).values("resource"))
        | Q(resource__in=held.filter(resource__isnull=False).values("resource"))
        | Q(professional__in=theirs.values("professional"))
        | Q(professional__in=expected.values("professional"))
    )
    where = SlotPractitioner.objects.filter(
        professional=OuterRef("professional"), slot__in=slots.order_by().values("pk"), stands=True
    )
    kept = DisturbedSlot.objects.filter(slot__in=held.values("pk"), settled_at__isnull=True, kept_by__isnull=False)
    rows = in_force.filter(about).annotate(
        expected_at=ArraySubquery(where.order_by().values("slot")),
        kept=ArraySubquery(kept.order_by().values("slot")),
    )
    rows = rows.select_related("series__exam_type", "resource", "professional", "platform")
    people: dict[int, set[int]] = defaultdict(set)
    exceptions = list(rows.order_by("first_on", "id"))
    for each in exceptions:
        for slot in each.expected_at:
            people[slot].add(each.professional_id)
    return Away(exceptions, people, frozenset(exceptions[0].kept if exceptions else ()))
