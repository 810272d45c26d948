"""A day at the hospital, so that the pages have something to show: the cast of the access tests, and a few others."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from coordination import services as desk
from pathways import services as pathways
from pathways.models import ClosingReason
from tests.access.cast import Cast
from tests.factories import PathwayFactory
from tests.referrals.factories import ReferralFactory

AGES = (0, 1, 3, 6, 12, 20, 33)
"""Days since the request: from « just in » to « overdue »."""


def gather_crowd() -> Cast:
    """The cast with its objects, a list of the day with every tone, requests in several states, alerts raised."""
    cast = Cast().gather()
    owner, target = cast.meeting.coordinator, cast.meeting.target
    crowd = [
        PathwayFactory(
            team=cast.team, target=target, owner=owner if number % 3 else None, days_ago=age,
            first_name=f"Prénom-Composé {number}", phone="0699000012",
        )
        for number, age in enumerate(AGES)
    ]  # fmt: skip
    desk.record_contact(pathway=crowd[2], author=owner, outcome="unreachable")
    desk.record_contact(pathway=crowd[3], author=owner, outcome="reached", note="Rappelle demain.")
    desk.create_task(
        pathway=crowd[4], title="Joindre le transporteur", author=owner, due_on=timezone.localdate() - timedelta(days=2)
    )
    pathways.close_pathway(pathway=crowd[0], reason=ClosingReason.NO_CANCER, author=owner)
    cast.meeting.register(crowd[5], summary="Douleur abdominale depuis deux mois.\nMasse de 32 mm au scanner.")
    ReferralFactory(target, missing=["imaging_report", "biology"], birth_name="ESSAILONG-COMPOSÉ-DE-LA-TOUR")
    ReferralFactory(target, urgency_signs=["jaundice", "fever"], used_name="ESSAIUSUEL", requester_rpps="10000000000")
    pathways.scan_delays(now=timezone.now())
    return cast
