from coordination.models.acts import ActKind, DeskAct, DeskActLine
from coordination.models.desk import (
    Channel,
    Contact,
    ContactOutcome,
    ContactState,
    ContactWithdrawal,
    Task,
    TaskStatus,
)
from coordination.models.meetings import ReviewAction, ReviewAttendance, ReviewItem, ReviewMeeting, ReviewOutcome
from coordination.models.notices import Notice, NoticeReading, NoticeStatus
from coordination.models.papers import DeskPaper, PaperKind, PaperStatus
from coordination.models.slots import (
    Booking,
    BookingStatus,
    ExamType,
    Sampling,
    Slot,
    SlotSeries,
    SlotStatus,
    Weekday,
)
from coordination.models.views import DefaultView, SavedView

__all__ = [
    "ActKind",
    "Booking",
    "BookingStatus",
    "Channel",
    "Contact",
    "ContactOutcome",
    "ContactState",
    "ContactWithdrawal",
    "DefaultView",
    "DeskAct",
    "DeskActLine",
    "DeskPaper",
    "ExamType",
    "Notice",
    "NoticeReading",
    "NoticeStatus",
    "PaperKind",
    "PaperStatus",
    "ReviewAction",
    "ReviewAttendance",
    "ReviewItem",
    "ReviewMeeting",
    "ReviewOutcome",
    "Sampling",
    "SavedView",
    "Slot",
    "SlotSeries",
    "SlotStatus",
    "Task",
    "TaskStatus",
    "Weekday",
]
