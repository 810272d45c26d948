"""No waiting place is lost: not by a move, nor between two appointments that fall; nobody waits after a death."""

from __future__ import annotations

from dataclasses import replace
from datetime import time, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from coordination import services
from coordination.models import Slot, Task, WaitingOffer, WaitingPlace
from coordination.services import Wish, offers
from directory.errors import DomainError
from directory.models import AccessLog
from pathways import services as pathways
from pathways.models import Pathway
from tests.coordination.factories import Desk, exam

pytestmark = pytest.mark.django_db


def wait(desk: Desk, pathway: Pathway, step_key: str = "") -> WaitingPlace:
    return services.join_waiting(pathway=pathway, exam_type=exam(), user=desk.coordinator, step_key=step_key)


def still_waits(pathway: Pathway) -> bool:
    return WaitingPlace.objects.waiting().filter(pathway=pathway).exists()


@pytest.mark.parametrize(("booked_for", "waits_for"), [("ct", ""), ("", "ct")])
def test_a_move_serves_no_other_wait(desk: Desk, booked_for: str, waits_for: str) -> None:
    pathway = desk.pathway()
    booking = desk.booking(desk.slot(), pathway, step_key=booked_for)
    wait(desk, pathway, waits_for)
    services.move_booking(booking=booking, to=desk.slot(in_days=12), user=desk.coordinator)
    assert still_waits(pathway)


@pytest.mark.parametrize("together", [True, False], ids=["as one visit", "one after the other"])
def test_the_last_of_two_appointments_that_falls_gives_the_wait_back(desk: Desk, together: bool) -> None:
    pathway = desk.pathway()
    slots = [desk.slot(), desk.slot(in_days=12)]
    place = wait(desk, pathway)
    if together:
        bundle = services.book_bundle(
            wishes=[Wish(slot) for slot in slots], pathway=pathway, user=desk.coordinator, request_key=uuid4()
        )
        services.cancel_bundle(bundle=bundle, code="machine_down", user=desk.technician)
    else:
        first, second = (desk.booking(slot, pathway) for slot in slots)
        services.cancel_booking(booking=first, code="machine_down", user=desk.technician)
        place.refresh_from_db()
        assert (place.status, place.served_by) == ("served", second), "the other stands for it"
        services.cancel_booking(booking=second, code="machine_down", user=desk.technician)
    place.refresh_from_db()
    assert place.status == "waiting"


def test_an_appointment_that_serves_a_wait_already_serves_no_second_one(desk: Desk) -> None:
    """Served, cancelled by the patient, inscribed again and served again: one appointment, one wait to give back."""
    pathway = desk.pathway()
    wait(desk, pathway)
    first = desk.booking(desk.slot(), pathway)
    WaitingPlace.objects.create(
        pathway=pathway, exam_type=exam(), asked_at=timezone.now(), status="served", ended_at=timezone.now(),
        served_by=(second := desk.booking(desk.slot(in_days=12), pathway)),
    )  # fmt: skip
    services.cancel_booking(booking=first, code="machine_down", user=desk.technician)
    services.cancel_booking(booking=second, code="machine_down", user=desk.technician)
    assert WaitingPlace.objects.waiting().filter(pathway=pathway).count() == 1


def test_nobody_waits_again_after_a_death_nor_is_offered_a_place(desk: Desk) -> None:
    pathway = desk.pathway()
    two_days = timezone.now() - timedelta(days=2)
    place = services.join_waiting(pathway=pathway, exam_type=exam(), user=desk.coordinator, at=two_days)
    now = timezone.now()
    fact = pathways.record_milestone(
        pathway=pathway, kind="exam_done", detail="scanner", occurred_at=now - timedelta(hours=2), author=None
    )
    pathways.record_milestone(pathway=pathway, kind="death", occurred_at=now - timedelta(hours=1), author=None)
    pathways.withdraw_milestone(milestone=fact, author=desk.coordinator, note="Autre patient")
    place.refresh_from_db()
    assert place.status == "withdrawn"
    WaitingPlace.objects.filter(pk=place.pk).update(status="waiting", ended_at=None, end_reason="")
    desk.slot()
    services.offer_freed_places(now=timezone.now())
    assert not WaitingOffer.objects.exists()


# --- what nobody answered is offered again ----------------------------------------------------------------------------
def offers_to(place: WaitingPlace) -> list[WaitingOffer]:
    services.offer_freed_places(now=timezone.now())
    return list(WaitingOffer.objects.filter(place=place, answer="open"))


def test_a_slot_that_moves_is_offered_again_at_its_new_hour(desk: Desk) -> None:
    day = timezone.localdate() + timedelta(days=10)
    series = desk.series(valid_until=day)
    place = wait(desk, desk.pathway())
    (offer,) = offers_to(place)
    services.edit_series(
        series=series, values=replace(services.values_of(series), starts_at=time(15)), user=desk.coordinator
    )
    offer.refresh_from_db()
    assert offer.answer == "withdrawn"
    (again,) = offers_to(place)
    assert (again.slot, timezone.localtime(again.slot.starts_at).hour) == (offer.slot, 15)


def test_a_place_not_answered_because_another_was_booked_is_offered_again(desk: Desk) -> None:
    slots, pathway = [desk.slot(), desk.slot(in_days=12)], desk.pathway()
    place = wait(desk, pathway)
    (offer,) = offers_to(place)
    booked = desk.booking(next(slot for slot in slots if slot != offer.slot), pathway)
    services.cancel_booking(booking=booked, user=desk.technician, code="machine_down")
    Slot.objects.filter(pk=booked.slot_id).update(release_at=timezone.now())
    assert [each.slot for each in offers_to(place)] == [offer.slot]


def test_a_place_declined_is_offered_no_more(desk: Desk) -> None:
    desk.slot()
    place = wait(desk, desk.pathway())
    (offer,) = offers_to(place)
    services.answer_offer(offer=offer, accept=False, user=desk.coordinator, why="Trop loin")
    assert offers_to(place) == []


def test_the_list_is_read_while_somebody_leaves_it(desk: Desk, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """The page reads who waits, then their ranks: whoever is served in between is on it no more."""
    stays, leaves = wait(desk, desk.pathway()), wait(desk, desk.pathway())
    real = offers.ranks

    def meanwhile(*given: Any) -> Any:
        return {pk: rank for pk, rank in real(*given).items() if pk != leaves.pk}

    monkeypatch.setattr("coordination.readings.waiting.ranks_of", meanwhile)
    client.force_login(desk.coordinator)
    page = client.get(reverse("coordination:waiting"))
    assert [[each.place for each in found.waiters] for found in page.context["lists"]] == [[stays]]
    monkeypatch.setattr("coordination.api.views.ranks", meanwhile)
    answer = client.get(reverse("api:waiting"))
    assert [each["uuid"] for each in answer.json()] == [str(stays.uuid)]
    read = AccessLog.objects.filter(
        user=desk.coordinator, what="Liste d’attente", patient_uuid=stays.pathway.patient.uuid
    )
    assert read.count() == 2, "on the page and by a program"


def test_the_booking_page_says_what_the_patient_waits_for_and_what_is_proposed(desk: Desk, client: Client) -> None:
    slot, pathway = desk.slot(), desk.pathway()
    offers_to(wait(desk, pathway))
    client.force_login(desk.coordinator)
    page = client.get(reverse("coordination:book", args=[pathway.uuid]))
    assert [[each.slot for each in place.proposed] for place in page.context["waits"]] == [[slot]]
    assert "Attend une place" in page.content.decode() and "Place proposée" in page.content.decode()


def test_the_board_and_the_slot_say_that_a_place_is_proposed(desk: Desk, client: Client) -> None:
    slot = desk.slot()
    offers_to(wait(desk, desk.pathway()))
    client.force_login(desk.coordinator)
    board = reverse("coordination:slots") + f"?semaine={timezone.localdate(slot.starts_at)}"
    for page in (board, reverse("coordination:slot", args=[slot.uuid])):
        assert "1 libre sur 1, 1 proposée" in client.get(page).content.decode()


def test_a_proposal_is_answered_in_the_list_and_not_by_ticking_its_task(desk: Desk) -> None:
    desk.slot()
    place = wait(desk, desk.pathway())
    (offer,) = offers_to(place)
    task = Task.objects.open().get(pathway=place.pathway)
    for act in (
        lambda: services.complete_task(task=task, user=desk.coordinator, outcome="Vu"),
        lambda: services.cancel_task(task=task, user=desk.coordinator, reason="Vu"),
    ):
        with pytest.raises(DomainError, match="Répondez à la proposition"):
            act()
    services.answer_offer(offer=offer, accept=False, user=desk.coordinator, why="Trop loin")
    task.refresh_from_db()
    assert task.status != "open"


@pytest.mark.parametrize("waited_before", [True, False])
def test_a_mark_taken_back_leaves_nobody_waiting_for_what_is_booked(desk: Desk, waited_before: bool) -> None:
    pathway = desk.pathway()
    if waited_before:
        wait(desk, pathway)
    booking = desk.past_booking(pathway=pathway)
    services.mark_missed(booking=booking, user=desk.technician)
    place = wait(desk, pathway)
    services.undo_mark(booking=booking, user=desk.technician)
    place.refresh_from_db()
    assert (place.status, still_waits(pathway)) == ("withdrawn" if waited_before else "served", False)
