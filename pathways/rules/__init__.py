"""Pure rules of the patient's way: no ORM, no request, no clock read inside (the instant is an argument)."""

from pathways.rules.milestones import MilestoneKind
from pathways.rules.plan import Fact, PlannedStep, StepState

__all__ = ["Fact", "MilestoneKind", "PlannedStep", "StepState"]
