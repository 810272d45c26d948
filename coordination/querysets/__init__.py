from coordination.querysets.desk import ContactQuerySet, NoticeQuerySet, TaskQuerySet
from coordination.querysets.slots import BookingQuerySet, SlotQuerySet, SlotSeriesQuerySet

__all__ = [
    "BookingQuerySet",
    "ContactQuerySet",
    "NoticeQuerySet",
    "SlotQuerySet",
    "SlotSeriesQuerySet",
    "TaskQuerySet",
]
