from coordination.querysets.desk import ContactQuerySet, NoticeQuerySet
from coordination.querysets.slots import (
    BookingQuerySet,
    ExamRequestQuerySet,
    HoldQuerySet,
    SlotQuerySet,
    SlotSeriesQuerySet,
    WaitingPlaceQuerySet,
)
from coordination.querysets.tasks import TaskQuerySet, TaskSeriesQuerySet

__all__ = [
    "BookingQuerySet",
    "ContactQuerySet",
    "ExamRequestQuerySet",
    "HoldQuerySet",
    "NoticeQuerySet",
    "SlotQuerySet",
    "SlotSeriesQuerySet",
    "TaskQuerySet",
    "TaskSeriesQuerySet",
    "WaitingPlaceQuerySet",
]
