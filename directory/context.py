"""What every page's shell shows: navigation by role, and whether data is fictitious."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse

from directory.models import Role, User
from directory.perms import reads_patients

# (label, URL name, icon, roles)
NAVIGATION: list[tuple[str, str, str, set[str]]] = [
    ("Ma journée", "coordination:worklist", "home", {Role.COORDINATOR, Role.SECRETARY}),
    ("Demandes", "referrals:inbox", "inbox", {Role.COORDINATOR, Role.SECRETARY, Role.PHYSICIAN}),
    ("Patients", "pathways:list", "users", {Role.COORDINATOR, Role.SECRETARY, Role.PHYSICIAN, Role.TOWN}),
    ("Tâches", "coordination:tasks", "checklist", {Role.COORDINATOR, Role.SECRETARY, Role.PHYSICIAN}),
    ("Créneaux", "coordination:slots", "calendar", {Role.COORDINATOR, Role.SECRETARY, Role.PLATFORM}),
    ("RCP", "rcp:sessions", "users-group", {Role.COORDINATOR, Role.SECRETARY, Role.PHYSICIAN, Role.QUALITY}),
    ("Alertes", "pathways:alerts", "bell", {Role.COORDINATOR, Role.SECRETARY, Role.PHYSICIAN}),
    ("Courrier", "directory:post", "mail", {Role.COORDINATOR, Role.SECRETARY}),
    ("Accès", "directory:accesses", "shield", {Role.QUALITY, Role.ADMINISTRATOR}),
]
COUNTERS = {"pathways:alerts": "pathways:alert-count"}
"""Entries with a figure, and the page that tells it: asked for after the page, so that none waits for it."""
OPERATION = ("Administration", "admin:index", "settings")
"""For the operators of the platform only (`is_staff`): its pages know no establishment's borders."""


def shell(request: HttpRequest) -> dict[str, Any]:
    """Context processor; one query for the memberships, none for visitors."""
    user = getattr(request, "user", None)
    items = navigation(user, request.path) if isinstance(user, User) else []
    searches = isinstance(user, User) and reads_patients(user)
    return {"nav_items": items, "searches_patients": searches, "demo": settings.DEMO}


def navigation(user: User, path: str) -> list[dict[str, Any]]:
    """The entries ``user`` may open: label, url, icon, active."""
    wanted = [(label, name, icon) for label, name, icon, roles in NAVIGATION if user.roles & roles]
    if user.is_staff:
        wanted.append(OPERATION)
    return [_entry(label, name, icon, path) for label, name, icon in wanted]


def _entry(label: str, name: str, icon: str, path: str) -> dict[str, Any]:
    url, counter = reverse(name), COUNTERS.get(name)
    active = path.startswith(url)
    return {"label": label, "url": url, "icon": icon, "active": active, "counter": counter and reverse(counter)}
