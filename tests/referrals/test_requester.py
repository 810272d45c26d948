"""What the requester writes back, and what the follow-up page says at each stage."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from coordination.models import Task
from directory.errors import DomainError
from directory.models import OutboxMessage
from pathways import services as pathways
from pathways.models import Pathway
from referrals import services
from referrals.models import Referral, ReferralStatus
from referrals.readings import FollowPage, follow_page
from tests.referrals import papers
from tests.referrals.factories import ReferralFactory, coordinator, keep

pytestmark = pytest.mark.django_db


def page_of(referral: Referral) -> FollowPage:
    return follow_page(Referral.objects.with_page_data().get(pk=referral.pk), timezone.now())


def titles(page: FollowPage) -> list[str]:
    return [item["title"] for item in page.history]


def accepted() -> tuple[Referral, Pathway]:
    referral = ReferralFactory()
    user = coordinator(referral.team)
    services.accept_referral(referral=referral, by=user, owner=user, message="Nous l’appelons demain.")
    referral.refresh_from_db()
    assert referral.pathway is not None
    return referral, referral.pathway


def test_a_complement_sends_the_request_back_with_a_new_promise() -> None:
    referral = ReferralFactory(
        received_at=timezone.now() - timedelta(days=9), channel="phone", entered_by=coordinator()
    )
    user, key = coordinator(referral.team), uuid4()
    services.ask_complement(referral=referral, by=user, pieces=["imaging_report"], message="Le scanner du 3.")
    assert page_of(referral).asked == ["Compte rendu d’imagerie"]
    assert page_of(referral).answer == "Le scanner du 3."
    keep(key, ("scanner.pdf", papers.pdf()))
    first_due = referral.answer_due_at
    written, created = services.write_back(referral=referral, form_key=key, text="Le voici.")
    assert created
    assert (written.status, written.missing, written.has_news) == (ReferralStatus.RECEIVED, [], True)
    assert first_due is not None
    assert written.answer_due_at is not None
    assert written.answer_due_at > timezone.now() > first_due
    event = written.events.get(kind="completed")
    assert (event.document_count, event.message, event.from_requester) == (1, "Le voici.", True)
    kinds = set(OutboxMessage.objects.values_list("kind", flat=True))
    assert {"referral_completed", "referral_desk_news"} <= kinds


def test_the_same_words_sent_twice_count_once() -> None:
    referral, key = ReferralFactory(), uuid4()
    services.write_back(referral=referral, form_key=key, text="Vit seule.")
    assert services.write_back(referral=referral, form_key=key, text="Vit seule.")[1] is False
    assert referral.events.filter(kind="note").count() == 1


def test_the_same_form_with_other_words_or_files_loses_none_of_them() -> None:
    """The browser's « back » shows the form as it was sent, key included."""
    referral, key = ReferralFactory(), uuid4()
    keep(key, ("a.pdf", papers.pdf("a")))
    services.write_back(referral=referral, form_key=key, text="Vit seule.")
    assert services.write_back(referral=referral, form_key=key, text="Sa fille vient lundi.")[1]
    keep(key, ("a.pdf", papers.pdf("a")))
    assert not services.write_back(referral=referral, form_key=key, text="Vit seule.")[1]
    keep(key, ("b.pdf", papers.pdf("b")))
    assert services.write_back(referral=referral, form_key=key, text="Vit seule.")[1]
    assert not services.write_back(referral=referral, form_key=key, text="Sa fille vient lundi.")[1]
    assert referral.events.filter(kind="note").count() == 3
    assert referral.documents.count() == 2


def test_a_note_leaves_the_promise_alone() -> None:
    referral = ReferralFactory()
    written, _ = services.write_back(referral=referral, form_key=uuid4(), text="Vit seule.")
    assert (written.status, written.answer_due_at) == (ReferralStatus.RECEIVED, referral.answer_due_at)
    assert not OutboxMessage.objects.filter(kind="referral_completed").exists()


def test_nothing_to_say_is_refused() -> None:
    with pytest.raises(DomainError) as refusal:
        services.write_back(referral=ReferralFactory(), form_key=uuid4(), text="  ")
    assert refusal.value.field == "text"


def test_after_acceptance_a_note_becomes_a_task_and_a_file_goes_elsewhere() -> None:
    referral, pathway = accepted()
    key = uuid4()
    services.write_back(referral=referral, form_key=key, text="Le fils est aidant.")
    task = Task.objects.get(origin=key)
    assert (task.pathway, task.owner) == (pathway, pathway.owner)
    assert "ESSAIDUPONT" not in task.title
    other = uuid4()
    keep(other, ("tard.pdf", papers.pdf()))
    with pytest.raises(DomainError, match="déjà acceptée"):
        services.write_back(referral=referral, form_key=other, text="Voici")


def test_a_closed_request_takes_nothing_more() -> None:
    referral = ReferralFactory()
    services.refuse_referral(referral=referral, by=coordinator(referral.team), reason="Hors parcours.")
    with pytest.raises(DomainError, match="close"):
        services.write_back(referral=referral, form_key=uuid4(), text="Mais")
    again, pathway = accepted()
    pathways.close_pathway(pathway=pathway, reason="completed", author=None)
    with pytest.raises(DomainError, match="close"):
        services.write_back(referral=again, form_key=uuid4(), text="Merci")


def test_the_page_tells_the_truth_of_an_accepted_request() -> None:
    referral, pathway = accepted()
    now = timezone.now()
    for kind in ("first_care", "exam_done", "lab_final", "rcp_held", "announcement", "treatment_started"):
        pathways.record_milestone(pathway=pathway, kind=kind, occurred_at=now, author=pathway.owner)
    pathways.write_opinion(
        pathway=pathway, origin=uuid4(), held_on=now.date(), meeting="RCP", question="?", proposal="Chimiothérapie"
    )
    for days, status in ((2, "planned"), (5, "cancelled"), (-3, "planned")):
        start = now + timedelta(days=days)
        pathways.write_appointment(
            pathway=pathway, origin=uuid4(), label=f"IRM {days}", starts_at=start, ends_at=start + timedelta(hours=1),
            place="Bâtiment A", status=status,
        )  # fmt: skip
    page = page_of(referral)
    assert page.owner == pathway.owner
    assert page.answer == "Nous l’appelons demain."
    assert [appointment.label for appointment in page.appointments] == ["IRM 2"]
    assert {"Patient accueilli", "Examen réalisé", "Dossier discuté en réunion de concertation (RCP)"} <= set(
        titles(page)
    )
    text = repr(page)
    for secret in ("Chimiothérapie", "Résultat", "annonce", "traitement", "ESSAIDUPONT", "Marie"):
        assert secret not in " ".join(titles(page)), secret
    assert "M. E., 1953" in text
    assert page.takes_notes
    assert not page.takes_files


def test_the_date_of_the_rcp_is_told_and_private_notes_are_not() -> None:
    referral, pathway = accepted()
    pathways.record_milestone(
        pathway=pathway, kind="rcp_registered", occurred_at=timezone.now(), source="automatic",
        note="RCP foie, séance du jeudi 26 novembre 2026",
    )  # fmt: skip
    pathways.record_milestone(
        pathway=pathway, kind="rcp_registered", occurred_at=timezone.now(), author=pathway.owner, note="Métastases ?"
    )
    pathways.record_milestone(
        pathway=pathway, kind="exam_done", occurred_at=timezone.now(), source="automatic", note="Nodule de 3 cm"
    )
    texts = [item["text"] for item in page_of(referral).history]
    assert "RCP foie, séance du jeudi 26 novembre 2026" in texts
    assert not any(secret in " ".join(texts) for secret in ("Métastases", "Nodule"))


def test_a_booked_step_is_not_announced_twice() -> None:
    referral, pathway = accepted()
    before = page_of(referral).next_step
    assert before is not None
    start = timezone.now() + timedelta(days=1)
    pathways.write_appointment(
        pathway=pathway, origin=uuid4(), label="Accueil", starts_at=start, ends_at=start + timedelta(hours=1),
        exam_code="consultation_pluridisciplinaire",
    )  # fmt: skip
    pathways.record_milestone(
        pathway=pathway, kind="appointment_offered", occurred_at=timezone.now(), author=pathway.owner
    )
    after = page_of(referral).next_step
    assert after is None or after.exam_type != "consultation_pluridisciplinaire"


def test_the_next_step_shown_never_tells_a_result() -> None:
    referral, pathway = accepted()
    pathways.record_milestone(pathway=pathway, kind="biopsy_taken", occurred_at=timezone.now(), author=pathway.owner)
    pathways.record_milestone(
        pathway=pathway, kind="lab_noncontributive", occurred_at=timezone.now(), author=pathway.owner
    )
    step = page_of(referral).next_step
    assert step is not None
    assert "contributif" not in step.label


def test_an_ended_pathway_is_told_without_its_reason() -> None:
    referral, pathway = accepted()
    pathways.close_pathway(pathway=pathway, reason="died", author=None)
    page = page_of(referral)
    assert page.closed
    assert not page.takes_notes
    assert page.next_step is None
    assert "Parcours terminé" in titles(page)
    assert "écès" not in " ".join(titles(page))


def test_the_requesters_own_words_and_file_names_are_not_shown_back() -> None:
    referral, key = ReferralFactory(files=[("ESSAIDUPONT.pdf", papers.pdf())]), uuid4()
    services.write_back(referral=referral, form_key=key, text="Mme ESSAIDUPONT vit seule.")
    page = page_of(referral)
    assert titles(page) == ["Information que vous avez ajoutée", "Demande reçue"]
    assert page.history[1]["text"] == "1 document joint"
    assert "ESSAIDUPONT" not in repr(page.history)
