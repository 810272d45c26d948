"""What a GP opens without account: a signed link that dies, the patient's birth date, and a trace of each reading."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date, timedelta

from django.core import signing

from coordination.models import Notice, NoticeReading, NoticeStatus
from directory.errors import DomainError
from directory.models import Professional
from directory.tries import count_try, forget_tries, key_of, wrong
from pathways.models import CircleRole

SALT = "coordination.notice"
LINK_LASTS = timedelta(days=60)


class LinkError(DomainError):
    """The link itself is no good: forged, expired, taken back, or its reader no longer follows this patient."""


@dataclass(frozen=True)
class Link:
    """What a valid link names."""

    notice: Notice
    reader: Professional


def token_for(notice: Notice, reader: Professional) -> str:
    """The signed text of a link: two public ids and the instant it was made."""
    return signing.dumps({"n": notice.uuid.hex, "p": reader.uuid.hex}, salt=SALT)


def read_link(token: str) -> Link:
    """What a link names. Raises LinkError, in words a GP can act on."""
    try:
        named = signing.loads(token, salt=SALT, max_age=LINK_LASTS)
        notice = Notice.objects.select_related(
            "milestone", "pathway__patient__gp", "pathway__version__target", "pathway__team__establishment",
            "pathway__owner__professional",
        ).get(uuid=uuid.UUID(named["n"]))  # fmt: skip
        reader = Professional.objects.get(uuid=uuid.UUID(named["p"]))
    except signing.SignatureExpired as error:
        raise LinkError("Ce lien a expiré. Demandez-en un nouveau à l’équipe qui vous l’a envoyé.") from error
    except (signing.BadSignature, KeyError, ValueError, Notice.DoesNotExist, Professional.DoesNotExist) as error:
        raise LinkError("Ce lien n’est pas valable. Vérifiez qu’il a été copié en entier.") from error
    if notice.status == NoticeStatus.REVOKED:
        raise LinkError("Cette information était une erreur de notre part et a été annulée : n’en tenez pas compte.")
    if not _follows(reader, notice):
        raise LinkError("Ce lien n’est plus valable : vous ne faites plus partie des correspondants de ce patient.")
    return Link(notice, reader)


def open_notice(*, link: Link, birth_date: date, ip_address: str | None) -> Notice:
    """Shows the notice to who knows the patient's birth date; each try is written down.

    Raises LockedError after five wrong dates, for an hour, whatever is typed then; DomainError for a wrong date.
    """
    counter = key_of("gp:notice", link.notice.uuid.hex, link.reader.uuid.hex)
    left = count_try(counter)
    right = birth_date == link.notice.pathway.patient.birth_date
    outcome = NoticeReading.Outcome.SHOWN if right else NoticeReading.Outcome.REFUSED
    NoticeReading.objects.create(notice=link.notice, professional=link.reader, outcome=outcome, ip_address=ip_address)
    if not right:
        raise wrong(left, "Cette date ne correspond pas au dossier.", "birth_date")
    forget_tries(counter)
    return link.notice


def _follows(reader: Professional, notice: Notice) -> bool:
    """True for the patient's GP, and for a GP of the circle of care now."""
    if notice.pathway.patient.gp_id == reader.pk:
        return True
    return notice.pathway.circle.current().filter(professional=reader, role=CircleRole.GP).exists()
