"""Series of protected slots, and the slots they give."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from copy import copy
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import uuid4

import structlog
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from coordination.models import ExamType, ReleaseUnit, Resource, Slot, SlotException, SlotSeries
from coordination.rules.series import Verdict, monday_of
from coordination.services.series_acts import act, lock_series, make_missing, refuse_conflicts
from coordination.services.series_drafts import HORIZON, Change, Draft, draft_of
from directory.errors import DomainError
from directory.models import Professional, Team, User
from pathways.models import TargetPathway
from pathways.services import calendar_of

__all__ = [
    "HORIZON",
    "SeriesValues",
    "change_of_series",
    "create_series",
    "edit_series",
    "generate_slots",
]

log = structlog.get_logger(__name__)

NIGHTLY = frozenset({Verdict.MAKE, Verdict.CANCEL, Verdict.REOPEN, Verdict.PERSON})
"""What the night does by itself: it never moves nor changes a slot that stands."""


@dataclass(frozen=True)
class SeriesValues:
    """What a series may be changed to; the exam and the platform never change."""

    targets: Sequence[TargetPathway]
    weekday: int
    starts_at: time
    valid_until: date | None = None
    duration_minutes: int = 30
    capacity: int = 1
    release_notice_hours: int = 48
    release_unit: str = ReleaseUnit.HOURS
    room: str = ""
    resource: Resource | None = None
    practitioners: Sequence[Professional] = ()

    def fields(self) -> dict[str, Any]:
        """The columns of the series."""
        many = ("targets", "practitioners")
        values = {name: getattr(self, name) for name in self.__dataclass_fields__ if name not in many}
        return values | {"room": self.room.strip()}

    @property
    def told(self) -> str:
        """The same text for the same values."""
        fields = {**self.fields(), "resource": self.resource and self.resource.pk}
        return repr((fields, sorted(t.pk for t in self.targets), sorted(p.pk for p in self.practitioners)))


@transaction.atomic
def create_series(
    *,
    exam_type: ExamType,
    platform: Team,
    targets: Iterable[TargetPathway],
    weekday: int,
    starts_at: time,
    valid_from: date,
    valid_until: date | None = None,
    duration_minutes: int = 30,
    capacity: int = 1,
    release_notice_hours: int = 48,
    release_unit: str = ReleaseUnit.HOURS,
    room: str = "",
    resource: Resource | None = None,
    practitioners: Iterable[Professional] = (),
    user: User | None = None,
    uuid: Any = None,
) -> SlotSeries:
    """Opens a weekly series kept for ``targets`` and makes its slots up to the horizon.

    ``starts_at`` is the wall clock of the platform's establishment; ``uuid``, the key of the form: sent again, it opens
    nothing more. Raises DomainError naming the field, or the machine or practitioner expected elsewhere.
    """
    if uuid and (known := SlotSeries.objects.filter(uuid=uuid).first()):
        return known
    present = list(practitioners)
    values = SeriesValues(
        list(targets), weekday, starts_at, valid_until, duration_minutes, capacity, release_notice_hours, release_unit,
        room, resource, present,
    )  # fmt: skip
    series = SlotSeries(
        uuid=uuid or uuid4(), exam_type=exam_type, platform=platform, valid_from=valid_from, **values.fields()
    )
    _check(series, values)
    try:
        with transaction.atomic():
            series.save(force_insert=True)
    except IntegrityError:
        # The same form sent twice at the same instant: the other one has just committed.
        if uuid and (known := SlotSeries.objects.filter(uuid=uuid).first()):
            return known
        raise
    series.targets.set(values.targets)
    series.practitioners.set(present)
    now = timezone.now()
    change = Change([draft_of(series, now=now, practitioners=present)], values.told, now)
    if resource or present:
        refuse_conflicts(change)
        act(change, by=user)
    else:
        make_missing(change.drafts[0])
    return series


def _check(series: SlotSeries, values: SeriesValues) -> None:
    if not values.targets:
        raise DomainError("Indiquez au moins un parcours servi par ces créneaux.", field="targets")
    if values.resource is not None and values.resource.team_id != series.platform_id:
        raise DomainError("Cet appareil ou cette salle est d’un autre plateau.", field="resource")
    try:
        series.full_clean(exclude=["uuid"])
    except ValidationError as error:
        field, messages = next(iter(error.message_dict.items()))
        raise DomainError(messages[0], field=None if field == "__all__" else field) from error


def change_of_series(
    *, series: SlotSeries, values: SeriesValues, since: date | None = None, at: datetime | None = None
) -> Change:
    """What changing the series would do: all its slots to come, or those of the week of ``since`` and after."""
    now = at or timezone.now()
    draft = copy(series)
    for name, value in values.fields().items():
        setattr(draft, name, value)
    split = _split_on(series, since)
    if split:
        draft.valid_from = split
    _check(draft, values)
    drafted = draft_of(
        draft,
        owner=series,
        now=now,
        practitioners=values.practitioners,
        since=split,
        reason="Série arrêtée" if values.valid_until != series.valid_until else "Série modifiée",
    )
    return Change([drafted], f"{values.told} {split}", now)


def _split_on(series: SlotSeries, since: date | None) -> date | None:
    """The Monday the new part begins; None when nothing would be left of the former one."""
    today = calendar_of(series.platform.establishment).local_date(timezone.now())
    monday = monday_of(max(since, today)) if since else None
    return monday if monday and monday > max(series.valid_from, monday_of(today)) else None


@transaction.atomic
def edit_series(
    *,
    series: SlotSeries,
    values: SeriesValues,
    user: User,
    since: date | None = None,
    seen: str | None = None,
    at: datetime | None = None,
) -> SlotSeries:
    """Changes a series: its slots to come follow, but those with patients or given back. ``since``: the weeks before
    stay as they were, the rest becomes a series of its own with the same slots. Returns the series changed.

    ``seen`` is the digest of the preview; raises DomainError (code ``outdated``) when the slots have changed since,
    (code ``taken``) when a machine or somebody is expected elsewhere.
    """
    lock_series([series])
    series = SlotSeries.objects.select_related("platform__establishment", "exam_type", "resource").get(pk=series.pk)
    change = change_of_series(series=series, values=values, since=since, at=at)
    refuse_outdated(change, seen)
    refuse_conflicts(change)
    (draft,) = change.drafts
    split = _split_on(series, since)
    if split:
        _cut(series, draft, split)
    draft.series.save()
    draft.series.targets.set(values.targets)
    draft.series.practitioners.set(values.practitioners)
    act(change, by=user)
    return draft.series


def _cut(former: SlotSeries, draft: Draft, monday: date) -> None:
    """Two series out of one: from ``monday`` on, the slots and the exceptions belong to the one drafted."""
    fresh = draft.series
    fresh.pk, fresh.uuid, fresh._state.adding = None, uuid4(), True
    fresh.save()
    former.valid_until = monday - timedelta(days=1)
    former.save(update_fields=["valid_until"])
    Slot.objects.filter(pk__in=draft.slots).update(series=fresh)
    for slot in draft.slots.values():
        slot.series = fresh
    for exception in SlotException.objects.filter(series=former, last_on__gte=monday):
        if exception.first_on >= monday:
            exception.series = fresh
            exception.save(update_fields=["series"])
        else:
            exception.pk, exception.uuid, exception.series = None, uuid4(), fresh
            exception._state.adding = True
            exception.first_on = monday
            exception.save()


def refuse_outdated(change: Change, seen: str | None) -> None:
    """What was confirmed is what would be done now."""
    if seen is not None and seen != change.digest:
        raise DomainError("Des créneaux ont changé depuis cet aperçu : relisez-le avant d’appliquer.", code="outdated")


def generate_slots(*, until: date | None = None, since: date | None = None) -> int:
    """Makes the missing slots of every running series up to ``until`` (the horizon by default); returns how many.

    It gives up those of days that were closed meanwhile, with a task for each patient to call, and takes up again
    those of days no longer closed. Slots too near to be protected are left out. ``since`` (a past day, to load a
    history) leaves out nothing and only makes. Running it again, or twice at once, does nothing more. A machine or a
    practitioner expected elsewhere leaves its series as it is, which its page tells.
    """
    made = 0
    for key in SlotSeries.objects.running(since or timezone.localdate()).order_by("pk").values_list("pk", flat=True):
        try:
            made += _generate(key, until, since)
        except DomainError as error:
            log.warning("series_not_generated", series=key, code=error.code)
    return made


@transaction.atomic
def _generate(key: int, until: date | None, since: date | None) -> int:
    lock_series([SlotSeries(pk=key)])
    series = SlotSeries.objects.select_related("platform__establishment", "exam_type", "resource").get(pk=key)
    now, until = timezone.now(), until or timezone.localdate() + HORIZON
    if since:
        # As seen before any of them would have gone back to its platform.
        now = calendar_of(series.platform.establishment).start_of_day(since) - timedelta(days=60)
    draft = draft_of(series, now=now, since=since, until=until)
    draft.outcomes = [each for each in draft.outcomes if each.wanted is None or each.slot or each.wanted.day <= until]
    change = Change([draft], "", now)
    if not since and (
        series.resource_id or draft.practitioners or any(e.verdict is not Verdict.MAKE for e in draft.acts)
    ):
        refuse_conflicts(change)
        return act(change, by=None, only=NIGHTLY)
    return make_missing(draft)
