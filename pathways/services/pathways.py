"""Writes on pathways: open, close, reopen, assign, circle of care."""

from __future__ import annotations

from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils import timezone

from directory.codes import short_code
from directory.errors import DomainError
from directory.history import because
from directory.joined import joined
from directory.models import Professional, User
from pathways import signals
from pathways.models import (
    CareCircleMember,
    CircleRole,
    ClosingReason,
    LinkKind,
    Pathway,
    PathwayStatus,
    Patient,
    TargetPathway,
)
from pathways.querysets import PathwayQuerySet
from pathways.services.calendars import calendar_of
from pathways.services.ledger import CLOCK_SKEW
from pathways.services.plan import rebuild_plan, refresh_plan


@transaction.atomic
def open_pathway(
    *,
    patient: Patient,
    target: TargetPathway,
    opened_at: datetime,
    owner: User | None,
    suspicion: str = "",
    author: User | None = None,
    linked_to: Pathway | None = None,
    link_kind: str = "",
) -> Pathway:
    """Starts the patient on the current version of ``target``; the GP joins the circle; the plan is built.

    ``linked_to`` is an earlier pathway of the same patient, of which this one follows a relapse or a second cancer.
    The first milestone follows at once; only then does a pathway without a next step raise its alert.
    Raises DomainError when the patient is already on this pathway (a second primary cancer may run beside the first),
    is dead, or the target has no version.
    """
    refuse_wrong_link(patient, linked_to, link_kind)
    if patient.deceased_on:
        raise DomainError("Ce patient est décédé : aucun parcours ne peut être ouvert.")
    version = target.versions.order_by("-number").first()
    if version is None:
        raise DomainError("Ce parcours cible n’a pas encore de version publiée.")
    if running_beside(patient.pk, target, linked_to.pk if linked_to else None, link_kind).exists():
        raise DomainError("Ce patient suit déjà ce parcours.", code="already_open")
    try:
        with transaction.atomic():
            pathway = Pathway.objects.create(
                reference=f"J-{short_code()}",
                patient=patient,
                version=version,
                team=target.team,
                owner=owner,
                opened_at=opened_at,
                suspicion=suspicion,
                linked_to=linked_to,
                link_kind=link_kind,
            )
    except IntegrityError as error:
        raise DomainError("Ce patient suit déjà ce parcours.", code="already_open") from error
    if patient.gp:
        add_to_circle(pathway=pathway, professional=patient.gp, role=CircleRole.GP, since=opened_at)
    if owner:
        signals.owner_changed.send(sender=Pathway, pathway=pathway)
    return rebuild_plan(pathway=pathway, continuity=False)


def running_beside(patient: int, target: TargetPathway, linked_to: int | None, link_kind: str) -> PathwayQuerySet:
    """What already runs in the place of such a pathway: one for each cancer on a target. The first cancer and each
    second primary beside it are as many."""
    running = Pathway.objects.active().filter(patient=patient, version__target=target)
    if link_kind == LinkKind.SECOND_PRIMARY:
        return running.filter(linked_to=linked_to, link_kind=link_kind)
    return running.exclude(link_kind=LinkKind.SECOND_PRIMARY)


def refuse_wrong_link(patient: Patient, linked_to: Pathway | None, link_kind: str) -> None:
    """A link names an earlier pathway of the same patient, and says what the new one is to it."""
    if linked_to is None and not link_kind:
        return
    if linked_to is None:
        raise DomainError("Choisissez le parcours auquel celui-ci fait suite.", field="linked_to")
    if link_kind not in LinkKind.values:
        raise DomainError("Dites si c’est un second cancer primitif ou une rechute.", field="link_kind")
    if linked_to.patient_id != patient.pk:
        raise DomainError("Le parcours d’origine est celui d’un autre patient.", field="linked_to")


STANDS_APART = "Ce patient suit aussi ce parcours cible pour un autre cancer : le lien de second cancer les distingue."


@transaction.atomic
def link_pathway(*, pathway: Pathway, linked_to: Pathway | None, link_kind: str, author: User | None) -> Pathway:
    """Says, or takes back with no ``linked_to``, which earlier pathway this one follows. Raises DomainError."""
    locked = _locked(pathway)
    kind = link_kind if linked_to else ""
    refuse_wrong_link(locked.patient, linked_to, kind)
    if linked_to and (linked_to.pk == locked.pk or linked_to.opened_at > locked.opened_at):
        raise DomainError("Un parcours fait suite à un parcours plus ancien.", field="linked_to")
    beside = running_beside(locked.patient_id, locked.version.target, linked_to.pk if linked_to else None, kind)
    if locked.is_active and beside.exclude(pk=locked.pk).exists():
        raise DomainError(STANDS_APART, field="link_kind")
    locked.linked_to, locked.link_kind = linked_to, kind
    try:
        with transaction.atomic():
            locked.save(update_fields=["linked_to", "link_kind"])
    except IntegrityError as error:
        raise DomainError(STANDS_APART, field="link_kind") from error
    return locked


@transaction.atomic
def close_pathway(
    *, pathway: Pathway, reason: str, author: User | None, note: str = "", at: datetime | None = None
) -> Pathway:
    """Ends an active pathway for a coded reason; its open steps stop running. Raises DomainError otherwise.

    An instant before the opening, but on its very day, is that of the opening: a day typed alone stands for its noon.
    """
    if reason not in ClosingReason.values:
        raise DomainError("Choisissez un motif de clôture.", field="reason")
    locked = _locked(pathway)
    if not locked.is_active:
        raise DomainError("Ce parcours est déjà clos.")
    at = at or timezone.now()
    calendar = calendar_of(locked.team.establishment)
    if calendar.local_date(at) == calendar.local_date(locked.opened_at):
        at = max(at, locked.opened_at)
    if at < locked.opened_at:
        raise DomainError("La clôture ne peut pas précéder l’ouverture du parcours.", field="at")
    if at > timezone.now() + CLOCK_SKEW:
        raise DomainError("La clôture ne peut pas être datée dans le futur.", field="at")
    locked.status, locked.closing_reason, locked.closing_note, locked.closed_at = (
        PathwayStatus.CLOSED, reason, note.strip(), at,
    )  # fmt: skip
    locked.save(update_fields=["status", "closing_reason", "closing_note", "closed_at"])
    closed = rebuild_plan(pathway=locked)
    signals.pathway_closed.send(sender=Pathway, pathway=closed)
    return closed


@transaction.atomic
def reopen_pathway(*, pathway: Pathway, author: User, reason: str) -> Pathway:
    """Puts a closed pathway back in progress; the reason is kept in its history."""
    if not reason.strip():
        raise DomainError("Indiquez pourquoi le parcours est rouvert.", field="reason")
    locked = _locked(pathway)
    if locked.is_active:
        raise DomainError("Ce parcours est déjà en cours.")
    if running_beside(locked.patient_id, locked.version.target, locked.linked_to_id, locked.link_kind).exists():
        raise DomainError("Ce patient suit déjà ce parcours, rouvert ou recommencé.")
    closed_at = locked.closed_at
    locked.status, locked.closing_reason, locked.closing_note, locked.closed_at = PathwayStatus.ACTIVE, "", "", None
    with because(reason.strip()):
        try:
            with transaction.atomic():
                locked.save(update_fields=["status", "closing_reason", "closing_note", "closed_at"])
        except IntegrityError as error:
            raise DomainError("Ce patient suit déjà ce parcours, rouvert ou recommencé.") from error
    reopened = rebuild_plan(pathway=locked)
    signals.pathway_reopened.send(sender=Pathway, pathway=reopened, closed_at=closed_at)
    return reopened


@transaction.atomic
def assign_pathway(*, pathway: Pathway, owner: User | None, author: User | None) -> Pathway:
    """Makes ``owner`` responsible. Raises DomainError when the person does not work in the pathway's team."""
    if owner and pathway.team_id not in {membership.team_id for membership in owner.current_memberships}:
        raise DomainError("Cette personne ne fait pas partie de l’équipe du parcours.", field="owner")
    locked = _locked(pathway)
    locked.owner = owner
    locked.save(update_fields=["owner"])
    if owner:
        signals.owner_changed.send(sender=Pathway, pathway=locked)
    return rebuild_plan(pathway=locked)


@joined
def touch_contact(*, pathway: Pathway, at: datetime) -> None:
    """Remembers the latest contact of a pathway; an older one changes nothing."""
    locked = _locked(pathway)
    if locked.last_contact_at is None or locked.last_contact_at < at:
        locked.last_contact_at = at
        locked.save(update_fields=["last_contact_at"])
        refresh_plan(pathway_id=locked.pk)  # what silence raises is counted from there


@transaction.atomic
def rewind_contact(*, pathway: Pathway, at: datetime | None) -> None:
    """The latest contact turns out to be that of ``at``, or none: a later one was noted by mistake."""
    locked = _locked(pathway)
    locked.last_contact_at = at
    locked.save(update_fields=["last_contact_at"])
    refresh_plan(pathway_id=locked.pk)


@joined
def add_to_circle(
    *,
    pathway: Pathway,
    professional: Professional,
    role: str,
    since: datetime | None = None,
    until: datetime | None = None,
) -> CareCircleMember:
    """Lets ``professional`` read the pathway; adding again renews the membership, and never shortens it."""
    member, created = CareCircleMember.objects.get_or_create(
        pathway=pathway,
        professional=professional,
        role=role,
        defaults={"since": since or timezone.now(), "until": until},
    )
    if not created and member.until is not None and (until is None or until > member.until):
        member.until = until
        member.save(update_fields=["until"])
    return member


@transaction.atomic
def remove_from_circle(*, member: CareCircleMember) -> None:
    """Ends a membership now; the row stays as the trace of who could read."""
    member.until = timezone.now()
    member.save(update_fields=["until"])


def _locked(pathway: Pathway) -> Pathway:
    return Pathway.objects.select_for_update(of=("self",), no_key=True).get(pk=pathway.pk)
