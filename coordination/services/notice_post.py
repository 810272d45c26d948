"""How a notice to the GP leaves: read by the desk when it must be, posted once, posted again when it was not received.

The mail says a reference and a link, whoever wrote it: what a person adds is read behind the link only.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.template.loader import render_to_string
from django.utils import timezone

from coordination.links import letter_url
from coordination.models import Notice, NoticeStatus
from coordination.querysets import NoticeQuerySet
from coordination.services.notice_letters import LINK_LASTS, token_for
from coordination.services.wordings import wordings
from directory.errors import DomainError
from directory.joined import joined
from directory.models import OutboxMessage, Professional, User
from directory.services import post
from directory.typography import long_day, phone
from pathways import services as pathways
from pathways.models import Milestone, Pathway
from pathways.rules.milestones import MilestoneKind

TOLD_KEY = "gp_told:"
TOLD_OTHERWISE = "Médecin traitant informé autrement"
LONGEST_WORDS = 4_000
SECURE, USUAL = "Messagerie sécurisée (MSSanté)", "Courriel ordinaire"


@dataclass(frozen=True)
class Mail:
    """What leaves, word for word. ``link`` stands where the reader's own link will."""

    to: str
    channel: str
    subject: str
    body: str


def mail_of(notice: Notice, reader: Professional, link: str) -> Mail:
    """The mail of a notice to ``reader``."""
    pathway, usual = notice.pathway, wordings()[notice.kind]
    team = pathway.team
    body = render_to_string(
        "coordination/post/notice.txt",
        {
            "text": usual.text,
            "reference": pathway.reference,
            "day": long_day(told_at(notice)),
            "link": link,
            "days": LINK_LASTS.days,
            "team": team.name,
            "phone": phone(team.phone or team.establishment.phone),
            "establishment": team.establishment.name,
        },
    )
    subject = notice.subject or f"Votre patient, {usual.title}"
    return Mail(
        to=reader.post_address,
        channel=SECURE if reader.secure_email else USUAL,
        subject=f"{subject} ({pathway.reference})",
        body=body,
    )


def told_at(notice: Notice) -> datetime:
    """When what is told happened, as last corrected."""
    if notice.milestone is not None:
        return _in_force(notice.milestone).occurred_at
    return notice.happened_at or notice.created_at


def post_notice(notice: Notice, *, due_at: datetime | None = None, again: int = 0) -> OutboxMessage | None:
    """Writes the message in the outbox; None when the GP is unknown or has no address."""
    pathway = notice.pathway
    gp = pathway.patient.gp
    if gp is None or not gp.post_address:
        return None
    mail = mail_of(notice, gp, letter_url(token_for(notice, gp)))
    return post(
        kind=f"gp_{notice.kind}",
        dedup_key=f"gp:{notice.key}" + (f":again:{again}" if again else ""),
        establishment=pathway.team.establishment,
        recipient=mail.to,
        professional=gp,
        subject=mail.subject,
        body=mail.body,
        due_at=due_at,
        about=pathway.uuid,
    )


@transaction.atomic
def accept_notice(*, notice: Notice, user: User, words: str) -> Notice:
    """Lets a proposed notice leave, with the words to be read behind its link.

    Raises DomainError when it was decided meanwhile, or without a word.
    """
    locked = _proposed(notice)
    locked.words = _checked(words)
    locked.status, locked.decided_by, locked.decided_at = NoticeStatus.ACCEPTED, user, timezone.now()
    locked.message = post_notice(locked)
    locked.save(update_fields=["words", "status", "decided_by", "decided_at", "message"])
    return locked


@transaction.atomic
def keep_words(*, notice: Notice, words: str) -> Notice:
    """Keeps the words of a proposed notice, to be sent later. Raises DomainError as `accept_notice`."""
    locked = _proposed(notice)
    locked.words = _checked(words)
    locked.save(update_fields=["words"])
    return locked


@transaction.atomic
def drop_notice(*, notice: Notice, user: User, reason: str) -> Notice:
    """Sets a proposed notice aside. Raises DomainError without a reason or when it was decided meanwhile."""
    if not reason.strip():
        raise DomainError("Indiquez pourquoi cette information n’est pas envoyée.", field="reason")
    locked = _proposed(notice)
    locked.status, locked.reason = NoticeStatus.DROPPED, reason.strip()[:200]
    locked.decided_by, locked.decided_at = user, timezone.now()
    locked.save(update_fields=["status", "reason", "decided_by", "decided_at"])
    return locked


@transaction.atomic
def send_notice_again(*, notice: Notice, message: UUID) -> Notice:
    """Posts a notice again with a fresh link, to the address the directory now holds.

    ``message`` is the public id of the message seen: when it is no longer the last one, someone did it already.
    Raises DomainError then, while it is still on its way, and without an address.
    """
    locked = _locked(notice)
    if locked.status != NoticeStatus.ACCEPTED or locked.message is None or locked.message.uuid != message:
        raise DomainError("Cette information a changé entre-temps : relisez la page.", code="changed")
    if locked.message.state in ("waiting", "retrying"):
        raise DomainError("Cette information est déjà en cours d’envoi.", code="on_its_way")
    known = OutboxMessage.objects.filter(dedup_key__startswith=f"gp:{locked.key}:again:").count()
    posted = post_notice(locked, again=known + 1)
    if posted is None:
        raise DomainError("Le médecin traitant n’a pas d’adresse de messagerie dans l’annuaire.")
    locked.message = posted
    locked.save(update_fields=["message"])
    return locked


@transaction.atomic
def send_pending_notices(*, pathway: Pathway) -> int:
    """Sends the notices that waited for the GP's address; returns how many left. Nothing leaves without address."""
    sent = 0
    waiting = Notice.objects.unsent().select_for_update(of=("self",)).filter(pathway=pathway)
    for notice in waiting.select_related("milestone").order_by("pk"):
        notice.pathway = pathway
        notice.message = post_notice(notice)
        if notice.message:
            notice.save(update_fields=["message"])
            sent += 1
    return sent


@joined
def drop_when_told_otherwise(*, milestone: Milestone) -> int:
    """The GP was informed by another way: the letters that waited to be read for that are set aside. Returns how
    many."""
    if milestone.kind != MilestoneKind.GP_INFORMED:
        return 0
    letters = _letters_of(milestone.pathway)
    return letters.proposed().update(
        status=NoticeStatus.DROPPED,
        reason=TOLD_OTHERWISE,
        decided_by=milestone.recorded_by,
        decided_at=timezone.now(),
    )


@transaction.atomic
def propose_again(*, milestone: Milestone) -> int:
    """The GP was not informed after all: what was set aside for it waits again. Returns how many."""
    facts = Milestone.objects.in_force().filter(pathway=milestone.pathway_id, kind=MilestoneKind.GP_INFORMED)
    if milestone.kind != MilestoneKind.GP_INFORMED or facts.exists():
        return 0
    dropped = _letters_of(milestone.pathway).filter(status=NoticeStatus.DROPPED, reason=TOLD_OTHERWISE)
    return dropped.update(status=NoticeStatus.PROPOSED, reason="", decided_by=None, decided_at=None)


def _letters_of(pathway: Pathway) -> NoticeQuerySet:
    """The notices whose leaving ends a step that waits for `gp_informed`."""
    templates = {
        mail
        for step in pathway.version.content.steps
        if any(match.milestone is MilestoneKind.GP_INFORMED for match in step.done_by)
        for mail in step.mails
    }
    return Notice.objects.filter(pathway=pathway, template__in=templates)


def note_told() -> int:
    """Letters that have left end the steps that waited for them (`gp_informed`, DOC-05); returns how many."""
    return sum(_note_told(pk) for pk in Notice.objects.to_note().values_list("pk", flat=True)[:200])


@transaction.atomic
def _note_told(notice_id: int) -> bool:
    """True when this call noted it: any number of workers may ask."""
    notice = Notice.objects.to_note().select_for_update(of=("self",), skip_locked=True).filter(pk=notice_id).first()
    if notice is None or notice.message is None or notice.message.sent_at is None:
        return False
    notice.noted_at = timezone.now()
    notice.save(update_fields=["noted_at"])
    waiting = (step for step in notice.pathway.version.content.steps if notice.template in step.mails)
    if any(match.milestone is MilestoneKind.GP_INFORMED for step in waiting for match in step.done_by):
        pathways.record_milestone(
            pathway=notice.pathway,
            kind=MilestoneKind.GP_INFORMED,
            occurred_at=notice.message.sent_at,
            author=notice.decided_by,
            source="automatic",
            dedup_key=f"{TOLD_KEY}{notice.uuid}",
        )
    return True


def _in_force(milestone: Milestone) -> Milestone:
    """The fact as last corrected."""
    fact = milestone
    while later := Milestone.objects.filter(supersedes=fact).first():
        fact = later
    return fact


def _locked(notice: Notice) -> Notice:
    rows = Notice.objects.select_for_update(of=("self",)).select_related(
        "message", "milestone", "pathway__patient__gp", "pathway__team__establishment", "decided_by__professional"
    )
    return rows.get(pk=notice.pk)


def _proposed(notice: Notice) -> Notice:
    locked = _locked(notice)
    if locked.status == NoticeStatus.PROPOSED:
        return locked
    done = {NoticeStatus.DROPPED: "écartée", NoticeStatus.REVOKED: "annulée"}.get(
        NoticeStatus(locked.status), "envoyée"
    )
    by = f" par {locked.decided_by}" if locked.decided_by else ""
    raise DomainError(f"Cette information a déjà été {done}{by}.", code="decided")


def _checked(words: str) -> str:
    words = words.strip()
    if not words:
        raise DomainError("Écrivez ce que le médecin doit lire.", field="words")
    if len(words) > LONGEST_WORDS:
        raise DomainError(f"Ce texte dépasse {LONGEST_WORDS} signes.", field="words")
    return words
