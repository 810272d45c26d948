"""A promised answer about to be late is an alert of the team, before the request is anyone's patient (ENT-06)."""

from __future__ import annotations

from django.db.models import Exists, OuterRef

from pathways import services as pathways
from pathways.models import AlertKind, Watch
from pathways.rules.levels import Ladder
from referrals.models import Referral, ReferralStatus

BATCH = 500


def watch_promise(*, referral: Referral) -> None:
    """While the answer is ours to give, it is awaited: of whoever is in charge when little is left of the promise, of
    the team when it is broken, of its head as for any delay. A complement asked for stops the promise."""
    if referral.status != ReferralStatus.RECEIVED or referral.answer_due_at is None:
        pathways.met(kind=AlertKind.PROMISE, subject=referral.uuid)
        return
    broken_at = referral.answer_due_at
    levels = referral.target.current_version.content.alerts
    ladder = levels.ladder(broken_at, pathways.calendar_of(referral.establishment))
    pathways.watch(
        kind=AlertKind.PROMISE,
        subject=referral.uuid,
        team=referral.team,
        label=f"Demande {referral.receipt}",
        due_at=referral.answer_warn_at or broken_at,
        ladder=Ladder(team_at=broken_at, head_at=ladder.team_at),
    )


def watch_promises() -> int:
    """Safety net: requests to answer that somehow nobody watches; returns how many there were."""
    known = Watch.objects.filter(kind=AlertKind.PROMISE, subject=OuterRef("uuid"))
    rows = Referral.objects.filter(~Exists(known), status=ReferralStatus.RECEIVED, answer_due_at__isnull=False)
    referrals = list(rows.select_related("team", "establishment", "target")[:BATCH])
    for referral in referrals:
        watch_promise(referral=referral)
    return len(referrals)
