"""Reads are logged for good; emergency access has a reason, an end, and a reviewer."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import DatabaseError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from directory import services
from directory.errors import DomainError
from directory.models import AccessLog, BreakGlass, Role
from directory.services.access import EMERGENCY_LASTS
from tests.factories import TeamFactory, UserFactory

pytestmark = pytest.mark.django_db


def test_the_database_refuses_to_change_or_erase_the_access_log() -> None:
    row = services.record_access(user=UserFactory(), patient_uuid=uuid4(), what="page", why="team")
    with pytest.raises(DatabaseError), transaction.atomic():
        AccessLog.objects.filter(pk=row.pk).update(what="autre")
    with pytest.raises(DatabaseError), transaction.atomic():
        AccessLog.objects.filter(pk=row.pk).delete()
    assert AccessLog.objects.get().what == "page"


def test_an_emergency_needs_a_reason_and_ends_by_itself(time_machine: Any) -> None:
    user, patient = UserFactory(), uuid4()
    with pytest.raises(DomainError) as refusal:
        services.open_break_glass(user=user, patient_uuid=patient, reason="  vite  ")
    assert refusal.value.field == "reason"
    access = services.open_break_glass(user=user, patient_uuid=patient, reason="Patient aux urgences ce soir")
    again = services.open_break_glass(user=user, patient_uuid=patient, reason="Patient aux urgences ce soir")
    assert again == access
    assert BreakGlass.objects.open_for(user).exists()
    time_machine.move_to(timezone.now() + EMERGENCY_LASTS + timedelta(seconds=1), tick=False)
    assert not BreakGlass.objects.open_for(user).exists()


def test_nobody_reviews_their_own_access_nor_twice() -> None:
    user, reviewer = UserFactory(), UserFactory()
    access = services.open_break_glass(user=user, patient_uuid=uuid4(), reason="Patient aux urgences ce soir")
    with pytest.raises(DomainError):
        services.review_break_glass(access=access, reviewer=user, review="vu")
    with pytest.raises(DomainError):
        services.review_break_glass(access=access, reviewer=reviewer, review=" ")
    services.review_break_glass(access=access, reviewer=reviewer, review="justifié")
    with pytest.raises(DomainError):
        services.review_break_glass(access=access, reviewer=reviewer, review="justifié")


def test_the_review_page_keeps_a_refused_text_and_shows_only_ones_own_establishment(client: Client) -> None:
    team = TeamFactory()
    reader = UserFactory(role=Role.COORDINATOR, team=team)
    access = services.open_break_glass(user=reader, patient_uuid=uuid4(), reason="Patient aux urgences ce soir")
    reviewer = UserFactory(role=Role.QUALITY, team=team)
    stranger = UserFactory(role=Role.QUALITY, team=TeamFactory())
    client.force_login(stranger)
    assert "urgences" not in client.get(reverse("directory:accesses")).content.decode()
    assert client.post(reverse("directory:review", args=[access.uuid]), {"review": "ok"}).status_code == 404
    client.force_login(reader)
    assert client.get(reverse("directory:accesses")).status_code == 403
    client.force_login(reviewer)
    assert "urgences" in client.get(reverse("directory:accesses")).content.decode()
    refused = client.post(reverse("directory:review", args=[access.uuid]), {"review": " "})
    assert refused.status_code == 422
    assert client.post(reverse("directory:review", args=[access.uuid]), {"review": "justifié"}).status_code == 302
    access.refresh_from_db()
    assert access.reviewed_by == reviewer
