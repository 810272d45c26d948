"""The flowchart (logigramme) of a target pathway: what comes before what, laid out in layers from top to bottom.

Three things are drawn: the steps, the events that no step gives (« Prélèvement non contributif »), and the links from
what a step waits for, or is subject to, to the step. Every link goes down, from one layer to a later one; a link that
would close a loop is left out, and the loop is a fault told elsewhere (`checks.check`). Long links run through a
narrow lane of their own in each layer between, so that none crosses a box. Whole pixels only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from pathways.rules.definition import ENTRY_MILESTONES, Anchor, Match, StepDef, Target
from pathways.rules.layers import Layered, place
from pathways.rules.typography import shorten, text_width
from pathways.rules.words import StepWords, branch_words, match_words, repeat_words, step_words

LABEL_SIZE, NOTE_SIZE = 13.0, 11.0
LABEL_LINE, NOTE_LINE = 16, 14
TAG_LINE = 14
GAP_X, GAP_Y = 16, 34
LANE = 12
MARGIN = 8
WIDTHS = (160, 180, 204)
"""Widths of a step to choose among: the one that lets the whole be the largest on a page wins."""
MOST_ABREAST = (4, 5, 6, 7, 9, 12)
PAGE = (1040.0, 640.0)
"""A sheet of A4 in landscape, in pixels, without its margins and heading."""
_PAD = 8


@dataclass(frozen=True, slots=True)
class Line:
    """One line of text in a box, its baseline at `y` (in the drawing); `kind` is label, note or tag."""

    y: int
    text: str
    kind: str


@dataclass(frozen=True, slots=True)
class Node:
    """One box. `position` is that of the step, None for an event. The condition stands in the `tag_height` at its top.
    `title` says in full what the picture shortens."""

    position: int | None
    key: str
    x: int
    y: int
    width: int
    height: int
    tag_height: int
    lines: tuple[Line, ...]
    layer: int
    optional: bool
    repeated: bool
    partner: bool
    title: str

    @property
    def middle(self) -> int:
        """The centre of the box, across."""
        return self.x + self.width // 2

    @property
    def box_y(self) -> int:
        """Where the box itself begins, under its condition."""
        return self.y + self.tag_height

    @property
    def box_height(self) -> int:
        """The height of the box without its condition."""
        return self.height - self.tag_height


@dataclass(frozen=True, slots=True)
class Link:
    """From one box to another (by their place in `nodes`); `conditional` when it only tells what makes it apply."""

    source: int
    target: int
    conditional: bool


@dataclass(frozen=True, slots=True)
class Stroke:
    """One stretch of line; links of the same origin share theirs."""

    path: str
    conditional: bool


@dataclass(frozen=True)
class Flowchart:
    """Everything to draw. `arrows` are the points where a link arrives."""

    width: int
    height: int
    nodes: tuple[Node, ...]
    links: tuple[Link, ...]
    strokes: tuple[Stroke, ...]
    arrows: tuple[tuple[int, int], ...]


def flowchart(target: Target) -> Flowchart:
    """Lays out a target pathway, even one at fault, in the shape that is the largest on a sheet of paper."""
    graph = _Boxes.of(target)
    charts = [_drawn(target, graph, width, layered) for layered in _foldings(graph) for width in WIDTHS]
    return max(charts, key=lambda chart: min(PAGE[0] / chart.width, PAGE[1] / chart.height))


@dataclass
class _Boxes:
    """What is to be placed: the steps first, in order, then the events; and the links between."""

    steps: int
    events: list[Match] = field(default_factory=list)
    solid: list[tuple[int, int]] = field(default_factory=list)
    conditional: list[tuple[int, int]] = field(default_factory=list)

    @classmethod
    def of(cls, target: Target) -> _Boxes:
        boxes = cls(len(target.steps))
        for position, step in enumerate(target.steps):
            for number, anchor in enumerate(step.anchors):
                boxes._wait(target, position, step, anchor, target.graph.parts[position][number])
        for position, step in enumerate(target.steps):
            for match in step.when:
                boxes._condition(target, position, match)
        return boxes

    def _wait(self, target: Target, position: int, step: StepDef, anchor: Anchor, given: Sequence[int]) -> None:
        if given:
            self.solid += [(source, position) for source in given]
        elif anchor.milestone is not None and not step.is_condition(anchor):
            self.solid.append((self._event(Match(anchor.milestone, anchor.detail)), position))

    def _condition(self, target: Target, position: int, match: Match) -> None:
        givers = _givers(target, position, match)
        for source in givers or [self._event(match)]:
            if (source, position) not in self.solid:
                self.conditional.append((source, position))

    def _event(self, match: Match) -> int:
        if match not in self.events:
            self.events.append(match)
        return self.steps + self.events.index(match)


def _givers(target: Target, position: int, match: Match) -> list[int]:
    """The steps that tell a condition: those of exactly that milestone and detail, else those that may tell it."""
    others = [each for each in range(len(target.steps)) if each != position]
    exact = [each for each in others if match in target.steps[each].done_by]
    return exact or [
        each
        for each in others
        if any(
            end.milestone == match.milestone and end.detail in ("", match.detail) for end in target.steps[each].done_by
        )
    ]


def _foldings(graph: _Boxes) -> list[Layered]:
    """The layers, for each number of boxes allowed abreast; equal ones once."""
    count = graph.steps + len(graph.events)
    found: list[Layered] = []
    floating = [graph.steps + n for n, event in enumerate(graph.events) if event.milestone not in ENTRY_MILESTONES]
    for most in MOST_ABREAST:
        layered = place(count, graph.solid, graph.conditional, floating=floating, steps=graph.steps, most=most)
        if layered not in found:
            found.append(layered)
    return found


def _drawn(target: Target, graph: _Boxes, width: int, layered: Layered) -> Flowchart:
    """The chart with boxes of that width, in those layers."""
    texts = [_step_text(target, position, width) for position in range(graph.steps)]
    texts += [_event_text(target, match, width) for match in graph.events]
    widths = {lane: LANE if lane >= len(texts) else width for lane in range(layered.lanes)}
    middles = layered.across(widths, GAP_X)
    left = min(middle - widths[lane] / 2 for lane, middle in middles.items()) if middles else 0
    tops, bottoms = _bands(layered, texts)
    nodes = []
    for number, text in enumerate(texts):
        x = round(middles[number] - width / 2 - left) + MARGIN
        layer = layered.layer[number]
        nodes.append(text.node(x, tops[layer], width, layer))
    across = {lane: round(middles[lane] - left) + MARGIN for lane in middles}
    pen = _Pen(layered, nodes, across, tops, bottoms)
    return Flowchart(
        width=max((node.x + node.width for node in nodes), default=0) + MARGIN,
        height=max(bottoms, default=0) + MARGIN,
        nodes=tuple(nodes),
        links=tuple(Link(source, end, conditional) for source, end, conditional in layered.links),
        strokes=tuple(dict.fromkeys(pen.strokes())),
        arrows=tuple(sorted({(nodes[end].middle, nodes[end].y) for _, end, _ in layered.links})),
    )


def _bands(layered: Layered, texts: Sequence[_Text]) -> tuple[list[int], list[int]]:
    """The top and the bottom of each layer."""
    tops, bottoms, y = [], [], MARGIN
    for layer in range(layered.depth):
        height = max((text.height for number, text in enumerate(texts) if layered.layer[number] == layer), default=0)
        tops.append(y)
        bottoms.append(y + height)
        y += height + GAP_Y
    return tops, bottoms


@dataclass(frozen=True)
class _Pen:
    """Draws the links, stretch by stretch."""

    layered: Layered
    nodes: Sequence[Node]
    across: dict[int, int]
    tops: Sequence[int]
    bottoms: Sequence[int]

    def strokes(self) -> list[Stroke]:
        """Every stretch; those shared by several links come several times."""
        found = []
        for way, conditional in self.layered.ways():
            for number, (one, two) in enumerate(pairwise(way)):
                found.append(Stroke(self._stretch(one, two, first=number == 0), conditional))
        return found

    def _stretch(self, one: int, two: int, *, first: bool) -> str:
        """From a box or a lane of one layer to one of the next: straight through its own layer, then a curve."""
        layer = self.layered.layer_of(one)
        start = self.nodes[one].y + self.nodes[one].height if first else self.tops[layer]
        below, end = self.bottoms[layer], self.tops[layer + 1]
        x0, x1, half = self.across[one], self.across[two], (end - below) // 2
        return f"M{x0} {start}V{below}C{x0} {below + half} {x1} {end - half} {x1} {end}"


@dataclass(frozen=True, slots=True)
class _Text:
    """What a box says, before it has a place."""

    position: int | None
    key: str
    tag: tuple[str, ...]
    label: tuple[str, ...]
    notes: tuple[str, ...]
    optional: bool
    repeated: bool
    partner: bool
    title: str

    @property
    def tag_height(self) -> int:
        return len(self.tag) * TAG_LINE + 6 if self.tag else 0

    @property
    def height(self) -> int:
        return self.tag_height + 2 * _PAD + len(self.label) * LABEL_LINE + len(self.notes) * NOTE_LINE - 2

    def node(self, x: int, y: int, width: int, layer: int) -> Node:
        """The box with its place."""
        lines, baseline = [], y + TAG_LINE - 1
        for text in self.tag:
            lines.append(Line(baseline, text, "tag"))
            baseline += TAG_LINE
        baseline = y + self.tag_height + _PAD + 11
        for text in self.label:
            lines.append(Line(baseline, text, "label"))
            baseline += LABEL_LINE
        for text in self.notes:
            lines.append(Line(baseline, text, "note"))
            baseline += NOTE_LINE
        return Node(
            self.position, self.key, x, y, width, self.height, self.tag_height, tuple(lines), layer,
            self.optional, self.repeated, self.partner, self.title,
        )  # fmt: skip


def _step_text(target: Target, position: int, width: int) -> _Text:
    step = target.steps[position]
    return _Text(
        position=position,
        key=step.key,
        tag=wrap(branch_words(step, target), width - 16, NOTE_SIZE, 2) if step.when or step.unless else (),
        label=wrap(step.label or step.key, width - 2 * _PAD, LABEL_SIZE, 3),
        notes=tuple(shorten(note, width - 2 * _PAD, NOTE_SIZE) for note in _notes(target, step, width - 2 * _PAD)),
        optional=step.optional,
        repeated=step.repeat is not None,
        partner=bool(step.partner),
        title=_title(step_words(target, position)),
    )


def _event_text(target: Target, match: Match, width: int) -> _Text:
    said = match_words(match, target.details)
    label = wrap(said, width - 4 * _PAD, LABEL_SIZE, 2)
    return _Text(None, f"{match.milestone.value}-{match.detail}", (), label, (), False, False, False, said)


def _notes(target: Target, step: StepDef, room: float) -> list[str]:
    """What a box says under its label: who, within what (on a line of its own when both are long), how often, where."""
    notes = [step.actor.label, *([step.objective.as_objective] if step.objective else [])]
    if text_width(" · ".join(notes), NOTE_SIZE) <= room:
        notes = [" · ".join(notes)]
    if step.repeat:
        notes.append(f"↻ {repeat_words(step.repeat)}")
    if step.partner:
        partner = target.partner(step.partner)
        notes += wrap(f"Chez : {partner.label if partner else step.partner}", room, NOTE_SIZE, 2)
    return notes


def _title(words: StepWords) -> str:
    """The whole box in one sentence, for whoever hears it."""
    parts = [
        words.label,
        words.actor,
        f"objectif {words.objective}" if words.objective else "sans objectif",
        f"à partir de : {words.anchor}",
        words.condition.lower() if words.condition else "",
        words.repeat.lower(),
        f"chez {words.partner}" if words.partner else "",
        "étape facultative" if words.optional else "",
    ]
    return ", ".join(part for part in parts if part)


def _glued(text: str) -> str:
    """The text with French signs kept to their word."""
    for sign in ("« ", " »", " :", " ;", " ?", " !"):
        text = text.replace(sign, sign.replace(" ", "\N{NO-BREAK SPACE}"))
    return text


def wrap(text: str, room: float, size: float, most: int) -> tuple[str, ...]:
    """`text` in at most `most` lines, each no wider than `room`; what is too long ends with an ellipsis."""
    lines: list[str] = []
    words = _glued(text).split(" ")
    while words and len(lines) < most - 1:
        taken = 1
        while taken < len(words) and text_width(" ".join(words[: taken + 1]), size) <= room:
            taken += 1
        lines.append(shorten(" ".join(words[:taken]), room, size))
        words = words[taken:]
    return (*lines, shorten(" ".join(words), room, size)) if words else tuple(lines)
