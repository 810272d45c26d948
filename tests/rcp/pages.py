"""What the tests of the pages share."""

from __future__ import annotations

from typing import Any

from django.test import Client

from directory.models import User

HTMX = {"HX-Request": "true"}


def logged(client: Client, user: User) -> Client:
    client.force_login(user)
    return client


def text_of(answer: Any) -> str:
    return str(answer.content.decode())


def decision_post(**changes: Any) -> dict[str, Any]:
    """What the form sends when nothing of the follow-up lines is ticked."""
    data: dict[str, Any] = {
        "proposal": "Chirurgie première", "modality": "surgery",
        "suites-TOTAL_FORMS": "8", "suites-INITIAL_FORMS": "8",
    }  # fmt: skip
    return {**data, **changes}
