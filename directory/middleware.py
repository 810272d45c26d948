"""Middlewares: login, the wall clock, history context, read-only GET, privacy headers."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlencode

import pghistory
import structlog
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib.auth import logout
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import BadRequest
from django.db import connection
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect, resolve_url
from django.template.loader import render_to_string
from django.urls import Resolver404, resolve, reverse
from django.utils import timezone
from redis.exceptions import RedisError

from directory import kept
from directory.clock import zone_of
from directory.models import User
from directory.readonly import refuse_writes
from directory.second_factor import passed_second_factor

log = structlog.get_logger(__name__)

Handler = Callable[[HttpRequest], HttpResponse]

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
# GETs of allauth that write by design: the OpenID Connect return, recovery codes marked as shown, the account's address
# copied on the first visit of its page.
LOGIN_CALLBACKS = frozenset({"openid_connect_callback", "mfa_view_recovery_codes", "account_email"})


class ClientAddressMiddleware:
    """Behind our own proxy, the client's address is the last one the proxy wrote; elsewhere the header is a lie."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        forwarded = request.headers.get("X-Forwarded-For", "")
        if settings.BEHIND_PROXY and forwarded:
            request.META["REMOTE_ADDR"] = forwarded.rpartition(",")[2].strip()
        return self.get_response(request)


class WholeQueryMiddleware:
    """A query holding the NUL sign, which PostgreSQL cannot be asked about, is a bad request and no failure of ours."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if any("\0" in word for words in request.GET.lists() for word in (words[0], *words[1])):
            raise BadRequest
        return self.get_response(request)


class SignInMiddleware(LoginRequiredMiddleware):
    """Asks for a login, without losing what a form of ours just sent; after the login, never opens the address of a
    form: it cannot be read."""

    def handle_no_permission(  # type: ignore[override]  # the stubs promise a redirection, Django asks for none
        self, request: HttpRequest, view_func: Handler
    ) -> HttpResponse:
        if request.method in SAFE_METHODS:
            return super().handle_no_permission(request, view_func)
        if kept.same_origin(request) and not kept.of_accounts(request):
            return kept.expired(request)
        return redirect_to_login(reverse("home"), resolve_url(self.get_login_url(view_func)))


class NotAllowedPageMiddleware:
    """A browser that opens the address of a form gets a page with a way out. Programs and htmx read the status."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if not isinstance(response, HttpResponseNotAllowed) or request.headers.get("HX-Request"):
            return response
        if response.content or "text/html" not in request.headers.get("Accept", ""):
            return response
        readable = "GET" in response["Allow"]
        way_out = request.path_info if readable else kept.page_above(request.path_info)
        response.content = render_to_string("405.html", {"way_out": way_out}).encode()
        response["Content-Type"] = "text/html; charset=utf-8"
        return response


class RedisAwayMiddleware:
    """What must be counted (a password, a code, the calls of a program) is not done uncounted while Redis is away: a
    page says so, with a way to try again. Everything else works without Redis."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, RedisError):
            return None
        log.error("redis_away", error=type(exception).__name__)
        page = render_to_string("503.html", {"again": _again(request)})
        return HttpResponse(page, status=503, headers={"Retry-After": "60"})


def _again(request: HttpRequest) -> str:
    """The page to open again; that of an account leads on to where its form would have."""
    if not kept.of_accounts(request):
        return kept.page_above(request.path_info)
    after = request.POST.get("next")
    return f"{request.path}?{urlencode({'next': after})}" if after else request.get_full_path()


class LocalTimeMiddleware:
    """Every page shows the hours and days of where its user works; see `directory.clock` for those of an object.

    Whatever a view makes the current time zone ends with the request: a worker never answers with another's clock.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        zone = zone_of(request.user) if isinstance(request.user, User) else None
        with timezone.override(zone):
            return self.get_response(request)


class HistoryContextMiddleware:
    """Rows changed by a request carry the user's id and the route's name in their history."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.method in SAFE_METHODS:
            return self.get_response(request)
        user = request.user.pk if request.user.is_authenticated else None
        with pghistory.context(user=user, method=request.method):
            return self.get_response(request)


class ReadOnlyGetMiddleware:
    """Safe methods may not write; see `directory.readonly`. A login callback is a GET by protocol and may."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.method not in SAFE_METHODS or _is_login_callback(request):
            return self.get_response(request)
        with connection.execute_wrapper(refuse_writes):
            return self.get_response(request)


def _is_login_callback(request: HttpRequest) -> bool:
    try:
        return resolve(request.path_info).url_name in LOGIN_CALLBACKS
    except Resolver404:
        return False


class SecondFactorMiddleware:
    """A password alone opens nothing but the page where the second factor is set up.

    Health data needs two factors (PGSSI-S). It is the session that passed it, or set it up, not the account: whoever
    had only the password before the owner set it up is let in no more than before. A Pro Santé Connect session already
    carries eIDAS level; the setting REQUIRE_SECOND_FACTOR is off in the demo only.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if settings.REQUIRE_SECOND_FACTOR and request.user.is_authenticated and not self._cleared(request):
            return self._refused(request)
        return self.get_response(request)

    def _cleared(self, request: HttpRequest) -> bool:
        return kept.of_accounts(request) or passed_second_factor(request)

    def _refused(self, request: HttpRequest) -> HttpResponse:
        """To the set-up; to the login again when there is one to give. What was typed goes back to its page, and htmx
        follows no redirection: the set-up would be drawn inside the page that asked for a part of it."""
        part = request.method not in SAFE_METHODS or "HX-Request" in request.headers
        stays = part and kept.same_origin(request)
        if not is_mfa_enabled(request.user):
            return kept.expired(request) if stays else redirect("mfa_index")
        logout(request)
        return kept.expired(request) if stays else redirect_to_login(request.get_full_path())


class PrivacyHeadersMiddleware:
    """Pages with a patient's data are never kept by a browser or a proxy; no device feature is ever needed."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Cache-Control", "no-store, private")
        response.headers.setdefault("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=()")
        return response
