"""Unused protected slots go back to their platform in time: the guarantee that makes it lend them (SLT-02, SLT-10)."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from coordination.models import Slot, SlotEvent, SlotStatus
from coordination.services.giving_back import stand_or_not
from coordination.services.life import log_all
from coordination.services.platform_post import tell_platform_released
from directory.models import Team


def release_unused_slots(*, now: datetime) -> int:
    """Releases every slot whose release instant has come with a place left; returns how many.

    One transaction and one digest message per platform. The row lock decides against a booking made at the very same
    instant: the booking that came first keeps the slot full, and it is left alone; the one that comes after is told
    that the slot was given back. Any number of workers may run it.
    """
    platforms = Team.objects.filter(pk__in=Slot.objects.to_release(now).values("platform"))
    return sum(_release(platform, now) for platform in platforms.select_related("establishment").order_by("pk"))


@transaction.atomic
def _release(platform: Team, now: datetime) -> int:
    slots = list(
        Slot.objects.to_release(now)
        .filter(platform=platform)
        .select_related("exam_type")
        .select_for_update(skip_locked=True, of=("self",), no_key=True)
        .order_by("starts_at", "id")
    )
    # What a change gave up while its row was awaited is seen only now.
    left = set(Slot.objects.to_release(now).filter(pk__in=[slot.pk for slot in slots]).values_list("pk", flat=True))
    slots = [slot for slot in slots if slot.pk in left]
    if not slots:
        return 0
    Slot.objects.filter(pk__in=[slot.pk for slot in slots]).update(status=SlotStatus.RELEASED, released_at=now)
    for slot in slots:
        slot.status = SlotStatus.RELEASED
        stand_or_not(slot)
    log_all(slots, SlotEvent.RELEASED, by=None, at=now)
    tell_platform_released(platform=platform, slots=slots)
    return len(slots)
