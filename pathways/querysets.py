"""Reads of the patient's file. Lateness is defined here, once (DESIGN.md 3.5)."""

# Models import this module, which names them only to type itself: mypy does not untie a base class from the cycle.
# mypy: disable-error-code="name-defined"

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Self

from django.contrib.postgres.search import TrigramWordSimilarity
from django.db import models
from django.db.models import Case, Count, Exists, F, OuterRef, Prefetch, Q, Value, When
from django.utils import timezone

from directory.models import BreakGlass, Membership, Role
from pathways.rules.levels import Level
from pathways.rules.search import normalise

if TYPE_CHECKING:
    from directory.models import Establishment, User
    from pathways.models import (
        CareCircleMember,
        Document,
        StandIn,  # noqa: F401 (named in the base of its queryset)
    )

SHORTEST_TRIGRAM = 3
READS_TEAM = (Role.COORDINATOR, Role.SECRETARY, Role.PHYSICIAN)
EDITS_TARGETS = (Role.QUALITY, Role.ADMINISTRATOR)


def late(at: datetime) -> Q:
    """A step that should have been done before ``at``: open, asked of everyone, and due earlier.

    The only definition there is; `pathways.rules.lateness` states it for Python.
    """
    return Q(state="open", optional=False, due_at__lt=at)


def soon(at: datetime) -> Q:
    """An open step inside its warning time and not late."""
    return Q(state="open", optional=False, warn_at__lte=at, due_at__gte=at)


def pathway_late(at: datetime) -> Q:
    """An active pathway of which at least one step is late: ``next_due_at`` is its earliest open due instant."""
    return Q(status="active", next_due_at__lt=at)


def lateness_case(at: datetime) -> Case:
    """Annotation giving `late`, `soon`, `on_time`, `optional`, `undated`, `done_late`, `done` or the other states."""
    return Case(
        When(late(at), then=Value("late")),
        When(soon(at), then=Value("soon")),
        When(state="open", optional=True, then=Value("optional")),
        When(state="open", due_at__isnull=False, then=Value("on_time")),
        When(state="open", then=Value("undated")),
        When(state="done", done_at__gt=F("due_at"), then=Value("done_late")),
        default=F("state"),
        output_field=models.CharField(),
    )


LATE_WORDS = frozenset({"late", "done_late"})
"""The values of `lateness_case` that say an objective was missed."""


def visible_pathways(user: User, prefix: str = "") -> Q:
    """Which pathways ``user`` reads: those of their teams, of their circles of care, and emergency accesses.

    ``prefix`` is the path from the filtered model to the pathway, ending with ``__`` (SEC-07).
    """
    now = timezone.now()
    allowed = Q(**{f"{prefix}team__in": user.teams_as(*READS_TEAM)})
    if user.professional_id and user.is_active:
        allowed |= Q(**{f"{prefix}pk__in": _circles_of(user, now)})
    emergencies = BreakGlass.objects.open_for(user, now).values("patient_uuid")
    return allowed | Q(**{f"{prefix}patient__uuid__in": emergencies})


def _circles_of(user: User, now: datetime) -> models.QuerySet[CareCircleMember, int]:
    from pathways.models import CareCircleMember

    return CareCircleMember.objects.current(now).filter(professional=user.professional_id).values("pathway_id")  # type: ignore[return-value]


class TargetPathwayQuerySet(models.QuerySet["TargetPathway"]):
    def open_to_referrals(self) -> Self:
        """Those a requester may name on the public form."""
        return self.filter(is_open=True, establishment__accepts_referrals=True).select_related("establishment")

    def published(self) -> Self:
        """Those with a version to follow; the others are still their first draft."""
        from pathways.models import TargetPathwayVersion

        return self.filter(Exists(TargetPathwayVersion.objects.filter(target=OuterRef("pk"))))

    def kept(self) -> Self:
        """Those with a version or a draft: one given up before its first version is only remembered, for whoever was
        still writing it."""
        from pathways.models import TargetDraft, TargetPathwayVersion

        of_it = {"target": OuterRef("pk")}
        return self.filter(
            Exists(TargetPathwayVersion.objects.filter(**of_it)) | Exists(TargetDraft.objects.filter(**of_it))
        )

    def visible_to(self, user: User) -> Self:
        return self.filter(establishment__in=user.establishment_ids)

    def readable_by(self, user: User) -> Self:
        """Those whose versions ``user`` may read: all of the site for quality and administration, else the team's."""
        return self.filter(
            Q(establishment__in=user.establishments_as(*EDITS_TARGETS)) | Q(team__in=user.teams_as(*READS_TEAM))
        )

    def with_versions(self) -> Self:
        """Each with its `published` versions, newest first, and how many pathways run on each; two queries."""
        from pathways.models import TargetPathwayVersion

        running = Count("pathways", filter=Q(pathways__status="active"))
        versions = (
            TargetPathwayVersion.objects.defer("definition")
            .select_related("author__professional")
            .annotate(running=running)
            .order_by("-number")
        )
        return self.select_related("establishment", "team", "draft__edited_by__professional").prefetch_related(
            Prefetch("versions", versions, to_attr="published")
        )


class PatientQuerySet(models.QuerySet["Patient"]):
    def visible_to(self, user: User) -> Self:
        """Patients with at least one pathway ``user`` may read."""
        from pathways.models import Pathway

        return self.filter(pk__in=Pathway.objects.visible_to(user).values("patient_id"))

    def search(self, words: str) -> Self:
        """As typed: every word must start or appear in the names, number, matricule or date (accents ignored)."""
        found = self
        for word in normalise(words).split()[:6]:
            if len(word) < SHORTEST_TRIGRAM:  # the index knows such a word at the start of a name only
                found = found.filter(Q(search_text__startswith=word) | Q(search_text__contains=f" {word}"))
            else:
                found = found.filter(search_text__contains=word)
        return found

    def by_birth_date(self, day: date) -> Self:
        return self.filter(birth_date=day)

    def look_alikes(self, *, birth_name: str, first_name: str, birth_date: date) -> Self:
        """Possible same persons, nearest first: same birth date or a very close name."""
        return (
            self.annotate(nearness=TrigramWordSimilarity(normalise(f"{birth_name} {first_name}"), "search_text"))
            .filter(Q(birth_date=birth_date, nearness__gt=0.35) | Q(nearness__gt=0.85))
            .order_by(Case(When(birth_date=birth_date, then=Value(0)), default=Value(1)), "-nearness")
        )


class PathwayQuerySet(models.QuerySet["Pathway"]):
    def visible_to(self, user: User) -> Self:
        return self.filter(visible_pathways(user))

    def active(self) -> Self:
        return self.filter(status="active")

    def held(self, *, skip_busy: bool = False) -> list[int]:
        """Locks these rows until the end of the transaction and gives their keys; with ``skip_busy``, leaves out those
        somebody writes on.

        Without any join: while a lock is waited for, PostgreSQL checks the joins again against the rows it had read,
        and would leave out a pathway that was moved meanwhile to another version or team.
        """
        rows = self.select_for_update(of=("self",), no_key=True, skip_locked=skip_busy).order_by("pk")
        return list(rows.values_list("pk", flat=True))

    def late(self, at: datetime) -> Self:
        return self.filter(pathway_late(at))

    def without_next_step(self) -> Self:
        """Active, and nothing dated to come (PTH-15): the first alert."""
        return self.active().filter(next_step__isnull=True)

    def due_before(self, at: datetime, until: datetime) -> Self:
        """Active, not late, and due within ``at``..``until``."""
        return self.active().filter(next_due_at__gte=at, next_due_at__lt=until)

    def of_patient(self, patient_id: int) -> Self:
        """Those of one patient, latest first, with what names them in a list."""
        rows = self.filter(patient=patient_id).select_related("version__target").defer("version__definition")
        return rows.order_by("-opened_at", "-id")

    def with_list_data(self) -> Self:
        """Everything a row of a list shows, in one query."""
        return self.select_related(
            "patient", "version__target", "team__establishment", "owner__professional", "next_step"
        )

    def with_stand_ins(self, day: date | None = None) -> Self:
        """Each with who acts for whom on ``day`` (today), as `Pathway.acting_for` reads it; one query."""
        return self.prefetch_related(stand_ins_on(day))

    def with_open_alerts(self) -> Self:
        from pathways.models import Alert

        return self.prefetch_related(
            Prefetch("alerts", Alert.objects.open().select_related("step"), to_attr="open_alerts")
        )

    def with_page_data(self, at: datetime | None = None) -> Self:
        """Everything the patient's page shows of the pathway itself; the lateness of its steps is that of ``at``."""
        from pathways.models import CareCircleMember, Milestone, Pause, Step

        steps = Step.objects.with_lateness(at or timezone.now()).order_by("order", "occurrence")
        return self.select_related(
            "patient__gp", "version__target", "team__establishment", "owner__professional", "next_step"
        ).prefetch_related(
            Prefetch("steps", steps.select_related("assignee__professional")),
            Prefetch(
                "milestones",
                Milestone.objects.in_force().select_related("recorded_by__professional", "site"),
                to_attr="facts",
            ),
            Prefetch("pauses", Pause.objects.in_force().select_related("kind"), to_attr="running_pauses"),
            Prefetch("circle", CareCircleMember.objects.current().select_related("professional"), to_attr="members"),
        )

    def counters(self, at: datetime, *, soon_days: int = 7) -> dict[str, int]:
        """The counters of a list, in one query, by the very filters the list uses."""
        until = at + timedelta(days=soon_days)
        return self.aggregate(
            active=Count("pk", filter=Q(status="active")),
            without_next_step=Count("pk", filter=Q(status="active", next_step__isnull=True)),
            late=Count("pk", filter=pathway_late(at)),
            soon=Count("pk", filter=Q(status="active", next_due_at__gte=at, next_due_at__lt=until)),
        )


class CareCircleQuerySet(models.QuerySet["CareCircleMember"]):
    def current(self, at: datetime | None = None) -> Self:
        now = at or timezone.now()
        return self.filter(Q(until__isnull=True) | Q(until__gt=now), since__lte=now)


class MilestoneQuerySet(models.QuerySet["Milestone"]):
    def in_force(self) -> Self:
        """Facts that nothing superseded; withdrawals themselves are not facts."""
        return self.filter(superseded_by__isnull=True, withdrawn=False)


class PauseQuerySet(models.QuerySet["Pause"]):
    def in_force(self) -> Self:
        return self.filter(cancelled_at__isnull=True)

    def counted(self) -> Self:
        """Those that stop the adjusted clock: the only ones that move a due instant or a count of days."""
        return self.in_force().filter(stops_clock=True)


class PauseCodeQuerySet(models.QuerySet["PauseCode"]):
    def allowed(self, establishment: Establishment, *, to_desk_only: bool) -> Self:
        """The reasons proposed there; ``to_desk_only`` leaves out those kept for physicians."""
        found = self.filter(is_active=True).exclude(exclusions__establishment=establishment)
        return found.filter(open_to_desk=True) if to_desk_only else found


class DelayCauseQuerySet(models.QuerySet["DelayCause"]):
    def in_force(self) -> Self:
        return self.filter(withdrawn_at__isnull=True)


class StepQuerySet(models.QuerySet["Step"]):
    def visible_to(self, user: User) -> Self:
        return self.filter(visible_pathways(user, "pathway__"))

    def late(self, at: datetime) -> Self:
        return self.filter(late(at))

    def with_lateness(self, at: datetime) -> Self:
        """Annotates ``lateness`` (see `lateness_case`)."""
        return self.annotate(lateness=lateness_case(at))

    def to_alert(self, at: datetime) -> Self:
        """Steps whose next alert instant has passed, oldest first; strictly: equal to the due one is on time."""
        return self.filter(next_alert_at__lt=at).order_by("next_alert_at", "id")


def of_teams(teams: Iterable[int]) -> Q:
    """Alerts of those teams: of their patients, or of what is not a patient's yet."""
    known = list(teams)
    return Q(pathway__team__in=known) | Q(team__in=known)


class StandInQuerySet(models.QuerySet["StandIn"]):
    def on(self, day: date) -> Self:
        """Those that hold on ``day``."""
        return self.filter(first_on__lte=day, last_on__gte=day)


def stand_ins_on(day: date | None = None, through: str = "") -> Prefetch:
    """What `Pathway.acting_for` reads, of pathways reached by ``through`` ("pathway__") from the rows asked for."""
    from pathways.models import StandIn

    rows = StandIn.objects.on(day or timezone.localdate()).select_related("acting__professional")
    return Prefetch(f"{through}stand_ins", rows, to_attr="standing_in")


def in_charge(user: User, day: date | None = None) -> Q:
    """Pathways that ``user`` looks after on ``day`` (today): their own while they are there, and those of the people
    they stand in for. Whose they are does not change (`pathways.models.StandIn`)."""
    from pathways.models import StandIn

    holding = StandIn.objects.on(day or timezone.localdate())
    away = holding.filter(replaced=user).values("pathway")
    for_others = holding.filter(acting=user, replaced=F("pathway__owner")).values("pathway")
    return (Q(owner=user) & ~Q(pk__in=away)) | Q(pk__in=for_others)


def asked_of(user: User, person: str, day: date | None = None) -> Q:
    """What is asked of ``user`` on ``day`` (today) among rows about a pathway: ``person`` names their column of the one
    it was asked of."""
    from pathways.models import StandIn

    holding = StandIn.objects.on(day or timezone.localdate()).filter(pathway=OuterRef("pathway"))
    for_another = Exists(holding.filter(acting=user, replaced=OuterRef(person)))
    return (Q(**{person: user}) & ~Exists(holding.filter(replaced=user))) | for_another


def addressed(user: User) -> Q:
    """Alerts that ask ``user`` something: theirs at any level, then their team's, then those of the team they head,
    then the harm reviews of its physicians. A team without a head is headed by its physicians. What is asked of
    someone away is asked of who stands in for them."""
    desk = user.teams_as(Role.COORDINATOR, Role.SECRETARY)
    practised = user.teams_as(Role.PHYSICIAN)
    asked = (Q(step__assignee__isnull=False) & asked_of(user, "step__assignee")) | (
        Q(step__assignee__isnull=True) & asked_of(user, "pathway__owner")
    )
    # Every page of the menu writes this condition: what the person's roles leave out is not written.
    if desk:
        unowned = Q(step__assignee__isnull=True, pathway__owner__isnull=True)
        asked |= unowned & of_teams(user.teams_as(Role.COORDINATOR) or desk)
        asked |= Q(level__gte=Level.TEAM.rank) & of_teams(desk)
    if user.headed_teams:
        asked |= Q(level__gte=Level.HEAD.rank) & of_teams(user.headed_teams)
    if practised:
        headed = Membership.objects.current().filter(is_head=True, team__in=practised).values("team")
        headless = (Q(pathway__team__in=practised) & ~Q(pathway__team__in=headed)) | (
            Q(team__in=practised) & ~Q(team__in=headed)
        )
        asked |= Q(level__gte=Level.HEAD.rank) & headless
        asked |= Q(level__gte=Level.HARM.rank) & of_teams(practised)
    return asked


class AlertQuerySet(models.QuerySet["Alert"]):
    def visible_to(self, user: User) -> Self:
        teams = user.teams_as(*READS_TEAM)
        return self.filter(visible_pathways(user, "pathway__") | Q(team__in=teams))

    def addressed_to(self, user: User) -> Self:
        """Open alerts that ask this person something, among those they may read."""
        return self.open().visible_to(user).filter(addressed(user))

    def open(self) -> Self:
        return self.filter(closed_at__isnull=True)

    def unacknowledged(self) -> Self:
        return self.open().filter(acknowledged_at__isnull=True)


def alerts_waiting_for(user: User, at: datetime) -> AlertQuerySet:
    """The figure beside the menu's entry, and that of the first tab of the page it opens."""
    from pathways.models import Alert

    return Alert.objects.addressed_to(user).unacknowledged()


class DocumentQuerySet(models.QuerySet["Document"]):
    def visible_to(self, user: User) -> Self:
        return self.filter(visible_pathways(user, "pathway__"))

    def latest_ready(self, kind: str) -> Document | None:
        return self.filter(kind=kind, status="ready").order_by("-version").first()

    def unfinished(self) -> Self:
        return self.filter(status__in=["pending", "running"])


def has_open_alert(kind: str) -> Exists:
    """Exists() for a pathway queryset: an open alert of ``kind``."""
    from pathways.models import Alert

    return Exists(Alert.objects.open().filter(pathway=OuterRef("pk"), kind=kind))
