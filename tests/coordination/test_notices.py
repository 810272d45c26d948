"""What the GP is told: once, of key events, without identity or clinical words, and taken back when it was wrong."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from coordination import services
from coordination.models import Notice
from coordination.services.wordings import wordings
from directory.models import OutboxMessage
from directory.typography import long_day
from pathways import services as pathways
from pathways.models import Milestone, Pathway
from pathways.rules.milestones import MilestoneKind
from tests.coordination.factories import Desk
from tests.factories import PatientFactory, ProfessionalFactory

pytestmark = pytest.mark.django_db

KEY_EVENTS = [
    "first_care", "admission", "transfer", "discharge", "rcp_registered", "rcp_held", "rcp_decision_sent",
    "announcement", "treatment_started", "no_cancer", "death",
]  # fmt: skip


@pytest.fixture
def pathway(desk: Desk) -> Pathway:
    gp = ProfessionalFactory(gp=True, secure_email="dr@mssante.invalid")
    return desk.pathway(patient=PatientFactory(establishment=desk.team.establishment, gp=gp), days_ago=3)


def record(pathway: Pathway, kind: str, **more: Any) -> Milestone:
    return pathways.record_milestone(pathway=pathway, kind=kind, **({"occurred_at": timezone.now()} | more))


def messages() -> Any:
    return OutboxMessage.objects.filter(kind__startswith="gp_").order_by("pk")


@pytest.mark.parametrize("kind", [kind for kind in KEY_EVENTS if kind != "first_care"])
def test_key_events_are_told_without_identity(pathway: Pathway, kind: str) -> None:
    fact = record(pathway, kind)
    (message,) = messages()
    assert message.recipient == "dr@mssante.invalid", "the secure mailbox first"
    text = f"{message.subject}\n{message.body}"
    assert pathway.reference in text
    assert "/information/" in text
    assert "/parcours/" not in text, "no page that asks for an account"
    patient = pathway.patient
    for secret in (patient.birth_name, patient.first_name, patient.file_number, "1960", "Foie", "cancer", "décès"):
        assert secret.lower() not in text.lower().replace("cancérologie", "")
    notice = Notice.objects.get(milestone=fact)
    assert (notice.kind, notice.state) == (kind, "waiting")


@pytest.mark.parametrize("kind", ["exam_done", "biopsy_taken", "lab_final", "imaging_upstream", "emergency_visit"])
def test_the_rest_is_not_told(pathway: Pathway, kind: str) -> None:
    record(pathway, kind)
    assert not messages().exists()


def test_a_step_that_tells_the_gp_does(pathway: Pathway) -> None:
    record(pathway, "pps_given")
    assert messages().get().kind == "gp_pps_given"


def test_the_detail_of_a_step_counts(pathway: Pathway) -> None:
    record(pathway, "followup_contact", detail="phone")
    assert not messages().exists()
    record(pathway, "followup_contact", detail="reevaluation")
    assert messages().count() == 1


def test_the_letter_of_the_rcp_is_not_announced_by_a_second_message(pathway: Pathway) -> None:
    record(pathway, "rcp_decision_sent", source="automatic")
    assert not messages().exists()


def test_told_once(pathway: Pathway) -> None:
    fact = record(pathway, "announcement")
    again = services.notify_gp(pathway=pathway, milestone=fact)
    assert again == Notice.objects.get(milestone=fact)
    assert messages().count() == 1


def test_history_is_not_news(pathway: Pathway) -> None:
    record(pathway, "announcement", occurred_at=timezone.now() - timedelta(days=15))
    record(pathway, "discharge", source="imported")
    assert not messages().exists()


def test_a_corrected_date_is_not_told_twice_however_often(desk: Desk, pathway: Pathway) -> None:
    fact = record(pathway, "announcement")
    for hours in (2, 4):
        at = timezone.now() - timedelta(hours=hours)
        fact = pathways.correct_milestone(milestone=fact, occurred_at=at, author=desk.coordinator)
    assert messages().count() == 1


def test_the_corrected_date_of_a_fact_told_elsewhere_is_no_news(desk: Desk, pathway: Pathway) -> None:
    fact = record(pathway, "rcp_decision_sent", source="automatic")
    at = timezone.now() - timedelta(hours=2)
    pathways.correct_milestone(milestone=fact, occurred_at=at, author=desk.coordinator)
    assert not messages().exists()


def test_a_withdrawn_fact_is_taken_back(desk: Desk, pathway: Pathway) -> None:
    fact = record(pathway, "death")
    pathways.withdraw_milestone(milestone=fact, author=desk.coordinator, note="Autre patient")
    assert [message.kind for message in messages()] == ["gp_death", "gp_rectification"]
    assert "annulée" in messages().last().body


def test_what_was_never_told_is_not_taken_back(desk: Desk, pathway: Pathway) -> None:
    fact = record(pathway, "exam_done")
    pathways.withdraw_milestone(milestone=fact, author=desk.coordinator, note="Erreur")
    assert not messages().exists()


def test_a_fact_corrected_then_withdrawn_is_taken_back_once(desk: Desk, pathway: Pathway) -> None:
    fact = record(pathway, "announcement")
    for hours in (2, 4):
        at = timezone.now() - timedelta(hours=hours)
        fact = pathways.correct_milestone(milestone=fact, occurred_at=at, author=desk.coordinator)
    pathways.withdraw_milestone(milestone=fact, author=desk.coordinator, note="Autre patient")
    assert [message.kind for message in messages()] == ["gp_announcement", "gp_rectification"]


def test_what_waits_for_an_address_leaves_as_it_stands_or_not_at_all(desk: Desk) -> None:
    gp = ProfessionalFactory(gp=True, email="")
    pathway = desk.pathway(patient=PatientFactory(establishment=desk.team.establishment, gp=gp), days_ago=9)
    wrong, moved = record(pathway, "admission"), record(pathway, "announcement")
    pathways.withdraw_milestone(milestone=wrong, author=desk.coordinator, note="Autre patient")
    at = timezone.now() - timedelta(days=5)
    pathways.correct_milestone(milestone=moved, occurred_at=at, author=desk.coordinator)
    gp.email = "dr@exemple.invalid"
    gp.save()
    assert services.send_pending_notices(pathway=Pathway.objects.get(pk=pathway.pk)) == 1
    message = messages().get()
    assert message.kind == "gp_announcement"
    assert long_day(at) in message.body


@pytest.mark.parametrize("has_gp", [True, False])
def test_without_an_address_the_notice_waits_and_leaves_later(desk: Desk, has_gp: bool) -> None:
    gp = ProfessionalFactory(gp=True, email="") if has_gp else None
    pathway = desk.pathway(patient=PatientFactory(establishment=desk.team.establishment, gp=gp))
    record(pathway, "admission")
    assert Notice.objects.get(kind="admission").state == "no_address"
    assert services.send_pending_notices(pathway=pathway) == 0
    if gp:
        gp.email = "dr@exemple.invalid"
        gp.save()
    else:
        pathways.update_patient(patient=pathway.patient, gp=ProfessionalFactory(gp=True))
    pathway = Pathway.objects.get(pk=pathway.pk)
    assert services.send_pending_notices(pathway=pathway) == 1
    assert Notice.objects.get(kind="admission").state == "waiting"
    assert services.send_pending_notices(pathway=pathway) == 0


def test_every_wording_is_of_a_known_milestone_and_says_nothing_clinical() -> None:
    texts = wordings()
    assert set(KEY_EVENTS) <= {kind for kind, wording in texts.items() if wording.always}
    assert set(texts) - set(MilestoneKind) == {"appointments", "rectification"}
    for wording in texts.values():
        for word in ("cancer", "tumeur", "chimio", "biopsie", "scanner", "décès", "palliat"):
            assert word not in f"{wording.title} {wording.text}".lower()
