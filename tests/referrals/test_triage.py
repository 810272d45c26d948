"""The coordinator's answers: what each one writes, tells and refuses."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone
from time_machine import travel

from coordination.models import Task
from directory.errors import DomainError
from directory.models import OutboxMessage, Professional
from pathways.models import CircleRole, Milestone, Pathway, Patient
from referrals import services
from referrals.models import Referral, ReferralStatus, Urgency
from tests.factories import PathwayFactory, PatientFactory, ProfessionalFactory, TargetFactory, TeamFactory, UserFactory
from tests.referrals import papers
from tests.referrals.factories import ReferralFactory, coordinator, facts, keep

pytestmark = pytest.mark.django_db

Answer = Callable[[Referral, Any], Referral]

ANSWERS: dict[str, Answer] = {
    "ask": lambda referral, by: services.ask_complement(referral=referral, by=by, pieces=["biology"]),
    "refuse": lambda referral, by: services.refuse_referral(referral=referral, by=by, reason="Hors du parcours."),
    "redirect": lambda referral, by: services.redirect_referral(
        referral=referral, by=by, place="Gastro-entérologie", reason="Plus proche."
    ),
    "accept": lambda referral, by: services.accept_referral(referral=referral, by=by, owner=by),
}
AFTER = {"ask": "incomplete", "refuse": "refused", "redirect": "redirected", "accept": "accepted"}


def milestones(pathway: Pathway) -> dict[str, datetime]:
    rows = Milestone.objects.in_force().filter(pathway=pathway)
    return dict(rows.values_list("kind", "occurred_at"))


@pytest.mark.parametrize("name", ANSWERS)
def test_each_answer_is_dated_signed_logged_and_told(name: str) -> None:
    referral = ReferralFactory()
    user, before = coordinator(referral.team), timezone.now()
    answered = ANSWERS[name](referral, user)
    answered.refresh_from_db()
    assert answered.status == AFTER[name]
    assert answered.triaged_by == user
    assert answered.answered_at is not None
    assert before <= answered.answered_at <= timezone.now()
    event = answered.events.last()
    assert event is not None
    assert (event.by, event.from_status, event.to_status) == (user, "received", AFTER[name])
    letter = OutboxMessage.objects.filter(recipient=referral.requester_email).latest("pk")
    assert letter.kind == {"ask": "referral_asked"}.get(name, f"referral_{AFTER[name]}")


@pytest.mark.parametrize("name", ANSWERS)
@pytest.mark.parametrize("done", ["refuse", "redirect", "accept"])
def test_an_answer_after_the_answer_is_told_who_came_first(name: str, done: str) -> None:
    referral = ReferralFactory()
    first, second = coordinator(referral.team, name="Première"), coordinator(referral.team)
    ANSWERS[done](referral, first)
    letters = OutboxMessage.objects.count()
    with pytest.raises(DomainError, match="Camille Première") as refusal:
        ANSWERS[name](referral, second)
    assert refusal.value.code == "already_answered"
    referral.refresh_from_db()
    assert (referral.status, referral.triaged_by) == (AFTER[done], first)
    assert OutboxMessage.objects.count() == letters


def test_the_first_answer_keeps_its_instant() -> None:
    referral = ReferralFactory()
    user = coordinator(referral.team)
    first = services.ask_complement(referral=referral, by=user, message="Le scanner ?").answered_at
    services.ask_complement(referral=referral, by=user, pieces=["biology"])
    assert services.refuse_referral(referral=referral, by=user, reason="Sans réponse.").answered_at == first
    assert OutboxMessage.objects.filter(kind="referral_asked").count() == 2


@pytest.mark.parametrize(
    ("act", "field"),
    [
        (lambda r, u: services.ask_complement(referral=r, by=u), "pieces"),
        (lambda r, u: services.ask_complement(referral=r, by=u, message="  "), "pieces"),
        (lambda r, u: services.ask_complement(referral=r, by=u, pieces=["carte vitale"]), "pieces"),
        (lambda r, u: services.refuse_referral(referral=r, by=u, reason=" "), "reason"),
        (lambda r, u: services.redirect_referral(referral=r, by=u, place=" ", reason="x"), "place"),
        (lambda r, u: services.redirect_referral(referral=r, by=u, place="CH", reason=" "), "reason"),
        (lambda r, u: services.accept_referral(referral=r, by=u, owner=u, urgency=9), "urgency"),
        (lambda r, u: services.accept_referral(referral=r, by=u, owner=coordinator()), "owner"),
        (lambda r, u: services.accept_referral(referral=r, by=u, owner=u, patient=PatientFactory()), "patient"),
    ],
)
def test_a_wrong_answer_changes_nothing(act: Answer, field: str) -> None:
    referral = ReferralFactory()
    user = coordinator(referral.team)
    with pytest.raises(DomainError) as refusal:
        act(referral, user)
    assert refusal.value.field == field
    referral.refresh_from_db()
    assert referral.status == ReferralStatus.RECEIVED
    assert referral.answered_at is None
    assert not Pathway.objects.exists()


# --- acceptance -----------------------------------------------------------------------------------------------------
def test_accepting_opens_everything_the_patient_needs() -> None:
    referral = ReferralFactory(
        files=[("courrier.pdf", papers.pdf()), ("photo.jpg", papers.picture())],
        first_symptoms_on=date(2026, 3, 1), first_symptoms_month_only=True, imaging_on=date(2026, 3, 20),
        requester_rpps="10000000009", patient_city="Ville-Essai", used_name="ESSAIDURAND",
    )  # fmt: skip
    user = coordinator(referral.team)
    accepted = services.accept_referral(
        referral=referral, by=user, owner=user, urgency=Urgency.FAST, message="À bientôt."
    )
    pathway = Pathway.objects.select_related("patient", "owner").get(pk=accepted.pathway_id)
    patient = pathway.patient
    assert (patient.birth_name, patient.first_name, patient.used_name) == ("ESSAIDUPONT", "Marie", "ESSAIDURAND")
    assert (patient.phone, patient.city, patient.identity_status) == ("0699000011", "Ville-Essai", "PROV")
    assert (pathway.owner, pathway.team, pathway.suspicion) == (user, referral.team, referral.reason)
    facts_ = milestones(pathway)
    assert set(facts_) == {"first_symptoms", "imaging_upstream", "referral_received", "referral_complete"}
    assert facts_["referral_received"] == facts_["referral_complete"] == referral.received_at
    assert facts_["first_symptoms"] == datetime(2026, 3, 1, 11, 0, tzinfo=UTC)
    assert Milestone.objects.get(kind="first_symptoms").note == "Jour inconnu : premier du mois"
    requester = Professional.objects.get(rpps="10000000009")
    assert (requester.title, requester.last_name, requester.in_town) == ("Dr", "Martin", True)
    assert set(pathway.circle.values_list("professional", "role")) == {
        (requester.pk, CircleRole.REQUESTER), (requester.pk, CircleRole.GP),
    }  # fmt: skip
    assert patient.gp == requester
    assert set(pathway.documents.values_list("title", "kind", "status")) == {
        ("courrier.pdf", "received", "ready"), ("photo.jpg", "received", "ready"),
    }  # fmt: skip
    assert pathway.documents.get(title="courrier.pdf").file.read() == papers_of(referral, "courrier.pdf")
    assert (accepted.urgency, accepted.requester) == (Urgency.FAST, requester)
    assert pathway.next_step is not None
    letter = OutboxMessage.objects.get(kind="referral_accepted")
    assert letter.professional == requester
    assert str(user) in letter.body


def papers_of(referral: Referral, name: str) -> bytes:
    content: bytes = referral.documents.get(name=name).file.read()
    return content


def test_a_known_requester_is_found_by_rpps_and_never_overwritten() -> None:
    known = ProfessionalFactory(gp=True, rpps="10000000009", email="annuaire@exemple.invalid", last_name="Annuaire")
    referral = ReferralFactory(requester_rpps="10000000009", requester_email="autre@exemple.invalid")
    user = coordinator(referral.team)
    assert services.accept_referral(referral=referral, by=user, owner=user).requester == known
    known.refresh_from_db()
    assert (known.email, known.last_name) == ("annuaire@exemple.invalid", "Annuaire")
    assert OutboxMessage.objects.get(kind="referral_accepted").recipient == "autre@exemple.invalid"


def test_an_e_mail_address_never_makes_someone_else() -> None:
    ProfessionalFactory(gp=True, email="claire.martin@exemple.invalid", last_name="Martin", first_name="Claire")
    referral = ReferralFactory()
    user = coordinator(referral.team)
    services.accept_referral(referral=referral, by=user, owner=user)
    assert Professional.objects.filter(last_name="Martin").count() == 2


def test_a_requester_chosen_at_the_desk_is_kept() -> None:
    doctor = ProfessionalFactory(gp=True)
    referral = ReferralFactory(requester=doctor, channel="phone", entered_by=coordinator())
    user = coordinator(referral.team)
    assert services.accept_referral(referral=referral, by=user, owner=user).requester == doctor


def test_a_known_patient_is_completed_not_overwritten() -> None:
    referral = ReferralFactory(patient_city="Nouvelle-Ville")
    patient = PatientFactory(establishment=referral.establishment, birth_name="ESSAIDUPONT", phone="0699999999")
    user = coordinator(referral.team)
    accepted = services.accept_referral(referral=referral, by=user, owner=user, patient=patient)
    patient.refresh_from_db()
    assert accepted.pathway is not None
    assert accepted.pathway.patient == patient
    assert (patient.phone, patient.city) == ("0699999999", "Nouvelle-Ville")
    assert patient.gp == accepted.requester
    assert Patient.objects.count() == 1


def test_a_second_request_for_the_same_patient_joins_the_running_pathway() -> None:
    target = TargetFactory()
    user = coordinator(target.team)
    paper = ("courrier.pdf", papers.pdf())
    first = ReferralFactory(target=target, files=[paper])
    pathway = services.accept_referral(referral=first, by=user, owner=user).pathway
    assert pathway is not None
    before = milestones(pathway)
    second = ReferralFactory(
        target=target, files=[paper, ("irm.pdf", papers.pdf("irm"))], requester_name="Dr Paul RADIO",
        requester_email="paul@exemple.invalid", requester_is_gp=False, requester_specialty="Radiologie",
    )  # fmt: skip
    joined = services.accept_referral(referral=second, by=user, owner=user, patient=pathway.patient)
    assert joined.pathway == pathway
    assert milestones(pathway) == before
    assert pathway.circle.filter(role=CircleRole.REQUESTER).count() == 2
    assert sorted(pathway.documents.values_list("title", flat=True)) == ["courrier.pdf", "irm.pdf"]


def test_a_patient_on_another_pathway_starts_this_one_too() -> None:
    team = TeamFactory()
    elsewhere = TargetFactory(team=team)
    elsewhere.key = "autre-parcours"
    elsewhere.save()
    other = PathwayFactory(target=elsewhere)
    referral = ReferralFactory(target=TargetFactory(team=team))
    user = coordinator(team)
    accepted = services.accept_referral(referral=referral, by=user, owner=user, patient=other.patient)
    assert accepted.pathway is not None
    assert accepted.pathway != other
    assert accepted.pathway.patient == other.patient


def test_accepting_after_a_complement_dates_the_completeness() -> None:
    referral = ReferralFactory()
    user, key = coordinator(referral.team), uuid4()
    services.ask_complement(referral=referral, by=user, pieces=["imaging_report"])
    keep(key, ("irm.pdf", papers.pdf()))
    services.write_back(referral=referral, form_key=key)
    accepted = services.accept_referral(referral=referral, by=user, owner=user)
    assert accepted.pathway is not None
    completed = accepted.events.get(kind="completed").at
    assert milestones(accepted.pathway)["referral_complete"] == completed


@travel(datetime(2026, 3, 4, 10, tzinfo=UTC))
def test_symptoms_of_this_very_day_are_never_after_the_request() -> None:
    at = datetime(2026, 3, 2, 7, 30, tzinfo=UTC)
    referral = ReferralFactory(
        received_at=at, channel="phone", entered_by=coordinator(), first_symptoms_on=date(2026, 3, 2)
    )
    user = coordinator(referral.team)
    accepted = services.accept_referral(referral=referral, by=user, owner=user)
    assert accepted.pathway is not None
    assert milestones(accepted.pathway)["first_symptoms"] == at


@pytest.mark.parametrize(
    ("changes", "title"),
    [
        ({"requester_is_gp": False, "has_no_gp": True}, "Aider le patient à trouver un médecin traitant"),
        ({"requester_is_gp": False, "gp_name": "Dr Loin"}, "Identifier le médecin traitant du patient"),
    ],
)
def test_a_missing_family_doctor_is_a_task(changes: dict[str, Any], title: str) -> None:
    referral = ReferralFactory(**changes)
    user = coordinator(referral.team)
    services.accept_referral(referral=referral, by=user, owner=user)
    assert Task.objects.get().title == title


def test_the_family_doctor_chosen_in_the_directory_joins_the_circle() -> None:
    gp = ProfessionalFactory(gp=True)
    referral = ReferralFactory(requester_is_gp=False, gp_name="Dr Fictif")
    user = coordinator(referral.team)
    accepted = services.accept_referral(referral=referral, by=user, owner=user, gp=gp)
    assert accepted.pathway is not None
    assert accepted.pathway.patient.gp == gp
    assert accepted.pathway.circle.get(role=CircleRole.GP).professional == gp
    assert not Task.objects.exists()


def test_a_dead_patient_gets_no_pathway_and_the_request_stays_open() -> None:
    referral = ReferralFactory()
    patient = PatientFactory(establishment=referral.establishment)
    Patient.objects.filter(pk=patient.pk).update(deceased_on=date(2026, 1, 1))
    patient.refresh_from_db()
    user = coordinator(referral.team)
    with pytest.raises(DomainError, match="décédé"):
        services.accept_referral(referral=referral, by=user, owner=user, patient=patient)
    referral.refresh_from_db()
    assert referral.status == ReferralStatus.RECEIVED
    assert not Professional.objects.filter(last_name="Martin").exists()


def test_reading_what_the_requester_wrote_clears_it() -> None:
    referral = ReferralFactory()
    services.write_back(referral=referral, form_key=uuid4(), text="Vit seule.")
    user = UserFactory()
    referral.refresh_from_db()
    assert referral.has_news
    assert not services.mark_read(referral=referral, by=user).has_news
    assert not services.mark_read(referral=referral, by=user).has_news


def test_facts_cover_every_field_a_requester_fills() -> None:
    """A field added to the model and forgotten in the facts would be lost without a word."""
    ours = {
        "id", "uuid", "receipt", "establishment", "team", "target", "channel", "status", "received_at", "answer_due_at",
        "answer_warn_at", "answered_at", "entered_by", "missing", "has_news", "urgency", "triaged_by", "pathway",
        "redirected_to", "form_key",
    }  # fmt: skip
    fields = {field.name for field in Referral._meta.get_fields() if getattr(field, "column", None)}
    assert fields - ours == set(facts().as_fields())
