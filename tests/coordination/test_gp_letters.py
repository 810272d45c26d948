"""Letters to the GP: read by the desk when the target asks for it, sent once, opened without account, taken back."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any

import pytest
import time_machine
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from coordination import services
from coordination.models import Notice, NoticeReading
from directory.errors import DomainError
from directory.models import OutboxMessage, Professional, Role
from directory.services import drain
from pathways import services as pathways
from pathways.models import CircleRole, Milestone, Pathway
from tests.coordination.factories import Desk
from tests.coordination.pages import text, url
from tests.factories import PatientFactory, ProfessionalFactory, TeamFactory, UserFactory

pytestmark = pytest.mark.django_db

BORN = "17/05/1960"
WORDS = "Il est rentré chez lui. Scanner fait, biopsie jeudi."


@pytest.fixture(autouse=True)
def _no_tries_left_over() -> None:
    cache.clear()


@pytest.fixture
def gp() -> Professional:
    return ProfessionalFactory(gp=True, secure_email="dr@mssante.invalid")


@pytest.fixture
def pathway(desk: Desk, gp: Professional) -> Pathway:
    patient = PatientFactory(establishment=desk.team.establishment, gp=gp, birth_date=date(1960, 5, 17))
    return desk.pathway(patient=patient, days_ago=3)


def record(pathway: Pathway, kind: str, **more: Any) -> Milestone:
    return pathways.record_milestone(pathway=pathway, kind=kind, **({"occurred_at": timezone.now()} | more))


@pytest.fixture
def proposed(pathway: Pathway) -> Notice:
    """Instadiag's letter after the first day: its target asks that someone read it (DOC-05)."""
    record(pathway, "first_care")
    return Notice.objects.get(kind="first_care")


@pytest.fixture
def sent(pathway: Pathway) -> Notice:
    """An admission, told by itself, whose mail has left."""
    record(pathway, "admission")
    drain()
    return Notice.objects.get(kind="admission")


def link_of(notice: Notice) -> str:
    """The address in the mail, as the GP clicks it."""
    message = OutboxMessage.objects.get(notice=notice)
    found = re.search(r"https?://[^/]+(/information/\S+)", message.body)
    assert found, "the mail carries a link"
    return found[1]


# --- proposed -------------------------------------------------------------------------------------------------------
def test_the_day_one_letter_waits_for_the_desk_in_the_words_of_its_pathway(proposed: Notice) -> None:
    assert (proposed.state, proposed.template, proposed.message) == ("proposed", "courrier_jour_1", None)
    assert "première journée" in proposed.words
    assert not OutboxMessage.objects.filter(kind__startswith="gp_").exists()


def test_one_click_in_the_list_sends_it(nurse: Client, proposed: Notice) -> None:
    page = text(nurse.get(url("notices-inbox")))
    assert "À valider" in page
    assert str(proposed.pathway.patient) in page
    counters = nurse.get(reverse("coordination:worklist")).context["counters"]
    counter = next(each for each in counters if each["label"] == "Lettres à valider")
    assert (counter["value"], counter["url"]) == (1, url("notices-inbox"))
    nurse.post(url("notice-send", proposed), {"back": url("notices-inbox")})
    proposed.refresh_from_db()
    assert proposed.state == "waiting"
    assert "Rien à valider" in text(nurse.get(url("notices-inbox")))


def test_the_preview_is_what_leaves_and_what_is_typed_stays_behind_the_link(
    nurse: Client, client: Client, desk: Desk, proposed: Notice
) -> None:
    page = text(nurse.get(url("notice", proposed)))
    assert "dr@mssante.invalid" in page
    assert "MSSanté" in page
    nurse.post(url("notice-send", proposed), {"words": WORDS})
    message = OutboxMessage.objects.get(notice__pk=proposed.pk)
    assert "première journée" in message.subject
    for secret in ("Scanner", "biopsie", proposed.pathway.patient.birth_name):
        assert secret.lower() not in f"{message.subject} {message.body}".lower()
    for line in message.body.splitlines():
        if line and "/information/" not in line:
            assert line.replace("\u00a0", " ") in page, "the preview showed this very line"
    assert WORDS in text(Client().post(link_of(proposed), {"birth_date": BORN}))


def test_the_list_costs_the_same_whatever_waits(
    nurse: Client, desk: Desk, proposed: Notice, django_assert_max_num_queries: Any
) -> None:
    def cost() -> int:
        with django_assert_max_num_queries(12) as queries:
            assert nurse.get(url("notices-inbox")).status_code == 200
        return len(queries)

    before = cost()
    for days in range(1, 4):
        gp = ProfessionalFactory(gp=True)
        patient = PatientFactory(establishment=desk.team.establishment, gp=gp)
        record(desk.pathway(patient=patient, days_ago=days), "first_care")
    assert cost() <= before


def test_words_are_kept_without_sending(nurse: Client, proposed: Notice) -> None:
    nurse.post(url("notice-send", proposed), {"words": WORDS, "keep": "1"})
    proposed.refresh_from_db()
    assert (proposed.state, proposed.words) == ("proposed", WORDS)


def test_nothing_typed_is_lost_by_a_refusal(nurse: Client, proposed: Notice) -> None:
    answer = nurse.post(url("notice-send", proposed), {"words": "x" * 4001})
    assert answer.status_code == 422
    assert "x" * 4001 in text(answer)
    assert nurse.post(url("notice-drop", proposed), {"reason": " "}).status_code == 422


def test_two_people_send_it_once(desk: Desk, proposed: Notice) -> None:
    services.accept_notice(notice=proposed, user=desk.coordinator, words=WORDS)
    with pytest.raises(DomainError, match="déjà été envoyée par"):
        services.accept_notice(notice=proposed, user=desk.coordinator, words=WORDS)
    assert OutboxMessage.objects.filter(kind="gp_first_care").count() == 1


def test_set_aside_with_a_reason_it_never_leaves(desk: Desk, proposed: Notice) -> None:
    services.drop_notice(notice=proposed, user=desk.coordinator, reason="Appelé ce matin")
    with pytest.raises(DomainError, match="écartée"):
        services.accept_notice(notice=proposed, user=desk.coordinator, words=WORDS)
    assert services.send_pending_notices(pathway=proposed.pathway) == 0


def test_a_fact_withdrawn_before_the_desk_read_it_leaves_nothing(desk: Desk, proposed: Notice) -> None:
    assert proposed.milestone
    pathways.withdraw_milestone(milestone=proposed.milestone, author=desk.coordinator, note="Autre patient")
    assert not Notice.objects.exists()
    assert not OutboxMessage.objects.filter(kind__startswith="gp_").exists()


def test_the_step_of_the_letter_is_done_when_it_has_left_and_not_before(desk: Desk, proposed: Notice) -> None:
    accepted = services.accept_notice(notice=proposed, user=desk.coordinator, words=WORDS)
    assert services.note_told() == 0
    drain()
    assert services.note_told() == 1
    assert services.note_told() == 0
    fact = Milestone.objects.get(pathway=proposed.pathway, kind="gp_informed")
    assert accepted.message
    accepted.message.refresh_from_db()
    assert fact.occurred_at == accepted.message.sent_at
    assert proposed.pathway.steps.get(step_key="gp_letter").state == "done"


def test_a_letter_made_by_another_way_waits_no_more_and_again_when_that_was_wrong(desk: Desk, proposed: Notice) -> None:
    told = record(proposed.pathway, "gp_informed", author=desk.coordinator)
    proposed.refresh_from_db()
    assert (proposed.state, proposed.decided_by) == ("dropped", desk.coordinator)
    at = timezone.now() - timedelta(hours=1)
    told = pathways.correct_milestone(milestone=told, occurred_at=at, author=desk.coordinator)
    proposed.refresh_from_db()
    assert proposed.state == "dropped", "only its hour changed"
    pathways.withdraw_milestone(milestone=told, author=desk.coordinator, note="Pas encore parti")
    proposed.refresh_from_db()
    assert (proposed.state, proposed.reason, proposed.decided_by) == ("proposed", "", None)


def test_a_reader_may_look_and_not_send(client: Client, desk: Desk, proposed: Notice) -> None:
    stranger = UserFactory(role=Role.COORDINATOR, team=TeamFactory())
    client.force_login(stranger)
    assert client.get(url("notice", proposed)).status_code == 404
    pathways.add_to_circle(pathway=proposed.pathway, professional=stranger.professional, role=CircleRole.OTHER)
    assert client.get(url("notice", proposed)).status_code == 200
    assert client.post(url("notice-send", proposed)).status_code == 403
    assert client.post(url("notice-drop", proposed), {"reason": "x"}).status_code == 403
    assert client.post(url("notice-again", proposed)).status_code == 403


# --- the link -------------------------------------------------------------------------------------------------------
def test_the_link_asks_for_the_birth_date_and_each_reading_is_kept(
    client: Client, nurse: Client, sent: Notice, gp: Professional
) -> None:
    visitor = Client()
    asked = visitor.get(link_of(sent))
    assert asked.status_code == 200
    assert "noindex" in text(asked)
    assert asked["Referrer-Policy"] == "same-origin", "no other site learns the address"
    assert sent.pathway.patient.birth_name.lower() not in text(asked).lower()
    shown = text(visitor.post(link_of(sent), {"birth_date": BORN}))
    assert sent.pathway.patient.birth_name.upper() in shown
    assert "Admission" in shown
    reading = NoticeReading.objects.get()
    assert (reading.notice, reading.professional, reading.outcome) == (sent, gp, "shown")
    assert "Lu" in text(nurse.get(url("notice", sent)))


def test_five_wrong_dates_lock_the_link_even_for_the_right_one(sent: Notice) -> None:
    visitor, link = Client(), link_of(sent)
    answers = [visitor.post(link, {"birth_date": "01/01/1950"}).status_code for _ in range(5)]
    assert answers == [422, 422, 422, 422, 429]
    assert visitor.post(link, {"birth_date": BORN}).status_code == 429
    assert not NoticeReading.objects.filter(outcome="shown").exists()


@pytest.mark.parametrize("token", ["abc", "e30:1abc:xyz", "a" * 400])
def test_a_forged_link_opens_nothing(client: Client, token: str) -> None:
    assert client.get(reverse("coordination:letter", args=[token])).status_code == 410


def test_a_link_dies_after_sixty_days(sent: Notice) -> None:
    link = link_of(sent)
    with time_machine.travel(timezone.now() + timedelta(days=61)):
        answer = Client().get(link)
    assert answer.status_code == 410
    assert "expiré" in text(answer)


def test_who_no_longer_follows_the_patient_reads_nothing(desk: Desk, sent: Notice, gp: Professional) -> None:
    link = link_of(sent)
    pathways.update_patient(patient=sent.pathway.patient, gp=ProfessionalFactory(gp=True))
    for member in sent.pathway.circle.current().filter(professional=gp):
        pathways.remove_from_circle(member=member)
    assert Client().post(link, {"birth_date": BORN}).status_code == 410


def test_the_link_of_a_fact_withdrawn_says_so_and_shows_nothing(desk: Desk, sent: Notice) -> None:
    assert sent.milestone
    link = link_of(sent)
    pathways.withdraw_milestone(milestone=sent.milestone, author=desk.coordinator, note="Autre patient")
    answer = Client().post(link, {"birth_date": BORN})
    assert answer.status_code == 410
    assert "annulée" in text(answer)
    sent.refresh_from_db()
    assert sent.state == "revoked"
    assert Notice.objects.get(kind="rectification").state == "waiting"


def test_the_letter_says_what_was_done_and_what_comes_but_no_result(desk: Desk, sent: Notice) -> None:
    record(sent.pathway, "exam_done", detail="scanner")
    record(sent.pathway, "lab_final", detail="histologie", note="Adénocarcinome")
    desk.booking(pathway=sent.pathway)
    shown = text(Client().post(link_of(sent), {"birth_date": BORN}))
    assert "Examen réalisé : Scanner" in shown
    assert "Rendez-vous à venir" in shown
    assert "Prochaines étapes" in shown
    assert "Adénocarcinome" not in shown
    assert "laboratoire" not in shown


# --- delivery -------------------------------------------------------------------------------------------------------
def test_what_was_not_received_is_sent_again_once_with_a_fresh_link(nurse: Client, sent: Notice) -> None:
    OutboxMessage.objects.filter(notice=sent).update(sent_at=None, given_up_at=timezone.now(), attempts=12)
    assert "Non remis" in text(nurse.get(url("notices-inbox")))
    first = OutboxMessage.objects.get(notice=sent)
    for _ in range(2):
        nurse.post(url("notice-again", sent), {"message": str(first.uuid)})
    assert OutboxMessage.objects.filter(kind="gp_admission").count() == 2
    sent.refresh_from_db()
    assert sent.message != first
    assert sent.state == "waiting"
    drain()
    nurse.post(url("notice-again", sent), {"message": str(first.uuid)})
    assert OutboxMessage.objects.filter(kind="gp_admission").count() == 2, "the page was older than the second sending"


def test_what_is_on_its_way_is_not_sent_twice(pathway: Pathway) -> None:
    record(pathway, "admission")
    notice = Notice.objects.get(kind="admission")
    assert notice.message
    with pytest.raises(DomainError, match="en cours d’envoi"):
        services.send_notice_again(notice=notice, message=notice.message.uuid)
