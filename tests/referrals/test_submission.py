"""A request comes in."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone
from time_machine import travel

from directory.errors import DomainError
from directory.models import OutboxMessage
from referrals import services
from referrals.models import Referral, ReferralEvent, ReferralStatus
from referrals.rules import normalise_receipt
from referrals.services import submission
from tests.factories import TargetFactory, TeamFactory
from tests.referrals import papers
from tests.referrals.factories import FACTS, ReferralFactory, coordinator, facts, keep

pytestmark = pytest.mark.django_db

FRIDAY_18 = datetime(2026, 11, 20, 17, 0, tzinfo=UTC)


def test_a_request_is_stored_numbered_promised_and_announced() -> None:
    before = timezone.now()
    referral = ReferralFactory(urgency_signs=["jaundice"], exams=["ct"])
    assert normalise_receipt(referral.receipt) == referral.receipt
    assert referral.status == ReferralStatus.RECEIVED
    assert before <= referral.received_at <= timezone.now()
    assert referral.answer_due_at is not None
    assert referral.answer_due_at > referral.received_at + timedelta(hours=47)
    assert referral.answered_at is None
    assert (referral.birth_name, referral.urgency_signs, referral.exams) == ("ESSAIDUPONT", ["jaundice"], ["ct"])
    event = referral.events.get()
    assert (event.kind, event.from_requester, event.to_status) == ("received", True, "received")
    assert set(OutboxMessage.objects.values_list("kind", "recipient")) == {
        ("referral_received", "claire.martin@exemple.invalid"),
        ("referral_desk_new", referral.team.email),
    }


@travel(FRIDAY_18 + timedelta(days=2))
def test_the_promise_is_counted_on_the_working_clock_of_the_establishment() -> None:
    referral = ReferralFactory(received_at=FRIDAY_18, channel="phone", entered_by=coordinator())
    assert referral.answer_due_at == FRIDAY_18 + timedelta(days=4)
    assert referral.answer_warn_at == FRIDAY_18 + timedelta(days=3, hours=8)


def test_a_pathway_without_promise_promises_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pathways.rules.definition.Target.first_response", None)
    referral = ReferralFactory()
    assert referral.answer_due_at is None
    assert "promise" not in OutboxMessage.objects.get(kind="referral_received").body.lower().replace("promesse", "")


def test_the_same_form_twice_is_one_request() -> None:
    target, key = TargetFactory(), uuid4()
    first, created = services.submit_referral(target=target, facts=FACTS, form_key=key)
    again, created_again = services.submit_referral(target=target, facts=FACTS, form_key=key)
    assert (created, created_again) == (True, False)
    assert first.pk == again.pk
    assert Referral.objects.count() == ReferralEvent.objects.count() == 1
    assert OutboxMessage.objects.filter(kind="referral_received").count() == 1


def test_the_same_form_with_one_more_file_does_not_lose_it() -> None:
    target, key = TargetFactory(), uuid4()
    first, _ = services.submit_referral(target=target, facts=FACTS, form_key=key)
    keep(key, ("oubli.pdf", papers.pdf()))
    services.submit_referral(target=target, facts=FACTS, form_key=key)
    assert first.documents.get().name == "oubli.pdf"


def test_the_form_sent_again_for_another_patient_is_another_request() -> None:
    """The browser's « back » shows the form as it was sent, key included: the second patient must not vanish."""
    target, key = TargetFactory(), uuid4()
    first, _ = services.submit_referral(target=target, facts=FACTS, form_key=key)
    keep(key, ("second.pdf", papers.pdf()))
    other = facts(birth_name="ESSAIDURAND", first_name="Paul")
    second, created = services.submit_referral(target=target, facts=other, form_key=key)
    assert created
    assert (second.birth_name, second.documents.count(), first.documents.count()) == ("ESSAIDURAND", 1, 0)
    again, created = services.submit_referral(target=target, facts=other, form_key=key)
    assert (again.pk, created) == (second.pk, False)
    assert services.submit_referral(target=target, facts=FACTS, form_key=key)[0].pk == first.pk


def test_a_call_of_the_year_26_is_a_slip() -> None:
    """« 22/11/26 » in a browser's date box is the year 0026: such a row could be neither accepted nor corrected."""
    with pytest.raises(DomainError, match="vérifiez l’année") as refusal:
        ReferralFactory(channel="phone", entered_by=coordinator(), received_at=datetime(26, 11, 20, 10, tzinfo=UTC))
    assert refusal.value.field == "received_at"
    assert not Referral.objects.exists()


def test_a_receipt_already_taken_is_drawn_again(monkeypatch: pytest.MonkeyPatch) -> None:
    target = TargetFactory()
    taken = ReferralFactory(target=target).receipt
    drawn = iter([taken.removeprefix("D-"), taken.removeprefix("D-"), "7K3M-29QX"])
    monkeypatch.setattr(submission, "short_code", lambda: next(drawn))
    assert ReferralFactory(target=target).receipt == "D-7K3M-29QX"


def test_a_receipt_never_found_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    target = TargetFactory()
    taken = ReferralFactory(target=target).receipt
    monkeypatch.setattr(submission, "short_code", lambda: taken.removeprefix("D-"))
    with pytest.raises(DomainError, match="numérotée"):
        services.submit_referral(target=target, facts=FACTS, form_key=uuid4())
    assert Referral.objects.count() == 1


def test_a_closed_pathway_takes_no_form_but_still_takes_calls() -> None:
    team = TeamFactory()
    target = TargetFactory(team=team)
    target.is_open = False
    target.save()
    with pytest.raises(DomainError, match="Appelez"):
        services.submit_referral(target=target, facts=FACTS, form_key=uuid4())
    referral = ReferralFactory(target=target, channel="phone", entered_by=coordinator(team))
    assert referral.channel == "phone"


def test_a_call_keeps_its_author_channel_and_hour() -> None:
    user, at = coordinator(), timezone.now() - timedelta(hours=3)
    referral = ReferralFactory(channel="doctor", entered_by=user, received_at=at)
    assert (referral.entered_by, referral.channel, referral.received_at) == (user, "doctor", at)
    assert referral.events.get().by == user
    # The desk has just typed it: no letter to itself.
    assert not OutboxMessage.objects.filter(kind="referral_desk_new").exists()


def test_a_call_whose_papers_will_follow_asks_for_them_at_once() -> None:
    referral = ReferralFactory(channel="phone", entered_by=coordinator(), missing=["imaging_report", "gp"])
    assert referral.status == ReferralStatus.INCOMPLETE
    assert referral.missing == ["imaging_report", "gp"]
    assert referral.answered_at is not None
    assert [event.kind for event in referral.events.all()] == ["received", "asked"]
    assert OutboxMessage.objects.get().kind == "referral_asked"


def test_a_call_without_e_mail_writes_to_nobody() -> None:
    ReferralFactory(channel="phone", entered_by=coordinator(), requester_email="")
    assert not OutboxMessage.objects.exists()


def test_a_call_cannot_come_from_the_future() -> None:
    with pytest.raises(DomainError, match="futur") as refusal:
        ReferralFactory(channel="phone", entered_by=coordinator(), received_at=timezone.now() + timedelta(minutes=5))
    assert refusal.value.field == "received_at"


def test_a_failure_stores_nothing_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    key = uuid4()
    keep(key, ("a.pdf", papers.pdf()))

    def broken(*args: Any, **kwargs: Any) -> None:
        raise RuntimeError

    monkeypatch.setattr("referrals.letters.tell_desk", broken)
    with pytest.raises(RuntimeError):
        services.submit_referral(target=TargetFactory(), facts=facts(), form_key=key)
    assert not Referral.objects.exists()
    assert not OutboxMessage.objects.exists()
    monkeypatch.undo()
    referral, created = services.submit_referral(target=TargetFactory(), facts=facts(), form_key=key)
    assert created
    assert referral.documents.count() == 1
