"""A gesture on several rows at once: done where it can be, each line keeps what it changed, and it can be undone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID, uuid4

from django.db import transaction
from django.utils import timezone

from coordination.models import ActKind, Channel, ContactOutcome, ContactState, DeskAct, DeskActLine
from coordination.perms import may_coordinate
from coordination.rules.acts import Choice, Subject, refusal
from coordination.rules.contacts import proposed_call_back
from coordination.services.contacts import postpone_call, record_contact, withdraw_contact
from directory.errors import DomainError
from directory.history import because
from directory.models import User
from directory.resent import key_of
from pathways.models import Pathway
from pathways.services import assign_pathway, calendar_of

UNDONE = "Geste groupé annulé"


@dataclass(frozen=True)
class Asked:
    """What is asked of every ticked row. `day` is when to call; without it a contact gets the usual day."""

    kind: str
    owner: User | None = None
    day: date | None = None
    outcome: str = ContactOutcome.MESSAGE
    channel: str = Channel.PHONE
    note: str = ""


def why_not(pathway: Pathway, asked: Asked) -> str:
    """Why the gesture cannot be done on ``pathway``; empty when it can."""
    state: ContactState | None = getattr(pathway, "contact_state", None)
    subject = Subject(
        active=pathway.is_active,
        deceased=pathway.patient.deceased_on is not None,
        owner=pathway.owner_id,
        team=pathway.team_id,
        call_back_on=state.call_back_on if state else None,
    )
    teams = frozenset(each.team_id for each in asked.owner.current_memberships) if asked.owner else frozenset()
    return refusal(subject, Choice(asked.kind, asked.owner.pk if asked.owner else None, teams, asked.day))


@transaction.atomic
def act_on_rows(*, pathways: Sequence[Pathway], asked: Asked, author: User, key: UUID | None = None) -> DeskAct:
    """Does ``asked`` on each of ``pathways`` where it can be done, read again under lock; the others are left alone.

    The same ``key`` (`directory.resent`) twice returns the first act. Raises DomainError when nothing can be done, on
    a row that ``author`` does not coordinate, or when the act was undone since.
    """
    if asked.kind not in ActKind.values:
        raise DomainError("Ce geste n’existe pas.")
    if asked.kind == ActKind.POSTPONE and asked.day is None:
        raise DomainError("Indiquez à quel jour reporter le rappel.", field="day")
    uuid = key_of(key, *_told(asked), sorted(each.pk for each in pathways)) if key else uuid4()
    act, created = DeskAct.objects.get_or_create(uuid=uuid, defaults={"kind": asked.kind, "author": author})
    if not created:
        if act.author_id != author.pk:
            raise DomainError("Ce geste est celui d’une autre personne.")
        if act.undone_at:
            raise DomainError("Ce geste a été fait, puis annulé : revenez à la liste pour le refaire.")
        return act
    done = [_line(act, pathway, asked, author) for pathway in _locked(pathways) if not why_not(pathway, asked)]
    if not done:
        raise DomainError("Rien ne change : aucun des parcours cochés ne le permet.")
    DeskActLine.objects.bulk_create(done)
    return act


def _told(asked: Asked) -> tuple[object, ...]:
    owner = asked.owner.pk if asked.owner else None
    return (str(asked.kind), owner, asked.day, str(asked.outcome), str(asked.channel), asked.note.strip())


def _locked(pathways: Sequence[Pathway]) -> list[Pathway]:
    """The rows as they are now, locked in the order of their ids so that two gestures never wait for each other."""
    found = Pathway.objects.filter(pk__in=[each.pk for each in pathways]).order_by("pk")
    list(found.select_for_update(of=("self",)).values_list("pk"))
    return list(found.select_related("patient", "team__establishment", "contact_state").defer("version__definition"))


def _line(act: DeskAct, pathway: Pathway, asked: Asked, author: User) -> DeskActLine:
    if not may_coordinate(author, pathway):
        raise DomainError("Vous ne coordonnez pas l’un de ces parcours.")
    if asked.kind == ActKind.ASSIGN:
        before = pathway.owner_id
        with because("Confié depuis « Ma journée »"):
            assign_pathway(pathway=pathway, owner=asked.owner, author=author)
        return DeskActLine(act=act, pathway=pathway, owner_before_id=before, owner_after=asked.owner)
    if asked.kind == ActKind.POSTPONE and asked.day is not None:
        contact = postpone_call(pathway=pathway, author=author, day=asked.day, note=asked.note)
    else:
        usual = proposed_call_back(asked.outcome, timezone.localdate(), calendar_of(pathway.team.establishment))
        contact = record_contact(
            pathway=pathway, author=author, outcome=asked.outcome, channel=asked.channel,
            next_on=asked.day or usual, note=asked.note,
        )  # fmt: skip
    return DeskActLine(act=act, pathway=pathway, contact=contact)


@transaction.atomic
def undo_act(*, act: DeskAct, user: User) -> list[DeskActLine]:
    """Puts every row back as it was before ``act``, save those that moved since; returns the lines, `undone` or not.

    A contact is withdrawn, not erased. Raises DomainError for the act of somebody else, or one already undone.
    """
    locked = DeskAct.objects.select_for_update(of=("self",)).get(pk=act.pk)
    if locked.author_id != user.pk:
        raise DomainError("Seule la personne qui a fait ce geste peut l’annuler.")
    if locked.undone_at:
        raise DomainError("Ce geste est déjà annulé.")
    lines = list(locked.lines.select_related("owner_before", "contact__pathway").order_by("pathway_id"))
    now = {each.pk: each for each in _locked([line.pathway for line in lines])}
    for line in lines:
        line.undone = _undo(line, now[line.pathway_id], user)
        line.save(update_fields=["undone"])
    locked.undone_at = timezone.now()
    locked.save(update_fields=["undone_at"])
    return lines


def _undo(line: DeskActLine, pathway: Pathway, user: User) -> bool:
    """Compare and set: true when the row was still as the act left it, and is as before again."""
    if line.contact is None:
        if not pathway.is_active or pathway.owner_id != line.owner_after_id:
            return False
        try:
            with because(UNDONE):
                assign_pathway(pathway=pathway, owner=line.owner_before, author=user)
        except DomainError:  # the former owner has left the team
            return False
        return True
    state: ContactState | None = getattr(pathway, "contact_state", None)
    if state is None or state.last_id != line.contact_id:
        return False
    withdraw_contact(contact=line.contact, by=user, reason=UNDONE)
    return True
