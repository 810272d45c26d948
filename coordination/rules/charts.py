"""Where everything goes on the charts of slots: whole pixels for `templates/components/chart_*.html`.

A chart never stands alone: its table says the same numbers. Each is drawn twice, for a screen (`SCREEN`: words left of
the bars) and for a phone (`PHONE`: words above them), of which one is shown. Values are linear from the left of the
bars to the right of the sheet less its margin.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from pathways.rules.typography import shorten

AXIS = 26


@dataclass(frozen=True)
class Sheet:
    """What a chart is drawn on: ``x0`` is the left of the bars, ``pad`` the margin on their right, ``row`` the height
    of a row, ``top`` the top of the first bar. ``above``: words stand above their bar."""

    width: int
    x0: int
    pad: int
    row: int
    top: int
    above: bool = False


SCREEN = Sheet(width=720, x0=190, pad=56, row=30, top=8)
PHONE = Sheet(width=330, x0=8, pad=44, row=46, top=22, above=True)

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
    """What the template draws; ``phone`` is the same chart, drawn for a phone."""

    rows: list[Row]
    ticks: list[Tick]
    sheet: Sheet = SCREEN
    mark_x: int | None = None
    phone: Chart[Row] | None = None

    @property
    def axis_y(self) -> int:
        return self.sheet.top + len(self.rows) * self.sheet.row

    @property
    def height(self) -> int:
        return self.axis_y + AXIS


def bars(rows: Sequence[tuple[str, Sequence[int]]]) -> Chart[Bar]:
    """Stacked bars, one a row: its words and the sizes of its pieces, none negative."""
    return replace(_bars(rows, SCREEN), phone=_bars(rows, PHONE))


def ranges(
    rows: Sequence[tuple[str, float, float, float, str]], *, most: float | None = None, mark: float | None = None
) -> Chart[Range]:
    """Spans, one a row: words, low, middle, high, the text beside. ``most`` ends the scale; ``mark`` is a line across
    all rows (an objective)."""
    top = max([high for _, _, _, high, _ in rows] + [mark or 0]) if most is None else most
    return replace(_ranges(rows, top, mark, SCREEN), phone=_ranges(rows, top, mark, PHONE))


def _bars(rows: Sequence[tuple[str, Sequence[int]]], sheet: Sheet) -> Chart[Bar]:
    scale = _Scale(max((sum(sizes) for _, sizes in rows), default=0), sheet)
    drawn = []
    for number, (label, sizes) in enumerate(rows):
        parts, before = [], 0
        for rank, size in enumerate(sizes, start=1):
            start, end = scale.x(before), scale.x(before + size)
            before += size
            if size:
                text = str(size) if end - start >= _WIDE_ENOUGH else ""
                parts.append(Part(rank, start, max(end - start, 1), text, (start + end) // 2))
        drawn.append(Bar(_fitting(label, sheet), sheet.top + number * sheet.row, parts, before))
    return Chart(drawn, scale.ticks(), sheet)


def _ranges(
    rows: Sequence[tuple[str, float, float, float, str]], most: float, mark: float | None, sheet: Sheet
) -> Chart[Range]:
    scale = _Scale(most, sheet)
    drawn = [
        Range(
            _fitting(label, sheet),
            sheet.top + number * sheet.row,
            scale.x(low),
            max(scale.x(high) - scale.x(low), 2),
            scale.x(middle),
            text,
            scale.x(high) + _GAP,
        )
        for number, (label, low, middle, high, text) in enumerate(rows)
    ]
    return Chart(drawn, scale.ticks(), sheet, mark_x=None if mark is None else scale.x(mark))


def _fitting(label: str, sheet: Sheet) -> str:
    """The words, cut to their room; the table has them whole."""
    return shorten(label, (sheet.width if sheet.above else sheet.x0) - 2 * _GAP, LABEL_SIZE)


class _Scale:
    """From 0 to ``most``, in whole pixels."""

    def __init__(self, most: float, sheet: Sheet) -> None:
        self.most, self.sheet = max(most, 1), sheet

    def x(self, value: float) -> int:
        span = self.sheet.width - self.sheet.pad - self.sheet.x0
        return self.sheet.x0 + round(span * min(value, self.most) / self.most)

    def ticks(self) -> list[Tick]:
        step = next((each for each in _STEPS if self.most / each <= _MOST_TICKS), _STEPS[-1])
        return [Tick(self.x(value), str(value)) for value in range(0, int(self.most) + 1, step)]
