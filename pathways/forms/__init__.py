from pathways.forms.actions import (
    AcknowledgeForm,
    AlertPreferenceForm,
    AssignForm,
    CloseForm,
    CorrectionForm,
    EndPauseForm,
    FactForm,
    GivenForm,
    MilestoneForm,
    PauseForm,
    ReasonForm,
    StepDoneForm,
)
from pathways.forms.circle import CircleForm
from pathways.forms.emergency import BreakGlassForm
from pathways.forms.moving import MoveForm, MoveManyForm, SwitchForm
from pathways.forms.patients import NewFileForm, OpenPathwayForm, PatientForm
from pathways.forms.search import ListFilter

__all__ = [
    "AcknowledgeForm",
    "AlertPreferenceForm",
    "AssignForm",
    "BreakGlassForm",
    "CircleForm",
    "CloseForm",
    "CorrectionForm",
    "EndPauseForm",
    "FactForm",
    "GivenForm",
    "ListFilter",
    "MilestoneForm",
    "MoveForm",
    "MoveManyForm",
    "NewFileForm",
    "OpenPathwayForm",
    "PatientForm",
    "PauseForm",
    "ReasonForm",
    "StepDoneForm",
    "SwitchForm",
]
