"""What must never reach a log line."""

from __future__ import annotations

import re
from collections.abc import MutableMapping
from typing import Any

IDENTITY_KEYS = frozenset(
    {
        "birth_name", "used_name", "first_name", "last_name", "given_names", "birth_date", "ins_matricule",
        "email", "phone", "address", "name", "body", "token", "ip_address",
    }
)  # fmt: skip

# Such a link opens a page to whoever holds it, sometimes with one more question: the token is a password, wherever the
# path is written.
SIGNED_LINK = re.compile(r"/(suivi|demande/envoyee|calendrier|information|analyse|rcp/avis)/[^/\s\"']+")


def drop_identity(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A structlog processor: removes what could carry a person's identity, and the words typed in a search."""
    for key in IDENTITY_KEYS & event.keys():
        del event[key]
    if isinstance(event.get("request"), str):
        event["request"] = event["request"].partition("?")[0]
    for key in ("request", "event"):
        if isinstance(event.get(key), str):
            event[key] = SIGNED_LINK.sub(r"/\1/…", event[key])
    return event
