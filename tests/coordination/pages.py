"""What the tests of pages share."""

from __future__ import annotations

import json
from typing import Any

from django.http import HttpResponse
from django.urls import reverse

HTMX = {"HX-Request": "true"}


def url(name: str, item: Any = None) -> str:
    return reverse(f"coordination:{name}", args=[item.uuid] if item else [])


def text(response: HttpResponse) -> str:
    return response.content.decode().replace("\u00a0", " ")


def toast(response: HttpResponse) -> dict[str, Any]:
    return json.loads(response["HX-Trigger"])
