"""Slots of a partner beyond a convention that was shortened or ended: shown, given up, and made again with it."""

from __future__ import annotations

from datetime import date, time, timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from coordination import services
from coordination.models import Convention, DisturbedSlot, Hold, Slot, SlotChange, SlotPolicy, SlotSeries, Task
from coordination.rules.agreements import outside, runs_until
from directory.models import OutboxMessage, Role, Team, TeamKind
from tests.coordination.factories import Desk, exam
from tests.factories import EstablishmentFactory, TeamFactory, UserFactory

pytestmark = pytest.mark.django_db
CALLS = Task.objects.filter(status="open", title__startswith="Rappeler le patient")


@pytest.fixture
def partner() -> Team:
    return TeamFactory(establishment=EstablishmentFactory(), kind=TeamKind.PLATFORM, email="tep@partenaire.test")


def day(days: int) -> date:
    return timezone.localdate() + timedelta(days=days)


def beyond(series: SlotSeries) -> list[Slot]:
    """Those after the twentieth day."""
    return [each for each in series.slots.order_by("starts_at") if timezone.localdate(each.starts_at) > day(20)]


def agreed(desk: Desk, partner: Team) -> tuple[Convention, SlotSeries, Slot]:
    """A convention of sixty days, its series, and the booked slot of its fifth week or so."""
    written = desk.agree(partner, valid_until=day(60))
    series = desk.series(platform=partner, valid_until=day(60))
    booked = beyond(series)[1]
    desk.booking(booked)
    return written, series, booked


def test_a_shortened_convention_gives_up_what_is_free_and_asks_to_call_the_others(desk: Desk, partner: Team) -> None:
    written, series, booked = agreed(desk, partner)
    services.hold_place(slot=beyond(series)[2], pathway=desk.pathway(), user=desk.coordinator)
    before = [each.status for each in series.slots.all() if each not in beyond(series)]
    services.extend_convention(convention=written, valid_until=day(20), user=desk.coordinator)
    free = [each for each in beyond(series) if each.pk != booked.pk]
    assert {each.status for each in free} == {"cancelled"}
    assert all(each.sequence for each in free), "agendas hear of it"
    assert SlotChange.objects.filter(what="cancelled", by=desk.coordinator).count() == len(free)
    assert not Hold.objects.living(timezone.now()).exists()
    assert [each.status for each in series.slots.all() if each not in beyond(series)] == before
    assert DisturbedSlot.objects.get(settled_at__isnull=True).slot == booked
    assert CALLS.count() == 1
    told = OutboxMessage.objects.filter(kind="slots_unlent")
    assert "tep@partenaire.test" in told.values_list("recipient", flat=True)
    assert all(booked.bookings.get().pathway.reference not in each.body for each in told)


def test_the_night_gives_up_what_escaped_makes_none_and_takes_it_up_again(desk: Desk, partner: Team) -> None:
    written, series, booked = agreed(desk, partner)
    Convention.objects.filter(pk=written.pk).update(valid_until=day(20))
    for _ in range(2):
        services.generate_slots()
        assert {each.status for each in beyond(series) if each.pk != booked.pk} == {"cancelled"}
        assert DisturbedSlot.objects.filter(slot=booked, settled_at__isnull=True).count() == CALLS.count() == 1
        assert OutboxMessage.objects.filter(kind="slots_unlent", recipient=partner.email).count() == 1
    services.extend_convention(convention=written, valid_until=day(60))
    services.generate_slots()
    assert {each.status for each in beyond(series)} == {"protected"}
    assert not DisturbedSlot.objects.filter(settled_at__isnull=True).exists()
    assert not CALLS.exists()


def test_the_night_makes_no_slot_beyond_a_convention(desk: Desk, partner: Team) -> None:
    written = desk.agree(partner)
    series = desk.series(platform=partner)
    last = max(timezone.localdate(each.starts_at) for each in series.slots.all())
    Convention.objects.filter(pk=written.pk).update(valid_until=last)
    count = series.slots.count()
    services.generate_slots(until=last + timedelta(days=30))
    assert series.slots.count() == count
    Convention.objects.filter(pk=written.pk).update(valid_until=None)
    services.generate_slots(until=last + timedelta(days=30))
    assert series.slots.count() > count


def test_a_policy_that_ends_does_the_same_but_not_for_a_series_that_serves_its_own_site(
    desk: Desk, partner: Team
) -> None:
    _, series, booked = agreed(desk, partner)
    mixed = desk.series(platform=partner, valid_until=day(60), starts_at=time(15))
    own = Desk(team=TeamFactory(establishment=partner.establishment))
    mixed.targets.add(own.target)
    services.end_policy(policy=SlotPolicy.objects.get(), last_on=day(20))
    assert {each.status for each in beyond(series) if each.pk != booked.pk} == {"cancelled"}
    assert {each.status for each in mixed.slots.all()} == {"protected"}


def test_the_page_shows_whom_to_call_before_anything_ends(client: Client, desk: Desk, partner: Team) -> None:
    written, series, booked = agreed(desk, partner)
    client.force_login(UserFactory(role=Role.ADMINISTRATOR, team=desk.team))
    page = reverse("coordination:convention", args=[written.uuid])
    form = {"valid_until": day(20).isoformat()}
    shown = client.post(page, form)
    assert shown.status_code == 200
    assert "Patients à rappeler : 1" in shown.content.decode()
    assert "Créneaux libres annulés" in shown.content.decode()
    seen = shown.context["preview"].digest
    assert f'value="{day(20).isoformat()}"' in shown.content.decode(), "nothing typed is lost"
    services.cancel_booking(booking=booked.bookings.get(), code="patient_unavailable", user=desk.coordinator)
    again = client.post(page, form | {"do": "apply", "seen": seen})
    assert again.status_code == 200, "what was seen is not what would be done: shown again"
    written.refresh_from_db()
    assert written.valid_until == day(60)
    assert client.post(page, form | {"do": "apply", "seen": again.context["preview"].digest}).status_code == 302
    assert {each.status for each in beyond(series)} == {"cancelled"}


def test_the_days_outside_spans() -> None:
    first, last = date(2026, 1, 1), date(2026, 1, 31)
    inside = (date(2026, 1, 10), date(2026, 1, 20))
    assert outside([], first, last) == [(first, last)]
    assert outside([inside], first, last) == [(first, date(2026, 1, 9)), (date(2026, 1, 21), last)]
    assert outside([(first, None), inside], first, last) == []
    assert outside([(date(2025, 1, 1), date(2026, 1, 9)), inside], first, last) == [(date(2026, 1, 21), last)]
    assert outside([(date(2026, 3, 1), None)], first, last) == [(first, last)]
    assert outside([(first, date.max)], first, last) == [], "a span may end on the last of all days"
    assert outside([(date(2026, 1, 2), date(9999, 12, 31))], first, last) == [(first, first)]
    assert runs_until([(first, date.max), (date(2026, 2, 1), None)], last) == (first, None)


@pytest.mark.parametrize("typed", ["9999-12-31", "2101-01-01", "0026-12-31"])
def test_no_agreement_ends_in_an_odd_year(client: Client, desk: Desk, partner: Team, typed: str) -> None:
    written, _, _ = agreed(desk, partner)
    dedicated = services.decide_policy(
        exam_type=exam("irm"), target=desk.target, platform=desk.platform, mode="dedicated", per_week=1,
        valid_from=day(-10), decided_on=day(-20), decided_by="Comité", user=desk.coordinator,
    )  # fmt: skip
    client.force_login(UserFactory(role=Role.ADMINISTRATOR, team=desk.team))
    for name, found in (("convention", written), ("policy", written.policies.get()), ("policy", dedicated)):
        page = client.post(reverse(f"coordination:{name}", args=[found.uuid]), {"valid_until": typed})
        until = found.valid_until
        found.refresh_from_db()
        assert page.status_code == 422 and "Vérifiez l’année" in page.content.decode()
        assert f'value="{typed}"' in page.content.decode(), "what was typed stays"
        assert found.valid_until == until
