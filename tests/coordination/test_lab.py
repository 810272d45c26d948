"""The laboratory: requests, the split sample, answers and all that follows (LAB-01..09, S01, S06)."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
import time_machine
from django.db import IntegrityError, InternalError, connection, transaction
from django.utils import timezone

from coordination import services
from coordination.models import LabAnswer, LabCorrection, LabForm, LabRequest, Task
from coordination.services.lab_forms import install_lab_forms
from coordination.services.lab_links import token_for
from directory.errors import DomainError
from directory.models import OutboxMessage
from pathways import services as pathways
from pathways.models import Milestone
from tests.coordination.conftest import MONDAY
from tests.coordination.laboratories import ANSWERS, Lab, facts, state

pytestmark = pytest.mark.django_db


@pytest.fixture
def lab() -> Lab:
    return Lab()


@pytest.fixture
def asked(lab: Lab) -> LabRequest:
    return lab.ask()


# --- asking ---------------------------------------------------------------------------------------------------------
def test_one_request_one_sample_two_laboratories_each_with_its_promise(lab: Lab, asked: LabRequest) -> None:
    assert facts(asked.pathway) == [("lab_requested", ""), ("sample_sent", "")]
    here, away = lab.share(asked, lab.histology), lab.share(asked, lab.molecular)
    assert (here.is_reception, away.is_reception) == (True, False)
    assert [each.exam for each in away.exams.all()] == ["biologie_moleculaire"]
    promised = away.exams.get().promised_at
    assert promised and (timezone.localdate(promised) - timezone.localdate()).days == 13


def test_each_laboratory_is_written_to_without_a_name_or_a_clinical_word(lab: Lab, asked: LabRequest) -> None:
    posted = OutboxMessage.objects.filter(kind="lab_request")
    assert set(posted.values_list("recipient", flat=True)) == {lab.histology.email, lab.molecular.email}
    for message in posted:
        assert "/analyse/" in message.body
        for secret in (asked.pathway.patient.birth_name, "1960", "lymphome", "ganglion", "histologie", "moléculaire"):
            assert secret.lower() not in f"{message.subject} {message.body}".lower(), secret


def test_the_same_form_sent_twice_asks_once(lab: Lab) -> None:
    pathway, key = lab.sampled(), uuid4()
    assert lab.ask(pathway, request_key=key) == lab.ask(pathway, request_key=key)
    assert OutboxMessage.objects.filter(kind="lab_request").count() == 2


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"answers": {}}, "q_context"),
        ({"suspected": " "}, "suspected"),
        ({"exams": {}}, "exams"),
        ({"reply_email": "équipe"}, "reply_email"),
        ({"site": ""}, "site"),
        ({"nature": "other"}, "nature"),
        ({"taken_at": MONDAY + timedelta(days=1)}, "taken_at"),
        ({"sent_at": MONDAY - timedelta(days=9)}, "sent_at"),
    ],
)
def test_what_a_laboratory_needs_is_mandatory(lab: Lab, given: dict, field: str) -> None:
    with pytest.raises(DomainError) as refused:
        lab.ask(**given)
    assert refused.value.field == field
    assert not LabRequest.objects.exists()
    assert not OutboxMessage.objects.filter(kind="lab_request").exists()


def test_a_laboratory_is_asked_only_what_it_does(lab: Lab) -> None:
    with pytest.raises(DomainError) as refused:
        lab.ask(exams={"histologie": lab.molecular})
    assert refused.value.field == "exam_histologie"
    with pytest.raises(DomainError, match="ne propose pas"):
        lab.ask(sheet="poumon", exams={"cytogenetique": lab.histology})


def test_forms_are_installed_once_and_never_changed() -> None:
    before = LabForm.objects.count()
    install_lab_forms()
    assert LabForm.objects.count() == before == 3
    with pytest.raises(InternalError), transaction.atomic():
        LabForm.objects.update(label="Autre")


def test_the_sending_said_later_starts_the_clocks_of_the_target(lab: Lab) -> None:
    asked = lab.ask(sent_at=None)
    assert state(asked.pathway, "sample_sent") == "open"
    services.mark_sample_sent(sample=asked.sample, sent_at=timezone.now(), user=lab.nurse)
    assert state(asked.pathway, "sample_sent") == "done"
    news = asked.pathway.steps.get(step_key="lab_news")
    assert news.due_at and (timezone.localdate(news.due_at) - timezone.localdate()).days == 3
    with pytest.raises(DomainError, match="déjà noté"):
        services.mark_sample_sent(sample=asked.sample, sent_at=timezone.now(), user=lab.nurse)


def test_a_sending_withdrawn_in_the_file_is_to_be_said_again(lab: Lab, asked: LabRequest) -> None:
    sent = Milestone.objects.get(pathway=asked.pathway, kind="sample_sent")
    pathways.withdraw_milestone(milestone=sent, author=lab.nurse, note="Coursier absent")
    asked.sample.refresh_from_db()
    assert asked.sample.sent_at is None
    services.mark_sample_sent(sample=asked.sample, sent_at=timezone.now(), user=lab.nurse)
    assert facts(asked.pathway, "sample_sent") == [("sample_sent", "")]


def test_a_request_taken_back_leaves_no_milestone_and_no_link(lab: Lab, asked: LabRequest) -> None:
    token = token_for(lab.share(asked, lab.molecular))
    services.cancel_lab_request(request=asked, reason="Mauvais patient", user=lab.nurse)
    assert facts(asked.pathway) == []
    assert state(asked.pathway, "lab_request") == "open"
    with pytest.raises(DomainError, match="annulée"):
        services.read_lab_link(token)
    with pytest.raises(DomainError, match="annulée"):
        lab.say(lab.share(asked, lab.histology), "final")
    assert OutboxMessage.objects.filter(kind="lab_cancelled").count() == 2


def test_a_request_with_an_answer_is_not_taken_back(lab: Lab, asked: LabRequest) -> None:
    lab.say(lab.share(asked, lab.histology), "intermediate")
    with pytest.raises(DomainError, match="déjà répondu"):
        services.cancel_lab_request(request=asked, reason="Erreur", user=lab.nurse)


# --- answers --------------------------------------------------------------------------------------------------------
def test_s01_a_split_sample_that_cannot_be_read_at_j2(lab: Lab) -> None:
    """S01: requested once, split to two laboratories, non contributive at J+2: the team's mailbox the same day, a task
    for another biopsy, and the step that the booking page reads is open."""
    asked = lab.ask()
    with time_machine.travel(MONDAY + timedelta(days=2, hours=1)):
        lab.say(lab.share(asked, lab.histology), "noncontributive", words="Matériel nécrotique")
        assert facts(asked.pathway)[-1] == ("lab_noncontributive", "")
        assert state(asked.pathway, "lab_news") == "done"
        step = asked.pathway.steps.get(step_key="new_sample")
        assert (step.state, step.exam_type) == ("open", "biopsie_echographie")
        task = Task.objects.open().get(pathway=asked.pathway)
        assert (task.team, task.due_on, task.closes_on) == (lab.team, timezone.localdate(), "biopsy_taken")
        told = OutboxMessage.objects.get(kind="lab_answered")
        assert (told.recipient, timezone.localdate(told.due_at)) == ("parcours@hopital.invalid", timezone.localdate())
        for secret in (asked.pathway.patient.birth_name, "contributi", "nécrotique", "lymphome", "histologie"):
            assert secret.lower() not in f"{told.subject} {told.body}".lower()
        # The other laboratory goes on with its part.
        lab.say(lab.share(asked, lab.molecular), "final")
        assert facts(asked.pathway)[-1] == ("lab_final", "biologie_moleculaire")
        assert state(asked.pathway, "molecular") == "done"
        assert state(asked.pathway, "histology") == "open"
        # The new sample closes the task by evidence; its request follows the first one.
        pathways.record_milestone(pathway=asked.pathway, kind="biopsy_taken", occurred_at=timezone.now())
        task.refresh_from_db()
        assert task.status == "done"
        again = lab.ask(asked.pathway, exams={"histologie": lab.histology}, taken_at=timezone.now())
        assert again.follows == asked


def test_s06_the_lung_form_and_the_j4_timer_from_the_request() -> None:
    """S06: the enriched form has the three lung questions; J+4 runs from the request and warns the day before."""
    lab = Lab("instadiag-poumon")
    asked = lab.ask(taken_at=MONDAY - timedelta(days=2))
    assert dict(asked.told)["Fumeur"] == "Ancien fumeur"
    assert {"Tumeur métastatique", "Premier diagnostic ou récidive"} <= set(dict(asked.told))
    step = asked.pathway.steps.get(step_key="lab_intermediate")
    assert step.due_at and step.warn_at
    assert (timezone.localdate(step.due_at) - timezone.localdate(asked.requested_at)).days == 4
    assert (timezone.localdate(step.due_at) - timezone.localdate(step.warn_at)).days == 1
    steps = asked.pathway.steps.filter(actor="laboratory", state="open")
    assert steps.filter(step_key="lab_intermediate").count() == 1, "the clock is the target's, not doubled"


def test_the_lung_final_is_when_every_exam_is_final() -> None:
    lab = Lab("instadiag-poumon")
    asked = lab.ask()
    lab.say(lab.share(asked, lab.histology), "final")
    assert facts(asked.pathway)[-1] == ("lab_intermediate", "")
    assert (state(asked.pathway, "lab_intermediate"), state(asked.pathway, "lab_final")) == ("done", "open")
    lab.say(lab.share(asked, lab.molecular), "final")
    assert facts(asked.pathway)[-1] == ("lab_final", "")
    assert state(asked.pathway, "lab_final") == "done"


def test_the_same_act_twice_is_one_answer_and_another_the_same_is_refused(lab: Lab, asked: LabRequest) -> None:
    share, act = lab.share(asked, lab.histology), uuid4()
    first = lab.say(share, "intermediate", act=act)
    assert lab.say(share, "intermediate", act=act) == first
    with pytest.raises(DomainError, match="déjà donnée"):
        lab.say(share, "intermediate")
    assert OutboxMessage.objects.filter(kind="lab_answered").count() == 1


def test_the_database_keeps_each_answer_once_and_for_ever(lab: Lab, asked: LabRequest) -> None:
    row = lab.say(lab.share(asked, lab.histology), "final")[0]
    copy = {"asked": row.asked, "act": uuid4(), "said_at": row.said_at, "said_by": "x", "via": "link"}
    with pytest.raises(IntegrityError, match="lab_answer_once"), transaction.atomic():
        LabAnswer.objects.create(kind="final", **copy)
    with pytest.raises(IntegrityError, match="lab_answer_one_end"), transaction.atomic():
        LabAnswer.objects.create(kind="noncontributive", **copy)
    with pytest.raises(InternalError), transaction.atomic():
        LabAnswer.objects.filter(pk=row.pk).update(kind="intermediate")
    with pytest.raises(InternalError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("delete from coordination_labanswer")


def test_an_exam_of_another_laboratory_is_not_answered(lab: Lab, asked: LabRequest) -> None:
    with pytest.raises(DomainError, match="ne vous est pas demandé"):
        lab.say(lab.share(asked, lab.histology), "final", ["histologie", "biologie_moleculaire"])
    with pytest.raises(DomainError, match="Choisissez l’examen"):
        lab.say(lab.share(asked, lab.histology), "final", ["autre"])


# --- corrections ----------------------------------------------------------------------------------------------------
def test_a_correction_withdraws_reopens_and_sets_the_task_aside(lab: Lab, asked: LabRequest) -> None:
    share = lab.share(asked, lab.histology)
    act = lab.say(share, "noncontributive")[0].act
    services.correct_answer(share=share, act=act, reason="Mauvais bloc", said_by="Dr Lame", user=lab.pathologist)
    assert facts(asked.pathway, "lab_noncontributive") == []
    assert state(asked.pathway, "lab_news") == "open"
    assert state(asked.pathway, "new_sample") == "not_applicable"
    titles = list(Task.objects.filter(pathway=asked.pathway).order_by("pk").values_list("title", "status"))
    assert [status for _, status in titles] == ["cancelled", "open"]
    assert OutboxMessage.objects.filter(kind="lab_corrected", recipient="parcours@hopital.invalid").count() == 1
    # The same may be said again: it is another turn.
    lab.say(share, "noncontributive")
    assert facts(asked.pathway, "lab_noncontributive") == [("lab_noncontributive", "")]
    with pytest.raises(DomainError, match="déjà retirée"):
        services.correct_answer(share=share, act=act, reason="Encore", said_by="x", user=lab.pathologist)


def test_tasks_that_waited_for_a_result_open_again_when_it_is_corrected(lab: Lab, asked: LabRequest) -> None:
    task = services.create_task(pathway=asked.pathway, title="Attendre l’histologie", closes_on="lab_final")
    share = lab.share(asked, lab.histology)
    with time_machine.travel(MONDAY + timedelta(days=5)):
        act = lab.say(share, "final")[0].act
        task.refresh_from_db()
        assert task.status == "done"
        services.correct_answer(share=share, act=act, reason="Autre patient", said_by="x", user=lab.pathologist)
    task.refresh_from_db()
    assert task.status == "open"
    assert state(asked.pathway, "histology") == "open"


def test_correcting_one_of_two_finals_takes_back_the_end_of_the_whole() -> None:
    lab = Lab("instadiag-poumon")
    asked = lab.ask()
    here, away = lab.share(asked, lab.histology), lab.share(asked, lab.molecular)
    act = lab.say(here, "final")[0].act
    lab.say(away, "final")
    services.correct_answer(share=here, act=act, reason="Mauvaise lame", said_by="x", user=lab.pathologist)
    assert state(asked.pathway, "lab_final") == "open"
    assert facts(asked.pathway, "lab_intermediate", "lab_final") == [("lab_intermediate", "")]
    lab.say(here, "final")
    assert state(asked.pathway, "lab_final") == "done"


def test_a_milestone_withdrawn_in_the_file_takes_the_answer_back(lab: Lab, asked: LabRequest) -> None:
    share = lab.share(asked, lab.histology)
    lab.say(share, "final")
    fact = Milestone.objects.get(pathway=asked.pathway, kind="lab_final")
    pathways.withdraw_milestone(milestone=fact, author=lab.nurse, note="Compte rendu d’un autre")
    assert LabCorrection.objects.get().reason == "Compte rendu d’un autre"
    lab.say(share, "final")
    assert facts(asked.pathway, "lab_final") == [("lab_final", "histologie")]


def test_a_milestone_given_another_date_keeps_its_answer(lab: Lab, asked: LabRequest) -> None:
    lab.say(lab.share(asked, lab.histology), "final")
    fact = Milestone.objects.get(pathway=asked.pathway, kind="lab_final")
    pathways.correct_milestone(milestone=fact, occurred_at=fact.occurred_at - timedelta(hours=3), author=lab.nurse)
    assert not LabCorrection.objects.exists()
    lab.say(lab.share(asked, lab.molecular), "final")
    assert facts(asked.pathway, "lab_final") == [("lab_final", "histologie"), ("lab_final", "biologie_moleculaire")]


# --- early actions --------------------------------------------------------------------------------------------------
def test_early_actions_are_tasks_once_each_and_only_on_a_result(lab: Lab, asked: LabRequest) -> None:
    with pytest.raises(DomainError, match="aucun n’est encore rendu"):
        services.start_early_actions(request=asked, actions=["port"], user=lab.nurse)
    lab.say(lab.share(asked, lab.histology), "intermediate")
    for _ in range(2):
        services.start_early_actions(request=asked, actions=["port"], user=lab.nurse)
    task = Task.objects.get(pathway=asked.pathway)
    assert "chambre implantable" in task.title
    assert "pas informé" in task.note, "PAIN-19: never told before the announcement"
    with pytest.raises(DomainError, match="Choisissez une action"):
        services.start_early_actions(request=asked, actions=["autre"], user=lab.nurse)


def test_the_answers_kept_are_those_of_the_form(lab: Lab, asked: LabRequest) -> None:
    assert asked.answers == ANSWERS["lymphome"]
