"""What jobs, platforms and the waiting list do to slots."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from django.utils import timezone
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from coordination import services
from coordination.models import Booking, Slot, SlotEvent, SlotStatus, WaitingOffer, WaitingPlace
from coordination.services.life import log
from directory.errors import DomainError
from tests.coordination.conftest import MONDAY
from tests.coordination.factories import exam
from tests.coordination.machine.shadow import PATIENTS, PLACES, STEPS, Shadowed


class Elsewhere(Shadowed):
    @rule()
    def release(self) -> None:
        due = [
            each
            for number, each in enumerate(self.shadow.places)
            if each.status == "protected"
            and each.slot.release_at <= self.now() < each.slot.starts_at
            and len(self.standing(number)) < each.slot.capacity
        ]
        assert services.release_unused_slots(now=self.now()) == len(due)
        for each in due:
            each.status = "released"

    @precondition(lambda self: len(self.shadow.waiting) < 4)
    @rule(patient=st.sampled_from(PATIENTS), code=st.sampled_from(sorted(STEPS)))
    def join(self, patient: int, code: str) -> None:
        booked = any(
            e.patient == patient and e.status == "booked" and self.shadow.places[e.place].code == code
            for e in self.shadow.taken
        )
        known = self.shadow.waiting.get((patient, code))
        place = self.expect(
            "already_booked" if booked and not known else None,
            lambda: services.join_waiting(
                pathway=self.scene.pathways[patient], exam_type=exam(code), user=None, step_key=STEPS[code],
                latest_at=MONDAY - timedelta(days=1),
            ),
        )  # fmt: skip
        if place:
            assert known is None or known == place, "the rank is kept"
            self.shadow.waiting[patient, code] = place

    @rule()
    def offer(self) -> None:
        before = set(WaitingOffer.objects.values_list("pk", flat=True))
        services.offer_freed_places(now=self.now())
        for made in WaitingOffer.objects.exclude(pk__in=before).select_related("place"):
            patient, number = self._of(made)
            assert self.gone(number, patient) is None
            overtaken = WaitingPlace.objects.waiting().filter(
                exam_type=made.place.exam_type_id, asked_at__lt=made.place.asked_at
            ).exclude(offers__answer="open").exclude(offers__slot=made.slot_id)  # fmt: skip
            for other in overtaken:
                who = next(i for i, each in enumerate(self.scene.pathways) if each.pk == other.pathway_id)
                assert self.wrong(who, [number]) == "patient_busy", "one who asked earlier was overtaken"

    def _of(self, offer: WaitingOffer) -> tuple[int, int]:
        patient = next(i for i, each in enumerate(self.scene.pathways) if each.pk == offer.place.pathway_id)
        return patient, next(i for i, each in enumerate(self.shadow.places) if each.slot.pk == offer.slot_id)

    @rule(accept=st.booleans())
    def answer(self, accept: bool) -> None:
        offer = WaitingOffer.objects.filter(answer="open").select_related("place", "slot").order_by("pk").first()
        if offer is None:
            return
        patient, number = self._of(offer)
        if not accept:
            services.answer_offer(offer=offer, accept=False, why="En voyage", user=None)
            return
        code = self.wrong(patient, [number]) or self.gone(number, patient)
        try:
            booking = services.answer_offer(offer=offer, accept=True, user=None)
        except DomainError as refused:
            assert refused.code == code
            return
        assert code is None
        assert booking is not None
        self.booked(booking, number, patient)

    @precondition(lambda self: self.shadow.taken)
    @rule(data=st.data(), what=st.sampled_from(["done", "missed", "not_done"]))
    def mark(self, data: st.DataObject, what: str) -> None:
        now, early = timezone.now(), timedelta(0) if what == "missed" else timedelta(hours=2)
        taken = self.choose(
            data,
            self.shadow.taken,
            lambda each: each.status == "booked" and self.shadow.places[each.place].slot.starts_at - early <= now,
        )
        code: str | None = None
        if taken.status != "booked":
            code = "not_booked"
        elif self.shadow.places[taken.place].slot.starts_at - early > now:
            code = "too_early"
        acts: dict[str, Callable[[], Booking]] = {
            "done": lambda: services.mark_done(booking=taken.booking, user=None),
            "missed": lambda: services.mark_missed(booking=taken.booking, user=None),
            "not_done": lambda: services.mark_not_done(booking=taken.booking, reason="Non à jeun", user=None),
        }
        if self.expect(code, acts[what]):
            taken.status = what

    @precondition(lambda self: any(each.status == "done" for each in self.shadow.taken))
    @rule(data=st.data())
    def result_is_ready(self, data: st.DataObject) -> None:
        taken = self.choose(data, self.shadow.taken, lambda each: each.status == "done")
        code = None if taken.status == "done" else "not_done"
        said = self.expect(code, lambda: services.mark_result_ready(booking=taken.booking, user=None))
        if said and not taken.ready:
            taken.ready = True
            self.shadow.ready[taken.place] = self.shadow.ready.get(taken.place, 0) + 1

    @precondition(lambda self: self.shadow.taken)
    @rule(data=st.data())
    def unmark(self, data: st.DataObject) -> None:
        taken = self.choose(data, self.shadow.taken, lambda each: each.status not in ("booked", "cancelled"))
        marked = Booking.objects.get(pk=taken.booking.pk).marked_at
        code: str | None = None
        if taken.status in ("booked", "cancelled"):
            code = "not_marked"
        elif taken.ready or (marked and self.now() - marked > timedelta(days=7)):
            code = "too_late"
        step = self.shadow.places[taken.place].step
        again = any(
            e is not taken and e.patient == taken.patient and e.status == "booked"
            and self.shadow.places[e.place].step == step
            for e in self.shadow.taken
        )  # fmt: skip
        if again and code != "too_late":
            code = "already_booked"
        if self.expect(code, lambda: services.undo_mark(booking=taken.booking, user=None)):
            taken.status = "booked"
            # Who was inscribed meanwhile for that very need has what they wait for.
            waited = self.shadow.waiting.pop((taken.patient, self.shadow.places[taken.place].code), None)
            if waited:
                self.shadow.served.setdefault(taken.booking.pk, waited)

    @precondition(lambda self: len(self.shadow.taken) > 3)
    @rule(place=st.sampled_from(PLACES))
    def close(self, place: int) -> None:
        """What a change of series does to a slot that is still kept and that nobody is in."""
        this = self.shadow.places[place]
        if this.status != "protected" or self.standing(place):
            return
        now = self.now()
        Slot.objects.filter(pk=this.slot.pk).update(
            status=SlotStatus.CANCELLED, cancelled_at=now, cancel_reason="Panne"
        )
        log(this.slot, SlotEvent.CANCELLED, by=None, at=now, reason="Panne")
        this.status = "cancelled"
