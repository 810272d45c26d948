"""Boxes and links put in layers: which row each box stands in, in what order, and where across.

A link always goes from a layer to a later one. Where it passes a layer without stopping it takes a narrow *lane* of its
own there, numbered after the boxes; the long links of one box share theirs. Deterministic, and blind to what the boxes
say: `flowchart` knows that.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

_SWEEPS = 12
_LANE_WEIGHT = 4.0
"""How much straighter a lane wants to be than a box wants to stand under its own."""

Pair = tuple[int, int]


@dataclass
class Layered:
    """Boxes in rows. `layer[i]` is the row of box i; `rows` hold boxes and lanes from left to right."""

    layer: list[int]
    links: list[tuple[int, int, bool]]
    rows: list[list[int]] = field(default_factory=list)
    lane_of: dict[tuple[int, bool, int], int] = field(default_factory=dict, compare=False)
    lane_layers: list[int] = field(default_factory=list, compare=False)

    @property
    def depth(self) -> int:
        """How many layers there are."""
        return len(self.rows)

    @property
    def lanes(self) -> int:
        """How many boxes and lanes there are."""
        return len(self.layer) + len(self.lane_layers)

    def layer_of(self, number: int) -> int:
        """The layer of a box or of a lane."""
        boxes = len(self.layer)
        return self.layer[number] if number < boxes else self.lane_layers[number - boxes]

    def way(self, source: int, end: int, conditional: bool) -> list[int]:
        """The boxes and lanes a link runs through."""
        between = range(self.layer[source] + 1, self.layer[end])
        return [source, *(self.lane_of[source, conditional, each] for each in between), end]

    def ways(self) -> Iterator[tuple[list[int], bool]]:
        """Every link's way, and whether it is conditional."""
        for source, end, conditional in self.links:
            yield self.way(source, end, conditional), conditional

    def across(self, widths: Mapping[int, int], gap: int) -> dict[int, float]:
        """The middle of each box and lane: as far as possible under what it waits for, touching no neighbour."""
        above, below = self._neighbours()
        middles: dict[int, float] = {}
        for row in self.rows:
            room = [_room(one, two, widths, gap, len(self.layer)) for one, two in pairwise(row)]
            middles |= dict(zip(row, _spread([0.0] * len(row), room, [1.0] * len(row)), strict=True))
        for sweep in range(_SWEEPS):
            down = sweep % 2 == 0
            for row in self.rows if down else reversed(self.rows):
                near = above if down else below
                wanted = [_mean([middles[each] for each in near[number]], middles[number]) for number in row]
                weights = [_LANE_WEIGHT if number >= len(self.layer) else 1.0 for number in row]
                room = [_room(one, two, widths, gap, len(self.layer)) for one, two in pairwise(row)]
                middles |= dict(zip(row, _spread(wanted, room, weights), strict=True))
        return middles

    def _neighbours(self) -> tuple[dict[int, list[int]], dict[int, list[int]]]:
        above: dict[int, list[int]] = defaultdict(list)
        below: dict[int, list[int]] = defaultdict(list)
        for one, two in dict.fromkeys(pair for way, _ in self.ways() for pair in pairwise(way)):
            below[one].append(two)
            above[two].append(one)
        return above, below

    def _fill_rows(self) -> None:
        """Makes the lanes, and puts boxes and lanes in rows in the order of the boxes."""
        for source, end, conditional in self.links:
            for layer in range(self.layer[source] + 1, self.layer[end]):
                if (source, conditional, layer) not in self.lane_of:
                    self.lane_of[source, conditional, layer] = self.lanes
                    self.lane_layers.append(layer)
        self.rows = [[] for _ in range(max(self.layer, default=-1) + 1)]
        for number in range(self.lanes):
            self.rows[self.layer_of(number)].append(number)

    def _untangle(self) -> None:
        """Orders each row by the middle of its neighbours, down and up again; keeps the order with fewest crossings."""
        above, below = self._neighbours()
        best, fewest = [[*row] for row in self.rows], self._crossings(below)
        for sweep in range(_SWEEPS):
            near = above if sweep % 2 == 0 else below
            place = {number: at for row in self.rows for at, number in enumerate(row)}
            for row in self.rows if sweep % 2 == 0 else reversed(self.rows):
                keys = {number: _mean([place[each] for each in near[number]], place[number]) for number in row}
                row.sort(key=lambda number: (keys[number], place[number]))
                place |= {number: at for at, number in enumerate(row)}
            crossings = self._crossings(below)
            if crossings < fewest:
                best, fewest = [[*row] for row in self.rows], crossings
        self.rows = best

    def _crossings(self, below: Mapping[int, list[int]]) -> int:
        place = {number: at for row in self.rows for at, number in enumerate(row)}
        total = 0
        for row in self.rows:
            ends = [place[end] for number in row for end in sorted(below[number], key=place.__getitem__)]
            starts = [place[number] for number in row for _ in below[number]]
            for one, (start, end) in enumerate(zip(starts, ends, strict=True)):
                total += sum(1 for other in range(one) if starts[other] < start and ends[other] > end)
        return total


def place(
    count: int, solid: Sequence[Pair], conditional: Sequence[Pair], *, floating: Collection[int], steps: int, most: int
) -> Layered:
    """Puts `count` boxes in layers of about `most` abreast.

    The first `steps` boxes are in the order they usually happen; `floating` boxes come from outside, at no set time:
    they stand just above what waits for them, which itself stands no earlier than what comes before it in that order.
    So does a box whose only condition would close a loop (a second sample, asked for by what the first one told).
    """
    links = [(*pair, False) for pair in _without_loops(count, solid)]
    returning = set()
    for pair in dict.fromkeys(conditional):
        if _reaches(pair[1], pair[0], links):
            returning.add(pair[1])
        else:
            links.append((*pair, True))
    layer = _layers(count, links, most)
    _let_down(layer, links, floating, steps, returning)
    _close_ranks(layer)
    layered = Layered(layer, links)
    layered._fill_rows()
    layered._untangle()
    return layered


def _without_loops(count: int, pairs: Sequence[Pair]) -> list[Pair]:
    """The links once each, without those that would close a loop."""
    kept: list[tuple[int, int, bool]] = []
    for source, end in dict.fromkeys(pairs):
        if not _reaches(end, source, kept):
            kept.append((source, end, False))
    return [(source, end) for source, end, _ in kept]


def _reaches(start: int, end: int, links: Sequence[tuple[int, int, bool]]) -> bool:
    """True when the links lead from one box to another, or they are the same."""
    below: dict[int, list[int]] = defaultdict(list)
    for source, target, _ in links:
        below[source].append(target)
    seen, pending = {start}, [start]
    while pending:
        for following in below[pending.pop()]:
            if following not in seen:
                seen.add(following)
                pending.append(following)
    return end in seen


def _layers(count: int, links: Sequence[tuple[int, int, bool]], most: int) -> list[int]:
    """The earliest layer of each box, at most `most` in each: those with the longest way still to go first."""
    above: dict[int, list[int]] = defaultdict(list)
    below: dict[int, list[int]] = defaultdict(list)
    for source, end, _ in links:
        above[end].append(source)
        below[source].append(end)
    to_go = _to_go(count, below)
    layer: dict[int, int] = {}
    current = 0
    while len(layer) < count:
        ready = [
            number
            for number in range(count)
            if number not in layer and all(layer.get(each, current) < current for each in above[number])
        ]
        ready.sort(key=lambda number: (-to_go[number], number))
        layer |= dict.fromkeys(ready[:most], current)
        current += 1
    return [layer[number] for number in range(count)]


def _to_go(count: int, below: Mapping[int, list[int]]) -> list[int]:
    """How many links lie between each box and the end of its longest way."""
    found = [0] * count
    for _ in range(count):
        changed = False
        for number in range(count):
            longest = max((found[end] + 1 for end in below[number]), default=0)
            changed = changed or longest != found[number]
            found[number] = longest
        if not changed:
            break
    return found


def _let_down(
    layer: list[int],
    links: Sequence[tuple[int, int, bool]],
    floating: Collection[int],
    steps: int,
    returning: Collection[int],
) -> None:
    """Moves what only waits for floating boxes, or for nothing that is drawn, down to its place in the usual order."""
    above: dict[int, list[int]] = defaultdict(list)
    below: dict[int, list[int]] = defaultdict(list)
    for source, end, _ in links:
        above[end].append(source)
        below[source].append(end)
    for number in range(1, steps):
        loose = all(each in floating for each in above[number]) if above[number] else number in returning
        if loose:
            last = min((layer[each] - 1 for each in below[number]), default=max(layer))
            layer[number] = max(layer[number], min(last, layer[number - 1]))
    for number in floating:
        layer[number] = min((layer[each] for each in below[number]), default=1) - 1


def _close_ranks(layer: list[int]) -> None:
    """Takes out layers that were left empty."""
    rank = {used: number for number, used in enumerate(sorted(set(layer)))}
    layer[:] = [rank[each] for each in layer]


def _room(one: int, two: int, widths: Mapping[int, int], gap: int, boxes: int) -> float:
    """How far apart the middles of two neighbours must be."""
    between = gap / 2 if one >= boxes and two >= boxes else gap
    return (widths[one] + widths[two]) / 2 + between


def _mean(values: Sequence[float], default: float) -> float:
    return sum(values) / len(values) if values else default


def _spread(wanted: Sequence[float], room: Sequence[float], weights: Sequence[float]) -> list[float]:
    """The places nearest to the wanted ones (weighted squares) that keep order and room (pool adjacent violators)."""
    offsets = [0.0]
    for each in room:
        offsets.append(offsets[-1] + each)
    pools: list[tuple[float, float, int]] = []  # sum of weighted wishes, weight, how many
    for wish, offset, weight in zip(wanted, offsets, weights, strict=False):
        total, mass, size = (wish - offset) * weight, weight, 1
        while pools and pools[-1][0] / pools[-1][1] >= total / mass:
            before = pools.pop()
            total, mass, size = total + before[0], mass + before[1], size + before[2]
        pools.append((total, mass, size))
    places = [total / mass for total, mass, size in pools for _ in range(size)]
    return [each + offset for each, offset in zip(places, offsets, strict=False)]
