"""The flowchart as its template draws it: the layout of `pathways.rules.flowchart`, and where each box leads."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from pathways.rules.flowchart import flowchart
from pathways.rules.target import StepDef, Target


def picture(
    target: Target,
    *,
    href: Callable[[StepDef], str] | None = None,
    faulty: Collection[int] = (),
    current: int | None = None,
) -> dict[str, Any]:
    """What `components/flowchart_svg.html` takes.

    ``href`` gives the address of a step's box (by default its line in the table of the same page); the steps at
    ``faulty`` are marked, and the one at ``current`` is the one being written.
    """
    chart = flowchart(target)
    lead = href or (lambda step: f"#etape-{step.key}")
    nodes = [
        {
            "box": node,
            "href": lead(target.steps[node.position]) if node.position is not None else "",
            "faulty": node.position is not None and node.position in faulty,
            "current": node.position is not None and node.position == current,
        }
        for node in chart.nodes
    ]
    return {"chart": chart, "nodes": sorted(nodes, key=lambda each: (each["box"].layer, each["box"].x))}
