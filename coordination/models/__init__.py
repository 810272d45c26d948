from coordination.models.desk import Channel, Contact, ContactOutcome, Notice, Task, TaskStatus
from coordination.models.slots import Booking, BookingStatus, ExamType, Slot, SlotChange, SlotSeries, SlotStatus

__all__ = [
    "Booking",
    "BookingStatus",
    "Channel",
    "Contact",
    "ContactOutcome",
    "ExamType",
    "Notice",
    "Slot",
    "SlotChange",
    "SlotSeries",
    "SlotStatus",
    "Task",
    "TaskStatus",
]
