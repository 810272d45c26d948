"""The address of the page a form was on: a path of this site, or nothing."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from directory.paths import own_path
from pathways.models import Pathway
from tests.coordination.factories import Desk
from tests.coordination.pages import url

pytestmark = pytest.mark.django_db

NOT_OURS = ["abc", "1,5", "a\0b", "https://evil.example/x", "//evil.example", "/\\evil.example", "javascript:alert(1)"]


@pytest.mark.parametrize("back", NOT_OURS)
def test_a_word_that_is_no_path_leads_home(client: Client, desk: Desk, back: str) -> None:
    assert own_path(back) == ""
    booking = desk.past_booking()
    client.force_login(desk.technician)
    marked = client.post(url("booking-done", booking), {"back": back})
    assert (marked.status_code, marked.headers["Location"]) == (302, url("platform"))
    booking.refresh_from_db()
    assert booking.status == "done"


@pytest.mark.parametrize("back", [each for each in NOT_OURS if "\0" not in each])
def test_no_page_draws_the_address_of_another_site(nurse: Client, pathway: Pathway, back: str) -> None:
    for page, asked in (
        (reverse("coordination:act"), {"geste": "confier", "p": pathway.uuid}),
        (url("task-add", pathway), {}),
    ):
        drawn = nurse.get(page, {**asked, "back": back})
        assert drawn.status_code == 200 and f'href="{back}"' not in drawn.content.decode()
        ours = nurse.get(page, {**asked, "back": "/journee/?vue=appels"})
        assert 'href="/journee/?vue=appels"' in ours.content.decode()
