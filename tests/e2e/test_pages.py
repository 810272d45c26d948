"""Every page of the application, wide and narrow, light and dark: see `check_page` for what each must pass.

The pages come from the URL conf through the access matrix: a new route is opened here without a line being written.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.core.management import call_command
from django.urls import reverse
from playwright.sync_api import ViewportSize
from pytest_django import DjangoDbBlocker
from pytest_django.live_server_helper import LiveServer

from tests.access.cast import ROLES, Cast
from tests.access.matrix import ROUTES
from tests.access.test_access import OURS
from tests.e2e.checking import DESKTOP, PHONE, check_page
from tests.e2e.conftest import Arrival
from tests.e2e.crowd import gather_crowd
from tests.e2e.people import Visitor

NOT_PAGES = {
    "healthz": "JSON", "readyz": "JSON", "api-schema": "YAML", "referrals:document": "a file",
    "pathways:document": "a file", "pathways:document-status": "a fragment", "pathways:gp-options": "a fragment",
    "coordination:paper-file": "a file", "coordination:review-where": "a fragment",
    "coordination:day-list": "a file", "coordination:calendar": "a file",
    "coordination:briefs-pdf": "a file", "pathways:target-file": "a file", "pathways:target-draft-file": "a file",
    "coordination:lab-sheet": "a file", "coordination:lab-report": "a file",
    "coordination:appointment-sheet": "a file", "coordination:policy-pdf": "a file",
    "coordination:commitment-file": "a file",
    "rcp:letter": "only its reader's link opens it: seen in test_whole_way",
}  # fmt: skip
"""GET routes that answer no page of their own; those of the API are left out by their name."""

# Read only: the data is committed by the module's fixture; the mark makes pytest-django prepare a test database.
pytestmark = pytest.mark.django_db

PAGES = [
    name for name in OURS if ROUTES[name].method == "get" and name not in NOT_PAGES and not name.startswith("api:")
]
ACCOUNT = ["account_login", "account_reset_password", "account_change_password", "account_logout", "account_email",
           "mfa_index", "mfa_activate_totp", "mfa_add_webauthn"]  # fmt: skip
COLOURS = ["color-contrast"]
NARROW = ["target-size", "scrollable-region-focusable", "link-in-text-block", "aria-hidden-focus", "button-name",
          "link-name", "label", "select-name", "region", "page-has-heading-one", "empty-table-header"]  # fmt: skip
"""Rules that a narrow screen may break: what is hidden there may have been a name, a heading or a way in."""
OTHER_EYES = [
    ("pathways:list", "G"), ("pathways:detail", "G"), ("pathways:detail", "P"), ("coordination:slots", "T"),
    ("coordination:slot", "P"), ("coordination:slot-figures", "Q"),
    ("coordination:proposal", "A"), ("coordination:series-page", "A"),
    ("coordination:slot", "T"), ("rcp:sessions", "Q"), ("rcp:case", "P"), ("rcp:session", "P"), ("rcp:case", "G"),
]  # fmt: skip
"""Pages that another role sees otherwise."""


@pytest.fixture(scope="module")
def cast(server: LiveServer, django_db_blocker: DjangoDbBlocker) -> Iterator[Cast]:
    """One hospital for the module, seen by the server's threads: hence committed, and emptied at the end."""
    with django_db_blocker.unblock():
        call_command("flush", interactive=False, verbosity=0)
        yield gather_crowd()
        call_command("flush", interactive=False, verbosity=0)


@pytest.fixture(scope="module")
def windows(cast: Cast, open_window: Arrival) -> dict[str, Visitor]:
    """One window per role, "" for somebody without account."""
    visitors = {letter: open_window(cast.users[letter]) for letter in ROLES}
    return {"": open_window(), **visitors}


def look_at(visitor: Visitor, path: str, status: int = 200) -> None:
    """Opens a page and checks it in its four looks: every rule once, then those that the look may break."""
    page = visitor.page
    page.set_viewport_size(_size(DESKTOP))
    page.emulate_media(color_scheme="light")
    visitor.go(path, status)
    check_page(page, status=status)
    page.emulate_media(color_scheme="dark")
    check_page(page, rules=COLOURS)
    page.set_viewport_size(_size(PHONE))
    check_page(page, rules=COLOURS)
    page.emulate_media(color_scheme="light")
    check_page(page, rules=NARROW)


def _size(size: tuple[int, int]) -> ViewportSize:
    return {"width": size[0], "height": size[1]}


@pytest.mark.parametrize("name", PAGES)
def test_page(name: str, cast: Cast, windows: dict[str, Visitor]) -> None:
    route = ROUTES[name]
    visitor = windows["" if route.public else route.allowed[0]]
    look_at(visitor, reverse(name, kwargs=route.arguments(cast)))


@pytest.mark.parametrize(("name", "letter"), OTHER_EYES)
def test_page_as_another_role(name: str, letter: str, cast: Cast, windows: dict[str, Visitor]) -> None:
    look_at(windows[letter], reverse(name, kwargs=ROUTES[name].arguments(cast)))


@pytest.mark.parametrize("letter", ROLES)
def test_first_page_of_each_role(letter: str, windows: dict[str, Visitor]) -> None:
    look_at(windows[letter], reverse("home"))


@pytest.mark.parametrize("name", ACCOUNT)
def test_account_page(name: str, windows: dict[str, Visitor]) -> None:
    public = name in ("account_login", "account_reset_password")
    look_at(windows["" if public else "C"], reverse(name))


@pytest.mark.parametrize("letter", ["", "C"])
def test_page_that_does_not_exist(letter: str, windows: dict[str, Visitor]) -> None:
    look_at(windows[letter], "/une-page-qui-n-existe-pas/", status=404)
