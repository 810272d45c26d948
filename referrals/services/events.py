"""The trace of what happens to a request, and the lock every change takes first."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.utils import timezone

from directory import typography
from directory.errors import DomainError
from directory.models import User
from referrals.models import Referral, ReferralEvent
from referrals.rules import Action, next_status

_ANSWERS = {
    "accepted": "acceptée",
    "refused": "refusée",
    "redirected": "réorientée",
    "incomplete": "renvoyée en complément",
}


def lock(referral: Referral) -> Referral:
    """The request as it is now, held until the end of the transaction."""
    return (
        Referral.objects.select_for_update(of=("self",))
        .select_related("target__team", "target__establishment", "team", "establishment", "pathway")
        .get(pk=referral.pk)
    )


def status_after(referral: Referral, action: Action) -> str:
    """Where ``action`` leads a locked request. Raises DomainError saying who answered before, and when."""
    status = next_status(referral.status, action)
    if status is None:
        raise DomainError(_already(referral), code="already_answered")
    return status


def _already(referral: Referral) -> str:
    last = referral.events.select_related("by__professional").order_by("-at", "-id").filter(by__isnull=False).first()
    done = _ANSWERS.get(referral.status)
    if done is None or last is None:
        return "Cette demande a changé entre-temps : relisez-la avant de répondre."
    when = typography.moment(last.at, timezone.localdate())
    return f"Cette demande vient d’être {done} par {last.by} ({when}) : votre réponse n’a pas été enregistrée."


def log_event(
    *,
    referral: Referral,
    kind: str,
    at: datetime,
    from_status: str,
    by: User | None = None,
    message: str = "",
    pieces: Sequence[str] = (),
    document_count: int = 0,
    from_requester: bool = False,
    form_key: UUID | None = None,
) -> ReferralEvent:
    """Writes one event in the caller's transaction."""
    return ReferralEvent.objects.create(
        referral=referral, kind=kind, at=at, from_status=from_status, to_status=referral.status, by=by,
        message=message, pieces=list(pieces), document_count=document_count, from_requester=from_requester,
        form_key=form_key,
    )  # fmt: skip


def first_answer(referral: Referral, at: datetime) -> datetime:
    """The instant of the first answer of all: kept once given."""
    return referral.answered_at or at
