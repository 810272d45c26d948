"""Who may do what with requests. Which ones is `Referral.objects.visible_to`."""

from __future__ import annotations

from directory.models import Role, User
from directory.perms import has_role
from referrals.models import Referral

reads_referrals = has_role(Role.COORDINATOR, Role.SECRETARY, Role.PHYSICIAN)
enters_referrals = reads_referrals
"""A doctor who agreed on the phone with another adds the patient at once (ENT-04)."""


def may_ask(user: User, referral: Referral) -> bool:
    """Checking that a request is complete belongs to the desk as to the physician (ENT-07)."""
    return referral.team_id in user.teams_as(Role.COORDINATOR, Role.SECRETARY, Role.PHYSICIAN)


def may_decide(user: User, referral: Referral) -> bool:
    """Accepting, refusing and redirecting belong to the coordination and the physicians of the team (ENT-08)."""
    return referral.team_id in user.teams_as(Role.COORDINATOR, Role.PHYSICIAN)
