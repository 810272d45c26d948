"""Whether a patient is written to, since when, and what has left."""

from __future__ import annotations

from dataclasses import dataclass

from coordination.models import MailAgreement
from coordination.services.patient_post import KIND
from directory.models import OutboxMessage
from pathways.models import Pathway

SHOWN = 3
WORDS = {
    "booked": "Rendez-vous pris",
    "moved": "Rendez-vous déplacé",
    "cancelled": "Rendez-vous annulé",
    "reminder": "Rappel",
}


@dataclass(frozen=True)
class Mails:
    """``agreement`` covers the address of the file; ``before`` is the last one, for another address or taken back."""

    agreement: MailAgreement | None
    before: MailAgreement | None
    last: list[tuple[str, OutboxMessage]]


def mails_of(pathway: Pathway) -> Mails:
    """Two queries."""
    patient = pathway.patient
    known = MailAgreement.objects.filter(patient=patient)
    last = known.select_related("agreed_by__professional", "ended_by__professional").first()
    covers = last is not None and last.ended_at is None and last.email == patient.email and not patient.deceased_on
    sent = OutboxMessage.objects.filter(about=patient.uuid, kind__startswith=KIND)[:SHOWN]
    told = [(WORDS.get(each.kind.removeprefix(KIND), "Courriel"), each) for each in sent]
    return Mails(last if covers else None, None if covers else last, told)
