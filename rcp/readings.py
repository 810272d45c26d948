"""From rows to rules: the arguments of the pure rules, read from fetched objects without a further query."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from directory.typography import age
from pathways.models import Appointment, Milestone
from rcp.models import Attendance, RcpCase, RcpSeries, RcpSession
from rcp.rules.cases import presented_after_treatment
from rcp.rules.quorum import Participant, Quorum, QuorumRule, quorum, read_required
from rcp.rules.readiness import CaseFacts, DatedFact, Planned, Readiness, readiness


def local_day(session: RcpSession, instant: datetime) -> date:
    """The day of ``instant`` where the session is held. Needs ``series__team__establishment``."""
    return instant.astimezone(ZoneInfo(session.series.team.establishment.time_zone)).date()


def session_day(session: RcpSession) -> date:
    """The day the session is held, on its own wall clock."""
    return local_day(session, session.starts_at)


def quorum_rule(series: RcpSeries) -> QuorumRule:
    """What the series demands."""
    return QuorumRule(series.min_specialties, read_required(series.required_specialties))


def participants(attendances: Iterable[Attendance]) -> list[Participant]:
    """Attendances as the quorum counts them."""
    return [Participant(a.pk, a.specialty_code, a.is_physician) for a in attendances]


def quorum_of_case(case: RcpCase, attendances: Sequence[Attendance], absent: Iterable[int] | None = None) -> Quorum:
    """The quorum for one case: the session's attendances without ``absent`` (read from the case when not given)."""
    away = set(case.absent.values_list("pk", flat=True) if absent is None else absent)
    return quorum(participants(attendances), quorum_rule(case.session.series), away)


def quorum_of_session(session: RcpSession, attendances: Sequence[Attendance]) -> Quorum:
    """The quorum of a case nobody left the room for."""
    return quorum(participants(attendances), quorum_rule(session.series))


def readiness_of_case(case: RcpCase, facts: Sequence[Milestone], planned: Sequence[Appointment]) -> Readiness:
    """The readiness list of one case, from `querysets.agenda_facts` and `planned_appointments` of its pathway."""
    patient = case.pathway.patient
    return readiness(
        CaseFacts(
            session_at=case.session.starts_at,
            question=case.question,
            has_presenter=case.presenter_id is not None,
            histology=case.histology,
            stage=case.stage,
            who_status=case.who_status,
            imaging=case.imaging,
            has_gp=True if patient.gp_id else (False if case.no_gp else None),
            age=age(patient.birth_date, session_day(case.session)),
            has_g8=case.g8_score is not None,
            facts=[DatedFact(m.kind, m.occurred_at, m.is_image) for m in facts],  # type: ignore[attr-defined]
            planned=[Planned(a.label, a.starts_at, a.is_image) for a in planned],  # type: ignore[attr-defined]
        )
    )


def is_after_treatment(case: RcpCase, facts: Sequence[Milestone]) -> bool:
    """Whether the case comes after the start of treatment, from milestones in force."""
    started = [m.occurred_at for m in facts if m.kind == "treatment_started"]
    held = [m.occurred_at for m in facts if m.kind == "rcp_held" and m.occurred_at < case.session.starts_at]
    return presented_after_treatment(min(started, default=None), case.session.starts_at, held)
