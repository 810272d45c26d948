"""Nobody borrows a practitioner of another establishment by writing a convention alone, nor says that they are away."""

from __future__ import annotations

from datetime import time, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from coordination import services
from coordination.models import Convention, Slot, SlotException, SlotSeries
from coordination.readings.series import exception_choices_of
from directory.errors import DomainError
from directory.models import OutboxMessage, Professional, Role, Team, User
from tests.coordination.factories import Desk, exam
from tests.coordination.pages import text, url
from tests.factories import ProfessionalFactory, TargetFactory, TeamFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def doctor(desk: Desk) -> Professional:
    """Of the desk's establishment, expected there on Wednesdays."""
    return ProfessionalFactory(establishment=desk.team.establishment, last_name="Essaidoc")


@pytest.fixture
def theirs() -> Team:
    return TeamFactory(kind="platform", name="Scanner de B")


@pytest.fixture
def borrower(theirs: Team) -> User:
    return chief_of(theirs)


def chief_of(team: Team) -> User:
    user = UserFactory(role=Role.PLATFORM, team=team)
    user.memberships.update(is_head=True)
    return user


def written(desk: Desk, theirs: Team, *, by_lender: bool = False) -> Convention:
    sides = (theirs.establishment, desk.team.establishment)
    holder, partner = reversed(sides) if by_lender else sides
    return services.create_convention(
        reference="X-1", kind="convention", holder=holder, partner=partner, exam_types=[exam()],
        valid_from=timezone.localdate(),
    )  # fmt: skip


def series_there(theirs: Team, doctor: Professional) -> SlotSeries:
    target, day = TargetFactory(team=TeamFactory(establishment=theirs.establishment)), timezone.localdate()
    return services.create_series(
        exam_type=exam(), platform=theirs, targets=[target], weekday=5, starts_at=time(6), valid_from=day,
        practitioners=[doctor],
    )  # fmt: skip


class TestConfirmed:
    def test_written_by_the_borrower_alone_it_lends_nobody(
        self, desk: Desk, theirs: Team, doctor: Professional
    ) -> None:
        convention = written(desk, theirs)
        with pytest.raises(DomainError, match="sans convention en cours"):
            series_there(theirs, doctor)
        services.confirm_convention(convention=convention, user=chief_of(desk.platform))
        assert doctor in series_there(theirs, doctor).practitioners.all()

    def test_written_by_the_lender_it_needs_nothing_more(self, desk: Desk, theirs: Team, doctor: Professional) -> None:
        written(desk, theirs, by_lender=True)
        assert series_there(theirs, doctor)

    def test_known_there_by_an_account_only_is_of_there_too(self, desk: Desk, theirs: Team) -> None:
        """The directory's entry names no establishment; the account does."""
        doctor = ProfessionalFactory(establishment=None)
        UserFactory(role=Role.PHYSICIAN, team=desk.team, professional=doctor)
        with pytest.raises(DomainError, match="sans convention en cours"):
            series_there(theirs, doctor)
        assert desk.series(practitioners=[doctor])

    def test_nobody_but_the_partner_confirms(
        self, client: Client, desk: Desk, theirs: Team, borrower: User, doctor: Professional
    ) -> None:
        convention = written(desk, theirs)
        for user in (borrower, desk.coordinator, desk.technician):
            client.force_login(user)
            assert "Confirmer la convention" not in text(client.get(url("convention", convention)))
            assert client.post(url("convention-confirm", convention)).status_code == 403
        client.force_login(chief_of(TeamFactory(kind="platform")))
        assert client.post(url("convention-confirm", convention)).status_code == 404
        with pytest.raises(DomainError, match="confirme cette convention"):
            services.confirm_convention(convention=convention, user=borrower)
        client.force_login(chief := chief_of(desk.platform))
        assert "Confirmer la convention" in text(client.get(url("convention", convention)))
        page = client.post(url("convention-confirm", convention), follow=True)
        assert "confirmée le" in text(page) and "Confirmer la convention" not in text(page)
        first = Convention.objects.get().confirmed_at
        client.post(url("convention-confirm", convention))
        assert (Convention.objects.get().confirmed_at, Convention.objects.get().confirmed_by) == (first, chief)

    def test_the_partner_is_told_that_it_was_written(self, desk: Desk, theirs: Team) -> None:
        administrator = UserFactory(role=Role.ADMINISTRATOR, team=desk.team)
        convention = written(desk, theirs)
        message = OutboxMessage.objects.get(kind="convention_written")
        assert message.recipient == administrator.email
        assert str(convention.uuid) in message.body


class TestAway:
    @pytest.fixture
    def lent(self, desk: Desk, theirs: Team, doctor: Professional) -> SlotSeries:
        """Expected at both, by a convention of both."""
        services.confirm_convention(convention=written(desk, theirs), user=chief_of(desk.platform))
        series_there(theirs, doctor)
        return desk.series(exam_type=exam("irm"), practitioners=[doctor])

    def sent(self, doctor: Professional, **more: Any) -> dict[str, Any]:
        today = timezone.localdate()
        return {
            "key": uuid4(), "about": f"professional:{doctor.uuid}", "kind": "", "first_on": today,
            "last_on": today + timedelta(days=300), "reason": "Absent",
        } | more  # fmt: skip

    def test_a_site_that_borrows_takes_no_slot_of_the_others(
        self, client: Client, desk: Desk, borrower: User, lent: SlotSeries, doctor: Professional
    ) -> None:
        pathway = desk.pathway()
        desk.booking(lent.slots.order_by("starts_at")[1], pathway)
        client.force_login(borrower)
        page = client.post(reverse("coordination:exception-new"), self.sent(doctor))
        assert page.status_code == 422
        assert pathway.reference not in page.content.decode()
        exception = services.exception_of(
            kind="leave", professional=doctor, first_on=timezone.localdate(), last_on=timezone.localdate(), reason="Non"
        )
        with pytest.raises(DomainError, match="se déclare là où ce praticien exerce") as refused:
            services.make_exception(exception=exception, user=borrower)
        assert refused.value.code == "not_theirs"
        assert not SlotException.objects.exists()
        assert not Slot.objects.filter(series=lent, status="cancelled").exists()

    def test_nor_takes_back_what_was_said_where_they_work(
        self, desk: Desk, borrower: User, lent: SlotSeries, doctor: Professional
    ) -> None:
        slot = lent.slots.order_by("starts_at")[0]
        day = timezone.localdate(slot.starts_at)
        exception = services.exception_of(kind="leave", professional=doctor, first_on=day, last_on=day, reason="Congé")
        services.make_exception(exception=exception, user=chief_of(desk.platform))
        with pytest.raises(DomainError, match="se déclare là où"):
            services.take_back_exception(exception=exception, user=borrower)
        slot.refresh_from_db()
        assert slot.status == "cancelled"

    def test_where_they_work_the_patients_of_the_other_site_are_counted_and_no_more(
        self, client: Client, desk: Desk, theirs: Team, lent: SlotSeries, doctor: Professional
    ) -> None:
        there = Desk(team=TeamFactory(establishment=theirs.establishment))
        other = there.series(practitioners=[doctor], starts_at=time(15))
        pathway = there.pathway()
        there.booking(other.slots.order_by("starts_at")[0], pathway)
        client.force_login(chief_of(desk.platform))
        page = client.post(reverse("coordination:exception-new"), self.sent(doctor))
        assert page.status_code == 200
        assert "Patients à rappeler : 1" in text(page) and "1 patient sur un autre site" in text(page)
        assert pathway.reference not in page.content.decode()

    def test_they_say_it_themselves(self, desk: Desk, lent: SlotSeries, doctor: Professional) -> None:
        oneself = UserFactory(professional=doctor)
        day = timezone.localdate(lent.slots.order_by("starts_at")[0].starts_at)
        exception = services.exception_of(kind="leave", professional=doctor, first_on=day, last_on=day, reason="Congé")
        assert services.make_exception(exception=exception, user=oneself)

    def test_the_desk_that_asks_is_not_offered_the_absence_of_somebody_lent(
        self, client: Client, theirs: Team, doctor: Professional, lent: SlotSeries
    ) -> None:
        series = SlotSeries.objects.get(platform=theirs)
        assert f"professional:{doctor.uuid}" not in exception_choices_of(series)
        assert f"professional:{doctor.uuid}" in exception_choices_of(lent)
