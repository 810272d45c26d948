"""Open alerts, and the word of who has seen one."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.paginator import Page, Paginator
from django.db.models import Case, Count, IntegerField, Prefetch, Q, When
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone

from directory.models import Role
from directory.perms import allow, has_role
from pathways import services
from pathways.forms import AcknowledgeForm
from pathways.models import Alert, AlertKind, Step
from pathways.querysets import AlertQuerySet
from pathways.rules.calendar import Calendar
from pathways.rules.lateness import margin_days
from pathways.views.act import act
from pathways.views.opening import user_of, write
from pathways.views.sheet import TELLING

ROWS = 50
GRAVITY = (AlertKind.LATE, AlertKind.NO_NEXT_STEP, AlertKind.NO_OWNER, AlertKind.WARNING)
TONES = {AlertKind.LATE: "late", AlertKind.NO_NEXT_STEP: "late", AlertKind.NO_OWNER: "soon", AlertKind.WARNING: "soon"}

watches = has_role(Role.COORDINATOR, Role.SECRETARY, Role.PHYSICIAN)


@allow(watches)
def alert_list(request: HttpRequest) -> HttpResponse:
    """Alerts to deal with, gravest and oldest first; those someone has seen are kept apart."""
    now = timezone.now()
    rows = Alert.objects.visible_to(user_of(request)).open()
    kind = request.GET.get("kind", "")
    chosen = rows.filter(kind=kind) if kind in AlertKind.values else rows
    todo = Paginator(_sorted_keys(chosen.unacknowledged()), ROWS).get_page(request.GET.get("page"))
    seen = Paginator(_sorted_keys(chosen.filter(acknowledged_at__isnull=False)), ROWS).get_page(request.GET.get("vues"))
    context = {
        "counters": _counters(rows, kind),
        "kind": kind,
        "todo": _lines(todo, now),
        "seen": _lines(seen, now),
        "todo_page": todo,
        "seen_page": seen,
    }
    return render(request, "pathways/alerts.html", context)


@allow(watches)
def alert_acknowledge(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Says why an alert may wait; it stays open until its evidence comes."""
    alert = get_object_or_404(Alert.objects.visible_to(user_of(request)).select_related("pathway", "step"), uuid=uuid)
    file = write(request, alert.pathway.uuid, "Formulaire d’une alerte")

    def do(data: dict[str, object]) -> str:
        services.acknowledge_alert(alert=alert, user=file.user, reason=str(data["reason"]))
        return "Alerte vue, avec son motif."

    about = f"{alert.get_kind_display()} : {alert.step.label}" if alert.step else alert.get_kind_display()
    form = AcknowledgeForm(request.POST or None)
    return act(request, file, form, do, title=about, submit="Marquer comme vue")


def _sorted_keys(rows: AlertQuerySet) -> Any:
    """The keys alone, gravest and oldest first: whole rows are read for one page only."""
    order = Case(*(When(kind=kind, then=rank) for rank, kind in enumerate(GRAVITY)), output_field=IntegerField())
    return rows.order_by(order, "since", "id").values_list("pk", flat=True)


def _lines(page: Page[int], now: datetime) -> list[dict[str, object]]:
    keys = list(page.object_list)
    rows = (
        Alert.objects.filter(pk__in=keys)
        .select_related(
            "pathway__patient",
            "pathway__version__target",
            "pathway__team__establishment",
            "pathway__owner__professional",
            "acknowledged_by__professional",
        )
        .defer("pathway__version__definition")
        .prefetch_related(
            Prefetch("step", Step.objects.with_lateness(now).select_related("assignee__professional")),
        )
    )
    found = {alert.pk: alert for alert in rows}
    return [_line(found[key], now) for key in keys if key in found]


def _counters(rows: AlertQuerySet, current: str) -> list[dict[str, object]]:
    """One counter per kind, of the alerts nobody has seen, in one query."""
    unseen = Q(acknowledged_at__isnull=True)
    counts = rows.aggregate(**{kind.value: Count("pk", filter=unseen & Q(kind=kind)) for kind in GRAVITY})
    return [
        {
            "kind": kind.value,
            "label": kind.label,
            "tone": TONES[kind],
            "value": counts[kind],
            "current": kind == current,
        }
        for kind in GRAVITY
    ]


def _line(alert: Alert, now: datetime) -> dict[str, object]:
    step, zone = alert.step, alert.pathway.team.establishment.time_zone
    margin = None
    if step and step.due_at:
        margin = margin_days(step.due_at, now, Calendar(time_zone=zone))
    return {
        "alert": alert,
        "tone": TELLING[step.lateness][0] if step else TONES[AlertKind(alert.kind)],  # type: ignore[attr-defined]
        "margin": margin,
        "person": (step and step.assignee) or alert.pathway.owner,
    }
