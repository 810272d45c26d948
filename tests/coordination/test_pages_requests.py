"""The page where a platform answers what it is asked outside its slots (SLT-06, S06)."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from coordination.models import ExamRequest
from directory.models import AccessLog
from pathways.models import Appointment
from tests.coordination.conftest import MONDAY
from tests.coordination.factories import Desk
from tests.coordination.pages import text, url
from tests.coordination.test_exam_requests import ask
from tests.factories import TeamFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def bench(client: Client, desk: Desk) -> Client:
    client.force_login(desk.technician)
    return client


def test_the_nearest_promise_first_and_what_is_late_said(bench: Client, desk: Desk) -> None:
    later, sooner = ask(desk, within="5 working_days"), ask(desk, within="1 working_day")
    elsewhere = ask(desk, addressed_to=TeamFactory(establishment=desk.team.establishment))
    with time_machine.travel(MONDAY + timedelta(days=2)):
        bench.force_login(desk.technician)
        before = AccessLog.objects.count()
        page = bench.get(url("exam-requests"))
    assert [each["request_"] for each in page.context["asked"]] == [sooner, later]
    assert [each["late"] for each in page.context["asked"]] == [True, False]
    assert elsewhere.pathway.patient.birth_name not in text(page)
    assert AccessLog.objects.count() == before + 2, "each patient named is logged"


def test_a_date_is_proposed_in_the_hour_of_the_platform(bench: Client, desk: Desk) -> None:
    asked = ask(desk)
    day = timezone.localdate() + timedelta(days=2)
    bench.post(url("exam-request-propose", asked), {"day": f"{day:%Y-%m-%d}", "hour": "14:30", "place": "Scanner 2"})
    asked.refresh_from_db()
    assert (asked.status, asked.place) == ("proposed", "Scanner 2")
    assert timezone.localtime(asked.proposed_at).strftime("%H:%M") == "14:30"
    assert Appointment.objects.get(origin=asked.uuid).starts_at == asked.proposed_at


def test_a_wrong_date_or_no_reason_loses_nothing_typed(bench: Client, desk: Desk) -> None:
    asked = ask(desk)
    past = {"day": "2026-11-20", "hour": "14:30", "place": "Scanner 2"}
    page = bench.post(url("exam-request-propose", asked), past)
    assert (page.status_code, "Scanner 2" in text(page)) == (422, True)
    assert "Proposez une date à venir" in text(page)
    assert bench.post(url("exam-request-refuse", asked), {"reason": " "}).status_code == 422
    assert ExamRequest.objects.get().status == "asked"


def test_a_refusal_carries_its_reason_and_another_platform_answers_nothing(bench: Client, desk: Desk) -> None:
    asked = ask(desk)
    bench.post(url("exam-request-refuse", asked), {"reason": "Machine en panne"})
    asked.refresh_from_db()
    assert (asked.status, asked.reason) == ("refused", "Machine en panne")
    other = ask(desk, addressed_to=TeamFactory(establishment=desk.team.establishment))
    assert bench.post(url("exam-request-refuse", other), {"reason": "Non"}).status_code == 404
