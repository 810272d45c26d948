"""Writes on contacts: a call is logged in one gesture, and never changed."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from coordination.models import Channel, Contact, ContactOutcome, ContactState, ContactWithdrawal
from coordination.rules import contacts as rules
from directory.errors import DomainError
from directory.models import User
from directory.resent import key_of
from pathways.models import Milestone, MilestoneSource, Pathway
from pathways.rules.milestones import MilestoneKind
from pathways.services import record_milestone, rewind_contact, touch_contact, withdraw_milestone

CLOCK_SKEW = timedelta(minutes=5)


@transaction.atomic
def record_contact(
    *,
    pathway: Pathway,
    author: User,
    outcome: str,
    channel: str = Channel.PHONE,
    whom: str = rules.PATIENT,
    next_on: date | None = None,
    note: str = "",
    at: datetime | None = None,
    key: UUID | None = None,
) -> Contact:
    """Logs a call or a message at ``at`` (now by default), and the local day ``next_on`` of the next one.

    The patient or someone close reached is news of the patient: it records the milestone `followup_contact` and the
    pathway's last contact. The same ``key`` twice (a form sent again) returns the first contact and does nothing;
    with another result, from the browser's "back", it is another contact.
    Raises DomainError for an unknown outcome or channel, a future instant, a past or missing day to call again.
    """
    now = timezone.now()
    at = at or now
    locked = _locked(pathway)
    known = Contact.objects.filter(uuid=key).first() if key else None
    if known and known.pathway_id != locked.pk:
        raise DomainError("Ce contact a déjà été noté pour un autre patient.")
    told = (outcome, channel, whom.strip(), next_on, note.strip())
    if key and known and told != (known.outcome, known.channel, known.whom, known.next_on, known.note):
        key = key_of(key, *map(str, told))
        known = Contact.objects.filter(uuid=key).first()
    if known:
        return known
    _refuse_wrong_contact(outcome, channel, at, next_on, now)
    contact = Contact.objects.create(
        pathway=locked,
        at=at,
        channel=channel,
        outcome=outcome,
        whom=whom.strip(),
        next_on=next_on,
        note=note.strip(),
        author=author,
        **({"uuid": key} if key else {}),
    )
    keep_state(locked)
    if rules.is_news(outcome, contact.whom):
        touch_contact(pathway=locked, at=at)
        record_milestone(
            pathway=locked,
            kind=MilestoneKind.FOLLOWUP_CONTACT,
            detail=channel,
            occurred_at=at,
            author=author,
            source=MilestoneSource.AUTOMATIC,
            dedup_key=f"contact:{contact.uuid}",
        )
    return contact


@transaction.atomic
def postpone_call(*, pathway: Pathway, author: User, day: date, note: str = "", key: UUID | None = None) -> Contact:
    """Puts the promised call off to ``day``. Raises DomainError when none is promised or the day is gone by."""
    locked = _locked(pathway)
    state = ContactState.objects.filter(pathway=locked).first()
    if state is None or state.call_back_on is None:
        raise DomainError("Aucun rappel n’est promis à ce patient.")
    now = timezone.now()
    if day < timezone.localdate(now):
        raise DomainError("La date de rappel est déjà passée.", field="day")
    contact = Contact.objects.create(
        pathway=locked, at=now, channel="", outcome=ContactOutcome.POSTPONED, next_on=day, note=note.strip(),
        author=author, **({"uuid": key} if key else {}),
    )  # fmt: skip
    keep_state(locked)
    return contact


@transaction.atomic
def withdraw_contact(*, contact: Contact, by: User, reason: str) -> ContactWithdrawal:
    """Says that a contact was noted by mistake: it stays readable, and no longer counts. Raises DomainError without a
    reason, or when it is already withdrawn."""
    if not reason.strip():
        raise DomainError("Indiquez pourquoi ce contact est retiré.", field="reason")
    locked = _locked(contact.pathway)
    if ContactWithdrawal.objects.filter(contact=contact).exists():
        raise DomainError("Ce contact est déjà retiré.")
    withdrawal = ContactWithdrawal.objects.create(contact=contact, by=by, reason=reason.strip()[:200])
    keep_state(locked)
    if rules.is_news(contact.outcome, contact.whom):
        news = Contact.objects.standing().filter(pathway=locked, outcome=rules.REACHED)
        latest = news.filter(whom__in=[rules.PATIENT, rules.RELATIVE]).order_by("-at").first()
        rewind_contact(pathway=locked, at=latest.at if latest else None)
        fact = _fact_of(contact)
        if fact and not fact.withdrawn:
            withdraw_milestone(milestone=fact, author=by, note=reason.strip())
    return withdrawal


def _fact_of(contact: Contact) -> Milestone | None:
    """The fact this contact recorded, as last corrected: a correction is made by hand and forgets what recorded it."""
    fact = Milestone.objects.filter(dedup_key=f"contact:{contact.uuid}").first()
    while fact and (later := Milestone.objects.filter(supersedes=fact).first()):
        fact = later
    return fact


def _locked(pathway: Pathway) -> Pathway:
    return Pathway.objects.select_for_update(of=("self",), no_key=True).select_related("patient").get(pk=pathway.pk)


def keep_state(pathway: Pathway) -> None:
    """Works the pathway's standing out again from all its contacts: one entered late changes what it must."""
    found = Contact.objects.standing().filter(pathway=pathway).order_by("at", "id")
    contacts = list(found.values_list("id", "outcome", "whom", "next_on"))
    if not contacts:
        ContactState.objects.filter(pathway=pathway).delete()
        return
    now = rules.standing((outcome, whom, next_on) for _, outcome, whom, next_on in contacts)
    ContactState.objects.update_or_create(
        pathway=pathway,
        defaults={
            "last_id": contacts[-1][0],
            "attempts": now.attempts,
            "call_back_on": None if pathway.patient.deceased_on else now.call_back_on,
        },
    )


def _refuse_wrong_contact(outcome: str, channel: str, at: datetime, next_on: date | None, now: datetime) -> None:
    if outcome not in ContactOutcome.values or outcome == ContactOutcome.POSTPONED:
        raise DomainError("Choisissez le résultat de l’appel.", field="outcome")
    if channel not in Channel.values:
        raise DomainError("Choisissez le moyen de contact.", field="channel")
    if at > now + CLOCK_SKEW:
        raise DomainError("Un contact ne peut pas être daté dans le futur.", field="at")
    if outcome == ContactOutcome.CALL_BACK and next_on is None:
        raise DomainError("Indiquez quand rappeler.", field="next_on")
    if next_on is not None and next_on < timezone.localdate(at):
        raise DomainError("La date de rappel est déjà passée.", field="next_on")
