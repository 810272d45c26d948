"""Writes on sessions: opened ahead of time, cancelled with a reason, closed when every file has its answer."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import transaction
from django.utils import timezone

from directory.errors import DomainError
from directory.models import ClosingDay, User
from directory.typography import long_day
from pathways.models import Pathway
from pathways.services import calendar_of
from rcp.models import CaseStatus, CaseStream, QuorumOutcome, RcpCase, RcpSeries, RcpSession, SessionStatus
from rcp.readings import local_day, session_day
from rcp.rules.occurrences import WEEKS_AHEAD, Occurrence, Weekly, occurrences
from rcp.services.cases import lock_session, move_on, place_pending


def planned_dates(series: RcpSeries, since: date, until: date) -> list[Occurrence]:
    """The dates of a series between two days, holidays and closing days named (two queries)."""
    establishment = series.team.establishment
    closings = dict(ClosingDay.objects.filter(establishment=establishment).values_list("date", "label"))
    weekly = Weekly(
        weekday=series.weekday,
        starts_at=series.starts_at,
        duration_minutes=series.duration_minutes,
        closes_hours_before=series.closes_hours_before,
        valid_from=series.valid_from,
        valid_until=series.valid_until,
    )
    return occurrences(weekly, since, until, calendar_of(establishment), closings)


def open_sessions(*, now: datetime, weeks: int = WEEKS_AHEAD) -> int:
    """Creates the missing sessions of every running series up to ``weeks`` ahead; returns how many.

    Doing it twice changes nothing. Files waiting for a session to be presented again join the new ones.
    """
    created = 0
    for series in RcpSeries.objects.running(timezone.localdate(now)).order_by("pk"):
        created += _open_series(series=series, now=now, weeks=weeks)
    return created


@transaction.atomic
def _open_series(*, series: RcpSeries, now: datetime, weeks: int) -> int:
    locked = RcpSeries.objects.select_for_update(of=("self",), no_key=True).select_related("team__establishment")
    series = locked.get(pk=series.pk)
    today = timezone.localdate(now)
    known = {local_day(s, s.starts_at) for s in _with_series(series, series.sessions.filter(ends_at__gte=now))}
    missing = [
        RcpSession(series=series, **each.instants)
        for each in planned_dates(series, today, today + timedelta(weeks=weeks))
        if each.starts_at and each.starts_at > now and each.day not in known
    ]
    # A series whose hour was changed keeps the session already announced for that day.
    RcpSession.objects.bulk_create(missing)
    place_pending(series=series, now=now)
    return len(missing)


def _with_series(series: RcpSeries, sessions: Iterable[RcpSession]) -> Iterable[RcpSession]:
    for session in sessions:
        session.series = series
        yield session


@transaction.atomic
def cancel_session(*, session: RcpSession, reason: str, author: User | None) -> tuple[RcpSession, int]:
    """Cancels a session and moves its files to the next one; returns the session and how many files moved.

    Raises DomainError without a reason, once an opinion was given, or when no later session is open.
    """
    if not reason.strip():
        raise DomainError("Indiquez pourquoi la séance est annulée.", field="reason")
    expected = _lock_pathways(session)
    locked = lock_session(session)
    if locked.status in (SessionStatus.CLOSED, SessionStatus.CANCELLED):
        raise DomainError(f"Cette séance est déjà {locked.get_status_display().lower()}.")
    if locked.cases.filter(decision__isnull=False).exists():
        raise DomainError("Des avis ont été rendus à cette séance : closez-la au lieu de l’annuler.")
    locked.status, locked.cancel_reason = SessionStatus.CANCELLED, reason.strip()[:200]
    locked.save(update_fields=["status", "cancel_reason"])
    waiting = list(locked.cases.filter(status=CaseStatus.REGISTERED).order_by("position", "id"))
    if not {case.pathway_id for case in waiting} <= expected:
        raise DomainError("Un dossier vient d’être inscrit à cette séance : recommencez.", code="changed")
    for case in waiting:
        move_on(case=case, reason=f"Séance annulée : {locked.cancel_reason}"[:200], author=author)
    return locked, len(waiting)


@dataclass(frozen=True)
class SessionReport:
    """What a closed session did, in numbers of files."""

    discussed: int
    recorded: int
    quorum_reached: int
    quorum_unknown: int
    to_represent: int
    postponed: int
    withdrawn: int
    after_treatment: int
    incomplete: int


@transaction.atomic
def close_session(*, session: RcpSession, author: User | None) -> SessionReport:
    """Closes a session. Raises DomainError naming the files that still wait for an answer, or before its day."""
    locked = lock_session(session)
    now = timezone.now()
    if locked.status in (SessionStatus.CLOSED, SessionStatus.CANCELLED):
        raise DomainError(f"Cette séance est déjà {locked.get_status_display().lower()}.")
    if local_day(locked, now) < session_day(locked):
        raise DomainError(
            f"Cette séance aura lieu le {long_day(locked.starts_at)} : elle ne peut pas encore être close."
        )
    cases = list(locked.cases.select_related("pathway__patient", "decision"))
    waiting = [case for case in cases if case.status == CaseStatus.REGISTERED]
    if waiting:
        raise DomainError(_names(waiting), code="cases_waiting")
    locked.status, locked.closed_at, locked.closed_by = SessionStatus.CLOSED, now, author
    locked.save(update_fields=["status", "closed_at", "closed_by"])
    return report(cases)


def report(cases: Sequence[RcpCase]) -> SessionReport:
    """The numbers of a session, from its cases (with ``decision``)."""
    decided = [case for case in cases if case.status in (CaseStatus.DECIDED, CaseStatus.TO_REPRESENT)]
    discussed = [case for case in decided if case.stream == CaseStream.DISCUSSED]
    return SessionReport(
        discussed=len(discussed),
        recorded=len(decided) - len(discussed),
        quorum_reached=sum(case.decision.quorum == QuorumOutcome.REACHED for case in discussed),
        quorum_unknown=sum(case.decision.quorum == QuorumOutcome.UNKNOWN for case in discussed),
        to_represent=sum(case.status == CaseStatus.TO_REPRESENT for case in decided),
        postponed=sum(case.status == CaseStatus.POSTPONED for case in cases),
        withdrawn=sum(case.status == CaseStatus.WITHDRAWN for case in cases),
        after_treatment=sum(case.after_treatment for case in decided),
        incomplete=sum(case.complete is False for case in decided),
    )


def _lock_pathways(session: RcpSession) -> set[int]:
    """Locks the pathways expected at a session, lowest first, before the session itself; returns their ids."""
    waiting = session.cases.filter(status=CaseStatus.REGISTERED).values("pathway_id")
    rows = Pathway.objects.select_for_update(of=("self",), no_key=True).filter(pk__in=waiting).order_by("pk")
    return set(rows.values_list("pk", flat=True))


def _names(waiting: Sequence[RcpCase]) -> str:
    names = ", ".join(str(case.pathway.patient) for case in waiting)
    if len(waiting) == 1:
        return f"Un dossier attend encore son avis, son report ou son retrait : {names}."
    return f"{len(waiting)} dossiers attendent encore leur avis, leur report ou leur retrait : {names}."
