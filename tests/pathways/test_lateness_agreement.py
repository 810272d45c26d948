"""One lateness everywhere: the list, the page, the API and the counter say the same of the same step, whenever."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone

from pathways import services
from pathways.models import Pathway, Step
from pathways.rules.lateness import Lateness
from pathways.rules.lateness import state as lateness_of
from pathways.views.sheet import PAUSED, TELLING
from tests.factories import PathwayFactory
from tests.pathways.pages import soup, words
from tests.pathways.scenes import Scene

pytestmark = pytest.mark.django_db

START = datetime(2026, 3, 23, 8, 15, tzinfo=UTC)  # the change of hour of 29 March lies inside
WAY = (
    ("appointment_offered", ""), ("first_care", ""), ("exam_done", "scanner"), ("exam_done", "irm"),
    ("gp_informed", ""), ("biopsy_taken", ""), ("lab_requested", ""), ("sample_sent", ""), ("lab_final", ""),
    ("rcp_registered", ""), ("rcp_held", ""), ("announcement", ""), ("treatment_started", ""),
)  # fmt: skip


def live(scene: Scene, dice: random.Random) -> Pathway:
    """A pathway that went some way, with random days between facts, perhaps a pause or a step set aside."""
    with time_machine.travel(START, tick=False):
        pathway = PathwayFactory(team=scene.team, owner=scene.coordinator)
    moment = START
    for kind, detail in WAY[: dice.randint(0, len(WAY))]:
        moment += timedelta(hours=dice.choice((1, 5, 24, 47, 72, 120)))
        with time_machine.travel(moment + timedelta(minutes=1), tick=False):
            services.record_milestone(
                pathway=pathway, kind=kind, detail=detail, occurred_at=moment, author=scene.coordinator
            )
    with time_machine.travel(moment + timedelta(hours=1), tick=False):
        if dice.random() < 0.4:
            starts_on = timezone.localdate(moment)
            ends_on = starts_on + timedelta(days=dice.randint(0, 6)) if dice.random() < 0.7 else None
            services.add_pause(pathway=pathway, kind="medical", starts_on=starts_on, ends_on=ends_on, author=None)
        open_steps = list(Step.objects.filter(pathway=pathway, state="open"))
        if open_steps and dice.random() < 0.3:
            services.skip_step(step=dice.choice(open_steps), reason="Essai", author=scene.coordinator)
    return pathway


def instants(pathways: list[Pathway]) -> Iterator[datetime]:
    """Now and then, and the very edges of the due and warning instants."""
    dice = random.Random(7)
    steps = Step.objects.filter(pathway__in=pathways, state="open", due_at__isnull=False)
    edges = [edge for step in steps for edge in (step.due_at, step.warn_at) if edge]
    for edge in dice.sample(edges, min(4, len(edges))):
        yield edge
        yield edge + timedelta(microseconds=1)
    yield START + timedelta(days=40)


def told(step: Step) -> str:
    """What the pages must write of a step, by the pure rule alone."""
    if step.state in ("waiting", "skipped", "not_applicable"):
        return TELLING[step.state][1]
    if step.paused and step.state == "open":
        return PAUSED[1]
    if step.optional and step.state == "open":
        return TELLING["optional"][1]
    return TELLING[lateness_of(step.due_at, step.warn_at, step.done_at, timezone.now()).value][1]


def test_the_words_of_the_pages_cover_the_rule() -> None:
    assert {value.value for value in Lateness} <= set(TELLING)


@pytest.mark.parametrize("seed", range(3))
def test_everyone_says_the_same(scene: Scene, seed: int) -> None:
    dice = random.Random(seed)
    pathways = [live(scene, dice) for _ in range(4)]
    for instant in instants(pathways):
        with time_machine.travel(instant, tick=False):
            client = scene.client()
            api = {row["uuid"]: row for row in client.get("/api/pathways/", {"status": "all"}).json()["results"]}
            late = {row["uuid"] for row in client.get("/api/pathways/", {"delay": "late"}).json()["results"]}
            listed = _listed(client.get("/parcours/", {"status": "all"}))
            counters = Pathway.objects.visible_to(scene.coordinator).counters(timezone.now())
            assert counters["late"] == len(late)
            for pathway in pathways:
                _compare(client, pathway, api[str(pathway.uuid)], listed[str(pathway.uuid)], late)


def _compare(client: Any, pathway: Pathway, row: dict[str, Any], line: str, late: set[str]) -> None:
    steps = {str(step.uuid): step for step in Step.objects.filter(pathway=pathway)}
    detail = client.get(reverse("api:pathway", args=[pathway.uuid])).json()
    page = soup(client.get(reverse("pathways:detail", args=[pathway.uuid])))
    for shown in detail["steps"]:
        step = steps[shown["uuid"]]
        rule = told(step)
        assert (TELLING[shown["lateness"]][1] == rule) or (step.paused and rule == PAUSED[1])
        cell = page.select_one(f"#etape-{step.uuid} td[data-label='État']")
        if step.state != "not_applicable":
            assert cell is not None
            assert words(cell) == rule, step.key
    following = row["next_step"]
    assert (following or {}).get("uuid") == (detail["next_step"] or {}).get("uuid")
    if following:
        assert following["lateness"] == detail["next_step"]["lateness"]
        assert told(steps[following["uuid"]]) in line
    is_late = any(step["lateness"] == "late" and not step["optional"] for step in detail["steps"])
    assert (str(pathway.uuid) in late) == is_late


def _listed(response: Any) -> dict[str, str]:
    rows = soup(response).select("#rows tbody tr")
    return {row.select_one("th a")["href"].split("/")[2]: words(row) for row in rows}  # type: ignore[index]
