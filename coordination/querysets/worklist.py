"""Reads of the worklist « Ma journée ».

The counters, the list and the order read the same conditions (`condition`): a figure is its list. The order
is `rules.worklist.priority`, written here in SQL; a test checks that both agree on generated pathways.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Case, Count, F, IntegerField, OuterRef, Q, QuerySet, Value, When
from django.db.models.functions import JSONObject
from django.utils import timezone

from coordination import counters as added
from coordination.rules.worklist import LONG_LATE, SOON_DAYS, Tier
from directory.counting import Figure, summed
from directory.models import Role, User
from pathways.models import Appointment, AppointmentStatus, Pathway, Patient, Pause, TargetPathway
from pathways.querysets import PathwayQuerySet, in_charge, pathway_late
from pathways.rules.search import as_searched

DESK = (Role.COORDINATOR, Role.SECRETARY)

WITHOUT_NEXT = "sans-suite"
LATE = "en-retard"
SOON = "bientot"
CALL_BACK = "a-rappeler"
EXPECTED = "du-jour"
REVIEW = "a-revoir"
ALL = "toutes"


@dataclass(frozen=True)
class Scope:
    """Whose pathways: those the user looks after today or those of the desks they run; of one target pathway, by its
    key."""

    mine: bool = False
    target: str = ""


def at_desk(user: User, scope: Scope) -> PathwayQuerySet:
    """The active pathways of the desks ``user`` runs, narrowed by ``scope``."""
    found = Pathway.objects.active().filter(team__in=user.teams_as(*DESK))
    if scope.mine:
        found = found.filter(in_charge(user))
    if scope.target:
        found = found.filter(version__target__key=scope.target)
    return found


def targets(user: User) -> QuerySet[TargetPathway]:
    """The target pathways of the desks ``user`` runs, to filter by."""
    return TargetPathway.objects.filter(team__in=user.teams_as(*DESK)).order_by("name")


def filters() -> tuple[str, ...]:
    """The filters' names, in the order of the counters; those of upper rooms stand before the last two."""
    return (WITHOUT_NEXT, LATE, SOON, CALL_BACK, EXPECTED, *added.added_filters(), REVIEW, ALL)


def named(found: PathwayQuerySet, words: str) -> PathwayQuerySet:
    """Those of the patient as typed (names, numbers, date of birth), or of the pathway's reference."""
    patients = Patient.objects.search(as_searched(words)).values("pk")
    return found.filter(Q(patient__in=patients) | Q(reference__istartswith=words.strip()))


def condition(name: str, at: datetime, today: date) -> Q:
    """What the pathways of the filter called ``name`` (one of `filters`) have in common, among active ones.

    Lateness is `pathways.querysets.pathway_late`; a test checks that the others say what the pathways' queries say.
    """
    match name:
        case "sans-suite":
            return Q(next_step__isnull=True)
        case "en-retard":
            return pathway_late(at)
        case "bientot":
            return Q(next_due_at__gte=at, next_due_at__lt=at + timedelta(days=SOON_DAYS))
        case "a-rappeler":  # a call promised for today or before, and not made since
            return Q(contact_state__call_back_on__lte=today)
        case "du-jour":  # somebody comes today
            return Q(pk__in=_expected(today))
        case "a-revoir":  # late for so long that it is a matter for a review, not for the day
            return pathway_late(at) & Q(next_due_at__lt=at - LONG_LATE)
    found = added.added_filters().get(name)
    return found.condition(at, today) if found else Q()


def _expected(today: date) -> QuerySet[Appointment]:
    """The pathways with an appointment on ``today`` that still stands."""
    start = timezone.make_aware(datetime.combine(today, time.min))
    end = timezone.make_aware(datetime.combine(today + timedelta(days=1), time.min))
    planned = Appointment.objects.filter(status=AppointmentStatus.PLANNED, starts_at__gte=start, starts_at__lt=end)
    return planned.order_by().values("pathway")  # type: ignore[return-value]


def chosen(found: PathwayQuerySet, name: str, at: datetime, today: date) -> PathwayQuerySet:
    """The pathways behind the counter called ``name``."""
    return found.filter(condition(name, at, today))


def counters(found: PathwayQuerySet, at: datetime, today: date) -> dict[str, int]:
    """How many pathways each filter holds, by name, in one query."""
    counts = _counts(at, today)
    figures = found.aggregate(**{name.replace("-", "_"): count for name, count in counts.items()})
    return {name: figures[name.replace("-", "_")] for name in counts}


def counters_of(found: PathwayQuerySet, at: datetime, today: date) -> Figure:
    """The same as one value, to be read with other figures by `directory.counting.read`."""
    return summed(found, JSONObject(**_counts(at, today)), empty=dict.fromkeys(filters(), 0))


def _counts(at: datetime, today: date) -> dict[str, Count]:
    return {name: Count("pk", filter=condition(name, at, today)) for name in filters()}


def by_priority(found: PathwayQuerySet, at: datetime, today: date) -> PathwayQuerySet:
    """In the order of `rules.worklist.priority`."""
    tier = Case(
        When(condition(WITHOUT_NEXT, at, today), then=Value(Tier.WITHOUT_NEXT)),
        When(condition(LATE, at, today) & ~condition(REVIEW, at, today), then=Value(Tier.LATE)),
        When(condition(CALL_BACK, at, today), then=Value(Tier.CALL_BACK)),
        When(condition(REVIEW, at, today), then=Value(Tier.LONG_LATE)),
        default=Value(Tier.COMING),
        output_field=IntegerField(),
    )
    return found.annotate(tier=tier).order_by("tier", F("next_due_at").asc(nulls_last=True), "opened_at", "id")


def page_of(
    found: PathwayQuerySet, at: datetime, today: date, first: int = 0, size: int = 1, *, notes: bool = False
) -> list[Pathway]:
    """One page of ``found`` in the order of the worklist, with everything a row shows, in three queries.

    The order is worked out on the pathways alone; only the patients of the page are then read, so that the cost
    follows the page and not the number of patients. (In one query, the planner may read every patient of the
    hospital before it looks at the page: it gives up moving a subquery among so many joins.)
    With ``notes``, the last contact's words too, for what is printed.
    """
    ids = list(by_priority(found, at, today).values_list("pk", flat=True)[first : first + size])
    rows = with_row_data(Pathway.objects.filter(pk__in=ids), today, notes=notes)
    by_id = {pathway.pk: pathway for pathway in rows}
    return [by_id[pk] for pk in ids if pk in by_id]


def with_row_data(found: PathwayQuerySet, today: date, *, notes: bool = False) -> PathwayQuerySet:
    """Each with everything `readings.worklist.worklist_rows` shows of it but its milestones and bookings."""
    return (
        found.with_list_data()
        .with_stand_ins(today)
        .annotate(stops=_stops())
        .select_related("next_step__assignee__professional", "contact_state__last" if notes else "contact_state")
        .defer("version__definition")
    )


def _stops() -> ArraySubquery:
    """The pauses that count, as [first day, last day or nothing]."""
    rows = Pause.objects.counted().filter(pathway=OuterRef("pk")).order_by("starts_on")
    return ArraySubquery(rows.values_list(JSONObject(first="starts_on", last="ends_on")))
