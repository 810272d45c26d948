from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from directory.errors import DomainError
from directory.models import OutboxMessage, Role
from pathways import services as pathways
from pathways.models import CircleRole, Milestone, Pathway
from rcp import services
from rcp.models import CaseStatus, CaseStream, RcpCase
from tests.factories import UserFactory
from tests.rcp.factories import MeetingFactory, PhysicianFactory, SessionFactory

pytestmark = pytest.mark.django_db


def kinds(pathway: Pathway) -> list[str]:
    return list(Milestone.objects.in_force().filter(pathway=pathway).values_list("kind", flat=True))


def test_registering_writes_the_milestone_opens_the_file_and_tells_the_presenter() -> None:
    meeting = MeetingFactory(today=False)
    presenter = PhysicianFactory("SM24")
    case = meeting.register(presenter=presenter, who_status=1, histology="Adénocarcinome")
    assert case.registration is not None
    assert case.registration.kind == "rcp_registered"
    assert "rcp_registered" in kinds(case.pathway)
    circle = case.pathway.circle.current().filter(role=CircleRole.RCP)
    assert {m.professional for m in circle} == {*meeting.members, presenter}
    assert {m.until for m in circle} == {meeting.session.ends_at + timedelta(days=30)}
    assert Pathway.objects.get(pk=case.pathway_id).who_status == 1
    message = OutboxMessage.objects.get(kind="rcp_presenter")
    assert message.recipient == presenter.email
    assert str(case.uuid) in message.body


def test_the_notice_names_no_patient() -> None:
    meeting = MeetingFactory(today=False)
    case = meeting.register(presenter=PhysicianFactory(), histology="Adénocarcinome")
    message = OutboxMessage.objects.get(kind="rcp_presenter")
    text = message.subject + message.body
    assert case.pathway.reference in text
    for secret in (case.pathway.patient.birth_name, case.question, "Adénocarcinome"):
        assert secret.lower() not in text.lower()


@pytest.mark.parametrize("question", ["", "   \n"])
def test_a_question_is_asked(question: str) -> None:
    meeting = MeetingFactory(today=False)
    with pytest.raises(DomainError) as refused:
        meeting.register(question=question)
    assert refused.value.field == "question"


def test_once_closed_only_the_coordination_registers_and_says_why() -> None:
    meeting = MeetingFactory()
    secretary = UserFactory(role=Role.SECRETARY, team=meeting.team)
    with pytest.raises(DomainError, match="seule la coordination"):
        meeting.register(author=secretary, late_reason="Urgent")
    with pytest.raises(DomainError) as refused:
        meeting.register(late_reason="  ")
    assert refused.value.field == "late_reason"
    assert not RcpCase.objects.exists()
    assert meeting.register(late_reason="Ictère").late_reason == "Ictère"


def test_in_time_no_reason_is_kept() -> None:
    assert MeetingFactory(today=False).register(late_reason="pour rien").late_reason == ""


def test_a_session_that_is_over_takes_nobody() -> None:
    meeting = MeetingFactory()
    over = SessionFactory(meeting.series, timezone.now() - timedelta(days=2))
    with pytest.raises(DomainError, match="ne reçoit plus"):
        meeting.register(session=over)


def test_a_patient_waits_at_one_session_of_a_series() -> None:
    meeting = MeetingFactory(today=False)
    case = meeting.register()
    with pytest.raises(DomainError, match="déjà inscrit à cette séance"):
        meeting.register(case.pathway)
    later = SessionFactory(meeting.series, meeting.session.starts_at + timedelta(days=7))
    with pytest.raises(DomainError, match="reportez ce dossier-là"):
        meeting.register(case.pathway, session=later)
    assert kinds(case.pathway).count("rcp_registered") == 1


def test_a_closed_pathway_is_not_registered() -> None:
    meeting = MeetingFactory(today=False)
    pathway = meeting.pathway()
    pathways.close_pathway(pathway=pathway, reason="refused", author=meeting.coordinator)
    with pytest.raises(DomainError, match="clos"):
        meeting.register(pathway)


def test_only_a_physician_spares_a_discussion() -> None:
    meeting = MeetingFactory(today=False)
    with pytest.raises(DomainError, match="Seul un médecin"):
        meeting.register(stream=CaseStream.RECORDED)
    case = meeting.register(author=meeting.physician, stream=CaseStream.RECORDED)
    services.change_stream(case=case, stream=CaseStream.DISCUSSED, author=meeting.coordinator)
    with pytest.raises(DomainError, match="Seul un médecin"):
        services.change_stream(case=case, stream=CaseStream.RECORDED, author=meeting.coordinator)


def test_withdrawing_takes_the_fact_back_and_closes_the_file_to_the_meeting() -> None:
    meeting = MeetingFactory(today=False)
    case = meeting.register()
    with pytest.raises(DomainError) as refused:
        services.withdraw_case(case=case, reason=" ", author=meeting.coordinator)
    assert refused.value.field == "reason"
    services.withdraw_case(case=case, reason="Cancer écarté", author=meeting.coordinator)
    assert "rcp_registered" not in kinds(case.pathway)
    assert not case.pathway.circle.current().filter(role=CircleRole.RCP).exists()
    with pytest.raises(DomainError, match="retiré"):
        services.withdraw_case(case=case, reason="Encore", author=meeting.coordinator)


def test_a_withdrawn_file_comes_back_to_the_same_session() -> None:
    meeting = MeetingFactory(today=False)
    case = meeting.register()
    services.withdraw_case(case=case, reason="Erreur", author=meeting.coordinator)
    again = meeting.register(case.pathway, question="Nouvelle question")
    assert (again.pk, again.status, again.postponed_reason) == (case.pk, CaseStatus.REGISTERED, "")
    assert again.question == "Nouvelle question"
    assert kinds(case.pathway).count("rcp_registered") == 1
    assert case.pathway.circle.current().filter(role=CircleRole.RCP).exists()


def test_postponing_with_a_date_keeps_the_registration_and_its_first_day() -> None:
    meeting = MeetingFactory(today=False)
    case = meeting.register(summary="Synthèse", presenter=meeting.members[0], stage="cT2")
    later = SessionFactory(meeting.series, meeting.session.starts_at + timedelta(days=7))
    carried = services.postpone_case(case=case, reason="IRM à refaire", author=meeting.coordinator, to=later)
    case.refresh_from_db()
    assert (case.status, case.postponed_reason) == (CaseStatus.POSTPONED, "IRM à refaire")
    assert (carried.session, carried.previous, carried.status) == (later, case, CaseStatus.REGISTERED)
    assert (carried.summary, carried.stage, carried.presenter) == ("Synthèse", "cT2", meeting.members[0])
    assert carried.registration == case.registration
    assert kinds(case.pathway).count("rcp_registered") == 1


def test_postponing_without_a_date_says_that_nobody_expects_the_patient() -> None:
    meeting = MeetingFactory(today=False)
    case = meeting.register()
    services.postpone_case(case=case, reason="Bilan incomplet", author=meeting.coordinator)
    assert "rcp_registered" not in kinds(case.pathway)


def test_postponing_to_the_same_session_is_refused_and_nothing_moves() -> None:
    meeting = MeetingFactory(today=False)
    case = meeting.register()
    with pytest.raises(DomainError, match="autre séance"):
        services.postpone_case(case=case, reason="x", author=meeting.coordinator, to=meeting.session)
    assert RcpCase.objects.get().status == CaseStatus.REGISTERED


def test_preparing_changes_the_file_until_it_is_answered() -> None:
    meeting = MeetingFactory()
    case = meeting.register()
    services.prepare_case(case=case, author=meeting.coordinator, stage="non connu", question="Quelle suite ?")
    case.refresh_from_db()
    assert (case.stage, case.question) == ("non connu", "Quelle suite ?")
    services.decide(case=case, author=meeting.physician, proposal="Chirurgie")
    with pytest.raises(DomainError, match="déjà été rendu"):
        services.prepare_case(case=case, author=meeting.coordinator, stage="cT1")


def test_the_agenda_moves_one_place_at_a_time_and_skips_those_withdrawn() -> None:
    meeting = MeetingFactory(today=False)
    first, gone, second, third = (meeting.register() for _ in range(4))
    services.withdraw_case(case=gone, reason="x", author=meeting.coordinator)

    def order() -> list[int]:
        return list(RcpCase.objects.filter(session=meeting.session).on_agenda().values_list("pk", flat=True))

    services.move_case(case=third, up=True)
    assert order() == [first.pk, third.pk, second.pk]
    services.move_case(case=first, up=True)
    assert order() == [first.pk, third.pk, second.pk]
    services.move_case(case=first, up=False)
    assert order() == [third.pk, first.pk, second.pk]
    with pytest.raises(DomainError, match="plus à l’ordre du jour"):
        services.move_case(case=gone, up=True)


def test_after_the_start_of_treatment_is_labelled_and_follows_the_ledger() -> None:
    meeting = MeetingFactory()
    pathway = meeting.pathway(days_ago=10)
    started = pathways.record_milestone(
        pathway=pathway, kind="treatment_started", occurred_at=timezone.now() - timedelta(days=2)
    )
    case = meeting.register(pathway)
    assert case.after_treatment
    pathways.withdraw_milestone(milestone=started, author=None, note="Erreur")
    case.refresh_from_db()
    assert not case.after_treatment
    pathways.record_milestone(pathway=pathway, kind="treatment_started", occurred_at=timezone.now() - timedelta(days=1))
    case.refresh_from_db()
    assert case.after_treatment


def test_closing_the_pathway_frees_the_agenda() -> None:
    meeting = MeetingFactory(today=False)
    case = meeting.register()
    pathways.close_pathway(pathway=case.pathway, reason="died", author=meeting.coordinator)
    case.refresh_from_db()
    assert (case.status, case.postponed_reason) == (CaseStatus.WITHDRAWN, "Parcours clos : décès")
