"""A partner's site by convention, end to end at the screen: what it may keep, what the desk sees, books and asks."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from coordination import services
from coordination.forms.series import NewSeriesForm
from coordination.models import Booking, Convention, ExamRequest, Slot, SlotSeries
from coordination.readings.coming import coming_of
from coordination.readings.offer import needs_of, offer_of
from coordination.readings.otherwise import otherwise_of
from coordination.rules.agreements import common, runs_until
from directory.errors import DomainError
from directory.models import Role, Team, TeamKind, User
from pathways.models import Pathway
from pathways.services import calendar_of
from tests.coordination.factories import Desk, exam
from tests.factories import EstablishmentFactory, TeamFactory, UserFactory

pytestmark = pytest.mark.django_db
CODE = "scanner"


@pytest.fixture
def partner() -> Team:
    return TeamFactory(establishment=EstablishmentFactory(), kind=TeamKind.PLATFORM, name="TEP du partenaire")


@pytest.fixture
def head(partner: Team) -> User:
    found = UserFactory(role=Role.PLATFORM, team=partner)
    found.memberships.update(is_head=True)
    return found


def day(days: int) -> date:
    return timezone.localdate() + timedelta(days=days)


def typed(desk: Desk, partner: Team, **changed: Any) -> dict[str, Any]:
    """The form of a new series, as a head fills it in."""
    return {
        "do": "apply", "key": uuid4(), "plateau": partner.uuid,
        "exam_type": CODE, "targets": [desk.target.pk], "weekday": 3,
        "starts_at": "09:00", "duration_minutes": 30, "capacity": 1, "release_notice_hours": 48,
        "release_unit": "hours", "valid_from": day(1), "valid_until": day(60), **changed,
    }  # fmt: skip


def opens(client: Client, head: User, data: dict[str, Any]) -> Any:
    client.force_login(head)
    return client.post(reverse("coordination:series-new"), data)


def test_the_head_of_a_partner_keeps_slots_for_the_holder_and_its_desk_books_one(
    desk: Desk, partner: Team, head: User, client: Client
) -> None:
    desk.agree(partner, reference="CONV-7", valid_until=day(90))
    client.force_login(head)
    html = client.get(reverse("coordination:series-new")).content.decode()
    assert "convention CONV-7" in html
    assert opens(client, head, typed(desk, partner)).status_code == 302
    slot = SlotSeries.objects.get(platform=partner).slots.order_by("starts_at")[0]
    pathway = desk.pathway()
    client.force_login(desk.coordinator)
    page = reverse("coordination:book", args=[pathway.uuid])
    html = client.get(f"{page}?examen={CODE}").content.decode()
    assert "convention CONV-7" in html
    data = {"slot": slot.uuid, "key": uuid4(), "examen": CODE, "step": "ct"}
    assert client.post(page, data).status_code == 302
    assert Booking.objects.get(slot=slot).pathway == pathway


def test_a_partner_without_convention_is_offered_no_target_and_refused_one(
    desk: Desk, partner: Team, head: User, client: Client
) -> None:
    assert desk.target not in NewSeriesForm(platform=partner).fields["targets"].queryset  # type: ignore[attr-defined]
    client.force_login(head)
    assert desk.target.name not in client.get(reverse("coordination:series-new")).content.decode()
    assert opens(client, head, typed(desk, partner)).status_code == 422
    assert not SlotSeries.objects.exists()
    with pytest.raises(DomainError) as refused:
        services.create_series(
            exam_type=exam(), platform=partner, targets=[desk.target], weekday=3, starts_at=time(9), valid_from=day(1)
        )
    assert refused.value.code == "no_convention"


def test_the_convention_of_one_partner_opens_nothing_to_another(desk: Desk, partner: Team) -> None:
    desk.agree(TeamFactory(establishment=EstablishmentFactory(), kind=TeamKind.PLATFORM))
    assert desk.target not in NewSeriesForm(platform=partner).fields["targets"].queryset  # type: ignore[attr-defined]
    sibling = TeamFactory(establishment=partner.establishment, kind=TeamKind.PLATFORM)
    desk.agree(sibling)
    assert desk.target not in NewSeriesForm(platform=partner).fields["targets"].queryset  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"exam_type": "irm"}, "targets"),
        ({"valid_until": ""}, "valid_until"),
        ({"valid_until": "2027-03-01"}, "valid_until"),
        ({"valid_from": "2027-03-02", "valid_until": "2027-03-20"}, "targets"),
    ],
)
def test_a_series_by_convention_keeps_to_its_exams_and_days(
    desk: Desk, partner: Team, head: User, client: Client, changed: dict[str, Any], field: str
) -> None:
    exam("irm")
    desk.agree(partner, valid_until=day(60))
    response = opens(client, head, typed(desk, partner, **changed))
    assert response.status_code == 422
    assert field in response.context["form"].errors
    assert not SlotSeries.objects.exists()


def test_an_ended_convention_leaves_no_slot_to_offer_and_a_booking_is_refused(desk: Desk, partner: Team) -> None:
    written = desk.agree(partner, valid_until=day(60))
    series = desk.series(platform=partner, valid_until=day(60))
    slot = series.slots.order_by("starts_at")[0]
    pathway = desk.pathway()
    assert _offered(pathway)[0].slot == slot
    Convention.objects.filter(pk=written.pk).update(valid_until=day(2))  # before the night gives its slots up
    assert not _offered(pathway)
    services.join_waiting(pathway=pathway, exam_type=slot.exam_type, user=desk.coordinator)
    assert services.offer_freed_places(now=timezone.now()) == 0
    assert not services.seats.next_free(Slot(exam_type=slot.exam_type), pathway, timezone.now())
    for act in (services.book_slot, services.hold_place):
        with pytest.raises(DomainError) as refused:
            act(slot=slot, pathway=pathway, user=desk.coordinator)
        assert refused.value.code == "no_convention"


def _offered(pathway: Pathway) -> list[Any]:
    now = timezone.now()
    coming = coming_of(pathway, now)
    need = next(each for each in needs_of(pathway, coming) if each.exam_type.code == CODE)
    offer = offer_of(pathway, need, coming, calendar_of(pathway.team.establishment), now)
    return [*offer.together, *offer.meeting, *offer.missing]


def ask(client: Client, desk: Desk, pathway: Pathway, partner: Team) -> Any:
    client.force_login(desk.coordinator)
    data = {"step": "ct", "examen": CODE, "site": "partner", "addressed_to": partner.uuid, "key": uuid4()}
    return client.post(reverse("coordination:ask", args=[pathway.uuid]), {**data, "question": "Avant le 3 ?"})


def test_a_partner_is_asked_as_another_site_within_what_was_agreed(desk: Desk, partner: Team, client: Client) -> None:
    desk.agree(partner, reference="CONV-8", within="72 hours")
    pathway = desk.pathway()
    client.force_login(desk.coordinator)
    html = client.get(reverse("coordination:book", args=[pathway.uuid]) + f"?examen={CODE}").content.decode()
    assert "Autre site, par convention" in html
    assert "convention CONV-8" in html
    assert ask(client, desk, pathway, partner).status_code == 302
    request = ExamRequest.objects.get()
    assert (request.mode, request.addressed_to, request.within) == ("partner", partner, "72 hours")


def test_a_partner_is_not_asked_once_its_convention_has_ended(desk: Desk, partner: Team, client: Client) -> None:
    desk.agree(partner, valid_from=day(-90), valid_until=day(-1))
    pathway = desk.pathway()
    response = ask(client, desk, pathway, partner)
    assert response.status_code == 422
    assert "Avant le 3" in response.content.decode()
    with pytest.raises(DomainError) as refused:
        services.ask_exam(pathway=pathway, exam_type=exam(), addressed_to=partner, user=None, mode="partner")
    assert refused.value.code == "no_convention"
    assert not ExamRequest.objects.exists()


def test_a_partner_answers_with_a_date_of_its_convention(desk: Desk, partner: Team) -> None:
    desk.agree(partner, valid_until=day(10))
    asked = services.ask_exam(
        pathway=desk.pathway(), exam_type=exam(), addressed_to=partner, user=desk.coordinator, mode="partner"
    )
    late: datetime = timezone.now() + timedelta(days=11)
    with pytest.raises(DomainError) as refused:
        services.propose_date(request=asked, starts_at=late, user=None)
    assert refused.value.code == "no_convention"
    assert services.propose_date(request=asked, starts_at=late - timedelta(days=4), user=None).proposed_at


def test_a_priority_is_asked_of_ones_own_platforms_not_of_strangers(desk: Desk, partner: Team) -> None:
    stranger = Desk(team=TeamFactory(establishment=EstablishmentFactory()))
    stranger.series()
    desk.series()
    desk.agree(partner)
    desk.series(platform=partner)
    pathway = desk.pathway()
    need = next(each for each in needs_of(pathway, []) if each.exam_type.code == CODE)
    other = otherwise_of(pathway, need, timezone.now(), timezone.localdate())
    assert other.priority.platforms == [desk.platform]
    assert other.sites == [partner]


def test_a_convention_held_by_another_establishment_is_refused(desk: Desk, partner: Team) -> None:
    written = desk.agree(partner)
    stranger = Desk(team=TeamFactory(establishment=EstablishmentFactory()))
    with pytest.raises(DomainError) as refused:
        services.decide_policy(
            exam_type=exam(), target=stranger.target, platform=partner, mode="partner", convention=written,
            valid_from=day(0), decided_on=day(0), decided_by="Comité", user=None,
        )  # fmt: skip
    assert refused.value.field == "convention"


def test_a_series_open_by_convention_is_stopped_with_it(desk: Desk, partner: Team, head: User) -> None:
    written = desk.agree(partner, valid_until=day(60))
    series = desk.series(platform=partner, valid_until=day(60))
    services.extend_convention(convention=written, valid_until=day(30))
    kept = {**services.values_of(series).__dict__}
    with pytest.raises(DomainError) as refused:
        services.edit_series(series=series, values=services.SeriesValues(**kept | {"capacity": 2}), user=head)
    assert refused.value.field == "valid_until"
    done = services.edit_series(
        series=series, values=services.SeriesValues(**kept | {"valid_until": day(30)}), user=head
    )
    assert done.valid_until == day(30)


def test_days_in_a_row_are_one_agreement() -> None:
    one, two, three = date(2026, 1, 1), date(2026, 6, 30), date(2026, 7, 1)
    assert runs_until([(three, None), (one, two)], one) == (one, None)
    assert runs_until([(one, two), (three + timedelta(days=1), None)], one) == (one, two)
    assert runs_until([(one, two)], three) is None
    assert runs_until([], one) is None
    assert common((one, two), (three, None)) is None
    assert common((one, None), (three, None)) == (three, None)
