from directory.models.access import AccessLog, BreakGlass, Heartbeat
from directory.models.people import Membership, Profession, Professional, Role, User
from directory.models.places import ClosingDay, Establishment, EstablishmentKind, Team, TeamKind
from directory.models.post import CALLED_OFF, OutboxMessage

__all__ = [
    "CALLED_OFF",
    "AccessLog",
    "BreakGlass",
    "ClosingDay",
    "Establishment",
    "EstablishmentKind",
    "Heartbeat",
    "Membership",
    "OutboxMessage",
    "Profession",
    "Professional",
    "Role",
    "Team",
    "TeamKind",
    "User",
]
