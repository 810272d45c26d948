"""What happened to a series, in words; and two people with the same form under their eyes."""

from __future__ import annotations

from dataclasses import replace
from datetime import time, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from coordination import services
from coordination.models import ExceptionKind, SlotSeries
from coordination.readings.series_history import history_of_series
from directory.errors import DomainError
from directory.models import Role, User
from tests.coordination.factories import Desk
from tests.coordination.pages import text, url
from tests.factories import ProfessionalFactory, TargetFactory, UserFactory

pytestmark = pytest.mark.django_db(transaction=True)
"""Each act has its own transaction: that is what tells them apart."""


@pytest.fixture
def head(desk: Desk) -> User:
    user = UserFactory(role=Role.PLATFORM, team=desk.platform)
    user.memberships.update(is_head=True)
    return user


def told(series: SlotSeries) -> list[tuple[str, str]]:
    return [(each["title"], each["text"].replace("\u00a0", " ")) for each in history_of_series(series)]


def edit(series: SlotSeries, user: User, **changes: Any) -> SlotSeries:
    fresh = SlotSeries.objects.get(pk=series.pk)
    since = changes.pop("since", None)
    values = replace(services.values_of(fresh), **changes)
    return services.edit_series(series=fresh, values=values, user=user, since=since)


class TestHistory:
    def test_all_the_weeks_this_one_and_after_and_a_single_one(self, desk: Desk, head: User) -> None:
        series = desk.series()
        edit(series, head, capacity=2, starts_at=time(10))
        slot = series.slots.order_by("starts_at")[1]
        services.make_exception(exception=services.one_week(slot=slot, reason="Congrès"), user=head)
        monday = timezone.localdate() + timedelta(weeks=6)
        monday -= timedelta(days=monday.weekday())
        following = edit(series, head, capacity=4, since=monday)

        titles = [title for title, _ in told(series)]
        assert titles[0].startswith(f"Changée à partir du {monday:%d/%m/%Y}")
        assert titles[1].startswith("Une seule semaine")
        assert titles[2:] == ["Changée pour tous les créneaux à venir", "Série ouverte"]
        assert told(series)[2][1] == "Heure : 9 h → 10 h ; Places : 1 → 2"
        assert "Dernier jour : sans fin → " in told(series)[0][1]
        assert told(following)[-1][0].startswith(f"Série ouverte à la suite de « {series.exam_type}")

    def test_who_joins_and_who_leaves(self, desk: Desk, head: User) -> None:
        doctor = ProfessionalFactory(last_name="Essaidoc")
        series = desk.series()
        edit(series, head, practitioners=[doctor])
        assert told(series)[0][1] == "Praticien attendu : Camille Essaidoc"
        edit(series, head, practitioners=[], capacity=2)
        assert told(series)[0][1] == "Places : 1 → 2 ; Praticien retiré : Camille Essaidoc"
        other = TargetFactory(team=desk.team, key="fast")
        edit(series, head, targets=[desk.target, other])
        assert told(series)[0][1] == f"Parcours servi : {other.name}"

    def test_proposals_and_exceptions_taken_back(self, desk: Desk, head: User) -> None:
        series = desk.series()
        values = replace(services.values_of(series), capacity=2)
        made = services.propose_change(series=series, values=values, reason="Attente", user=desk.coordinator)
        services.decline_proposal(proposal=made, why="Pas de manipulateur", user=head)
        day = timezone.localdate() + timedelta(days=40)
        leave = services.exception_of(
            series=series, kind=ExceptionKind.ONE_WEEK, first_on=day, last_on=day, reason="Congrès"
        )
        services.take_back_exception(exception=services.make_exception(exception=leave, user=head), user=head)
        assert [title for title, _ in told(series)][:4] == [
            f"Exception levée : {day:%d/%m/%Y}", f"Une seule semaine ou période : {day:%d/%m/%Y}",
            "Proposition refusée", "Proposition de la coordination",
        ]  # fmt: skip

    def test_what_closes_its_machine_or_its_platform_is_told_too(self, desk: Desk, head: User) -> None:
        machine = services.add_resource(platform=desk.platform, name="Scanner A", kind="machine")
        series = desk.series(resource=machine)
        day = timezone.localdate() + timedelta(days=40)
        for about, kind in (({"resource": machine}, ExceptionKind.DOWN), ({"platform": desk.platform}, "closed")):
            days = services.exception_of(kind=kind, first_on=day, last_on=day, reason="Travaux", **about)
            services.make_exception(exception=days, user=head)
        assert [title for title, _ in told(series)][:2] == [
            f"Fermeture du plateau : {day:%d/%m/%Y}", f"Appareil ou salle hors service : {day:%d/%m/%Y}",
        ]  # fmt: skip

    def test_who_did_it_is_named_and_the_queries_do_not_grow(self, client: Client, desk: Desk, head: User) -> None:
        series = desk.series()
        client.force_login(head)

        def count() -> int:
            with CaptureQueriesContext(
                connection,
            ) as captured:
                history_of_series(series)
            return len(captured)

        def change(capacity: int) -> None:
            sent = form_of(series, capacity=capacity)
            seen = client.post(url("series-edit", series), sent | {"do": "preview"}).context["preview"].digest
            assert client.post(url("series-edit", series), sent | {"do": "apply", "seen": seen}).status_code == 302

        change(2)
        before = count()
        assert history_of_series(series)[0]["who"] == str(head)
        for capacity in (3, 4, 5):
            change(capacity)
        assert count() == before
        assert "Places : 4 → 5" in text(client.get(url("series-page", series)))


def form_of(series: SlotSeries, **changes: Any) -> dict[str, Any]:
    values = services.values_of(SlotSeries.objects.get(pk=series.pk))
    return {
        "weekday": values.weekday, "starts_at": f"{values.starts_at:%H:%M}", "duration_minutes": 30,
        "capacity": values.capacity, "release_notice_hours": 48, "release_unit": "hours",
        "targets": [each.pk for each in values.targets],
        "version": services.version_of(SlotSeries.objects.get(pk=series.pk)),
    } | changes  # fmt: skip


class TestTwoAtOnce:
    def test_a_form_drawn_before_somebody_else_s_change_is_refused_and_keeps_what_was_typed(
        self, client: Client, desk: Desk, head: User
    ) -> None:
        series = desk.series()
        sent = form_of(series, room="Salle 4", do="preview")
        edit(series, head, capacity=5)
        client.force_login(head)
        refused = client.post(url("series-edit", series), sent)
        assert refused.status_code == 422
        shown = text(refused)
        assert "Quelqu’un a changé cette série" in shown
        assert "<strong>Places</strong> : 5" in shown
        assert 'value="Salle 4"' in shown
        assert refused.context["preview"] is None
        again = client.post(url("series-edit", series), sent | {"version": refused.context["version"], "capacity": 5})
        assert again.context["preview"] is not None, "read knowingly, it goes on"

    def test_a_change_between_preview_and_act_is_refused_even_when_the_slots_are_the_same(
        self, client: Client, desk: Desk, head: User
    ) -> None:
        series, other = desk.series(), TargetFactory(team=desk.team, key="fast")
        client.force_login(head)
        sent = form_of(series, room="Salle 4")
        seen = client.post(url("series-edit", series), sent | {"do": "preview"}).context["preview"].digest
        edit(series, head, targets=[desk.target, other])
        for version in (sent["version"], ""):
            refused = client.post(url("series-edit", series), sent | {"do": "apply", "seen": seen, "version": version})
            assert refused.status_code == 422, "the digest holds the series' own values too"
        series.refresh_from_db()
        assert (series.room, series.targets.count()) == ("", 2)

    def test_a_proposal_from_an_old_form_does_not_ask_to_undo(self, client: Client, desk: Desk, head: User) -> None:
        series = desk.series()
        sent = form_of(series, room="Salle 4", motive="Travaux", key="3f0e5f0e-5d5b-4a34-9d6e-0a0a0a0a0a0a")
        edit(series, head, capacity=5)
        client.force_login(desk.coordinator)
        assert client.post(url("proposal-change", series), sent | {"do": "apply"}).status_code == 422
        assert not series.proposals.exists()

    def test_the_service_refuses_it_too(self, desk: Desk, head: User) -> None:
        series = desk.series()
        known = services.version_of(series)
        edit(series, head, capacity=5)
        with pytest.raises(DomainError) as refused:
            services.edit_series(series=series, values=services.values_of(series), user=head, known=known)
        assert refused.value.code == "changed"
