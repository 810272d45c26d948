"""What was typed when a form arrives without a session, or with the token of an earlier one: told, and kept.

The fields go back to the browser that sent them, as hidden fields of a page that sends them again, and nowhere else:
not in the session, Redis, a log or an address. Only a form sent by our own pages is given back: a page of another site
would otherwise have its own fields sent by the user's hand, with a fresh token.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.template.loader import render_to_string
from django.urls import Resolver404, resolve, reverse

MOST_FIELDS = 500
MOST_SIGNS = 300_000
FORM_TYPES = {"application/x-www-form-urlencoded", "multipart/form-data"}
LEFT_OUT = re.compile(
    r"^csrfmiddlewaretoken$|passw|mot_de_passe|secret|credential|(^|[_-])(otp|totp|pwd)($|[_-])", re.I
)


@dataclass(frozen=True)
class Typed:
    """The fields of a form that may go back to their browser; `files` are the names of its file fields."""

    fields: list[tuple[str, str]]
    files: list[str]


def same_origin(request: HttpRequest) -> bool:
    """Whether the browser says that one of our own pages sent this; without a word of the browser, no."""
    origin, site = request.headers.get("Origin"), request.headers.get("Sec-Fetch-Site")
    if origin is None and site is None:
        return False
    ours = f"{request.scheme}://{request.get_host()}"
    return origin in {ours, None} and site in {"same-origin", None}


def of_accounts(request: HttpRequest) -> bool:
    """The pages of the account (login, password, second factor): what is typed there is secret, and short."""
    return request.path_info.startswith(reverse("account_login").rsplit("/", 2)[0] + "/")


def typed_in(request: HttpRequest) -> Typed | None:
    """What the form said, without tokens nor passwords; None when that is no form, or too much to be sent again.

    All or nothing: half of a form sent again would be another form.
    """
    if request.content_type not in FORM_TYPES:
        return None
    named = [(name, value) for name, values in request.POST.lists() for value in values]
    fields = [(name, str(value)) for name, value in named if not LEFT_OUT.search(name)]
    if len(fields) > MOST_FIELDS or sum(len(name) + len(value) for name, value in fields) > MOST_SIGNS:
        return None
    return Typed(fields, [str(name) for name in request.FILES])


def expired(request: HttpRequest) -> HttpResponse:
    """401: the session has ended; log in beside, then send again. For one of our own pages only."""
    return _answer(request, "expired", 401)


def stale(request: HttpRequest) -> HttpResponse:
    """403: the token is that of an earlier login; send again with a fresh one. For one of our own pages only."""
    return _answer(request, "stale", 403)


def _answer(request: HttpRequest, why: str, status: int) -> HttpResponse:
    """htmx leaves the form in place: it gets the reason, and the token for the next try (static/js/session.js)."""
    if request.headers.get("HX-Request"):
        response = HttpResponse(status=status, headers={"Jalon-Token": get_token(request)})
    else:
        response = HttpResponse(render_to_string("kept.html", _page(request, why)), status=status)
    response["Jalon-Session"] = why
    return response


def _page(request: HttpRequest, why: str) -> dict[str, object]:
    """The page is drawn without the request, as all pages of failures."""
    user = request.user
    return {
        "expired": why == "expired",
        "typed": typed_in(request),
        "action": request.get_full_path(),
        "csrf_token": get_token(request),
        "without_cookies": settings.CSRF_COOKIE_NAME not in request.COOKIES,
        "who": str(user) if user.is_authenticated else "",
    }


def login_required(request: HttpRequest) -> bool:
    """Whether the page asked for needs an account."""
    try:
        return bool(getattr(resolve(request.path_info).func, "login_required", True))
    except Resolver404:
        return False


def page_above(path: str) -> str:
    """The nearest address above ``path`` that is one of ours and can be read."""
    parts = path.strip("/").split("/")
    while parts:
        parts.pop()
        above = "/" + "".join(f"{part}/" for part in parts)
        try:
            resolve(above)
        except Resolver404:
            continue
        return above
    return reverse("home")
