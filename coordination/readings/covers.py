"""Absences: what would be handed over, one page per patient for who takes over, and what happened meanwhile."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import TypeVar

from django.utils import timezone

from coordination.models import Contact, Cover, CoverLine, Task
from coordination.querysets.worklist import page_of
from coordination.readings.worklist import Row, worklist_rows
from coordination.services.covers import patients_of, why_not_covered
from directory.models import User
from pathways.models import Alert, Appointment, AppointmentStatus, Milestone, Pathway, Treatment

T = TypeVar("T")
FACTS, CONTACTS, VISITS = 5, 3, 4


@dataclass(frozen=True)
class Candidate:
    """One patient of who leaves, and why they cannot be handed over, if so."""

    pathway: Pathway
    late: bool
    refusal: str
    standing_for: bool


@dataclass(frozen=True)
class Preview:
    """What handing over would do. `hidden` counts the patients whose file the reader may not open."""

    candidates: list[Candidate]
    hidden: int
    by_target: list[tuple[str, int]]

    @property
    def possible(self) -> int:
        return sum(not each.refusal for each in self.candidates) + self.hidden

    @property
    def late(self) -> int:
        return sum(each.late for each in self.candidates)


def preview_of(absent: User, stand_in: User, first: date, last: date, reader: User, now: datetime) -> Preview:
    """Who would be handed over, the most urgent first, and how many by target pathway."""
    theirs = patients_of(absent, first, last)
    keys = [each.pk for each in theirs]
    refusals = why_not_covered(theirs, absent, stand_in, first, last)
    late = set(Pathway.objects.filter(pk__in=keys).late(now).values_list("pk", flat=True))
    read = set(Pathway.objects.filter(pk__in=keys).visible_to(reader).values_list("pk", flat=True))
    candidates = [
        Candidate(each, each.pk in late, refusals.get(each.pk, ""), each.owner_id != absent.pk)
        for each in sorted(theirs, key=lambda each: (each.next_due_at is not None, each.next_due_at or now))
        if each.pk in read
    ]
    handed = [each for each in theirs if each.pk not in refusals]
    by_target = Counter(each.version.target.name for each in handed)
    hidden = sum(each.pk not in read for each in handed)
    return Preview(candidates, hidden, sorted(by_target.items(), key=lambda each: (-each[1], each[0])))


@dataclass
class Brief:
    """One page on one patient: who, where, what next, the last contacts, the tasks, what to watch, whom to call."""

    row: Row
    watch: str
    facts: list[Milestone] = field(default_factory=list)
    visits: list[Appointment] = field(default_factory=list)
    contacts: list[Contact] = field(default_factory=list)
    tasks: list[Task] = field(default_factory=list)
    alerts: list[Alert] = field(default_factory=list)
    treatments: list[Treatment] = field(default_factory=list)

    @property
    def pathway(self) -> Pathway:
        return self.row.pathway


def briefs_of(cover: Cover, reader: User, now: datetime) -> list[Brief]:
    """The pages of the patients still followed that ``reader`` may open, most urgent first, in a fixed number of
    queries."""
    watch = dict(CoverLine.objects.filter(cover=cover).values_list("pathway_id", "watch"))
    found = Pathway.objects.active().visible_to(reader).filter(pk__in=watch)
    rows = worklist_rows(page_of(found, now, timezone.localdate(now), 0, len(watch)), now)
    briefs = {row.pathway.pk: Brief(row, watch[row.pathway.pk]) for row in rows}
    about = {"pathway__in": list(briefs)}
    for fact in Milestone.objects.in_force().filter(**about).order_by("-occurred_at", "-id"):
        _add(briefs[fact.pathway_id].facts, fact, FACTS)
    visits = Appointment.objects.filter(**about, status=AppointmentStatus.PLANNED, starts_at__gte=now)
    for visit in visits.order_by("starts_at"):
        _add(briefs[visit.pathway_id].visits, visit, VISITS)
    for contact in Contact.objects.standing().filter(**about).select_related("author__professional"):
        _add(briefs[contact.pathway_id].contacts, contact, CONTACTS)
    for task in Task.objects.open().filter(**about).select_related("owner__professional").by_due():
        briefs[task.pathway_id].tasks.append(task)
    for alert in Alert.objects.open().filter(**about).select_related("step").order_by("-level", "since"):
        if alert.pathway_id is not None:
            briefs[alert.pathway_id].alerts.append(alert)
    for treatment in Treatment.objects.filter(**about):
        briefs[treatment.pathway_id].treatments.append(treatment)
    return list(briefs.values())


def _add(known: list[T], item: T, most: int) -> None:
    if len(known) < most:
        known.append(item)


@dataclass
class Meanwhile:
    """What happened to one patient during the absence."""

    pathway: Pathway
    facts: list[Milestone] = field(default_factory=list)
    contacts: list[Contact] = field(default_factory=list)
    tasks: list[Task] = field(default_factory=list)
    alerts: list[Alert] = field(default_factory=list)
    now_of: User | None = None
    closed: bool = False

    @property
    def empty(self) -> bool:
        return not (self.facts or self.contacts or self.tasks or self.alerts or self.now_of or self.closed)


def meanwhile(cover: Cover, reader: User, now: datetime) -> list[Meanwhile]:
    """What each patient handed over went through since the first day, those with news first; a fixed number of
    queries."""
    start = _midnight(cover.starts_on)
    end = min(now, _midnight(cover.ends_on + timedelta(days=1)))
    found = Pathway.objects.visible_to(reader).filter(cover_lines__cover=cover).with_list_data()
    known = {each.pk: Meanwhile(each) for each in found.defer("version__definition").order_by("next_due_at", "pk")}
    period, about = (start, end), {"pathway__in": list(known)}
    for fact in Milestone.objects.in_force().filter(**about, recorded_at__range=period).order_by("occurred_at"):
        known[fact.pathway_id].facts.append(fact)
    contacts = Contact.objects.standing().filter(**about, at__range=period).order_by("at")
    for contact in contacts.select_related("author__professional"):
        known[contact.pathway_id].contacts.append(contact)
    closed = Task.objects.closed().filter(**about, closed_at__range=period).order_by("closed_at")
    for task in closed.select_related("closed_by__professional"):
        known[task.pathway_id].tasks.append(task)
    for alert in Alert.objects.filter(**about, raised_at__range=period).select_related("step").order_by("raised_at"):
        if alert.pathway_id is not None:
            known[alert.pathway_id].alerts.append(alert)
    for each in known.values():
        each.closed = not each.pathway.is_active
        each.now_of = each.pathway.owner if each.pathway.owner_id != cover.absent_id else None
    return sorted(known.values(), key=lambda each: each.empty)


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, datetime.min.time()))
