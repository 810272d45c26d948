"""Somebody in front of a browser."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.test import Client
from playwright.sync_api import BrowserContext, Locator, Page, expect

from directory.models import User
from directory.second_factor import SET_UP_AT
from tests.e2e.checking import DESKTOP, PHONE, check_page, watch

PATIENCE_MS = 15_000
expect.set_options(timeout=PATIENCE_MS)


@dataclass
class Visitor:
    """One window. Elements are found as a person finds them: by their role, their label, their text."""

    page: Page
    url: str

    @classmethod
    def arrive(
        cls,
        new_context: Callable[..., BrowserContext],
        url: str,
        user: User | None = None,
        *,
        phone: bool = False,
        scripts: bool = True,
        scheme: str = "light",
    ) -> Visitor:
        """A window on the application at ``url``, already signed in when a ``user`` is given."""
        width, height = PHONE if phone else DESKTOP
        context = new_context(
            viewport={"width": width, "height": height}, java_script_enabled=scripts, color_scheme=scheme,
            locale="fr-FR", timezone_id="Europe/Paris", reduced_motion="reduce",
        )  # fmt: skip
        context.set_default_timeout(PATIENCE_MS)
        if user:
            context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session_of(user), "url": url}])
        page = context.new_page()
        watch(page)
        return cls(page, url)

    def go(self, path: str, status: int = 200) -> Page:
        """Opens an address of the application."""
        response = self.page.goto(path if path.startswith("http") else f"{self.url}{path}")
        assert response is not None
        assert response.status == status, f"{path}: {response.status}"
        return self.page

    def check(self, **options: Any) -> None:
        """See `check_page`."""
        check_page(self.page, **options)

    def sees(self, *texts: str) -> None:
        """Each text stands in the page's main part."""
        for text in texts:
            expect(self.main).to_contain_text(text, use_inner_text=True)

    def sees_nowhere(self, *texts: str) -> None:
        """None of the texts stands anywhere in the page, whatever the case, not even hidden."""
        content = self.page.content().casefold()
        for text in texts:
            assert text.casefold() not in content, f"{text!r} on {self.page.url}"

    @property
    def main(self) -> Locator:
        return self.page.get_by_role("main")

    def button(self, name: str, within: Locator | None = None) -> Locator:
        return (within or self.main).get_by_role("button", name=name)

    def link(self, name: str, within: Locator | None = None) -> Locator:
        return (within or self.main).get_by_role("link", name=name)

    def fill(self, **fields: str) -> None:
        """Types in fields named by their labels: ``fill(**{"Nom de naissance": "ESSAI"})``."""
        for label, text in fields.items():
            self.main.get_by_label(label, exact=True).fill(text)

    def leave(self) -> None:
        """Closes the window."""
        self.page.context.close()


def session_of(user: User) -> str:
    """A session of ``user`` that passed the second factor; the way in itself is tested in test_whole_way."""
    client = Client()
    client.force_login(user)
    session = client.session
    session[SET_UP_AT] = time.time()
    session.save()
    return str(session.session_key)
