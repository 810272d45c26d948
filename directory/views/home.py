"""For an account nobody gave a role yet."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def no_role(request: HttpRequest) -> HttpResponse:
    """Tells whom to ask for a role."""
    return render(request, "directory/no_role.html")
