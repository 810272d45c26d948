from pathways.models.alerts import Alert, AlertKind, AlertPreference, Watch
from pathways.models.causes import DelayCause
from pathways.models.codes import DelayCode, PauseCode, PauseExclusion, PauseFamily
from pathways.models.documents import Document, DocumentKind, DocumentStatus
from pathways.models.file import (
    Appointment,
    AppointmentStatus,
    BoardOpinion,
    Treatment,
    TreatmentModality,
    TreatmentStatus,
)
from pathways.models.ledger import Milestone, MilestoneSource, Pause
from pathways.models.pathway import CareCircleMember, CircleRole, ClosingReason, LinkKind, Pathway, PathwayStatus
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
    "DelayCause",
    "DelayCode",
    "Document",
    "DocumentKind",
    "DocumentStatus",
    "IdentityStatus",
    "LinkKind",
    "Milestone",
    "MilestoneSource",
    "Pathway",
    "PathwayStatus",
    "Patient",
    "Pause",
    "PauseCode",
    "PauseExclusion",
    "PauseFamily",
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
