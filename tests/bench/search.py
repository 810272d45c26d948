"""Patient search as one types, against a bare view that runs the one indexed query (DESIGN.md 6)."""

from __future__ import annotations

from urllib.parse import urlencode

from django.conf import settings
from django.test import Client
from django.urls import reverse

from pathways.models import Patient
from tests.bench.load import Latency, ask
from tests.bench.worklist import CLIENTS, REQUESTS, coordinator, server

NAMES = 15
TYPED = (3, 4, 6)
"""Letters typed when the palette asks again."""
AIM_RATIO = 2.0


def typed_words() -> list[str]:
    """What is typed while looking for some of the patients: the beginnings of their birth names."""
    names = Patient.objects.order_by("uuid").values_list("birth_name", flat=True)[:NAMES]
    return [name[:letters].lower() for name in names for letters in TYPED]


def signed_in() -> tuple[str, str]:
    """A coordinator's cookies, and the token a form of theirs carries."""
    client = Client()
    client.force_login(coordinator())
    client.get(reverse("coordination:worklist"), headers={"host": "127.0.0.1"})
    token = client.cookies[settings.CSRF_COOKIE_NAME].value
    kept = (settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME)
    return "; ".join(f"{name}={client.cookies[name].value}" for name in kept), token


def measure() -> dict[int, Latency]:
    """Prints the comparison; returns the search's latencies by number of clients, to compare sizes."""
    cookie, token = signed_in()
    words = typed_words()
    forms = [urlencode({"q": word, "csrfmiddlewaretoken": token}) for word in words]
    queries = [urlencode({"q": word}) for word in words]
    found = {}
    print(f"search: {len(words)} beginnings of names")
    with server() as port:
        find, bare_find = reverse("pathways:find"), "/bench/search"
        ask(port, find, cookie=cookie, clients=8, requests=40, forms=forms)
        ask(port, bare_find, cookie=cookie, clients=8, requests=40, forms=queries)
        for clients in CLIENTS:
            bare = ask(port, bare_find, cookie=cookie, clients=clients, requests=REQUESTS, forms=queries)
            full = ask(port, find, cookie=cookie, clients=clients, requests=REQUESTS, forms=forms)
            found[clients] = full
            print(
                f"  {clients:>2} clients  search p50 {full.p50:7.1f} ms  p95 {full.p95:7.1f} ms   "
                f"bare p50 {bare.p50:7.1f} ms  p95 {bare.p95:7.1f} ms   "
                f"ratio p50 {full.p50 / bare.p50:4.2f}  p95 {full.p95 / bare.p95:4.2f}  (aim: at most {AIM_RATIO})"
            )
    return found
