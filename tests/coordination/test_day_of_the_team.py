"""What is to be done today is due on the day of the team, whoever makes the task: the worker, whose clock is that of
Paris, a laboratory or a platform elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.utils import timezone

from coordination import services
from coordination.models import Cover, Task
from directory.models import Role, Team
from pathways.models import Pathway
from tests.coordination.factories import Desk, exam
from tests.coordination.laboratories import Lab
from tests.factories import EstablishmentFactory, TeamFactory, UserFactory

pytestmark = pytest.mark.django_db

TODAY = date(2026, 11, 24)
PLACES = [
    ("Europe/Paris", "FR", 14),
    ("Pacific/Tahiti", "FR-987", 14),  # tomorrow already in Paris
    ("America/Guadeloupe", "FR-971", 20),
    ("Pacific/Noumea", "FR-988", 8),  # still yesterday in Paris
    ("Indian/Reunion", "FR-974", 1),
]


@pytest.fixture(params=PLACES, ids=lambda place: place[0])
def team(request: pytest.FixtureRequest) -> Iterator[Team]:
    zone, holidays, hour = request.param
    with time_machine.travel(datetime(TODAY.year, TODAY.month, TODAY.day, hour, 30, tzinfo=ZoneInfo(zone))):
        place = EstablishmentFactory(time_zone=zone, holiday_zone=holidays)
        yield TeamFactory(establishment=place, email="parcours@hopital.invalid")


def due(pathway: Pathway, title: str) -> date | None:
    return Task.objects.open().get(pathway=pathway, title__startswith=title).due_on


def test_a_place_offered_and_a_wait_in_vain(team: Team) -> None:
    desk = Desk(team=team)
    booking = desk.booking(desk.slot(in_days=8))
    waiting = desk.pathway()
    services.join_waiting(pathway=waiting, exam_type=exam(), user=desk.coordinator)
    services.cancel_booking(booking=booking, user=desk.coordinator, reason="Indisponible")
    services.offer_freed_places(now=timezone.now())
    assert due(waiting, "Une place se libère") == TODAY
    services.join_waiting(pathway=waiting, exam_type=exam("irm"), user=desk.coordinator)
    services.watch_waits(now=timezone.now())
    assert due(waiting, "Plus aucun créneau gardé") == TODAY
    assert "depuis le mar.\u00a024\u00a0nov." in Task.objects.get(title__startswith="Plus aucun").note


def test_a_sample_that_cannot_be_read(team: Team) -> None:
    lab = Lab(team=team)
    asked = lab.ask()
    with timezone.override("Europe/Paris"):
        lab.say(lab.share(asked, lab.molecular), "noncontributive")
    assert due(asked.pathway, "Nouveau prélèvement") == TODAY


def test_an_exam_refused_by_a_platform_elsewhere(team: Team) -> None:
    desk = Desk(team=team)
    request = services.ask_exam(
        pathway=desk.pathway(), exam_type=exam("irm"), addressed_to=TeamFactory(kind="platform"), user=desk.coordinator
    )
    services.refuse_request(request=request, reason="Appareil en panne", user=None)
    assert due(request.pathway, "Demande refusée") == TODAY


def test_an_absence_ends_with_its_last_day_where_the_person_works(team: Team) -> None:
    desk, colleague = Desk(team=team), UserFactory(role=Role.COORDINATOR, team=team)
    desk.pathway()
    with timezone.override(ZoneInfo(team.establishment.time_zone)):
        cover = services.hand_over(
            absent=desk.coordinator, stand_in=colleague, starts_on=TODAY, ends_on=TODAY, author=desk.coordinator
        )
    services.settle_covers(now=timezone.now())
    cover.refresh_from_db()
    assert (cover.told_at is not None, cover.returned_at) == (True, None)
    with time_machine.travel(timezone.now() + timedelta(days=1)):
        services.settle_covers(now=timezone.now())
    assert Cover.objects.get().returned_at is not None
