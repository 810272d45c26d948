from coordination.querysets.desk import ContactQuerySet, NoticeQuerySet
from coordination.querysets.slots import BookingQuerySet, SlotQuerySet, SlotSeriesQuerySet
from coordination.querysets.tasks import TaskQuerySet, TaskSeriesQuerySet

__all__ = [
    "BookingQuerySet",
    "ContactQuerySet",
    "NoticeQuerySet",
    "SlotQuerySet",
    "SlotSeriesQuerySet",
    "TaskQuerySet",
    "TaskSeriesQuerySet",
]
