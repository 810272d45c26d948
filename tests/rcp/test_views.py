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
from rcp.models import ActionStatus, Attendance, Decision, RcpCase, SessionStatus
from rcp.services import NewAction
from tests.factories import ProfessionalFactory, TeamFactory, UserFactory
from tests.rcp.factories import Meeting, MeetingFactory, PhysicianFactory, PhysicianUserFactory, SessionFactory
from tests.rcp.pages import HTMX, decision_post, logged, text_of

pytestmark = pytest.mark.django_db


# --- who sees what ------------------------------------------------------------------------------------------------


def urls_of(case: RcpCase) -> dict[str, str]:
    named = {name: reverse(f"rcp:{name}", args=[case.uuid]) for name in ("case", "prepare", "postpone", "sheet")}
    named["session"] = reverse("rcp:session", args=[case.session.uuid])
    named["register"] = reverse("rcp:register", args=[case.pathway.uuid])
    return named


@pytest.mark.parametrize("page", ["case", "prepare", "postpone", "sheet", "session", "register"])
def test_a_physician_of_elsewhere_finds_nothing(client: Client, meeting: Meeting, page: str) -> None:
    stranger = PhysicianUserFactory(TeamFactory())
    answer = logged(client, stranger).get(urls_of(meeting.register())[page])
    assert answer.status_code == 404


@pytest.mark.parametrize("role", [Role.PLATFORM, Role.QUALITY, Role.ADMINISTRATOR])
@pytest.mark.parametrize("page", ["case", "prepare", "postpone", "sheet", "session", "register"])
def test_platform_quality_and_administration_are_refused(
    client: Client, meeting: Meeting, role: str, page: str
) -> None:
    user = UserFactory(role=role, team=TeamFactory(establishment=meeting.team.establishment))
    answer = logged(client, user).get(urls_of(meeting.register())[page])
    assert answer.status_code == 403


def test_a_visitor_is_sent_to_the_login_page(client: Client, meeting: Meeting) -> None:
    for url in [*urls_of(meeting.register()).values(), reverse("rcp:sessions"), reverse("rcp:follow-up")]:
        answer = client.get(url)
        assert (answer.status_code, answer["Location"].split("?")[0]) == (302, reverse("account_login"))


@pytest.mark.parametrize("view", ["", "?vue=a-venir", "?vue=passees"])
def test_quality_counts_sessions_and_never_sees_a_patient(client: Client, meeting: Meeting, view: str) -> None:
    meeting.fill_the_room()
    case = meeting.register()
    services.decide(case=case, author=meeting.physician, proposal="Chirurgie")
    type(meeting.session).objects.filter(pk=meeting.session.pk).update(ends_at=timezone.now())
    quality = UserFactory(role=Role.QUALITY, team=TeamFactory(establishment=meeting.team.establishment))
    page = text_of(logged(client, quality).get(reverse("rcp:sessions") + view))
    patient = case.pathway.patient
    for secret in (patient.birth_name, patient.file_number, case.pathway.reference, str(case.uuid), case.question):
        assert secret not in page
    assert reverse("rcp:session", args=[meeting.session.uuid]) not in page
    assert "Suites des décisions" not in page
    if view != "?vue=a-venir":
        assert str(meeting.series) in page
        assert "1\u00a0/\u00a01" in page.replace("&nbsp;", "\u00a0")


def test_quality_of_another_establishment_counts_nothing(client: Client, meeting: Meeting) -> None:
    quality = UserFactory(role=Role.QUALITY, team=TeamFactory())
    assert str(meeting.series) not in text_of(logged(client, quality).get(reverse("rcp:sessions")))


def test_a_member_without_any_team_sits_at_the_meeting_until_a_month_after(client: Client) -> None:
    meeting = MeetingFactory(codes=("SM14", "SM36"))
    guest = PhysicianUserFactory(None, "SM37")
    meeting.series.members.add(guest.professional)
    case = meeting.register()
    logged(client, guest)
    assert client.get(reverse("rcp:case", args=[case.uuid])).status_code == 200
    page = client.get(reverse("rcp:session", args=[meeting.session.uuid]))
    assert case.pathway.patient.display_name in text_of(page)
    log = AccessLog.objects.filter(patient_uuid=case.pathway.patient.uuid, user=guest)
    assert {row.why for row in log} == {"circle"}
    case.pathway.circle.filter(role="rcp").update(until=timezone.now())
    assert client.get(reverse("rcp:case", args=[case.uuid])).status_code == 404
    page = text_of(client.get(reverse("rcp:session", args=[meeting.session.uuid])))
    assert case.pathway.patient.display_name not in page
    assert "1 autre dossier" in page


def test_a_town_doctor_of_the_circle_reads_the_case_but_does_not_sit(client: Client, meeting: Meeting) -> None:
    gp = ProfessionalFactory(gp=True)
    user = UserFactory(role=Role.TOWN, team=TeamFactory(), professional=gp)
    case = meeting.register(meeting.pathway(gp=gp))
    logged(client, user)
    assert client.get(reverse("rcp:case", args=[case.uuid])).status_code == 200
    assert client.get(reverse("rcp:session", args=[meeting.session.uuid])).status_code == 403
    assert client.post(reverse("rcp:decide", args=[case.uuid]), decision_post()).status_code == 403
    assert not Decision.objects.exists()


def test_a_hospital_doctor_of_the_circle_who_does_not_sit_only_reads(client: Client, meeting: Meeting) -> None:
    case = meeting.register()
    reader = PhysicianUserFactory(TeamFactory(), "SM24")
    pathways.add_to_circle(pathway=case.pathway, professional=reader.professional, role="referent")
    logged(client, reader)
    assert client.get(reverse("rcp:case", args=[case.uuid])).status_code == 200
    assert client.get(reverse("rcp:session", args=[meeting.session.uuid])).status_code == 404
    for name in ("prepare", "postpone", "withdraw", "correct"):
        assert client.get(reverse(f"rcp:{name}", args=[case.uuid])).status_code == 403, name
    for name in ("decide", "move", "stream", "absence"):
        assert client.post(reverse(f"rcp:{name}", args=[case.uuid]), decision_post()).status_code == 403, name
    assert not Decision.objects.exists()


def test_only_a_physician_gives_an_opinion(client: Client, meeting: Meeting) -> None:
    case = meeting.register()
    answer = logged(client, meeting.coordinator).post(reverse("rcp:decide", args=[case.uuid]), decision_post())
    assert answer.status_code == 403
    assert "Avis de la réunion" not in text_of(client.get(reverse("rcp:case", args=[case.uuid])))


def test_another_team_s_physician_does_not_touch_the_follow_up(client: Client, meeting: Meeting) -> None:
    decision = services.decide(
        case=meeting.register(), author=meeting.physician, proposal="x",
        actions=[NewAction("Chambre", timezone.localdate())],
    )  # fmt: skip
    action = decision.actions.get()
    guest = PhysicianUserFactory(TeamFactory(), "SM24")
    meeting.series.members.add(guest.professional)
    services.attend(session=meeting.session, professional=guest.professional)
    url = reverse("rcp:deviate", args=[action.uuid])
    assert logged(client, guest).post(url, {"reason": "non"}).status_code == 403
    assert logged(client, PhysicianUserFactory(TeamFactory())).post(url, {"reason": "non"}).status_code == 404
    action.refresh_from_db()
    assert action.status == ActionStatus.OPEN


# --- the agenda ---------------------------------------------------------------------------------------------------


def test_the_agenda_of_forty_cases_takes_twelve_queries(client: Client) -> None:
    meeting = MeetingFactory()
    for number in range(40):
        case = meeting.register(meeting.pathway(days_ago=3))
        if number % 3 == 0:
            at = timezone.now() - timedelta(days=1)
            pathways.record_milestone(pathway=case.pathway, kind="exam_done", detail="irm", occurred_at=at)
    meeting.fill_the_room()
    services.decide(
        case=meeting.cases[0], author=meeting.physician, proposal="x", actions=[NewAction("y", timezone.localdate())]
    )
    logged(client, meeting.physician)
    url = reverse("rcp:session", args=[meeting.session.uuid])
    with CaptureQueriesContext(
        connection,
    ) as queries:
        answer = client.get(url)
    assert text_of(answer).count('id="dossier-') == 40
    assert len(queries) <= 12, "\n".join(query["sql"][:120] for query in queries)
    assert AccessLog.objects.filter(user=meeting.physician, what="Ordre du jour de RCP").count() == 40


def test_the_agenda_says_what_a_physician_must_know(client: Client, meeting: Meeting) -> None:
    case = meeting.register(summary="Ictère cutanéo-muqueux", stage="cT2N0M0", who_status=1)
    page = text_of(logged(client, meeting.physician).get(reverse("rcp:session", args=[meeting.session.uuid])))
    patient = case.pathway.patient
    for word in (patient.display_name, "17/05/1960", "66", patient.file_number, case.question, "Ictère", "cT2N0M0"):
        assert word in page
    assert "imagerie, anatomopathologie, médecin traitant" in page.replace("présentateur, ", "")


def test_what_earlier_sessions_asked_for_opens_the_agenda(client: Client, meeting: Meeting) -> None:
    case = meeting.register()
    action = NewAction("Chambre implantable", timezone.localdate())
    services.decide(case=case, author=meeting.physician, proposal="x", actions=[action])
    following = SessionFactory(meeting.series)
    page = text_of(logged(client, meeting.physician).get(reverse("rcp:session", args=[following.uuid])))
    assert "Suites non exécutées" in page
    assert AccessLog.objects.get(what="Ordre du jour de RCP").patient_uuid == case.pathway.patient.uuid
    assert "Chambre implantable" in page
    same = text_of(client.get(reverse("rcp:session", args=[meeting.session.uuid])))
    assert "Suites non exécutées" not in same


def test_one_click_records_a_presence_and_the_quorum_answers(client: Client, meeting: Meeting) -> None:
    meeting.register()
    logged(client, meeting.physician)
    url = reverse("rcp:attend", args=[meeting.session.uuid])
    for member in meeting.members[:2]:
        answer = client.post(url, {"professional": member.uuid, "mode": "room"}, headers=HTMX)
    assert "<html" not in text_of(answer)
    assert "Quorum non atteint" in text_of(answer)
    assert "oncologie radiothérapique" in text_of(answer)
    answer = client.post(url, {"professional": meeting.members[2].uuid, "mode": "video"}, headers=HTMX)
    assert "Quorum atteint" in text_of(answer)
    plain = client.post(url, {"professional": meeting.members[2].uuid, "mode": "none"})
    assert plain["Location"] == reverse("rcp:session", args=[meeting.session.uuid])
    assert Attendance.objects.count() == 2


def test_another_professional_is_found_by_name(client: Client, meeting: Meeting) -> None:
    PhysicianFactory("SM24", last_name="Bérénice")
    logged(client, meeting.physician)
    url = reverse("rcp:professionals", args=[meeting.session.uuid])
    assert "Bérénice" in text_of(client.get(url, {"q": "berenice"}, headers=HTMX))
    assert "Personne de ce nom" in text_of(client.get(url, {"q": "zzz"}))
    assert client.get(url, {"q": ""}).status_code == 200


@pytest.mark.parametrize("value", ["", "pas-un-uuid", "00000000-0000-0000-0000-000000000000"])
def test_a_wrong_professional_is_not_found(client: Client, meeting: Meeting, value: str) -> None:
    answer = logged(client, meeting.physician).post(
        reverse("rcp:attend", args=[meeting.session.uuid]), {"professional": value, "mode": "room"}
    )
    assert answer.status_code == 404


def test_the_order_changes_with_and_without_javascript(client: Client, meeting: Meeting) -> None:
    first, second = meeting.register(), meeting.register()
    logged(client, meeting.physician)
    fragment = text_of(client.post(reverse("rcp:move", args=[second.uuid]), {"sens": "haut"}, headers=HTMX))
    assert fragment.index(str(second.uuid)) < fragment.index(str(first.uuid))
    answer = client.post(reverse("rcp:move", args=[second.uuid]), {"sens": "bas"})
    assert answer.status_code == 302
    assert list(RcpCase.objects.on_agenda()) == [first, second]


def test_closing_tells_who_waits_then_closes(client: Client, meeting: Meeting) -> None:
    case = meeting.register()
    logged(client, meeting.physician)
    url = reverse("rcp:close", args=[meeting.session.uuid])
    assert case.pathway.patient.display_name in text_of(client.post(url, follow=True))
    services.decide(case=case, author=meeting.physician, proposal="x")
    assert "Séance close" in text_of(client.post(url, follow=True))


def test_closing_is_the_organiser_s(client: Client, meeting: Meeting) -> None:
    guest = PhysicianUserFactory(TeamFactory(), "SM24")
    meeting.series.members.add(guest.professional)
    services.decide(case=meeting.register(), author=meeting.physician, proposal="x")
    logged(client, guest)
    url = reverse("rcp:close", args=[meeting.session.uuid])
    assert url not in client.get(reverse("rcp:session", args=[meeting.session.uuid])).content.decode()
    assert "Seule l’équipe qui organise la RCP peut clore" in text_of(client.post(url, follow=True))
    meeting.session.refresh_from_db()
    assert meeting.session.status != "closed"


def test_cancelling_is_the_organiser_s(client: Client) -> None:
    meeting = MeetingFactory(today=False)
    guest = PhysicianUserFactory(TeamFactory(), "SM24")
    meeting.series.members.add(guest.professional)
    url = reverse("rcp:cancel", args=[meeting.session.uuid])
    logged(client, guest).post(url, {"reason": "Congrès"})
    meeting.session.refresh_from_db()
    assert meeting.session.status == SessionStatus.PLANNED
    logged(client, meeting.coordinator).post(url, {"reason": "Congrès"})
    meeting.session.refresh_from_db()
    assert meeting.session.status == SessionStatus.CANCELLED
