"""Pure rules of the patient's way: no ORM, no request, no clock read inside (the instant is an argument)."""

from pathways.rules.calendar import HOLIDAY_ZONES, Calendar
from pathways.rules.clock import Waits, add, before, elapsed, waits
from pathways.rules.durations import Duration, Pause, Pauses, Unit, merge
from pathways.rules.lateness import Lateness, margin_days
from pathways.rules.milestones import MilestoneKind
from pathways.rules.plan import Fact, PlannedStep, StepState

__all__ = [
    "HOLIDAY_ZONES",
    "Calendar",
    "Duration",
    "Fact",
    "Lateness",
    "MilestoneKind",
    "Pause",
    "Pauses",
    "PlannedStep",
    "StepState",
    "Unit",
    "Waits",
    "add",
    "before",
    "elapsed",
    "margin_days",
    "merge",
    "waits",
]
