"""One case, its registration, its follow-up and its papers, as the pages show them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from directory.models import AccessLog, Role
from pathways import services as pathways
from rcp import services
from rcp.models import ActionStatus, CaseStatus, Decision, RcpCase
from rcp.services import NewAction
from tests.factories import ProfessionalFactory, TeamFactory, UserFactory
from tests.rcp.factories import Meeting, MeetingFactory, PhysicianUserFactory, SessionFactory
from tests.rcp.pages import HTMX, decision_post, logged, text_of

pytestmark = pytest.mark.django_db


# --- one case -----------------------------------------------------------------------------------------------------


def test_an_opinion_is_saved_and_the_next_file_opens(client: Client, meeting: Meeting) -> None:
    meeting.fill_the_room()
    first, second = meeting.register(), meeting.register()
    logged(client, meeting.physician)
    answer = client.post(
        reverse("rcp:decide", args=[first.uuid]),
        decision_post(
            **{
                "suivant": "1",
                "suites-0-preset": "announcement", "suites-0-wanted": "on", "suites-0-label": "Consultation d’annonce",
                "suites-0-due_on": str(timezone.localdate() + timedelta(days=7)), "suites-0-team": meeting.team.uuid,
                "suites-0-kind": "pps_given",
                "suites-6-label": "Avis diététique", "suites-6-due_on": str(timezone.localdate()),
            }
        ),
    )  # fmt: skip
    assert answer["Location"] == reverse("rcp:case", args=[second.uuid])
    decision = Decision.objects.get()
    assert (decision.proposal, decision.decided_by) == ("Chirurgie première", meeting.physician)
    actions = {action.label: action.executed_by_kind for action in decision.actions.all()}
    # The proof of a preset is the series', whatever the browser sends.
    assert actions == {"Consultation d’annonce": "announcement", "Avis diététique": ""}


def test_the_last_opinion_leads_back_to_the_agenda(client: Client, meeting: Meeting) -> None:
    case = meeting.register()
    answer = logged(client, meeting.physician).post(reverse("rcp:decide", args=[case.uuid]), decision_post(suivant="1"))
    assert answer["Location"] == reverse("rcp:session", args=[meeting.session.uuid])


def test_a_refused_opinion_keeps_what_was_typed(client: Client, meeting: Meeting) -> None:
    case = meeting.register()
    services.decide(case=case, author=meeting.physician, proposal="Avis du premier")
    second = PhysicianUserFactory(meeting.team, "SM24")
    answer = logged(client, second).post(
        reverse("rcp:decide", args=[case.uuid]), decision_post(proposal="Avis du second, long à taper")
    )
    assert answer.status_code == 422
    page = text_of(answer)
    assert "Avis du premier" in page
    assert "Avis du second, long à taper" in page
    assert "déjà été enregistré" in page


def test_an_action_without_date_is_said_next_to_it(client: Client, meeting: Meeting) -> None:
    case = meeting.register()
    answer = logged(client, meeting.physician).post(
        reverse("rcp:decide", args=[case.uuid]), decision_post(**{"suites-7-label": "Avis diététique"})
    )
    assert answer.status_code == 422
    assert "Indiquez pour quand" in text_of(answer)
    assert not Decision.objects.exists()


def test_a_provisional_opinion_comes_back_prefilled(client: Client, meeting: Meeting) -> None:
    meeting.fill_the_room(without="SM37")
    services.decide(case=meeting.register(), author=meeting.physician, proposal="Chirurgie après drainage")
    later = SessionFactory(meeting.series, timezone.now() - timedelta(minutes=5))
    services.place_pending(series=meeting.series, now=timezone.now())
    carried = later.cases.get()
    page = text_of(logged(client, meeting.physician).get(reverse("rcp:case", args=[carried.uuid])))
    assert "Repris de l’avis provisoire" in page
    assert "Chirurgie après drainage</textarea>" in page


def test_an_absence_for_one_case_answers_with_its_quorum(client: Client, meeting: Meeting) -> None:
    surgeon, *_ = meeting.fill_the_room()
    case = meeting.register()
    logged(client, meeting.physician)
    url = reverse("rcp:absence", args=[case.uuid])
    fragment = text_of(client.post(url, {"attendance": surgeon.uuid, "absent": "1"}, headers=HTMX))
    assert "Quorum non atteint" in fragment
    assert "chirurgie viscérale" in fragment
    assert "Quorum atteint" in text_of(client.post(url, {"attendance": surgeon.uuid, "absent": "0"}, headers=HTMX))


def test_a_correction_shows_both_versions(client: Client, meeting: Meeting) -> None:
    case = meeting.register()
    services.decide(case=case, author=meeting.physician, proposal="Version première")
    logged(client, meeting.physician)
    url = reverse("rcp:correct", args=[case.uuid])
    assert "Version première" in text_of(client.get(url))
    refused = client.post(url, decision_post(proposal="Version seconde", revision="1", reason=""))
    assert refused.status_code == 422
    assert "Version seconde" in text_of(refused)
    client.post(url, decision_post(proposal="Version seconde", revision="1", reason="Faute de frappe"))
    page = text_of(client.get(reverse("rcp:case", args=[case.uuid])))
    for words in ("Version première", "Version seconde", "Faute de frappe", str(meeting.physician)):
        assert words in page


def test_preparing_and_postponing_through_the_pages(client: Client, meeting: Meeting) -> None:
    case = meeting.register()
    later = SessionFactory(meeting.series)
    logged(client, meeting.coordinator)
    prepare = reverse("rcp:prepare", args=[case.uuid])
    assert client.post(prepare, {"question": "", "g8_score": "40"}).status_code == 422
    assert client.post(prepare, {"question": "Quelle suite ?", "g8_score": "13.5", "no_gp": "on"}).status_code == 302
    case.refresh_from_db()
    assert (case.question, str(case.g8_score), case.no_gp) == ("Quelle suite ?", "13.5", True)
    postpone = reverse("rcp:postpone", args=[case.uuid])
    assert client.post(postpone, {"to": later.uuid, "reason": ""}).status_code == 422
    assert client.post(postpone, {"to": later.uuid, "reason": "IRM à refaire"}).status_code == 302
    case.refresh_from_db()
    assert case.status == CaseStatus.POSTPONED
    assert "repris à la séance" in text_of(client.get(reverse("rcp:case", args=[case.uuid])))
    withdraw = reverse("rcp:withdraw", args=[later.cases.get().uuid])
    assert client.post(withdraw, {"reason": "Vu ailleurs"}).status_code == 302
    assert later.cases.get().status == CaseStatus.WITHDRAWN


# --- registering --------------------------------------------------------------------------------------------------


def test_registering_is_prefilled_and_shows_the_margin(client: Client) -> None:
    meeting = MeetingFactory(today=False)
    pathway = meeting.pathway(days_ago=1)
    pathways.write_summary(pathway=pathway, suspicion="Masse de la tête", diagnosis="Adénocarcinome", who_status=2)
    logged(client, meeting.coordinator)
    url = reverse("rcp:register", args=[pathway.uuid])
    page = text_of(client.get(url))
    assert "Masse de la tête" in page
    assert 'value="Adénocarcinome"' in page
    assert 'value="2" selected' in page
    assert "j-margin" in page
    data = {"session": meeting.session.uuid, "question": "Résécable ?"}
    answer = client.post(url, data)
    case = RcpCase.objects.get()
    assert answer["Location"] == reverse("rcp:case", args=[case.uuid])
    again = client.post(url, data)
    assert again.status_code == 422
    assert "déjà inscrit" in text_of(again)


def test_registering_late_asks_the_coordination_why(client: Client, meeting: Meeting) -> None:
    url = reverse("rcp:register", args=[meeting.pathway().uuid])
    data = {"session": meeting.session.uuid, "question": "Résécable ?"}
    refused = logged(client, meeting.coordinator).post(url, data)
    assert refused.status_code == 422
    assert "Résécable ?" in text_of(refused)
    assert client.post(url, {**data, "late_reason": "Ictère"}).status_code == 302
    secretary = UserFactory(role=Role.SECRETARY, team=meeting.team)
    other = reverse("rcp:register", args=[meeting.pathway().uuid])
    assert logged(client, secretary).post(other, {**data, "late_reason": "x"}).status_code == 422


def test_only_the_pathway_s_team_registers(client: Client) -> None:
    meeting = MeetingFactory(today=False)
    pathway = meeting.pathway()
    guest = PhysicianUserFactory(TeamFactory(), "SM24")
    pathways.add_to_circle(pathway=pathway, professional=guest.professional, role="other")
    assert logged(client, guest).get(reverse("rcp:register", args=[pathway.uuid])).status_code == 403


def test_no_session_says_what_to_expect(client: Client, meeting: Meeting) -> None:
    type(meeting.session).objects.all().update(status="closed")
    page = logged(client, meeting.coordinator).get(reverse("rcp:register", args=[meeting.pathway().uuid]))
    assert "Aucune séance ouverte" in text_of(page)


# --- follow-up ----------------------------------------------------------------------------------------------------


def test_overdue_actions_come_first_and_are_done_or_set_aside_there(client: Client, meeting: Meeting) -> None:
    today = timezone.localdate()
    actions = [NewAction("Pour plus tard", today + timedelta(days=9)), NewAction("Pour aujourd’hui", today)]
    decision = services.decide(case=meeting.register(), author=meeting.physician, proposal="x", actions=actions)
    decision.actions.filter(label="Pour aujourd’hui").update(
        due_on=today - timedelta(days=2), label="En retard de deux jours"
    )
    logged(client, meeting.coordinator)
    url = reverse("rcp:follow-up")
    page = text_of(client.get(url))
    assert page.index("En retard de deux jours") < page.index("Pour plus tard")
    late = decision.actions.get(label="En retard de deux jours")
    client.post(reverse("rcp:execute", args=[late.uuid]), {"on": str(today), "retour": url})
    later = decision.actions.get(label="Pour plus tard")
    assert "Indiquez pourquoi" in text_of(
        client.post(reverse("rcp:deviate", args=[later.uuid]), {"reason": "", "retour": url}, follow=True)
    )
    client.post(reverse("rcp:deviate", args=[later.uuid]), {"reason": "Refus du patient", "retour": url})
    assert set(decision.actions.values_list("status", flat=True)) == {ActionStatus.EXECUTED, ActionStatus.DEVIATED}
    assert "Aucune suite en attente" in text_of(client.get(url))
    assert "Refus du patient" in text_of(client.get(url, {"vue": "non-suivies"}))
    client.post(reverse("rcp:reopen", args=[later.uuid]))
    assert "Pour plus tard" in text_of(client.get(url, {"vue": "a-venir", "rcp": meeting.series.uuid}))


def test_lists_take_as_many_queries_for_many_rows_as_for_few(client: Client, meeting: Meeting) -> None:
    gp = ProfessionalFactory(gp=True)
    logged(client, meeting.coordinator)

    def queries() -> dict[str, int]:
        counts = {}
        for url in (reverse("rcp:follow-up"), reverse("rcp:follow-up") + "?vue=faites", reverse("rcp:sessions")):
            with CaptureQueriesContext(connection) as captured:
                assert client.get(url).status_code == 200
            counts[url] = len(captured)
        return counts

    def one_more(number: int) -> None:
        actions = [NewAction("Chambre", timezone.localdate()), NewAction("Autre", timezone.localdate())]
        case = meeting.register(meeting.pathway(gp=gp))
        decision = services.decide(case=case, author=meeting.physician, proposal="x", actions=actions)
        services.execute_action(action=decision.actions.first(), author=meeting.coordinator, on=timezone.localdate())
        SessionFactory(meeting.series, timezone.now() + timedelta(days=20 + number))

    one_more(0)
    few = queries()
    for number in range(1, 6):
        one_more(number)
    assert queries() == few


def test_it_never_leads_out_of_the_site(client: Client, meeting: Meeting) -> None:
    decision = services.decide(
        case=meeting.register(), author=meeting.physician, proposal="x",
        actions=[NewAction("Chambre", timezone.localdate())],
    )  # fmt: skip
    answer = logged(client, meeting.coordinator).post(
        reverse("rcp:execute", args=[decision.actions.get().uuid]),
        {"on": str(timezone.localdate()), "retour": "https://ailleurs.invalid/"},
    )
    assert answer["Location"] == reverse("rcp:case", args=[decision.case.uuid])


def test_a_file_to_represent_without_session_is_shown_to_the_coordinator(client: Client, meeting: Meeting) -> None:
    meeting.fill_the_room(without="SM37")
    case = meeting.register()
    services.decide(case=case, author=meeting.physician, proposal="x")
    page = text_of(logged(client, meeting.coordinator).get(reverse("rcp:follow-up")))
    assert "À représenter, sans séance ouverte" in page
    assert case.pathway.patient.display_name in page


# --- papers -------------------------------------------------------------------------------------------------------


def test_the_sheet_names_what_the_law_asks(client: Client, meeting: Meeting) -> None:
    meeting.fill_the_room()
    case = meeting.register(stage="cT2N0M0", histology="Adénocarcinome", who_status=1)
    services.decide(case=case, author=meeting.physician, proposal="Chirurgie première")
    page = text_of(logged(client, meeting.physician).get(reverse("rcp:sheet", args=[case.uuid])))
    for words in ("Chirurgie première", "cT2N0M0", "Adénocarcinome", "chirurgie viscérale et digestive", "atteint"):
        assert words in page
    for member in meeting.members:
        assert str(member) in page


def test_the_letter_is_printed_and_its_sending_recorded(client: Client, meeting: Meeting) -> None:
    gp = ProfessionalFactory(gp=True, email="")
    case = meeting.register(meeting.pathway(gp=gp))
    services.decide(case=case, author=meeting.physician, proposal="Chirurgie première")
    logged(client, meeting.coordinator)
    page = text_of(client.get(reverse("rcp:paper", args=[case.uuid])))
    assert "Chirurgie première" in page
    assert str(gp) in page
    client.post(reverse("rcp:sent", args=[case.uuid]))
    assert Decision.objects.get().sent_at


def test_reading_a_case_is_logged(client: Client, meeting: Meeting) -> None:
    case = meeting.register()
    logged(client, meeting.coordinator).get(reverse("rcp:case", args=[case.uuid]))
    row = AccessLog.objects.get(user=meeting.coordinator, what="Dossier de RCP")
    assert (row.patient_uuid, row.why) == (case.pathway.patient.uuid, "team")
