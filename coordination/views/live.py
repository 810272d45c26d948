"""Fragments that ask for themselves again: nothing is sent when nothing changed, and the page says how old they are.

The browser keeps no copy (`Cache-Control: no-store`): `static/js/live.js` gives the mark of the last answer back.
"""

from __future__ import annotations

import re
from datetime import date, datetime
from hashlib import sha256

from django.http import HttpRequest, HttpResponse

from directory.typography import NBSP, hour

CSRF = re.compile(rb'name="csrfmiddlewaretoken" value="[^"]*"')
"""Masked anew in each answer: no change of what is shown."""


def live(request: HttpRequest, response: HttpResponse, now: datetime, shows: date) -> HttpResponse:
    """The answer with its mark, its hour, « 14 h 02 », and the day, or the first of the days, it ``shows``; 304 without
    content when the reader has it already. A page left open past midnight is headed by another day: it loads again.
    """
    mark = f'"{sha256(CSRF.sub(b"", response.content)).hexdigest()[:32]}"'
    if same := request.headers.get("If-None-Match") == mark:
        response = HttpResponse(status=304)
    response["ETag"] = mark
    response["Jalon-Shows"] = shows.isoformat()
    response["Jalon-As-Of"] = hour(now).replace(NBSP, " ")
    response.same_as_before = same  # type: ignore[attr-defined]
    return response


def is_live(request: HttpRequest) -> bool:
    """True when the page asks again for the fragment that lives."""
    return request.headers.get("Jalon-Live") == "1"
