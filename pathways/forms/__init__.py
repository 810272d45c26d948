from pathways.forms.actions import (
    AcknowledgeForm,
    AlertPreferenceForm,
    AssignForm,
    CloseForm,
    CorrectionForm,
    DelayCauseForm,
    EndPauseForm,
    FactForm,
    GivenForm,
    LinkForm,
    MilestoneForm,
    PauseForm,
    ReasonForm,
    StepDoneForm,
)
from pathways.forms.circle import CircleForm
from pathways.forms.emergency import BreakGlassForm
from pathways.forms.moving import MoveForm, MoveManyForm, SwitchForm
from pathways.forms.patients import FollowingForm, NewFileForm, OpenPathwayForm, PatientForm
from pathways.forms.search import ListFilter

__all__ = [
    "AcknowledgeForm",
    "AlertPreferenceForm",
    "AssignForm",
    "BreakGlassForm",
    "CircleForm",
    "CloseForm",
    "CorrectionForm",
    "DelayCauseForm",
    "EndPauseForm",
    "FactForm",
    "FollowingForm",
    "GivenForm",
    "LinkForm",
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
