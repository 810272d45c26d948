from coordination.models.desk import Channel, Contact, ContactOutcome, ContactState, Notice, Task, TaskStatus
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
    "Booking",
    "BookingStatus",
    "Channel",
    "Contact",
    "ContactOutcome",
    "ContactState",
    "DefaultView",
    "ExamType",
    "Notice",
    "Sampling",
    "SavedView",
    "Slot",
    "SlotSeries",
    "SlotStatus",
    "Task",
    "TaskStatus",
    "Weekday",
]
