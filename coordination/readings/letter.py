"""What a GP reads behind the link of a notice: what happened, where the patient is, what comes, whom to call (GPN-04).

Read when it is opened, so that it is true on that day. Laboratory results are never in it: they reach the GP by their
own way, and the patient through a clinician first.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from coordination.models import Notice
from coordination.services.notice_post import told_at
from coordination.services.wordings import APPOINTMENTS, RECTIFICATION, wordings
from pathways.models import Appointment, AppointmentStatus, BoardOpinion, Milestone, Pathway, Step, StepState
from pathways.rules.milestones import MilestoneKind as Kind

TOLD = (
    Kind.FIRST_CARE, Kind.ADMISSION, Kind.EXAM_DONE, Kind.BIOPSY_TAKEN, Kind.RCP_REGISTERED, Kind.RCP_HELD,
    Kind.RCP_DECISION_SENT, Kind.ANNOUNCEMENT, Kind.PPS_GIVEN, Kind.TREATMENT_STARTED, Kind.TREATMENT_ENDED,
    Kind.DISCHARGE, Kind.READMISSION, Kind.TRANSFER, Kind.PPAC_GIVEN, Kind.NO_CANCER, Kind.DEATH,
)  # fmt: skip
"""What a letter lists among what was done."""
MOST_FACTS, MOST_STEPS, MOST_VISITS = 10, 3, 6


@dataclass(frozen=True)
class Done:
    """One thing that happened, in words."""

    at: datetime
    label: str
    note: str = ""


@dataclass(frozen=True)
class Letter:
    """Everything the page shows besides the patient's identity."""

    title: str
    at: datetime | None
    words: str
    done: list[Done]
    visits: list[Appointment]
    steps: list[Step]
    opinion: BoardOpinion | None
    active: bool


def letter_of(notice: Notice, now: datetime) -> Letter:
    """The letter of a notice as it stands at ``now``, in a fixed number of queries."""
    pathway, usual = notice.pathway, wordings().get(notice.kind)
    visits = _visits(pathway, now) if pathway.is_active else []
    return Letter(
        title=usual.title if usual else "information",
        at=None if notice.kind in (APPOINTMENTS, RECTIFICATION) else told_at(notice),
        words=notice.words or (usual.more or usual.text if usual else ""),
        done=_done(pathway),
        visits=visits,
        steps=_steps(pathway, visits) if pathway.is_active else [],
        opinion=_opinion(pathway) if notice.kind == Kind.RCP_DECISION_SENT else None,
        active=pathway.is_active,
    )


def _done(pathway: Pathway) -> list[Done]:
    """The latest facts, oldest first. Notes are the staff's own; only that of a registration, written by Jalon, is the
    date of the meeting."""
    exams = pathway.version.content.details
    facts = Milestone.objects.in_force().filter(pathway=pathway, kind__in=TOLD).order_by("-occurred_at", "-id")
    return [
        Done(
            at=fact.occurred_at,
            label=f"{Kind(fact.kind).label} : {exams[fact.detail]}" if fact.detail in exams else Kind(fact.kind).label,
            note=fact.note if fact.kind == Kind.RCP_REGISTERED and fact.source == "automatic" else "",
        )
        for fact in reversed(facts[:MOST_FACTS])
    ]


def _visits(pathway: Pathway, now: datetime) -> list[Appointment]:
    coming = pathway.appointments.filter(status=AppointmentStatus.PLANNED, ends_at__gte=now)
    return list(coming.order_by("starts_at", "id")[:MOST_VISITS])


def _steps(pathway: Pathway, visits: list[Appointment]) -> list[Step]:
    """What is expected next, soonest first, and is not one of the appointments."""
    open_ = pathway.steps.filter(state=StepState.OPEN, optional=False, due_at__isnull=False)
    open_ = open_.exclude(exam_type__in=[visit.exam_code for visit in visits if visit.exam_code])
    return list(open_.order_by("due_at", "order")[:MOST_STEPS])


def _opinion(pathway: Pathway) -> BoardOpinion | None:
    """The latest opinion that stands: one given without quorum is provisional (RCP-02)."""
    return pathway.opinions.exclude(quorum_reached=False).order_by("-held_on", "-id").first()
