"""Several exams of one patient proposed together: a stay, a sequence of days, or the fewest trips (PTH-07, SLT-15)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID, uuid4

from django.db.models import F

from coordination.models import BundleKind, ExamType, Slot
from coordination.readings.coming import Coming
from coordination.readings.offer import Need
from coordination.readings.targets import content_of
from coordination.readings.worklist import step_definition
from coordination.rules.slots import Fit, fit
from coordination.rules.trips import Option, Proposal, Stay, Wanted, propose
from pathways.models import Pathway
from pathways.rules.calendar import Calendar
from pathways.rules.target import Target

LEAST_EXAMS, MOST_EXAMS = 2, 6
PLACES_A_DAY, PLACES_EACH = 8, 168
"""Of each exam, so many places of each day at each site are looked at, from the first to the last of the day, and so
many in all: four weeks when places are free all day every working day."""


@dataclass(frozen=True)
class Line:
    """One exam of a proposal in its slot."""

    need: Need
    slot: Slot
    fit: Fit


@dataclass(frozen=True)
class Together:
    """One way to book all of them. ``trips`` beyond those made anyway; ``late`` how many miss their objective;
    ``soonest``: more trips than the first way, and over on an earlier day."""

    lines: list[Line]
    trips: int
    late: int
    days: list[date]
    key: UUID
    soonest: bool = False


@dataclass(frozen=True)
class BundleOffer:
    """What may be booked at once, and the ways to do it, best first. ``without`` have no free place at all and are left
    out; ``whole``: every possibility was tried."""

    kind: BundleKind
    label: str
    needs: list[Need]
    without: list[Need]
    ways: list[Together]
    whole: bool


def bundles_of(
    pathway: Pathway,
    needs: Sequence[Need],
    coming: Sequence[Coming],
    calendar: Calendar,
    now: datetime,
    since: datetime | None = None,
) -> list[BundleOffer]:
    """The groups of exams still to book, each with its proposals: the stays of the pathway, then all the rest.
    ``since``: when the patient can come at the earliest.

    An exam that another may replace is counted once, as the first of the two. Two queries for everything.
    """
    content = content_of(pathway)
    open_needs = [need for need in needs if need.step and need.booking is None and not need.alternative]
    groups = list(_groups(open_needs, content))
    if not groups:
        return []
    taken = [Stay(each.slot.starts_at, each.slot.ends_at, each.slot.platform.establishment_id) for each in coming]
    places, cut = _places({need.exam_type for _, _, found in groups for need in found}, taken, pathway, now, since)
    visits = {(calendar.local_date(each.slot.starts_at), each.slot.platform.establishment_id) for each in coming}
    offers = []
    for kind, label, asked in groups:
        found = [need for need in asked if places[need.exam_type.pk]]
        if len(found) < LEAST_EXAMS:
            continue
        wanted = [_wanted(need, content, places[need.exam_type.pk], calendar) for need in found]
        search = propose(wanted, taken, visits)
        ways = [_way(each, found, places, calendar) for each in search.proposals]
        without = [need for need in asked if need not in found]
        whole = search.whole and not any(need.exam_type.pk in cut for need in found)
        offers.append(BundleOffer(kind, label, found, without, ways, whole))
    return offers


def _groups(needs: Sequence[Need], content: Target) -> Iterable[tuple[BundleKind, str, list[Need]]]:
    """Two exams or more that go together, with what to call them."""
    stays: dict[str, list[Need]] = defaultdict(list)
    for need in needs:
        definition = step_definition(content, need.step.step_key) if need.step else None
        stays[definition.stay if definition else ""].append(need)
    names = {each.key: each.label for each in content.stays}
    for key, found in stays.items():
        if key and len(found) >= LEAST_EXAMS:
            yield BundleKind.STAY, names.get(key, "Séjour"), found[:MOST_EXAMS]
    if len(needs) >= LEAST_EXAMS and (len(stays) > 1 or "" in stays):
        yield BundleKind.DAY, "Le moins de venues possible", list(needs[:MOST_EXAMS])


def _wanted(need: Need, content: Target, slots: Sequence[Slot], calendar: Calendar) -> Wanted:
    days = {each.key: each.day for each in content.slot_types if each.day and _numbered(content)}
    options = [
        Option(
            slot.pk, slot.starts_at, slot.ends_at, calendar.local_date(slot.starts_at), slot.platform.establishment_id
        )
        for slot in slots
    ]
    return Wanted(need.exam_type.code, need.due_at, days.get(need.exam_type.code), options)


def _numbered(content: Target) -> bool:
    """A target that speaks of a second day gives its exams their days; without one, « jour 1 » is only the usual."""
    return any(each.day > 1 for each in content.slot_types)


def _places(
    types: set[ExamType], taken: Sequence[Stay], pathway: Pathway, now: datetime, since: datetime | None
) -> tuple[dict[int, list[Slot]], set[int]]:
    """The free places of each type that the patient can come to, those that others hold left out, and the types of
    which there are more than these; two queries."""
    free = Slot.objects.free(now, pathway).serving(pathway).agreed(pathway).within_reach(taken)
    if since is not None:
        free = free.filter(starts_at__gte=since)
    spread = free.spread_over_the_day(PLACES_A_DAY).order_by("starts_at", "id")
    first, *others = (spread.filter(exam_type=one).values("pk", count=F("of_the_day"))[:PLACES_EACH] for one in types)
    rows = {row["pk"]: row["count"] for row in first.union(*others, all=True)}
    found: dict[int, list[Slot]] = defaultdict(list)
    for slot in Slot.objects.filter(pk__in=rows).with_list_data().with_offers(pathway).order_by("starts_at", "id"):
        found[slot.exam_type_id].append(slot)
    crowded = {slot.exam_type_id for slots in found.values() for slot in slots if rows[slot.pk] > PLACES_A_DAY}
    return found, crowded | {pk for pk, slots in found.items() if len(slots) >= PLACES_EACH}


def _way(proposal: Proposal, needs: Sequence[Need], places: dict[int, list[Slot]], calendar: Calendar) -> Together:
    by_id = {slot.pk: slot for slots in places.values() for slot in slots}
    lines = [
        Line(need, slot, fit(slot.starts_at, need.due_at, calendar))
        for need in needs
        for slot in [by_id[proposal.places[need.exam_type.code].slot]]
    ]
    lines.sort(key=lambda each: each.slot.starts_at)
    return Together(lines, proposal.trips, proposal.late, proposal.days, uuid4(), proposal.soonest)
