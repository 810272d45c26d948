"""What a new task may start from: a step of the plan with its checklist, or a fact of the ledger."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from coordination.readings.targets import content_of
from coordination.readings.worklist import step_definition
from pathways.models import Milestone, Pathway, Step, StepState

FACTS = 12


@dataclass(frozen=True)
class Proposal:
    """A step to come that a task may carry out."""

    key: str
    label: str
    points: int


def facts_of(pathway: Pathway) -> list[Milestone]:
    """The latest facts, newest first."""
    return list(Milestone.objects.in_force().filter(pathway=pathway).order_by("-occurred_at", "-id")[:FACTS])


def proposals_of(pathway: Pathway) -> list[Proposal]:
    """The steps that run or come, in the order of the plan, with how many points their checklist has."""
    content = content_of(pathway)
    steps = Step.objects.filter(pathway=pathway, state__in=[StepState.OPEN, StepState.WAITING]).order_by("order")
    found: dict[str, Proposal] = {}
    for step in steps:
        definition = step_definition(content, step.step_key)
        points = len(definition.checklist) if definition else 0
        found.setdefault(step.step_key, Proposal(step.step_key, step.label, points))
    return list(found.values())


def from_step(pathway: Pathway, key: str) -> dict[str, Any]:
    """The first values of a task that carries out the step: its words, its day, its checklist, its evidence."""
    step = Step.objects.filter(pathway=pathway, step_key=key).exclude(state=StepState.DONE).order_by("order").first()
    definition = step_definition(content_of(pathway), key)
    if step is None or definition is None:
        return {}
    due = timezone.localdate(step.due_at) if step.due_at else None
    plain = definition.done_by and not definition.done_by[0].detail
    return {
        "title": step.label,
        "due_on": due if due and due >= timezone.localdate() else None,
        "closes_on": str(definition.done_by[0].milestone.value) if plain else "",
        "checklist": "\n".join(definition.checklist),
    }


def from_fact(pathway: Pathway, uuid: str) -> dict[str, Any]:
    """The first values of a task that follows from a fact."""
    fact = next((each for each in facts_of(pathway) if str(each.uuid) == uuid), None)
    return {"about": str(fact.uuid), "title": f"Suite de : {fact.get_kind_display().lower()}"} if fact else {}
