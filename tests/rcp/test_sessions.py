from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from directory.errors import DomainError
from directory.models import ClosingDay
from rcp import services, tasks
from rcp.models import CaseStatus, RcpSession, SessionStatus
from tests.rcp.factories import MeetingFactory, SeriesFactory, SessionFactory

pytestmark = pytest.mark.django_db

PARIS = ZoneInfo("Europe/Paris")


def days(sessions: object) -> list[date]:
    return [session.starts_at.astimezone(PARIS).date() for session in sessions]  # type: ignore[attr-defined]


def test_opens_eight_weeks_without_holidays_at_the_right_hour() -> None:
    series = SeriesFactory()
    now = datetime(2026, 10, 1, 8, tzinfo=UTC)  # a Thursday; the hour changes on 25 October
    assert services.open_sessions(now=now) == 9
    sessions = list(series.sessions.order_by("starts_at"))
    assert [s.starts_at.astimezone(PARIS).hour for s in sessions] == [14] * 9
    assert sessions[0].starts_at == datetime(2026, 10, 1, 12, tzinfo=UTC)
    assert sessions[-1].starts_at == datetime(2026, 11, 26, 13, tzinfo=UTC)
    assert all(s.registration_closes_at == s.starts_at - timedelta(hours=24) for s in sessions)


def test_skips_ascension_and_the_closing_days_of_the_establishment() -> None:
    series = SeriesFactory()
    ClosingDay.objects.create(establishment=series.team.establishment, date=date(2026, 5, 7), label="Déménagement")
    services.open_sessions(now=datetime(2026, 5, 1, 8, tzinfo=UTC), weeks=3)
    assert days(series.sessions.order_by("starts_at")) == [date(2026, 5, 21)]


def test_doing_it_twice_changes_nothing_and_a_changed_hour_does_not_double_a_day() -> None:
    series = SeriesFactory()
    now = datetime(2026, 10, 1, 8, tzinfo=UTC)
    services.open_sessions(now=now)
    before = set(RcpSession.objects.values_list("pk", flat=True))
    assert services.open_sessions(now=now) == 0
    series.starts_at = series.starts_at.replace(hour=16)
    series.save()
    assert services.open_sessions(now=now) == 0
    assert set(RcpSession.objects.values_list("pk", flat=True)) == before


def test_a_cancelled_session_is_not_opened_again() -> None:
    series = SeriesFactory()
    now = datetime(2026, 10, 1, 8, tzinfo=UTC)
    services.open_sessions(now=now)
    series.sessions.filter(starts_at=datetime(2026, 10, 8, 12, tzinfo=UTC)).update(
        status=SessionStatus.CANCELLED, cancel_reason="Congrès"
    )
    assert services.open_sessions(now=now) == 0


def test_a_series_that_ended_opens_nothing() -> None:
    SeriesFactory(valid_until=date(2026, 2, 1))
    assert services.open_sessions(now=datetime(2026, 10, 1, tzinfo=UTC)) == 0


def test_the_night_job_opens_sessions() -> None:
    series = SeriesFactory(weekday=timezone.localdate().weekday())
    assert tasks.open_sessions() == series.sessions.count() > 0


def test_closing_names_the_files_that_wait_and_reports_the_others() -> None:
    meeting = MeetingFactory()
    decided, waiting, gone = meeting.register(), meeting.register(), meeting.register()
    meeting.fill_the_room()
    services.decide(case=decided, author=meeting.physician, proposal="Chirurgie")
    services.withdraw_case(case=gone, reason="Vu ailleurs", author=meeting.coordinator)
    with pytest.raises(DomainError, match=waiting.pathway.patient.display_name) as refused:
        services.close_session(session=meeting.session, author=meeting.coordinator)
    assert decided.pathway.patient.display_name not in refused.value.message
    services.postpone_case(case=waiting, reason="Imagerie absente", author=meeting.coordinator)
    report = services.close_session(session=meeting.session, author=meeting.coordinator)
    assert (report.discussed, report.quorum_reached, report.postponed, report.withdrawn) == (1, 1, 1, 1)
    assert report.incomplete == 1
    meeting.session.refresh_from_db()
    assert meeting.session.status == SessionStatus.CLOSED
    assert meeting.session.closed_by == meeting.coordinator
    with pytest.raises(DomainError, match="déjà close"):
        services.close_session(session=meeting.session, author=meeting.coordinator)


def test_a_session_is_not_closed_before_its_day() -> None:
    with pytest.raises(DomainError, match="ne peut pas encore être close"):
        services.close_session(session=SessionFactory(), author=None)


def test_cancelling_moves_the_files_to_the_next_session() -> None:
    meeting = MeetingFactory(today=False)
    case = meeting.register()
    with pytest.raises(DomainError, match="Aucune séance suivante"):
        services.cancel_session(session=meeting.session, reason="Congrès", author=meeting.coordinator)
    following = SessionFactory(meeting.series, meeting.session.starts_at + timedelta(days=7))
    session, moved = services.cancel_session(session=meeting.session, reason="Congrès", author=meeting.coordinator)
    assert (session.status, moved) == (SessionStatus.CANCELLED, 1)
    case.refresh_from_db()
    assert (case.status, case.postponed_reason) == (CaseStatus.POSTPONED, "Séance annulée : Congrès")
    carried = following.cases.get()
    assert (carried.pathway, carried.previous, carried.question) == (case.pathway, case, case.question)


def test_a_session_with_an_opinion_is_not_cancelled() -> None:
    meeting = MeetingFactory()
    services.decide(case=meeting.register(), author=meeting.physician, proposal="Chirurgie")
    with pytest.raises(DomainError, match="closez-la"):
        services.cancel_session(session=meeting.session, reason="Congrès", author=meeting.coordinator)


def test_cancelling_needs_a_reason() -> None:
    with pytest.raises(DomainError) as refused:
        services.cancel_session(session=SessionFactory(), reason=" ", author=None)
    assert refused.value.field == "reason"
