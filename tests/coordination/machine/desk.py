"""What is done at the desk: places held, let go, booked, moved, added, given up."""

from __future__ import annotations

from datetime import timedelta
from itertools import permutations
from uuid import uuid4

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from coordination import services
from coordination.models import Hold
from coordination.services import Wish
from tests.coordination.machine.shadow import PAIRS, PATIENTS, PLACES, Shadowed, Taken


class AtTheDesk(Shadowed):
    @rule(step=st.sampled_from([timedelta(minutes=1), timedelta(minutes=6), timedelta(hours=3), timedelta(hours=26)]))
    def time_passes(self, step: timedelta) -> None:
        self.travelling.shift(step)

    @precondition(lambda self: any(each.status == "booked" for each in self.shadow.taken))
    @rule()
    def the_hour_comes(self) -> None:
        """Straight to the end of the first appointment to come."""
        ends = [self.shadow.places[each.place].slot.ends_at for each in self.shadow.taken if each.status == "booked"]
        if min(ends) > self.now():
            self.travelling.move_to(min(ends))

    @precondition(lambda self: len(self.shadow.holds) < 3)
    @rule(data=st.data())
    def hold(self, data: st.DataObject) -> None:
        place, patient = self.choose(data, PAIRS, self.may_book)
        this, user = self.shadow.places[place], self.scene.desk.coordinator
        code = self.wrong(patient, [place]) or self.gone(place, patient)
        hold = self.expect(
            code,
            lambda: services.hold_place(
                slot=this.slot, pathway=self.scene.pathways[patient], user=user, step_key=this.step
            ),
        )
        if hold is None:
            return
        for other, who in list(self.shadow.holds):
            same = who == patient and other != place and self.shadow.places[other].code == this.code
            if same and self.shadow.holds[other, who] > self.now():
                del self.shadow.holds[other, who]
        self.shadow.holds[place, patient] = hold.until

    @precondition(lambda self: self.shadow.holds)
    @rule(data=st.data())
    def let_go(self, data: st.DataObject) -> None:
        place, patient = data.draw(st.sampled_from(sorted(self.shadow.holds)))
        hold = Hold.objects.get(slot=self.shadow.places[place].slot, pathway=self.scene.pathways[patient])
        assert services.let_go(hold=hold, user=self.scene.desk.coordinator) == 1
        del self.shadow.holds[place, patient]

    @rule()
    def ended_holds_are_dropped(self) -> None:
        ended = [key for key, until in self.shadow.holds.items() if until <= self.now()]
        assert services.drop_ended_holds(now=self.now()) == len(ended)
        for key in ended:
            del self.shadow.holds[key]

    @rule(data=st.data())
    def book(self, data: st.DataObject) -> None:
        place, patient = self.choose(data, PAIRS, self.may_book)
        this = self.shadow.places[place]
        booking = self.expect(
            self.wrong(patient, [place]) or self.gone(place, patient),
            lambda: services.book_slot(
                slot=this.slot, pathway=self.scene.pathways[patient], user=None, step_key=this.step, request_key=uuid4()
            ),
        )
        if booking:
            self.booked(booking, place, patient)

    def _visit_refused(self, patient: int, places: list[int]) -> str | None:
        return self.wrong(patient, places) or next(filter(None, (self.gone(each, patient) for each in places)), None)

    @rule(data=st.data(), patient=st.sampled_from(PATIENTS))
    def book_visit(self, data: st.DataObject, patient: int) -> None:
        visits = [list(each) for each in permutations(PLACES, 2)] + [[0, 4, 1]]
        places = self.choose(data, visits, lambda each: self._visit_refused(patient, each) is None)
        wishes = [Wish(self.shadow.places[each].slot, self.shadow.places[each].step) for each in places]
        bundle = self.expect(
            self._visit_refused(patient, places),
            lambda: services.book_bundle(
                wishes=wishes, pathway=self.scene.pathways[patient], user=None, request_key=uuid4()
            ),
        )
        for booking in bundle.bookings.order_by("pk") if bundle else ():
            place = next(each for each in places if self.shadow.places[each].slot.pk == booking.slot_id)
            self.booked(booking, place, patient)

    def _move_refused(self, asked: tuple[Taken, int]) -> str | None:
        taken, place = asked
        to, now_at = self.shadow.places[place], self.shadow.places[taken.place]
        if taken.status != "booked":
            return "not_booked"
        if now_at.slot.starts_at <= self.now():
            return "past"
        if taken.place == place:
            return "same_slot"
        if now_at.code != to.code:
            return "other_exam"
        return self.wrong(taken.patient, [place], taken) or self.gone(place, taken.patient)

    @precondition(lambda self: self.shadow.taken)
    @rule(data=st.data())
    def move(self, data: st.DataObject) -> None:
        moves = [(each, place) for each in self.shadow.taken for place in PLACES]
        taken, place = self.choose(data, moves, lambda each: self._move_refused(each) is None)
        to, code = self.shadow.places[place], self._move_refused((taken, place))
        moved = self.expect(code, lambda: services.move_booking(booking=taken.booking, to=to.slot, user=None))
        if moved:
            assert moved.moved_from_id == taken.booking.pk
            self.freed(taken, "moved")
            self.booked(moved, place, taken.patient, told=False)

    def _extra_refused(self, pair: tuple[int, int]) -> str | None:
        place, patient = pair
        this, now = self.shadow.places[place], self.now()
        if this.status == "cancelled":
            return "slot_cancelled"
        if this.slot.starts_at <= now:
            return "slot_past"
        protected = this.status == "protected" and this.slot.release_at > now
        if protected and len(self.standing(place)) < this.slot.capacity:
            return "still_free"
        return self.wrong(patient, [place])

    @rule(data=st.data())
    def overbook(self, data: st.DataObject) -> None:
        place, patient = self.choose(data, PAIRS, lambda each: self._extra_refused(each) is None)
        this, code = self.shadow.places[place], self._extra_refused((place, patient))
        booking = self.expect(
            code,
            lambda: services.overbook(
                slot=this.slot, pathway=self.scene.pathways[patient], physician=self.scene.physician,
                reason="Urgence", user=None, step_key=this.step,
            ),
        )  # fmt: skip
        if booking:
            self.booked(booking, place, patient, extra=True)

    @precondition(lambda self: self.shadow.taken)
    @rule(data=st.data(), code=st.sampled_from(["machine_down", "patient_refuses", "transport"]), told=st.booleans())
    def cancel(self, data: st.DataObject, code: str, told: bool) -> None:
        taken = self.choose(data, self.shadow.taken, lambda each: each.status == "booked")
        cancelled = self.expect(
            None if taken.status == "booked" else "not_booked",
            lambda: services.cancel_booking(
                booking=taken.booking, code=code, user=None, told_how="phone" if told else None
            ),
        )
        if cancelled:
            taken.told = told or self.shadow.places[taken.place].slot.starts_at <= self.now()
            self.freed(taken, code)
