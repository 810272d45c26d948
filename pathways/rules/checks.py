"""What makes a well-written target pathway impossible to follow. An editor and the YAML reader both ask."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from pathways.rules.definition import ENTRY_MILESTONES, Match, Objective, StepDef, Target, kinds
from pathways.rules.milestones import MilestoneKind

MAX_STEPS = 100


class Problem(NamedTuple):
    """A fault of meaning: the position of the step (None for the pathway itself), the field, a French sentence.

    `elsewhere` says that the fault is the absence of something in the other steps.
    """

    step: int | None
    field: str
    message: str
    elsewhere: bool = False


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
    slots = [each.key for each in target.slot_types]
    for key in sorted({key for key in slots if slots.count(key) > 1}):
        yield Problem(None, "slot_types", f"Deux types de créneaux portent la clé « {key} ».")
    if target.overall:
        yield from _overall(target, target.overall)


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


def _anchor(target: Target, position: int, step: StepDef) -> Iterator[Problem]:
    anchor = step.anchor
    if anchor is None:
        if not kinds(step.done_by[:1]) <= ENTRY_MILESTONES:
            message = f"L’ancre manque : rien ne dit quand commence l’étape « {step.key} »."
            yield Problem(position, "anchor", message)
    elif anchor.step and anchor.step not in target.graph.index:
        message = (
            f"L’étape « {step.key} » part de « {anchor.step} », qui n’est ni un jalon ni une étape de ce parcours."
        )
        yield Problem(position, "anchor", message, elsewhere=True)
    elif anchor.milestone and not _reachable(target, position, step, anchor.milestone):
        message = (
            f"L’étape « {step.key} » est inatteignable : aucune étape ne donne le jalon « {anchor.milestone.value} »."
        )
        yield Problem(position, "anchor", message, elsewhere=True)


def _reachable(target: Target, position: int, step: StepDef, milestone: MilestoneKind) -> bool:
    """True when something can give the anchor: the entry, another step, or the step's own condition."""
    return milestone in ENTRY_MILESTONES or step.waits_for_its_condition or bool(target.graph.sources[position])


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
