"""What the desk proposes about a series: nothing changes before an answer, one answer wins, nothing is undone."""

from __future__ import annotations

from dataclasses import replace
from datetime import time, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from coordination import services
from coordination.models import ExceptionKind, ProposalState, SeriesProposal, SlotException, SlotSeries
from directory.errors import DomainError
from directory.models import OutboxMessage, Role, User
from tests.coordination.factories import Desk
from tests.coordination.pages import text, url
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def head(desk: Desk) -> User:
    user = UserFactory(role=Role.PLATFORM, team=desk.platform)
    user.memberships.update(is_head=True)
    return user


@pytest.fixture
def series(desk: Desk) -> SlotSeries:
    desk.platform.email = "plateau@exemple.invalid"
    desk.platform.save()
    return desk.series()


def asked(desk: Desk, series: SlotSeries, **changes: Any) -> SeriesProposal:
    values = replace(services.values_of(series), **(changes or {"capacity": 3}))
    return services.propose_change(series=series, values=values, reason="Trop peu de places", user=desk.coordinator)


class TestAsked:
    def test_a_proposal_changes_nothing_and_tells_the_platform(self, desk: Desk, series: SlotSeries) -> None:
        pathway = desk.pathway(birth_name="ESSAIALPHA")
        desk.booking(series.slots.order_by("starts_at")[0], pathway)
        made = asked(desk, series)
        series.refresh_from_db()
        assert (series.capacity, made.state) == (1, ProposalState.OPEN)
        told = OutboxMessage.objects.get(kind="series_proposed")
        assert told.recipient == "plateau@exemple.invalid"
        assert str(made.uuid) in told.body
        assert "ESSAIALPHA" not in told.body + told.subject

    def test_only_what_differs_is_asked(self, desk: Desk, series: SlotSeries) -> None:
        made = asked(desk, series, starts_at=time(11), capacity=3)
        assert made.asked["values"] == {"starts_at": "11:00", "capacity": 3}
        with pytest.raises(DomainError, match="Rien ne change"):
            asked(desk, series, capacity=1)

    def test_a_reason_is_needed_and_the_same_form_asks_once(self, desk: Desk, series: SlotSeries) -> None:
        values = replace(services.values_of(series), capacity=2)
        with pytest.raises(DomainError) as refused:
            services.propose_change(series=series, values=values, reason=" ", user=desk.coordinator)
        assert refused.value.field == "motive"
        key = asked(desk, series).uuid
        again = services.propose_change(series=series, values=values, reason="Encore", user=desk.coordinator, uuid=key)
        assert again.reason == "Trop peu de places"
        assert OutboxMessage.objects.filter(kind="series_proposed").count() == 1


class TestAccepted:
    def test_it_is_the_change_itself_and_its_author_is_told(self, desk: Desk, series: SlotSeries, head: User) -> None:
        made = asked(desk, series)
        seen = services.change_of_proposal(made).digest
        answered = services.accept_proposal(proposal=made, user=head, seen=seen)
        assert set(series.slots.values_list("capacity", flat=True)) == {3}
        assert (answered.made, answered.answered_by) == (series, head)
        assert OutboxMessage.objects.get(kind="series_answered").recipient == desk.coordinator.email
        assert services.accept_proposal(proposal=made, user=head).state == ProposalState.ACCEPTED, "twice is once"
        assert OutboxMessage.objects.filter(kind="series_answered").count() == 1

    def test_what_was_decided_meanwhile_is_not_undone(self, desk: Desk, series: SlotSeries, head: User) -> None:
        made = asked(desk, series)
        later = replace(services.values_of(series), starts_at=time(15))
        services.edit_series(series=series, values=later, user=head)
        services.accept_proposal(proposal=made, user=head)
        series.refresh_from_db()
        assert (series.starts_at, series.capacity) == (time(15), 3)

    def test_slots_changed_since_it_was_seen_refuse_it_and_it_stays_open(
        self, desk: Desk, series: SlotSeries, head: User
    ) -> None:
        made = asked(desk, series, starts_at=time(15))
        seen = services.change_of_proposal(made).digest
        desk.booking(series.slots.order_by("starts_at")[0])
        with pytest.raises(DomainError) as refused:
            services.accept_proposal(proposal=made, user=head, seen=seen)
        assert refused.value.code == "outdated"
        made.refresh_from_db()
        assert (made.state, made.answered_by) == (ProposalState.OPEN, None)

    def test_a_machine_taken_meanwhile_refuses_it_in_clear(self, desk: Desk, head: User) -> None:
        machine = services.add_resource(platform=desk.platform, name="Scanner A", kind="machine")
        series = desk.series(resource=machine)
        made = asked(desk, series, starts_at=time(11))
        desk.series(resource=machine, starts_at=time(11))
        with pytest.raises(DomainError, match="Scanner A est déjà pris"):
            services.accept_proposal(proposal=made, user=head)
        assert SeriesProposal.objects.get().state == ProposalState.OPEN

    def test_one_series_more(self, desk: Desk, series: SlotSeries, head: User) -> None:
        values = replace(services.values_of(series), starts_at=time(14))
        day = timezone.localdate() + timedelta(days=3)
        made = services.propose_series(
            series=series, values=values, valid_from=day, reason="Délai de 20 jours", user=desk.coordinator
        )
        assert SlotSeries.objects.count() == 1
        fresh = services.accept_proposal(proposal=made, user=head).made
        assert fresh is not None
        assert (fresh.starts_at, fresh.platform, fresh.valid_from) == (time(14), desk.platform, day)
        assert fresh.slots.exists()

    def test_an_exception_and_an_end(self, desk: Desk, series: SlotSeries, head: User) -> None:
        slot = series.slots.order_by("starts_at")[1]
        day = timezone.localdate(slot.starts_at)
        exception = services.exception_of(
            series=series, kind=ExceptionKind.ONE_WEEK, first_on=day, last_on=day, reason="Congrès"
        )
        made = services.propose_exception(series=series, exception=exception, user=desk.coordinator)
        assert not SlotException.objects.exists()
        services.accept_proposal(proposal=made, user=head)
        slot.refresh_from_db()
        assert slot.status == "cancelled"
        services.accept_proposal(proposal=asked(desk, series, valid_until=day), user=head)
        assert not series.slots.filter(starts_at__gt=slot.ends_at).exclude(status="cancelled").exists()


class TestAnswered:
    def test_declined_with_a_reason_that_its_author_reads(self, desk: Desk, series: SlotSeries, head: User) -> None:
        made = asked(desk, series)
        with pytest.raises(DomainError) as refused:
            services.decline_proposal(proposal=made, why=" ", user=head)
        assert refused.value.field == "why"
        services.decline_proposal(proposal=made, why="Pas de manipulateur", user=head)
        for message in OutboxMessage.objects.filter(kind__startswith="series_"):
            assert "Pas de manipulateur" not in message.body, "what people typed may name a patient"
            assert made.reason not in message.body
        with pytest.raises(DomainError, match="déjà été refusée"):
            services.accept_proposal(proposal=made, user=head)

    def test_only_its_author_withdraws_it(self, desk: Desk, series: SlotSeries, head: User) -> None:
        made = asked(desk, series)
        with pytest.raises(DomainError, match="Seul son auteur"):
            services.withdraw_proposal(proposal=made, user=head)
        services.withdraw_proposal(proposal=made, user=desk.coordinator)
        with pytest.raises(DomainError, match="déjà été retirée"):
            services.accept_proposal(proposal=made, user=head)
        series.refresh_from_db()
        assert series.capacity == 1


def form_of(series: SlotSeries, **changes: Any) -> dict[str, Any]:
    values = services.values_of(series)
    return {
        "weekday": values.weekday, "starts_at": f"{values.starts_at:%H:%M}", "duration_minutes": 30, "capacity": 1,
        "release_notice_hours": 48, "release_unit": "hours", "targets": [each.pk for each in values.targets],
        "version": services.version_of(series), "motive": "Attente de 20 jours",
        "key": "3f0e5f0e-5d5b-4a34-9d6e-0a0a0a0a0a0a",
    } | changes  # fmt: skip


class TestPages:
    def test_from_the_series_to_the_answer(self, client: Client, desk: Desk, series: SlotSeries, head: User) -> None:
        client.force_login(desk.coordinator)
        page = text(client.get(url("series-page", series)))
        assert "Proposer un changement" in page
        assert "Modifier" not in page
        there = url("proposal-change", series)
        preview = client.post(there, form_of(series, capacity=2, do="preview"))
        assert "même heure, places, durée" in text(preview)
        sent = form_of(series, capacity=2, do="apply", seen=preview.context["preview"].digest)
        assert client.post(there, sent).status_code == 302
        assert client.post(there, sent).status_code == 302
        made = SeriesProposal.objects.get()
        assert "Vos propositions" in text(client.get(url("series")))

        client.force_login(head)
        assert "Propositions qui attendent votre réponse" in text(client.get(url("series")))
        assert "1 série à regarder" in text(client.get(url("platform")))
        shown = client.get(url("proposal", made))
        assert "1 → <strong>2</strong>" in text(shown)
        accepted = client.post(url("proposal-accept", made), {"seen": shown.context["preview"].digest})
        assert accepted.status_code == 302
        series.refresh_from_db()
        assert series.capacity == 2

    def test_refusing_without_a_reason_keeps_the_page(
        self, client: Client, desk: Desk, series: SlotSeries, head: User
    ) -> None:
        made = asked(desk, series)
        client.force_login(head)
        refused = client.post(url("proposal-decline", made), {"why": "  "})
        assert refused.status_code == 422
        assert "la coordination lira votre réponse" in text(refused)

    def test_an_exception_and_one_more_series_are_proposed_from_the_page(
        self, client: Client, desk: Desk, series: SlotSeries
    ) -> None:
        client.force_login(desk.coordinator)
        day = timezone.localdate(series.slots.order_by("starts_at")[0].starts_at)
        sent = {
            "about": f"series:{series.uuid}", "kind": "one_week", "first_on": day, "last_on": day, "do": "apply",
            "reason": "Congrès", "key": "3f0e5f0e-5d5b-4a34-9d6e-0a0a0a0a0a0b",
        }  # fmt: skip
        assert client.post(url("proposal-exception", series), sent).status_code == 302
        more = form_of(series, starts_at="14:00", valid_from=day, do="apply")
        assert client.post(url("proposal-more", series), more).status_code == 302
        assert set(SeriesProposal.objects.values_list("kind", flat=True)) == {"exception", "more"}
        for made in SeriesProposal.objects.all():
            assert client.get(url("proposal", made)).status_code == 200

    def test_a_stranger_sees_nothing(self, client: Client, desk: Desk, series: SlotSeries) -> None:
        made = asked(desk, series)
        client.force_login(UserFactory(role=Role.COORDINATOR))
        assert client.get(url("proposal", made)).status_code == 404
        assert client.get(url("series-page", series)).status_code == 404
        assert client.post(url("proposal-change", series), form_of(series)).status_code == 404
