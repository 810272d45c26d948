"""Who may do what in the meeting room. Reading is `visible_to`; these answer for one object or one page."""

from __future__ import annotations

from directory.models import Profession, User
from directory.perms import has_role, is_coordinator, is_quality, reads_patients
from pathways.models import Pathway
from rcp.models import RcpSeries, RcpSession
from rcp.querysets import RUNS_MEETING

works_for_meetings = has_role(*RUNS_MEETING)


def attends_meetings(user: User) -> bool:
    """True for the teams that run meetings and for the members of a series."""
    if works_for_meetings(user):
        return True
    return bool(user.professional_id) and RcpSeries.objects.filter(members=user.professional_id).exists()


def sees_meetings(user: User) -> bool:
    """The list of sessions: also for the quality of the establishment, which gets counts only."""
    return attends_meetings(user) or is_quality(user)


def reads_cases(user: User) -> bool:
    """May open a case at all; which ones is `RcpCase.objects.visible_to` (a town physician reads an opinion there)."""
    return reads_patients(user) or attends_meetings(user)


def is_physician(user: User) -> bool:
    """True for a physician, whatever their role in a team."""
    return user.professional is not None and user.professional.profession == Profession.PHYSICIAN


def may_decide(user: User) -> bool:
    """An opinion is a physician's; the session must be visible besides."""
    return is_physician(user) and attends_meetings(user)


def follows_decisions(user: User) -> bool:
    """The list of what decisions ask for, and its buttons."""
    return works_for_meetings(user)


def may_register(user: User, pathway: Pathway) -> bool:
    """True for the pathway's own team."""
    return pathway.team_id in user.teams_as(*RUNS_MEETING)


def may_register_late(user: User) -> bool:
    """Once the registration is closed, the coordination decides with a reason."""
    return is_coordinator(user)


def runs_session(user: User, session: RcpSession) -> bool:
    """Closes or cancels a session: the organising team."""
    return session.series.team_id in user.teams_as(*RUNS_MEETING)


def follows_pathway(user: User, pathway: Pathway) -> bool:
    """Executes or sets aside a follow-up action: the pathway's team."""
    return pathway.team_id in user.teams_as(*RUNS_MEETING)


def is_quality_only(user: User) -> bool:
    """True when the user follows quality and attends no meeting: counts, never a patient."""
    return is_quality(user) and not attends_meetings(user)


__all__ = [
    "attends_meetings",
    "follows_decisions",
    "follows_pathway",
    "is_physician",
    "is_quality_only",
    "may_decide",
    "may_register",
    "may_register_late",
    "reads_cases",
    "runs_session",
    "sees_meetings",
    "works_for_meetings",
]
