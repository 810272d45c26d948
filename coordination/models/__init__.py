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

__all__ = [
    "Booking",
    "BookingStatus",
    "Channel",
    "Contact",
    "ContactOutcome",
    "ContactState",
    "ExamType",
    "Notice",
    "Sampling",
    "Slot",
    "SlotSeries",
    "SlotStatus",
    "Task",
    "TaskStatus",
    "Weekday",
]
