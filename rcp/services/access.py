"""Reads of the meeting room in the access log: an agenda opens many files at once."""

from __future__ import annotations

from collections.abc import Iterable

from directory.models import AccessLog, User
from directory.services import record_accesses
from rcp.models import RcpCase
from rcp.querysets import RUNS_MEETING


def record_agenda_read(
    *, user: User, cases: Iterable[RcpCase], what: str, ip_address: str | None = None, request_id: str = ""
) -> int:
    """Writes, in one query, that ``user`` read ``what`` of each case's patient. Allowed during a GET.

    The ground is the team of the pathway or of the meeting, else the circle of care.
    """
    teams = set(user.teams_as(*RUNS_MEETING))
    read = [(case.pathway.patient.uuid, _why(teams, case)) for case in cases]
    return record_accesses(user=user, read=read, what=what, ip_address=ip_address, request_id=request_id)


def _why(teams: set[int], case: RcpCase) -> str:
    ours = {case.pathway.team_id, case.session.series.team_id} & teams
    return AccessLog.Why.TEAM if ours else AccessLog.Why.CIRCLE
