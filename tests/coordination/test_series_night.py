"""A week that the night could not make is told to a person, and closes by itself."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import time, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError
from django.test import Client
from django.utils import timezone

from coordination import services
from coordination.models import Convention, Resource, Slot, SlotPractitioner, SlotSeries, UnmadeWeek
from coordination.services import night
from coordination.services.series_drafts import Change
from directory.errors import DomainError
from directory.models import OutboxMessage, Professional, Role, User
from tests.coordination.factories import Desk, exam
from tests.coordination.pages import text, url
from tests.factories import ProfessionalFactory, TeamFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def machine(desk: Desk) -> Resource:
    return services.add_resource(platform=desk.platform, name="Scanner A", kind="machine")


@pytest.fixture
def head(desk: Desk) -> User:
    user = UserFactory(role=Role.PLATFORM, team=desk.platform)
    user.memberships.update(is_head=True)
    return user


def lacking(series: SlotSeries) -> Slot:
    """The third week of a series, without its slot."""
    slot = series.slots.order_by("starts_at")[2]
    SlotPractitioner.objects.filter(slot=slot).delete()
    Slot.objects.filter(pk=slot.pk).delete()
    return slot


def collide(desk: Desk, series: SlotSeries, slot: Slot) -> Slot:
    """Somebody holds the machine that week, at that hour."""
    other = desk.series(starts_at=time(16), resource=series.resource, valid_until=timezone.localdate(slot.starts_at))
    blocker = other.slots.order_by("starts_at").last()
    assert blocker is not None
    Slot.objects.filter(pk=blocker.pk).update(starts_at=slot.starts_at, ends_at=slot.ends_at)
    today = timezone.localdate()
    SlotSeries.objects.filter(pk=other.pk).update(valid_from=today - timedelta(2), valid_until=today - timedelta(1))
    return blocker


def stuck(desk: Desk, machine: Resource) -> tuple[SlotSeries, Slot, Slot]:
    series = desk.series(resource=machine)
    slot = lacking(series)
    return series, slot, collide(desk, series, slot)


def test_the_week_is_noted_with_what_conflicts_and_the_others_are_made(desk: Desk, machine: Resource) -> None:
    series, slot, _ = stuck(desk, machine)
    other = series.slots.order_by("starts_at")[4]
    other.delete()
    assert services.generate_slots() == 1, "the other missing week is made all the same"
    week = UnmadeWeek.objects.get()
    assert (week.series, week.starts_at, week.settled_at) == (series, slot.starts_at, None)
    assert week.reason.startswith("Scanner A est déjà pris le")


def test_it_is_told_once_to_the_platform_and_to_the_desk(desk: Desk, machine: Resource) -> None:
    desk.platform.email, desk.team.email = "plateau@exemple.invalid", "desk@exemple.invalid"
    desk.platform.save()
    desk.team.save()
    stuck(desk, machine)
    for _ in range(3):
        services.generate_slots()
    told = OutboxMessage.objects.filter(kind="slots_not_made")
    assert set(told.values_list("recipient", flat=True)) == {"plateau@exemple.invalid", "desk@exemple.invalid"}
    assert told.count() == 2


def test_it_closes_by_itself_when_the_week_is_made(desk: Desk, machine: Resource) -> None:
    series, slot, blocker = stuck(desk, machine)
    services.generate_slots()
    blocker.delete()
    assert services.generate_slots() == 1
    assert UnmadeWeek.objects.get().settled_at is not None
    assert series.slots.filter(starts_at=slot.starts_at).exists()


def test_it_closes_when_somebody_moves_the_series(desk: Desk, machine: Resource, head: User) -> None:
    series, slot, _ = stuck(desk, machine)
    services.generate_slots()
    moved = replace(services.values_of(series), starts_at=time(11))
    services.edit_series(series=series, values=moved, user=head)
    assert UnmadeWeek.objects.get().settled_at is not None
    assert series.slots.filter(week=slot.week).exists()


def test_a_week_told_does_not_stop_another_change(desk: Desk, machine: Resource, head: User) -> None:
    series, slot, _ = stuck(desk, machine)
    wider = replace(services.values_of(series), capacity=3)
    with pytest.raises(DomainError, match="déjà pris"):
        services.edit_series(series=series, values=wider, user=head)
    services.generate_slots()
    services.edit_series(series=series, values=wider, user=head)
    assert set(series.slots.values_list("capacity", flat=True)) == {3}
    assert UnmadeWeek.objects.get().settled_at is None, "it is still to be told"
    assert not series.slots.filter(week=slot.week).exists()


def test_a_practitioner_expected_elsewhere_is_named(desk: Desk) -> None:
    doctor = ProfessionalFactory(last_name="Essaidoc")
    series = desk.series(practitioners=[doctor])
    slot = lacking(series)
    other = desk.slot_at(slot.starts_at)
    SlotPractitioner.objects.create(slot=other, professional=doctor, period=(other.starts_at, other.ends_at))
    services.generate_slots()
    assert "Essaidoc est déjà attendu" in UnmadeWeek.objects.get(series=series).reason


def test_what_the_database_refuses_is_told_and_stops_no_other_series(
    desk: Desk, machine: Resource, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = desk.series(resource=machine), desk.series(starts_at=time(14))
    for each in (first, second):
        lacking(each)
    act = night.act

    def refuse(change: Change, **options: Any) -> int:
        if change.drafts[0].series == first:
            raise IntegrityError("boom")
        return act(change, **options)

    monkeypatch.setattr(night, "act", refuse)
    assert services.generate_slots() == 1
    week = UnmadeWeek.objects.get()
    assert (week.series, week.reason) == (first, night.REFUSED)


def test_who_manages_and_who_relies_on_it_see_it(client: Client, desk: Desk, machine: Resource, head: User) -> None:
    series, _, _ = stuck(desk, machine)
    services.generate_slots()
    for user in (head, desk.coordinator):
        client.force_login(user)
        for page in (url("series"), url("series-page", series)):
            assert "Scanner A est déjà pris" in text(client.get(page)), (user, page)
    assert "Séries à regarder" in text(client.get(url("worklist")))
    client.force_login(head)
    assert "1 série à regarder" in text(client.get(url("platform")))
    UnmadeWeek.objects.update(settled_at=timezone.now())
    client.force_login(desk.coordinator)
    assert "Séries à regarder" not in text(client.get(url("worklist"))), "nothing to look at, nothing shown"


def test_a_week_gone_by_or_of_a_series_ended_is_no_one_s_any_more(desk: Desk, machine: Resource) -> None:
    series, _, _ = stuck(desk, machine)
    services.generate_slots()
    SlotSeries.objects.filter(pk=series.pk).update(valid_until=timezone.localdate() + timedelta(days=10))
    assert not UnmadeWeek.objects.waiting(timezone.now()).exists()


class TestLent:
    """NET-10: somebody of another establishment comes by a convention in force."""

    def test_somebody_of_elsewhere_needs_a_convention(self, desk: Desk) -> None:
        doctor = self.doctor()
        with pytest.raises(DomainError, match="sans convention en cours"):
            desk.series(practitioners=[doctor])
        self.agree(desk, doctor)
        assert doctor in desk.series(practitioners=[doctor]).practitioners.all()

    def test_a_convention_ended_lets_nobody_new_come_and_sends_nobody_away(self, desk: Desk, head: User) -> None:
        doctor = self.doctor()
        convention = self.agree(desk, doctor)
        series = desk.series(practitioners=[doctor])
        convention.valid_from = timezone.localdate() - timedelta(days=9)
        convention.valid_until = timezone.localdate() - timedelta(days=1)
        convention.save()
        wider = replace(services.values_of(series), capacity=2)
        services.edit_series(series=series, values=wider, user=head)
        with pytest.raises(DomainError, match="sans convention"):
            desk.series(starts_at=time(14), practitioners=[doctor])

    def test_the_form_finds_them_with_their_site(self, client: Client, desk: Desk, head: User) -> None:
        doctor, stranger = self.doctor(), self.doctor(last_name="Essailoin")
        self.agree(desk, doctor)
        series = desk.series()
        client.force_login(head)
        sent = {"do": "find", "words": "essai", "capacity": "7", "starts_at": "pas une heure"}
        page = client.post(url("series-edit", series), sent)
        assert page.status_code == 200, "looking for somebody judges nothing"
        shown = text(page)
        assert f"Essaidoc, {doctor.establishment}" in shown
        assert 'value="7"' in shown, "nothing typed is lost"
        assert f"{stranger} exerce ailleurs ({stranger.establishment}), sans convention" in shown
        assert f'value="{doctor.uuid}"' in shown
        assert f'value="{stranger.uuid}"' not in shown

    def test_enter_looks_for_who_is_typed_and_opens_nothing(self, client: Client, desk: Desk, head: User) -> None:
        doctor = self.doctor()
        self.agree(desk, doctor)
        client.force_login(head)
        before = SlotSeries.objects.count()
        page = client.get(url("series-new"))
        first = re.search(r'<button[^>]* name="do" value="(\w+)"', page.content.decode())
        assert first and first[1] == "enter", "what a browser presses on Enter"
        sent = {
            "plateau": desk.platform.uuid, "exam_type": exam().code, "weekday": "0", "starts_at": "07:10",
            "duration_minutes": "30", "capacity": "1", "release_notice_hours": "48", "release_unit": "hours",
            "targets": desk.target.pk, "valid_from": "2026-11-23", "key": str(uuid4()), "do": "enter",
        }  # fmt: skip
        page = client.post(url("series-new"), sent | {"words": "essai"})
        assert "Trouvé" in text(page) and "Essaidoc" in text(page)
        assert SlotSeries.objects.count() == before
        page = client.post(url("series-new"), sent | {"words": " "})
        assert page.status_code == 200 and "Créneaux ajoutés" in text(page), "nobody is looked for: a look at the slots"
        assert 'value="07:10"' in text(page) and SlotSeries.objects.count() == before, "Enter opens nothing"
        assert client.post(url("series-new"), sent | {"words": "", "do": "apply"}).status_code == 302
        series = SlotSeries.objects.latest("pk")
        assert SlotSeries.objects.count() == before + 1
        assert client.post(url("series-edit", series), sent | {"words": "essai"}).context["preview"] is None

    def test_a_name_with_a_nul_is_that_of_nobody(self, client: Client, desk: Desk, head: User) -> None:
        client.force_login(head)
        for page in (url("series-new"), url("series-edit", desk.series())):
            found = client.post(page, {"plateau": desk.platform.uuid, "do": "find", "words": "Essai\0doc"})
            assert found.status_code == 200

    def test_their_site_is_shown_where_the_series_is(self, client: Client, desk: Desk) -> None:
        doctor = self.doctor()
        self.agree(desk, doctor)
        series = desk.series(practitioners=[doctor])
        client.force_login(desk.coordinator)
        for page in (url("series"), url("series-page", series)):
            assert f"Essaidoc, {doctor.establishment}" in text(client.get(page))

    def test_one_ticked_by_hand_without_convention_is_refused_next_to_the_field(
        self, client: Client, desk: Desk, head: User
    ) -> None:
        stranger, series = self.doctor(), desk.series()
        client.force_login(head)
        values = services.values_of(series)
        sent = {
            "weekday": values.weekday, "starts_at": "09:00", "duration_minutes": 30, "capacity": 1,
            "release_notice_hours": 48, "release_unit": "hours", "targets": [each.pk for each in values.targets],
            "practitioners": [str(stranger.uuid)], "do": "preview",
        }  # fmt: skip
        refused = client.post(url("series-edit", series), sent)
        assert refused.status_code == 422
        assert "practitioners" in refused.context["form"].errors

    def test_nobody_is_in_two_places(self, desk: Desk) -> None:
        doctor = self.doctor()
        self.agree(desk, doctor)
        desk.series(practitioners=[doctor])
        with pytest.raises(DomainError, match="déjà attendu"):
            desk.series(practitioners=[doctor], starts_at=time(9, 15))

    @staticmethod
    def doctor(**options: Any) -> Professional:
        return ProfessionalFactory(**{"last_name": "Essaidoc", "establishment": TeamFactory().establishment} | options)

    @staticmethod
    def agree(desk: Desk, doctor: Professional) -> Convention:
        """Written by the site that borrows, confirmed by the other."""
        written = services.create_convention(
            reference="CONV-9", kind="convention", holder=desk.team.establishment, partner=doctor.establishment,
            exam_types=[desk.series(starts_at=time(7)).exam_type], valid_from=timezone.localdate(),
        )  # fmt: skip
        there = UserFactory(role=Role.ADMINISTRATOR, team=TeamFactory(establishment=doctor.establishment))
        return services.confirm_convention(convention=written, user=there)
