"""Changing series: slots follow, patients are called, nothing promised is taken back by itself."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from coordination import services, tasks
from coordination.errors import SlotFull
from coordination.models import (
    DisturbedSlot,
    ExceptionKind,
    Resource,
    Slot,
    SlotException,
    SlotPractitioner,
    SlotSeries,
    SlotStatus,
    Task,
    TaskStatus,
)
from directory.errors import DomainError
from directory.models import ClosingDay, Role, User
from tests.coordination.factories import Desk
from tests.factories import ProfessionalFactory, TeamFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def head(desk: Desk) -> User:
    user = UserFactory(role=Role.PLATFORM, team=desk.platform)
    user.memberships.update(is_head=True)
    return user


@pytest.fixture
def machine(desk: Desk) -> Resource:
    return services.add_resource(platform=desk.platform, name="Scanner A", kind="machine")


def values(series: SlotSeries, **changes: Any) -> services.SeriesValues:
    names = [each for each in services.SeriesValues.__dataclass_fields__ if each not in ("targets", "practitioners")]
    kept = {name: getattr(series, name) for name in names}
    kept |= {"targets": list(series.targets.all()), "practitioners": list(series.practitioners.all())}
    return services.SeriesValues(**kept | changes)


def down(machine: Resource, slot: Slot, **more: Any) -> SlotException:
    day = timezone.localdate(slot.starts_at)
    options = {"kind": ExceptionKind.DOWN, "first_on": day, "last_on": day, "reason": "Scanner en panne"} | more
    return services.exception_of(resource=machine, **options)


def slots_of(series: SlotSeries) -> list[Slot]:
    return list(series.slots.order_by("starts_at"))


def test_a_machine_down_cancels_its_free_slots_and_asks_to_call_each_patient(
    desk: Desk, head: User, machine: Resource
) -> None:
    series = desk.series(resource=machine, capacity=4)
    slot, after = slots_of(series)[:2]
    patients = [desk.pathway() for _ in range(3)]
    for each in patients:
        desk.booking(slot, each)
    change = services.change_of_exception(down(machine, slot))
    calls = change.calls()
    assert {call.booking.pathway for call in calls} == set(patients)
    assert {call.next_free for call in calls} == {after}
    assert not SlotException.objects.exists(), "a preview writes nothing"
    services.make_exception(exception=down(machine, slot), user=head, seen=change.digest)
    asked = Task.objects.open().filter(title__startswith="Rappeler le patient")
    assert {each.pathway for each in asked} == set(patients)
    assert all("Scanner en panne" in each.note and "Prochain créneau libre" in each.note for each in asked)
    slot.refresh_from_db()
    assert (slot.status, slot.booked) == (SlotStatus.PROTECTED, 3), "a person decides"
    with pytest.raises(SlotFull) as refused:
        desk.booking(slot)
    assert refused.value.code == "slot_given_up"
    assert slot not in Slot.objects.free(timezone.now())
    assert tasks.generate_slots() == 0
    assert asked.count() == 3, "the night asks nothing twice"


def test_the_same_exception_is_said_once(desk: Desk, head: User, machine: Resource) -> None:
    slot = slots_of(desk.series(resource=machine))[0]
    made = services.make_exception(exception=down(machine, slot), user=head)
    with pytest.raises(DomainError) as refused:
        services.make_exception(exception=down(machine, slot, reason="Encore"), user=head)
    assert refused.value.code == "twin"
    services.take_back_exception(exception=made, user=head)
    assert services.make_exception(exception=down(machine, slot), user=head)


def test_free_slots_of_the_days_are_cancelled_and_come_back_with_the_machine(
    desk: Desk, head: User, machine: Resource
) -> None:
    series = desk.series(resource=machine)
    free, booked, other = slots_of(series)[:3]
    pathway = desk.pathway()
    desk.booking(booked, pathway)
    days = {"first_on": timezone.localdate(free.starts_at), "last_on": timezone.localdate(booked.starts_at)}
    made = services.make_exception(exception=down(machine, free, **days), user=head)
    free.refresh_from_db()
    assert (free.status, free.cancel_reason, free.sequence) == (SlotStatus.CANCELLED, "Scanner en panne", 1)
    assert Task.objects.open().filter(pathway=pathway, title__startswith="Rappeler").count() == 1
    tasks.generate_slots()
    free.refresh_from_db()
    assert free.status == SlotStatus.CANCELLED, "the night reads exceptions"
    services.take_back_exception(exception=made, user=head)
    free.refresh_from_db()
    assert (free.status, free.sequence) == (SlotStatus.PROTECTED, 2)
    assert DisturbedSlot.objects.get(slot=booked).settled_at
    task = Task.objects.get(pathway=pathway, title__startswith="Rappeler")
    assert task.status == TaskStatus.CANCELLED, "nobody has to be called any more"
    assert series.slots.count() == len({each.week for each in slots_of(series)})
    other.refresh_from_db()
    assert other.sequence == 0


def test_a_preview_that_no_longer_holds_is_refused(desk: Desk, head: User, machine: Resource) -> None:
    slot = slots_of(desk.series(resource=machine))[0]
    seen = services.change_of_exception(down(machine, slot)).digest
    desk.booking(slot)
    with pytest.raises(DomainError) as refused:
        services.make_exception(exception=down(machine, slot), user=head, seen=seen)
    assert refused.value.code == "outdated"
    assert not SlotException.objects.exists()
    slot.refresh_from_db()
    assert slot.status == SlotStatus.PROTECTED


def test_the_same_form_twice_makes_one_exception(desk: Desk, head: User, machine: Resource) -> None:
    slot, key = slots_of(desk.series(resource=machine))[0], uuid4()
    for _ in range(2):
        services.make_exception(exception=down(machine, slot, uuid=key), user=head)
    assert SlotException.objects.count() == 1


def test_a_day_closed_after_the_slots_were_made_is_seen_by_the_night(desk: Desk) -> None:
    free, booked = slots_of(desk.series())[:2]
    pathway = desk.pathway()
    desk.booking(booked, pathway)
    for slot in (free, booked):
        day = timezone.localdate(slot.starts_at)
        ClosingDay.objects.create(establishment=desk.team.establishment, date=day, label="Travaux")
    for _ in range(2):
        assert tasks.generate_slots() == 0
    free.refresh_from_db()
    booked.refresh_from_db()
    assert (free.status, booked.status) == (SlotStatus.CANCELLED, SlotStatus.PROTECTED)
    assert Task.objects.open().filter(pathway=pathway, title__startswith="Rappeler").count() == 1
    ClosingDay.objects.all().delete()
    tasks.generate_slots()
    free.refresh_from_db()
    assert free.status == SlotStatus.PROTECTED


def test_another_hour_moves_the_free_slots_and_leaves_the_booked_one(desk: Desk, head: User) -> None:
    series = desk.series()
    before = slots_of(series)
    booked = before[1]
    desk.booking(booked)
    later = (timezone.localtime(booked.starts_at) + timedelta(hours=2)).time()
    change = services.change_of_series(series=series, values=values(series, starts_at=later))
    services.edit_series(series=series, values=values(series, starts_at=later), user=head, seen=change.digest)
    after = {each.pk: each for each in slots_of(series)}
    assert set(after) == {each.pk for each in before}, "moved in place, none doubled"
    for each in before:
        moved = each.pk != booked.pk
        hour = timezone.localtime(after[each.pk].starts_at).time()
        assert hour == (later if moved else timezone.localtime(each.starts_at).time())
        assert after[each.pk].sequence == int(moved)
    assert tasks.generate_slots() == 0
    assert DisturbedSlot.objects.get().slot == booked


def test_this_week_and_following_keeps_the_weeks_before(desk: Desk, head: User) -> None:
    series = desk.series()
    before = slots_of(series)
    monday = before[3].week
    assert monday
    fresh = services.edit_series(series=series, values=values(series, capacity=3), user=head, since=monday)
    series.refresh_from_db()
    assert fresh.pk != series.pk
    assert series.valid_until == monday - timedelta(days=1)
    assert [(each.pk, each.capacity) for each in slots_of(series)] == [(each.pk, 1) for each in before[:3]]
    assert [(each.pk, each.capacity) for each in slots_of(fresh)] == [(each.pk, 3) for each in before[3:]]
    assert tasks.generate_slots() == 0


def test_a_series_cut_in_two_is_not_prolonged_over_its_own_rest(desk: Desk, head: User) -> None:
    """Every later week would have two slots at one hour. Cut once more, its first part ends before the second begins,
    and a new part does not reach over the last one."""
    series = desk.series()
    mondays = [each.week for each in slots_of(series)]
    rest = services.edit_series(series=series, values=values(series, room="Salle 2"), user=head, since=mondays[6])
    series.refresh_from_db()
    middle = services.edit_series(series=series, values=values(series, room="Salle 3"), user=head, since=mondays[3])
    series.refresh_from_db()
    for part, last in ((series, mondays[3]), (series, None), (middle, mondays[6]), (middle, None)):
        with pytest.raises(DomainError, match="une autre série") as refused:
            services.edit_series(series=part, values=values(part, valid_until=last), user=head)
        assert refused.value.field == "valid_until"
    with pytest.raises(DomainError, match="une autre série"):
        services.edit_series(series=middle, values=values(middle, valid_until=None), user=head, since=mondays[4])
    earlier = middle.valid_until - timedelta(days=7)
    services.edit_series(series=middle, values=values(middle, valid_until=earlier), user=head)
    services.edit_series(series=middle, values=values(middle, valid_until=earlier + timedelta(days=7)), user=head)
    services.edit_series(series=rest, values=values(rest, capacity=2), user=head)
    hours = [each.starts_at for part in (series, middle, rest) for each in slots_of(part)]
    assert hours == sorted(set(hours)), "each hour once"


def test_a_series_stopped_gives_no_slot_after_its_last_day(desk: Desk, head: User) -> None:
    series = desk.series()
    last = timezone.localdate(slots_of(series)[1].starts_at)
    services.edit_series(series=series, values=values(series, valid_until=last), user=head)
    assert [each.status for each in slots_of(series)[:2]] == [SlotStatus.PROTECTED] * 2
    assert {each.status for each in slots_of(series)[2:]} == {SlotStatus.CANCELLED}


def test_a_practitioner_expected_elsewhere_is_named(desk: Desk) -> None:
    doctor = ProfessionalFactory(last_name="Kervadec")
    series = desk.series(practitioners=[doctor])
    assert SlotPractitioner.objects.filter(professional=doctor, stands=True).count() == series.slots.count()
    elsewhere = TeamFactory(kind="platform")
    with pytest.raises(DomainError, match=r"(?i)kervadec") as refused:
        desk.series(platform=elsewhere, practitioners=[doctor])
    assert refused.value.code == "taken"
    assert SlotSeries.objects.count() == 1


def test_a_machine_already_taken_is_named(desk: Desk, machine: Resource) -> None:
    desk.series(resource=machine)
    with pytest.raises(DomainError, match="Scanner A est déjà pris"):
        desk.series(resource=machine)


def test_one_week_held_at_another_hour(desk: Desk, head: User) -> None:
    series = desk.series(in_days=10 + (7 - timezone.localdate().weekday()) % 7)
    slot, following = slots_of(series)[:2]
    other = slot.starts_at + timedelta(hours=3)
    services.make_exception(exception=services.one_week(slot=slot, reason="Formation", moved_to=other), user=head)
    slot.refresh_from_db()
    assert slot.starts_at == other
    tasks.generate_slots()
    slot.refresh_from_db()
    assert slot.starts_at == other
    with pytest.raises(DomainError) as refused:
        services.one_week(slot=slot, reason="Formation", moved_to=following.starts_at)
    assert refused.value.field == "moved_to"


def test_a_slot_held_all_the_same_asks_for_no_more_calls(desk: Desk, head: User, machine: Resource) -> None:
    slot = slots_of(desk.series(resource=machine))[0]
    desk.booking(slot)
    services.make_exception(exception=down(machine, slot), user=head)
    services.keep_slot(slot=slot, user=head)
    assert not Task.objects.open().filter(title__startswith="Rappeler").exists()
    tasks.generate_slots()
    assert not Task.objects.open().filter(title__startswith="Rappeler").exists()
    with pytest.raises(DomainError):
        services.keep_slot(slot=slot, user=head)


def test_the_head_sees_whom_to_call_then_applies(client: Client, desk: Desk, head: User, machine: Resource) -> None:
    slot = slots_of(desk.series(resource=machine, capacity=2))[0]
    pathway = desk.pathway()
    desk.booking(slot, pathway)
    client.force_login(head)
    day = f"{timezone.localdate(slot.starts_at):%Y-%m-%d}"
    sent = {
        "about": f"resource:{machine.uuid}", "kind": "down", "first_on": day, "last_on": day, "reason": "Panne du tube",
        "key": str(uuid4()),
    }  # fmt: skip
    page = client.post(reverse("coordination:exception-new"), {**sent, "do": "preview"})
    html = page.content.decode()
    assert '#apercu"' in html and 'id="apercu"' in html, "the browser goes to what changes, not back to the top"
    text = page.content.decode()
    assert page.status_code == 200
    assert pathway.patient.birth_name.upper() in text.upper()
    assert "Prochain créneau libre" in text
    seen = page.context["preview"].digest
    assert not SlotException.objects.exists()
    stale = client.post(reverse("coordination:exception-new"), {**sent, "do": "apply", "seen": "autre"})
    assert stale.status_code == 422
    assert "Panne du tube" in stale.content.decode(), "nothing typed is lost"
    done = client.post(reverse("coordination:exception-new"), {**sent, "do": "apply", "seen": seen})
    assert done.status_code == 302
    listed = client.get(reverse("coordination:series")).content.decode()
    assert "Panne du tube" in listed
    assert "Tenir ce créneau" in listed


def test_the_editor_previews_and_applies(client: Client, desk: Desk, head: User) -> None:
    series = desk.series()
    client.force_login(head)
    address = reverse("coordination:series-edit", args=[series.uuid])
    sent = {
        "targets": [desk.target.pk], "weekday": series.weekday, "starts_at": "14:30", "duration_minutes": 30,
        "capacity": 2, "release_notice_hours": 48, "release_unit": "working_hours",
    }  # fmt: skip
    assert client.get(address).status_code == 200
    page = client.post(address, {**sent, "do": "preview"})
    assert page.status_code == 200, page.context["form"].errors
    assert "déplacés" in page.content.decode()
    done = client.post(address, {**sent, "do": "apply", "seen": page.context["preview"].digest})
    assert done.status_code == 302
    assert {timezone.localtime(each.starts_at).hour for each in slots_of(series)} == {14}
    refused = client.post(address, {**sent, "capacity": 0, "do": "preview"})
    assert refused.status_code == 422


def test_only_heads_and_administrators_change_series(client: Client, desk: Desk) -> None:
    series = desk.series()
    for user, expected in (
        (desk.technician, 403),
        (desk.coordinator, 403),
        (UserFactory(role=Role.ADMINISTRATOR, team=desk.team), 200),
        (UserFactory(role=Role.ADMINISTRATOR, team=TeamFactory()), 404),
    ):
        client.force_login(user)
        assert client.get(reverse("coordination:series-edit", args=[series.uuid])).status_code == expected


def test_one_week_left_out_stays_so_when_the_series_changes_its_day(desk: Desk, head: User) -> None:
    """Taken back, it has its slot on the new day; held otherwise instead, it is held."""
    series = desk.series(in_days=8)
    _, slot, other = slots_of(series)[:3]
    left_out = [
        services.make_exception(exception=services.one_week(slot=each, reason="Congrès"), user=head)
        for each in (slot, other)
    ]
    services.edit_series(series=series, values=values(series, weekday=series.weekday + 1), user=head)
    tasks.generate_slots()
    by_week = {each.week: each for each in slots_of(series)}
    gone = {week for week, each in by_week.items() if each.status == SlotStatus.CANCELLED}
    assert gone == {slot.week, other.week}
    services.take_back_exception(exception=left_out[0], user=head)
    slot.refresh_from_db()
    assert slot.status == SlotStatus.PROTECTED
    assert timezone.localdate(slot.starts_at).weekday() == series.weekday + 1
    hour = other.starts_at + timedelta(days=1)
    services.make_exception(exception=services.one_week(slot=other, reason="Formation", moved_to=hour), user=head)
    other.refresh_from_db()
    assert (other.status, other.starts_at) == (SlotStatus.PROTECTED, hour)


@pytest.mark.parametrize("about", ["series", "resource", "platform", "professional"])
@pytest.mark.parametrize("booked", [False, True])
def test_the_last_slot_held_after_the_last_day_of_its_series_is_still_taken(
    desk: Desk, head: User, machine: Resource, about: str, booked: bool
) -> None:
    """The series ends on a Thursday; its last slot, moved to the Friday, is under whatever happens that Friday."""
    doctor = ProfessionalFactory()
    slot = desk.slot(in_days=10, resource=machine, practitioners=[doctor])
    friday = slot.starts_at + timedelta(days=1)
    services.make_exception(exception=services.one_week(slot=slot, reason="Visite", moved_to=friday), user=head)
    slot.refresh_from_db()
    if booked:
        desk.booking(slot)
    day = timezone.localdate(friday)
    kind, subject = {
        "series": ("one_week", slot.series), "resource": ("down", machine), "platform": ("closed", desk.platform),
        "professional": ("leave", doctor),
    }[about]  # fmt: skip
    exception = services.exception_of(kind=kind, first_on=day, last_on=day, reason="Panne", **{about: subject})
    services.make_exception(exception=exception, user=head)
    slot.refresh_from_db()
    assert slot.status == (SlotStatus.PROTECTED if booked else SlotStatus.CANCELLED)
    assert DisturbedSlot.objects.exists() == booked
    services.take_back_exception(exception=exception, user=head)
    slot.refresh_from_db()
    assert (slot.status, slot.starts_at) == (SlotStatus.PROTECTED, friday)


def test_days_of_a_series_left_out_are_those_and_no_more(desk: Desk, head: User) -> None:
    """« Du … au … » leaves the slot of the week after its last day, or before its first."""
    series = desk.series()
    slot = slots_of(series)[1]
    day = timezone.localdate(slot.starts_at)
    days = services.exception_of(
        kind="one_week", series=series, first_on=day - timedelta(days=2), last_on=day - timedelta(days=1), reason="Pont"
    )
    services.make_exception(exception=days, user=head)
    slot.refresh_from_db()
    assert slot.status == SlotStatus.PROTECTED


@pytest.mark.parametrize("kind", ["leave", "closed", "one_week"])
def test_the_nature_of_an_exception_goes_with_its_subject(machine: Resource, kind: str) -> None:
    day = timezone.localdate() + timedelta(days=3)
    with pytest.raises(DomainError, match="Appareil ou salle hors service") as refused:
        services.exception_of(kind=kind, resource=machine, first_on=day, last_on=day, reason="Panne")
    assert refused.value.field == "kind"


def test_the_nature_follows_from_the_subject(client: Client, desk: Desk, head: User, machine: Resource) -> None:
    desk.series(resource=machine)
    client.force_login(head)
    day = f"{timezone.localdate() + timedelta(days=3):%Y-%m-%d}"
    sent = {
        "about": f"resource:{machine.uuid}", "kind": "", "first_on": day, "last_on": day, "reason": "Panne",
        "key": str(uuid4()),
    }  # fmt: skip
    shown = client.post(reverse("coordination:exception-new"), {**sent, "do": "preview"})
    seen = shown.context["preview"].digest
    client.post(reverse("coordination:exception-new"), {**sent, "do": "apply", "seen": seen})
    assert SlotException.objects.get().kind == ExceptionKind.DOWN
