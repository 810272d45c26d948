"""A promise about to be broken is an alert: none silent, none beside the alert of a step that says the same."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from coordination import services, tasks
from coordination.models import ExamRequest, LabAgreement, Task
from coordination.rules.promises import Awaited, Promise, Spoken, lab_promise
from pathways import services as pathways
from pathways.models import Alert, Pathway, Watch
from pathways.rules.calendar import Calendar
from pathways.rules.milestones import MilestoneKind as Kind
from tests.coordination.conftest import MONDAY
from tests.coordination.factories import Desk, exam
from tests.coordination.laboratories import Lab
from tests.coordination.pages import text

pytestmark = pytest.mark.django_db

SECOND = timedelta(seconds=1)


def levels(pathway: Pathway, now: datetime) -> list[int]:
    """Levels of the open alerts of promises once the scan has passed at ``now``."""
    pathways.scan_delays(now=now)
    return list(Alert.objects.open().filter(pathway=pathway, kind="promise").values_list("level", flat=True))


# --- a platform -------------------------------------------------------------------------------------------------------
def ask(desk: Desk, pathway: Pathway, **options: Any) -> ExamRequest:
    options = {"addressed_to": desk.platform, "within": "2 working_days", "step_key": "ct", **options}
    return services.ask_exam(pathway=pathway, exam_type=exam(), user=desk.coordinator, **options)


def test_a_platform_about_to_break_its_promise_then_breaking_it_then_for_the_head(desk: Desk) -> None:
    pathway = desk.pathway()
    request = ask(desk, pathway)
    assert request.promised_at
    warned = Watch.objects.get(subject=request.uuid).due_at
    assert MONDAY < warned < request.promised_at
    assert levels(pathway, warned) == []
    assert levels(pathway, warned + SECOND) == [1]
    assert levels(pathway, request.promised_at + SECOND) == [2]
    head_at = Alert.objects.get(subject=request.uuid, level=2).head_at
    assert head_at and head_at > request.promised_at
    assert levels(pathway, head_at + SECOND) == [3]
    assert Alert.objects.open().get(subject=request.uuid).label == "Scanner 1 : Scanner, une date promise"


@pytest.mark.parametrize("end", ["proposed", "refused", "cancelled", "closed", "died"])
def test_whatever_ends_a_request_closes_its_alert(desk: Desk, end: str) -> None:
    pathway, user = desk.pathway(), desk.technician
    request = ask(desk, pathway)
    assert request.promised_at
    assert levels(pathway, request.promised_at + SECOND) == [2]
    if end == "proposed":
        services.propose_date(request=request, starts_at=timezone.now() + timedelta(days=4), user=user)
    elif end == "refused":
        services.refuse_request(request=request, reason="Panne", user=user)
    elif end == "cancelled":
        services.cancel_request(request=request, reason="Fait ailleurs", user=user)
    elif end == "closed":
        pathways.close_pathway(pathway=pathway, reason="refused", author=None)
    else:
        pathways.record_milestone(pathway=pathway, kind="death", occurred_at=timezone.now())
    assert not Alert.objects.open().filter(subject=request.uuid).exists()
    assert not Watch.objects.filter(subject=request.uuid).exists()


def test_without_a_delay_nothing_is_promised(desk: Desk) -> None:
    ask(desk, desk.pathway(), within="")
    assert not Watch.objects.filter(kind="promise").exists()


def test_what_a_closing_stopped_is_watched_again_when_asked_again(desk: Desk) -> None:
    pathway = desk.pathway()
    ask(desk, pathway)
    pathways.close_pathway(pathway=pathway, reason="refused", author=None)
    pathways.reopen_pathway(pathway=pathway, author=desk.coordinator, reason="revient")
    assert tasks.watch_promises() == 0
    again = ask(desk, pathway)
    assert Watch.objects.get(kind="promise").subject == again.uuid


def test_the_step_is_another_fact_and_tells_what_was_promised(
    nurse: Client, desk: Desk, django_assert_max_num_queries: Any
) -> None:
    pathway = desk.pathway(days_ago=15)
    overdue = pathway.steps.filter(state="open", optional=False, due_at__lt=timezone.now())
    step = overdue.exclude(exam_type="").order_by("due_at")[0]
    services.ask_exam(
        pathway=pathway, exam_type=exam(step.exam_type), addressed_to=desk.platform, within="2 working_days",
        user=desk.coordinator, step_key=step.step_key,
    )  # fmt: skip
    pathways.scan_delays(now=timezone.now())
    with django_assert_max_num_queries(30):
        page = text(nurse.get("/alertes/?liste=equipe"))
    assert "Promis par Scanner 1 avant mer. 25 nov. à 23 h 59 : une date" in page
    assert Task.objects.filter(title__startswith="Relancer").count() == 0


# --- a laboratory: the rule -------------------------------------------------------------------------------------------
ASKED_AT = datetime(2026, 11, 2, 9, tzinfo=UTC)


def promise(silent: bool, awaited: list[Awaited], spoken: list[Spoken], day: float = 0) -> Promise | None:
    now = ASKED_AT + timedelta(days=day)
    return lab_promise(
        requested_at=ASKED_AT, reception="Accueil", silent=silent, awaited=awaited, spoken=spoken, calendar=Calendar(),
        now=now,
    )  # fmt: skip


def until(code: str, days: float | None) -> Awaited:
    return Awaited(code, code.title(), "Labo", None if days is None else ASKED_AT + timedelta(days=days))


def says(days: float, kind: Kind, detail: str = "") -> Spoken:
    return Spoken(ASKED_AT + timedelta(days=days), frozenset({(kind, detail)}))


def test_the_first_answer_is_promised_at_four_days_then_each_result() -> None:
    first = promise(True, [until("histologie", 10)], [])
    assert first and (first.at.day, first.label) == (6, "Accueil : première réponse, promise à J+4")
    then = promise(False, [until("histologie", 10), until("genetique", 13), until("autre", None)], [])
    assert then and (then.at.day, then.label) == (12, "Labo : Histologie, résultat promis")
    assert promise(False, [until("autre", None)], []) is None


def test_a_step_that_speaks_in_time_speaks_for_both() -> None:
    awaited = [until("histologie", 10)]
    assert promise(False, awaited, [says(8, Kind.LAB_FINAL, "histologie")]) is None
    assert promise(False, awaited, [says(8, Kind.LAB_FINAL)]) is None
    assert promise(False, awaited, [says(8, Kind.LAB_FINAL, "genetique")]), "another exam's step"
    assert promise(False, awaited, [says(8, Kind.LAB_INTERMEDIATE)]), "the first answer has come already"
    assert promise(True, [], [says(3, Kind.LAB_INTERMEDIATE)]) is None


def test_a_step_that_speaks_later_takes_over_when_it_does() -> None:
    awaited, late_step = [until("histologie", 10)], [says(14, Kind.LAB_FINAL, "histologie")]
    assert promise(False, awaited, late_step, day=11)
    assert promise(False, awaited, late_step, day=15) is None


# --- a laboratory: the alerts -----------------------------------------------------------------------------------------
def alerts(pathway: Pathway, at: datetime) -> set[tuple[str, str]]:
    """(kind, step or words) of the open alerts about the laboratory, as the jobs leave them at ``at``."""
    with time_machine.travel(at):
        pathways.scan_delays(now=at)
        services.watch_promises(now=at)
        pathways.scan_delays(now=at)
    found = Alert.objects.open().filter(pathway=pathway, kind__in=["late", "warning", "promise", "result_awaited"])
    rows = found.values_list("kind", "step__step_key", "label")
    return {(kind, key or label) for kind, key, label in rows if kind == "promise" or (key or "").startswith("lab_")
            or key in ("histology", "molecular")}  # fmt: skip


def test_what_the_target_expects_is_told_by_its_steps_alone() -> None:
    lab, now = Lab(), timezone.now()
    request = lab.ask()
    assert not Watch.objects.filter(kind="promise").exists()
    found = alerts(request.pathway, now + timedelta(days=5))
    assert ("late", "lab_news") in found
    assert not {each for each in found if each[0] == "promise"}


def test_what_no_step_expects_is_an_alert_of_its_own() -> None:
    lab, now = Lab(), timezone.now()
    exams = {"histologie": lab.histology, "cytogenetique": lab.histology}
    LabAgreement.objects.update(within="13 days")
    request = lab.ask(exams=exams)
    lab.say(lab.share(request, lab.histology), "intermediate", ["histologie"])
    label = "Anatomopathologie : Cytogénétique, résultat promis"
    assert Watch.objects.get(kind="promise").label == label
    assert ("promise", label) not in alerts(request.pathway, now + timedelta(days=11))
    assert ("promise", label) in alerts(request.pathway, now + timedelta(days=14))
    with time_machine.travel(now + timedelta(days=14)):
        lab.say(lab.share(request, lab.histology), "final", ["cytogenetique"])
    assert not Alert.objects.open().filter(kind="promise").exists()
    assert not Watch.objects.filter(kind="promise").exists(), "histology is its step's"


def test_an_answer_taken_back_is_awaited_again() -> None:
    lab = Lab()
    request = lab.ask(exams={"cytogenetique": lab.histology})
    share = lab.share(request, lab.histology)
    lab.say(share, "intermediate")
    assert Watch.objects.filter(kind="promise", subject=request.uuid).exists()
    (answer,) = lab.say(share, "final")
    assert not Watch.objects.filter(kind="promise").exists()
    services.correct_answer(share=share, act=answer.act, reason="Erreur", said_by="Dr Lame", user=lab.pathologist)
    assert Watch.objects.filter(kind="promise", subject=request.uuid).exists()


def test_a_request_taken_back_is_awaited_no_more() -> None:
    lab = Lab("instadiag-poumon")
    request = lab.ask(exams={"histologie": lab.histology}, sent_at=None)
    pathways.skip_step(step=request.pathway.steps.get(step_key="lab_intermediate"), reason="Sans objet", author=None)
    services.sync_promises(pathways_of=[request.pathway_id])
    assert Watch.objects.get(kind="promise").label == "Anatomopathologie : première réponse, promise à J+4"
    services.cancel_lab_request(request=request, reason="Doublon", user=lab.nurse)
    assert not Watch.objects.filter(kind="promise").exists()


def test_a_late_result_says_which_laboratory_promised_it(client: Client) -> None:
    lab, now = Lab(), timezone.now()
    request = lab.ask()
    assert ("late", "histology") in alerts(request.pathway, now + timedelta(days=11))
    with time_machine.travel(now + timedelta(days=11)):
        client.force_login(lab.nurse)
        page = text(client.get("/alertes/?liste=equipe"))
    assert "Promis par Anatomopathologie avant jeu. 3 déc. à 23 h 59 : histologie" in page
