"""Forms of the desk. They read what was typed; the services decide."""

from coordination.forms.acts import ActForm
from coordination.forms.bookings import CancelBookingForm
from coordination.forms.contacts import LETTER_SENT, ContactForm
from coordination.forms.covers import ALL, SOME, CoverForm, ReturnForm
from coordination.forms.lab import LabAnswerForm, LabRequestForm
from coordination.forms.meetings import ReviewActionForm
from coordination.forms.notices import NoticeWordsForm
from coordination.forms.saved_views import SavedViewForm
from coordination.forms.tasks import TaskForm

__all__ = [
    "ALL",
    "LETTER_SENT",
    "SOME",
    "ActForm",
    "CancelBookingForm",
    "ContactForm",
    "CoverForm",
    "LabAnswerForm",
    "LabRequestForm",
    "NoticeWordsForm",
    "ReturnForm",
    "ReviewActionForm",
    "SavedViewForm",
    "TaskForm",
]
