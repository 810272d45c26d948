"""Messages about a request. Neither subject nor text names the patient, the pathology or what is missing: a number and
a link; the rest is on the page the link opens (DESIGN.md 4)."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from directory import typography
from directory.models import OutboxMessage, Professional, User
from directory.services import post
from referrals.desk import desk_of
from referrals.links import LASTS, follow_url
from referrals.models import Referral, ReferralStatus
from referrals.words import before

TO_REQUESTER = {
    "received": "Demande {receipt} : bien reçue",
    "asked": "Demande {receipt} : un complément est nécessaire",
    "completed": "Demande {receipt} : complément bien reçu",
    "accepted": "Demande {receipt} : acceptée",
    "refused": "Demande {receipt} : réponse de la coordination",
    "redirected": "Demande {receipt} : réorientée",
    "link": "Demande {receipt} : votre lien de suivi",
}
TO_DESK = {
    "new": "Nouvelle demande {receipt}",
    "news": "Demande {receipt} : le demandeur a écrit",
}


def tell_requester(
    referral: Referral, letter: str, *, fact: str, professional: Professional | None = None
) -> OutboxMessage | None:
    """Writes to the address given on the form; None when the request came by phone without one."""
    if not referral.requester_email:
        return None
    return _post(referral, letter, TO_REQUESTER[letter], referral.requester_email, fact, professional)


def tell_desk(referral: Referral, letter: str, *, fact: str) -> OutboxMessage | None:
    """Writes to the mailbox of the coordination; None when it has none."""
    address = desk_of(referral.target).email
    return _post(referral, f"desk_{letter}", TO_DESK[letter], address, f"desk:{fact}") if address else None


def _post(
    referral: Referral,
    letter: str,
    subject: str,
    recipient: str,
    fact: str,
    professional: Professional | None = None,
) -> OutboxMessage:
    with timezone.override(ZoneInfo(referral.establishment.time_zone)):
        body = render_to_string(f"referrals/mail/{letter}.txt", _context(referral))
    return post(
        kind=f"referral_{letter}",
        dedup_key=f"referral:{referral.uuid}:{fact}",
        establishment=referral.establishment,
        recipient=recipient,
        professional=professional,
        subject=subject.format(receipt=referral.receipt),
        body=typography.spaces(body.strip()) + "\n",
        about=referral.uuid,
    )


def _context(referral: Referral) -> dict[str, object]:
    owner: User | None = referral.pathway.owner if referral.pathway else None
    runs = referral.status == ReferralStatus.RECEIVED and referral.answer_due_at is not None
    return {
        "due": before(referral.answer_due_at) if runs and referral.answer_due_at else "",
        "referral": referral,
        "desk": desk_of(referral.target),
        "owner": owner,
        "follow_url": follow_url(referral.uuid),
        "valid_until": timezone.now() + LASTS,
        "desk_url": settings.BASE_URL + reverse("referrals:detail", args=[referral.uuid]),
    }
