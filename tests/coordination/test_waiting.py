"""The waiting list: who comes first and why; a freed place is proposed to a person, one at a time, never booked."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from coordination import services, tasks
from coordination.errors import SlotFull
from coordination.models import Booking, Slot, SlotChange, Task, WaitingOffer, WaitingPlace
from coordination.readings.waiting import waiting_lists
from coordination.rules.waiting import Band, Waiter, band_of, ranked
from directory.errors import DomainError
from pathways import services as pathways
from pathways.models import Pathway
from pathways.rules.calendar import Calendar
from tests.coordination.factories import Desk, exam

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
CALENDAR = Calendar()
INSTANTS = st.datetimes(datetime(2026, 10, 1), datetime(2027, 1, 31), timezones=st.just(UTC))


@given(st.lists(st.tuples(st.none() | INSTANTS, INSTANTS), max_size=12))
def test_the_rank_is_by_band_then_by_who_asked_first(rows: list[tuple[datetime | None, datetime]]) -> None:
    waiters = [Waiter(key, latest, asked) for key, (latest, asked) in enumerate(rows)]
    order = ranked(waiters, NOW, CALENDAR)
    assert sorted(rank.place for rank in order.values()) == list(range(1, len(rows) + 1))
    for one in waiters:
        for two in waiters:
            bands = band_of(one.latest_at, NOW, CALENDAR)[0], band_of(two.latest_at, NOW, CALENDAR)[0]
            if bands[0] < bands[1] or (bands[0] == bands[1] and one.asked_at < two.asked_at):
                assert order[one.key].place < order[two.key].place


@pytest.mark.parametrize(
    ("latest", "band", "words"),
    [
        (NOW - timedelta(days=2), Band.LATE, "objectif dépassé de 2"),
        (NOW + timedelta(days=3), Band.SOON, "objectif dans 3"),
        (NOW + timedelta(days=4), Band.WEEK, "objectif dans 4"),
        (NOW + timedelta(days=8), Band.LATER, "objectif dans 8"),
        (None, Band.OPEN, "sans échéance"),
    ],
)
def test_the_rank_is_said_in_words(latest: datetime | None, band: Band, words: str) -> None:
    rank = ranked([Waiter(1, latest, NOW - timedelta(days=5))], NOW, CALENDAR)[1]
    assert rank.band is band
    said = rank.words(CALENDAR, NOW).replace("\N{NO-BREAK SPACE}", " ")
    assert said.startswith("1er : ")
    assert words in said
    assert said.endswith("inscrit le mer. 18 nov.")


def waits(desk: Desk, pathway: Pathway | None = None, **options: Any) -> WaitingPlace:
    return services.join_waiting(pathway=pathway or desk.pathway(), exam_type=exam(), user=desk.coordinator, **options)  # type: ignore[arg-type]


def offers() -> list[WaitingOffer]:
    return list(WaitingOffer.objects.filter(answer="open").order_by("pk"))


@pytest.mark.django_db
class TestWaiting:
    def test_asked_twice_the_rank_is_kept(self, desk: Desk) -> None:
        pathway = desk.pathway()
        first = waits(desk, pathway, step_key="ct")
        assert waits(desk, pathway, step_key="ct") == first
        assert first.latest_at == pathway.steps.get(key="ct").due_at, "the objective of the step"

    def test_one_who_is_booked_does_not_wait_and_one_who_waited_is_served(self, desk: Desk) -> None:
        pathway = desk.pathway()
        place = waits(desk, pathway, step_key="ct")
        booking = desk.booking(desk.slot(), pathway, step_key="ct")
        place.refresh_from_db()
        assert (place.status, place.served_by) == ("served", booking)
        with pytest.raises(DomainError) as refused:
            waits(desk, pathway, step_key="ct")
        assert refused.value.code == "already_booked"

    def test_one_served_whose_platform_fails_waits_again_from_the_first_day(self, desk: Desk) -> None:
        pathway = desk.pathway()
        place = waits(desk, pathway, at=timezone.now() - timedelta(days=9))
        booking = desk.booking(desk.slot(), pathway)
        services.cancel_booking(booking=booking, code="machine_down", user=None)
        place.refresh_from_db()
        assert (place.status, place.served_by) == ("waiting", None)
        booking = desk.booking(desk.slot(in_days=12), pathway)
        services.cancel_booking(booking=booking, code="patient_refuses", user=None)
        place.refresh_from_db()
        assert place.status == "served", "the patient's own choice"

    def test_leaving_needs_a_reason_and_closes_what_was_offered(self, desk: Desk) -> None:
        place = waits(desk)
        desk.slot()
        services.offer_freed_places(now=timezone.now())
        with pytest.raises(DomainError):
            services.leave_waiting(place=place, reason=" ", user=None)
        services.leave_waiting(place=place, reason="Fait en ville", user=desk.coordinator)
        assert offers() == []
        assert Task.objects.get().status == "cancelled"
        with pytest.raises(DomainError, match="n’attend plus"):
            services.leave_waiting(place=place, reason="Fait en ville", user=None)

    def test_nobody_waits_on_a_closed_pathway_nor_after_a_death(self, desk: Desk) -> None:
        closed, dead = desk.pathway(), desk.pathway()
        places = [waits(desk, closed), waits(desk, dead)]
        pathways.close_pathway(pathway=closed, reason="no_cancer", author=desk.coordinator)
        pathways.record_milestone(pathway=dead, kind="death", occurred_at=timezone.now())
        assert set(WaitingPlace.objects.filter(pk__in=[p.pk for p in places]).values_list("status", flat=True)) == {
            "withdrawn"
        }
        with pytest.raises(DomainError, match="clos"):
            waits(desk, closed)
        with pytest.raises(DomainError, match="décédé"):
            waits(desk, dead)

    def test_a_freed_place_is_offered_once_to_the_first_in_rank(self, desk: Desk) -> None:
        slot = desk.slot()
        booking = desk.booking(slot)
        now = timezone.now()
        later = waits(desk, at=now - timedelta(days=9))
        first = waits(desk, at=now - timedelta(days=1), latest_at=now + timedelta(days=12))
        assert tasks.offer_freed_places() == 0, "no place"
        services.cancel_booking(booking=booking, code="patient_refuses", user=None)

        assert tasks.offer_freed_places() == 1
        assert tasks.offer_freed_places() == 0

        (offer,) = offers()
        assert (offer.place, offer.slot) == (first, slot)
        assert later.offers.count() == 0
        task = Task.objects.get(pathway=first.pathway)
        assert task.title.startswith("Une place se libère : proposer Scanner")
        assert SlotChange.objects.filter(slot=slot, what="offered").count() == 1
        slot.refresh_from_db()
        assert slot.booked == 0, "an offer books nothing"

    def test_an_offer_accepted_books_in_one_go(self, desk: Desk) -> None:
        place = waits(desk, step_key="ct")
        slot = desk.slot()
        services.offer_freed_places(now=timezone.now())
        (offer,) = offers()
        booking = services.answer_offer(offer=offer, accept=True, user=desk.coordinator)
        again = services.answer_offer(offer=offer, accept=True, user=desk.coordinator)
        assert again == booking
        assert booking is not None
        assert (booking.slot, booking.step_key) == (slot, "ct")
        place.refresh_from_db()
        offer.refresh_from_db()
        assert (place.status, place.served_by, offer.answer) == ("served", booking, "accepted")
        assert Task.objects.get(pathway=place.pathway).status == "cancelled"

    def test_an_offer_declined_goes_to_the_next_and_the_rank_is_kept(self, desk: Desk) -> None:
        now = timezone.now()
        first, second = waits(desk, at=now - timedelta(days=2)), waits(desk, at=now - timedelta(days=1))
        desk.slot()
        services.offer_freed_places(now=now)
        (offer,) = offers()
        with pytest.raises(DomainError):
            services.answer_offer(offer=offer, accept=False, user=desk.coordinator)
        services.answer_offer(offer=offer, accept=False, why="En voyage", user=desk.coordinator)
        assert [each.place for each in offers()] == [second], "asked at once"
        first.refresh_from_db()
        assert first.status == "waiting"
        with pytest.raises(DomainError) as refused:
            services.answer_offer(offer=offer, accept=True, user=desk.coordinator)
        assert refused.value.code == "answered"
        services.offer_freed_places(now=now)
        assert first.offers.count() == 1, "nobody is asked twice for one slot"

    def test_a_lost_race_returns_to_the_list(self, desk: Desk) -> None:
        place, slot = waits(desk), desk.slot()
        services.offer_freed_places(now=timezone.now())
        (offer,) = offers()
        desk.booking(slot)
        with pytest.raises(SlotFull):
            services.answer_offer(offer=offer, accept=True, user=desk.coordinator)
        place.refresh_from_db()
        offer.refresh_from_db()
        assert (place.status, offer.answer) == ("waiting", "taken")
        assert Task.objects.get(pathway=place.pathway).status == "cancelled"

    def test_an_offer_whose_place_is_gone_or_that_nobody_answers_is_set_aside(self, desk: Desk) -> None:
        now = timezone.now()
        place, second = waits(desk, at=now - timedelta(days=2)), waits(desk, at=now - timedelta(days=1))
        desk.slot()
        services.offer_freed_places(now=now)
        services.offer_freed_places(now=now + timedelta(hours=7))
        assert [each.place for each in offers()] == [place]
        services.offer_freed_places(now=now + timedelta(days=1, hours=1))
        assert [each.place for each in offers()] == [second], "the next is asked after a day of work"
        Slot.objects.update(release_at=now)
        services.offer_freed_places(now=now + timedelta(days=1, hours=2))
        assert offers() == []

    @pytest.mark.parametrize("why", ["too early", "too late", "busy", "other target", "held", "released"])
    def test_a_place_is_not_offered_to_whom_it_does_not_suit(self, desk: Desk, why: str) -> None:
        now, pathway = timezone.now(), desk.pathway()
        slot = desk.slot()
        if why == "too early":
            waits(desk, pathway, earliest_on=date(2026, 12, 4))
        elif why == "too late":
            waits(desk, pathway, latest_at=slot.starts_at - timedelta(hours=1))
        else:
            waits(desk, pathway)
        if why == "busy":
            desk.booking(desk.slot(exam_type=exam("irm")), pathway)
        elif why == "other target":
            slot.series.targets.clear()
        elif why == "held":
            services.hold_place(slot=slot, pathway=desk.pathway(), user=desk.coordinator)
        elif why == "released":
            Slot.objects.filter(pk=slot.pk).update(release_at=now)
        assert services.offer_freed_places(now=timezone.now()) == 0

    def test_no_more_offers_than_places(self, desk: Desk) -> None:
        for _ in range(4):
            waits(desk)
        slot = desk.slot(capacity=3)
        desk.booking(slot)
        assert services.offer_freed_places(now=timezone.now()) == 2
        assert Booking.objects.count() == 1

    def test_who_has_a_date_elsewhere_at_that_hour_leaves_it_to_the_next(self, desk: Desk) -> None:
        slot, busy = desk.slot(), desk.pathway()
        waits(desk, busy)
        second = waits(desk)
        request = services.ask_exam(pathway=busy, exam_type=exam("irm"), addressed_to=desk.platform, user=None)
        at = slot.starts_at - timedelta(minutes=20)
        services.propose_date(request=request, starts_at=at, user=None)
        tasks.offer_freed_places()
        assert [each.place for each in offers()] == [second]

    def test_the_rank_shown_is_the_rank_served(self, desk: Desk) -> None:
        """Another team's patient, hidden from this one, comes first all the same."""
        waits(Desk())
        mine = waits(desk)
        (shown,) = waiting_lists(
            list(WaitingPlace.objects.waiting().filter(pathway__team=desk.team).with_list_data()), timezone.now()
        )
        ranks = services.offers.ranks(exam().pk, Calendar(), timezone.now())
        assert [(each.place, each.rank) for each in shown.waiters] == [(mine, ranks[mine.pk].place)] == [(mine, 2)]


@pytest.mark.django_db
class TestGivenBack:
    def test_moved_then_cancelled_by_the_platform_or_booked_by_error_the_wait_goes_on(self, desk: Desk) -> None:
        pathway, other = desk.pathway(), desk.pathway()
        place, second = waits(desk, pathway, step_key="ct"), waits(desk, other, step_key="ct")
        booking = desk.booking(desk.slot(), pathway, step_key="ct")
        moved = services.move_booking(booking=booking, to=desk.slot(in_days=12), user=desk.coordinator)
        services.cancel_booking(booking=moved, code="machine_down", user=desk.coordinator)
        mistaken = desk.booking(desk.slot(in_days=13), other, step_key="ct")
        services.cancel_booking(booking=mistaken, code="mistake", user=desk.coordinator)
        for each in (place, second):
            asked_at = each.asked_at
            each.refresh_from_db()
            assert (each.status, each.asked_at) == ("waiting", asked_at)

    def test_booked_elsewhere_nobody_waits_again(self, desk: Desk) -> None:
        pathway = desk.pathway()
        place = waits(desk, pathway)
        first, _ = desk.booking(desk.slot(), pathway), desk.booking(desk.slot(in_days=12), pathway)
        services.cancel_booking(booking=first, code="machine_down", user=desk.coordinator)
        place.refresh_from_db()
        assert place.status == "served"

    def test_a_place_kept_five_minutes_closes_no_offer(self, desk: Desk) -> None:
        slot = desk.slot()
        waits(desk)
        services.offer_freed_places(now=timezone.now())
        (offer,) = offers()
        hold = services.hold_place(slot=slot, pathway=desk.pathway(), user=desk.coordinator)
        with pytest.raises(SlotFull):
            services.answer_offer(offer=offer, accept=True, user=desk.coordinator)
        services.let_go(hold=hold, user=desk.coordinator)
        assert offers() == [offer]
        assert services.answer_offer(offer=offer, accept=True, user=desk.coordinator)

    def test_a_place_taken_then_freed_is_proposed_once_more_and_no_third_time(self, desk: Desk) -> None:
        slot = desk.slot()
        waits(desk)
        found = []
        for _ in range(3):
            services.offer_freed_places(now=timezone.now())
            found.append(len(offers()))
            booking = desk.booking(slot)
            services.offer_freed_places(now=timezone.now())
            services.cancel_booking(booking=booking, code="patient_unavailable", user=desk.coordinator)
        assert found == [1, 1, 0]

    def test_a_place_declined_is_not_proposed_again(self, desk: Desk) -> None:
        slot = desk.slot()
        waits(desk)
        services.offer_freed_places(now=timezone.now())
        (offer,) = offers()
        services.answer_offer(offer=offer, accept=False, why="Absent", user=desk.coordinator)
        booking = desk.booking(slot)
        services.cancel_booking(booking=booking, code="patient_unavailable", user=desk.coordinator)
        services.offer_freed_places(now=timezone.now())
        assert offers() == []

    def test_a_death_or_a_closing_by_error_gives_the_place_back_at_its_rank(self, desk: Desk) -> None:
        dead, closed = desk.pathway(), desk.pathway()
        first, second = waits(desk, dead, step_key="ct"), waits(desk, closed, step_key="ct")
        fact = pathways.record_milestone(pathway=dead, kind="death", occurred_at=timezone.now(), author=None)
        pathways.withdraw_milestone(milestone=fact, author=desk.coordinator, note="Autre patient")
        pathways.close_pathway(pathway=closed, reason="lost", author=desk.coordinator)
        pathways.reopen_pathway(pathway=closed, author=desk.coordinator, reason="Erreur")
        for each in (first, second):
            asked_at = each.asked_at
            each.refresh_from_db()
            assert (each.status, each.asked_at, each.end_reason) == ("waiting", asked_at, "")
            assert "de nouveau sur la liste" in Task.objects.open().get(pathway=each.pathway).note
