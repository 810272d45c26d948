"""Series of slots in the browser: the list, the editor with its preview, exceptions, machines and rooms."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from coordination import services
from coordination.forms.series import EditSeriesForm, ExceptionForm, NewSeriesForm, ResourceForm
from coordination.models import Resource, Slot, SlotSeries
from coordination.perms import manages_series, reads_series
from coordination.readings.series import (
    exception_choices,
    exceptions_in_force,
    managed_platforms,
    proposals_for,
    series_by_platform,
    unmade_for,
    waiting_for_decision,
)
from coordination.views.confirming import Confirmed, as_is, confirm, confirm_change, on_clock_of, seen, show, tell
from coordination.views.shared import user_of
from directory.errors import DomainError
from directory.models import Team, User
from directory.perms import allow


@require_safe
@allow(reads_series)
def series(request: HttpRequest) -> HttpResponse:
    """The series by platform, what is out of the ordinary, and the slots that wait for a decision."""
    user, now = user_of(request), timezone.now()
    found = series_by_platform(user, now)
    managed = [each.platform for each in found if each.managed]
    to_answer, proposed = proposals_for(user, now)
    context = {
        "platforms": found,
        "manages": bool(managed),
        "exceptions": exceptions_in_force([each.platform for each in found], now),
        "waiting": waiting_for_decision(managed, now),
        "unmade": unmade_for(user, now),
        "to_answer": to_answer,
        "proposed": proposed,
    }
    return show(request, "list", context, managed[0] if managed else None)


@require_http_methods(["GET", "HEAD", "POST"])
@allow(manages_series)
def new(request: HttpRequest) -> HttpResponse:
    """Opens a series on one of the platforms the user manages, after a look at its slots for whoever presses Enter."""
    user = user_of(request)
    platform = _platform(user, request.POST.get("plateau") or request.GET.get("plateau", ""))
    form = NewSeriesForm(request.POST or None, platform=platform, initial={"valid_from": timezone.localdate()})
    done = Confirmed()
    if request.method == "POST" and not form.looking:
        with on_clock_of(platform):
            done = confirm(
                request,
                form,
                lambda: services.change_of_new(
                    exam_type=form.cleaned_data["exam_type"], platform=platform, values=form.values(),
                    valid_from=form.cleaned_data["valid_from"],
                ),
                lambda digest: _open(form, platform, user),
            )  # fmt: skip
        if done.applied:
            messages.success(request, f"Série ouverte : {done.made.slots.count()} créneaux.")
            return redirect("coordination:series-page", done.made.uuid)
    context = {
        "form": form,
        "platform": platform,
        "platforms": managed_platforms(user),
        "twin": done.code == "twin" or "insist" in request.POST,
        **done.context(request),
    }
    return show(request, "edit", context, platform, status=done.status)


def _open(form: NewSeriesForm, platform: Team, user: User) -> SlotSeries:
    data, values = form.cleaned_data, form.values()
    return services.create_series(
        exam_type=data["exam_type"], platform=platform, valid_from=data["valid_from"], user=user,
        uuid=form.sent_key(), insist=data["insist"], targets=values.targets, practitioners=values.practitioners,
        **values.fields(),
    )  # fmt: skip


@require_http_methods(["GET", "HEAD", "POST"])
@allow(manages_series)
def edit(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Changes a series: what it would do first, then the act."""
    user = user_of(request)
    found = get_object_or_404(SlotSeries.objects.managed_by(user).with_list_data(), uuid=uuid)
    form = EditSeriesForm(request.POST or None, platform=found.platform, series=found, initial=as_is(found))
    done = Confirmed()
    if request.method == "POST" and not form.looking:
        done = confirm_change(request, found, form, lambda known, digest: services.edit_series(
            series=found, values=form.values(), since=form.cleaned_data["since"], user=user, seen=digest, known=known,
        ))  # fmt: skip
        if done.applied:
            messages.success(request, "Série modifiée.")
            return redirect("coordination:series-page", done.made.uuid)
    context = {"form": form, "platform": found.platform, "series": found, **done.context(request, found)}
    return show(request, "edit", context, found.platform, status=done.status)


@require_http_methods(["GET", "HEAD", "POST"])
@allow(manages_series)
def exception_new(request: HttpRequest) -> HttpResponse:
    """Days without slots: whom to call first, then the act."""
    user = user_of(request)
    platforms = managed_platforms(user)
    platform = platforms[0] if platforms else None
    with on_clock_of(platform):
        form = exception_form(request, exception_choices(user, timezone.now()))
        done = Confirmed()
        if request.method == "POST":
            done = confirm(
                request,
                form,
                lambda: services.change_of_exception(services.exception_of(**form.given())),
                lambda digest: services.make_exception(
                    exception=services.exception_of(**form.given()), user=user, seen=digest
                ),
            )
    if done.applied:
        messages.success(request, "Exception enregistrée ; les équipes ont une tâche par patient.")
        return redirect("coordination:series")
    return show(request, "exception", {"form": form, **done.context(request)}, platform, status=done.status)


def exception_form(request: HttpRequest, choices: dict[str, tuple[str, str, Any]]) -> ExceptionForm:
    """Read on the clock of the platform."""
    today = timezone.localdate()
    given = {"about": request.GET.get("sur", ""), "first_on": today, "last_on": today}
    return ExceptionForm(request.POST or None, choices=choices, initial=given)


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
    preview = seen(request, services.change_of_exception(found, taking_back=True))
    return show(request, "exception_back", {"exception": found, "preview": preview}, platforms[0])


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
            tell(form, error)
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
    return show(request, "resources", context, None, status=422 if form.errors else 200)


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
