"""Patients' stories in one line per fact, and the plan that a target makes of them."""

from __future__ import annotations

from datetime import date, datetime, time
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import yaml

from pathways.rules import Calendar, Fact, MilestoneKind, Pause, PlannedStep, Target, from_dict, parse_target, plan

PARIS = ZoneInfo("Europe/Paris")
CALENDAR = Calendar()
TARGETS = Path(__file__).parents[3] / "pathways" / "targets"


def at(text: str) -> datetime:
    """`06-02 18:00` of 2026 on the wall clock in Paris; `06-02` is its last instant."""
    day, _, clock = text.partition(" ")
    wall = time.fromisoformat(clock) if clock else time.max
    return datetime.combine(date.fromisoformat(f"2026-{day}"), wall, PARIS)


def told(*story: str) -> list[Fact]:
    """`05-29 18:00 exam_done irm` each."""
    facts = []
    for line in story:
        day, clock, kind, *detail = line.split()
        facts.append(Fact(at(f"{day} {clock}"), MilestoneKind(kind), detail[0] if detail else ""))
    return facts


def shipped(name: str) -> Target:
    return parse_target((TARGETS / f"{name}.yaml").read_text(encoding="utf-8"))


def planned(target: Target, *story: str, pauses: list[Pause] | None = None, **skipped: str) -> dict[str, PlannedStep]:
    return {step.key: step for step in plan(target, told(*story), pauses or [], CALENDAR, skipped)}


def small(*steps: str) -> Target:
    """A target of some steps, each as `key | anchor | done_by | objective` and more `name: value` fields."""
    return from_dict(
        {"key": "a", "version": 1, "name": "A", "pathology": "A", "steps": [_step(each) for each in steps]}
    )


def _step(text: str) -> dict[str, Any]:
    key, anchor, done_by, objective, *more = text.split(" | ")
    step = {"key": key, "label": key, "phase": "exams", "actor": "platform", "source": "essai"}
    step |= {"anchor": yaml.safe_load(anchor), "done_by": yaml.safe_load(done_by)}
    step |= {} if objective == "-" else {"objective": objective}
    for each in more:
        step |= yaml.safe_load(each)
    return step
