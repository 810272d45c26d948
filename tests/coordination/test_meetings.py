"""The weekly review: one list, one patient at a time, actions that are tasks, several followers, versioned minutes."""

from __future__ import annotations

import hashlib
from datetime import date
from io import BytesIO
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pypdf import PdfReader

from coordination import services, tasks
from coordination.models import DeskPaper, ReviewItem, ReviewMeeting, Task
from coordination.papers import minutes
from coordination.querysets.worklist import Scope
from directory.errors import DomainError
from directory.models import AccessLog, Membership, Role, User
from pathways.models import Pathway
from tests.coordination.factories import Desk
from tests.coordination.pages import text, url
from tests.factories import TeamFactory, UserFactory

pytestmark = pytest.mark.django_db

DUE = date(2026, 11, 30)


@pytest.fixture(autouse=True)
def asked(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The papers a worker was called for."""
    calls: list[int] = []
    monkeypatch.setattr(tasks.print_paper, "apply_async", lambda args, **options: calls.append(args[0]))
    return calls


@pytest.fixture
def patients(desk: Desk) -> list[Pathway]:
    """Three pathways, the most urgent first."""
    return [desk.pathway(days_ago=days, birth_name=f"REVUE{days}") for days in (9, 6, 2)]


@pytest.fixture
def meeting(desk: Desk, patients: list[Pathway]) -> ReviewMeeting:
    return start(desk)


def start(desk: Desk, **more: Any) -> ReviewMeeting:
    asked = {"listed": "toutes", "scope": Scope(), "summary": "Tous les parcours", "team": desk.team} | more
    return services.start_review(user=desk.coordinator, **asked)


def item(meeting: ReviewMeeting, position: int) -> ReviewItem:
    return meeting.items.select_related("meeting", "pathway").get(position=position)


def decide(desk: Desk, meeting: ReviewMeeting, position: int = 1, **more: Any) -> Task:
    given = {"title": "Appeler le laboratoire", "owner": desk.coordinator, "due_on": DUE, "key": uuid4()} | more
    return services.decide_action(item=item(meeting, position), user=desk.coordinator, **given)


# --- the list -------------------------------------------------------------------------------------------------------
def test_a_review_takes_the_list_in_its_order(desk: Desk, meeting: ReviewMeeting, patients: list[Pathway]) -> None:
    assert [each.pathway for each in meeting.items.order_by("position")] == patients
    assert [each.user for each in meeting.attendances.all()] == [desk.coordinator]


def test_it_keeps_to_one_team_and_to_its_filters(desk: Desk, patients: list[Pathway]) -> None:
    elsewhere = Desk()
    elsewhere.pathway(days_ago=9, owner=desk.coordinator)
    Membership.objects.create(user=desk.coordinator, team=elsewhere.team, role=Role.COORDINATOR)
    patients[1].owner = None
    patients[1].save()
    both = User.objects.get(pk=desk.coordinator.pk)
    mine = services.start_review(user=both, team=desk.team, listed="toutes", scope=Scope(mine=True), summary="Mes")
    assert {each.pathway for each in mine.items.all()} == {patients[0], patients[2]}


def test_one_review_at_a_time_for_a_team_and_a_colleague_joins_it(desk: Desk, meeting: ReviewMeeting) -> None:
    colleague = UserFactory(role=Role.COORDINATOR, team=desk.team)
    joined = services.start_review(user=colleague, team=desk.team, listed="en-retard", scope=Scope(), summary="Autre")
    assert joined == meeting
    assert {each.user for each in meeting.attendances.all()} == {desk.coordinator, colleague}


def test_an_empty_list_is_no_review(desk: Desk) -> None:
    with pytest.raises(DomainError, match="vide"):
        start(desk)


# --- gestures -------------------------------------------------------------------------------------------------------
def test_an_action_is_a_task_of_the_team_made_once(desk: Desk, meeting: ReviewMeeting) -> None:
    key = uuid4()
    task = decide(desk, meeting, key=key)
    assert decide(desk, meeting, key=key) == task
    assert Task.objects.get() == task
    assert (task.owner, task.due_on, task.team, task.pathway) == (
        desk.coordinator, DUE, desk.team, item(meeting, 1).pathway,
    )  # fmt: skip
    assert item(meeting, 1).outcome == "action"


def test_the_form_of_an_action_sent_again_with_other_words_is_another_action(
    desk: Desk, meeting: ReviewMeeting
) -> None:
    key = uuid4()
    first = decide(desk, meeting, key=key)
    second = decide(desk, meeting, key=key, title="Relancer le laboratoire")
    assert first != second
    assert set(Task.objects.values_list("title", flat=True)) == {first.title, "Relancer le laboratoire"}


def test_seen_with_nothing_to_do(desk: Desk, meeting: ReviewMeeting) -> None:
    services.note_nothing(item=item(meeting, 2), user=desk.coordinator)
    assert (item(meeting, 2).outcome, item(meeting, 2).seen_by) == ("nothing", desk.coordinator)
    decide(desk, meeting, 2)
    with pytest.raises(DomainError, match="déjà été décidée"):
        services.note_nothing(item=item(meeting, 2), user=desk.coordinator)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"title": " "}, "quelques mots"),
        ({"due_on": None}, "pour quel jour"),
        ({"due_on": date(2026, 11, 22)}, "passé"),
    ],
)
def test_a_wrong_action_changes_nothing(desk: Desk, meeting: ReviewMeeting, wrong: Any, said: str) -> None:
    with pytest.raises(DomainError, match=said):
        decide(desk, meeting, **wrong)
    assert item(meeting, 1).outcome == "waiting"


def test_an_owner_of_another_team_is_refused(desk: Desk, meeting: ReviewMeeting) -> None:
    with pytest.raises(DomainError, match="équipe"):
        decide(desk, meeting, owner=UserFactory(role=Role.COORDINATOR, team=TeamFactory()))


def test_a_closed_review_takes_nothing_more(desk: Desk, meeting: ReviewMeeting) -> None:
    services.close_review(meeting=meeting, user=desk.coordinator)
    for act in (
        lambda: decide(desk, meeting),
        lambda: services.note_nothing(item=item(meeting, 1), user=desk.coordinator),
        lambda: services.look_at(meeting=meeting, position=2),
        lambda: services.note_attendance(meeting=meeting, present=[], others=""),
        lambda: services.close_review(meeting=meeting, user=desk.coordinator),
    ):
        with pytest.raises(DomainError, match="close"):
            act()


# --- the screen -----------------------------------------------------------------------------------------------------
def test_the_place_is_kept_for_everyone(
    nurse: Client, desk: Desk, meeting: ReviewMeeting, patients: list[Pathway]
) -> None:
    follower = Client()
    follower.force_login(UserFactory(role=Role.PHYSICIAN, team=desk.team))
    assert "Patient 1 sur 3" in text(follower.get(url("review", meeting)))
    nurse.post(url("review-go", meeting), {"n": "3"})
    assert "Patient 3 sur 3" in text(nurse.get(url("review", meeting))), "a page loaded again is where it was"
    assert "La revue est au patient 3" in text(follower.get(url("review-where", meeting), {"n": "1"}))
    assert "La revue est au patient" not in text(follower.get(url("review-where", meeting), {"n": "3"}))
    nurse.post(url("review-go", meeting), {"n": "99"})
    meeting.refresh_from_db()
    assert meeting.position == 3


def test_each_gesture_goes_on_to_the_next_patient(nurse: Client, desk: Desk, meeting: ReviewMeeting) -> None:
    nurse.post(url("review-nothing", meeting), {"n": "1"})
    given = {"n": "2", "title": "Demander le scanner", "owner": str(desk.coordinator.pk), "due_on": "2026-11-30"}
    nurse.post(url("review-action", meeting), given | {"key": str(uuid4()), "next": "1"})
    meeting.refresh_from_db()
    assert meeting.position == 3
    assert [item(meeting, place).outcome for place in (1, 2, 3)] == ["nothing", "action", "waiting"]


def test_a_gesture_is_for_the_patient_it_was_shown_for(nurse: Client, meeting: ReviewMeeting) -> None:
    """A colleague moved the review while the form was open."""
    nurse.post(url("review-go", meeting), {"n": "3"})
    nurse.post(url("review-nothing", meeting), {"n": "1"})
    assert (item(meeting, 1).outcome, item(meeting, 3).outcome) == ("nothing", "waiting")


def test_nothing_typed_is_lost(nurse: Client, meeting: ReviewMeeting) -> None:
    typed = {"n": "2", "title": "Demander le scanner", "owner": "", "due_on": "2026-11-01", "key": str(uuid4())}
    answer = nurse.post(url("review-action", meeting), typed)
    assert answer.status_code == 422
    assert "Patient 2 sur 3" in text(answer)
    assert 'value="Demander le scanner"' in text(answer)
    assert "Ce jour est déjà passé." in text(answer)


def test_each_patient_looked_at_is_logged_and_only_that_one(
    nurse: Client, meeting: ReviewMeeting, patients: list[Pathway]
) -> None:
    nurse.get(url("review", meeting))
    nurse.get(url("review-where", meeting), {"n": "1"})
    log = AccessLog.objects.get()
    assert (log.patient_uuid, log.what) == (patients[0].patient.uuid, "Revue d’équipe")


def test_a_screen_costs_the_same_whatever_the_data(
    nurse: Client, desk: Desk, meeting: ReviewMeeting, patients: list[Pathway], django_assert_max_num_queries: Any
) -> None:
    def cost() -> int:
        with django_assert_max_num_queries(36) as queries:
            assert nurse.get(url("review", meeting)).status_code == 200
        return len(queries)

    decide(desk, meeting)
    services.record_contact(pathway=patients[0], author=desk.coordinator, outcome="reached")
    before = cost()
    for _ in range(3):
        decide(desk, meeting)
        services.record_contact(pathway=patients[0], author=desk.coordinator, outcome="reached")
        UserFactory(role=Role.COORDINATOR, team=desk.team)
    assert cost() <= before


def test_it_starts_from_the_list_on_screen(nurse: Client, desk: Desk, patients: list[Pathway]) -> None:
    page = text(nurse.get(reverse("coordination:worklist"), {"liste": "toutes", "qui": "moi"}))
    assert "Passer cette liste en revue" in page
    given = {"liste": "toutes", "qui": "moi", "equipe": str(desk.team.uuid)}
    answer = nurse.post(reverse("coordination:review-start"), given)
    meeting = ReviewMeeting.objects.get()
    assert answer["Location"] == url("review", meeting)
    assert (meeting.mine, meeting.summary) == (True, "Tous les parcours, mes patients")


# --- minutes --------------------------------------------------------------------------------------------------------
def minutes_text(meeting: ReviewMeeting, version: int = 1) -> str:
    said = minutes.gather(ReviewMeeting.objects.select_related("team__establishment").get(pk=meeting.pk))
    return minutes.minutes_html(said, version=version, at=timezone.now()).replace("\u00a0", " ")


def test_the_minutes_say_who_was_there_what_was_decided_and_who_was_not_seen(
    desk: Desk, meeting: ReviewMeeting, patients: list[Pathway]
) -> None:
    services.note_attendance(meeting=meeting, present=[desk.coordinator], others="Dr Passant, interne")
    decide(desk, meeting)
    services.note_nothing(item=item(meeting, 2), user=desk.coordinator)
    services.close_review(meeting=meeting, user=desk.coordinator)
    said = minutes_text(meeting)
    assert str(desk.coordinator) in said
    assert "Dr Passant, interne" in said
    decided, rest = said.split("Vus, rien à faire")
    seen, unseen = rest.split("Non vus, à reprendre")
    assert "REVUE9" in decided
    assert "Appeler le laboratoire" in decided
    assert "30/11/2026" in decided
    assert "REVUE6" in seen
    assert "REVUE2" in unseen


def test_the_minutes_are_a_file_of_the_team_with_its_fingerprint_and_versions(
    nurse: Client, desk: Desk, meeting: ReviewMeeting, asked: list[int], django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        services.close_review(meeting=meeting, user=desk.coordinator)
    first = DeskPaper.objects.get()
    assert asked == [first.pk]
    assert services.produce_paper(paper_id=first.pk) == "ready"
    first.refresh_from_db()
    content = b"".join(client_of(desk, Role.PHYSICIAN).get(url("paper-file", first)).streaming_content)  # type: ignore[arg-type]
    assert hashlib.sha256(content).hexdigest() == first.sha256
    assert b"pdfuaid:part" in PdfReader(BytesIO(content)).trailer["/Root"]["/Metadata"].get_data()
    assert len(first.patients) == 3
    assert AccessLog.objects.filter(what="Compte rendu de revue (PDF)").count() == 3
    services.reopen_review(meeting=meeting, user=desk.coordinator, reason="Oubli")
    services.close_review(meeting=meeting, user=desk.coordinator)
    assert sorted(DeskPaper.objects.values_list("version", flat=True)) == [1, 2]


def client_of(desk: Desk, role: str) -> Client:
    client = Client()
    client.force_login(UserFactory(role=role, team=desk.team))
    return client


def test_a_review_is_taken_up_again_with_a_reason_and_never_beside_another(desk: Desk, meeting: ReviewMeeting) -> None:
    services.close_review(meeting=meeting, user=desk.coordinator)
    with pytest.raises(DomainError, match="pourquoi"):
        services.reopen_review(meeting=meeting, user=desk.coordinator, reason=" ")
    start(desk)
    with pytest.raises(DomainError, match="Une autre revue"):
        services.reopen_review(meeting=meeting, user=desk.coordinator, reason="Oubli")


def test_the_report_costs_the_same_whatever_the_list(
    nurse: Client, desk: Desk, meeting: ReviewMeeting, django_assert_max_num_queries: Any
) -> None:
    decide(desk, meeting)
    services.close_review(meeting=meeting, user=desk.coordinator)
    with django_assert_max_num_queries(18):
        assert nurse.get(url("review", meeting)).status_code == 200
    assert AccessLog.objects.filter(what="Revue d’équipe", why="team").count() == 3


def test_a_stranger_sees_nothing_of_it(client: Client, desk: Desk, meeting: ReviewMeeting) -> None:
    stranger: User = UserFactory(role=Role.COORDINATOR, team=TeamFactory())
    client.force_login(stranger)
    for name in ("review", "review-where"):
        assert client.get(url(name, meeting)).status_code == 404
    assert str(meeting.team) not in text(client.get(reverse("coordination:reviews")))
    assert client.post(url("review-close", meeting)).status_code == 404
