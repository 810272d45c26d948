"""Every page of slots names a patient as the platform's day does, and no two of its controls bear one name."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from bs4 import BeautifulSoup
from django.http import HttpResponse
from django.test import Client

from coordination import services
from pathways.models import Pathway
from tests.coordination.factories import Desk, exam
from tests.coordination.laboratories import Lab
from tests.coordination.pages import text, url

pytestmark = pytest.mark.django_db

BORN, USED = "LABROUSSEAU Nicole", "utilisé : MOURGOUX Nicole"


def named(pathway: Pathway) -> Pathway:
    """The same, of a patient who goes by another name than that of her birth."""
    patient = pathway.patient
    patient.birth_name, patient.first_name, patient.used_name = "Labrousseau", "Nicole", "Mourgoux"
    patient.sex = "F"
    patient.save()
    return pathway


def names_of_controls(response: HttpResponse) -> Counter[str]:
    """What a screen reader says of each button and each summary, how many times."""
    main = BeautifulSoup(response.content, "html.parser").find("main")
    controls: Any = main.select("button, summary, [role=button]")  # type: ignore[union-attr]
    said = [each.get("aria-label") or " ".join(each.get_text(" ").split()) for each in controls]
    return Counter(said)


def twice(response: HttpResponse) -> list[str]:
    return [name for name, count in names_of_controls(response).items() if count > 1]


def test_the_traits_in_one_line(desk: Desk) -> None:
    patient = named(desk.pathway()).patient
    assert (patient.civil_name, patient.used_beside) == (BORN, USED)
    assert patient.both_names == f"{BORN}, {USED}"
    patient.used_name = ""
    assert (patient.used_beside, patient.both_names) == ("", BORN)


def test_the_day_of_a_platform(client: Client, desk: Desk) -> None:
    pathway = named(desk.pathway(days_ago=6))
    desk.past_booking(pathway=pathway, hours=4)
    services.mark_done(booking=desk.past_booking("irm", pathway=pathway, hours=3), user=desk.technician)
    services.mark_done(booking=desk.past_booking("tep_scanner", pathway=pathway, hours=2), user=desk.technician)
    client.force_login(desk.technician)
    page = client.get(url("platform"))
    assert text(page).count(BORN) == text(page).count(USED) > 3
    assert twice(page) == []
    assert any("Corriger : IRM" in name and BORN in name and USED in name for name in names_of_controls(page))


def test_booking_waiting_and_telling(nurse: Client, desk: Desk) -> None:
    pathway = named(desk.pathway())
    for hours in (0, 1):
        desk.slot(in_days=3 + hours)
    for code in ("scanner", "irm"):
        services.join_waiting(pathway=pathway, exam_type=exam(code), user=desk.coordinator)
    other = exam("tep_scanner")
    for days in (11, 12):
        lost = desk.booking(desk.slot(exam_type=other, in_days=days), pathway)
        services.cancel_booking(booking=lost, code="transport", user=desk.coordinator)
    for page in (
        nurse.get(url("book", pathway), {"examen": "scanner"}),
        nurse.get(url("waiting")),
        nurse.get(url("to-tell")),
    ):
        assert page.status_code == 200
        assert BORN in text(page) and USED in text(page)
        assert twice(page) == []


def test_requests_of_a_platform_and_of_a_laboratory(client: Client, desk: Desk) -> None:
    pathway = named(desk.pathway())
    for code in ("scanner", "irm"):
        services.ask_exam(
            pathway=pathway, exam_type=exam(code), addressed_to=desk.platform, user=desk.coordinator, step_key=""
        )
    client.force_login(desk.technician)
    page = client.get(url("exam-requests"))
    assert text(page).count(f"<strong>{BORN}</strong>, {USED}") == 2
    assert twice(page) == []
    lab = Lab()
    lab.ask(named(lab.sampled()))
    client.force_login(lab.pathologist)
    inbox = text(client.get(url("laboratory")))
    assert BORN in inbox and USED in inbox
