"""Who waits for a place that no series keeps any more: the desk is told, once, and looks elsewhere."""

from __future__ import annotations

from datetime import datetime, time
from functools import reduce
from operator import or_
from uuid import UUID, uuid5

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, Value
from django.db.models.functions import Greatest
from django.utils import timezone

from coordination.models import HalfDay, SlotSeries, Task, WaitingPlace
from coordination.querysets import TaskQuerySet, WaitingPlaceQuerySet
from coordination.rules.waiting import NOON
from coordination.services.new_tasks import create_task, day_of
from coordination.services.tasks import set_aside
from directory.typography import short_day

TITLE = "Plus aucun créneau gardé"
HALVES = {
    "": Q(),
    HalfDay.MORNING: Q(starts_at__lt=time(NOON)),
    HalfDay.AFTERNOON: Q(starts_at__gte=time(NOON)),
}


def watch_waits(*, now: datetime) -> int:
    """One task for each who waits and can be offered nothing, set aside when a series keeps places again or when they
    wait no more; returns how many were made. Any number of workers may run it."""
    said = Task.objects.filter(title__startswith=TITLE, origin__isnull=False)
    known = {_origin(each): each for each in WaitingPlace.objects.filter(pathway__in=said.values("pathway"))}
    vain = {each.pk: each for each in _vain(now).with_list_data().order_by("pk")}
    over = said.filter(origin__in=[origin for origin, place in known.items() if place.pk not in vain])
    _take_back(over)
    told = set(Task.objects.filter(origin__in=map(_origin, vain.values())).values_list("origin", flat=True))
    return sum(_tell(each, now) for each in vain.values() if _origin(each) not in told)


@transaction.atomic
def _take_back(over: TaskQuerySet) -> None:
    """Places are kept again, or nobody waits: what was said is over, whoever did what about it. Should the last series
    end once more, it is said once more: the place is free to be told of again."""
    set_aside(over, user=None, reason="Une série garde de nouveau des places, ou plus d’attente")
    over.update(origin=None)


def _vain(now: datetime) -> WaitingPlaceQuerySet:
    """Those for whose exam, target and half of the day no series makes slots any more, from the day they can come."""
    waiting = WaitingPlace.objects.waiting().filter(pathway__status="active")
    target, home, earliest = (
        OuterRef(name) for name in ("pathway__version__target", "pathway__team__establishment", "earliest_on")
    )
    today = Value(timezone.localdate(now))
    running = SlotSeries.objects.giving_from(Greatest(earliest, today))
    series = running.lent_to(OuterRef(target), home, Greatest(OuterRef(earliest), today)).order_by()
    kept = series.filter(exam_type=OuterRef("exam_type"), targets=target)
    served = (Q(half_day=half) & Exists(kept.filter(hours)) for half, hours in HALVES.items())
    return waiting.exclude(reduce(or_, served))


@transaction.atomic
def _tell(place: WaitingPlace, now: datetime) -> int:
    if not WaitingPlace.objects.waiting().filter(pk=place.pk).select_for_update(of=("self",), no_key=True).exists():
        return 0
    when = f" {place.get_half_day_display().lower()}" if place.half_day else ""
    team = place.pathway.team
    since = short_day(day_of(team, place.asked_at), day_of(team, now))
    create_task(
        pathway=place.pathway,
        title=f"{TITLE}{when} : trouver une autre place ({place.exam_type})"[:200],
        note=f"Inscrit sur la liste d’attente depuis le {since} : aucune place ne peut plus lui être proposée. "
        "Voir une demande prioritaire, un autre site, ou un autre jour ou moment du jour.",
        due_at=now,
        origin=_origin(place),
    )
    return 1


def _origin(place: WaitingPlace) -> UUID:
    return uuid5(place.uuid, "in-vain")
