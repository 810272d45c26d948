"""Notices to the GP: told once of each key event, without identity or clinical content (GPN-01, GPN-02, GPN-15)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

import yaml
from django.conf import settings
from django.db import transaction
from django.template.loader import render_to_string
from django.utils import timezone

from coordination.links import file_url
from coordination.models import Notice
from coordination.rules.notices import is_told
from directory.models import OutboxMessage
from directory.services import post
from directory.typography import long_day, phone
from pathways.models import Milestone, MilestoneSource, Pathway
from pathways.rules.milestones import MilestoneKind

DATA = Path(__file__).resolve().parent.parent / "data" / "notices.yaml"
APPOINTMENTS = "appointments"
RECTIFICATION = "rectification"
BOOKED = "booked:"
"""How the key of a milestone recorded by a booking begins."""
GATHERING = timedelta(minutes=20)
"""Appointments booked one after the other make one message."""


@dataclass(frozen=True)
class Wording:
    """The words of one notice. `always`: told on every target pathway."""

    title: str
    text: str
    always: bool = False


@cache
def wordings() -> dict[str, Wording]:
    """The texts of data/notices.yaml, by milestone kind, with `appointments` and `rectification`."""
    data = yaml.safe_load(DATA.read_text(encoding="utf-8"))
    texts = {MilestoneKind(kind).value: Wording(**entry) for kind, entry in data["milestones"].items()}
    return {**texts, APPOINTMENTS: Wording(**data[APPOINTMENTS]), RECTIFICATION: Wording(**data[RECTIFICATION])}


@transaction.atomic
def notify_gp(*, pathway: Pathway, milestone: Milestone) -> Notice | None:
    """Tells the GP of a milestone, once; None when the milestone is not one to tell.

    A correction of a fact already told is not told again: only its date changed. Without an address the notice is kept
    unsent, for the desk to see and for `send_pending_notices`.
    """
    known = Notice.objects.filter(milestone=milestone).first()
    if known:
        return known
    first = _as_first_recorded(milestone)
    if first.source == MilestoneSource.IMPORTED or _told_elsewhere(first) or _already_told(milestone):
        return None
    texts = wordings()
    told = is_told(
        milestone.kind,
        always={kind for kind, wording in texts.items() if wording.always},
        told_steps=_told_steps(pathway, milestone),
        occurred_at=milestone.occurred_at,
        now=timezone.now(),
    )
    if not told or milestone.kind not in texts:
        return None
    return _write(
        pathway=pathway,
        kind=milestone.kind,
        key=f"milestone:{milestone.uuid}",
        happened_at=milestone.occurred_at,
        milestone=milestone,
    )


@transaction.atomic
def tell_gp_of_appointments(*, pathway: Pathway, at: datetime) -> Notice | None:
    """Tells the GP that appointments were made or changed: one message for all those of the day, a little later.

    What changes after the message has left makes another one: the GP must not count on an appointment cancelled since.
    """
    if timezone.now() - at > timedelta(days=1):
        return None
    key = f"appointments:{pathway.uuid}:{timezone.localdate(at):%Y%m%d}"
    left = Notice.objects.filter(pathway=pathway, key__startswith=key, message__sent_at__isnull=False).count()
    if left:
        key = f"{key}:{left}"
    return _write(pathway=pathway, kind=APPOINTMENTS, key=key, happened_at=at, due_at=timezone.now() + GATHERING)


@transaction.atomic
def rectify_notice(*, milestone: Milestone) -> Notice | None:
    """``milestone`` was withdrawn (not corrected): if the GP was told of it, tells that it was an error.

    A notice that never left (no address) is dropped instead: nothing is to be taken back, and it must not leave later.
    """
    if not Milestone.objects.filter(supersedes=milestone, withdrawn=True).exists():
        return None
    told = _notice_of(milestone)
    if told is None:
        return None
    if told.message is None:
        told.delete()
        return None
    return _write(
        pathway=told.pathway,
        kind=RECTIFICATION,
        key=f"rectification:{milestone.uuid}",
        happened_at=timezone.now(),
    )


@transaction.atomic
def send_pending_notices(*, pathway: Pathway) -> int:
    """Sends the notices that waited for the GP's address; returns how many left. Nothing leaves without address."""
    sent = 0
    for notice in Notice.objects.unsent().select_for_update(of=("self",)).filter(pathway=pathway).order_by("pk"):
        happened_at = _in_force(notice.milestone).occurred_at if notice.milestone else notice.created_at
        notice.message = _post(pathway, notice.kind, notice.key, happened_at, None)
        if notice.message:
            notice.save(update_fields=["message"])
            sent += 1
    return sent


def _as_first_recorded(milestone: Milestone) -> Milestone:
    """The fact before any correction: a correction is made by hand and forgets what recorded the fact."""
    fact = milestone
    while fact.supersedes is not None:
        fact = fact.supersedes
    return fact


def _in_force(milestone: Milestone) -> Milestone:
    """The fact as last corrected."""
    fact = milestone
    while later := Milestone.objects.filter(supersedes=fact).first():
        fact = later
    return fact


def _told_elsewhere(milestone: Milestone) -> bool:
    """True for what another message tells already: a booking is in the day's message about appointments; the opinion
    of an RCP known as sent is the letter itself."""
    of_a_booking = (milestone.dedup_key or "").startswith(BOOKED)
    is_the_letter = (milestone.kind, milestone.source) == (MilestoneKind.RCP_DECISION_SENT, MilestoneSource.AUTOMATIC)
    return of_a_booking or is_the_letter


def _already_told(milestone: Milestone) -> bool:
    """True when a fact that this one corrects, however far back, was told."""
    return milestone.supersedes is not None and _notice_of(milestone.supersedes) is not None


def _notice_of(milestone: Milestone) -> Notice | None:
    """The notice of a fact, or of the one it corrects, however far back."""
    fact: Milestone | None = milestone
    while fact is not None:
        notice = Notice.objects.filter(milestone=fact).select_related("message", "pathway").first()
        if notice:
            return notice
        fact = fact.supersedes
    return None


def _told_steps(pathway: Pathway, milestone: Milestone) -> set[str]:
    """The milestone's kind, when it ends a step that the pathway's target marks with `tells_gp`."""
    kind = MilestoneKind(milestone.kind)
    told = (match for step in pathway.version.content.steps if step.tells_gp for match in step.done_by)
    return (
        {milestone.kind}
        if any(match.milestone is kind and match.accepts(milestone.detail) for match in told)
        else set()
    )


def _write(
    *,
    pathway: Pathway,
    kind: str,
    key: str,
    happened_at: datetime,
    milestone: Milestone | None = None,
    due_at: datetime | None = None,
) -> Notice:
    known = Notice.objects.filter(key=key).first()
    if known:
        return known
    message = _post(pathway, kind, key, happened_at, due_at)
    return Notice.objects.create(pathway=pathway, kind=kind, key=key, milestone=milestone, message=message)


def _post(
    pathway: Pathway, kind: str, key: str, happened_at: datetime, due_at: datetime | None
) -> OutboxMessage | None:
    """Writes the message in the outbox; None when the GP is unknown or has no address."""
    gp = pathway.patient.gp
    if gp is None or not gp.post_address:
        return None
    team, wording = pathway.team, wordings()[kind]
    body = render_to_string(
        "coordination/post/notice.txt",
        {
            "text": wording.text,
            "reference": pathway.reference,
            "day": long_day(happened_at),
            "link": settings.BASE_URL + file_url(pathway),
            "team": team.name,
            "phone": phone(team.phone or team.establishment.phone),
            "establishment": team.establishment.name,
        },
    )
    return post(
        kind=f"gp_{kind}",
        dedup_key=f"gp:{key}",
        establishment=team.establishment,
        recipient=gp.post_address,
        professional=gp,
        subject=f"Votre patient, {wording.title} ({pathway.reference})",
        body=body,
        due_at=due_at,
        about=pathway.uuid,
    )
