"""The shapes of the plan: the facts that go in, the planned steps that come out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from pathways.rules.milestones import MilestoneKind


class StepState(StrEnum):
    """Where a step stands. Only `open` and `waiting` steps carry a due instant that runs."""

    DONE = "done"  # its milestone is recorded
    OPEN = "open"  # its anchor has happened: the clock runs
    WAITING = "waiting"  # its anchor has not happened: its date is a projection, or unknown
    SKIPPED = "skipped"  # set aside for this patient, with a reason
    NOT_APPLICABLE = "not_applicable"  # its condition is not met, or the pathway has ended

    @property
    def label(self) -> str:
        """The French name, as shown on screen."""
        return _STATE_LABELS[self]

    @classmethod
    def choices(cls) -> list[tuple[str, str]]:
        """`(value, French label)` pairs for a model field or a form."""
        return [(state.value, state.label) for state in cls]


_STATE_LABELS: dict[StepState, str] = {
    StepState.DONE: "Faite",
    StepState.OPEN: "En cours",
    StepState.WAITING: "À venir",
    StepState.SKIPPED: "Passée",
    StepState.NOT_APPLICABLE: "Sans objet",
}


@dataclass(frozen=True, slots=True, order=True)
class Fact:
    """A milestone in force (a superseded one is simply absent). `occurred_at` is aware; `detail` is a code
    such as an exam type, `""` when there is none."""

    occurred_at: datetime
    kind: MilestoneKind
    detail: str = ""


@dataclass(frozen=True, slots=True)
class PlannedStep:
    """One step of one patient's plan. Instants are aware, in UTC.

    `due_at` and `warn_at` count the pauses, `raw_due_at` does not. `due_at` is `None` when the step has no
    objective, when its anchor cannot be dated yet, when the clock is stopped by a pause without end
    (`paused`), and always for a skipped or not applicable step. `projected` says that `anchor_at` is an
    expected instant and not a fact. A repeated step gives one entry per occurrence: keys `review`,
    `review:2`, `review:3`, all with the same `step_key`.
    """

    key: str
    step_key: str
    occurrence: int
    label: str
    order: int
    phase: str
    actor: str
    state: StepState
    anchor_at: datetime | None
    projected: bool
    raw_due_at: datetime | None
    due_at: datetime | None
    warn_at: datetime | None
    done_at: datetime | None
    paused: bool
    optional: bool
    exam_type: str
    tells_gp: bool
    skip_reason: str
