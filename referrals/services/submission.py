"""A request comes in: from the public form, or entered by the coordination for someone on the phone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID, uuid5

from django.db import IntegrityError, transaction
from django.utils import timezone

from directory.codes import short_code
from directory.errors import DomainError
from directory.models import User
from pathways.models import TargetPathway
from pathways.services import calendar_of
from referrals import letters
from referrals.desk import desk_of
from referrals.facts import ReferralFacts
from referrals.models import Channel, EventKind, Referral, ReferralStatus
from referrals.rules import Promise, is_open, receipt
from referrals.services.drafts import adopt_drafts
from referrals.services.events import log_event

TRIES = 6
OLDEST = timedelta(days=366)
"""How long ago a request entered today may have been told: beyond, the year was mistyped."""


@transaction.atomic
def submit_referral(
    *,
    target: TargetPathway,
    facts: ReferralFacts,
    form_key: UUID,
    channel: str = Channel.FORM,
    entered_by: User | None = None,
    missing: Sequence[str] = (),
    received_at: datetime | None = None,
) -> tuple[Referral, bool]:
    """Stores a request with the files kept under ``form_key``, and tells the requester and the desk.

    The same ``form_key`` again gives the same request and False (its new files are joined while it is open); but the
    form sent again for another patient, from the browser's "back", is another request.
    ``missing`` (values of `MissingPiece`) opens the request as "complement asked": for a call whose papers will
    follow. ``received_at`` is when it was told (now by default). Raises DomainError for a closed pathway, or an
    instant in the future or more than a year ago.
    """
    at = timezone.now()
    received_at = received_at or at
    _refuse_wrong_entry(target, channel, received_at, at)
    key = _key_of(target, facts, form_key)
    known = Referral.objects.filter(form_key=key).first()
    if known is None:
        known, created = _insert(
            target, facts, key, channel=channel, entered_by=entered_by, missing=missing, received_at=received_at
        )
        if created:
            _announce(known, form_key, missing, at, entered_by)
            return known, True
    if is_open(known.status):
        adopt_drafts(referral=known, form_key=form_key, at=at)
    return known, False


def _key_of(target: TargetPathway, facts: ReferralFacts, form_key: UUID) -> UUID:
    """The key of the request itself: that of the form, unless this form already served for somebody else."""
    first = Referral.objects.filter(form_key=form_key).first()
    who = (target.pk, facts.birth_name, facts.first_name, facts.birth_date)
    if first is None or who == (first.target_id, first.birth_name, first.first_name, first.birth_date):
        return form_key
    return uuid5(form_key, "|".join(map(str, who)))


def _refuse_wrong_entry(target: TargetPathway, channel: str, received_at: datetime, now: datetime) -> None:
    if channel == Channel.FORM and not TargetPathway.objects.open_to_referrals().filter(pk=target.pk).exists():
        raise DomainError(f"Ce parcours ne reçoit plus de demandes en ligne. Appelez le {desk_of(target).phone}.")
    if received_at > now:
        raise DomainError("La demande ne peut pas avoir été reçue dans le futur.", field="received_at")
    if received_at < now - OLDEST:
        raise DomainError("Cette date a plus d’un an : vérifiez l’année.", field="received_at")


def _insert(
    target: TargetPathway,
    facts: ReferralFacts,
    form_key: UUID,
    *,
    channel: str,
    entered_by: User | None,
    missing: Sequence[str],
    received_at: datetime,
) -> tuple[Referral, bool]:
    """Inserts with a receipt nobody has; (the other one, False) when the same form came twice at once."""
    content = target.current_version.content
    promise = Promise.since(received_at, content.first_response, calendar_of(target.establishment))
    for _ in range(TRIES):
        try:
            with transaction.atomic():
                return Referral.objects.create(
                    receipt=receipt(short_code()),
                    establishment=target.establishment,
                    team=target.team,
                    target=target,
                    channel=channel,
                    status=ReferralStatus.INCOMPLETE if missing else ReferralStatus.RECEIVED,
                    received_at=received_at,
                    answer_due_at=promise.due_at if promise else None,
                    answer_warn_at=promise.warn_at if promise else None,
                    entered_by=entered_by,
                    missing=list(missing),
                    form_key=form_key,
                    **facts.as_fields(),
                ), True
        except IntegrityError:
            twin = Referral.objects.filter(form_key=form_key).first()
            if twin:
                return twin, False
    raise DomainError("La demande n’a pas pu être numérotée. Réessayez dans un instant.")


def _announce(
    referral: Referral, form_key: UUID, missing: Sequence[str], at: datetime, entered_by: User | None
) -> None:
    count = adopt_drafts(referral=referral, form_key=form_key, at=at)
    log_event(
        referral=referral, kind=EventKind.RECEIVED, at=referral.received_at, from_status="", by=entered_by,
        document_count=count, from_requester=entered_by is None,
    )  # fmt: skip
    if missing:
        referral.answered_at = at
        referral.save(update_fields=["answered_at"])
        event = log_event(
            referral=referral, kind=EventKind.ASKED, at=at, from_status=ReferralStatus.RECEIVED, by=entered_by,
            pieces=missing,
        )  # fmt: skip
        letters.tell_requester(referral, "asked", fact=f"asked:{event.pk}")
        return
    letters.tell_requester(referral, "received", fact="received")
    if entered_by is None:
        letters.tell_desk(referral, "new", fact="new")
