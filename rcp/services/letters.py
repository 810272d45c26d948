"""The opinion sent to the GP and the requester: a notice by post, the opinion itself behind a signed link.

Without an account, the reader types the patient's birth date; five wrong dates lock the link for an hour. The count
is kept in Redis under a hash of what the link names: when Redis is away nobody is let in.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.core import signing
from django.db import transaction
from django.urls import reverse

from coordination import services as coordination
from directory.errors import DomainError
from directory.models import OutboxMessage, Professional, User
from directory.services import post
from directory.tries import count_try, forget_tries, key_of, wrong
from directory.typography import long_day
from pathways import services as pathways
from pathways.models import CircleRole, Milestone
from pathways.rules.clock import add
from pathways.rules.durations import Duration, Unit
from pathways.rules.milestones import MilestoneKind
from rcp.models import CaseStatus, Decision, LetterAccess
from rcp.services.notices import absolute, signature

KIND = "rcp_decision"
SALT = "rcp.letter"
SENT_KEY = "rcp_sent:"
LINK_LASTS = timedelta(days=60)


class LinkError(DomainError):
    """The link itself is no good: forged, expired, or its reader no longer follows this patient."""


@dataclass(frozen=True)
class Link:
    """What a valid link names."""

    decision: Decision
    reader: Professional


def correspondents(decision: Decision) -> list[Professional]:
    """Who must receive the opinion: the GP and the requester of the circle, each once."""
    pathway = decision.case.pathway
    members = pathway.circle.current().filter(role__in=[CircleRole.GP, CircleRole.REQUESTER])
    people = {m.professional_id: m.professional for m in members.select_related("professional").order_by("role", "id")}
    if pathway.patient.gp_id and pathway.patient.gp:
        people.setdefault(pathway.patient.gp_id, pathway.patient.gp)
    return list(people.values())


@dataclass(frozen=True)
class LetterState:
    """Where the opinion stands for one correspondent.

    ``state`` is `OutboxMessage.state`, or `paper` for one without address.
    """

    reader: Professional
    state: str
    sent_at: datetime | None = None
    read_at: datetime | None = None


def letter_states(decision: Decision) -> list[LetterState]:
    """One line per correspondent: told or not, and read or not."""
    last: dict[int | None, OutboxMessage] = {}
    for message in OutboxMessage.objects.filter(kind=KIND, about=decision.uuid).order_by("created_at", "id"):
        last[message.professional_id] = message
    shown = decision.letter_accesses.filter(outcome=LetterAccess.Outcome.SHOWN).order_by("at")
    read = dict(shown.values_list("professional_id", "at"))
    return [
        LetterState(
            reader=reader,
            state=last[reader.pk].state if reader.pk in last else "paper",
            sent_at=last[reader.pk].sent_at if reader.pk in last else None,
            read_at=read.get(reader.pk),
        )
        for reader in correspondents(decision)
    ]


def send_by(decision: Decision) -> datetime:
    """Until when the opinion must have left: so many working days after it was given, a local rule of the series.

    No national delay was found (french-standards 1.5); two queries, for the establishment's calendar.
    """
    series = decision.case.session.series
    delay = Duration(series.sends_within_days, Unit.WORKING_DAYS)
    return add(decision.decided_at, delay, pathways.calendar_of(series.team.establishment))


def tell_correspondents(*, decision: Decision) -> int:
    """Posts the notice of an opinion, or of its new version, to each correspondent; returns how many were told.

    For one without address the organising team gets a task: the letter is printed from the case.
    """
    told = 0
    for reader in correspondents(decision):
        if reader.post_address:
            _post_notice(decision, reader)
            told += 1
        else:
            _ask_for_paper(decision, reader)
    return told


def token_for(decision: Decision, reader: Professional) -> str:
    """The signed text of a link: two public ids and the instant it was made."""
    return signing.dumps({"d": decision.uuid.hex, "p": reader.uuid.hex}, salt=SALT)


def read_link(token: str) -> Link:
    """What a link names. Raises LinkError, in words a GP can act on."""
    try:
        named = signing.loads(token, salt=SALT, max_age=LINK_LASTS)
        decision = Decision.objects.select_related(
            "case__pathway__patient__gp", "case__pathway__version__target", "case__pathway__team",
            "case__session__series__team__establishment", "case__presenter", "decided_by__professional",
        ).get(uuid=uuid.UUID(named["d"]))  # fmt: skip
        reader = Professional.objects.get(uuid=uuid.UUID(named["p"]))
    except signing.SignatureExpired as error:
        raise LinkError("Ce lien a expiré. Demandez-en un nouveau à l’équipe qui vous l’a envoyé.") from error
    except (signing.BadSignature, KeyError, ValueError, Decision.DoesNotExist, Professional.DoesNotExist) as error:
        raise LinkError("Ce lien n’est pas valable. Vérifiez qu’il a été copié en entier.") from error
    if reader.pk not in {each.pk for each in correspondents(decision)}:
        raise LinkError("Ce lien n’est plus valable : vous ne faites plus partie des correspondants de ce patient.")
    return Link(decision, reader)


def open_letter(*, link: Link, birth_date: date, ip_address: str | None) -> Decision:
    """Shows the opinion to who knows the patient's birth date; each try is written down.

    Raises LockedError after five wrong dates, for an hour, whatever is typed then; DomainError for a wrong date.
    """
    counter = key_of("rcp:letter", link.decision.uuid.hex, link.reader.uuid.hex)
    left = count_try(counter)
    right = birth_date == link.decision.case.pathway.patient.birth_date
    LetterAccess.objects.create(
        decision=link.decision,
        professional=link.reader,
        outcome=LetterAccess.Outcome.SHOWN if right else LetterAccess.Outcome.REFUSED,
        ip_address=ip_address,
    )
    if not right:
        raise wrong(left, "Cette date ne correspond pas au dossier.", "birth_date")
    forget_tries(counter)
    return link.decision


def note_sent() -> int:
    """Opinions whose notice has left become `rcp_decision_sent`, at the instant the first one left."""
    waiting = Decision.objects.unsent().filter(milestone__isnull=False)
    left = OutboxMessage.objects.filter(kind=KIND, sent_at__isnull=False, about__in=waiting.values("uuid"))
    first: dict[uuid.UUID, datetime] = {}
    for about, sent_at in left.order_by("sent_at").values_list("about", "sent_at"):
        if about and sent_at:
            first.setdefault(about, sent_at)
    for decision in waiting.filter(uuid__in=first):
        mark_sent(decision=decision, at=first[decision.uuid], author=None)
    return len(first)


@transaction.atomic
def mark_sent(*, decision: Decision, at: datetime, author: User | None, note: str = "") -> Decision:
    """Records that the opinion reached a correspondent: once, whoever says so. Raises DomainError when provisional."""
    from rcp.services.cases import lock_case

    case = lock_case(decision.case)
    locked = Decision.objects.select_for_update(of=("self",), no_key=True).get(pk=decision.pk)
    if case.status != CaseStatus.DECIDED:
        raise DomainError("Un avis provisoire n’est pas transmis : le dossier est à représenter.")
    if locked.sent_at:
        return locked
    if at < case.session.starts_at:
        raise DomainError("La transmission ne peut pas précéder la séance.", field="at")
    locked.sent_at = at
    locked.save(update_fields=["sent_at"])
    pathways.record_milestone(
        pathway=case.pathway,
        kind=MilestoneKind.RCP_DECISION_SENT,
        occurred_at=at,
        author=author,
        source="typed" if author else "automatic",
        note=note,
        dedup_key=_sent_key(locked),
    )
    return locked


def is_our_sending(milestone: Milestone) -> bool:
    """True when `mark_sent` wrote this milestone, for one decision that it names."""
    return (milestone.dedup_key or "").startswith(SENT_KEY)


def note_typed_sending(*, milestone: Milestone) -> None:
    """Someone recorded the sending in the pathway: the opinions given before it are sent."""
    before = Decision.objects.unsent().filter(case__pathway=milestone.pathway_id, decided_at__lte=milestone.occurred_at)
    before.update(sent_at=milestone.occurred_at)


def forget_sending(*, milestone: Milestone) -> None:
    """The sending no longer stands: what it said was sent is to send again, unless its notice did leave by post."""
    named = Decision.objects.filter(case__pathway=milestone.pathway_id, sent_at=milestone.occurred_at)
    posted = OutboxMessage.objects.filter(kind=KIND, sent_at__isnull=False, about__in=named.values("uuid"))
    named.exclude(uuid__in=posted.values("about")).update(sent_at=None)


def _sent_key(decision: Decision) -> str:
    """One milestone per decision sent; a new key once the former one was withdrawn."""
    key = f"{SENT_KEY}{decision.uuid}"
    known = Milestone.objects.filter(dedup_key__startswith=key).count()
    return f"{key}:{known}" if known else key


def _post_notice(decision: Decision, reader: Professional) -> OutboxMessage:
    case = decision.case
    day = long_day(case.session.starts_at)
    corrected = decision.revision > 1
    subject = f"Avis de la RCP du {day}{' : version corrigée' if corrected else ''}, dossier {case.pathway.reference}"
    what = "a été corrigé" if corrected else "est disponible"
    return post(
        kind=KIND,
        dedup_key=f"{KIND}:{decision.uuid}:{reader.pk}:{decision.revision}:{decision.milestone_id or 0}",
        establishment=case.session.series.team.establishment,
        recipient=reader.post_address,
        professional=reader,
        subject=subject,
        body=(
            f"Bonjour,\n\nL’avis de la réunion de concertation pluridisciplinaire « {case.session.series} » du {day} "
            f"{what} pour votre patient, dossier {case.pathway.reference}.\n\n"
            f"Pour le lire :\n{absolute(reverse('rcp:letter', args=[token_for(decision, reader)]))}\n\n"
            f"La date de naissance du patient vous sera demandée. Ce lien est personnel et valable "
            f"{LINK_LASTS.days} jours.\n\n{signature(case)}\n"
        ),
        about=decision.uuid,
    )


def _ask_for_paper(decision: Decision, reader: Professional) -> None:
    case = decision.case
    coordination.create_task(
        pathway=case.pathway,
        title=f"Envoyer l’avis de RCP par courrier : {reader}"[:200],
        team=case.pathway.team,
        note="Pas d’adresse électronique dans l’annuaire. La lettre s’imprime depuis le dossier de RCP.",
        closes_on=MilestoneKind.RCP_DECISION_SENT,
        origin=uuid.uuid5(decision.uuid, f"paper:{reader.pk}:{decision.revision}"),
    )
