"""The same rows behind a counter, its list and the menu's figure; all of them in one query."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from coordination import services
from coordination.models import Task
from coordination.querysets.worklist import Scope
from coordination.readings.counters import figures_of
from directory import badges
from directory.counting import read
from directory.models import User
from pathways.models import Pathway
from tests.coordination.factories import Desk
from tests.coordination.pages import HTMX, text
from tests.rcp.factories import MeetingFactory
from tests.referrals.factories import ReferralFactory

pytestmark = pytest.mark.django_db


def figures(user: User, scope: Scope | None = None) -> Any:
    return figures_of(user, scope or Scope(), timezone.now(), timezone.localdate())


def listed(client: Client, name: str) -> list[Pathway]:
    response = client.get(reverse("coordination:worklist"), {"liste": name})
    return [row.pathway for row in response.context["rows"]]


def test_requests_to_triage_are_those_of_the_inbox(nurse: Client, desk: Desk) -> None:
    ReferralFactory(desk.target)
    asked = ReferralFactory(desk.target)
    type(asked).objects.filter(pk=asked.pk).update(status="incomplete")
    ReferralFactory(Desk().target)
    found = figures(desk.coordinator)
    inbox = nurse.get(reverse("referrals:inbox"))
    assert found.neighbours["referrals:inbox"] == 1
    assert found.badges["referrals:inbox"] == 1 == inbox.context["page"].paginator.count
    counters = nurse.get(reverse("coordination:worklist")).context["counters"]
    counter = next(each for each in counters if "trier" in each["label"])
    assert (counter["value"], counter["url"]) == (1, reverse("referrals:inbox"))


@pytest.mark.parametrize(("days", "expected"), [(0, 1), (2, 1), (3, 0)])
def test_a_meeting_within_two_days_shows_its_files(client: Client, days: int, expected: int) -> None:
    meeting = MeetingFactory()
    if days:
        begins = timezone.now() + timedelta(days=days)
        type(meeting.session).objects.filter(pk=meeting.session.pk).update(
            starts_at=begins, ends_at=begins + timedelta(hours=2)
        )
        meeting.session.refresh_from_db()
    pathway = meeting.pathway()
    meeting.register(pathway)
    client.force_login(meeting.coordinator)
    assert figures(meeting.coordinator).filters["rcp"] == expected
    assert len(listed(client, "rcp")) == expected


def test_the_menu_counts_the_late_of_the_whole_desk(nurse: Client, desk: Desk) -> None:
    desk.pathway(days_ago=20)
    desk.pathway(days_ago=20, owner=None)
    assert len(listed(nurse, "en-retard")) == 2
    found = figures(desk.coordinator, Scope(mine=True))
    assert (found.filters["en-retard"], found.badges["coordination:worklist"]) == (1, 2)
    page = text(nurse.get(reverse("coordination:slots")))
    assert 'data-badge="coordination-worklist">2<span class="visually-hidden"> en retard</span>' in page


def test_the_menu_counts_my_tasks_due_today(nurse: Client, desk: Desk, pathway: Pathway) -> None:
    today = timezone.localdate()
    for owner, due in ((desk.coordinator, today), (None, today), (desk.coordinator, today + timedelta(days=3))):
        services.create_task(pathway=pathway, title="Appeler", owner=owner, due_on=due)
    address = {"liste": "miennes", "pour": "aujourdhui"}
    mine: list[Task] = list(nurse.get(reverse("coordination:tasks"), address).context["page"])
    assert figures(desk.coordinator).badges["coordination:tasks"] == len(mine) == 1


def test_a_call_noted_refreshes_the_figure_of_the_menu(nurse: Client, desk: Desk) -> None:
    pathway = desk.pathway(days_ago=20)
    answer = nurse.post(
        reverse("coordination:contact", args=[pathway.uuid]), {"outcome": "reached", "from": "worklist"}, headers=HTMX
    )
    assert 'hx-swap-oob="innerHTML:[data-badge=coordination-worklist]">1<span' in text(answer)


def test_all_the_figures_cost_one_query(desk: Desk, django_assert_num_queries: Any) -> None:
    desk.pathway()
    user = User.objects.get(pk=desk.coordinator.pk)
    assert user.current_memberships
    with django_assert_num_queries(1):
        figures(user)


def test_the_empty_desk_counts_zero(desk: Desk) -> None:
    found = figures(desk.coordinator)
    assert set(found.filters.values()) == {0}
    assert set(found.badges.values()) == {0}


@pytest.mark.parametrize(("made", "told"), [(0, ""), (2, "2"), (3, "2+"), (4, "2+")])
def test_a_figure_that_may_be_thousands_is_counted_so_far_and_no_further(
    desk: Desk, made: int, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(made):
        desk.pathway()
    monkeypatch.setattr(badges, "_registered", {})
    badges.register("pathways:list", "suivis", lambda user, at: Pathway.objects.all(), most=2)
    found = read(badges.expressions(desk.coordinator, timezone.now(), {"pathways:list"}))
    assert found == {"pathways:list": min(made, 3)}
    assert badges.shown("pathways:list", found["pathways:list"]) == told
