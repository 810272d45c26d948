"""The life of a request, as one table. Statuses are the values of `ReferralStatus`."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class Action(StrEnum):
    """What may be done to a request; `COMPLETE` is the requester's, the others are the coordinator's."""

    ASK = "ask"
    COMPLETE = "complete"
    ACCEPT = "accept"
    REFUSE = "refuse"
    REDIRECT = "redirect"


TRANSITIONS: Mapping[tuple[str, Action], str] = MappingProxyType(
    {
        ("received", Action.ASK): "incomplete",
        ("received", Action.ACCEPT): "accepted",
        ("received", Action.REFUSE): "refused",
        ("received", Action.REDIRECT): "redirected",
        ("incomplete", Action.ASK): "incomplete",
        ("incomplete", Action.COMPLETE): "received",
        ("incomplete", Action.ACCEPT): "accepted",
        ("incomplete", Action.REFUSE): "refused",
        ("incomplete", Action.REDIRECT): "redirected",
    }
)
"""(status, action) -> status. What is not here is refused; accepted, refused and redirected are final."""


def next_status(status: str, action: Action) -> str | None:
    """Where ``action`` leads from ``status``; None when it is not allowed there."""
    return TRANSITIONS.get((status, action))


def possible(status: str) -> frozenset[Action]:
    """The actions allowed in ``status``."""
    return frozenset(action for (where, action) in TRANSITIONS if where == status)


def is_open(status: str) -> bool:
    """True while the request still waits for its answer."""
    return bool(possible(status))


def takes_files(status: str) -> bool:
    """True while the requester may join papers to the request itself."""
    return is_open(status)


def takes_notes(status: str, *, pathway_active: bool) -> bool:
    """True while a word from the requester still reaches someone: before the answer, then as long as the
    pathway runs (GPN-07)."""
    return is_open(status) or (status == "accepted" and pathway_active)
