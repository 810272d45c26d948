"""Error pages: French, with a way out, and without a database query."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string

from directory import kept


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return render(request, "400.html", status=400)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    return render(request, "403.html", status=403)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return render(request, "404.html", status=404)


def server_error(request: HttpRequest) -> HttpResponse:
    """Drawn without the request: its context processors read the session, which may be what has just failed."""
    return HttpResponse(render_to_string("500.html"), status=500)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form of ours, older than the last login, is given back to be sent again; that of another site is refused."""
    if kept.same_origin(request) and not kept.of_accounts(request):
        signed_out = kept.login_required(request) and not request.user.is_authenticated
        return kept.expired(request) if signed_out else kept.stale(request)
    return render(request, "403_csrf.html", status=403)
