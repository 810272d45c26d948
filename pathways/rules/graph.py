"""Which step of a target pathway waits for which, and in what order to work them out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathways.rules.definition import Anchor, StepDef


@dataclass(frozen=True)
class Graph:
    """Steps by position. `parts[i]`: for each anchor of step i, the steps whose end stands for it when no fact does
    earlier; `sources[i]`: all of those.

    `order` visits sources before what waits for them; `cycles` are the loops found (positions, in order).
    A target with cycles is refused by `checks.check`, so that `order` holds every step of a valid one.
    """

    index: dict[str, int]
    parts: tuple[tuple[tuple[int, ...], ...], ...]
    sources: tuple[tuple[int, ...], ...]
    order: tuple[int, ...]
    cycles: tuple[tuple[int, ...], ...]

    @classmethod
    def of(cls, steps: Sequence[StepDef]) -> Graph:
        """Works out the graph of some steps; unknown step keys have no edge."""
        index: dict[str, int] = {}
        for position, step in enumerate(steps):
            index.setdefault(step.key, position)
        parts = tuple(tuple(_sources(steps, step, anchor, index) for anchor in step.anchors) for step in steps)
        sources = tuple(tuple(dict.fromkeys(position for part in each for position in part)) for each in parts)
        order, cycles = _visit(sources)
        return cls(index, parts, sources, order, cycles)


def _sources(steps: Sequence[StepDef], step: StepDef, anchor: Anchor, index: dict[str, int]) -> tuple[int, ...]:
    """The steps that one anchor of a step is projected from."""
    if step.is_condition(anchor):
        return ()
    if anchor.step:
        return (index[anchor.step],) if anchor.step in index else ()
    return tuple(position for position, each in enumerate(steps) if _gives(each, anchor))


def _gives(step: StepDef, anchor: Anchor) -> bool:
    """True when the milestone expected of `step` is the one `anchor` waits for."""
    if not step.done_by:
        return False
    expected = step.done_by[0]
    return expected.milestone == anchor.milestone and (
        not expected.detail or not anchor.detail or expected.detail == anchor.detail
    )


def _visit(sources: Sequence[Sequence[int]]) -> tuple[tuple[int, ...], tuple[tuple[int, ...], ...]]:
    """Depth first: `(order, cycles)`, each loop reported once. Without recursion: a file may be long."""
    order: list[int] = []
    cycles: list[tuple[int, ...]] = []
    seen: set[int] = set()
    for root in range(len(sources)):
        if root in seen:
            continue
        seen.add(root)
        path = [root]
        pending = [iter(sources[root])]
        while path:
            following = next(pending[-1], None)
            if following is None:
                pending.pop()
                order.append(path.pop())
            elif following in path:
                cycles.append(tuple(path[path.index(following) :]))
            elif following not in seen:
                seen.add(following)
                path.append(following)
                pending.append(iter(sources[following]))
    return tuple(order), tuple(cycles)
