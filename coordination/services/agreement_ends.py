"""The last day of a convention or of a policy: the slots of a partner beyond it are given up (SLT-07, S15)."""

from __future__ import annotations

from copy import copy
from datetime import date, datetime
from hashlib import sha256

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from coordination.models import Convention, PolicyMode, Slot, SlotPolicy, SlotSeries
from coordination.rules.series import Outcome, Verdict
from coordination.services.appointments import when
from coordination.services.policies import save_agreement
from coordination.services.series import refuse_outdated
from coordination.services.series_acts import act, lock_series
from coordination.services.series_drafts import Change, Draft, draft_of
from coordination.services.unlent import UNLENT
from directory.days import refuse_odd_days
from directory.models import Team, User
from directory.services import post


def change_of_end(agreement: Convention | SlotPolicy, valid_until: date | None, at: datetime | None = None) -> Change:
    """What another last day takes away: the slots beyond it. What a later one gives again is the night's to make.
    Raises DomainError for an odd year."""
    refuse_odd_days(valid_until=valid_until)
    now = at or timezone.now()
    ending = copy(agreement)
    ending.valid_until = valid_until
    drafts = [draft_of(each, now=now, ending=ending, reason=UNLENT) for each in _lent(agreement)]
    for draft in drafts:
        draft.outcomes = sorted(_fresh(draft), key=lambda each: each.week)
    return Change([each for each in drafts if each.outcomes], repr((agreement.uuid, valid_until)), now)


def _fresh(draft: Draft) -> list[Outcome]:
    """What no convention covers, and nobody was told of yet."""
    lines = [each for each in draft.outcomes if each.reason == UNLENT and each.slot]
    gone = [each for each in lines if each.verdict is Verdict.CANCEL]
    return gone + [e for e in lines if e.verdict is Verdict.PERSON and e.slot and not e.slot.disturbed]


def _lent(agreement: Convention | SlotPolicy) -> list[SlotSeries]:
    """The series to come that a partner keeps by it."""
    policies = [agreement] if isinstance(agreement, SlotPolicy) else list(agreement.policies.all())
    served = Q(pk__in=[])
    for each in policies:
        if each.mode == PolicyMode.PARTNER:
            served |= Q(platform=each.platform_id, exam_type=each.exam_type_id, targets=each.target_id)
    rows = SlotSeries.objects.filter(pk__in=SlotSeries.objects.filter(served).values("pk"))
    return list(rows.running(timezone.localdate()).with_list_data().order_by("pk"))


@transaction.atomic
def extend_convention(
    *, convention: Convention, valid_until: date | None, user: User | None = None, seen: str | None = None
) -> Convention:
    """Another last day, or none; the reminder before the end is due again. The free slots beyond it are cancelled, and
    the desks are asked to call the patients of the others.

    Raises DomainError (code ``outdated``) when the slots have changed since the preview ``seen``.
    """
    locked = Convention.objects.select_for_update(of=("self",)).get(pk=convention.pk)
    change = _locked_change(locked, valid_until, seen)
    locked.valid_until, locked.reminded_at = valid_until, None
    save_agreement(locked)
    _give_up(change, user)
    return locked


@transaction.atomic
def end_policy(*, policy: SlotPolicy, last_on: date, user: User | None = None, seen: str | None = None) -> SlotPolicy:
    """Gives a policy its last day; another may follow. Raises DomainError before its first day, or (code ``outdated``)
    as `extend_convention` does."""
    locked = SlotPolicy.objects.select_for_update(of=("self",)).get(pk=policy.pk)
    change = _locked_change(locked, last_on, seen)
    locked.valid_until = last_on
    save_agreement(locked)
    _give_up(change, user)
    return locked


def _locked_change(agreement: Convention | SlotPolicy, valid_until: date | None, seen: str | None) -> Change:
    lock_series(_lent(agreement))
    change = change_of_end(agreement, valid_until)
    refuse_outdated(change, seen)
    return change


def _give_up(change: Change, user: User | None) -> None:
    if change.drafts:
        tell_unlent(change)
        act(change, by=user)


def tell_unlent(change: Change) -> None:
    """One message to each platform, and to each team that relied on it: what is given up, what waits with patients."""
    for draft in change.drafts:
        slots = [(each.verdict, slot) for each in _fresh(draft) if (slot := draft.slot_of(each)) is not None]
        if slots:
            _tell(draft.series, slots, change.at)


def _tell(series: SlotSeries, slots: list[tuple[Verdict, Slot]], at: datetime) -> None:
    context = {
        "platform": series.platform.name,
        "gone": [f"{slot.exam_type}, {when(slot)}" for verdict, slot in slots if verdict is Verdict.CANCEL],
        "booked": [f"{slot.exam_type}, {when(slot)}" for verdict, slot in slots if verdict is Verdict.PERSON],
        "link": f"{settings.BASE_URL}{reverse('coordination:series-page', args=[series.uuid])}",
    }
    together = sha256(repr(([slot.pk for _, slot in slots], at)).encode()).hexdigest()[:32]
    relying = Team.objects.filter(target_pathways__slot_series=series).select_related("establishment").distinct()
    told: set[str] = set()
    for team in [series.platform, *relying.order_by("pk")]:
        recipient = team.email or team.establishment.email
        if not recipient or recipient in told:
            continue
        told.add(recipient)
        post(
            kind="slots_unlent",
            dedup_key=f"slots-unlent:{series.uuid}:{together}:{team.pk}",
            establishment=team.establishment,
            recipient=recipient,
            subject="Des créneaux annulés : la convention ne court plus",
            body=render_to_string("coordination/post/unlent.txt", context),
            about=series.uuid,
        )
