"""The morning split: the usual week, the day otherwise, taken in one gesture, and a post without anyone told."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from coordination import services
from coordination.models import DutyDay, DutyPattern
from coordination.readings.duties import split_of
from coordination.rules.duties import Held, split
from directory.errors import DomainError
from directory.models import Membership, Role, User
from tests.coordination.conftest import MONDAY
from tests.coordination.factories import Desk
from tests.coordination.pages import text, url
from tests.factories import UserFactory
from tests.referrals.factories import ReferralFactory

PHONE, MAIL, CARE = "phone", "mail", "consultations"


# --- the rule --------------------------------------------------------------------------------------------------------
def test_the_day_prevails_and_only_those_there_hold_a_post() -> None:
    usual = [Held(PHONE, 1, "A"), Held(MAIL, 2, "B", there=False)]
    week = split(usual, None)
    assert (week.of(1), week.of(2), week.unassigned) == ([PHONE], [], [MAIL, CARE])
    day = split(usual, [Held(CARE, 1, "A")])
    assert (day.of(1), day.unassigned) == ([CARE], [MAIL, PHONE])
    assert split(usual, []).unassigned == [MAIL, PHONE, CARE], "a day emptied by hand misses everyone"
    assert split([], None).unassigned == [], "who splits nothing misses nothing"


pytestmark = pytest.mark.django_db


@pytest.fixture
def sophie(desk: Desk) -> User:
    return UserFactory(role=Role.SECRETARY, team=desk.team)


def holders(user: User, desk: Desk, days: int = 0) -> dict[str, list[int]]:
    day = timezone.localdate() + timedelta(days=days)
    found = split_of(User.objects.get(pk=user.pk), desk.team, day)
    return {post: sorted(each.user for each in people) for post, people in found.split.posts.items()}


def usual(desk: Desk, **posts: User) -> None:
    week = {(weekday, post): [user] for weekday in range(5) for post, user in posts.items()}
    services.set_usual_week(team=desk.team, week=week, author=desk.coordinator)


def test_the_usual_week_and_one_day_otherwise(desk: Desk, sophie: User) -> None:
    usual(desk, phone=desk.coordinator, mail=sophie)
    assert holders(sophie, desk) == {MAIL: [sophie.pk], PHONE: [desk.coordinator.pk], CARE: []}
    services.take_post(team=desk.team, day=timezone.localdate(), post=PHONE, user=sophie)
    services.leave_post(team=desk.team, day=timezone.localdate(), post=PHONE, user=desk.coordinator)
    assert holders(sophie, desk) == {MAIL: [sophie.pk], PHONE: [sophie.pk], CARE: []}
    assert holders(sophie, desk, 1)[PHONE] == [desk.coordinator.pk], "the next day is as usual"
    services.set_day(team=desk.team, day=timezone.localdate(), posts={CARE: [sophie]}, author=sophie)
    assert holders(sophie, desk) == {MAIL: [], PHONE: [], CARE: [sophie.pk]}


def test_saving_the_week_again_changes_what_changed(desk: Desk, sophie: User) -> None:
    usual(desk, phone=desk.coordinator, mail=sophie)
    kept = set(DutyPattern.objects.filter(user=sophie).values_list("pk", flat=True))
    usual(desk, consultations=desk.coordinator, mail=sophie)
    assert set(DutyPattern.objects.filter(user=sophie).values_list("pk", flat=True)) == kept
    assert set(DutyPattern.objects.filter(user=desk.coordinator).values_list("post", flat=True)) == {CARE}


def test_who_is_away_or_has_left_holds_nothing(desk: Desk, sophie: User) -> None:
    usual(desk, phone=desk.coordinator, mail=sophie)
    desk.pathway()
    today = timezone.localdate()
    services.hand_over(
        absent=desk.coordinator, stand_in=sophie, starts_on=today, ends_on=today, author=desk.coordinator
    )
    assert holders(sophie, desk)[PHONE] == []
    assert holders(sophie, desk, 1)[PHONE] == [desk.coordinator.pk]
    Membership.objects.filter(user=sophie).update(ends_on=today - timedelta(days=1))
    assert holders(desk.coordinator, desk, 1)[MAIL] == []


def test_what_is_refused(desk: Desk, sophie: User) -> None:
    today, stranger = timezone.localdate(), UserFactory(role=Role.COORDINATOR)
    for act in (
        lambda: services.take_post(team=desk.team, day=today, post=PHONE, user=stranger),
        lambda: services.take_post(team=desk.team, day=today - timedelta(days=1), post=PHONE, user=sophie),
        lambda: services.take_post(team=desk.team, day=today, post="garde", user=sophie),
        lambda: services.set_day(team=desk.team, day=today, posts={PHONE: [stranger]}, author=sophie),
        lambda: usual(desk, phone=sophie, mail=sophie),
        lambda: usual(desk, phone=stranger),
    ):
        with pytest.raises(DomainError):
            act()
    assert not DutyPattern.objects.exists()


# --- the desk --------------------------------------------------------------------------------------------------------
def marked(client: Client) -> list[str]:
    counters = client.get(url("worklist")).context["counters"]
    return [each["label"] for each in counters if each["mark"]]


def test_each_finds_the_counter_of_their_post_marked(nurse: Client, client: Client, desk: Desk, sophie: User) -> None:
    assert marked(nurse) == []
    assert "Ce matin" not in text(nurse.get(url("worklist"))), "a team that splits nothing sees nothing of it"
    ReferralFactory(desk.target)
    usual(desk, phone=desk.coordinator, mail=sophie)
    assert marked(nurse) == ["À rappeler"]
    page = text(nurse.get(url("worklist")))
    assert "Ce matin : <strong>téléphone</strong>" in page
    assert "Consultations : <strong>personne</strong>" in page
    nurse.post(url("duty-take"), {"team": str(desk.team.uuid), "post": CARE, "back": "/journee/?liste=toutes"})
    assert marked(nurse) == ["À rappeler", "Attendus aujourd’hui"]
    nurse.post(url("duty-take"), {"team": str(desk.team.uuid), "post": CARE, "do": "leave"})
    assert marked(nurse) == ["À rappeler"]
    client.force_login(sophie)
    assert marked(client) == ["Demandes à trier"]


def test_who_comes_today_is_a_counter_and_its_list(nurse: Client, desk: Desk) -> None:
    booking = desk.past_booking(pathway=(coming := desk.pathway(days_ago=6)))
    desk.booking(desk.slot(), desk.pathway())
    page = nurse.get(url("worklist"), {"liste": "du-jour"})
    assert [row.pathway for row in page.context["rows"]] == [coming]
    counter = next(each for each in page.context["counters"] if each["label"] == "Attendus aujourd’hui")
    assert counter["value"] == 1
    services.mark_done(booking=booking, user=desk.technician)
    assert not nurse.get(url("worklist"), {"liste": "du-jour"}).context["rows"]


def test_the_day_and_the_week_on_their_page(nurse: Client, desk: Desk, sophie: User) -> None:
    team = str(desk.team.uuid)
    nurse.post(url("duties"), {"team": team, "what": "week", f"{sophie.uuid}-0": MAIL, f"{sophie.uuid}-1": PHONE})
    assert set(DutyPattern.objects.values_list("weekday", "post")) == {(0, MAIL), (1, PHONE)}
    page = nurse.post(url("duties"), {"team": team, "what": "day", PHONE: [str(sophie.uuid)]}, follow=True)
    assert "Répartition propre à ce jour" in text(page)
    assert holders(sophie, desk)[PHONE] == [sophie.pk]
    with time_machine.travel(MONDAY + timedelta(days=1)):
        assert holders(sophie, desk)[PHONE] == [sophie.pk]
        assert not DutyDay.objects.filter(day=timezone.localdate()).exists()
    assert nurse.get(url("duties"), {"team": str(UserFactory().uuid)}).status_code == 404


def test_the_split_costs_one_query_and_only_where_there_is_one(nurse: Client, desk: Desk, sophie: User) -> None:
    desk.pathway()

    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            nurse.get(url("worklist"))
        return len(queries)

    cost()  # targets are read once per process
    before = cost()
    usual(desk, phone=desk.coordinator, mail=sophie)
    assert cost() == before + 1
