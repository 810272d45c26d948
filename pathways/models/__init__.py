from pathways.models.alerts import Alert, AlertKind, AlertPreference, Watch
from pathways.models.documents import Document, DocumentKind, DocumentStatus
from pathways.models.file import (
    Appointment,
    AppointmentStatus,
    BoardOpinion,
    Treatment,
    TreatmentModality,
    TreatmentStatus,
)
from pathways.models.ledger import Milestone, MilestoneSource, Pause, PauseKind
from pathways.models.pathway import CareCircleMember, CircleRole, ClosingReason, Pathway, PathwayStatus
from pathways.models.patient import IdentityStatus, Patient, Sex
from pathways.models.plan import Step
from pathways.models.stand_in import StandIn
from pathways.models.target import (
    RehearsalStatus,
    TargetDraft,
    TargetPathway,
    TargetPathwayVersion,
    TargetRehearsal,
)
from pathways.rules.plan import StepState

__all__ = [
    "Alert",
    "AlertKind",
    "AlertPreference",
    "Appointment",
    "AppointmentStatus",
    "BoardOpinion",
    "CareCircleMember",
    "CircleRole",
    "ClosingReason",
    "Document",
    "DocumentKind",
    "DocumentStatus",
    "IdentityStatus",
    "Milestone",
    "MilestoneSource",
    "Pathway",
    "PathwayStatus",
    "Patient",
    "Pause",
    "PauseKind",
    "RehearsalStatus",
    "Sex",
    "StandIn",
    "Step",
    "StepState",
    "TargetDraft",
    "TargetPathway",
    "TargetPathwayVersion",
    "TargetRehearsal",
    "Treatment",
    "TreatmentModality",
    "TreatmentStatus",
    "Watch",
]
