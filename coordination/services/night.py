"""The slots made ahead of time, every night."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import date, datetime, timedelta

import structlog
from django.db import IntegrityError, transaction
from django.db.models import F, Q
from django.utils import timezone

from coordination.models import Hold, ReleaseUnit, Slot, SlotEvent, SlotSeries
from coordination.querysets.slots import given_up
from coordination.rules.series import Outcome, Verdict, released_sooner
from coordination.services import life
from coordination.services.agreement_ends import tell_unlent
from coordination.services.series_acts import act, lock_series, make_missing
from coordination.services.series_drafts import HORIZON, Change, Draft, clashes_of, draft_of, pattern_of
from coordination.services.unmade import note_unmade, settle_past
from directory.errors import DomainError
from pathways.services import calendar_of

log = structlog.get_logger(__name__)

TRIES = 2
CLOSED_SINCE = "Un jour fermé depuis avance l’heure où la place est rendue"
REFUSED = "La base de données a refusé ce créneau"


def generate_slots(*, until: date | None = None, since: date | None = None) -> int:
    """Makes the missing slots of every running series up to ``until`` (the horizon by default); returns how many.

    It gives up those of days that were closed meanwhile, or that no convention covers any more, with a task for each
    patient to call, and takes up again those of days that are given again. A change moves and changes its free slots at
    once; the night does so only for what patients have left since, at an hour or with means that the series no longer
    has. Slots too near to be protected are left out. A day closed meanwhile brings forward the release of those whose
    notice is in working hours. ``since`` (a past day, to load a history) leaves out nothing and only makes. Running it
    again, or twice at once, does nothing more.

    A week whose machine or practitioners are expected elsewhere is left without its slot, and the others are made: it
    becomes an `UnmadeWeek` with what is taken, shown on the pages of the series until it has its slot, and told once
    to the platform and to the teams that rely on it.
    """
    made = 0
    series = SlotSeries.objects.running(since or timezone.localdate())
    if not since:
        waiting = Slot.objects.filter(given_up(), starts_at__gt=timezone.now())
        series = SlotSeries.objects.filter(Q(pk__in=series.values("pk")) | Q(pk__in=waiting.values("series")))
    for key in series.order_by("pk").values_list("pk", flat=True):
        made += _try(key, until, since)
    settle_past(timezone.now())
    return made


def _try(key: int, until: date | None, since: date | None) -> int:
    """One series, once more when somebody took its machine or its people at that very moment: they are then named."""
    refusal = REFUSED
    for _ in range(TRIES):
        try:
            return _generate(key, until, since)
        except DomainError as error:
            refusal = error.message
            log.warning("series_not_generated", series=key, code=error.code)
        except IntegrityError as error:
            name = getattr(getattr(error.__cause__, "diag", None), "constraint_name", "") or ""
            log.warning("series_not_generated", series=key, code=name)
    _note_all(key, until, refusal)
    return 0


@transaction.atomic
def _generate(key: int, until: date | None, since: date | None) -> int:
    lock_series([SlotSeries(pk=key)])
    series = SlotSeries.objects.select_related("platform__establishment", "exam_type", "resource").get(pk=key)
    draft = _draft(series, until, since)
    if not since and _bring_forward(draft):
        draft = _draft(series, until, since)
    shared = series.resource_id or draft.practitioners
    change = Change([draft], "", timezone.now())
    waits = any(each.verdict is not Verdict.MAKE for each in draft.acts) or any(
        each.slot.disturbed for each in draft.outcomes if each.slot
    )
    if since or not (shared or waits):
        if not since:
            note_unmade(series, [], change.at)
        return make_missing(draft)
    _leave_alone(draft, change.at)
    clashes = clashes_of(draft)
    why = {each.week: said for each, said in reversed(clashes)}
    draft.outcomes = [each for each in (_clashed(each, why.get(each.week)) for each in draft.outcomes) if each]
    kept = {each.week for each in draft.outcomes if each.verdict is Verdict.PERSON}
    tell_unlent(change)
    made = act(change, by=None)
    note_unmade(series, [(each, said) for each, said in clashes if _lacks(each) and each.week not in kept], change.at)
    return made


def _bring_forward(draft: Draft) -> bool:
    """A day closed since the slots were made counts in no notice in working hours: their platform has them back that
    much sooner. True when some change. What somebody has the form of open waits for another night."""
    if draft.series.release_unit != ReleaseUnit.WORKING_HOURS:
        return False
    at, notice = timezone.now(), pattern_of(draft.series).release_notice
    found = [(each.slot, released_sooner(each, notice, draft.calendar, at)) for each in draft.outcomes]
    sooner = {slot.key: instant for slot, instant in found if slot and instant}
    for key in sooner.keys() - _held(sooner, at):
        slot = draft.slots[key]
        slot.release_at, slot.sequence = sooner[key], F("sequence") + 1  # type: ignore[assignment]
        slot.save(update_fields=["release_at", "sequence"])
        life.log(slot, SlotEvent.CHANGED, by=None, at=at, reason=CLOSED_SINCE)
    return bool(sooner)


def _held(slots: Collection[int], at: datetime) -> set[int]:
    return set(Hold.objects.living(at).filter(slot__in=slots).values_list("slot", flat=True)) if slots else set()


def _clashed(outcome: Outcome, said: str | None) -> Outcome | None:
    """What is done where the machine or somebody is taken: nothing (None), but a slot that nobody may enter is
    cancelled, and patients who would come to somebody else are called."""
    if said is None:
        return outcome
    if outcome.slot and outcome.slot.disturbed and outcome.verdict in (Verdict.MOVE, Verdict.CHANGE):
        return replace(outcome, verdict=Verdict.CANCEL, wanted=None, reason=said[:200])
    return replace(outcome, verdict=Verdict.PERSON, reason=said[:200]) if outcome.to_tell else None


def _lacks(outcome: Outcome) -> bool:
    """Whether the clash leaves its week without a slot."""
    gone = outcome.slot is not None and outcome.slot.disturbed and not outcome.slot.booked
    return outcome.verdict in (Verdict.MAKE, Verdict.REOPEN) or gone


def _leave_alone(draft: Draft, at: datetime) -> None:
    """Leaves as it is what nobody disturbed, but for places taken off its series that patients held until now; and, for
    another night, what somebody has the form of open."""
    free = [each.slot.key for each in draft.outcomes if each.slot and (each.verdict is Verdict.CHANGE or _is_due(each))]
    held = _held(free, at)
    draft.outcomes = [each for each in draft.outcomes if _is_nights(each, held)]


def _is_due(outcome: Outcome) -> bool:
    """At its hour, and given up only because the instant of its release has come."""
    return outcome.verdict is Verdict.CANCEL and outcome.wanted is not None


def _is_nights(outcome: Outcome, held: Collection[int]) -> bool:
    slot = outcome.slot
    if slot is None or slot.disturbed or outcome.verdict not in (Verdict.MOVE, Verdict.CHANGE, Verdict.FOLLOW):
        return slot is None or slot.key not in held
    fewer = outcome.setup.capacity < slot.setup.capacity
    return fewer and outcome.verdict is not Verdict.MOVE and slot.key not in held


def _draft(series: SlotSeries, until: date | None, since: date | None) -> Draft:
    now, until = timezone.now(), until or timezone.localdate() + HORIZON
    if since:
        # As seen before any of them would have gone back to its platform.
        now = calendar_of(series.platform.establishment).start_of_day(since) - timedelta(days=60)
    draft = draft_of(series, now=now, since=since, until=until)
    draft.outcomes = [each for each in draft.outcomes if each.wanted is None or each.slot or each.wanted.day <= until]
    return draft


@transaction.atomic
def _note_all(key: int, until: date | None, refusal: str) -> None:
    """Nothing could be done: each week that lacks its slot says why."""
    series = SlotSeries.objects.select_related("platform__establishment", "exam_type", "resource").get(pk=key)
    draft = _draft(series, until, None)
    lacking: list[tuple[Outcome, str]] = [
        (each, refusal) for each in draft.outcomes if each.verdict in (Verdict.MAKE, Verdict.REOPEN)
    ]
    note_unmade(series, lacking, timezone.now())
