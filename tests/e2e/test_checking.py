"""`check_page` sees what it is there to see: a page with every fault fails for each of them."""

from __future__ import annotations

import pytest

from tests.e2e.checking import check_page
from tests.e2e.conftest import Arrival

POLICY = "default-src 'none'; script-src 'self' 'unsafe-inline'; style-src 'self'"
FAULTY = """<!doctype html><html lang="en"><head><meta name="viewport" content="width=device-width"><title></title>
</head><body><main><h1>Une</h1><h1>Deux</h1><p style="color: red">Rouge</p><img src="data:," alt>
<pre>{wide}</pre><input type="text"><script>console.error("panne"); throw new Error("chute");</script>
</main></body></html>"""
SOUND = """<!doctype html><html lang="fr"><head><meta name="viewport" content="width=device-width"><title>Bien</title>
</head><body><main><h1>Une page</h1><p>Du texte.</p></main></body></html>"""


def test_each_fault_is_told(visit: Arrival) -> None:
    visitor = visit(phone=True)
    visitor.page.route(
        "**/fautes/",
        lambda route: route.fulfill(
            body=FAULTY.format(wide="x" * 400), content_type="text/html", headers={"Content-Security-Policy": POLICY}
        ),
    )
    visitor.go("/fautes/")
    with pytest.raises(AssertionError) as told:
        check_page(visitor.page)
    for fault in (
        "label (critical)", "document-title (serious)", "console: panne", "script error", "scrolls sideways",
        "2 visible h1", "lang is 'en'", "title is ''", "refused by the policy: style-src",
    ):  # fmt: skip
        assert fault in str(told.value), fault


def test_a_sound_page_passes(visit: Arrival) -> None:
    visitor = visit(phone=True)
    visitor.page.route("**/bien/", lambda route: route.fulfill(body=SOUND, content_type="text/html"))
    visitor.go("/bien/")
    check_page(visitor.page)
