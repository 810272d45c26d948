from coordination.models.acts import ActKind, DeskAct, DeskActLine
from coordination.models.covers import Cover, CoverLine
from coordination.models.desk import (
    Channel,
    Contact,
    ContactOutcome,
    ContactState,
    ContactWithdrawal,
    Task,
    TaskStatus,
)
from coordination.models.duties import DutyDay, DutyHolder, DutyPattern, Post
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
from coordination.models.tasks import Every, SeriesStatus, TaskItem, TaskSeries
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
    "Cover",
    "CoverLine",
    "DefaultView",
    "DeskAct",
    "DeskActLine",
    "DeskPaper",
    "DutyDay",
    "DutyHolder",
    "DutyPattern",
    "Every",
    "ExamType",
    "Notice",
    "NoticeReading",
    "NoticeStatus",
    "PaperKind",
    "PaperStatus",
    "Post",
    "ReviewAction",
    "ReviewAttendance",
    "ReviewItem",
    "ReviewMeeting",
    "ReviewOutcome",
    "Sampling",
    "SavedView",
    "SeriesStatus",
    "Slot",
    "SlotSeries",
    "SlotStatus",
    "Task",
    "TaskItem",
    "TaskSeries",
    "TaskStatus",
    "Weekday",
]
