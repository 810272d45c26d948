"""Places kept for a few minutes for whoever has the form open. A hold ends by itself; it takes no seat."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from django.db import transaction
from django.utils import timezone

from coordination.models import Hold, Slot, SlotEvent
from coordination.services.life import log
from coordination.services.seats import Wish, lock_slots, locked_slots, refuse_gone, refuse_moved, refuse_wrong_wishes
from directory.models import User
from pathways.models import Pathway

MINUTES = 5
LONGEST = timedelta(minutes=15)
"""A form left open does not keep a place from others: asked again, a hold lasts no longer than this in all."""
BATCH = 500


@transaction.atomic
def hold_place(
    *,
    slot: Slot,
    pathway: Pathway,
    user: User,
    step_key: str = "",
    minutes: int = MINUTES,
    seen: datetime | None = None,
    at: datetime | None = None,
) -> Hold:
    """Keeps one place of ``slot`` for the pathway's patient for a few minutes.

    What the same person held for the same need is let go. Held already by this pathway, it is kept on from now, with
    those of its visit: booked whole, it would be lost with the first of them. Raises SlotFull and DomainError as
    `book_slot` would: what is held can be booked.
    """
    known = Hold.objects.living(at or timezone.now()).filter(slot=slot, pathway=pathway).first()
    rest = _rest_of(known, at or timezone.now()) if known else []
    wishes = [Wish(slot, step_key, seen), *(Wish(each.slot, each.step_key) for each in rest)]
    group = known.group if known and rest else uuid4()
    return keep_places(wishes=wishes, pathway=pathway, user=user, group=group, minutes=minutes, at=at)[0]


def _rest_of(hold: Hold, at: datetime) -> list[Hold]:
    """What is kept together with it."""
    group = Hold.objects.living(at).filter(group=hold.group, pathway=hold.pathway_id).exclude(pk=hold.pk)
    return list(group.select_related("slot").order_by("slot_id"))


@transaction.atomic
def keep_places(
    *,
    wishes: Sequence[Wish],
    pathway: Pathway,
    user: User,
    group: UUID,
    minutes: int = MINUTES,
    at: datetime | None = None,
) -> list[Hold]:
    """Keeps one place of each slot, all or none; what the person held for the same needs is let go. Nothing is kept
    beyond the instant at which one of them goes back to its platform: nobody could book it."""
    ids = [wish.slot.pk for wish in wishes]
    fresh = Pathway.objects.select_related("patient", "version__target").defer("version__definition").get(pk=pathway.pk)
    lock_slots(ids)
    at = at or timezone.now()
    slots = locked_slots(ids, fresh, at)
    wishes = [replace(wish, slot=slots[wish.slot.pk]) for wish in wishes]
    refuse_moved(fresh, wishes, at)
    refuse_wrong_wishes(fresh, wishes)
    refuse_gone(fresh, wishes, at)
    _let_go_of_the_same(fresh, wishes, user, at)
    until = min(at + timedelta(minutes=minutes), *(wish.slot.release_at for wish in wishes))
    ordered = sorted(wishes, key=lambda each: each.slot.pk)
    kept = {wish.slot.pk: _keep(wish, fresh, user, group, at, until) for wish in ordered}
    return [kept[pk] for pk in ids]


def _keep(wish: Wish, pathway: Pathway, user: User, group: UUID, at: datetime, until: datetime) -> Hold:
    known = Hold.objects.select_for_update().filter(slot=wish.slot, pathway=pathway).first()
    if known and known.until > at:
        known.until, known.by, known.step_key, known.group = (
            min(until, max(known.held_at + LONGEST, known.until)), user, wish.step_key, group,
        )  # fmt: skip
        known.save(update_fields=["until", "by", "step_key", "group"])
        return known
    if known:
        _end(known)
    log(wish.slot, SlotEvent.HELD, by=user, at=at)
    return Hold.objects.create(
        slot=wish.slot, pathway=pathway, step_key=wish.step_key, by=user, group=group, held_at=at, until=until
    )


def _let_go_of_the_same(pathway: Pathway, wishes: Sequence[Wish], user: User, at: datetime) -> None:
    """A person who looks at another hour for the same exam does not keep both."""
    needs = {(wish.step_key, wish.slot.exam_type_id) for wish in wishes}
    kept = {wish.slot.pk for wish in wishes}
    held = Hold.objects.living(at).filter(pathway=pathway, by=user).select_related("slot").order_by("slot_id")
    for hold in held.select_for_update(of=("self",), skip_locked=True):
        if (hold.step_key, hold.slot.exam_type_id) in needs and hold.slot_id not in kept:
            _drop(hold, user, at)


@transaction.atomic
def let_go(*, hold: Hold, user: User | None, at: datetime | None = None) -> int:
    """Lets go of a place, and of those held together with it; returns how many. Nothing when they ended already."""
    at = at or timezone.now()
    together = Hold.objects.filter(group=hold.group).select_related("slot").order_by("slot_id")
    gone = list(together.select_for_update(of=("self",), skip_locked=True))
    for each in gone:
        _drop(each, user, at)
    return len(gone)


def drop_holds(*, pathway: Pathway) -> None:
    """Nothing is kept for a closed pathway."""
    for hold in Hold.objects.filter(pathway=pathway).select_related("slot").order_by("slot_id"):
        _drop(hold, None, timezone.now())


def drop_broken_holds(left: Mapping[int, tuple[int, str]], *, user: User | None, at: datetime) -> None:
    """Lets go of what slots can keep no more, the last kept first; ``left`` is, by slot, how many places may stay kept
    and why not more. Called with the slots locked and not written yet.

    Whoever lets go of places locks them all first, then writes in the life of their slots: written before, a slot
    and that line would wait for each other.
    """
    held = Hold.objects.filter(slot__in=left).select_related("slot").order_by("slot_id", "pk")
    by_slot: dict[int, list[Hold]] = defaultdict(list)
    for hold in held.select_for_update(of=("self",)):
        by_slot[hold.slot_id].append(hold)
    for key, holds in by_slot.items():
        places, why = left[key]
        living = sorted((each for each in holds if each.until > at), key=lambda each: (each.held_at, each.pk))
        for hold in holds:
            if hold not in living:
                _end(hold)
            elif hold not in living[:places]:
                _drop(hold, user, at, why)


def drop_ended_holds(*, now: datetime) -> int:
    """Erases the holds that have ended, and says in the life of their slots when they did; returns how many.

    Their places are free since then: this only tidies. Any number of workers may run it, and one may be killed.
    """
    dropped = 0
    while batch := _drop_some(now):
        dropped += batch
    return dropped


@transaction.atomic
def _drop_some(now: datetime) -> int:
    ended = Hold.objects.ended(now).select_related("slot").order_by("slot_id", "id")
    rows = list(ended.select_for_update(of=("self",), skip_locked=True)[:BATCH])
    for hold in rows:
        _end(hold)
    return len(rows)


def _end(hold: Hold) -> None:
    """A hold that ended by itself."""
    _drop(hold, None, hold.until)


def _drop(hold: Hold, user: User | None, at: datetime, why: str = "") -> None:
    deleted, _ = Hold.objects.filter(pk=hold.pk).delete()
    if deleted:
        log(hold.slot, SlotEvent.LET_GO, by=user, at=min(at, hold.until), reason=why)
