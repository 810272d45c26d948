"""What a laboratory opens without account: a signed link that dies and can be taken back, the patient's birth date (it
is on the label of the sample), and a trace of each use."""

from __future__ import annotations

import uuid
from datetime import date, timedelta

from django.core import signing
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from coordination.models import LabLinkReading, SampleShare
from directory.errors import DomainError
from directory.history import because
from directory.models import Team
from directory.tries import count_try, forget_tries, key_of, wrong

SALT, OPENED_SALT = "coordination.lab", "coordination.lab.opened"
LINK_LASTS = timedelta(days=60)
OPENED_LASTS = timedelta(minutes=30)
"""How long the page may stay open before the birth date is asked again."""


class LabLinkError(DomainError):
    """The link itself is no good: forged, expired, taken back, or of a cancelled request. ``team`` can be called, but
    for a forged link."""

    def __init__(self, message: str, team: Team | None = None) -> None:
        super().__init__(message)
        self.team = team


def token_for(share: SampleShare) -> str:
    """The signed text of the link now in force: a public id, its number, and the instant it was made."""
    return signing.dumps({"s": share.uuid.hex, "n": share.link_number}, salt=SALT)


def read_lab_link(token: str) -> SampleShare:
    """The share a link names, with its page's data. Raises LabLinkError, in words a laboratory can act on."""
    try:
        named = signing.loads(token, salt=SALT)
        share = SampleShare.objects.with_page_data().get(uuid=uuid.UUID(named["s"]))
    except (signing.BadSignature, KeyError, ValueError, SampleShare.DoesNotExist) as error:
        raise LabLinkError("Ce lien n’est pas valable. Vérifiez qu’il a été copié en entier.") from error
    request = share.sample.request
    team = request.pathway.team
    if request.cancelled_at:
        raise LabLinkError("Cette demande a été annulée par l’équipe : n’en tenez pas compte.", team)
    if share.link_revoked_at or named["n"] != share.link_number:
        raise LabLinkError("Ce lien a été retiré. Demandez-en un nouveau à l’équipe qui vous l’a envoyé.", team)
    try:
        signing.loads(token, salt=SALT, max_age=LINK_LASTS)
    except signing.SignatureExpired as error:
        ended = f"Ce lien a expiré : il valait {LINK_LASTS.days} jours."
        raise LabLinkError(f"{ended} Demandez-en un nouveau à l’équipe qui vous l’a envoyé.", team) from error
    return share


def open_lab_link(*, share: SampleShare, birth_date: date, ip_address: str | None) -> str:
    """Opens the request to who knows the patient's birth date; returns the proof to send back with an answer.

    Each try is written down. Raises LockedError after five wrong dates, for an hour, whatever is typed then;
    DomainError for a wrong date.
    """
    counter = key_of("lab:share", share.uuid.hex)
    left = count_try(counter)
    right = birth_date == share.sample.request.pathway.patient.birth_date
    outcome = LabLinkReading.Outcome.SHOWN if right else LabLinkReading.Outcome.REFUSED
    LabLinkReading.objects.create(share=share, outcome=outcome, ip_address=ip_address)
    if not right:
        raise wrong(left, "Cette date ne correspond pas à la demande.", "birth_date")
    forget_tries(counter)
    return proof_for(share)


def proof_for(share: SampleShare) -> str:
    """Signed: who holds it gave the birth date a short while ago, through the link now in force."""
    return signing.dumps({"s": share.uuid.hex, "n": share.link_number}, salt=OPENED_SALT)


def check_opened(*, share: SampleShare, proof: str) -> None:
    """Raises DomainError (code `reopen`) when the page has stayed open too long, or the proof is of another link."""
    try:
        named = signing.loads(proof, salt=OPENED_SALT, max_age=OPENED_LASTS)
    except signing.BadSignature:
        named = {}
    if named != {"s": share.uuid.hex, "n": share.link_number}:
        raise DomainError("Par sécurité, indiquez de nouveau la date de naissance.", code="reopen")


@transaction.atomic
def revoke_lab_link(*, share: SampleShare) -> SampleShare:
    """The links made so far open nothing any more, on paper and by mail."""
    with because("Lien retiré"):
        SampleShare.objects.filter(pk=share.pk, link_revoked_at__isnull=True).update(link_revoked_at=timezone.now())
    return SampleShare.objects.get(pk=share.pk)


@transaction.atomic
def renew_lab_link(*, share: SampleShare) -> SampleShare:
    """A new link takes the place of the former ones and is sent to the laboratory."""
    from coordination.services.lab_post import tell_laboratory

    with because("Nouveau lien"):
        SampleShare.objects.filter(pk=share.pk).update(link_number=F("link_number") + 1, link_revoked_at=None)
    fresh = SampleShare.objects.with_page_data().get(pk=share.pk)
    tell_laboratory(share=fresh)
    return fresh
