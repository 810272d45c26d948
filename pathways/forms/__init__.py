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
    "NewFileForm",
    "OpenPathwayForm",
    "PatientForm",
    "PauseForm",
    "ReasonForm",
    "StepDoneForm",
]
