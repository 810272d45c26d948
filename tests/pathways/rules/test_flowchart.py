"""The flowchart: every step placed once, no two boxes touching, every link going down, whatever the target."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pathways.rules.flowchart import Flowchart, Node, flowchart, wrap
from pathways.rules.target import Anchor, Match, StepDef, Target, parse_target
from pathways.rules.typography import text_width
from tests.pathways.rules.stories import TARGETS
from tests.pathways.rules.strategies import targets, written_targets

SHIPPED = sorted(TARGETS.glob("*.yaml"))


def shipped(path: Path) -> Target:
    return parse_target(path.read_text(encoding="utf-8"))


def touch(one: Node, two: Node) -> bool:
    across = one.x < two.x + two.width and two.x < one.x + one.width
    return across and one.y < two.y + two.height and two.y < one.y + one.height


def check_laws(target: Target) -> Flowchart:
    chart = flowchart(target)
    assert sorted(node.position for node in chart.nodes if node.position is not None) == [*range(len(target.steps))]
    assert not [(one.key, two.key) for one, two in combinations(chart.nodes, 2) if touch(one, two)]
    for link in chart.links:
        source, end = chart.nodes[link.source], chart.nodes[link.target]
        assert source.layer < end.layer
        assert source.y + source.height < end.y
    for node in chart.nodes:
        assert node.x >= 0
        assert node.x + node.width <= chart.width
        assert node.y + node.height <= chart.height
        assert all(node.y < line.y < node.y + node.height for line in node.lines)
    return chart


def crossings_of_boxes(chart: Flowchart) -> list[str]:
    """The straight stretches of line that run through a box."""
    found = []
    for stroke in chart.strokes:
        x, top, bottom = map(int, re.match(r"M(-?\d+) (\d+)V(\d+)C", stroke.path).groups())  # type: ignore[union-attr]
        for node in chart.nodes:
            inside = node.x < x < node.x + node.width and top < node.y + node.height and bottom > node.y
            if inside and top != node.y + node.height:
                found.append(f"{stroke.path} through {node.key}")
    return found


@settings(max_examples=80)
@given(targets(may_repeat=True) | written_targets())
def test_whatever_the_target(target: Target) -> None:
    chart = check_laws(target)
    assert crossings_of_boxes(chart) == []


@settings(max_examples=40)
@given(written_targets(), st.data())
def test_a_target_at_fault_is_drawn_too(target: Target, data: st.DataObject) -> None:
    """Loops, doubles and lost anchors are faults to show, not reasons to show nothing."""
    keys = [step.key for step in target.steps]
    anchors = st.builds(Anchor, step=st.sampled_from([*keys, "perdue"])) | st.none()
    broken = tuple(
        replace(step, key=data.draw(st.sampled_from(keys)), anchor=data.draw(anchors)) for step in target.steps
    )
    check_laws(replace(target, steps=broken))


def test_nothing_to_draw() -> None:
    assert flowchart(replace(shipped(SHIPPED[0]), steps=())).nodes == ()


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_the_shipped_pathways(path: Path) -> None:
    target = shipped(path)
    chart = check_laws(target)
    assert crossings_of_boxes(chart) == []
    ends = {link.target for link in chart.links}
    for node in chart.nodes:
        if node.position is not None:
            step = target.steps[node.position]
            assert node.title.startswith(step.label)
            assert bool(node.tag_height) == bool(step.when or step.unless)
            assert node.partner == bool(step.partner)
            if step.anchor and not step.waits_for_its_condition:
                assert chart.nodes.index(node) in ends, f"nothing leads to {step.key}"


def test_a_choice_branches_with_its_condition_written() -> None:
    chart = flowchart(shipped(TARGETS / "prostate.yaml"))
    by_key = {node.key: number for number, node in enumerate(chart.nodes)}
    said = {node.key: [line.text for line in node.lines if line.kind == "tag"] for node in chart.nodes}
    assert said["surveillance"] == ["Si Surveillance active"]
    assert said["treatment"] == ["Sauf Surveillance active"]
    branch = {(link.source, link.conditional) for link in chart.links if link.target == by_key["surveillance"]}
    assert branch == {(by_key["announcement"], True)}


def test_what_no_step_gives_is_an_event_above_what_waits_for_it() -> None:
    chart = flowchart(shipped(TARGETS / "prostate.yaml"))
    events = [node for node in chart.nodes if node.position is None]
    assert [event.title for event in events] == ["Prélèvement non contributif"]
    waiting = next(node for node in chart.nodes if node.key == "new_sample")
    assert events[0].layer == waiting.layer - 1


def test_parallel_steps_stand_side_by_side() -> None:
    target = shipped(TARGETS / "prostate.yaml")
    start, *_ = target.steps
    sides = [
        StepDef(key, key, start.phase, start.actor, (Match(start.done_by[0].milestone, key),), Anchor(step=start.key))
        for key in ("un", "deux", "trois")
    ]
    chart = flowchart(replace(target, steps=(start, *sides)))
    assert {node.y for node in chart.nodes if node.key != start.key} == {chart.nodes[1].y}


@given(st.text(max_size=120), st.integers(60, 220), st.integers(1, 4))
def test_wrapped_text_fits(text: str, room: int, most: int) -> None:
    lines = wrap(text, room, 13, most)
    assert len(lines) <= most
    assert all(text_width(line, 13) <= room for line in lines)
