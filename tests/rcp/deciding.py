"""Short ways to decide, for the tests of opinions and of what follows them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils import timezone

from pathways.models import Milestone, Pathway
from rcp import services
from rcp.models import (
    Decision,
    RcpCase,
)
from rcp.services import NewAction
from tests.rcp.factories import Meeting


def held(pathway: Pathway) -> list[Milestone]:
    return list(Milestone.objects.in_force().filter(pathway=pathway, kind="rcp_held"))


def decide(meeting: Meeting, case: RcpCase | None = None, **words: Any) -> Decision:
    return services.decide(
        case=case or meeting.register(), author=meeting.physician, **{"proposal": "Chirurgie", **words}
    )


def in_days(days: int) -> Any:
    return timezone.localdate() + timedelta(days=days)


def announcement(days: int = 7) -> NewAction:
    return NewAction("Consultation d’annonce", in_days(days), kind="announcement")
