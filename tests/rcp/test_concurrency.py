"""Real parallel connections: one opinion per case, one registration per session, no deadlock between the two."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from directory.errors import DomainError
from pathways.models import Milestone
from rcp import services
from rcp.models import Attendance, Decision, FollowUpAction, RcpCase
from rcp.services import NewAction
from tests.rcp.factories import MeetingFactory, PhysicianUserFactory, SessionFactory

pytestmark = [pytest.mark.concurrency, pytest.mark.django_db(transaction=True)]


def at_once(*acts: Callable[[], Any]) -> list[Any]:
    """Runs each act on its own connection, all released together; a refusal is returned as its message."""
    barrier = Barrier(len(acts))

    def run(act: Callable[[], Any]) -> Any:
        barrier.wait(timeout=30)
        try:
            return act()
        except DomainError as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as pool:
        return [each.result(timeout=60) for each in [pool.submit(run, act) for act in acts]]


def refusals(results: list[Any]) -> list[DomainError]:
    return [each for each in results if isinstance(each, DomainError)]


def test_two_physicians_decide_the_same_case_and_one_wins() -> None:
    meeting = MeetingFactory()
    meeting.fill_the_room()
    case = meeting.register()
    others = [PhysicianUserFactory(meeting.team, "SM24") for _ in range(5)]
    action = NewAction("Chambre", timezone.localdate())

    def decide(author: Any) -> Any:
        return services.decide(case=case, author=author, proposal=f"Avis de {author}", actions=[action])

    results = at_once(*[lambda author=author: decide(author) for author in (meeting.physician, *others)])
    winner = Decision.objects.get()
    assert len(refusals(results)) == 5
    for refused in refusals(results):
        assert refused.code == "already_decided"
        assert str(winner.decided_by) in refused.message
    assert FollowUpAction.objects.count() == 1
    assert Milestone.objects.filter(pathway=case.pathway, kind="rcp_held").count() == 1


def test_many_registrations_of_one_patient_make_one_case() -> None:
    meeting = MeetingFactory(today=False)
    later = SessionFactory(meeting.series, meeting.session.starts_at + timedelta(days=7))
    pathway = meeting.pathway()

    def register(session: Any) -> Any:
        return services.register_case(session=session, pathway=pathway, question="?", author=meeting.coordinator)

    results = at_once(*[lambda s=s: register(s) for s in (meeting.session, later, meeting.session, later)])
    assert RcpCase.objects.count() == 1
    assert len(refusals(results)) == 3
    assert Milestone.objects.filter(pathway=pathway, kind="rcp_registered").count() == 1


def test_registrations_of_many_patients_get_distinct_places() -> None:
    meeting = MeetingFactory(today=False)
    pathways = [meeting.pathway() for _ in range(8)]

    def register(pathway: Any) -> Any:
        return services.register_case(
            session=meeting.session, pathway=pathway, question="?", author=meeting.coordinator
        )

    results = at_once(*[lambda p=p: register(p) for p in pathways])
    assert not refusals(results)
    assert sorted(RcpCase.objects.values_list("position", flat=True)) == list(range(1, 9))


def test_a_meeting_in_full_swing_does_not_lock_itself_up() -> None:
    """Opinions without quorum (which register at the next session), arrivals, registrations and orders at once."""
    meeting = MeetingFactory()
    following = SessionFactory(meeting.series)
    meeting.fill_the_room(without="SM37")
    cases = [meeting.register() for _ in range(4)]
    newcomer, extra = meeting.members[2], meeting.pathway()
    results = at_once(
        *[lambda c=c: services.decide(case=c, author=meeting.physician, proposal="x") for c in cases],
        lambda: services.attend(session=meeting.session, professional=newcomer),
        lambda: services.register_case(session=following, pathway=extra, question="?", author=meeting.coordinator),
        lambda: services.move_case(case=cases[3], up=True),
        lambda: services.open_sessions(now=timezone.now()),
    )
    # An opinion may or may not have seen the newcomer; the job may or may not have opened an earlier session.
    assert not refusals(results)
    assert Decision.objects.count() == 4
    assert Attendance.objects.filter(professional=newcomer).count() == 1
    assert RcpCase.objects.filter(previous__isnull=False).count() == Decision.objects.filter(quorum="missed").count()


def test_the_same_arrival_twice_is_one_presence() -> None:
    meeting = MeetingFactory()
    meeting.register()
    person = meeting.members[0]
    results = at_once(*[lambda: services.attend(session=meeting.session, professional=person)] * 4)
    assert not refusals(results)
    assert Attendance.objects.count() == 1


def test_the_night_job_twice_opens_each_session_once() -> None:
    meeting = MeetingFactory()
    at_once(*[lambda: services.open_sessions(now=timezone.now())] * 3)
    days = [timezone.localdate(each.starts_at) for each in meeting.series.sessions.all()]
    assert len(days) == len(set(days))
