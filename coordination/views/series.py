"""Series of slots in the browser: the list, the editor with its preview, exceptions, machines and rooms."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from coordination import services
from coordination.forms.series import EditSeriesForm, ExceptionForm, NewSeriesForm, ResourceForm
from coordination.models import Resource, Slot, SlotSeries
from coordination.perms import manages_series, reads_series
from coordination.readings.series import (
    Preview,
    exception_choices,
    exceptions_in_force,
    managed_platforms,
    preview_of,
    series_by_platform,
    waiting_for_decision,
)
from coordination.services.series_drafts import Change
from coordination.views.shared import log_team_reads, user_of
from directory.errors import DomainError
from directory.models import Team, User
from directory.perms import allow

SHOWN = "Patients à rappeler"


@require_safe
@allow(reads_series)
def series(request: HttpRequest) -> HttpResponse:
    """The series by platform, what is out of the ordinary, and the slots that wait for a decision."""
    user, now = user_of(request), timezone.now()
    found = series_by_platform(user, now)
    managed = [each.platform for each in found if each.managed]
    context = {
        "platforms": found,
        "manages": bool(managed),
        "exceptions": exceptions_in_force([each.platform for each in found], now),
        "waiting": waiting_for_decision(managed, now),
    }
    return _page(request, "list", context, managed[0] if managed else None)


@require_http_methods(["GET", "HEAD", "POST"])
@allow(manages_series)
def new(request: HttpRequest) -> HttpResponse:
    """Opens a series on one of the platforms the user manages."""
    user = user_of(request)
    platform = _platform(user, request.POST.get("plateau") or request.GET.get("plateau", ""))
    form = NewSeriesForm(request.POST or None, platform=platform, initial={"valid_from": timezone.localdate()})
    if request.method == "POST" and form.is_valid():
        data, values = form.cleaned_data, form.values()
        try:
            made = services.create_series(
                exam_type=data["exam_type"], platform=platform, valid_from=data["valid_from"], user=user,
                uuid=form.sent_key(), targets=values.targets, practitioners=values.practitioners, **values.fields(),
            )  # fmt: skip
        except DomainError as error:
            _tell(form, error)
        else:
            messages.success(request, f"Série ouverte : {made.slots.count()} créneaux.")
            return redirect("coordination:series")
    context = {"form": form, "platform": platform, "platforms": managed_platforms(user)}
    return _page(request, "edit", context, platform, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@allow(manages_series)
def edit(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Changes a series: what it would do first, then the act."""
    user = user_of(request)
    found = get_object_or_404(SlotSeries.objects.managed_by(user).with_list_data(), uuid=uuid)
    form = EditSeriesForm(request.POST or None, platform=found.platform, series=found, initial=_as_is(found))
    preview, status = None, 200
    if request.method == "POST":
        if form.is_valid():
            values, since = form.values(), form.cleaned_data["since"]
            try:
                if request.POST.get("do") == "apply":
                    seen = request.POST.get("seen", "")
                    services.edit_series(series=found, values=values, since=since, user=user, seen=seen)
                    messages.success(request, "Série modifiée.")
                    return redirect("coordination:series")
                preview = _seen(request, services.change_of_series(series=found, values=values, since=since))
            except DomainError as error:
                status = _tell(form, error)
                if error.code == "outdated":
                    preview = _seen(request, services.change_of_series(series=found, values=values, since=since))
        else:
            status = 422
    context = {"form": form, "platform": found.platform, "series": found, "preview": preview}
    return _page(request, "edit", context, found.platform, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@allow(manages_series)
def exception_new(request: HttpRequest) -> HttpResponse:
    """Days without slots: whom to call first, then the act."""
    user, status, preview = user_of(request), 200, None
    platforms = managed_platforms(user)
    choices = exception_choices(user, timezone.now())
    with _clock(platforms[0] if platforms else None):
        today = timezone.localdate()
        given = {"about": request.GET.get("sur", ""), "first_on": today, "last_on": today}
        form = ExceptionForm(request.POST or None, choices=choices, initial=given)
        if request.method == "POST":
            status = 422
            if form.is_valid():
                try:
                    exception = services.exception_of(**form.given())
                    if request.POST.get("do") == "apply":
                        services.make_exception(exception=exception, user=user, seen=request.POST.get("seen", ""))
                        messages.success(request, "Exception enregistrée ; les équipes ont une tâche par patient.")
                        return redirect("coordination:series")
                    preview, status = _seen(request, services.change_of_exception(exception)), 200
                except DomainError as error:
                    status = _tell(form, error)
                    if error.code == "outdated":
                        preview = _seen(request, services.change_of_exception(services.exception_of(**form.given())))
    context = {"form": form, "preview": preview}
    return _page(request, "exception", context, platforms[0] if platforms else None, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@allow(manages_series)
def exception_back(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Takes an exception back, after a look at what comes back with it."""
    user = user_of(request)
    platforms = managed_platforms(user)
    rows = exceptions_in_force(platforms, timezone.now())
    found = next((each for each in rows if each.uuid == uuid), None)
    if found is None:
        raise Http404
    if request.method == "POST":
        try:
            services.take_back_exception(exception=found, user=user, seen=request.POST.get("seen") or None)
        except DomainError as error:
            messages.error(request, error.message)
            return redirect("coordination:exception-back", uuid)
        messages.success(request, "Exception levée.")
        return redirect("coordination:series")
    preview = _seen(request, services.change_of_exception(found, taking_back=True))
    return _page(request, "exception_back", {"exception": found, "preview": preview}, platforms[0])


@require_POST
@allow(manages_series)
def keep(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Holds a slot all the same for the patients in it."""
    user = user_of(request)
    mine = SlotSeries.objects.managed_by(user).values("pk")
    slot = get_object_or_404(Slot.objects.filter(series__in=mine), uuid=uuid)
    try:
        services.keep_slot(slot=slot, user=user)
        messages.success(request, "Le créneau est tenu : ses patients gardent leur rendez-vous.")
    except DomainError as error:
        messages.error(request, error.message)
    return redirect("coordination:series")


@require_http_methods(["GET", "HEAD", "POST"])
@allow(manages_series)
def resources(request: HttpRequest) -> HttpResponse:
    """Machines and rooms of the platforms the user manages."""
    user = user_of(request)
    platforms = managed_platforms(user)
    form = ResourceForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        platform = _platform(user, request.POST.get("plateau", ""))
        try:
            services.add_resource(platform=platform, **form.cleaned_data)
        except DomainError as error:
            _tell(form, error)
        else:
            messages.success(request, "Enregistré.")
            return redirect("coordination:resources")
    rows = Resource.objects.filter(team__in=platforms).select_related("team__establishment").order_by("team", "name")
    context = {
        "form": form,
        "platforms": platforms,
        "resources": rows,
        "chosen": request.POST.get("plateau", ""),
    }
    return _page(request, "resources", context, None, status=422 if form.errors else 200)


@require_POST
@allow(manages_series)
def resource_retire(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Takes a machine or a room out of the choices."""
    rows = Resource.objects.filter(team__in=managed_platforms(user_of(request)))
    found = get_object_or_404(rows.select_related("team__establishment"), uuid=uuid)
    try:
        services.retire_resource(resource=found)
        messages.success(request, f"{found} n’est plus proposé.")
    except DomainError as error:
        messages.error(request, error.message)
    return redirect("coordination:resources")


def _as_is(found: SlotSeries) -> dict[str, Any]:
    columns = (
        "weekday", "starts_at", "duration_minutes", "capacity", "release_notice_hours", "release_unit", "room",
        "valid_until",
    )  # fmt: skip
    return {
        **{name: getattr(found, name) for name in columns},
        "resource": found.resource and found.resource.uuid,
        "targets": [each.pk for each in found.targets.all()],
        "practitioners": [each.uuid for each in found.practitioners.all()],
    }


def _seen(request: HttpRequest, change: Change) -> Preview:
    """The preview; reading the names of those to call is written in the access log."""
    preview = preview_of(change, user_of(request))
    log_team_reads(request, preview.patients, SHOWN)
    return preview


def _tell(form: forms.Form, error: DomainError) -> int:
    form.add_error(error.field if error.field in form.fields else None, error.message)
    return 422


def _platform(user: User, wanted: str) -> Team:
    """The platform named by public id, among those managed; the first when none is."""
    found = managed_platforms(user)
    if not found:
        raise Http404
    if not wanted:
        return found[0]
    for each in found:
        if str(each.uuid) == wanted:
            return each
    raise Http404


def _clock(platform: Team | None) -> Any:
    """That of the platform; without one, the page keeps that of its user."""
    return timezone.override(ZoneInfo(platform.establishment.time_zone)) if platform else nullcontext()


def _page(
    request: HttpRequest, name: str, context: dict[str, Any], platform: Team | None, *, status: int = 200
) -> HttpResponse:
    """On the wall clock of the platform's establishment."""
    with _clock(platform):
        return render(request, f"coordination/series/{name}.html", context, status=status)
