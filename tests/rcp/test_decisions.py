from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.utils import timezone

from coordination.models import Task
from directory.errors import DomainError
from pathways.models import BoardOpinion, Milestone, Treatment
from rcp import services
from rcp.history import versions_of
from rcp.models import (
    ActionStatus,
    CaseStatus,
    CaseStream,
    Decision,
    FollowUpAction,
    QuorumOutcome,
    RcpCase,
    RcpSession,
)
from tests.rcp.deciding import announcement, decide, held
from tests.rcp.factories import MeetingFactory, PhysicianFactory, SessionFactory

pytestmark = pytest.mark.django_db


# --- an opinion that stands ---------------------------------------------------------------------------------------


def test_an_opinion_with_quorum_is_written_everywhere_it_must_be() -> None:
    meeting = MeetingFactory()
    meeting.fill_the_room()
    case = meeting.register(who_status=0, stage="cT2", histology="Adénocarcinome", presenter=meeting.members[0])
    decision = decide(meeting, case, proposal="  Chirurgie première ", modality="surgery", treatment_label="Opération")
    case.refresh_from_db()
    assert (case.status, decision.quorum, decision.quorum_missing) == (CaseStatus.DECIDED, QuorumOutcome.REACHED, [])
    assert case.complete is False  # no imaging
    assert {line["specialty"] for line in decision.present} == {
        "chirurgie viscérale et digestive", "oncologie médicale", "oncologie radiothérapique",
    }  # fmt: skip
    (fact,) = held(case.pathway)
    assert (fact.occurred_at, fact, fact.site) == (
        meeting.session.starts_at,
        decision.milestone,
        meeting.team.establishment,
    )
    opinion = BoardOpinion.objects.get(origin=decision.uuid)
    assert (opinion.proposal, opinion.quorum_reached) == ("Chirurgie première", True)
    treatment = Treatment.objects.get(origin=decision.uuid)
    assert (treatment.modality, treatment.label, treatment.status) == ("surgery", "Opération", "proposed")
    meeting.session.refresh_from_db()
    assert meeting.session.status == "running"


def test_without_any_attendance_the_quorum_is_unknown_and_the_opinion_stands() -> None:
    meeting = MeetingFactory()
    decision = decide(meeting)
    assert decision.quorum == QuorumOutcome.UNKNOWN
    assert decision.case.status == CaseStatus.DECIDED
    assert BoardOpinion.objects.get().quorum_reached is None


def test_no_treatment_named_none_written() -> None:
    decide(MeetingFactory())
    assert not Treatment.objects.exists()


@pytest.mark.parametrize("proposal", ["", "  "])
def test_an_empty_opinion_is_refused_and_nothing_is_left(proposal: str) -> None:
    meeting = MeetingFactory()
    with pytest.raises(DomainError) as refused:
        decide(meeting, proposal=proposal, actions=[announcement()])
    assert refused.value.field == "proposal"
    assert not Decision.objects.exists()
    assert not Task.objects.exists()


def test_no_opinion_before_the_day_of_the_meeting() -> None:
    meeting = MeetingFactory(today=False)
    with pytest.raises(DomainError, match="aura lieu le"):
        decide(meeting)


def test_an_early_opinion_of_the_day_is_not_dated_in_the_future() -> None:
    morning = datetime(2026, 5, 12, 8, tzinfo=UTC)
    with time_machine.travel(morning, tick=False):
        meeting = MeetingFactory(today=False)
        case = meeting.register()
        in_two_hours = morning + timedelta(hours=2)
        RcpSession.objects.update(starts_at=in_two_hours, ends_at=in_two_hours + timedelta(hours=1))
        decide(meeting, RcpCase.objects.get(pk=case.pk))
        (fact,) = held(case.pathway)
    assert fact.occurred_at == morning


def test_the_second_opinion_is_refused_and_says_whose_was_first() -> None:
    meeting = MeetingFactory()
    case = meeting.register()
    decide(meeting, case)
    with pytest.raises(DomainError, match=str(meeting.physician)) as refused:
        decide(meeting, case, proposal="Autre avis")
    assert refused.value.code == "already_decided"
    assert Decision.objects.get().proposal == "Chirurgie"


# --- quorum missed ------------------------------------------------------------------------------------------------


def test_without_quorum_the_opinion_is_provisional_and_the_file_comes_back() -> None:
    meeting = MeetingFactory()
    following = SessionFactory(meeting.series)
    meeting.fill_the_room(without="SM37")
    case = meeting.register(summary="Synthèse")
    decision = decide(meeting, case, modality="surgery", actions=[announcement()])
    case.refresh_from_db()
    assert (case.status, decision.quorum) == (CaseStatus.TO_REPRESENT, QuorumOutcome.MISSED)
    assert decision.quorum_missing == ["oncologie radiothérapique"]
    assert not held(case.pathway)
    assert not Treatment.objects.exists()
    assert BoardOpinion.objects.get().quorum_reached is False
    carried = following.cases.get()
    assert (carried.previous, carried.status, carried.summary) == (case, CaseStatus.REGISTERED, "Synthèse")
    assert FollowUpAction.objects.get().task is not None


def test_an_absence_for_one_case_costs_only_that_case_its_quorum() -> None:
    meeting = MeetingFactory()
    surgeon, *_ = meeting.fill_the_room()
    one, other = meeting.register(), meeting.register()
    services.set_absent(case=one, attendance=surgeon, absent=True)
    assert decide(meeting, one).quorum == QuorumOutcome.MISSED
    last = decide(meeting, other)
    assert last.quorum == QuorumOutcome.REACHED
    assert len(last.present) == 3
    with pytest.raises(DomainError):
        services.set_absent(case=RcpCase.objects.get(pk=one.pk), attendance=surgeon, absent=False)


def test_a_standard_file_needs_no_quorum() -> None:
    meeting = MeetingFactory()
    meeting.fill_the_room(without="SM37")
    case = meeting.register(author=meeting.coordinator)
    services.change_stream(case=case, stream=CaseStream.RECORDED, author=meeting.physician)
    decision = decide(meeting, RcpCase.objects.get(pk=case.pk))
    assert decision.case.status == CaseStatus.DECIDED
    assert held(case.pathway)


def test_a_file_to_represent_waits_for_a_session_and_joins_the_first_one_opened() -> None:
    meeting = MeetingFactory()
    meeting.fill_the_room(without="SM37")
    decide(meeting)
    assert RcpCase.objects.count() == 1
    services.open_sessions(now=timezone.now())
    carried = RcpCase.objects.get(status=CaseStatus.REGISTERED)
    assert carried.session == meeting.series.sessions.exclude(pk=meeting.session.pk).order_by("starts_at").first()
    services.open_sessions(now=timezone.now())
    assert RcpCase.objects.count() == 2


def test_a_patient_already_expected_later_is_not_registered_twice() -> None:
    meeting = MeetingFactory()
    meeting.fill_the_room(without="SM37")
    case = meeting.register()
    RcpSession.objects.update(ends_at=timezone.now())  # over, but the opinion is typed only now
    following = SessionFactory(meeting.series)
    SessionFactory(meeting.series, following.starts_at + timedelta(days=7))
    expected = meeting.register(case.pathway, session=following)
    decide(meeting, case)
    expected.refresh_from_db()
    assert expected.previous == case
    assert RcpCase.objects.filter(pathway=case.pathway).count() == 2


def test_a_file_that_went_to_the_next_session_and_came_back_is_still_represented() -> None:
    meeting = MeetingFactory()
    following = SessionFactory(meeting.series)
    meeting.fill_the_room(without="SM37")
    first = meeting.register()
    away = services.postpone_case(case=first, reason="imagerie", author=meeting.coordinator, to=following)
    back = services.postpone_case(case=away, reason="imagerie reçue", author=meeting.coordinator, to=meeting.session)
    assert back == first
    decide(meeting, back)
    assert RcpCase.objects.get(pathway=first.pathway, status=CaseStatus.REGISTERED).session == following


def test_completing_the_attendance_makes_a_provisional_opinion_stand() -> None:
    meeting = MeetingFactory()
    following = SessionFactory(meeting.series)
    meeting.fill_the_room(without="SM37")
    decision = decide(meeting, modality="surgery")
    meeting.fill_the_room()
    assert services.review_quorum(session=meeting.session, author=meeting.physician) == 1
    decision.refresh_from_db()
    assert (decision.quorum, len(decision.present)) == (QuorumOutcome.REACHED, 3)
    assert decision.case.status == CaseStatus.DECIDED
    assert held(decision.case.pathway)
    assert Milestone.objects.in_force().filter(pathway=decision.case.pathway, kind="rcp_registered").exists()
    assert Treatment.objects.get().status == "proposed"
    assert following.cases.get().status == CaseStatus.WITHDRAWN
    assert services.review_quorum(session=meeting.session, author=meeting.physician) == 0


def test_an_unknown_quorum_may_turn_out_missed() -> None:
    meeting = MeetingFactory()
    SessionFactory(meeting.series)
    decision = decide(meeting, modality="surgery")
    assert held(decision.case.pathway)
    meeting.fill_the_room(without="SM37")
    assert services.review_quorum(session=meeting.session, author=meeting.physician) == 1
    decision.refresh_from_db()
    assert decision.case.status == CaseStatus.TO_REPRESENT
    assert not held(decision.case.pathway)
    assert Treatment.objects.get().status == "abandoned"
    meeting.fill_the_room()
    services.review_quorum(session=meeting.session, author=meeting.physician)
    assert len(held(decision.case.pathway)) == 1
    assert Treatment.objects.get().status == "proposed"


def test_a_quorum_that_was_reached_stays_and_a_closed_session_keeps_its_quorums() -> None:
    meeting = MeetingFactory()
    attendances = meeting.fill_the_room()
    decision = decide(meeting)
    services.leave(attendance=attendances[0])
    assert services.review_quorum(session=meeting.session, author=meeting.physician) == 0
    decision.refresh_from_db()
    assert decision.quorum == QuorumOutcome.REACHED
    services.close_session(session=meeting.session, author=meeting.coordinator)
    with pytest.raises(DomainError, match="close"):
        services.review_quorum(session=meeting.session, author=meeting.physician)
    with pytest.raises(DomainError, match="close"):
        services.attend(session=meeting.session, professional=PhysicianFactory())


# --- attendance ---------------------------------------------------------------------------------------------------


def test_who_comes_reads_the_files_and_a_second_click_changes_only_the_mode() -> None:
    meeting = MeetingFactory()
    case = meeting.register()
    guest = PhysicianFactory("SM24")
    first = services.attend(session=meeting.session, professional=guest)
    again = services.attend(session=meeting.session, professional=guest, mode="video")
    assert (first.pk, again.mode) == (again.pk, "video")
    assert (again.specialty_code, again.is_physician) == ("SM24", True)
    assert case.pathway.circle.current().filter(professional=guest, role="rcp").exists()


# --- corrections --------------------------------------------------------------------------------------------------


def test_a_correction_needs_a_reason_keeps_the_past_and_leaves_the_actions() -> None:
    meeting = MeetingFactory()
    meeting.fill_the_room()
    decision = decide(meeting, modality="surgery", actions=[announcement()])
    with pytest.raises(DomainError) as refused:
        services.correct_decision(
            decision=decision, author=meeting.physician, reason=" ", revision=1, proposal="Chimiothérapie"
        )
    assert refused.value.field == "reason"
    services.correct_decision(
        decision=decision, author=meeting.physician, reason="Erreur de saisie", revision=1,
        proposal="Chimiothérapie", modality="chemotherapy",
    )  # fmt: skip
    decision.refresh_from_db()
    assert (decision.proposal, decision.revision) == ("Chimiothérapie", 2)
    assert [(v.revision, v.proposal, v.reason) for v in versions_of(decision)] == [
        (2, "Chimiothérapie", "Erreur de saisie"),
        (1, "Chirurgie", ""),
    ]
    assert BoardOpinion.objects.get().proposal == "Chimiothérapie"
    assert Treatment.objects.get().modality == "chemotherapy"
    assert FollowUpAction.objects.get().status == ActionStatus.OPEN


def test_a_correction_of_an_older_version_is_refused() -> None:
    meeting = MeetingFactory()
    decision = decide(meeting)
    correct = {"decision": decision, "author": meeting.physician, "reason": "x", "revision": 1}
    services.correct_decision(**correct, proposal="A")
    with pytest.raises(DomainError, match="quelqu’un d’autre"):
        services.correct_decision(**correct, proposal="B")
    decision.refresh_from_db()
    assert decision.proposal == "A"


def test_a_correction_without_treatment_abandons_it_unless_it_started() -> None:
    meeting = MeetingFactory()
    decision = decide(meeting, modality="surgery")
    words = {"proposal": "Surveillance", "modality": ""}
    services.correct_decision(decision=decision, author=meeting.physician, reason="x", revision=1, **words)
    assert Treatment.objects.get().status == "abandoned"
    Treatment.objects.update(status="started")
    services.correct_decision(decision=decision, author=meeting.physician, reason="y", revision=2, **words)
    assert Treatment.objects.get().status == "started"
