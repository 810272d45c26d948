"""What patients know of appointments that changed."""

from __future__ import annotations

from collections.abc import Iterable

from coordination.models import Booking, Slot


def slots_known(bookings: Iterable[Booking]) -> dict[int, Slot]:
    """By booking, the slot that its patient knows of, as `services.telling.known_slot`: that of the last move they were
    told of, else of the first booking. One query for each length of a chain of moves, whatever the number of bookings.
    """
    at = {each.pk: each for each in bookings}
    while ids := {each.moved_from_id for each in at.values() if each.told_at is None and each.moved_from_id}:
        before = Booking.objects.with_list_data().in_bulk(ids)
        at = {
            pk: before[each.moved_from_id] if each.told_at is None and each.moved_from_id else each
            for pk, each in at.items()
        }
    return {pk: each.slot for pk, each in at.items()}
