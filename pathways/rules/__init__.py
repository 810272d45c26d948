"""Pure rules of the patient's way: no ORM, no request, no clock read inside (the instant is an argument)."""

from pathways.rules.calendar import HOLIDAY_ZONES, Calendar
from pathways.rules.clock import Waits, add, before, days_off, elapsed, waits
from pathways.rules.durations import Duration, Pause, Pauses, Unit, merge
from pathways.rules.lateness import Lateness, margin_days
from pathways.rules.milestones import MilestoneKind
from pathways.rules.plan import Fact, PlannedStep, StepState, next_step, plan
from pathways.rules.target import Target, TargetError, dump, from_dict, parse_target, to_dict

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
    "Target",
    "TargetError",
    "Unit",
    "Waits",
    "add",
    "before",
    "days_off",
    "dump",
    "elapsed",
    "from_dict",
    "margin_days",
    "merge",
    "next_step",
    "parse_target",
    "plan",
    "to_dict",
    "waits",
]
