"""What is stopped by error comes back, what is asked once is asked once, and nothing typed is dropped."""

from __future__ import annotations

from dataclasses import replace
from datetime import time, timedelta
from uuid import uuid4

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from coordination import services
from coordination.models import Booking, ContactState, ExamRequest, Task, TaskSeries, WaitingOffer, WaitingPlace
from coordination.readings.bundles import bundles_of
from coordination.readings.coming import coming_of
from coordination.readings.offer import needs_of
from directory.errors import DomainError
from pathways import services as pathways
from pathways.models import Milestone, Pathway
from pathways.services import calendar_of
from tests.coordination.conftest import MONDAY
from tests.coordination.factories import Desk, exam
from tests.coordination.pages import text, url
from tests.coordination.test_exam_requests import ask
from tests.factories import TeamFactory

pytestmark = pytest.mark.django_db


def open_titles(pathway: Pathway) -> list[str]:
    return list(Task.objects.open().filter(pathway=pathway).order_by("title").values_list("title", flat=True))


class TestDeathByError:
    @pytest.fixture
    def pathway(self, desk: Desk) -> Pathway:
        """With an untold cancellation, a plain task, a weekly call and a call promised."""
        pathway = desk.pathway()
        booking = desk.booking(desk.slot(), pathway)
        services.cancel_booking(booking=booking, code="machine_down", user=desk.coordinator)
        services.create_task(pathway=pathway, title="Demander le compte rendu", author=desk.coordinator)
        services.repeat_task(
            pathway=pathway, title="Appel hebdomadaire", every=1, unit="week", starts_on=timezone.localdate(),
            author=desk.coordinator,
        )  # fmt: skip
        services.record_contact(
            pathway=pathway, author=desk.coordinator, outcome="call_back",
            next_on=timezone.localdate() + timedelta(days=2),
        )  # fmt: skip
        return pathway

    def test_taken_back_everything_stands_again(self, desk: Desk, pathway: Pathway) -> None:
        before, call = open_titles(pathway), ContactState.objects.get(pathway=pathway).call_back_on
        with time_machine.travel(MONDAY + timedelta(minutes=5)):
            fact = pathways.record_milestone(pathway=pathway, kind="death", occurred_at=timezone.now(), author=None)
        assert open_titles(pathway) == []
        with time_machine.travel(MONDAY + timedelta(minutes=9)):
            pathways.withdraw_milestone(milestone=fact, author=desk.coordinator, note="Autre patient")
            after = open_titles(pathway)
            (told,) = [each for each in after if each.startswith("Décès retiré")]
            assert sorted(set(after) - {told}) == sorted(set(before))
            note = Task.objects.get(title=told).note
            assert "Demander le compte rendu" in note and "Appel hebdomadaire : revient" in note
            assert TaskSeries.objects.get().status == "running"
            assert ContactState.objects.get(pathway=pathway).call_back_on == call
            assert Booking.objects.to_tell(timezone.now()).count() == 1

    def test_what_was_closed_before_stays_closed(self, desk: Desk) -> None:
        pathway = desk.pathway()
        task = services.create_task(pathway=pathway, title="Fini", author=desk.coordinator)
        services.cancel_task(task=task, user=desk.coordinator, reason="Décès du patient")
        fact = pathways.record_milestone(pathway=pathway, kind="death", occurred_at=timezone.now(), author=None)
        pathways.withdraw_milestone(milestone=fact, author=desk.coordinator, note="Autre patient")
        assert open_titles(pathway) == []

    def test_a_pathway_closed_by_error_has_its_calls_again(self, desk: Desk, pathway: Pathway) -> None:
        pathways.close_pathway(pathway=pathway, reason="completed", author=desk.coordinator)
        assert TaskSeries.objects.get().status == "ended"
        pathways.reopen_pathway(pathway=pathway, author=desk.coordinator, reason="Erreur")
        assert TaskSeries.objects.get().status == "running"
        assert "Appel hebdomadaire" in open_titles(pathway)


class TestComingBack:
    @pytest.mark.parametrize(("every", "in_days"), [(1, 0), (3, 2)])
    def test_paused_and_taken_up_again_the_same_day_nothing_is_lost(self, desk: Desk, every: int, in_days: int) -> None:
        due = timezone.localdate() + timedelta(days=in_days)
        series = services.repeat_task(
            pathway=desk.pathway(), title="Appel", every=every, unit="week", starts_on=due, author=desk.coordinator
        )
        services.pause_series(series=series, user=desk.coordinator)
        services.resume_series(series=series, user=desk.coordinator)
        assert list(Task.objects.open().values_list("due_on", flat=True)) == [due]

    def test_a_fact_withdrawn_leaves_one_open_at_a_time(self, desk: Desk) -> None:
        pathway = desk.pathway()
        services.repeat_task(
            pathway=pathway, title="Compte rendu", every=1, unit="week", starts_on=timezone.localdate(),
            closes_on="exam_done", author=desk.coordinator,
        )  # fmt: skip
        with time_machine.travel(MONDAY + timedelta(hours=1)):
            fact: Milestone = pathways.record_milestone(
                pathway=pathway, kind="exam_done", detail="scanner", occurred_at=timezone.now(), author=None
            )
            services.make_next_occurrences(now=timezone.now())
            assert Task.objects.open().count() == 1
            pathways.withdraw_milestone(milestone=fact, author=desk.coordinator, note="Erreur")
        assert Task.objects.open().count() == 1


class TestOnce:
    def test_a_key_that_served_asks_nothing_else(self, desk: Desk) -> None:
        key, pathway = uuid4(), desk.pathway()
        first = ask(desk, pathway, request_key=key)
        services.refuse_request(request=first, reason="Panne", user=desk.technician)
        other = TeamFactory(establishment=desk.team.establishment, kind="platform")
        with pytest.raises(DomainError) as refused:
            services.ask_exam(
                pathway=pathway, exam_type=first.exam_type, addressed_to=other, user=None, request_key=key
            )
        assert refused.value.code == "reused_key"
        assert ExamRequest.objects.count() == 1

    def test_two_nurses_before_the_same_page_book_one_exam(self, nurse: Client, desk: Desk) -> None:
        pathway = desk.pathway()
        slots = [desk.slot(exam_type=exam("irm"), in_days=days) for days in (8, 9)]
        answers = [
            nurse.post(url("book", pathway), {"slot": slot.uuid, "key": uuid4(), "examen": "irm"}) for slot in slots
        ]
        assert [each.status_code for each in answers] == [302, 422]
        assert "déjà réservé" in text(answers[1])
        assert Booking.objects.filter(pathway=pathway).count() == 1

    def test_one_that_has_passed_hinders_nothing(self, nurse: Client, desk: Desk) -> None:
        past = desk.past_booking("irm")
        slot = desk.slot(exam_type=exam("irm"))
        answer = nurse.post(url("book", past.pathway), {"slot": slot.uuid, "key": uuid4(), "examen": "irm"})
        assert answer.status_code == 302


class TestWishes:
    def test_inscribed_again_the_wishes_are_those_of_now_and_the_rank_stays(self, desk: Desk) -> None:
        pathway = desk.pathway()
        desk.series()
        place = services.ask_to_wait(pathway=pathway, exam_type=exam(), user=desk.coordinator, note="Travaille le soir")
        day = timezone.localdate() + timedelta(days=12)
        with time_machine.travel(MONDAY + timedelta(hours=1)):
            again = services.ask_to_wait(
                pathway=pathway, exam_type=exam(), user=desk.coordinator, earliest_on=day, half_day="morning"
            )
        place.refresh_from_db()
        assert again == place == WaitingPlace.objects.get()
        assert (place.earliest_on, place.half_day, place.note) == (day, "morning", "Travaille le soir")
        assert place.asked_at < MONDAY + timedelta(minutes=1)

    def test_not_before_a_day_when_nothing_is_kept_any_more(self, desk: Desk) -> None:
        desk.series(valid_until=timezone.localdate() + timedelta(days=12))
        with pytest.raises(DomainError) as refused:
            services.ask_to_wait(
                pathway=desk.pathway(), exam_type=exam(), user=desk.coordinator,
                earliest_on=timezone.localdate() + timedelta(days=20),
            )  # fmt: skip
        assert (refused.value.code, refused.value.field) == ("nothing_kept", "earliest_on")


def test_a_day_in_common_is_found_behind_many_free_places(desk: Desk) -> None:
    """Five scanners a day for days before the only day of the other exam."""
    pathway = desk.pathway()
    for in_days in range(7, 12):
        for number in range(5):
            desk.slot(starts_at=time(8 + number), in_days=in_days)
    desk.slot(exam_type=exam("irm"), in_days=11, starts_at=time(15))
    now = timezone.now()
    coming = coming_of(pathway, now)
    (offer,) = bundles_of(pathway, needs_of(pathway, coming), coming, calendar_of(desk.team.establishment), now)
    assert offer.ways[0].trips == 1
    assert offer.whole


def test_a_sign_that_no_database_reads_is_left_out_of_what_is_typed(nurse: Client, desk: Desk) -> None:
    pathway = desk.pathway()
    place = services.join_waiting(pathway=pathway, exam_type=exam(), user=desk.coordinator)
    slot = desk.slot()
    services.offer_freed_places(now=timezone.now())
    offer = WaitingOffer.objects.get(place=place)
    nurse.post(url("waiting-answer", offer), {"reponse": "non", "why": "Trop\0 tôt"})
    offer.refresh_from_db()
    assert (offer.answer, offer.why) == ("declined", "Trop tôt")
    together = {"place": [f"{slot.uuid}@c\0t"], "label": "\0", "kind": "\0", "key": uuid4()}
    assert nurse.post(url("book-together", pathway), together).status_code in (302, 422)
    values = replace(services.values_of(slot.series), capacity=3)
    made = services.propose_change(series=slot.series, values=values, user=desk.coordinator, reason="Essai")
    nurse.force_login(desk.technician)
    desk.technician.memberships.update(is_head=True)
    nurse.post(url("proposal-decline", made), {"why": "Pas\0 possible"})
    made.refresh_from_db()
    assert (made.state, made.answer) == ("declined", "Pas possible")
