"""The slots made ahead of time, every night."""

from __future__ import annotations

from datetime import date, timedelta

import structlog
from django.db import IntegrityError, transaction
from django.utils import timezone

from coordination.models import SlotSeries
from coordination.rules.series import Outcome, Verdict
from coordination.services.series_acts import act, lock_series, make_missing
from coordination.services.series_drafts import HORIZON, Change, Draft, clashes_of, draft_of
from coordination.services.unmade import note_unmade, settle_past
from directory.errors import DomainError
from pathways.services import calendar_of

log = structlog.get_logger(__name__)

NIGHTLY = frozenset({Verdict.MAKE, Verdict.CANCEL, Verdict.REOPEN, Verdict.PERSON})
"""What the night does by itself: it never moves nor changes a slot that stands."""
TRIES = 2
REFUSED = "La base de données a refusé ce créneau"


def generate_slots(*, until: date | None = None, since: date | None = None) -> int:
    """Makes the missing slots of every running series up to ``until`` (the horizon by default); returns how many.

    It gives up those of days that were closed meanwhile, with a task for each patient to call, and takes up again
    those of days no longer closed. Slots too near to be protected are left out. ``since`` (a past day, to load a
    history) leaves out nothing and only makes. Running it again, or twice at once, does nothing more.

    A week whose machine or practitioners are expected elsewhere is left without its slot, and the others are made: it
    becomes an `UnmadeWeek` with what is taken, shown on the pages of the series until it has its slot, and told once
    to the platform and to the teams that rely on it.
    """
    made = 0
    for key in SlotSeries.objects.running(since or timezone.localdate()).order_by("pk").values_list("pk", flat=True):
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
    shared = series.resource_id or draft.practitioners
    change = Change([draft], "", timezone.now())
    if since or not (shared or any(each.verdict is not Verdict.MAKE for each in draft.acts)):
        if not since:
            note_unmade(series, [], change.at)
        return make_missing(draft)
    clashes = [(each, said) for each, said in clashes_of(draft) if each.verdict in NIGHTLY]
    lost = {each.week for each, _ in clashes}
    draft.outcomes = [each for each in draft.outcomes if each.week not in lost]
    made = act(change, by=None, only=NIGHTLY)
    note_unmade(series, clashes, change.at)
    return made


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
