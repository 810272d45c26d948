"""Reads of the meeting room in the access log: an agenda opens many files at once."""

from __future__ import annotations

from collections.abc import Iterable

from directory.models import AccessLog, User
from directory.readonly import writes_allowed
from rcp.models import RcpCase
from rcp.querysets import RUNS_MEETING


def record_agenda_read(
    *, user: User, cases: Iterable[RcpCase], what: str, ip_address: str | None = None, request_id: str = ""
) -> int:
    """Writes, in one query, that ``user`` read ``what`` of each case's patient. Allowed during a GET.

    The ground is the team of the pathway or of the meeting, else the circle of care.
    """
    teams = set(user.teams_as(*RUNS_MEETING))
    rows = [
        AccessLog(
            user=user,
            patient_uuid=case.pathway.patient.uuid,
            what=what,
            why=_why(teams, case),
            ip_address=ip_address,
            request_id=request_id,
        )
        for case in cases
    ]
    with writes_allowed():
        AccessLog.objects.bulk_create(rows)
    return len(rows)


def _why(teams: set[int], case: RcpCase) -> str:
    ours = {case.pathway.team_id, case.session.series.team_id} & teams
    return AccessLog.Why.TEAM if ours else AccessLog.Why.CIRCLE
