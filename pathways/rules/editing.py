"""Changes of a target pathway as it is being written: each gives a new one. What is left at fault, `check` tells."""

from __future__ import annotations

from dataclasses import replace

from pathways.rules.definition import Anchor, StepDef, Target


def with_step(target: Target, key: str, step: StepDef) -> Target:
    """The step of that key, written anew. Under a new key, the steps that waited for it still do. Raises KeyError."""
    position = target.graph.index[key]
    steps = [*target.steps]
    steps[position] = step
    changed = replace(target, steps=tuple(steps))
    return changed if step.key == key else _renamed(changed, key, step.key)


def adding_step(target: Target, step: StepDef, after: str = "") -> Target:
    """One more step, after the one of that key, or at the end."""
    place = target.graph.index[after] + 1 if after in target.graph.index else len(target.steps)
    return replace(target, steps=(*target.steps[:place], step, *target.steps[place:]))


def without_step(target: Target, key: str) -> Target:
    """Without the step of that key; those that waited for it are then at fault. Raises KeyError."""
    position = target.graph.index[key]
    return replace(target, steps=target.steps[:position] + target.steps[position + 1 :])


def moving_step(target: Target, key: str, by: int) -> Target:
    """The step of that key, that many places further down (up when negative), as far as the list goes."""
    position = target.graph.index[key]
    steps = [*target.steps]
    step = steps.pop(position)
    steps.insert(min(max(position + by, 0), len(steps)), step)
    return replace(target, steps=tuple(steps))


def free_key(target: Target, wanted: str) -> str:
    """`wanted`, or it with the first number that makes it the key of no step."""
    taken = set(target.graph.index)
    if wanted not in taken:
        return wanted
    return next(key for number in range(2, len(taken) + 3) if (key := f"{wanted[:36]}-{number}") not in taken)


def _renamed(target: Target, old: str, new: str) -> Target:
    """Every anchor on one step, moved to its new key."""

    def moved(anchor: Anchor) -> Anchor:
        if anchor.all_of:
            return replace(anchor, all_of=tuple(moved(part) for part in anchor.all_of))
        return replace(anchor, step=new) if anchor.step == old else anchor

    steps = tuple(replace(step, anchor=moved(step.anchor)) if step.anchor else step for step in target.steps)
    return replace(target, steps=steps)
