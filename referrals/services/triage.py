"""The coordinator's answers. Each one locks the request, so that the second of two answers is told so."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from directory.errors import DomainError
from directory.models import Professional, User
from pathways.models import Patient
from referrals import letters
from referrals.models import EventKind, MissingPiece, Referral, Urgency
from referrals.rules import Action
from referrals.services.admission import admit
from referrals.services.events import first_answer, lock, log_event, status_after

_ANSWERED = ["status", "answered_at", "triaged_by", "missing", "has_news"]


@transaction.atomic
def ask_complement(*, referral: Referral, by: User, pieces: Sequence[str] = (), message: str = "") -> Referral:
    """Asks the requester for what is missing; may be asked again. Raises DomainError when nothing is named."""
    at, message = timezone.now(), message.strip()
    if not pieces and not message:
        raise DomainError("Cochez ce qui manque, ou écrivez-le.", field="pieces")
    if not set(pieces) <= set(MissingPiece.values):
        raise DomainError("Cette pièce n’existe pas.", field="pieces")
    locked = lock(referral)
    before = locked.status
    _answer(locked, Action.ASK, by, at)
    locked.missing = list(pieces)
    locked.save(update_fields=_ANSWERED)
    event = log_event(
        referral=locked, kind=EventKind.ASKED, at=at, from_status=before, by=by, message=message, pieces=pieces
    )
    letters.tell_requester(locked, "asked", fact=f"asked:{event.pk}")
    return locked


@transaction.atomic
def refuse_referral(*, referral: Referral, by: User, reason: str) -> Referral:
    """Does not take the request, for a reason the requester reads. Raises DomainError without one."""
    if not reason.strip():
        raise DomainError("Expliquez au demandeur pourquoi la demande n’est pas retenue.", field="reason")
    at, locked = timezone.now(), lock(referral)
    before = locked.status
    _answer(locked, Action.REFUSE, by, at)
    locked.save(update_fields=_ANSWERED)
    log_event(referral=locked, kind=EventKind.REFUSED, at=at, from_status=before, by=by, message=reason.strip())
    letters.tell_requester(locked, "refused", fact="refused")
    return locked


@transaction.atomic
def redirect_referral(*, referral: Referral, by: User, place: str, reason: str) -> Referral:
    """Sends the requester to the right place, by name and with the reason (ENT-09, ENT-23). Raises DomainError."""
    if not place.strip():
        raise DomainError("Indiquez vers qui la demande est réorientée.", field="place")
    if not reason.strip():
        raise DomainError("Expliquez au demandeur pourquoi la demande est réorientée.", field="reason")
    at, locked = timezone.now(), lock(referral)
    before = locked.status
    _answer(locked, Action.REDIRECT, by, at)
    locked.redirected_to = place.strip()
    locked.save(update_fields=[*_ANSWERED, "redirected_to"])
    log_event(referral=locked, kind=EventKind.REDIRECTED, at=at, from_status=before, by=by, message=reason.strip())
    letters.tell_requester(locked, "redirected", fact="redirected")
    return locked


@transaction.atomic
def accept_referral(
    *,
    referral: Referral,
    by: User,
    owner: User,
    patient: Patient | None = None,
    urgency: int | None = None,
    gp: Professional | None = None,
    message: str = "",
) -> Referral:
    """Takes the patient in: file found or created, pathway opened, milestones recorded, papers filed, requester told.

    ``patient`` is the known file to attach to, None to create one. When that patient already runs on this target
    pathway, the request joins it. ``urgency`` is a value of `Urgency`, never asked of an administrative
    coordinator. ``gp`` is the family doctor chosen in the directory, when the requester is not. Raises DomainError
    for an owner outside the team, a patient of another establishment, an identity that cannot be, or a request
    answered meanwhile.
    """
    at, locked = timezone.now(), lock(referral)
    before = locked.status
    _answer(locked, Action.ACCEPT, by, at)
    if owner.pk is None or locked.team_id not in {m.team_id for m in owner.current_memberships}:
        raise DomainError("Cette personne ne fait pas partie de l’équipe.", field="owner")
    if urgency is not None and urgency not in Urgency.values:
        raise DomainError("Choisissez une urgence de la liste.", field="urgency")
    locked.urgency = urgency
    locked.pathway, locked.requester = admit(
        referral=locked, by=by, owner=owner, patient=patient, gp=gp, accepted_at=at
    )
    locked.save(update_fields=[*_ANSWERED, "urgency", "pathway", "requester"])
    log_event(referral=locked, kind=EventKind.ACCEPTED, at=at, from_status=before, by=by, message=message.strip())
    letters.tell_requester(locked, "accepted", fact="accepted", professional=locked.requester)
    return locked


@transaction.atomic
def mark_read(*, referral: Referral, by: User) -> Referral:
    """Says that the requester's last words were read; written in the history with the reader."""
    locked = lock(referral)
    if locked.has_news:
        locked.has_news = False
        locked.save(update_fields=["has_news"])
    return locked


@transaction.atomic
def send_link(*, referral: Referral, by: User) -> None:
    """Sends the requester a fresh link, at most once a minute. Raises DomainError when no address is known."""
    if not referral.requester_email:
        raise DomainError("Le demandeur n’a pas laissé de courriel : copiez le lien, ou appelez-le.")
    minute = timezone.now().replace(second=0, microsecond=0)
    letters.tell_requester(referral, "link", fact=f"link:{minute:%Y%m%d%H%M}")


def _answer(referral: Referral, action: Action, by: User, at: datetime) -> None:
    """What every answer changes. Raises DomainError when another answer came first."""
    referral.status = status_after(referral, action)
    referral.answered_at = first_answer(referral, at)
    referral.triaged_by = by
    referral.missing = []
    referral.has_news = False
