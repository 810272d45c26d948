"""An absence is one of the person: slots of other sites go too, and their platforms are told (NET-10)."""

from __future__ import annotations

from datetime import time, timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from coordination import services
from coordination.models import Slot, SlotException
from directory.models import OutboxMessage, Role, User
from tests.coordination.factories import Desk
from tests.factories import EstablishmentFactory, ProfessionalFactory, TeamFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def head(desk: Desk) -> User:
    found = UserFactory(role=Role.PLATFORM, team=desk.platform)
    found.memberships.update(is_head=True)
    return found


@pytest.fixture
def there() -> Desk:
    return Desk(team=TeamFactory(establishment=EstablishmentFactory()))


def away(desk: Desk, there: Desk, head: User) -> tuple[SlotException, Slot, Slot]:
    """A practitioner of two sites is away on a day of both: one slot free there, the next week one booked."""
    doctor = ProfessionalFactory(last_name="Kervadec", establishment=None)
    desk.series(practitioners=[doctor])
    free, booked = there.series(practitioners=[doctor], starts_at=time(15)).slots.order_by("starts_at")[:2]
    there.booking(booked)
    day = timezone.localdate(free.starts_at)
    exception = services.exception_of(
        kind="leave", professional=doctor, first_on=day, last_on=day + timedelta(days=7), reason="Arrêt maladie"
    )
    return services.make_exception(exception=exception, user=head), free, booked


def told(kind: str) -> list[OutboxMessage]:
    return list(OutboxMessage.objects.filter(kind=kind))


def test_the_other_site_is_told_of_what_it_loses_without_a_name(desk: Desk, there: Desk, head: User) -> None:
    _, free, booked = away(desk, there, head)
    free.refresh_from_db()
    booked.refresh_from_db()
    assert (free.status, booked.status) == ("cancelled", "protected")
    (message,) = told("practitioner_away")
    assert message.recipient == there.platform.email
    lost, kept = message.body.split("Créneaux avec des patients")
    assert services.appointments.when(free) in lost
    assert services.appointments.when(booked) in kept
    assert "Kervadec" not in message.subject + message.body
    assert "maladie" not in message.body


def test_the_other_site_is_told_when_it_is_over(desk: Desk, there: Desk, head: User) -> None:
    exception, free, _ = away(desk, there, head)
    services.take_back_exception(exception=exception, user=head)
    free.refresh_from_db()
    assert free.status == "protected"
    (message,) = told("practitioner_back")
    assert services.appointments.when(free) in message.body


def test_ones_own_site_gets_no_message(desk: Desk, head: User) -> None:
    doctor = ProfessionalFactory()
    slot = desk.series(practitioners=[doctor]).slots.order_by("starts_at")[0]
    day = timezone.localdate(slot.starts_at)
    exception = services.exception_of(kind="leave", professional=doctor, first_on=day, last_on=day, reason="Congé")
    services.make_exception(exception=exception, user=head)
    assert not told("practitioner_away")


def test_the_preview_names_the_other_site(desk: Desk, there: Desk, head: User, client: Client) -> None:
    doctor = ProfessionalFactory(establishment=None)
    slot = desk.series(practitioners=[doctor]).slots.order_by("starts_at")[0]
    there.series(practitioners=[doctor], starts_at=time(15))
    day = timezone.localdate(slot.starts_at)
    client.force_login(head)
    data = {
        "do": "preview", "about": f"professional:{doctor.uuid}", "kind": "leave", "first_on": day, "last_on": day,
        "reason": "Congé", "key": "0b9c0a8e-6f0e-4b7e-9a53-0d6c3f9f1d11",
    }  # fmt: skip
    html = client.post(reverse("coordination:exception-new"), data).content.decode()
    assert "Aussi sur un autre site" in html
    assert str(there.platform.establishment) in html
