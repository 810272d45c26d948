"""Reads of the meeting room."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Self

from django.contrib.postgres.expressions import ArraySubquery
from django.db import models
from django.db.models import Case, Count, Exists, OuterRef, Prefetch, Q, Subquery, Value, When
from django.db.models.functions import Coalesce
from django.utils import timezone

from directory.models import Role
from pathways.querysets import visible_pathways

if TYPE_CHECKING:
    from directory.models import User
    from pathways.models import Appointment, Milestone, Pathway
    from rcp.models import Decision, FollowUpAction, RcpCase, RcpSeries, RcpSession  # noqa: F401 (in the bases below)

RUNS_MEETING = (Role.COORDINATOR, Role.SECRETARY, Role.PHYSICIAN)

# What the readiness and « after treatment » rules read of the ledger: nothing else is fetched for an agenda.
AGENDA_KINDS = (
    "referral_received", "imaging_upstream", "exam_done", "biopsy_taken", "lab_requested", "sample_sent",
    "lab_intermediate", "lab_final", "rcp_held", "announcement", "treatment_started",
)  # fmt: skip


SOON_DAYS = 2
"""How near a meeting is for its files to be counted on the worklist."""

IMAGING = "Imagerie"
"""`ExamType.modality` of the exams whose images a meeting looks at."""


def agenda_facts() -> models.QuerySet[Milestone]:
    """Milestones in force that an agenda reads, with ``is_image``."""
    from pathways.models import Milestone

    facts = Milestone.objects.in_force().filter(kind__in=AGENDA_KINDS)
    return facts.annotate(
        is_image=Case(
            When(kind="imaging_upstream", then=Value(True)),
            When(kind="exam_done", detail="", then=Value(True)),  # an exam typed without saying which
            When(Q(kind="exam_done") & _is_imaging("detail"), then=Value(True)),
            default=Value(False),
        )
    )


def planned_appointments() -> models.QuerySet[Appointment]:
    """Appointments that did not take place yet, with ``is_image``."""
    from pathways.models import Appointment

    return Appointment.objects.filter(status="planned").annotate(
        is_image=Case(When(_is_imaging("exam_code"), then=Value(True)), default=Value(False))
    )


def _is_imaging(code_field: str) -> Exists:
    from coordination.models import ExamType

    return Exists(ExamType.objects.filter(code=OuterRef(code_field), modality=IMAGING))


def discussed_soon(at: datetime, today: date) -> Q:
    """For the worklist: pathways on the agenda of a meeting that is not over and begins within `SOON_DAYS` days."""
    from rcp.models import RcpCase

    until = timezone.make_aware(datetime.combine(today + timedelta(days=SOON_DAYS + 1), time()))
    cases = RcpCase.objects.standing().filter(session__ends_at__gt=at, session__starts_at__lt=until)
    return Q(pk__in=cases.values("pathway_id"))


def visible_series(user: User, prefix: str = "") -> Q:
    """Series of the user's teams, those that serve their teams' pathways' targets, and those they are a member of."""
    teams = user.teams_as(*RUNS_MEETING)
    allowed = Q(**{f"{prefix}team__in": teams}) | Q(**{f"{prefix}targets__team__in": teams})
    if user.professional_id:
        allowed |= Q(**{f"{prefix}members": user.professional_id})
    return allowed


class RcpSeriesQuerySet(models.QuerySet["RcpSeries"]):
    def visible_to(self, user: User) -> Self:
        return self.filter(pk__in=self.model.objects.filter(visible_series(user)).values("pk"))

    def counted_for(self, user: User) -> Self:
        """Series of the establishments whose quality the user follows: counts only, never a patient (RCP-23)."""
        return self.filter(team__establishment__in=user.establishments_as(Role.QUALITY))

    def running(self, day: date) -> Self:
        return self.filter(Q(valid_until__isnull=True) | Q(valid_until__gte=day))

    def for_pathway(self, pathway: Pathway) -> Self:
        """Series whose meetings take patients of this target pathway."""
        return self.filter(targets=pathway.version.target_id)


class RcpSessionQuerySet(models.QuerySet["RcpSession"]):
    def visible_to(self, user: User) -> Self:
        from rcp.models import RcpSeries

        return self.filter(series__in=RcpSeries.objects.visible_to(user).values("pk"))

    def counted_for(self, user: User) -> Self:
        from rcp.models import RcpSeries

        return self.filter(series__in=RcpSeries.objects.counted_for(user).values("pk"))

    def open_to_registration(self, at: datetime) -> Self:
        return self.filter(status="planned", registration_closes_at__gt=at)

    def not_held(self, at: datetime) -> Self:
        """Planned or running, and not over: a late file may still join."""
        return self.filter(status__in=["planned", "running"], ends_at__gt=at)

    def upcoming(self, at: datetime) -> Self:
        return self.filter(ends_at__gte=at).exclude(status="cancelled")

    def with_case_total(self) -> Self:
        """Annotates ``all_cases``: how many files, those the user does not read included."""
        from rcp.models import RcpCase

        cases = RcpCase.objects.filter(session=OuterRef("pk")).order_by().values("session")
        return self.annotate(all_cases=Coalesce(Subquery(cases.annotate(n=Count("pk")).values("n")), 0))

    def with_list_data(self) -> Self:
        """Everything a row of the list shows, counts included (one query; one-to-one joins only, nothing doubles)."""
        discussed = Q(cases__stream="discussed", cases__decision__isnull=False)
        return self.select_related("series__team__establishment").annotate(
            case_count=Count("cases", filter=~Q(cases__status__in=["withdrawn", "postponed"])),
            decided_count=Count("cases", filter=Q(cases__decision__isnull=False)),
            waiting_count=Count("cases", filter=Q(cases__status="registered")),
            discussed_count=Count("cases", filter=discussed),
            recorded_count=Count("cases", filter=Q(cases__stream="recorded", cases__decision__isnull=False)),
            quorum_count=Count("cases", filter=discussed & Q(cases__decision__quorum="reached")),
            quorum_unknown_count=Count("cases", filter=discussed & Q(cases__decision__quorum="unknown")),
            complete_count=Count("cases", filter=Q(cases__decision__isnull=False, cases__complete=True)),
            after_count=Count("cases", filter=Q(cases__decision__isnull=False, cases__after_treatment=True)),
            represent_count=Count("cases", filter=Q(cases__status="to_represent")),
            postponed_count=Count("cases", filter=Q(cases__status="postponed")),
            sent_count=Count("cases", filter=Q(cases__decision__sent_at__isnull=False)),
        )


class RcpCaseQuerySet(models.QuerySet["RcpCase"]):
    def visible_to(self, user: User) -> Self:
        """Cases of the meetings the user's team organises, and those of pathways they read.

        A member of the meeting reads through the circle of care, which ends some weeks after the session.
        """
        organised = Q(session__series__team__in=user.teams_as(*RUNS_MEETING))
        return self.filter(organised | visible_pathways(user, "pathway__"))

    def on_agenda(self) -> Self:
        """Those discussed or to be: files postponed or withdrawn are shown apart."""
        return self.exclude(status__in=["withdrawn", "postponed"]).order_by("position", "id")

    def off_agenda(self) -> Self:
        return self.filter(status__in=["withdrawn", "postponed"]).order_by("position", "id")

    def standing(self) -> Self:
        """Registered, and the session neither over nor cancelled."""
        return self.filter(status="registered", session__status__in=["planned", "running"])

    def with_agenda_data(self) -> Self:
        """Everything the agenda shows and its rules read, in a fixed number of queries whatever the cases."""
        absences = self.model.absent.through.objects.filter(rcpcase=OuterRef("pk")).values("attendance_id")
        return (
            self.select_related(
                "pathway__patient__gp",
                "pathway__version__target",
                "pathway__team__establishment",
                "presenter",
                "previous",
                "decision__decided_by__professional",
                "session__series__team__establishment",
            )
            .annotate(absent_ids=ArraySubquery(absences))
            .prefetch_related(
                Prefetch("pathway__milestones", agenda_facts(), to_attr="agenda_facts"),
                Prefetch("pathway__appointments", planned_appointments(), to_attr="planned_appointments"),
            )
        )


class DecisionQuerySet(models.QuerySet["Decision"]):
    def visible_to(self, user: User) -> Self:
        from rcp.models import RcpCase

        return self.filter(case__in=RcpCase.objects.visible_to(user).values("pk"))

    def firm(self) -> Self:
        """Opinions that stand: a provisional one is presented again."""
        return self.filter(case__status="decided")

    def unsent(self) -> Self:
        return self.firm().filter(sent_at__isnull=True)


class FollowUpActionQuerySet(models.QuerySet["FollowUpAction"]):
    def visible_to(self, user: User) -> Self:
        """Actions of pathways the user reads, and of the meetings their team organises."""
        organised = Q(decision__case__session__series__team__in=user.teams_as(*RUNS_MEETING))
        return self.filter(organised | visible_pathways(user, "decision__case__pathway__"))

    def open(self) -> Self:
        return self.filter(status="open")

    def overdue(self, day: date) -> Self:
        return self.open().filter(due_on__lt=day)

    def with_list_data(self) -> Self:
        return self.select_related(
            "decision__case__session__series",
            "decision__case__pathway__patient",
            "decision__case__pathway__version__target",
            "task__team",
            "task__owner__professional",
            "closed_by__professional",
            "milestone",
        )
