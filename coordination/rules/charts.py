"""Where everything goes on the charts of slots: whole pixels for `templates/components/chart_*.html`.

A chart never stands alone: its table says the same numbers. Labels stand left of `X0`; values are linear from there to
`WIDTH - PAD`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from pathways.rules.typography import shorten

WIDTH = 720
X0 = 190
PAD = 56
ROW = 30
TOP = 8
AXIS = 26
_SPAN = WIDTH - PAD - X0
_STEPS = (1, 2, 5, 10, 20, 25, 50, 100, 200, 250, 500, 1000, 2000, 5000, 10000)
_MOST_TICKS = 6
_WIDE_ENOUGH = 22
_GAP = 8
LABEL_SIZE = 12.5
Row = TypeVar("Row")


@dataclass(frozen=True)
class Part:
    """One piece of a bar. ``rank`` names its look (from 1); ``text`` is empty where the piece is too short for it."""

    rank: int
    x: int
    width: int
    text: str
    text_x: int


@dataclass(frozen=True)
class Bar:
    """One row: its words and its pieces; `y` is the top of the bar."""

    label: str
    y: int
    parts: list[Part]
    total: int


@dataclass(frozen=True)
class Range:
    """One row: a span from ``x`` over ``width`` (the middle half, or an interval), and the mark of its middle."""

    label: str
    y: int
    x: int
    width: int
    middle_x: int
    text: str
    text_x: int


@dataclass(frozen=True)
class Tick:
    x: int
    text: str


@dataclass(frozen=True)
class Chart(Generic[Row]):
    """What the template draws."""

    rows: list[Row]
    ticks: list[Tick]
    height: int
    width: int = WIDTH
    x0: int = X0
    mark_x: int | None = None

    @property
    def axis_y(self) -> int:
        return self.height - AXIS


def bars(rows: Sequence[tuple[str, Sequence[int]]]) -> Chart[Bar]:
    """Stacked bars, one a row: its words and the sizes of its pieces, none negative."""
    scale = _Scale(max((sum(sizes) for _, sizes in rows), default=0))
    drawn = []
    for number, (label, sizes) in enumerate(rows):
        parts, before = [], 0
        for rank, size in enumerate(sizes, start=1):
            start, end = scale.x(before), scale.x(before + size)
            before += size
            if size:
                text = str(size) if end - start >= _WIDE_ENOUGH else ""
                parts.append(Part(rank, start, max(end - start, 1), text, (start + end) // 2))
        drawn.append(Bar(_fitting(label), TOP + number * ROW, parts, before))
    return Chart(drawn, scale.ticks(), _height(len(rows)))


def ranges(
    rows: Sequence[tuple[str, float, float, float, str]], *, most: float | None = None, mark: float | None = None
) -> Chart[Range]:
    """Spans, one a row: words, low, middle, high, the text beside. ``most`` ends the scale; ``mark`` is a line across
    all rows (an objective)."""
    top = max([high for _, _, _, high, _ in rows] + [mark or 0]) if most is None else most
    scale = _Scale(top)
    drawn = [
        Range(
            _fitting(label),
            TOP + number * ROW,
            scale.x(low),
            max(scale.x(high) - scale.x(low), 2),
            scale.x(middle),
            text,
            scale.x(high) + _GAP,
        )
        for number, (label, low, middle, high, text) in enumerate(rows)
    ]
    mark_x = None if mark is None else scale.x(mark)
    return Chart(drawn, scale.ticks(), _height(len(rows)), mark_x=mark_x)


def _fitting(label: str) -> str:
    """The words, cut to the room left of the bars; the table has them whole."""
    return shorten(label, X0 - 2 * _GAP, LABEL_SIZE)


def _height(rows: int) -> int:
    return TOP + rows * ROW + AXIS


class _Scale:
    """From 0 to ``most``, in whole pixels."""

    def __init__(self, most: float) -> None:
        self.most = max(most, 1)

    def x(self, value: float) -> int:
        return X0 + round(_SPAN * min(value, self.most) / self.most)

    def ticks(self) -> list[Tick]:
        step = next((each for each in _STEPS if self.most / each <= _MOST_TICKS), _STEPS[-1])
        return [Tick(self.x(value), str(value)) for value in range(0, int(self.most) + 1, step)]
