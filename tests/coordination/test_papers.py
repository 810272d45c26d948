"""The day's list as a paper: what it says, its bounds, who reads it, and that a crash neither loses nor doubles it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from kombu.exceptions import OperationalError as BrokerDown
from pypdf import PdfReader

from coordination import services, tasks
from coordination.models import DeskPaper
from coordination.papers import daily
from coordination.querysets.worklist import Scope
from directory.errors import DomainError
from directory.models import AccessLog, Role
from pathways.models import Pathway
from pathways.papers.printer import Printed
from tests.coordination.factories import Desk
from tests.coordination.pages import text, url
from tests.factories import PatientFactory, ProfessionalFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def asked(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    calls: list[int] = []
    monkeypatch.setattr(tasks.print_paper, "apply_async", lambda args, **options: calls.append(args[0]))
    return calls


@pytest.fixture
def known(desk: Desk) -> Pathway:
    """A pathway with everything a line may say."""
    gp = ProfessionalFactory(gp=True, last_name="Traitant-Essai", phone="0299000000")
    patient = PatientFactory(establishment=desk.team.establishment, gp=gp, birth_name="PAPIER", phone="0639980001")
    pathway = desk.pathway(patient=patient, days_ago=9)
    services.record_contact(pathway=pathway, author=desk.coordinator, outcome="message", note="Rappelle jeudi")
    services.create_task(pathway=pathway, title="Demander le compte rendu", due_on=timezone.localdate())
    return pathway


def request(desk: Desk, listed: str = "toutes", **scope: Any) -> DeskPaper:
    return services.request_daily_list(
        user=desk.coordinator, title="Liste du jour", listed=listed, scope=Scope(**scope)
    )


def printed(desk: Desk, listed: str = "toutes", **scope: Any) -> BeautifulSoup:
    found = daily.gather(desk.coordinator, listed, Scope(**scope), timezone.now())
    html = daily.daily_html(found, title="Liste du jour", user=desk.coordinator, at=timezone.now())
    return BeautifulSoup(html, "html.parser")


def said(page: BeautifulSoup) -> str:
    return " ".join(page.get_text(" ").replace("\u00a0", " ").split())


# --- what it says ---------------------------------------------------------------------------------------------------
def test_a_line_holds_what_a_call_needs(desk: Desk, known: Pathway) -> None:
    line = said(printed(desk).select_one("tbody tr"))  # type: ignore[arg-type]
    for expected in (
        "PAPIER", known.patient.file_number, f"{known.patient.birth_date:%d/%m/%Y}", "06 39 98 00 01", "Traitant-Essai",
        "02 99 00 00 00", "en retard de", "Rappelle jeudi", "Demander le compte rendu", str(desk.coordinator),
    ):  # fmt: skip
        assert expected in line, expected


def test_the_sheet_says_when_it_was_printed_by_whom_and_has_room_for_notes(desk: Desk, known: Pathway) -> None:
    page = printed(desk)
    assert "Imprimée le 23/11/2026 à 10 h" in said(page)
    assert str(desk.coordinator) in said(page)
    assert page.select_one("td.hand") is not None
    assert page.html and page.html["lang"] == "fr"
    assert all(cell.get("scope") for cell in page.select("th"))


def test_it_is_the_list_on_screen(nurse: Client, desk: Desk, known: Pathway) -> None:
    later = desk.pathway(days_ago=0, birth_name="PLUSTARD")
    other = Desk().pathway(days_ago=9, birth_name="AILLEURS")
    for listed in ("toutes", "en-retard"):
        screen = text(nurse.get(reverse("coordination:worklist"), {"liste": listed}))
        paper = said(printed(desk, listed))
        for pathway in (known, later, other):
            name = pathway.patient.birth_name
            assert (name in paper) is (name in screen), (listed, name)


def test_it_is_bounded_and_says_so(desk: Desk, known: Pathway, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.pathway(days_ago=2)
    monkeypatch.setattr(daily, "MOST_ROWS", 1)
    page = printed(desk)
    assert len(page.select("tbody tr")) == 1
    assert "les 1 premiers sur 2" in said(page)


def test_it_costs_the_same_whatever_the_data(desk: Desk, known: Pathway, django_assert_max_num_queries: Any) -> None:
    user = type(desk.coordinator).objects.get(pk=desk.coordinator.pk)

    def cost() -> int:
        with django_assert_max_num_queries(12) as queries:
            daily.gather(user, "toutes", Scope(), timezone.now())
        return len(queries)

    before = cost()
    for days in range(4):
        gp = ProfessionalFactory(gp=True)
        pathway = desk.pathway(patient=PatientFactory(establishment=desk.team.establishment, gp=gp), days_ago=days)
        services.create_task(pathway=pathway, title="Une", owner=desk.coordinator)
    assert cost() <= before


def test_it_is_a_pdf_for_everyone_on_wide_sheets(desk: Desk, known: Pathway) -> None:
    paper = request(desk)
    assert services.produce_paper(paper_id=paper.pk) == "ready"
    paper.refresh_from_db()
    reader = PdfReader(paper.file.path)
    assert b"pdfuaid:part" in reader.trailer["/Root"]["/Metadata"].get_data()
    box = reader.pages[0].mediabox
    assert (round(box.width), round(box.height)) == (842, 595), "A4 landscape"
    assert "Page 1 sur 1" in reader.pages[0].extract_text()
    assert paper.pages == 1
    assert paper.patients == [known.patient.uuid]


# --- asking, making -------------------------------------------------------------------------------------------------
def test_asking_twice_makes_one(
    nurse: Client, desk: Desk, known: Pathway, asked: list[int], django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        for _ in range(2):
            answer = nurse.post(reverse("coordination:daily-list"), {"liste": "en-retard", "qui": "moi"})
    paper = DeskPaper.objects.get()
    assert answer["Location"] == url("paper", paper)
    assert (paper.listed, paper.mine, paper.title) == ("en-retard", True, "Liste du jour : En retard, mes patients")
    assert asked == [paper.pk]
    assert request(desk, "toutes") != paper, "another list is another paper"


def test_redis_away_is_no_failure(
    desk: Desk, known: Pathway, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    def away(**options: Any) -> None:
        raise BrokerDown

    monkeypatch.setattr(tasks.print_paper, "apply_async", away)
    with django_capture_on_commit_callbacks(execute=True):
        paper = request(desk)
    assert paper.status == "pending"
    calls: list[int] = []
    monkeypatch.setattr(tasks.print_paper, "apply_async", lambda args, **options: calls.append(args[0]))
    assert services.requeue_papers(now=timezone.now()) == 0, "too early"
    assert services.requeue_papers(now=timezone.now() + timedelta(minutes=1)) == 1
    assert calls == [paper.pk]


def test_a_failure_is_told_and_taken_up_again(
    nurse: Client, desk: Desk, known: Pathway, monkeypatch: pytest.MonkeyPatch
) -> None:
    paper = request(desk)

    def breaks(*args: Any, **options: Any) -> Printed:
        raise ValueError("PAPIER")

    with monkeypatch.context() as broken:
        broken.setattr(daily, "print_daily", breaks)
        assert services.produce_paper(paper_id=paper.pk) == "failed"
    page = text(nurse.get(url("paper", paper)))
    assert "La mise en page a échoué" in page
    assert "PAPIER" not in page
    assert nurse.get(url("paper-file", paper)).status_code == 404
    nurse.post(url("paper-retry", paper))
    assert services.produce_paper(paper_id=paper.pk) == "ready"
    assert services.produce_paper(paper_id=paper.pk) == "idle"
    with pytest.raises(DomainError, match="pas en erreur"):
        services.retry_paper(paper=paper)


def test_one_that_kills_its_workers_is_given_up(desk: Desk, known: Pathway) -> None:
    paper = request(desk)
    DeskPaper.objects.filter(pk=paper.pk).update(status="running", attempts=3)
    assert services.produce_paper(paper_id=paper.pk) == "idle"
    paper.refresh_from_db()
    assert (paper.status, paper.error) == ("failed", "La préparation a été interrompue plusieurs fois.")


# --- reading --------------------------------------------------------------------------------------------------------
def test_only_its_author_reads_it_and_each_patient_in_it_is_logged(nurse: Client, desk: Desk, known: Pathway) -> None:
    desk.pathway(days_ago=2)
    paper = request(desk)
    services.produce_paper(paper_id=paper.pk)
    nurse.get(url("paper", paper))
    assert not AccessLog.objects.exists(), "the state of a paper names nobody"
    answer = nurse.get(url("paper-file", paper))
    assert answer["Content-Type"] == "application/pdf"
    assert "PAPIER" not in answer["Content-Disposition"]
    assert b"".join(answer.streaming_content).startswith(b"%PDF")  # type: ignore[arg-type]
    paper.refresh_from_db()
    assert set(AccessLog.objects.values_list("patient_uuid", flat=True)) == set(paper.patients)
    assert len(paper.patients) == 2
    colleague = Client()
    colleague.force_login(UserFactory(role=Role.COORDINATOR, team=desk.team))
    assert colleague.get(url("paper-file", paper)).status_code == 404


def test_a_list_is_erased_after_two_days(desk: Desk, known: Pathway) -> None:
    paper = request(desk)
    services.produce_paper(paper_id=paper.pk)
    paper.refresh_from_db()
    path = Path(paper.file.path)
    assert services.erase_daily_lists(now=timezone.now() + timedelta(hours=47)) == 0
    assert services.erase_daily_lists(now=timezone.now() + timedelta(hours=49)) == 1
    paper.refresh_from_db()
    assert (paper.status, bool(paper.file), path.exists()) == ("expired", False, False)
