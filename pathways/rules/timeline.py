"""Where everything goes on the timeline of one patient: numbers for `templates/components/timeline_svg.html`.

Whole pixels only, so that no number prints with a decimal comma. Labels stand left of `x0`; the chart runs from
`x0` to `width`, and time is linear in it. What came before the pathway opened is drawn at the left edge, what is
expected far beyond all the rest at the right edge; the words of the row always tell the true date.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Protocol

from pathways.rules.axis import Box, Tick, french_date, ticks
from pathways.rules.calendar import TICK, Calendar
from pathways.rules.durations import Pause
from pathways.rules.steps import StepState
from pathways.rules.typography import shorten, text_width

FIRST_ROW_Y = 62
ROW_HEIGHT = 38
LABEL_SIZE, SUBLABEL_SIZE = 12.5, 11.0
STACKED_LABEL = 22
"""How far above its bar a label stands when it is not beside it."""
TODAY_HALF_BOX = 38
"""Half the width of the « aujourd’hui » box, which must stay inside the picture."""

_LABEL_X = 8
_LEFT_PAD, _RIGHT_PAD = 14, TODAY_HALF_BOX + 8
_MIN_WIDTH = 360
_SHORTEST = timedelta(days=3)
_SQUEEZE_FROM = timedelta(days=14)


class Drawable(Protocol):
    """What the layout needs of a step: a `PlannedStep` has it, and so has its stored row."""

    @property
    def key(self) -> str: ...
    @property
    def label(self) -> str: ...
    @property
    def state(self) -> str: ...
    @property
    def anchor_at(self) -> datetime | None: ...
    @property
    def due_at(self) -> datetime | None: ...
    @property
    def raw_due_at(self) -> datetime | None: ...
    @property
    def done_at(self) -> datetime | None: ...
    @property
    def skip_reason(self) -> str: ...
    @property
    def optional(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class Row:
    """One step. `y` is the centre of the row. `done_x` is where the mark of the state stands: the day it was
    done, today while it runs, the expected day when projected. `title` says in full what the picture shows."""

    key: str
    y: int
    label: str
    sublabel: str
    state: str
    target_x: int | None
    bar_x: int
    bar_width: int
    done_x: int | None
    title: str
    href: str


@dataclass(frozen=True, slots=True)
class PauseBand:
    """A stop of the clock. `label` is empty when it does not fit into the band; `title` always tells."""

    x: int
    width: int
    label: str
    title: str


@dataclass(frozen=True, slots=True)
class Timeline:
    """Everything to draw. `today_x` is None when the pathway lies wholly in the past."""

    width: int
    height: int
    x0: int
    axis: tuple[Tick, ...]
    today_x: int | None
    rows: tuple[Row, ...]
    pauses: tuple[PauseBand, ...]
    stacked: bool = False


def layout(
    steps: Sequence[Drawable],
    pauses: Iterable[tuple[Pause, str]],
    opened_at: datetime,
    today: datetime,
    width: int,
    calendar: Calendar | None = None,
    links: Mapping[str, str] | None = None,
    row_height: int = ROW_HEIGHT,
    stacked: bool = False,
) -> Timeline:
    """Lays out the steps that concern the patient (not applicable ones are left out), in the given order.

    `pauses` go with their French labels; `today` is the instant to draw as today; `links` gives the address of
    the rows that have one, by step key. `width` is in pixels, 360 at least; `row_height` tightens the rows. `stacked`
    writes each label above its bar, so that the whole width tells time: for a phone.
    """
    width = max(width, _MIN_WIDTH)
    first_y = FIRST_ROW_Y + (STACKED_LABEL if stacked else 0)
    shown = [step for step in steps if step.state != StepState.NOT_APPLICABLE]
    scale = _Scale.fitting(shown, opened_at, today, width, calendar or Calendar(), stacked)
    today_x = scale.x(today) if today <= scale.end else None
    pen = _Pen(scale, today, links or {})
    return Timeline(
        width=width,
        height=first_y + row_height * max(len(shown) - 1, 0) + row_height // 2 + 6,
        x0=scale.x0,
        axis=ticks(scale.calendar, scale.start, scale.end, scale.x, Box(scale.x0, width)),
        today_x=today_x,
        rows=tuple(pen.row(first_y + row_height * number, step) for number, step in enumerate(shown)),
        pauses=tuple(band for pause, label in pauses if (band := _band(scale, pause, label))),
        stacked=stacked,
    )


@dataclass(frozen=True)
class _Scale:
    """Instants to pixels, and instants to words."""

    calendar: Calendar
    start: datetime
    end: datetime
    x0: int
    width: int

    @classmethod
    def fitting(
        cls,
        steps: Sequence[Drawable],
        opened_at: datetime,
        today: datetime,
        width: int,
        calendar: Calendar,
        stacked: bool = False,
    ) -> _Scale:
        """From the day of opening to the horizon."""
        first = calendar.start_of_day(calendar.local_date(opened_at))
        last = calendar.end_of_day(calendar.local_date(_horizon(steps, first, today)))
        x0 = 0 if stacked else min(max(width * 3 // 10, 150), 300)
        return cls(calendar, first, max(last, first + _SHORTEST), x0, width)

    def x(self, instant: datetime) -> int:
        """The pixel of an instant, kept inside the chart."""
        share = (instant.astimezone(UTC) - self.start) / (self.end - self.start)
        left, right = self.x0 + _LEFT_PAD, self.width - _RIGHT_PAD
        return round(left + min(max(share, 0.0), 1.0) * (right - left))

    def day(self, instant: datetime) -> date:
        """The wall-clock day of an instant."""
        return self.calendar.local_date(instant)


@dataclass(frozen=True)
class _Pen:
    """Draws the rows of one timeline."""

    scale: _Scale
    today: datetime
    links: Mapping[str, str]

    def row(self, y: int, step: Drawable) -> Row:
        """One row, centred on `y`."""
        shown = _shown_state(step, self.today)
        end = self._mark(step, shown)
        start = step.anchor_at if step.anchor_at is not None else end
        bar_x, bar_end = (self.scale.x(start), self.scale.x(end)) if start and end else (self.scale.x0, self.scale.x0)
        target = step.due_at or step.raw_due_at
        label, sublabel = self._words(step, shown)
        return Row(
            key=step.key,
            y=y,
            label=label,
            sublabel=sublabel,
            state=shown,
            target_x=self.scale.x(target) if target else None,
            bar_x=min(bar_x, bar_end),
            bar_width=abs(bar_end - bar_x) if shown != "skipped" else 0,
            done_x=self.scale.x(end) if end else None,
            title=self._title(step, shown),
            href=self.links.get(step.key, ""),
        )

    def _words(self, step: Drawable, shown: str) -> tuple[str, str]:
        """The label and the state: one above the other beside the chart, or on one line above the bar."""
        said = self._sublabel(step, shown)
        if self.scale.x0:
            room = self.scale.x0 - 2 * _LABEL_X
            return shorten(step.label, room, LABEL_SIZE), shorten(said, room, SUBLABEL_SIZE)
        room = self.scale.width - 3 * _LABEL_X
        said = shorten(said, room // 2, SUBLABEL_SIZE)
        return shorten(step.label, int(room - text_width(said, SUBLABEL_SIZE)), LABEL_SIZE), said

    def _mark(self, step: Drawable, shown: str) -> datetime | None:
        """Where the bar ends and the mark of the state stands."""
        if step.done_at is not None:
            return step.done_at
        if shown in ("late", "due"):
            return self.today
        if shown == "skipped":
            return step.anchor_at
        return step.due_at or step.raw_due_at

    def _sublabel(self, step: Drawable, shown: str) -> str:
        """The state in a few words, the year only when it is another one."""
        this_year = self.scale.day(self.today)
        return _say(shown, step, lambda instant: french_date(self.scale.day(instant), near=this_year))

    def _title(self, step: Drawable, shown: str) -> str:
        """The whole row in words, for a screen reader or a pointer."""
        said = _say(shown, step, self._full_date)
        target = f", objectif le {self._full_date(step.due_at)}" if step.done_at and step.due_at else ""
        return f"{step.label} : {said}{target}"

    def _full_date(self, instant: datetime) -> str:
        return french_date(self.scale.day(instant))


def _horizon(steps: Sequence[Drawable], start: datetime, today: datetime) -> datetime:
    """The last instant to draw: all that is known, today while a step runs, and what is expected, as long as it
    does not squeeze the rest (a review in three months would take three quarters of the picture)."""
    running = [step for step in steps if step.state in (StepState.OPEN, StepState.WAITING)]
    known = [start, *(moment for step in steps if step.state != StepState.WAITING for moment in _moments(step))]
    if running or len(known) == 1:
        known.append(today.astimezone(UTC))
    horizon = max(known)
    for moment in sorted(moment for step in running for moment in _moments(step)):
        if moment - start > 2 * max(horizon - start, _SQUEEZE_FROM):
            break
        horizon = max(horizon, moment)
    return horizon


def _moments(step: Drawable) -> list[datetime]:
    """The instants of a step that the picture shows, in UTC."""
    return [each.astimezone(UTC) for each in (step.due_at, step.raw_due_at, step.done_at) if each is not None]


def _shown_state(step: Drawable, today: datetime) -> str:
    """The word the picture knows the state by."""
    if step.done_at is not None:
        return "done_late" if step.due_at is not None and step.done_at > step.due_at else "done"
    if step.state == StepState.SKIPPED:
        return "skipped"
    if step.due_at is None and step.raw_due_at is not None:
        return "paused"
    if step.state == StepState.OPEN:
        return "late" if step.due_at is not None and step.due_at < today and not step.optional else "due"
    return "projected"


def _say(shown: str, step: Drawable, said: Callable[[datetime], str]) -> str:
    """A state and its date in French."""
    if step.done_at is not None:
        return f"fait le {said(step.done_at)}" + (", après l’objectif" if shown == "done_late" else "")
    if shown == "skipped":
        return f"passée : {step.skip_reason}" if step.skip_reason else "passée"
    if shown == "paused":
        return "décompte en pause"
    if step.due_at is None:
        return "sans objectif" if shown == "due" else "date non connue"
    opening = {"late": "en retard, objectif le", "due": "à faire pour le", "projected": "prévu pour le"}[shown]
    return f"{opening} {said(step.due_at)}"


def _band(scale: _Scale, pause: Pause, label: str) -> PauseBand | None:
    """The band of a pause, or None when it lies outside the chart."""
    end = scale.end if pause.end is None else min(pause.end, scale.end)
    if end <= max(pause.start, scale.start):
        return None
    x = scale.x(pause.start)
    width = max(scale.x(end) - x, 2)
    fits = text_width(label, SUBLABEL_SIZE) + 8 <= width
    since = french_date(scale.day(pause.start))
    if pause.end is None:
        when = f"depuis le {since}, sans date de fin"
    else:
        # The end is excluded: a pause of whole days ends on the midnight after its last one.
        when = f"du {since} au {french_date(scale.day(pause.end - TICK))}"
    return PauseBand(x, width, label if fits else "", f"{label} : {when}")
