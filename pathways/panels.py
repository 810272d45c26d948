"""Panels that upper rooms add to the patient's page, which never names them.

An upper app registers its panel in `AppConfig.ready`; the page loads it by address, after itself, and shows nothing
when the address does not exist or the user may not open it::

    from pathways import panels
    panels.register("Coordination", "coordination:pathway-panel", order=10)

The view behind the name takes the pathway's ``uuid`` and answers a fragment; it checks and logs the access itself.
A panel of the `DESK` stands high, where someone on the phone looks; it may take the place of a card of the page. A
*brief* adds lines to the summary of one page, which must be whole without script, on paper.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.urls import NoReverseMatch, reverse

from directory.models import User
from pathways.models import Pathway
from pathways.rules.definition import StepDef
from pathways.rules.milestones import MilestoneKind

Allowed = Callable[[User, Pathway], bool]


DESK, END = "desk", "end"
"""Where a panel stands: beside the circle of care, or after all the rest."""
APPOINTMENTS = "appointments"
"""The card of the page that a panel may take the place of."""


def _everyone(user: User, pathway: Pathway) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Panel:
    """One panel: its title, the URL name taking ``uuid``, its place, and who is offered it."""

    label: str
    url_name: str
    order: int = 50
    allowed: Allowed = _everyone
    place: str = END
    replaces: str = ""


@dataclass(frozen=True, slots=True)
class Brief:
    """A card of the summary: lines of plain text; ``none`` is said when there is no line."""

    title: str
    icon: str
    lines: Sequence[str]
    none: str = ""


BriefOf = Callable[[Pathway, datetime], Brief]
_briefs: dict[str, BriefOf] = {}

_registered: dict[str, Panel] = {}


@dataclass(frozen=True, slots=True)
class StepLink:
    """Where an upper room does the work of a step: a page taking the pathway's ``uuid``, offered beside each open step
    that a milestone of this kind ends, to those who may write in the file."""

    kind: MilestoneKind
    label: str
    url_name: str
    icon: str


_step_links: dict[str, StepLink] = {}


def register_step_link(link: StepLink) -> None:
    """Adds a link; registering a URL name again replaces it."""
    _step_links[link.url_name] = link


def step_links(pathway: Pathway, definition: StepDef | None) -> list[dict[str, str]]:
    """The links of a step of the plan: ``label``, ``url``, ``icon``."""
    kinds = {match.milestone for match in definition.done_by[:1]} if definition else set()
    return [
        {"label": link.label, "url": reverse(link.url_name, args=[pathway.uuid]), "icon": link.icon}
        for link in _step_links.values()
        if link.kind in kinds
    ]


def register(
    label: str,
    url_name: str,
    *,
    order: int = 50,
    allowed: Allowed = _everyone,
    place: str = END,
    replaces: str = "",
) -> None:
    """Adds a panel; registering a URL name again replaces it."""
    _registered[url_name] = Panel(label, url_name, order, allowed, place, replaces)


def register_brief(name: str, brief: BriefOf) -> None:
    """Adds a card to the summary; registering a name again replaces it."""
    _briefs[name] = brief


def briefs_of(pathway: Pathway, now: datetime) -> list[Brief]:
    """The cards that upper rooms add to the summary, in the order of their names."""
    return [_briefs[name](pathway, now) for name in sorted(_briefs)]


def replaced(card: str) -> bool:
    """True when a panel shows what this card of the page would."""
    return any(panel.replaces == card for panel in _registered.values())


def panels_for(user: User, pathway: Pathway, place: str = END) -> list[dict[str, str]]:
    """The panels of this page for this user at this place, in order: ``label`` and ``url``."""
    found = []
    for panel in sorted(_registered.values(), key=lambda each: (each.order, each.url_name)):
        if panel.place != place or not panel.allowed(user, pathway):
            continue
        try:
            found.append({"label": panel.label, "url": reverse(panel.url_name, args=[pathway.uuid])})
        except NoReverseMatch:
            continue
    return found
