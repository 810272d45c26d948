"""Who may do what with a pathway. Reading is `Pathway.objects.visible_to`; these answer for one object."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from directory.models import AccessLog, Role, Team, TeamKind, User
from directory.perms import has_role
from pathways.models import Pathway, TargetPathway
from pathways.querysets import EDITS_TARGETS, READS_TEAM

reads_targets = has_role(*READS_TEAM, *EDITS_TARGETS)
"""Opens the pages of target pathways; which ones is `TargetPathway.objects.readable_by`."""


def may_read(user: User, pathway: Pathway) -> bool:
    """True when the pathway is visible to ``user``."""
    return Pathway.objects.visible_to(user).filter(pk=pathway.pk).exists()


def may_write(user: User, pathway: Pathway) -> bool:
    """True for the pathway's own team; a circle of care or an emergency access reads only."""
    return pathway.team_id in user.teams_as(*READS_TEAM)


def may_coordinate(user: User, pathway: Pathway) -> bool:
    """True for those who run the desk of the pathway's team."""
    return pathway.team_id in user.teams_as(Role.COORDINATOR, Role.SECRETARY)


def may_edit_target(user: User, target: TargetPathway) -> bool:
    """True for those who answer for the way of a site: its quality team and its administrators, and the head of the
    team that follows it. The others of that team read versions, drafts and rehearsals, and change nothing: an objective
    is the site's promise, not one person's. None of this opens a patient's file."""
    return target.establishment_id in user.establishments_as(*EDITS_TARGETS) or target.team_id in user.headed_teams


def starts_targets_for(user: User) -> QuerySet[Team]:
    """Coordination teams of the sites whose way ``user`` answers for, and those they head (as `may_edit_target`)."""
    answers = Q(establishment__in=user.establishments_as(*EDITS_TARGETS)) | Q(pk__in=user.headed_teams)
    found = Team.objects.filter(answers, kind=TeamKind.COORDINATION)
    return found.select_related("establishment").order_by("establishment__name", "name", "id")


def why_reads(user: User, pathway: Pathway) -> str:
    """The ground of the read, as the access log keeps it: team, then circle, then emergency."""
    if may_write(user, pathway):
        return AccessLog.Why.TEAM
    circle = user.professional_id and pathway.circle.current().filter(professional=user.professional_id).exists()
    return AccessLog.Why.CIRCLE if circle else AccessLog.Why.BREAK_GLASS
