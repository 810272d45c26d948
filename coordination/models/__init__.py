from coordination.models.acts import ActKind, DeskAct, DeskActLine
from coordination.models.covers import Cover, CoverLine
from coordination.models.desk import (
    Channel,
    Contact,
    ContactOutcome,
    ContactState,
    ContactWithdrawal,
    Notice,
    Task,
    TaskStatus,
)
from coordination.models.duties import DutyDay, DutyHolder, DutyPattern, Post
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
    "DutyDay",
    "DutyHolder",
    "DutyPattern",
    "Every",
    "ExamType",
    "Notice",
    "Post",
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
