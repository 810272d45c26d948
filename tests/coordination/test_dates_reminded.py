"""The date of a platform that the patient was told of is reminded as a booking is: two days before, once, in neutral
words, and not at all when it changes or the request ends (SLT-06, S06)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.utils import timezone

from coordination import services, tasks
from coordination.models import ExamRequest
from directory import services as directory
from directory.models import OutboxMessage
from pathways import services as pathways
from pathways.models import Pathway
from tests.coordination.factories import Desk, exam
from tests.factories import EstablishmentFactory

pytestmark = pytest.mark.django_db

PARIS = ZoneInfo("Europe/Paris")
EMAIL = "patient@courriel.invalid"
FRIDAY = datetime(2026, 11, 27, 14, tzinfo=PARIS)
WEDNESDAY = datetime(2026, 11, 25, 11, tzinfo=PARIS)
"""An hour after its reminder leaves."""


@pytest.fixture
def pathway(desk: Desk) -> Pathway:
    """Someone who agreed to mails."""
    pathway = desk.pathway(email=EMAIL, birth_name="Cartier")
    services.agree_to_mails(patient=pathway.patient, user=desk.coordinator)
    return pathway


def given(desk: Desk, pathway: Pathway, at: datetime = FRIDAY) -> ExamRequest:
    request = services.ask_exam(
        pathway=pathway, exam_type=exam("tep_scanner"), addressed_to=desk.platform, user=desk.coordinator
    )
    return services.propose_date(request=request, starts_at=at, place="Salle 7", user=desk.technician)


def confirmed(desk: Desk, pathway: Pathway, at: datetime = FRIDAY) -> ExamRequest:
    return services.confirm_date(request=given(desk, pathway, at), how="phone", user=desk.coordinator)


def mails(kind: str = "reminder") -> list[OutboxMessage]:
    return list(OutboxMessage.objects.filter(kind=f"patient_{kind}").order_by("pk"))


def remind(at: datetime = WEDNESDAY) -> int:
    with time_machine.travel(at):
        return tasks.remind_patients()


def test_it_leaves_at_a_decent_hour_of_the_platform(desk: Desk, pathway: Pathway) -> None:
    away = EstablishmentFactory(time_zone="Indian/Reunion")
    desk.platform.establishment = away
    desk.platform.save()
    confirmed(desk, pathway)
    assert remind(datetime(2026, 11, 25, 6, 30, tzinfo=PARIS)) == 0, "half past nine there"
    assert remind(datetime(2026, 11, 25, 7, 5, tzinfo=PARIS)) == 1
    assert "à 17 h" in mails()[0].body


@pytest.mark.parametrize("who", ["not told", "told since", "never agreed"])
def test_who_is_not_reminded(desk: Desk, pathway: Pathway, who: str) -> None:
    if who == "never agreed":
        confirmed(desk, desk.pathway(email="autre@courriel.invalid"))
    elif who == "not told":
        given(desk, pathway)
    else:
        request = given(desk, pathway)
        with time_machine.travel(WEDNESDAY):
            services.confirm_date(request=request, how="phone", user=desk.coordinator)
    assert remind(WEDNESDAY + timedelta(minutes=30)) == 0


ENDS = ["moved", "taken back", "declined", "refused", "withdrawn", "died", "closed", "agreement", "address"]


@pytest.mark.parametrize("sent", ["before", "waiting"])
@pytest.mark.parametrize("why", ENDS)
def test_a_date_that_stands_no_more_is_not_reminded(desk: Desk, pathway: Pathway, why: str, sent: str) -> None:
    """Neither before its reminder is written, nor while it waits to leave."""
    request, desk_, there = confirmed(desk, pathway), desk.coordinator, desk.technician
    acts: dict[str, Callable[[], object]] = {
        "moved": lambda: services.propose_date(request=request, starts_at=FRIDAY + timedelta(days=9), user=there),
        "taken back": lambda: services.take_back_date(request=request, reason="Panne", user=there),
        "declined": lambda: services.decline_date(request=request, reason="Travail", user=desk_),
        "refused": lambda: services.refuse_request(request=request, reason="Panne", user=there),
        "withdrawn": lambda: services.cancel_request(request=request, reason="Fait en ville", user=desk_),
        "died": lambda: pathways.record_milestone(pathway=pathway, kind="death", occurred_at=timezone.now()),
        "closed": lambda: pathways.close_pathway(pathway=pathway, reason="refused", author=None),
        "agreement": lambda: services.withdraw_mails(patient=pathway.patient, user=None),
        "address": lambda: pathways.update_patient(patient=pathway.patient, email="x@y.invalid"),
    }
    if sent == "waiting":
        assert remind() == 1
    with time_machine.travel(WEDNESDAY + timedelta(minutes=5)):
        acts[why]()
    if why == "address" and sent == "waiting":
        return  # what was written to the former address stays its own
    assert remind(WEDNESDAY + timedelta(minutes=15)) == 0
    assert mails() == []


def test_done_before_its_hour_it_is_not_reminded(desk: Desk, pathway: Pathway) -> None:
    confirmed(desk, pathway)
    assert remind() == 1
    with time_machine.travel(WEDNESDAY + timedelta(hours=1)):
        pathways.record_milestone(
            pathway=pathway, kind="exam_done", detail="tep_scanner", occurred_at=timezone.now() - timedelta(minutes=5)
        )
    assert mails() == []


def test_the_new_date_is_reminded_in_its_turn(desk: Desk, pathway: Pathway) -> None:
    request = confirmed(desk, pathway)
    assert remind() == 1
    with time_machine.travel(WEDNESDAY + timedelta(minutes=5)):
        directory.drain()
        services.propose_date(request=request, starts_at=FRIDAY + timedelta(days=7), user=desk.technician)
        services.confirm_date(request=request, how="phone", user=desk.coordinator)
    assert remind(WEDNESDAY + timedelta(days=7)) == 1
    assert [mail.body.count("4 décembre 2026") for mail in mails()] == [0, 1]


def test_the_same_date_elsewhere_keeps_its_reminder(desk: Desk, pathway: Pathway) -> None:
    request = confirmed(desk, pathway)
    assert remind() == 1
    with time_machine.travel(WEDNESDAY + timedelta(minutes=5)):
        services.propose_date(request=request, starts_at=FRIDAY, place="Salle 8", user=desk.technician)
    assert len(mails()) == 1
    assert remind(WEDNESDAY + timedelta(minutes=15)) == 0


def test_another_date_after_one_that_passed_is_written_when_confirmed(desk: Desk, pathway: Pathway) -> None:
    """The patient did not come: nothing was moved, the next date is news."""
    request = confirmed(desk, pathway)
    with time_machine.travel(FRIDAY + timedelta(days=1)):
        directory.drain()
        services.propose_date(request=request, starts_at=FRIDAY + timedelta(days=9), user=desk.technician)
        assert mails("moved") == []
        services.confirm_date(request=request, how="phone", user=desk.coordinator)
    assert [mail.body.count("dimanche 6 décembre") for mail in mails("booked")] == [0, 1]


def test_a_date_moved_is_written_once(desk: Desk, pathway: Pathway) -> None:
    request = confirmed(desk, pathway)
    directory.drain()
    services.propose_date(request=request, starts_at=FRIDAY + timedelta(days=7), user=desk.technician)
    directory.drain()
    services.confirm_date(request=request, how="phone", user=desk.coordinator)
    assert (len(mails("booked")), len(mails("moved"))) == (1, 1)
