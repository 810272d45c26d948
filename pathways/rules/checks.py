"""What makes a well-written target pathway impossible to follow. An editor and the YAML reader both ask."""

from __future__ import annotations

from collections.abc import Iterator

from pathways.rules import resources
from pathways.rules.definition import ENTRY_MILESTONES, Anchor, Match, Objective, StepDef, Target, kinds
from pathways.rules.milestones import MilestoneKind
from pathways.rules.problem import Problem

__all__ = ["MAX_STEPS", "Problem", "check"]

MAX_STEPS = 100


def check(target: Target) -> list[Problem]:
    """Every problem of a target, in the order of its steps. An empty list: it can be followed."""
    return [
        *_whole(target),
        *(problem for each in range(len(target.steps)) for problem in _step(target, each)),
    ]


def _whole(target: Target) -> Iterator[Problem]:
    if not target.steps:
        yield Problem(None, "steps", "Le parcours n’a aucune étape.")
    if len(target.steps) > MAX_STEPS:
        yield Problem(None, "steps", f"Le parcours a plus de {MAX_STEPS} étapes.")
    if target.overall:
        yield from _overall(target, target.overall)
    yield from resources.check(target)


def _overall(target: Target, overall: Objective) -> Iterator[Problem]:
    given = {match.milestone for step in target.steps for match in step.done_by} | ENTRY_MILESTONES
    for milestone in (overall.since, overall.until):
        if milestone not in given:
            message = f"Aucune étape ne donne le jalon « {milestone.value} » de l’objectif d’ensemble."
            yield Problem(None, "overall", message, elsewhere=True)


def _step(target: Target, position: int) -> Iterator[Problem]:
    step = target.steps[position]
    if target.graph.index[step.key] != position:
        yield Problem(position, "key", f"Deux étapes portent la clé « {step.key} ».")
    yield from _anchor(target, position, step)
    yield from _cycles(target, position)
    for message in _delays(step):
        yield Problem(position, "objective", message)
    for message in _conditions(step):
        yield Problem(position, "unless", message)
    yield from resources.check_step(target, position, step)


def _anchor(target: Target, position: int, step: StepDef) -> Iterator[Problem]:
    if step.anchor is None and not kinds(step.done_by[:1]) <= ENTRY_MILESTONES:
        message = f"L’ancre manque : rien ne dit quand commence l’étape « {step.key} »."
        yield Problem(position, "anchor", message)
    for number, anchor in enumerate(step.anchors):
        item = number if len(step.anchors) > 1 else None
        if anchor in step.anchors[:number]:
            yield Problem(position, "anchor", f"L’étape « {step.key} » attend deux fois la même chose.", item=item)
        message = _unreachable(target, position, step, number, anchor)
        if message:
            yield Problem(position, "anchor", message, elsewhere=True, item=item)


def _unreachable(target: Target, position: int, step: StepDef, number: int, anchor: Anchor) -> str:
    """Why nothing can give one anchor; empty when something can: the entry, another step, the step's condition."""
    if anchor.step and anchor.step not in target.graph.index:
        return f"L’étape « {step.key} » part de « {anchor.step} », qui n’est ni un jalon ni une étape de ce parcours."
    if anchor.milestone is None or anchor.milestone in ENTRY_MILESTONES or step.is_condition(anchor):
        return ""
    if target.graph.parts[position][number]:
        return ""
    return f"L’étape « {step.key} » est inatteignable : aucune étape ne donne le jalon « {anchor.milestone.value} »."


def _cycles(target: Target, position: int) -> Iterator[Problem]:
    """The loops, each told once, at its first step."""
    for cycle in target.graph.cycles:
        if cycle[0] == position:
            loop = " ← ".join(f"« {target.steps[each].key} »" for each in (*cycle, position))
            yield Problem(position, "anchor", f"Ces étapes s’attendent l’une l’autre : {loop}.")


def _delays(step: StepDef) -> Iterator[str]:
    if (step.objective or step.repeat) and not step.source:
        yield f"Le délai de l’étape « {step.key} » ne cite pas sa source (source)."
    if step.objective is None and step.warn_before is not None:
        yield f"L’étape « {step.key} » prévient avant un objectif qu’elle n’a pas."
    if step.repeat and not step.repeat.every.value:
        yield f"L’étape « {step.key} » se répète sans délai entre deux fois."
    if step.objective and step.objective.unit.is_hours and not step.objective.value:
        yield f"L’étape « {step.key} » serait en retard dès son début : son objectif est de zéro heure."


def _conditions(step: StepDef) -> Iterator[str]:
    for match in sorted(set(step.when) & set(step.unless), key=lambda each: (each.milestone.value, each.detail)):
        yield (
            f"L’étape « {step.key} » n’est jamais applicable : « {match.milestone.value} » "
            "à la fois la demande et l’écarte."
        )
    if Match(MilestoneKind.REFERRAL_RECEIVED) in step.unless:
        yield f"L’étape « {step.key} » n’est jamais applicable : toute demande reçue l’écarte."
