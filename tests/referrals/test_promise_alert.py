"""A promised answer about to be late is an alert of the team; answered, it is closed."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse

from pathways import services as pathways
from pathways.models import Alert, Watch
from referrals import tasks
from referrals.models import Referral
from tests.conftest import StrictClient
from tests.pathways.pages import soup, words
from tests.referrals.factories import ReferralFactory, coordinator
from tests.referrals.test_triage import ANSWERS

pytestmark = pytest.mark.django_db

SECOND = timedelta(seconds=1)


def levels(referral: Referral) -> list[int]:
    return list(Alert.objects.open().filter(subject=referral.uuid).values_list("level", flat=True))


def test_about_to_break_then_broken_then_the_head() -> None:
    referral = ReferralFactory()
    assert referral.answer_warn_at and referral.answer_due_at
    pathways.scan_delays(now=referral.answer_warn_at)
    assert levels(referral) == []
    pathways.scan_delays(now=referral.answer_warn_at + SECOND)
    assert levels(referral) == [1]
    pathways.scan_delays(now=referral.answer_due_at + SECOND)
    assert levels(referral) == [2]
    head_at = Alert.objects.get(subject=referral.uuid, level=2).head_at
    assert head_at and head_at > referral.answer_due_at
    pathways.scan_delays(now=head_at + SECOND)
    assert levels(referral) == [3]


@pytest.mark.parametrize("name", ANSWERS)
def test_every_answer_closes_it(name: str) -> None:
    referral = ReferralFactory()
    assert referral.answer_due_at
    pathways.scan_delays(now=referral.answer_due_at + SECOND)
    assert levels(referral) == [2]
    ANSWERS[name](referral, coordinator(referral.team))
    assert levels(referral) == []
    assert not Watch.objects.filter(subject=referral.uuid).exists()


def test_a_request_that_nobody_watches_is_found_again() -> None:
    referral = ReferralFactory()
    Watch.objects.all().delete()
    assert tasks.watch_promises() == 1
    assert tasks.watch_promises() == 0
    assert Watch.objects.get().subject == referral.uuid


def test_the_alert_leads_to_the_request_and_may_wait(client: StrictClient) -> None:
    referral = ReferralFactory()
    assert referral.answer_warn_at
    pathways.scan_delays(now=referral.answer_warn_at + SECOND)
    client.force_login(coordinator(referral.team))
    page = soup(client.get(reverse("pathways:alerts")))
    row = page.select_one("table tbody tr")
    assert row is not None
    assert referral.receipt in words(row)
    assert row.select_one(f'a[href="{reverse("referrals:detail", args=[referral.uuid])}"]')
    alert = Alert.objects.get(subject=referral.uuid)
    url = reverse("pathways:alert-acknowledge", args=[alert.uuid])
    assert client.get(url).status_code == 200
    assert client.post(url, {"reason": ""}).status_code == 422
    client.post(url, {"reason": "Le médecin rappelle à midi"})
    alert.refresh_from_db()
    assert alert.acknowledge_reason == "Le médecin rappelle à midi"
    client.force_login(coordinator())
    assert client.get(url).status_code == 404
