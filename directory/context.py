"""What every page's shell shows: navigation by role, and whether data is fictitious."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse

from directory import badges
from directory.models import Role, User
from directory.perms import reads_patients

# (label, URL name, icon, roles)
NAVIGATION: list[tuple[str, str, str, set[str]]] = [
    ("Ma journée", "coordination:worklist", "home", {Role.COORDINATOR, Role.SECRETARY}),
    ("Demandes", "referrals:inbox", "inbox", {Role.COORDINATOR, Role.SECRETARY, Role.PHYSICIAN}),
    ("Patients", "pathways:list", "users", {Role.COORDINATOR, Role.SECRETARY, Role.PHYSICIAN, Role.TOWN}),
    ("Tâches", "coordination:tasks", "checklist", {Role.COORDINATOR, Role.SECRETARY, Role.PHYSICIAN}),
    ("Créneaux", "coordination:slots", "calendar", {Role.COORDINATOR, Role.SECRETARY, Role.PHYSICIAN, Role.PLATFORM}),
    ("Demandes d’examen", "coordination:exam-requests", "inbox", {Role.PLATFORM}),
    ("Analyses", "coordination:laboratory", "microscope", {Role.PLATFORM}),
    ("Séries de créneaux", "coordination:series", "calendar-repeat", {Role.ADMINISTRATOR}),
    ("RCP", "rcp:sessions", "users-group", {Role.COORDINATOR, Role.SECRETARY, Role.PHYSICIAN, Role.QUALITY}),
    ("Alertes", "pathways:alerts", "bell", {Role.COORDINATOR, Role.SECRETARY, Role.PHYSICIAN}),
    ("Courrier", "directory:post", "mail", {Role.COORDINATOR, Role.SECRETARY}),
    (
        "Parcours cibles",
        "pathways:targets",
        "sitemap",
        {Role.COORDINATOR, Role.PHYSICIAN, Role.QUALITY, Role.ADMINISTRATOR},
    ),
    ("Accès", "directory:accesses", "shield", {Role.QUALITY, Role.ADMINISTRATOR}),
]
ACTIONS: list[tuple[str, str, str, set[str]]] = [
    ("Nouveau patient", "pathways:new", "user-plus", {Role.COORDINATOR, Role.SECRETARY}),
    ("Saisir une demande", "referrals:enter", "file-plus", {Role.COORDINATOR, Role.SECRETARY, Role.PHYSICIAN}),
    ("Nouvelle tâche", "coordination:task-new", "checklist", {Role.COORDINATOR, Role.SECRETARY, Role.PHYSICIAN}),
    ("Absences", "coordination:covers", "calendar-off", {Role.COORDINATOR, Role.SECRETARY, Role.ADMINISTRATOR}),
    ("Répartition du matin", "coordination:duties", "sun", {Role.COORDINATOR, Role.SECRETARY}),
    ("Vues de « Ma journée »", "coordination:saved-views", "bookmark", {Role.COORDINATOR, Role.SECRETARY}),
    ("Suites des décisions de RCP", "rcp:follow-up", "gavel", {Role.COORDINATOR, Role.SECRETARY, Role.PHYSICIAN}),
    (
        "Séries de créneaux",
        "coordination:series",
        "calendar",
        {Role.COORDINATOR, Role.SECRETARY, Role.PLATFORM, Role.ADMINISTRATOR},
    ),
    ("Revues d’équipe", "coordination:reviews", "presentation", {Role.COORDINATOR, Role.SECRETARY, Role.PHYSICIAN}),
    ("Informations aux médecins traitants", "coordination:notices-inbox", "send", {Role.COORDINATOR, Role.SECRETARY}),
    (
        "Demandes au laboratoire",
        "coordination:lab-requests",
        "microscope",
        {Role.COORDINATOR, Role.SECRETARY, Role.PHYSICIAN},
    ),
    ("Accès d’urgence à un dossier", "pathways:break-glass", "urgent", {Role.COORDINATOR, Role.PHYSICIAN}),
]
"""What the palette (Ctrl+K) offers besides the pages of the menu."""

OPERATION = ("Administration", "admin:index", "settings")
"""For the operators of the platform only (`is_staff`): its pages know no establishment's borders."""


def shell(request: HttpRequest) -> dict[str, Any]:
    """Context processor; one query for the memberships, one for all the badges of a drawn menu, none for visitors."""
    user = getattr(request, "user", None)
    items = navigation(user, request.path) if isinstance(user, User) else []
    if isinstance(user, User):
        _with_badges(items, request, user)
    searches = isinstance(user, User) and reads_patients(user)
    actions = actions_of(user) if isinstance(user, User) else []
    return {
        "nav_items": items,
        "palette_actions": actions,
        "searches_patients": searches,
        "demo": settings.DEMO,
    }


def actions_of(user: User) -> list[dict[str, str]]:
    """The actions ``user`` may start from anywhere: label, url, icon."""
    return [
        {"label": label, "url": reverse(name), "icon": icon}
        for label, name, icon, roles in ACTIONS
        if user.roles & roles
    ]


def navigation(user: User, path: str) -> list[dict[str, Any]]:
    """The entries ``user`` may open: label, url, icon, active, name."""
    wanted = [(label, name, icon) for label, name, icon, roles in NAVIGATION if user.roles & roles]
    if user.is_staff:
        wanted.append(OPERATION)
    return [_entry(label, name, icon, path) for label, name, icon in wanted]


def entries_of(user: User) -> set[str]:
    """The URL names of the entries ``user`` may open."""
    return {name for _, name, _, roles in NAVIGATION if user.roles & roles}


def _entry(label: str, name: str, icon: str, path: str) -> dict[str, Any]:
    url = reverse(name)
    return {
        "label": label,
        "url": url,
        "icon": icon,
        "active": path.startswith(url),
        "name": name,
        "badge": None,
        "drawn": True,
    }


def _with_badges(items: list[dict[str, Any]], request: HttpRequest, user: User) -> None:
    """Each entry gets its figure, and some whether they concern the reader, read when the menu is drawn and not before
    (`badge` and `drawn` are called by the template)."""
    names = {item["name"] for item in items}
    for item in items:
        if badges.conditional(item["name"]):
            item["drawn"] = lambda name=item["name"]: badges.drawn(name, badges.figures_for(request, user, names))
        if words := badges.words_of(item["name"]):
            item["badge_key"], item["badge_words"] = item["name"].replace(":", "-"), words
            item["badge"] = lambda name=item["name"]: badges.shown(
                name, badges.figures_for(request, user, names).get(name, 0)
            )
