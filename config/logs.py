"""What must never reach a log line."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any

IDENTITY_KEYS = frozenset(
    {
        "birth_name", "used_name", "first_name", "last_name", "given_names", "birth_date", "ins_matricule",
        "email", "phone", "address", "name", "body", "token", "ip_address",
    }
)  # fmt: skip


def drop_identity(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A structlog processor: removes what could carry a person's identity, and the words typed in a search."""
    for key in IDENTITY_KEYS & event.keys():
        del event[key]
    if isinstance(event.get("request"), str):
        event["request"] = event["request"].partition("?")[0]
    return event
