"""Forms of the desk. They read what was typed; the services decide."""

from coordination.forms.acts import ActForm
from coordination.forms.contacts import LETTER_SENT, ContactForm
from coordination.forms.covers import ALL, SOME, CoverForm, ReturnForm
from coordination.forms.lab import LabAnswerForm, LabRequestForm
from coordination.forms.meetings import ReviewActionForm
from coordination.forms.notices import NoticeWordsForm
from coordination.forms.places import AskForm, CancelForm, MoveForm, OverbookForm, SinceForm, WaitForm
from coordination.forms.saved_views import SavedViewForm
from coordination.forms.tasks import TaskForm

__all__ = [
    "ALL",
    "LETTER_SENT",
    "SOME",
    "ActForm",
    "AskForm",
    "CancelForm",
    "ContactForm",
    "CoverForm",
    "LabAnswerForm",
    "LabRequestForm",
    "MoveForm",
    "NoticeWordsForm",
    "OverbookForm",
    "ReturnForm",
    "ReviewActionForm",
    "SavedViewForm",
    "SinceForm",
    "TaskForm",
    "WaitForm",
]
