"""Middlewares: the wall clock, history context, read-only GET, privacy headers."""

from __future__ import annotations

from collections.abc import Callable

import pghistory
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.core.exceptions import BadRequest
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import Resolver404, resolve, reverse
from django.utils import timezone

from directory.clock import zone_of
from directory.models import User
from directory.readonly import refuse_writes

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

    Health data needs two factors (PGSSI-S). A Pro Santé Connect session already carries eIDAS level; the setting
    REQUIRE_SECOND_FACTOR is off in the demo only.
    """

    SEEN = "jalon_second_factor"

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if settings.REQUIRE_SECOND_FACTOR and request.user.is_authenticated and not self._cleared(request):
            return redirect("mfa_index")
        return self.get_response(request)

    def _cleared(self, request: HttpRequest) -> bool:
        if request.session.get(self.SEEN) or request.path_info.startswith(reverse("account_login").rsplit("/", 2)[0]):
            return True
        cleared = is_mfa_enabled(request.user) or _came_by_pro_sante_connect(request)
        if cleared:
            request.session[self.SEEN] = True
        return cleared


def _came_by_pro_sante_connect(request: HttpRequest) -> bool:
    methods = request.session.get("account_authentication_methods", [])
    return any(method.get("method") == "socialaccount" for method in methods)


class PrivacyHeadersMiddleware:
    """Pages with a patient's data are never kept by a browser or a proxy; no device feature is ever needed."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Cache-Control", "no-store, private")
        response.headers.setdefault("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=()")
        return response
