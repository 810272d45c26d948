"""The opinion reaches the GP: notice, link, birth date, lock, and the milestone once it has left."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.core.cache import cache, caches
from django.core.mail import EmailMessage
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from coordination.models import Task
from directory.errors import DomainError
from directory.models import OutboxMessage, Professional
from directory.services import drain
from pathways import services as pathways
from pathways.models import Milestone
from rcp import services, tasks
from rcp.models import Decision, LetterAccess
from tests.factories import ProfessionalFactory
from tests.rcp.factories import Meeting, MeetingFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clean_cache")]

BORN = "17/05/1960"


@pytest.fixture
def gp() -> Professional:
    return ProfessionalFactory(gp=True)


@pytest.fixture
def meeting() -> Meeting:
    meeting = MeetingFactory()
    meeting.fill_the_room()
    return meeting


@pytest.fixture
def decision(meeting: Meeting, gp: Professional) -> Decision:
    case = meeting.register(meeting.pathway(gp=gp))
    return services.decide(
        case=case, author=meeting.physician, proposal="Chirurgie première", alternatives="Surveillance"
    )


def notices() -> Any:
    return OutboxMessage.objects.filter(kind="rcp_decision")


def link(decision: Decision, reader: Professional) -> str:
    return reverse("rcp:letter", args=[services.token_for(decision, reader)])


def test_the_gp_and_the_requester_are_told_once_each_without_identity_nor_content(
    meeting: Meeting, gp: Professional
) -> None:
    requester = ProfessionalFactory(gp=True)
    pathway = meeting.pathway(gp=gp)
    pathways.add_to_circle(pathway=pathway, professional=requester, role="requester")
    pathways.add_to_circle(pathway=pathway, professional=gp, role="requester")
    decision = services.decide(case=meeting.register(pathway), author=meeting.physician, proposal="Chirurgie première")
    assert {m.recipient for m in notices()} == {gp.email, requester.email}
    for message in notices():
        text = (message.subject + message.body).lower()
        assert pathway.reference.lower() in text
        assert pathway.patient.birth_name.lower() not in text
        assert "chirurgie" not in text
    assert decision.sent_at is None


def test_a_provisional_opinion_is_sent_to_nobody(gp: Professional) -> None:
    meeting = MeetingFactory()
    meeting.fill_the_room(without="SM37")
    case = meeting.register(meeting.pathway(gp=gp))
    decision = services.decide(case=case, author=meeting.physician, proposal="Chirurgie")
    assert not notices().exists()
    with pytest.raises(DomainError, match="provisoire"):
        services.mark_sent(decision=decision, at=timezone.now(), author=meeting.coordinator)


def test_once_the_notice_has_left_the_sending_is_a_fact(decision: Decision) -> None:
    assert services.note_sent() == 0
    drain()
    sent_at = notices().get().sent_at
    assert tasks.note_sent_decisions() == 1
    decision.refresh_from_db()
    fact = Milestone.objects.in_force().get(pathway=decision.case.pathway, kind="rcp_decision_sent")
    assert decision.sent_at == fact.occurred_at == sent_at
    assert services.note_sent() == 0


def test_the_delay_to_send_counts_working_days(decision: Decision) -> None:
    decision.decided_at = datetime(2026, 5, 12, 16, tzinfo=UTC)  # Tuesday; Thursday is Ascension Day
    assert timezone.localtime(services.send_by(decision)).date() == date(2026, 5, 18)


def test_without_address_the_team_prints_the_letter_and_the_fact_closes_the_task(meeting: Meeting) -> None:
    gp = ProfessionalFactory(gp=True, email="")
    case = meeting.register(meeting.pathway(gp=gp))
    decision = services.decide(case=case, author=meeting.physician, proposal="Chirurgie")
    assert not notices().exists()
    task = Task.objects.get(title__startswith="Envoyer l’avis")
    assert [(s.reader, s.state) for s in services.letter_states(decision)] == [(gp, "paper")]
    services.mark_sent(decision=decision, at=timezone.now(), author=meeting.coordinator, note="Courrier papier")
    task.refresh_from_db()
    assert task.status == "done"


def test_a_sending_typed_in_the_pathway_is_known_here(decision: Decision) -> None:
    at = timezone.now()
    pathways.record_milestone(pathway=decision.case.pathway, kind="rcp_decision_sent", occurred_at=at)
    decision.refresh_from_db()
    assert decision.sent_at == at


def test_a_sending_said_by_mistake_is_to_send_again(decision: Decision, meeting: Meeting) -> None:
    typed = pathways.record_milestone(
        pathway=decision.case.pathway, kind="rcp_decision_sent", occurred_at=timezone.now(), author=meeting.coordinator
    )
    pathways.withdraw_milestone(milestone=typed, author=meeting.coordinator, note="pas encore parti")
    decision.refresh_from_db()
    assert decision.sent_at is None
    services.mark_sent(decision=decision, at=timezone.now(), author=meeting.coordinator)
    ours = Milestone.objects.in_force().get(kind="rcp_decision_sent")
    pathways.withdraw_milestone(milestone=ours, author=meeting.coordinator, note="resté sur le bureau")
    decision.refresh_from_db()
    assert decision.sent_at is None
    services.mark_sent(decision=decision, at=timezone.now(), author=meeting.coordinator)
    assert Milestone.objects.in_force().filter(kind="rcp_decision_sent").count() == 1


def test_a_notice_that_left_stays_sent_whatever_is_withdrawn(decision: Decision, meeting: Meeting) -> None:
    drain()
    services.note_sent()
    fact = Milestone.objects.get(kind="rcp_decision_sent")
    pathways.withdraw_milestone(milestone=fact, author=meeting.coordinator, note="?")
    decision.refresh_from_db()
    assert decision.sent_at == fact.occurred_at


def test_a_correction_is_told_again(decision: Decision, meeting: Meeting) -> None:
    services.correct_decision(
        decision=decision, author=meeting.physician, reason="Erreur", revision=1, proposal="Chimiothérapie"
    )
    assert notices().count() == 2
    assert "version corrigée" in notices().order_by("pk").last().subject


def test_the_link_of_the_mail_opens_the_letter_with_the_birth_date(
    client: Client, decision: Decision, gp: Professional, mailoutbox: list[EmailMessage]
) -> None:
    drain()
    (body,) = [mail.body for mail in mailoutbox if mail.to == [gp.email] and "rcp/avis" in mail.body]
    url = re.search(r"http://[^/]+(/rcp/avis/\S+)", body).group(1)  # type: ignore[union-attr]
    page = client.get(url)
    assert page.status_code == 200
    assert decision.case.pathway.patient.birth_name not in page.content.decode()
    assert "Chirurgie première" not in page.content.decode()
    shown = client.post(url, {"birth_date": BORN})
    assert shown.status_code == 200
    assert "Chirurgie première" in shown.content.decode()
    assert "no-store" in shown["Cache-Control"]
    access = LetterAccess.objects.get()
    assert (access.outcome, access.professional, access.decision) == ("shown", gp, decision)
    assert services.letter_states(decision)[0].read_at == access.at


@pytest.mark.parametrize("typed", ["17051960", "17 05 1960", "17-05-1960", "1960-05-17"])
def test_the_birth_date_may_be_typed_in_any_usual_way(
    client: Client, decision: Decision, gp: Professional, typed: str
) -> None:
    assert client.post(link(decision, gp), {"birth_date": typed}).status_code == 200


@pytest.mark.parametrize("typed", ["", "31/02/1960", "hier"])
def test_what_is_no_date_is_no_try(client: Client, decision: Decision, gp: Professional, typed: str) -> None:
    assert client.post(link(decision, gp), {"birth_date": typed}).status_code == 422
    assert not LetterAccess.objects.exists()


def test_five_wrong_dates_lock_the_link_for_an_hour_even_for_the_right_one(
    client: Client, decision: Decision, gp: Professional
) -> None:
    url = link(decision, gp)
    answers = [client.post(url, {"birth_date": "01/01/1950"}).status_code for _ in range(5)]
    assert answers == [422, 422, 422, 422, 429]
    assert client.post(url, {"birth_date": BORN}).status_code == 429
    assert LetterAccess.objects.filter(outcome="refused").count() == 5
    # Another link to the same opinion for the same person shares the count.
    with time_machine.travel(timezone.now() + timedelta(minutes=5)):
        assert client.post(link(decision, gp), {"birth_date": BORN}).status_code == 429
    redis = caches["default"]._cache.get_client()  # type: ignore[attr-defined]
    assert [0 < redis.ttl(key) <= 3600 for key in redis.keys("*rcp:letter:*")] == [True]
    cache.clear()
    assert client.post(url, {"birth_date": BORN}).status_code == 200


def test_the_right_date_forgets_the_wrong_ones(client: Client, decision: Decision, gp: Professional) -> None:
    url = link(decision, gp)
    for _ in range(3):
        client.post(url, {"birth_date": "01/01/1950"})
        client.post(url, {"birth_date": "02/01/1950"})
        assert client.post(url, {"birth_date": BORN}).status_code == 200


def test_the_lock_holds_no_identity(client: Client, decision: Decision, gp: Professional) -> None:
    client.post(link(decision, gp), {"birth_date": "01/01/1950"})
    redis = caches["default"]._cache.get_client()  # type: ignore[attr-defined]
    keys = b" ".join(redis.keys("*rcp:letter:*")).decode()
    assert keys
    assert str(decision.uuid) not in keys
    assert decision.uuid.hex not in keys


@pytest.mark.parametrize("token", ["abc", "e30:1abc:xyz", "a" * 400])
def test_a_forged_link_opens_nothing(client: Client, token: str) -> None:
    answer = client.get(reverse("rcp:letter", args=[token]))
    assert answer.status_code == 410
    assert "pas valable" in answer.content.decode()


def test_an_altered_link_opens_nothing(client: Client, decision: Decision, gp: Professional) -> None:
    token = services.token_for(decision, gp)
    altered = ("b" if token[0] != "b" else "c") + token[1:]
    assert client.post(reverse("rcp:letter", args=[altered]), {"birth_date": BORN}).status_code == 410


def test_a_link_dies_after_sixty_days(client: Client, decision: Decision, gp: Professional) -> None:
    url = link(decision, gp)
    with time_machine.travel(timezone.now() + timedelta(days=59)):
        assert client.get(url).status_code == 200
    with time_machine.travel(timezone.now() + timedelta(days=61)):
        answer = client.get(url)
    assert answer.status_code == 410
    assert "expiré" in answer.content.decode()


def test_who_no_longer_follows_the_patient_reads_nothing(client: Client, decision: Decision) -> None:
    stranger = ProfessionalFactory(gp=True)
    answer = client.post(link(decision, stranger), {"birth_date": BORN})
    assert answer.status_code == 410


def test_without_redis_nobody_is_let_in(
    client: Client, decision: Decision, gp: Professional, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*args: Any, **kwargs: Any) -> None:
        raise ConnectionError

    monkeypatch.setattr(cache, "add", away)
    answer = client.post(link(decision, gp), {"birth_date": BORN})
    assert answer.status_code == 422
    assert "indisponible" in answer.content.decode()
    assert not LetterAccess.objects.exists()


def test_the_birth_date_of_the_fixture_is_the_factory_s(decision: Decision) -> None:
    assert decision.case.pathway.patient.birth_date == date(1960, 5, 17)
