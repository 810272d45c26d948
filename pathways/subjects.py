"""Pages of what an alert is about, for the kinds that the rooms above raise without a patient's file.

An upper app says in `AppConfig.ready` which page shows its object; the address takes the alert's ``subject``::

    from pathways import subjects
    subjects.register(AlertKind.PROMISE, "referrals:detail")
"""

from __future__ import annotations

from django.urls import reverse

from pathways.models import Alert

_pages: dict[str, str] = {}


def register(kind: str, url_name: str) -> None:
    """Names the page of the alerts of that kind; again replaces it."""
    _pages[kind] = url_name


def page_of(alert: Alert) -> str:
    """Where to deal with an alert: the patient's file, else the page its room registered, else nowhere."""
    if alert.pathway:
        return reverse("pathways:detail", args=[alert.pathway.uuid])
    name = _pages.get(alert.kind)
    return reverse(name, args=[alert.subject]) if name else ""
