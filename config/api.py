"""The REST API: one router per app, one way of saying no."""

from __future__ import annotations

from math import ceil
from typing import Any

from django.urls import include, path
from rest_framework.exceptions import Throttled
from rest_framework.response import Response
from rest_framework.views import exception_handler as drf_handler

from directory.errors import DomainError

app_name = "api"

urlpatterns = [
    path("", include("pathways.api.urls")),
    path("", include("coordination.api.urls")),
]


def exception_handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """A DomainError is a 422 with its French reason, too many requests a 429; the rest is the framework's."""
    if isinstance(error, DomainError):
        return Response({"code": error.code, "detail": error.message, "field": error.field}, status=422)
    answer = drf_handler(error, context)
    if isinstance(error, Throttled) and answer is not None:
        seconds = ceil(getattr(error, "wait", None) or 1)
        detail = f"Trop de demandes en peu de temps : réessayez dans {seconds} seconde{'s' if seconds > 1 else ''}."
        answer.data = {"code": "throttled", "detail": detail, "field": None}
    return answer
