"""What the rooms above add to alerts: the page of what one is about, and what they know of the step behind it.

An upper app says in `AppConfig.ready` which page shows its object (the address takes the alert's ``subject``), and what
gives the words beside an alert::

    from pathways import subjects
    subjects.register(AlertKind.PROMISE, "referrals:detail")
    subjects.register_words(promised)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from django.urls import reverse

from pathways.models import Alert

Words = Callable[[Sequence[Alert]], dict[int, str]]
"""What to say beside some alerts, by their id, in a fixed number of queries."""
_pages: dict[str, str] = {}
_words: list[Words] = []


def register(kind: str, url_name: str) -> None:
    """Names the page of the alerts of that kind; again replaces it."""
    _pages[kind] = url_name


def register_words(source: Words) -> None:
    """Adds what the page of alerts says beside each; again changes nothing."""
    if source not in _words:
        _words.append(source)


def words_of(alerts: Sequence[Alert]) -> dict[int, str]:
    """What the rooms above say of each alert, by its id."""
    found: dict[int, str] = {}
    for source in _words:
        for key, words in source(alerts).items():
            found[key] = f"{found[key]} ; {words}" if key in found else words
    return found


def page_of(alert: Alert) -> str:
    """Where to deal with an alert: the patient's file, else the page its room registered, else nowhere."""
    if alert.pathway:
        return reverse("pathways:detail", args=[alert.pathway.uuid])
    name = _pages.get(alert.kind)
    return reverse(name, args=[alert.subject]) if name else ""
