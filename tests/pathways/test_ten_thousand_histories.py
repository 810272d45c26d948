"""Late or not: ten thousand histories, and every surface says of each step what the pure rules say."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from functools import partial

import pytest
import time_machine
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from coordination.querysets import worklist
from pathways import services
from pathways.models import Alert, AlertKind, Pathway, Step
from pathways.papers.facts import collect
from pathways.papers.pps import pps_context
from pathways.services import calendar_of
from pathways.views.listing import _lines
from pathways.views.sheet import PAUSED, TELLING, lines_of, sheet_rows, timeline_of
from tests.conftest import StrictClient
from tests.pathways.histories import ROUNDS, SEASONS, History, Round, build
from tests.pathways.pages import soup, words

pytestmark = pytest.mark.django_db
COUNT = 640
SHOWN, DRAWN = 40, 3
"""Histories a round whose whole page is built, and those whose pages are asked for over HTTP."""
ASKED = ROUNDS[1::2]
"""The rounds after which the server is asked."""

Said = Mapping[int, Mapping[str, str]]
"""The word of each step, by pathway and key."""


def test_they_are_ten_thousand() -> None:
    assert COUNT * len(ROUNDS) * len(SEASONS) >= 10_000


@pytest.mark.parametrize("season", SEASONS, ids=lambda season: f"{season:%B}")
def test_every_surface_agrees(season: datetime) -> None:
    dice = random.Random(season.toordinal())
    histories, user = build(dice, season, COUNT)
    client = StrictClient()
    seen: set[str] = set()
    for days in ROUNDS:
        with time_machine.travel(season + timedelta(days=days, hours=dice.randint(6, 18)), tick=False):
            Round(dice, timezone.now()).live(histories)
            services.rebuild_plans(pathway_ids=[history.pathway.pk for history in histories])
            for history in histories:
                history.stored = True
            with connection.cursor() as cursor:
                cursor.execute("ANALYZE")  # as autovacuum does in the life of a hospital
        plans = {history.pathway.pk: (history, history.planned()) for history in histories}
        for instant in (*edges(dice, histories), season + timedelta(days=days + 1, hours=9)):
            with time_machine.travel(instant, tick=False):
                said = {pk: history.says(steps, instant) for pk, (history, steps) in plans.items()}
                the_steps(said)
                late = {pk for pk, of_steps in said.items() if "late" in of_steps.values()}
                the_figures(late, instant)
        the_alerts(said, instant)
        with time_machine.travel(instant, tick=False):
            the_list(said, instant)
            shown = dice.sample(sorted(said), SHOWN)
            the_file(said, shown, instant)
            if days in ASKED:
                client.force_login(user)
                the_interface(client, said, late)
                the_pages(client, said, late, shown[:DRAWN])
        seen |= {word for of_steps in said.values() for word in of_steps.values()}
    assert seen >= {"late", "soon", "on_time", "undated", "done", "done_late", "waiting", "skipped", "not_applicable"}


def edges(dice: random.Random, histories: list[History]) -> Iterator[datetime]:
    """The very instant a step is due, at which it is on time, and the one after."""
    due = Step.objects.filter(state="open", optional=False, due_at__isnull=False).order_by("due_at", "pk")
    instants = list(due.values_list("due_at", flat=True).distinct())
    edge = dice.choice(instants)
    yield edge
    yield edge + timedelta(microseconds=1)


def the_steps(said: Said) -> None:
    """The annotation that every page, list and API answer reads."""
    rows = Step.objects.with_lateness(timezone.now()).values_list("pathway", "key", "lateness")
    found: dict[int, dict[str, str]] = {pk: {} for pk in said}
    for pathway, key, word in rows:
        found[pathway][key] = word
    for pk, of_steps in said.items():
        assert found[pk] == of_steps


def the_figures(late: set[int], now: datetime) -> None:
    """The filter, the counters, the desk's list and its badge."""
    rows = Pathway.objects.all()
    assert set(rows.late(now).values_list("pk", flat=True)) == late
    assert rows.counters(now)["late"] == len(late)
    active, today = rows.active(), timezone.localdate()
    assert set(worklist.chosen(active, worklist.LATE, now, today).values_list("pk", flat=True)) == late
    assert worklist.counters(active, now, today)[worklist.LATE] == len(late)


def the_alerts(said: Said, now: datetime) -> None:
    """After a scan, an open alert of lateness for each late step and no other, since the instant it was due."""
    with time_machine.travel(now, tick=False):
        services.scan_delays(now=now)
    raised = Alert.objects.open().filter(kind=AlertKind.LATE).values_list("pathway", "step__key")
    told = [(pk, key) for pk, of_steps in said.items() for key, word in of_steps.items() if word == "late"]
    assert sorted(raised) == sorted(told)


def the_list(said: Said, now: datetime) -> None:
    """The words of each row of the list of patients."""

    class Everyone:
        object_list = [*said]

    for line in _lines(Everyone(), now):  # type: ignore[arg-type]
        step = line["step"]
        if step is not None:
            assert line["words"] == told(said, step), step
            assert step.due_at == line["pathway"].next_due_at


def the_interface(client: StrictClient, said: Said, late: set[int]) -> None:
    """The API's rows, and its filter."""
    numbers = dict(Pathway.objects.values_list("uuid", "pk"))
    by_uuid = {str(uuid): pk for uuid, pk in numbers.items()}
    ask = partial(_pages, client, reverse("api:pathways"))
    assert {by_uuid[row["uuid"]] for row in ask(delay="late")} == late
    for row in ask(status="all"):
        if row["next_step"]:
            assert row["next_step"]["lateness"] == said[by_uuid[row["uuid"]]][row["next_step"]["key"]]


def _pages(client: StrictClient, url: str, **filters: str) -> list[dict[str, dict[str, str]]]:
    rows = []
    while url:
        answer = client.get(url, {"limit": "500", **filters} if "?" not in url else None).json()
        rows += answer["results"]
        url = answer["next"]
    return rows


def the_file(said: Said, shown: list[int], now: datetime) -> None:
    """The patient's page, its picture, and the paper given to the patient."""
    for pathway in sheet_rows(now).filter(pk__in=shown):
        calendar = calendar_of(pathway.team.establishment)
        steps = list(pathway.steps.all())
        for line in lines_of(pathway, steps, now, calendar):
            assert line.words == told(said, line.step), line.step
        drawn = timeline_of(pathway, steps, now, calendar, "/")
        late = {key for key, word in said[pathway.pk].items() if word == "late"}
        if drawn:
            assert {row.key for row in drawn["rows"] if row.state == "late"} == late
        facts = collect(pathway)
        paper = pps_context(facts, version=1, at=now, author="")
        behind = {
            step.key
            for step, line in zip(facts.steps, paper["steps"], strict=True)
            if line["when"].startswith("Était prévu") and not step.optional
        }
        assert behind == {step.key for step in facts.steps if step.key in late and not step.embargoed}


def the_pages(client: StrictClient, said: Said, late: set[int], shown: list[int]) -> None:
    """What is really written on the page, on the summary that is printed, and beside the menu's entry."""
    for pathway in Pathway.objects.filter(pk__in=shown):
        page = soup(client.get(reverse("pathways:detail", args=[pathway.uuid])))
        for step in Step.objects.filter(pathway=pathway).exclude(state="not_applicable"):
            cell = page.select_one(f"#etape-{step.uuid} td[data-label='État']")
            assert cell is not None
            assert words(cell) == told(said, step)
        printed = soup(client.get(reverse("pathways:summary", args=[pathway.uuid])))
        summary = words(printed.select_one(".p-summary"))
        assert ("en retard" in summary) == ("late" in said[pathway.pk].values()), summary
        assert f"Ma journée {len(late)} en retard" in words(printed.select_one("nav"))


def told(said: Said, step: Step) -> str:
    """The French words of a step's lateness."""
    if step.paused and step.state == "open":
        return PAUSED[1]
    return TELLING[said[step.pathway_id][step.key]][1]
