from coordination.models.acts import ActKind, DeskAct, DeskActLine
from coordination.models.bookings import Booking, BookingStatus, Bundle, BundleKind, CancelCode, CancelSide, Hold
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
from coordination.models.disturbances import DisturbedSlot, ExceptionKind, SlotException
from coordination.models.duties import DutyDay, DutyHolder, DutyPattern, Post
from coordination.models.exam_types import ExamType, Sampling
from coordination.models.meetings import ReviewAction, ReviewAttendance, ReviewItem, ReviewMeeting, ReviewOutcome
from coordination.models.notices import Notice, NoticeReading, NoticeStatus
from coordination.models.papers import DeskPaper, PaperKind, PaperStatus
from coordination.models.policies import CommitmentFile, Convention, ConventionKind, PolicyMode, SlotPolicy
from coordination.models.series import ReleaseUnit, Resource, ResourceKind, SlotSeries, Weekday
from coordination.models.slots import Slot, SlotChange, SlotEvent, SlotPractitioner, SlotStatus
from coordination.models.tasks import Every, SeriesStatus, TaskItem, TaskSeries
from coordination.models.views import DefaultView, SavedView
from coordination.models.waiting import (
    ExamRequest,
    OfferAnswer,
    RequestMode,
    RequestStatus,
    WaitingOffer,
    WaitingPlace,
    WaitingStatus,
)

__all__ = [
    "ActKind",
    "Booking",
    "BookingStatus",
    "Bundle",
    "BundleKind",
    "CancelCode",
    "CancelSide",
    "Channel",
    "CommitmentFile",
    "Contact",
    "ContactOutcome",
    "ContactState",
    "ContactWithdrawal",
    "Convention",
    "ConventionKind",
    "Cover",
    "CoverLine",
    "DefaultView",
    "DeskAct",
    "DeskActLine",
    "DeskPaper",
    "DisturbedSlot",
    "DutyDay",
    "DutyHolder",
    "DutyPattern",
    "Every",
    "ExamRequest",
    "ExamType",
    "ExceptionKind",
    "Hold",
    "Notice",
    "NoticeReading",
    "NoticeStatus",
    "OfferAnswer",
    "PaperKind",
    "PaperStatus",
    "PolicyMode",
    "Post",
    "ReleaseUnit",
    "RequestMode",
    "RequestStatus",
    "Resource",
    "ResourceKind",
    "ReviewAction",
    "ReviewAttendance",
    "ReviewItem",
    "ReviewMeeting",
    "ReviewOutcome",
    "Sampling",
    "SavedView",
    "SeriesStatus",
    "Slot",
    "SlotChange",
    "SlotEvent",
    "SlotException",
    "SlotPolicy",
    "SlotPractitioner",
    "SlotSeries",
    "SlotStatus",
    "Task",
    "TaskItem",
    "TaskSeries",
    "TaskStatus",
    "WaitingOffer",
    "WaitingPlace",
    "WaitingStatus",
    "Weekday",
]
