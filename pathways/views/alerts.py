"""Open alerts, the word of who has seen one, and how each person is told by e-mail."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.core.paginator import Page, Paginator
from django.db.models import Case, Count, IntegerField, Prefetch, Q, When
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone

from directory.errors import DomainError
from directory.models import Role
from directory.perms import allow, has_role
from pathways import services, subjects
from pathways.forms import AcknowledgeForm, AlertPreferenceForm
from pathways.forms.fields import refuse
from pathways.models import Alert, AlertKind, Step
from pathways.querysets import AlertQuerySet, stand_ins_on
from pathways.rules.calendar import Calendar
from pathways.rules.lateness import margin_days
from pathways.rules.levels import Level
from pathways.services.alert_post import preference_of
from pathways.views.act import act
from pathways.views.opening import user_of, write
from pathways.views.sheet import TELLING

ROWS = 50
MINE, TEAM = "miennes", "equipe"
GRAVITY = (
    AlertKind.LATE,
    AlertKind.PROMISE,
    AlertKind.NO_NEXT_STEP,
    AlertKind.NONCONTRIBUTIVE,
    AlertKind.RESULT_AWAITED,
    AlertKind.RCP_UNEXECUTED,
    AlertKind.PPS_NOT_GIVEN,
    AlertKind.NO_OWNER,
    AlertKind.NO_CONTACT,
    AlertKind.WARNING,
)
GRAVE = {AlertKind.LATE, AlertKind.PROMISE, AlertKind.NO_NEXT_STEP, AlertKind.NONCONTRIBUTIVE}
TONES = {kind: "late" if kind in GRAVE else "soon" for kind in GRAVITY}
LEVEL_TONES = {Level.OWNER: "neutral", Level.TEAM: "info", Level.HEAD: "soon", Level.HARM: "late"}

watches = has_role(Role.COORDINATOR, Role.SECRETARY, Role.PHYSICIAN)


@allow(watches)
def alert_list(request: HttpRequest) -> HttpResponse:
    """Alerts to deal with, highest level first; those someone has answered are kept apart."""
    now, user = timezone.now(), user_of(request)
    chosen = TEAM if request.GET.get("liste") == TEAM else MINE
    listed = {MINE: Alert.objects.addressed_to(user), TEAM: Alert.objects.visible_to(user).open()}
    kind, level = request.GET.get("kind", ""), request.GET.get("niveau", "")
    rows = listed[chosen].filter(level=int(level)) if level in _LEVELS else listed[chosen]
    narrowed = rows.filter(kind=kind) if kind in AlertKind.values else rows
    unseen = Paginator(_sorted_keys(narrowed.unacknowledged()), ROWS).get_page(request.GET.get("page"))
    seen = Paginator(_sorted_keys(narrowed.filter(acknowledged_at__isnull=False)), ROWS)
    seen_page = seen.get_page(request.GET.get("vues"))
    context = {
        "tabs": [
            _tab(request, name, label, listed[name].unacknowledged().count(), chosen)
            for name, label in ((MINE, "À moi de jouer"), (TEAM, "Toutes les alertes"))
        ],
        "counters": _counters(rows, kind),
        "kind": kind,
        "level": level,
        "levels": [(str(each.rank), each.label) for each in Level],
        "chosen": chosen,
        "unseen": _lines(unseen, now),
        "seen": _lines(seen_page, now),
        "unseen_page": unseen,
        "seen_page": seen_page,
    }
    return render(request, "pathways/alerts.html", context)


_LEVELS = {str(each.rank) for each in Level}


@allow(watches)
def alert_acknowledge(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Says why an alert may wait, maybe until a day; it stays open until its evidence comes."""
    user = user_of(request)
    rows = Alert.objects.visible_to(user).select_related("pathway__team", "step", "team__establishment")
    alert = get_object_or_404(rows, uuid=uuid)
    form = AcknowledgeForm(request.POST or None)

    def do(data: dict[str, Any]) -> str:
        until: date | None = data["until"]
        services.acknowledge_alert(alert=alert, user=user, reason=data["reason"], until=until)
        return "Alerte remise au jour choisi." if until else "Alerte vue, avec son motif."

    about = alert.step.label if alert.step else alert.label
    title = f"{alert.get_kind_display()} : {about}" if about else alert.get_kind_display()
    if alert.pathway:
        file = write(request, alert.pathway.uuid, "Formulaire d’une alerte")
        return act(request, file, form, do, title=title, submit="Enregistrer")
    return _act_for_team(request, alert, form, do, title)


def _act_for_team(request: HttpRequest, alert: Alert, form: AcknowledgeForm, do: Any, title: str) -> HttpResponse:
    """As `act`, for an alert that is no patient's yet."""
    if request.method == "POST" and form.is_valid():
        try:
            messages.success(request, do(form.cleaned_data))
        except DomainError as error:
            refuse(form, error)
        else:
            if request.htmx:  # type: ignore[attr-defined]
                return HttpResponse(headers={"HX-Refresh": "true"})
            return redirect("pathways:alerts")
    template = "pathways/alert_action.html"
    context = {"form": form, "title": title, "submit": "Enregistrer", "label": alert.label}
    status = 422 if request.method == "POST" else 200
    name = f"{template}#dialog" if request.htmx else template  # type: ignore[attr-defined]
    assert alert.team is not None  # no patient: the database keeps a team
    with timezone.override(ZoneInfo(alert.team.establishment.time_zone)):
        return render(request, name, context, status=status)


@allow(watches)
def alert_preferences(request: HttpRequest) -> HttpResponse:
    """What the person wants to receive by e-mail, and within which hours."""
    form = AlertPreferenceForm(request.POST or None, instance=preference_of(user_of(request)))
    if request.method == "POST" and form.is_valid():
        try:
            services.set_alert_preference(user=user_of(request), **form.cleaned_data)
        except DomainError as error:
            refuse(form, error)
        else:
            messages.success(request, "Vos réglages sont enregistrés.")
            return redirect("pathways:alert-preferences")
    status = 422 if request.method == "POST" else 200
    return render(request, "pathways/alert_preferences.html", {"form": form}, status=status)


def _tab(request: HttpRequest, name: str, label: str, count: int, chosen: str) -> dict[str, object]:
    return {"url": f"{request.path}?liste={name}", "label": label, "count": count, "active": name == chosen}


def _sorted_keys(rows: AlertQuerySet) -> Any:
    """The keys alone, highest level, gravest and oldest first: whole rows are read for one page only."""
    order = Case(*(When(kind=kind, then=rank) for rank, kind in enumerate(GRAVITY)), output_field=IntegerField())
    return rows.order_by(order, "-level", "since", "id").values_list("pk", flat=True)


def _lines(page: Page[int], now: datetime) -> list[dict[str, object]]:
    keys = list(page.object_list)
    rows = (
        Alert.objects.filter(pk__in=keys)
        .select_related(
            "pathway__patient",
            "pathway__version__target",
            "pathway__team__establishment",
            "pathway__owner__professional",
            "team__establishment",
            "acknowledged_by__professional",
        )
        .defer("pathway__version__definition")
        .prefetch_related(
            Prefetch("step", Step.objects.with_lateness(now).select_related("assignee__professional")),
            stand_ins_on(through="pathway__"),
        )
    )
    found = {alert.pk: alert for alert in rows}
    words = subjects.words_of(list(found.values()))
    return [{**_line(found[key], now), "words": words.get(key, "")} for key in keys if key in found]


def _counters(rows: AlertQuerySet, current: str) -> list[dict[str, object]]:
    """One counter per kind that has alerts nobody has answered, in one query."""
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
        if counts[kind] or kind in (current, AlertKind.LATE)
    ]


def _line(alert: Alert, now: datetime) -> dict[str, object]:
    step, pathway, level = alert.step, alert.pathway, Level.of(alert.level)
    team = pathway.team if pathway else alert.team
    margin = None
    if step and step.due_at and team:
        margin = margin_days(step.due_at, now, Calendar(time_zone=team.establishment.time_zone))
    owner = pathway.owner if pathway else None
    person = (step and step.assignee) or owner or team
    return {
        "alert": alert,
        "url": subjects.page_of(alert),
        "tone": TELLING[step.lateness][0] if step else TONES[AlertKind(alert.kind)],  # type: ignore[attr-defined]
        "level": level.label,
        "level_tone": LEVEL_TONES[level],
        "goes_up": level is not Level.OWNER,
        "margin": margin,
        "person": person,
        "stand_in": pathway.acting_for(person) if pathway else None,
    }
