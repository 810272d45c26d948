"""A place past the objective is for who gains by it: made or freed since they asked, with nothing earlier they could
really have."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, time, timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from coordination import services, tasks
from coordination.models import Slot, SlotPolicy, SlotSeries, Task, WaitingOffer, WaitingPlace
from coordination.services.offers import ranks
from directory.errors import DomainError
from pathways import services as pathways
from pathways.models import Pathway
from pathways.services import calendar_of
from tests.coordination.conftest import MONDAY
from tests.coordination.factories import Desk, exam
from tests.coordination.test_exam_requests import ask
from tests.factories import TeamFactory

pytestmark = pytest.mark.django_db


def waits(desk: Desk, pathway: Pathway | None = None, days: int = 5) -> WaitingPlace:
    """For a scanner, with an objective in so many days."""
    latest = timezone.now() + timedelta(days=days)
    return services.join_waiting(
        pathway=pathway or desk.pathway(), exam_type=exam(), latest_at=latest, user=desk.coordinator
    )


def offered() -> list[Slot]:
    services.offer_freed_places(now=timezone.now())
    return [each.slot for each in WaitingOffer.objects.select_related("slot").order_by("pk")]


def freed(desk: Desk, in_days: int) -> Slot:
    """A place that somebody had, and left since."""
    slot = desk.slot(in_days=in_days)
    booking = desk.booking(slot)
    with time_machine.travel(timezone.now() + timedelta(minutes=1)):
        services.cancel_booking(booking=booking, code="patient_unavailable", user=desk.coordinator)
    return slot


class TestMade:
    def test_a_series_opened_since_is_offered(self, desk: Desk) -> None:
        waits(desk)
        with time_machine.travel(MONDAY + timedelta(minutes=5)):
            slot = desk.slot(in_days=10)
            assert offered() == [slot]

    def test_what_was_free_when_they_asked_is_not(self, desk: Desk) -> None:
        desk.slot(in_days=10)
        with time_machine.travel(MONDAY + timedelta(minutes=5)):
            waits(desk)
            assert offered() == []

    def test_a_week_made_by_the_night_is_offered(self, desk: Desk) -> None:
        series = desk.series(in_days=4)
        series.slots.all().delete()
        waits(desk, days=2)
        with time_machine.travel(MONDAY + timedelta(days=1)):
            assert tasks.generate_slots() > 0
            slot = series.slots.order_by("starts_at")[0]
            assert offered() == [slot]


def test_what_nobody_gains_by_costs_nothing(desk: Desk) -> None:
    """Every minute: the slots of a site are many, those of use to who waits are few."""

    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            services.offer_freed_places(now=timezone.now())
        return len(queries)

    desk.slot(in_days=3)
    waits(desk)
    assert offered()
    few = cost()
    for number in range(5):
        desk.slot(in_days=9 + number)
    assert cost() == few


class TestEarlier:
    def test_a_free_hour_when_they_are_expected_elsewhere_hides_nothing(self, desk: Desk) -> None:
        place = waits(desk)
        earlier = desk.slot(in_days=8)
        desk.booking(desk.slot(exam_type=exam("irm"), in_days=8), place.pathway)
        later = freed(desk, 9)
        assert not WaitingOffer.objects.filter(slot=earlier).exists()
        assert offered() == [later]

    def test_nor_one_when_a_platform_expects_them(self, desk: Desk) -> None:
        place = waits(desk)
        earlier = desk.slot(in_days=8)
        request = services.ask_exam(
            pathway=place.pathway, exam_type=exam("irm"), addressed_to=desk.platform, user=None, within="2 days"
        )
        services.propose_date(request=request, starts_at=earlier.starts_at, user=None)
        later = freed(desk, 9)
        assert offered() == [later]

    def test_one_they_could_have_still_does(self, desk: Desk) -> None:
        desk.slot(in_days=8)
        with time_machine.travel(MONDAY + timedelta(minutes=5)):
            place = waits(desk)
            desk.booking(desk.slot(exam_type=exam("irm"), in_days=9), place.pathway)
            freed(desk, 10)
            assert offered() == []


class TestRank:
    def test_the_rank_follows_the_plan(self, desk: Desk) -> None:
        """An objective moved since the inscription is the one that counts: by a fact corrected, or a pause."""
        first, second = desk.pathway(), desk.pathway()
        for each in (first, second):
            services.join_waiting(pathway=each, exam_type=exam(), step_key="ct", user=desk.coordinator)
        assert self.order() == [first, second]
        reception = second.milestones.get(kind="referral_received")
        pathways.correct_milestone(
            milestone=reception, occurred_at=reception.occurred_at - timedelta(days=30), author=desk.coordinator
        )
        assert self.order() == [second, first]
        pathways.add_pause(
            pathway=second, kind="patient_choice", starts_on=timezone.localdate() - timedelta(days=29),
            ends_on=timezone.localdate() + timedelta(days=9), author=desk.coordinator,
        )  # fmt: skip
        assert self.order() == [first, second]

    def order(self) -> list[Pathway]:
        calendar, places = calendar_of(Pathway.objects.first().team.establishment), WaitingPlace.objects.in_bulk()  # type: ignore[union-attr]
        return [places[each].pathway for each in ranks(exam().pk, calendar, timezone.now())]

    def test_nobody_is_offered_a_day_of_their_pause(self, desk: Desk) -> None:
        away, there = waits(desk, days=20), waits(desk, days=20)
        pathways.add_pause(
            pathway=away.pathway, kind="patient_choice", starts_on=timezone.localdate(),
            ends_on=timezone.localdate() + timedelta(days=15), author=desk.coordinator,
        )  # fmt: skip
        desk.slot(in_days=6)
        services.offer_freed_places(now=timezone.now())
        assert [each.place for each in WaitingOffer.objects.all()] == [there]


class TestInVain:
    def told(self) -> list[str]:
        services.watch_waits(now=timezone.now())
        return list(Task.objects.open().filter(title__startswith="Plus aucun créneau").values_list("title", flat=True))

    def test_who_can_be_offered_nothing_more_is_told_to_the_desk_once(self, desk: Desk) -> None:
        series = desk.series()
        place = waits(desk)
        assert self.told() == []
        values = replace(services.values_of(series), valid_until=timezone.localdate() + timedelta(days=11))
        services.edit_series(series=series, values=values, user=desk.coordinator)
        with time_machine.travel(MONDAY + timedelta(days=13)):
            assert len(self.told()) == 1
            assert len(self.told()) == 1, "once"
            task = Task.objects.open().get(title__startswith="Plus aucun créneau")
            assert task.pathway == place.pathway and "liste d’attente" in task.note
            services.complete_task(task=task, user=desk.coordinator, outcome="Demandé en ville")
            assert self.told() == [], "closed by hand, it stays so"

    def test_a_series_opened_again_sets_it_aside(self, desk: Desk) -> None:
        place = waits(desk)
        assert len(self.told()) == 1
        desk.series()
        assert self.told() == []
        assert place.status == "waiting"

    @pytest.mark.parametrize("by_hand", [False, True], ids=["open", "done"])
    def test_a_series_that_ends_again_is_said_again(self, desk: Desk, by_hand: bool) -> None:
        waits(desk)
        assert len(self.told()) == 1
        if by_hand:
            services.complete_task(task=Task.objects.open().get(), user=desk.coordinator, outcome="Vu avec le plateau")
        series = desk.series()
        assert self.told() == []
        long_ago, yesterday = (timezone.localdate() - timedelta(days=days) for days in (90, 1))
        SlotSeries.objects.filter(pk=series.pk).update(valid_from=long_ago, valid_until=yesterday)
        assert len(self.told()) == 1
        assert len(self.told()) == 1, "once"

    def test_who_cannot_come_before_the_series_ends_is_told_of(self, desk: Desk) -> None:
        """Thursdays until Sunday 13 December: nothing for who comes the week after, nor from that Friday on."""
        series = desk.series()
        assert series.weekday == 3
        late, friday, thursday = (
            services.ask_to_wait(pathway=desk.pathway(), exam_type=exam(), user=desk.coordinator, earliest_on=day)
            for day in (date(2026, 12, 23), date(2026, 12, 11), date(2026, 12, 10))
        )
        assert self.told() == []
        values = replace(services.values_of(series), valid_until=date(2026, 12, 13))
        services.edit_series(series=series, values=values, user=desk.coordinator)
        assert len(self.told()) == 2
        said = set(Task.objects.open().filter(title__startswith="Plus aucun").values_list("pathway", flat=True))
        assert said == {late.pathway_id, friday.pathway_id}
        assert thursday.status == "waiting"
        with pytest.raises(DomainError, match="à cette date"):
            services.ask_to_wait(
                pathway=desk.pathway(), exam_type=exam(), user=desk.coordinator, earliest_on=friday.earliest_on
            )
        services.ask_to_wait(pathway=late.pathway, exam_type=exam(), user=desk.coordinator)
        assert len(self.told()) == 1, "they may come sooner after all"

    @pytest.mark.parametrize("ends", ["convention", "policy"])
    def test_a_partner_that_lends_no_more_leaves_them_in_vain(self, desk: Desk, ends: str) -> None:
        away = TeamFactory(kind="platform")
        convention = desk.agree(away)
        desk.series(platform=away)
        place, today = waits(desk), timezone.localdate()
        if ends == "convention":
            services.extend_convention(convention=convention, valid_until=today, user=desk.coordinator)
        else:
            services.end_policy(policy=SlotPolicy.objects.get(), last_on=today, user=desk.coordinator)
        assert self.told() == [], "today still"
        with time_machine.travel(MONDAY + timedelta(days=1)):
            assert len(self.told()) == 1
            with pytest.raises(DomainError, match="aucun créneau n’est gardé"):
                services.ask_to_wait(pathway=desk.pathway(), exam_type=exam(), user=desk.coordinator)
            if ends == "convention":
                services.extend_convention(convention=convention, valid_until=None, user=desk.coordinator)
                assert self.told() == []
                assert services.ask_to_wait(pathway=desk.pathway(), exam_type=exam(), user=desk.coordinator)
        assert place.status == "waiting"

    def test_nobody_waits_for_days_beyond_the_convention(self, desk: Desk) -> None:
        away, today = TeamFactory(kind="platform"), timezone.localdate()
        convention = desk.agree(away)
        desk.series(platform=away)
        last = today + timedelta(days=20)
        services.extend_convention(convention=convention, valid_until=last, user=desk.coordinator)
        wish = {"pathway": desk.pathway(), "exam_type": exam(), "user": desk.coordinator}
        with pytest.raises(DomainError) as refused:
            services.ask_to_wait(**wish, earliest_on=last + timedelta(days=1))
        assert (refused.value.field, refused.value.code) == ("earliest_on", "nothing_kept")
        assert services.ask_to_wait(**wish, earliest_on=last)

    def test_who_waits_no_more_has_none(self, desk: Desk) -> None:
        place = waits(desk)
        assert len(self.told()) == 1
        services.leave_waiting(place=place, reason="Fait en ville", user=desk.coordinator)
        assert self.told() == []

    def test_in_the_half_of_the_day_they_can_come(self, desk: Desk) -> None:
        desk.series(starts_at=time(15))
        for half in ("morning", "afternoon", ""):
            services.join_waiting(pathway=desk.pathway(), exam_type=exam(), half_day=half, user=desk.coordinator)
        (title,) = self.told()
        assert title.startswith("Plus aucun créneau gardé le matin")


class TestPromisesWarnedOf:
    def warned(self, at: datetime) -> int:
        with time_machine.travel(at):
            return services.warn_of_promises(now=at)

    def test_each_time_the_platform_is_asked_again(self, desk: Desk) -> None:
        request = ask(desk, within="72 hours")
        assert request.promised_at is not None
        soon = request.promised_at - timedelta(hours=1)
        assert [self.warned(soon), self.warned(soon)] == [1, 0]
        with time_machine.travel(soon):
            services.propose_date(request=request, starts_at=soon + timedelta(days=9), user=desk.technician)
            assert not Task.objects.open().filter(title__startswith="Relancer").exists()
            assert self.warned(soon) == 0, "a date stands"
            declined = services.decline_date(request=request, reason="Travail", user=desk.coordinator)
        assert declined.promised_at is not None
        assert self.warned(soon + timedelta(minutes=5)) == 0
        again = declined.promised_at - timedelta(minutes=30)
        assert [self.warned(again), self.warned(again)] == [1, 0]

    def test_a_date_taken_back_leaves_the_promise_to_be_warned_of(self, desk: Desk) -> None:
        request = ask(desk, within="72 hours")
        assert request.promised_at is not None
        soon = request.promised_at - timedelta(hours=1)
        assert self.warned(soon) == 1
        with time_machine.travel(soon):
            services.propose_date(request=request, starts_at=soon + timedelta(days=9), user=desk.technician)
            services.take_back_date(request=request, reason="Panne", user=desk.technician)
        assert [self.warned(soon + timedelta(minutes=1)), self.warned(soon + timedelta(minutes=2))] == [1, 0]

    def test_a_warning_closed_by_hand_is_not_made_again(self, desk: Desk) -> None:
        request = ask(desk, within="72 hours")
        assert request.promised_at is not None
        soon = request.promised_at - timedelta(hours=1)
        assert self.warned(soon) == 1
        task = Task.objects.open().get(title__startswith="Relancer")
        services.complete_task(task=task, user=desk.coordinator, outcome="Appelé")
        assert self.warned(soon + timedelta(minutes=1)) == 0
