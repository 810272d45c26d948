"""The appointment changes while the patient is on the phone: they know what was said, the rest is still to say."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from coordination import services
from coordination.models import Booking, ExamRequest, Task
from directory.errors import DomainError
from directory.models import OutboxMessage
from pathways.models import Pathway
from tests.coordination.factories import Desk
from tests.coordination.pages import text, url
from tests.coordination.test_request_ends import dated, open_titles, told

pytestmark = pytest.mark.django_db


def given(desk: Desk, request: ExamRequest, days: int, place: str = "") -> ExamRequest:
    """The platform gives another date, or another place."""
    at = timezone.now().replace(microsecond=0) + timedelta(days=days)
    return services.propose_date(request=request, starts_at=at, place=place, user=desk.technician)


def told_of(desk: Desk, request: ExamRequest, seen: str) -> ExamRequest:
    return services.confirm_date(request=request, how="phone", user=desk.coordinator, seen=seen)


class TestDates:
    def test_told_of_a_date_that_changed_meanwhile_they_are_still_to_be_told_of_the_other(self, desk: Desk) -> None:
        request = dated(desk)
        on_the_phone, seen = request.proposed_at, request.version
        other = given(desk, request, 4)
        made = told_of(desk, request, seen)
        assert (made.known_at, made.told_how) == (on_the_phone, "phone")
        assert made.to_tell_since is not None
        (title,) = open_titles(request.pathway)
        assert "déplacé au" in title
        assert told_of(desk, request, other.version).to_tell_since is None
        assert open_titles(request.pathway) == []

    @pytest.mark.parametrize("end", ["refuse", "take_back", "withdraw"])
    def test_told_of_a_first_date_that_fell_meanwhile_they_are_told_that_it_fell(self, desk: Desk, end: str) -> None:
        request = dated(desk)
        seen = request.version
        act = {
            "refuse": services.refuse_request, "take_back": services.take_back_date, "withdraw": services.cancel_request
        }[end]  # fmt: skip
        act(request=request, reason="Panne", user=desk.coordinator)
        told_of(desk, request, seen)
        (title,) = [each for each in open_titles(request.pathway) if each.startswith("Prévenir")]
        assert title.endswith("annulé")
        assert told(desk, request).to_tell_since is None

    def test_told_that_it_fell_while_another_came_they_know_of_none(self, desk: Desk) -> None:
        request = told(desk, dated(desk))
        fallen = services.take_back_date(request=request, reason="Panne", user=desk.technician).version
        given(desk, request, 5)
        assert told_of(desk, request, fallen).known_at is None
        assert [each for each in open_titles(request.pathway) if each.startswith("Prévenir")]

    def test_back_to_the_date_they_were_told_of_nothing_is_left_to_say(self, desk: Desk) -> None:
        request = dated(desk)
        first, seen = request.proposed_at, request.version
        given(desk, request, 4)
        services.propose_date(request=request, starts_at=first, user=desk.technician)
        assert told_of(desk, request, seen).to_tell_since is None
        assert open_titles(request.pathway) == []

    @pytest.mark.parametrize("seen", ["", "x", "proposed", "proposed|demain|", "proposed||", "booked|2026|", "|" * 9])
    def test_a_version_nobody_wrote_is_refused(self, desk: Desk, seen: str) -> None:
        request = dated(desk)
        with pytest.raises(DomainError) as refused:
            told_of(desk, request, seen)
        assert refused.value.code == "outdated"
        request.refresh_from_db()
        assert request.told_at is None

    def test_what_the_desk_or_the_platform_does_of_a_date_is_done_of_the_date_it_saw(self, desk: Desk) -> None:
        request = dated(desk)
        seen = request.version
        given(desk, request, 6)
        acts = (
            services.decline_date, services.cancel_request, services.take_back_date, services.refuse_request
        )  # fmt: skip
        for act in acts:
            with pytest.raises(DomainError, match="a changé depuis") as refused:
                act(request=request, reason="Travail", user=desk.coordinator, seen=seen)
            assert refused.value.code == "outdated"
        with pytest.raises(DomainError) as refused:
            services.propose_date(request=request, starts_at=timezone.now() + timedelta(days=9), user=None, seen=seen)
        assert refused.value.code == "outdated"
        now = ExamRequest.objects.get(pk=request.pk)
        assert (now.status, now.reason) == ("proposed", "")
        services.decline_date(request=request, reason="Travail", user=desk.coordinator, seen=now.version)


class TestPlaces:
    def test_at_the_same_hour_elsewhere_the_patient_is_told_where(self, desk: Desk) -> None:
        request = dated(desk)
        at = request.proposed_at
        assert at is not None
        services.propose_date(request=request, starts_at=at, place="Scanner 1", user=desk.technician)
        told(desk, request)
        services.propose_date(request=request, starts_at=at, place="Scanner 2, bâtiment B", user=desk.technician)
        (title,) = open_titles(request.pathway)
        assert title.endswith("nouveau lieu : Scanner 2, bâtiment B")
        assert told(desk, request).known_place == "Scanner 2, bâtiment B"
        assert open_titles(request.pathway) == []
        services.propose_date(request=request, starts_at=at, user=desk.technician)
        (title,) = open_titles(request.pathway)
        assert title.endswith("nouveau lieu : Scanner 1 Équipe") or "nouveau lieu" in title

    def test_told_the_old_place_they_are_to_be_told_the_new(self, desk: Desk) -> None:
        request = dated(desk)
        seen, at = request.version, request.proposed_at
        assert at is not None
        services.propose_date(request=request, starts_at=at, place="Scanner 2", user=desk.technician)
        assert told_of(desk, request, seen).to_tell_since is not None
        assert "nouveau lieu : Scanner 2" in open_titles(request.pathway)[0]


class TestMails:
    @pytest.fixture
    def agreed(self, desk: Desk) -> Pathway:
        pathway = desk.pathway(email="patient@courriel.invalid")
        services.agree_to_mails(patient=pathway.patient, user=desk.coordinator)
        return pathway

    def kinds(self) -> list[str]:
        return [each.kind for each in OutboxMessage.objects.filter(kind__startswith="patient_").order_by("pk")]

    @pytest.mark.parametrize("by", ["another_date", "taken_back"])
    def test_a_mail_that_left_is_put_right_when_the_date_comes_back(self, desk: Desk, agreed: Pathway, by: str) -> None:
        request = told(desk, dated(desk, agreed))
        first = request.proposed_at
        assert first is not None
        if by == "another_date":
            given(desk, request, 4)
        else:
            services.take_back_date(request=request, reason="Panne", user=desk.technician)
        OutboxMessage.objects.update(sent_at=timezone.now())
        services.propose_date(request=request, starts_at=first, user=desk.technician)
        assert self.kinds()[-1] == "patient_booked"
        (title,) = [each for each in open_titles(agreed) if each.startswith("Prévenir")]
        assert title.endswith("maintenu, malgré le message reçu")
        told(desk, request)
        assert not [each for each in open_titles(agreed) if each.startswith("Prévenir")]
        assert self.kinds().count("patient_booked") == 1, "what was put right is not written again"

    def test_a_mail_that_had_not_left_does_not_leave(self, desk: Desk, agreed: Pathway) -> None:
        request = told(desk, dated(desk, agreed))
        first = request.proposed_at
        assert first is not None
        given(desk, request, 4)
        assert self.kinds() == ["patient_moved"]
        services.propose_date(request=request, starts_at=first, user=desk.technician)
        assert self.kinds() == []
        assert open_titles(agreed) == []


class TestPages:
    def test_the_list_says_that_the_date_changed_and_keeps_the_patient(self, nurse: Client, desk: Desk) -> None:
        request = dated(desk)
        seen = request.version
        assert seen in nurse.get(url("to-tell")).content.decode()
        given(desk, request, 4, "Salle 3")
        sent = {"how": "phone", "seen": seen, "back": url("to-tell")}
        page = text(nurse.post(url("exam-request-told", request), sent, follow=True))
        assert "la demande a changé pendant ce temps" in page and "Rappelez le patient" in page
        assert str(request.pathway.patient) in page and "Salle 3" in page

    def test_forms_carry_what_they_showed(self, nurse: Client, desk: Desk) -> None:
        request = dated(desk)
        seen = request.version
        page = nurse.get(url("exam-request", request)).content.decode()
        assert page.count(f'name="seen" value="{seen}"') == 3
        given(desk, request, 4)
        answer = nurse.post(url("exam-request-decline", request), {"reason": "Il travaille", "seen": seen})
        assert answer.status_code == 422
        assert "la date est maintenant" in text(answer) and "Il travaille" in answer.content.decode()
        nurse.force_login(desk.technician)
        assert nurse.get(url("exam-requests")).content.decode().count('name="seen"') == 3
        answer = nurse.post(url("exam-request-take-back", request), {"reason": "Panne", "seen": seen})
        assert answer.status_code == 422 and "la date est maintenant" in text(answer)

    def test_a_move_told_while_it_was_cancelled_is_not_the_cancellation(self, nurse: Client, desk: Desk) -> None:
        moved = services.move_booking(
            booking=desk.booking(desk.slot()), to=desk.slot(in_days=12), code="machine_down", user=desk.coordinator,
            request_key=uuid4(),
        )  # fmt: skip
        seen = Booking.objects.get(pk=moved.pk).version
        assert seen in nurse.get(url("to-tell")).content.decode()
        services.cancel_booking(booking=moved, code="machine_down", user=desk.technician)
        page = text(nurse.post(url("booking-told", moved), {"how": "phone", "seen": seen}, follow=True))
        assert "est annulé. Rappelez le patient" in page
        assert str(moved.patient) in page
        assert Task.objects.open().filter(title__startswith="Prévenir").count() == 1
        now = Booking.objects.get(pk=moved.pk).version
        nurse.post(url("booking-told", moved), {"how": "phone", "seen": now})
        assert not Task.objects.open().filter(title__startswith="Prévenir").exists()

    def test_a_move_told_while_it_moved_again_says_where(self, nurse: Client, desk: Desk) -> None:
        first = desk.booking(desk.slot())
        rows = [first]
        for days in (12, 14):
            rows.append(services.move_booking(
                booking=rows[-1], to=desk.slot(in_days=days), code="machine_down", user=desk.coordinator,
                request_key=uuid4(),
            ))  # fmt: skip
        seen = f"booked|{rows[1].slot.starts_at.isoformat()}"
        page = text(nurse.post(url("booking-told", rows[1]), {"how": "phone", "seen": seen}, follow=True))
        assert "il est maintenant" in page and "Rappelez le patient" in page
        assert Task.objects.open().filter(title__startswith="Prévenir").count() == 1


def test_a_program_is_told_too(nurse: Client, desk: Desk) -> None:
    request = dated(desk)
    read = nurse.get(f"/api/exam-requests/{request.uuid}/").json()
    assert read["version"] == request.version
    given(desk, request, 4)
    sent = {"how": "phone", "version": read["version"]}
    answer = nurse.post(f"/api/exam-requests/{request.uuid}/confirm/", sent, content_type="application/json").json()
    assert answer["to_tell_since"] is not None
    assert datetime.fromisoformat(answer["known_at"]) == datetime.fromisoformat(read["proposed_at"])
    sent = {"reason": "Travail", "version": read["version"]}
    answer = nurse.post(f"/api/exam-requests/{request.uuid}/decline/", sent, content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (422, "outdated")
