"""Series of protected slots, and the slots they give."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from copy import copy
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from hashlib import sha256
from typing import Any
from uuid import uuid4

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone

from coordination.models import (
    ExamType,
    FeedDeparture,
    ReleaseUnit,
    Resource,
    Slot,
    SlotException,
    SlotSeries,
    UnmadeWeek,
)
from coordination.readings.lent import without_convention
from coordination.rules.series import monday_of
from coordination.services.policies import refuse_unlent
from coordination.services.series_acts import (
    act,
    break_promises,
    lock_means,
    lock_series,
    make_missing,
    refuse_conflicts,
)
from coordination.services.series_drafts import HORIZON, Change, Draft, draft_of, set_aside_told
from directory.days import refuse_odd_days
from directory.errors import DomainError
from directory.history import because
from directory.models import Professional, Team, User
from pathways.models import TargetPathway
from pathways.services import calendar_of

__all__ = [
    "HORIZON",
    "SeriesValues",
    "change_of_new",
    "change_of_series",
    "create_series",
    "edit_series",
    "refuse_changed",
    "refuse_outdated",
    "values_of",
    "version_of",
]


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


def values_of(series: SlotSeries) -> SeriesValues:
    """What a stored series is."""
    names = [each for each in SeriesValues.__dataclass_fields__ if each not in ("targets", "practitioners")]
    kept = {name: getattr(series, name) for name in names}
    return SeriesValues(**kept, targets=list(series.targets.all()), practitioners=list(series.practitioners.all()))


def version_of(series: SlotSeries) -> str:
    """The same text as long as nobody changes the series: what a form was drawn from."""
    return sha256(values_of(series).told.encode()).hexdigest()[:32]


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
    insist: bool = True,
) -> SlotSeries:
    """Opens a weekly series kept for ``targets`` and makes its slots up to the horizon.

    ``starts_at`` is the wall clock of the platform's establishment; ``uuid``, the key of the form: sent again, it opens
    nothing more. Raises DomainError naming the field, or the machine or practitioner expected elsewhere; without
    ``insist``, when the same series stands already (code ``twin``).
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
    refuse_strangers(series, values)
    lock_means(
        platforms=[platform.pk], resources=[resource.pk if resource else None], people=[each.pk for each in present]
    )
    if not insist:
        _refuse_twin(series)
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


def _refuse_twin(series: SlotSeries) -> None:
    """The same exam at the same hour and place, with no machine to tell two rooms apart: a form sent twice more often
    than a second room."""
    same = SlotSeries.objects.running(series.valid_from).filter(
        platform=series.platform, exam_type=series.exam_type, weekday=series.weekday, starts_at=series.starts_at,
        resource=series.resource, room__iexact=series.room.strip(),
    )  # fmt: skip
    if series.valid_until:
        same = same.filter(valid_from__lte=series.valid_until)
    known = same.order_by("valid_from", "pk").first()
    if known:
        raise DomainError(
            f"Cette série existe déjà : {known}, depuis le {known.valid_from:%d/%m/%Y}. Rien n’est ouvert. "
            "Si c’en est une autre, à côté de la première, cochez « Ouvrir quand même ».",
            code="twin",
        )


def change_of_new(
    *, exam_type: ExamType, platform: Team, valid_from: date, values: SeriesValues, at: datetime | None = None
) -> Change:
    """What opening a series would make."""
    now = at or timezone.now()
    series = SlotSeries(exam_type=exam_type, platform=platform, valid_from=valid_from, **values.fields())
    _check(series, values)
    refuse_strangers(series, values)
    return Change([draft_of(series, now=now, practitioners=values.practitioners)], values.told, now)


def _check(series: SlotSeries, values: SeriesValues) -> None:
    refuse_odd_days(valid_from=series.valid_from, valid_until=values.valid_until)
    if not values.targets:
        raise DomainError("Indiquez au moins un parcours servi par ces créneaux.", field="targets")
    if values.resource is not None and values.resource.team_id != series.platform_id:
        raise DomainError("Cet appareil ou cette salle est d’un autre plateau.", field="resource")
    refuse_unlent(
        platform=series.platform, exam_type=series.exam_type, targets=values.targets,
        first=max(series.valid_from, timezone.localdate()), last=values.valid_until,
        known={each.pk for each in series.targets.all()} if series.pk else (),
    )  # fmt: skip
    try:
        series.full_clean(exclude=["uuid", "follows"])
    except ValidationError as error:
        field, messages = next(iter(error.message_dict.items()))
        raise DomainError(messages[0], field=None if field == "__all__" else field) from error


def refuse_strangers(series: SlotSeries, values: SeriesValues) -> None:
    """A practitioner who comes from another establishment does so by a convention in force (NET-04, NET-10); one who
    is expected already stays."""
    known = {each.pk for each in series.practitioners.all()} if series.pk else set()
    fresh = [each for each in values.practitioners if each.pk not in known]
    place = series.platform.establishment
    for person in without_convention(fresh, place, timezone.localdate()):
        raise DomainError(
            f"{person} exerce ailleurs ({person.establishment or 'un autre établissement'}), sans convention en cours "
            f"avec {place}, écrite ou confirmée par cet autre établissement.",
            field="practitioners",
        )


def change_of_series(
    *, series: SlotSeries, values: SeriesValues, since: date | None = None, at: datetime | None = None
) -> Change:
    """What changing the series would do: all its slots to come, or those of the week of ``since`` and after."""
    now = at or timezone.now()
    refuse_strangers(series, values)
    draft = copy(series)
    for name, value in values.fields().items():
        setattr(draft, name, value)
    split = _split_on(series, since)
    if split:
        draft.valid_from = split
    _check(draft, values)
    _refuse_over_the_next(series, values)
    drafted = draft_of(
        draft,
        owner=series,
        now=now,
        practitioners=values.practitioners,
        since=split,
        reason="Série arrêtée" if values.valid_until != series.valid_until else "Série modifiée",
    )
    set_aside_told(drafted, series)
    return Change([drafted], f"{values.told} {split} {version_of(series)}", now)


def _refuse_over_the_next(series: SlotSeries, values: SeriesValues) -> None:
    """Prolonged over the series that took it up, each week would have the same hour twice."""
    after = series.followed_by.order_by("valid_from").first()
    if after is None or (values.valid_until and values.valid_until < after.valid_from):
        return
    raise DomainError(
        f"Depuis le {after.valid_from:%d/%m/%Y}, une autre série ({after}) tient la suite de celle-ci : "
        "gardez ici un dernier jour qui la précède, et prolongez l’autre.",
        field="valid_until",
    )


def _split_on(series: SlotSeries, since: date | None) -> date | None:
    """The Monday the new part begins; None when nothing would be left of the former one."""
    refuse_odd_days(since=since)
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
    known: str | None = None,
    at: datetime | None = None,
) -> SlotSeries:
    """Changes a series: its slots to come follow, but those with patients or given back. ``since``: the weeks before
    stay as they were, the rest becomes a series of its own with the same slots. Returns the series changed.

    ``known`` is the version the form was drawn from, ``seen`` the digest of the preview; raises DomainError (code
    ``changed``) when somebody changed the series meanwhile, (code ``outdated``) when its slots have changed, (code
    ``taken``) when a machine or somebody is expected elsewhere.
    """
    before = [each.pk for each in series.practitioners.all()]
    lock_means(
        platforms=[series.platform_id],
        resources=[series.resource_id, values.resource.pk if values.resource else None],
        people=[*before, *(each.pk for each in values.practitioners)],
    )
    lock_series([series])
    series = SlotSeries.objects.select_related("platform__establishment", "exam_type", "resource").get(pk=series.pk)
    refuse_changed(series, known)
    change = change_of_series(series=series, values=values, since=since, at=at)
    refuse_outdated(change, seen)
    refuse_conflicts(change)
    (draft,) = change.drafts
    split = _split_on(series, since)
    break_promises(change, user)
    reach = {"reach": "following", "former": str(series.uuid), "monday": str(split)} if split else {"reach": "all"}
    with because("Série modifiée", **reach):
        if split:
            _cut(series, draft, split, change.at)
        draft.series.save()
        draft.series.targets.set(values.targets)
        draft.series.practitioners.set(values.practitioners)
    act(change, by=user)
    return draft.series


def _cut(former: SlotSeries, draft: Draft, monday: date, at: datetime) -> None:
    """Two series out of one: from ``monday`` on, the slots and the exceptions belong to the one drafted, which is the
    one that comes before what already took up the former."""
    fresh = draft.series
    fresh.pk, fresh.uuid, fresh._state.adding, fresh.follows = None, uuid4(), True, former
    fresh.save()
    former.followed_by.exclude(pk=fresh.pk).update(follows=fresh)
    former.valid_until = monday - timedelta(days=1)
    former.save(update_fields=["valid_until"])
    _leave_feed(former, draft, at)
    for slot in draft.slots.values():
        slot.series = fresh
    UnmadeWeek.objects.filter(series=former, week__gte=monday).update(series=fresh)
    for exception in SlotException.objects.filter(series=former, last_on__gte=monday):
        if exception.first_on >= monday:
            exception.series = fresh
            exception.save(update_fields=["series"])
        else:
            exception.pk, exception.uuid, exception.series = None, uuid4(), fresh
            exception._state.adding = True
            exception.first_on = monday
            exception.save()


def _leave_feed(former: SlotSeries, draft: Draft, at: datetime) -> None:
    """The slots go to the new series. Its feed and that of the former give them one identifier: the departure is newer
    than all that was read before, and the slot in its new series newer still, so that an agenda with both shows it."""
    Slot.objects.filter(pk__in=draft.slots).update(series=draft.series, sequence=F("sequence") + 2)
    for slot in draft.slots.values():
        slot.sequence += 2
    FeedDeparture.objects.bulk_create(FeedDeparture(slot=slot, series=former, at=at) for slot in draft.slots.values())


def refuse_changed(series: SlotSeries, known: str | None) -> None:
    """What was typed over other values than those of now would undo somebody's change without a word."""
    if known and known != version_of(series):
        raise DomainError(
            "Quelqu’un a changé cette série pendant que vous l’aviez sous les yeux : rien n’est appliqué.",
            code="changed",
        )


def refuse_outdated(change: Change, seen: str | None) -> None:
    """What was confirmed is what would be done now."""
    if seen is not None and seen != change.digest:
        raise DomainError("Des créneaux ont changé depuis cet aperçu : relisez-le avant d’appliquer.", code="outdated")
