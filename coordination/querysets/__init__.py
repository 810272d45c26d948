from coordination.querysets.desk import ContactQuerySet, NoticeQuerySet
from coordination.querysets.lab import LabRequestQuerySet, SampleShareQuerySet
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
    "LabRequestQuerySet",
    "NoticeQuerySet",
    "SampleShareQuerySet",
    "SlotQuerySet",
    "SlotSeriesQuerySet",
    "TaskQuerySet",
    "TaskSeriesQuerySet",
    "WaitingPlaceQuerySet",
]
