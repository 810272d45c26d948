from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from directory.models import User
from rcp.models import RcpSeries
from tests.rcp.factories import SeriesFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("admin@exemple.invalid"))
    return client


def posted(series: RcpSeries, **changes: object) -> dict[str, object]:
    data: dict[str, object] = {
        "name": series.name, "team": series.team_id, "kind": "standard", "weekday": 3, "starts_at": "14:00",
        "duration_minutes": 120, "min_specialties": 3, "required_specialties": '[["SM36"]]', "closes_hours_before": 24,
        "sends_within_days": 3, "action_presets": "[]", "valid_from": "01/01/2026",
    }  # fmt: skip
    return {**data, **changes}


def test_a_series_is_set_up_by_an_administrator(admin: Client) -> None:
    series = SeriesFactory()
    url = reverse("admin:rcp_rcpseries_change", args=[series.pk])
    assert "Exemple" in admin.get(url).content.decode()
    assert admin.post(url, posted(series, name="RCP Pancréas")).status_code == 302
    series.refresh_from_db()
    assert (series.name, series.required_specialties) == ("RCP Pancréas", [["SM36"]])


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("required_specialties", '["SM36"]', "groupe n° 1"),
        ("required_specialties", "[[]]", "groupe n° 1"),
        ("action_presets", '[{"key": "a"}]', "Suite n° 1"),
        ("action_presets", '[{"key": "a", "label": "x", "days": 3, "closes_on": "cured"}]', "cured"),
    ],
)
def test_what_the_rules_could_not_read_is_refused_next_to_its_field(
    admin: Client, field: str, value: str, says: str
) -> None:
    series = SeriesFactory()
    answer = admin.post(reverse("admin:rcp_rcpseries_change", args=[series.pk]), posted(series, **{field: value}))
    assert answer.status_code == 200
    assert says in answer.content.decode()
