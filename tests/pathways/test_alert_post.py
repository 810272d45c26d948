"""Alerts by e-mail: one digest per person and working day, at once for the levels said so, never twice, no identity."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone

from directory.models import ClosingDay, OutboxMessage, Role
from pathways import services
from pathways.models import Alert, AlertPreference
from tests.factories import PathwayFactory, UserFactory
from tests.pathways.pages import soup, words
from tests.pathways.scenes import Scene

pytestmark = pytest.mark.django_db

PARIS = ZoneInfo("Europe/Paris")
MONDAY = datetime(2026, 11, 23, 9, tzinfo=PARIS)


@pytest.fixture(autouse=True)
def _monday() -> Iterator[None]:
    with time_machine.travel(MONDAY, tick=False):
        yield


@pytest.fixture
def late(scene: Scene) -> Scene:
    """One patient of the coordinator, late for a long time."""
    PathwayFactory(team=scene.team, owner=scene.coordinator, days_ago=9, birth_name="TARDIVEAU", first_name="Odile")
    services.scan_delays(now=timezone.now())
    return scene


def mails(scene: Scene, kind: str = "alerts_digest") -> list[OutboxMessage]:
    return list(OutboxMessage.objects.filter(kind=kind, recipient=scene.coordinator.email).order_by("pk"))


def test_one_digest_per_person_and_working_day(late: Scene) -> None:
    for _ in range(3):
        services.send_alert_digests(now=MONDAY)
        services.send_alert_digests(now=MONDAY + timedelta(hours=4))
    assert len(mails(late)) == 1
    services.send_alert_digests(now=MONDAY + timedelta(days=1))
    assert len(mails(late)) == 2


@pytest.mark.parametrize("hours", [-3, 11, 24 * 5])  # six in the morning, eight in the evening, a Saturday
def test_not_outside_the_working_hours_of_where_one_works(late: Scene, hours: int) -> None:
    assert services.send_alert_digests(now=MONDAY + timedelta(hours=hours)) == 0


def test_not_on_a_day_the_establishment_is_closed(late: Scene) -> None:
    ClosingDay.objects.create(establishment=late.team.establishment, date=MONDAY.date(), label="Pont")
    assert services.send_alert_digests(now=MONDAY) == 0


def test_a_mail_tells_numbers_and_a_link_never_a_patient(late: Scene) -> None:
    services.send_alert_digests(now=MONDAY)
    message = mails(late)[0]
    alerts = Alert.objects.addressed_to(late.coordinator).select_related("pathway__patient", "step")
    assert alerts
    for alert in alerts:
        assert alert.pathway and alert.step
        assert alert.pathway.reference in message.body
        for secret in ("Tardiveau", "Odile", alert.step.label, alert.pathway.version.target.name):
            assert secret.casefold() not in (message.subject + message.body).casefold()
    assert reverse("pathways:alerts") in message.body
    assert f"{len(alerts)} alertes" in message.subject


def test_nothing_to_say_is_not_said(late: Scene) -> None:
    for alert in Alert.objects.addressed_to(late.coordinator):
        services.acknowledge_alert(alert=alert, user=late.coordinator, reason="Vu")
    services.send_alert_digests(now=MONDAY)
    assert mails(late) == []


def test_who_wants_no_digest_gets_none(late: Scene) -> None:
    AlertPreference.objects.create(user=late.coordinator, digest=False)
    services.send_alert_digests(now=MONDAY)
    assert mails(late) == []


def test_at_once_only_for_the_levels_said_so_and_once(late: Scene) -> None:
    services.tell_new_alerts(now=MONDAY)
    assert mails(late, "alerts_now") == []  # late, and no harm review yet
    alert = Alert.objects.addressed_to(late.coordinator).get(step__key="first_care")
    assert alert.harm_at
    services.scan_delays(now=alert.harm_at + timedelta(seconds=1))
    for _ in range(2):
        services.tell_new_alerts(now=MONDAY)
    sent = mails(late, "alerts_now")
    assert len(sent) == 1
    assert alert.pathway and alert.pathway.reference in sent[0].body
    assert sent[0].due_at == MONDAY


def test_what_was_told_is_not_told_again_with_the_next(late: Scene) -> None:
    first = Alert.objects.addressed_to(late.coordinator).get(step__key="first_care")
    assert first.harm_at and first.pathway
    services.scan_delays(now=first.harm_at + timedelta(seconds=1))
    services.tell_new_alerts(now=MONDAY)
    other = PathwayFactory(team=late.team, owner=late.coordinator, days_ago=9)
    services.scan_delays(now=first.harm_at + timedelta(days=1))
    services.tell_new_alerts(now=MONDAY)
    second = mails(late, "alerts_now")[-1]
    assert other.reference in second.body
    assert first.pathway.reference not in second.body


def test_at_night_it_waits_for_the_morning(late: Scene) -> None:
    harm_at = Alert.objects.addressed_to(late.coordinator).get(step__key="first_care").harm_at
    assert harm_at
    AlertPreference.objects.create(user=late.coordinator, mail_from=time(9, 15))
    services.scan_delays(now=harm_at + timedelta(seconds=1))
    friday_night = datetime(2026, 11, 27, 22, tzinfo=PARIS)
    services.tell_new_alerts(now=friday_night)
    assert mails(late, "alerts_now")[0].due_at == datetime(2026, 11, 30, 9, 15, tzinfo=PARIS)


def test_who_wants_nothing_at_once_gets_nothing(late: Scene) -> None:
    harm_at = Alert.objects.addressed_to(late.coordinator).get(step__key="first_care").harm_at
    assert harm_at
    AlertPreference.objects.create(user=late.coordinator, immediate=False)
    services.scan_delays(now=harm_at + timedelta(seconds=1))
    services.tell_new_alerts(now=MONDAY)
    assert mails(late, "alerts_now") == []


def test_a_colleague_does_not_read_my_digest_in_the_outgoing_post(late: Scene) -> None:
    services.send_alert_digests(now=MONDAY)
    colleague = UserFactory(role=Role.COORDINATOR, team=late.team)
    assert not OutboxMessage.objects.visible_to(colleague).filter(kind="alerts_digest").exists()
    assert OutboxMessage.objects.visible_to(late.coordinator).filter(kind="alerts_digest").count() == 1


def test_each_chooses_on_the_page(late: Scene) -> None:
    client, url = late.client(), reverse("pathways:alert-preferences")
    refused = client.post(url, {"digest": "on", "mail_from": "19:00", "mail_until": "08:00"})
    assert refused.status_code == 422
    assert "suit l’heure de début" in words(soup(refused))
    assert not AlertPreference.objects.exists()
    client.post(url, {"immediate": "on", "mail_from": "08:00", "mail_until": "17:30"})
    chosen: Any = AlertPreference.objects.get(user=late.coordinator)
    assert (chosen.digest, chosen.immediate, chosen.mail_until) == (False, True, time(17, 30))
