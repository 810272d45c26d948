"""What is true of slots after each gesture, whatever was done."""

from __future__ import annotations

from collections import Counter, defaultdict
from itertools import combinations

from hypothesis.stateful import invariant

from coordination.models import Booking, Hold, Slot, SlotChange, Task, WaitingOffer, WaitingPlace
from coordination.rules.telling import tell_origins
from pathways.models import Appointment
from tests.coordination.machine.shadow import Shadowed, Taken


class Truths(Shadowed):
    """Each truth reads all slots at once: it is asked after every gesture."""

    @invariant()
    def the_counters_are_the_bookings(self) -> None:
        self.check_deferred()
        slots = Slot.objects.in_bulk([place.slot.pk for place in self.shadow.places])
        there = defaultdict(list)
        for row in Booking.objects.standing().values("pk", "slot_id", "status", "seat"):
            there[row["slot_id"]].append(row)
        for number, place in enumerate(self.shadow.places):
            slot, standing, rows = slots[place.slot.pk], self.standing(number), there[place.slot.pk]
            assert (slot.status, slot.booked) == (place.status, len(standing))
            assert slot.extra == sum(each.extra for each in standing)
            assert {row["pk"]: row["status"] for row in rows} == {each.booking.pk: each.status for each in standing}
            seats = {row["seat"] for row in rows}
            assert len(seats) == len(rows)
            assert seats <= set(range(1, slot.capacity + slot.extra + 1))

    @invariant()
    def a_patient_is_in_one_place(self) -> None:
        hours = defaultdict(list)
        for patient, *span in Booking.objects.standing().values_list("patient", "slot__starts_at", "slot__ends_at"):
            hours[patient].append(span)
        for one, two in (pair for spans in hours.values() for pair in combinations(spans, 2)):
            assert one[1] <= two[0] or two[1] <= one[0]
        booked = {each.booking.uuid for each in self.shadow.taken if each.status == "booked"}
        assert set(Appointment.objects.filter(status="planned").values_list("origin", flat=True)) == booked

    @invariant()
    def nobody_who_waits_is_lost(self) -> None:
        waiting = set(WaitingPlace.objects.waiting().values_list("pk", flat=True))
        assert waiting == {each.pk for each in self.shadow.waiting.values()}
        offered = list(WaitingOffer.objects.filter(answer="open").values_list("place", flat=True))
        assert set(offered) <= waiting
        assert len(offered) == Task.objects.open().filter(title__startswith="Une place se libère").count()

    @invariant()
    def whoever_must_be_told_has_a_task(self) -> None:
        moved_on = {each.booking.moved_from_id for each in self.shadow.taken}
        untold = {
            each.booking.pk for each in self.shadow.taken if not each.told and self._worth_telling(each, moved_on)
        }
        rows = Booking.objects.to_tell(self.now())
        assert {row.pk for row in rows} == untold
        origins = set(Task.objects.open().values_list("origin", flat=True)) if untold else set()
        for row in rows:
            assert origins & set(tell_origins(row.uuid)), "somebody has to tell the patient"

    def _worth_telling(self, taken: Taken, moved_on: set[int | None]) -> bool:
        if taken.status == "cancelled":
            return taken.booking.pk not in moved_on
        return taken.status == "booked" and self.shadow.places[taken.place].slot.starts_at > self.now()

    @invariant()
    def the_log_tells_it_all(self) -> None:
        told: dict[int, Counter[str]] = defaultdict(Counter)
        for slot, what in SlotChange.objects.values_list("slot", "what"):
            told[slot][what] += 1
        held = Counter(Hold.objects.values_list("slot", flat=True))
        for number, place in enumerate(self.shadow.places):
            lines, standing = told[place.slot.pk], self.standing(number)
            assert lines["booked"] + lines["overbooked"] - lines["freed"] == len(standing)
            assert held[place.slot.pk] == sum(at == number for at, _ in self.shadow.holds)
            assert lines["held"] == lines["let_go"] + held[place.slot.pk] + self.shadow.consumed.get(number, 0)
            marked = sum(each.status in ("done", "missed", "not_done") for each in standing)
            assert lines["done"] + lines["missed"] + lines["not_done"] - lines["unmarked"] == marked
            assert lines["cancelled"] - lines["reopened"] == (place.status == "cancelled")
            assert lines["result_ready"] == self.shadow.ready.get(number, 0)
