"""Panels that upper rooms add to the patient's page, which never names them.

An upper app registers its panel in `AppConfig.ready`; the page loads it by address, after itself, and shows nothing
when the address does not exist or the user may not open it::

    from pathways import panels
    panels.register("Coordination", "coordination:pathway-panel", order=10)

The view behind the name takes the pathway's ``uuid`` and answers a fragment; it checks and logs the access itself.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.urls import NoReverseMatch, reverse

from directory.models import User
from pathways.models import Pathway

Allowed = Callable[[User, Pathway], bool]


def _everyone(user: User, pathway: Pathway) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Panel:
    """One panel: its title, the URL name taking ``uuid``, its place, and who is offered it."""

    label: str
    url_name: str
    order: int = 50
    allowed: Allowed = _everyone


_registered: dict[str, Panel] = {}


def register(label: str, url_name: str, *, order: int = 50, allowed: Allowed = _everyone) -> None:
    """Adds a panel; registering a URL name again replaces it."""
    _registered[url_name] = Panel(label, url_name, order, allowed)


def panels_for(user: User, pathway: Pathway) -> list[dict[str, str]]:
    """The panels of this page for this user, in order: ``label`` and ``url``."""
    found = []
    for panel in sorted(_registered.values(), key=lambda each: (each.order, each.url_name)):
        if not panel.allowed(user, pathway):
            continue
        try:
            found.append({"label": panel.label, "url": reverse(panel.url_name, args=[pathway.uuid])})
        except NoReverseMatch:
            continue
    return found
