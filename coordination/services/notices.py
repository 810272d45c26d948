"""Notices to the GP: what is told of each key event, once, and taken back when it was wrong (GPN-01, GPN-02, DOC-05).

A notice leaves by itself or waits for someone of the desk to read it, as the target pathway says. How it leaves is in
`notice_post`, what is read behind its link in `notice_letters`.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from coordination.models import Notice, NoticeStatus
from coordination.rules.notices import is_told
from coordination.services.notice_post import post_notice
from coordination.services.wordings import RECTIFICATION, telling, told_of_itself, wordings
from directory.joined import joined
from pathways.models import Milestone, MilestoneSource, Pathway
from pathways.rules.definition import APPOINTMENTS
from pathways.rules.milestones import MilestoneKind
from pathways.rules.vocabulary import NoticeMode

BOOKED = "booked:"
"""How the key of a milestone recorded by a booking begins."""
GATHERING = timedelta(minutes=20)
"""Appointments booked one after the other make one message."""


@joined
def notify_gp(*, pathway: Pathway, milestone: Milestone) -> Notice | None:
    """Tells the GP of a milestone, once; None when the milestone is not one to tell.

    A correction of a fact already told is not told again: only its date changed. Without an address the notice is kept
    unsent, for the desk to see and for `send_pending_notices`.
    """
    first = _as_first_recorded(milestone)
    if first.source == MilestoneSource.IMPORTED or _told_elsewhere(first) or _already_told(milestone):
        return None
    told = is_told(
        milestone.kind,
        always=told_of_itself(pathway.version.content),
        told_steps=_told_steps(pathway, milestone),
        occurred_at=milestone.occurred_at,
        now=timezone.now(),
    )
    if not told or milestone.kind not in wordings():
        return None
    return Notice.objects.filter(milestone=milestone).first() or _write(
        pathway=pathway,
        kind=milestone.kind,
        key=f"milestone:{milestone.uuid}",
        happened_at=milestone.occurred_at,
        milestone=milestone,
    )


@joined
def tell_gp_of_appointments(*, pathway: Pathway, at: datetime) -> Notice | None:
    """Tells the GP that appointments were made or changed: one message for all those of the day, a little later.

    What changes after the message has left, or was set aside, makes another one: the GP must not count on an
    appointment cancelled since.
    """
    if timezone.now() - at > timedelta(days=1):
        return None
    key = f"{APPOINTMENTS}:{pathway.uuid}:{timezone.localdate(at):%Y%m%d}"
    of_the_day = list(Notice.objects.filter(pathway=pathway, key__startswith=key).select_related("message").order_by())
    left = sum(1 for each in of_the_day if _is_over(each))
    if left:
        key = f"{key}:{left}"
    known = next((each for each in of_the_day if each.key == key), None)
    return known or _new(pathway=pathway, kind=APPOINTMENTS, key=key, happened_at=at, due_at=timezone.now() + GATHERING)


def _is_over(notice: Notice) -> bool:
    """It has left, or was set aside: nothing can be added to it."""
    return notice.status == NoticeStatus.DROPPED or (notice.message is not None and notice.message.sent_at is not None)


@transaction.atomic
def rectify_notice(*, milestone: Milestone) -> Notice | None:
    """``milestone`` was withdrawn (not corrected): if the GP was told of it, tells that it was an error.

    The link of what was told opens nothing any more. A notice that never left (no address, not yet read by the desk) is
    dropped instead: nothing is to be taken back, and it must not leave later.
    """
    if not Milestone.objects.filter(supersedes=milestone, withdrawn=True).exists():
        return None
    told = _notice_of(milestone)
    if told is None:
        return None
    locked = Notice.objects.select_for_update(of=("self",)).get(pk=told.pk)
    if locked.message_id is None:
        locked.delete()
        return None
    locked.status = NoticeStatus.REVOKED
    locked.save(update_fields=["status"])
    return _write(
        pathway=told.pathway,
        kind=RECTIFICATION,
        key=f"rectification:{milestone.uuid}",
        happened_at=timezone.now(),
    )


def _as_first_recorded(milestone: Milestone) -> Milestone:
    """The fact before any correction: a correction is made by hand and forgets what recorded the fact."""
    fact = milestone
    while fact.supersedes is not None:
        fact = fact.supersedes
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
        notice = Notice.objects.filter(milestone=fact).select_related("pathway").first()
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
) -> Notice | None:
    """The notice of that key, made when there is none; None when the target keeps silent about it."""
    return Notice.objects.filter(key=key).first() or _new(
        pathway=pathway, kind=kind, key=key, happened_at=happened_at, milestone=milestone
    )


def _new(
    *,
    pathway: Pathway,
    kind: str,
    key: str,
    happened_at: datetime,
    milestone: Milestone | None = None,
    due_at: datetime | None = None,
) -> Notice | None:
    told = telling(pathway.version.content, kind)
    if told.mode is NoticeMode.NEVER:
        return None
    proposed = told.mode is NoticeMode.PROPOSED
    notice = Notice(
        pathway=pathway,
        kind=kind,
        key=key,
        milestone=milestone,
        status=NoticeStatus.PROPOSED if proposed else NoticeStatus.ACCEPTED,
        template=told.template,
        subject=told.subject,
        words=told.words,
        happened_at=happened_at,
    )
    if not proposed:
        notice.message = post_notice(notice, due_at=due_at)
    notice.save()
    return notice
