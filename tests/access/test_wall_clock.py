"""Every page of the desk shows the hours of the establishment it speaks of: walked from the URL conf, so that a new
page cannot be forgotten. The server and the hospitals of the mainland are on the clock of Paris."""

from __future__ import annotations

import re
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from pathlib import Path
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.db import transaction
from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone

from coordination import services, tasks
from coordination.models import Slot, SlotChange, Task
from coordination.papers.sheet import sheet_html
from directory.models import Membership, OutboxMessage, Role, User
from directory.typography import NBSP, hour
from tests.access.cast import Cast
from tests.access.matrix import ROUTES
from tests.access.test_access import route_names
from tests.conftest import StrictClient
from tests.coordination.factories import Desk
from tests.factories import PathwayFactory, TeamFactory, UserFactory
from tests.rcp.factories import MeetingFactory

pytestmark = pytest.mark.django_db

BASE = Path(__file__).resolve().parents[2]
PARIS = ZoneInfo("Europe/Paris")
MONDAY = datetime(2026, 11, 23, 10, tzinfo=PARIS)
PAGES = sorted(name for name in set(route_names()) if name.startswith("coordination:"))
FIRST_ASKED = "/directory/querysets.py"
"""Where people work today, which tells on which clock their pages are: asked before it is known."""
ABOUT_NO_PATIENT = tuple(f"coordination:{each}" for each in ("brief", "cover", "paper", "convention", "policy"))
"""Papers and agreements of a desk: days on the clock of whoever reads them."""
SHOW_A_SLOT = {"book", "booking-move", "pathway-panel", "slot", "to-tell", "waiting"}


@dataclass
class Site:
    """A hospital overseas with one of everything, and the hours of its slots there and in Paris."""

    cast: Cast
    zone: ZoneInfo

    def wrong_hours(self) -> set[str]:
        """The hours of its slots as Paris would say them, less those that some slot has at the wall."""
        starts = list(Slot.objects.filter(platform=self.cast.platform).values_list("starts_at", flat=True))
        return {said(at, PARIS) for at in starts} - {said(at, self.zone) for at in starts}

    def refuse_wrong(self, words: str, where: str) -> None:
        for wrong in self.wrong_hours():
            found = re.search(rf".{{0,60}}(?<!\d){wrong}(?! \d)", words)
            assert found is None, f"{where}: {found and found.group(0)}"


def said(at: datetime, zone: ZoneInfo) -> str:
    with timezone.override(zone):
        return hour(at).replace(NBSP, " ")


def plain(response: HttpResponse) -> str:
    if not response.get("Content-Type", "").startswith("text/"):
        return ""
    return plain_text(response.content.decode())


def plain_text(html: str) -> str:
    return re.sub(r"<[^>]+>", " ", html.replace(NBSP, " "))


@pytest.fixture(params=["Indian/Reunion", "America/Martinique"])
def site(request: pytest.FixtureRequest) -> Iterator[Site]:
    with time_machine.travel(MONDAY):
        meeting = MeetingFactory()
        home = meeting.team.establishment
        home.time_zone = request.param
        home.save()
        yield Site(Cast(meeting).gather(), ZoneInfo(request.param))


def _is_ours(filename: str) -> bool:
    """The libraries of a clone lie under it."""
    return filename.startswith(f"{BASE}/") and "/site-packages/" not in filename


@pytest.fixture
def read_in(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The zones in which an hour or a day was read since it was last cleared, each with the line that did."""
    zones: dict[str, str] = {}
    real = timezone.localtime

    def localtime(value: datetime | None = None, timezone_: object = None) -> datetime:
        if timezone_ is None:
            line = next(each for each in traceback.extract_stack()[-2::-1] if _is_ours(each.filename))
            if not line.filename.endswith(FIRST_ASKED):
                zones[timezone.get_current_timezone_name()] = f"{line.filename}:{line.lineno}"
        return real(value, timezone_)  # type: ignore[arg-type]

    monkeypatch.setattr(timezone, "localtime", localtime)
    return zones


def ask(site: Site, name: str, user: User, *, follow: bool = True) -> HttpResponse:
    """One request, and the page it leads to, undone afterwards."""
    route, client = ROUTES[name], StrictClient()
    client.force_login(user)
    url = reverse(name, kwargs=route.arguments(site.cast))
    with transaction.atomic(), timezone.override(None):  # as a worker that has answered nobody yet
        response = getattr(client, route.method)(url, route.data(site.cast), follow=follow)
        transaction.set_rollback(True)
    return response


def readers(name: str) -> str:
    """One letter of the cast for each kind of reader: the desk, the town, the platform, the administrator. Those of
    other establishments have their own clock."""
    allowed = ROUTES[name].allowed
    return next((each for each in "CSP" if each in allowed), "") + "".join(each for each in "GTAQ" if each in allowed)


def test_every_page_shows_the_hours_of_its_establishment(site: Site, read_in: dict[str, str]) -> None:
    names_an_hour = set()
    for name in PAGES:
        for letter in readers(name):
            read_in.clear()
            words = plain(ask(site, name, site.cast.users[letter]))
            assert set(read_in) <= {site.zone.key}, f"{name} as {letter}: {read_in}"
            site.refuse_wrong(words, f"{name} as {letter}")
            if re.search(r"(?<!\d)(9|14) h(?! \d)", words):
                names_an_hour.add(name.partition(":")[2])
    assert names_an_hour >= SHOW_A_SLOT, "pages that this walk must have seen with an hour on them"


def test_a_page_about_a_patient_shows_the_hours_of_where_they_are_followed(site: Site, read_in: dict[str, str]) -> None:
    """A nurse of the mainland who also works overseas: her lists are on her clock, each patient on theirs."""
    first = TeamFactory(establishment__name="Aaa, hôpital de la métropole", name="Aaa")
    nurse = UserFactory(role=Role.COORDINATOR, team=first)
    Membership.objects.create(user=nurse, team=site.cast.team, role=Role.COORDINATOR)
    assert nurse.current_memberships[0].team == first
    about_one = [
        name
        for name in PAGES
        if "C" in readers(name) and ROUTES[name].arguments(site.cast) and not name.startswith(ABOUT_NO_PATIENT)
    ]
    for name in about_one:
        read_in.clear()
        words = plain(ask(site, name, nurse, follow=False))
        assert set(read_in) <= {site.zone.key}, f"{name}: {read_in}"
        site.refuse_wrong(words, name)
    for name in ("to-tell", "waiting"):
        words = plain(ask(site, f"coordination:{name}", nurse))
        site.refuse_wrong(words, name)
        assert "14 h" in words


def test_an_appointment_on_another_clock_is_told_at_the_hour_of_its_wall(site: Site) -> None:
    """A patient followed overseas and expected in Paris at 9 h (at 12 h or 4 h on the clock of the desk)."""
    cast, client = site.cast, StrictClient()
    client.force_login(cast.users["C"])
    away = TeamFactory(kind="platform")
    Desk(team=cast.team).agree(away, cast.slot.exam_type.code, target=cast.meeting.target)
    day = timezone.localdate() + timedelta(days=10)
    series = services.create_series(
        exam_type=cast.slot.exam_type, platform=away, targets=[cast.meeting.target], weekday=day.weekday(),
        starts_at=time(9), valid_from=day, valid_until=day,
    )  # fmt: skip
    slot = series.slots.get()
    patient = PathwayFactory(team=cast.team, target=cast.meeting.target, owner=cast.users["C"])
    wrong = said(slot.starts_at, site.zone)

    def page(name: str, uuid: UUID, query: str = "") -> str:
        response = client.get(reverse(f"coordination:{name}", kwargs={"uuid": uuid}) + query)
        return plain(response)

    asked = f"?examen={slot.exam_type.code}"
    assert "9 h" in page("book", patient.uuid, asked) and wrong not in page("book", patient.uuid, asked)
    booking = services.book_slot(slot=slot, pathway=patient, user=cast.users["C"])
    shown = page("book", patient.uuid)
    assert wrong not in shown and shown.count("9 h") >= 2, "the list and the message"
    move = page("booking-move", booking.uuid)
    assert "9 h" in move and wrong not in move.partition("Dans les temps")[0]
    sheet = plain_text(sheet_html(patient, timezone.now()))
    assert "9 h" in sheet and wrong not in sheet


def test_what_is_said_after_a_booking_is_the_hour_of_the_wall(site: Site) -> None:
    cast = site.cast
    client = StrictClient()
    client.force_login(cast.users["C"])
    slot = cast.slot
    fields = {"slot": slot.uuid, "key": uuid4(), "examen": slot.exam_type.code, "code": "patient_unavailable"}

    def said_of(name: str, uuid: UUID, **more: object) -> str:
        path = reverse(f"coordination:{name}", kwargs={"uuid": uuid})
        response = client.post(path, {**fields, **more}, follow=True)
        return " ".join(str(each) for each in response.context["messages"]).replace(NBSP, " ")

    other = PathwayFactory(team=cast.team, target=cast.meeting.target, owner=cast.users["C"])
    assert "à 9 h" in said_of("book", other.uuid)
    booking = other.bookings.get()
    assert "à 9 h" in said_of("booking-move", booking.uuid, slot=_next(slot).uuid, key=uuid4())
    assert "à 14 h" in said_of("waiting-answer", cast.waiting_offer.uuid, reponse="oui")


def test_mails_tasks_and_the_life_of_slots_name_the_hour_of_the_wall(site: Site) -> None:
    """Written by jobs and by people elsewhere: the clock of Paris is the one of the process here."""
    cast = site.cast
    services.move_booking(booking=cast.booking, to=_next(cast.slot), user=cast.users["C"])
    tasks.offer_freed_places()
    with time_machine.travel(cast.slot.release_at + timedelta(minutes=1)):
        tasks.release_unused_slots()
    said_there = {
        "mails": [f"{each.subject} {each.body}" for each in OutboxMessage.objects.all()],
        "tasks": [f"{each.title} {each.note}" for each in Task.objects.all()],
        "life": [each.reason for each in SlotChange.objects.all()],
    }
    for where, words in said_there.items():
        text = "\n".join(words).replace(NBSP, " ")
        site.refuse_wrong(text, where)
        assert "9 h" in text, where


def _next(slot: Slot) -> Slot:
    return Slot.objects.filter(series=slot.series, starts_at__gt=slot.starts_at).order_by("starts_at")[0]
