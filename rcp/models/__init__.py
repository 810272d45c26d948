from rcp.models.cases import CaseStatus, CaseStream, RcpCase
from rcp.models.decisions import ActionStatus, Decision, FollowUpAction, QuorumOutcome
from rcp.models.letters import LetterAccess
from rcp.models.meetings import Attendance, AttendanceMode, RcpKind, RcpSeries, RcpSession, SessionStatus

__all__ = [
    "ActionStatus",
    "Attendance",
    "AttendanceMode",
    "CaseStatus",
    "CaseStream",
    "Decision",
    "FollowUpAction",
    "LetterAccess",
    "QuorumOutcome",
    "RcpCase",
    "RcpKind",
    "RcpSeries",
    "RcpSession",
    "SessionStatus",
]
