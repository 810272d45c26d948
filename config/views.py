"""The first page of each role, and the health checks."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.cache import cache
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from directory.models import Heartbeat, Role, User

BEAT_SILENCE = timedelta(minutes=3)

# The first page of each role, in order of precedence.
FIRST_PAGE = [
    (Role.COORDINATOR, "coordination:worklist"),
    (Role.SECRETARY, "coordination:worklist"),
    (Role.PHYSICIAN, "rcp:sessions"),
    (Role.PLATFORM, "coordination:platform"),
    (Role.QUALITY, "rcp:sessions"),
    (Role.TOWN, "pathways:list"),
    (Role.ADMINISTRATOR, "directory:accesses"),
]


def home(request: HttpRequest) -> HttpResponseRedirect:
    """Sends each user to the page their day starts on."""
    assert isinstance(request.user, User)
    for role, name in FIRST_PAGE:
        if role in request.user.roles:
            return redirect(name)
    return redirect("admin:index" if request.user.is_staff else "directory:no-role")


def signed_in(request: HttpRequest) -> HttpResponse:
    """Where the login opened beside an interrupted form ends: its tab learns of it (static/js/session.js)."""
    return render(request, "signed_in.html")


@login_not_required
def healthz(request: HttpRequest) -> JsonResponse:
    """The process lives."""
    return JsonResponse({"status": "ok"})


@login_not_required
def readyz(request: HttpRequest) -> JsonResponse:
    """The process can serve: database, Redis, migrations; tells whether beat is heard (503 when one fails)."""
    checks = {"database": _database(), "migrations": _migrated(), "redis": _redis()}
    checks["beat"] = checks["database"] and _beat_heard()
    ready = all(checks.values())
    return JsonResponse({"status": "ok" if ready else "failing", "checks": checks}, status=200 if ready else 503)


def _database() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return False
    return True


def _migrated() -> bool:
    try:
        executor = MigrationExecutor(connection)
        return not executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError:
        return False


def _redis() -> bool:
    try:
        cache.get("readyz")
    except Exception:
        return False
    return True


def _beat_heard() -> bool:
    return Heartbeat.objects.filter(name="beat", at__gt=timezone.now() - BEAT_SILENCE).exists()


@login_not_required
def accessibility(request: HttpRequest) -> HttpResponse:
    """The accessibility statement French law asks of every public service (RGAA)."""
    return render(request, "accessibility.html", {"contact": settings.ACCESSIBILITY_CONTACT})
