"""What the requester writes from the follow-up page: the complement asked for, or a word of context."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID, uuid5

from django.db import transaction
from django.utils import timezone

from coordination.services import create_task
from directory.errors import DomainError
from pathways.models import Pathway
from pathways.services import calendar_of
from referrals import letters
from referrals.models import EventKind, Referral, ReferralDraftDocument, ReferralEvent, ReferralStatus
from referrals.rules import Action, Promise, takes_files, takes_notes
from referrals.services.drafts import adopt_drafts
from referrals.services.events import lock, log_event, status_after


@transaction.atomic
def write_back(*, referral: Referral, form_key: UUID, text: str = "") -> tuple[Referral, bool]:
    """Adds the requester's words and the files kept under ``form_key``; (request, False) when already added.

    The same ``form_key`` with other words or other files, from the browser's "back", is another sending.

    To a complement asked for, it is the complement: the request goes back to triage and the promise runs again.
    Otherwise it is a note, which waits to be read. Raises DomainError when there is nothing to add, or nobody left
    to read it.
    """
    at, text = timezone.now(), text.strip()
    locked = lock(referral)
    key = _key_of(locked, form_key, text)
    if ReferralEvent.objects.filter(form_key=key, referral=locked).exists():
        return locked, False
    active = locked.pathway is not None and locked.pathway.is_active
    if not takes_notes(locked.status, pathway_active=active):
        raise DomainError("Cette demande est close : appelez la coordination.", code="closed")
    files = ReferralDraftDocument.objects.of_form(form_key).exists()
    if files and not takes_files(locked.status):
        raise DomainError("La demande est déjà acceptée : envoyez ce document à la coordination.", field="papers")
    if not text and not files:
        raise DomainError("Écrivez un mot ou joignez un document.", field="text")
    before = locked.status
    if before == ReferralStatus.INCOMPLETE:
        _complete(locked, at)
    locked.has_news = True
    locked.save(update_fields=["status", "missing", "has_news", "answer_due_at", "answer_warn_at"])
    event = log_event(
        referral=locked,
        kind=EventKind.COMPLETED if before == ReferralStatus.INCOMPLETE else EventKind.NOTE,
        at=at,
        from_status=before,
        message=text,
        document_count=adopt_drafts(referral=locked, form_key=form_key, at=at),
        from_requester=True,
        form_key=key,
    )
    if event.kind == EventKind.COMPLETED:
        letters.tell_requester(locked, "completed", fact=f"completed:{event.pk}")
    letters.tell_desk(locked, "news", fact=f"news:{event.pk}")
    if locked.pathway:
        _make_it_read(locked, locked.pathway, key)
    return locked, True


def _key_of(referral: Referral, form_key: UUID, text: str) -> UUID:
    """The key of the sending itself: that of the form, unless this form already brought something else."""
    first = ReferralEvent.objects.filter(form_key=form_key, referral=referral).first()
    drafts = ReferralDraftDocument.objects.of_form(form_key)
    new = sorted(drafts.exclude(sha256__in=referral.documents.values("sha256")).values_list("sha256", flat=True))
    if first is None or (first.message == text and not new):
        return form_key
    return uuid5(form_key, "|".join([text, *new]))


def _make_it_read(referral: Referral, pathway: Pathway, form_key: UUID) -> None:
    """Once accepted, a request leaves the inbox: the word becomes a task of whoever follows the patient."""
    owner = pathway.owner
    in_team = owner is not None and pathway.team_id in {m.team_id for m in owner.current_memberships}
    create_task(
        pathway=pathway,
        title=f"Lire l’information ajoutée par le demandeur ({referral.receipt})",
        owner=owner if in_team else None,
        due_at=timezone.now(),
        origin=form_key,
    )


def _complete(referral: Referral, at: datetime) -> None:
    """Back to triage, with a new promise from the complement."""
    referral.status = status_after(referral, Action.COMPLETE)
    referral.missing = []
    within = referral.target.current_version.content.first_response
    promise = Promise.since(at, within, calendar_of(referral.establishment))
    referral.answer_due_at = promise.due_at if promise else None
    referral.answer_warn_at = promise.warn_at if promise else None
