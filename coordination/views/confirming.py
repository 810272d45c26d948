"""What the pages of series share: a preview first, then the act; nothing typed is lost."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from coordination import services
from coordination.forms.series import EditSeriesForm
from coordination.models import SlotSeries
from coordination.readings.series import Preview, differences, preview_of
from coordination.services.series_drafts import Change
from coordination.views.shared import log_team_reads, user_of
from directory.errors import DomainError
from directory.models import Team

SHOWN = "Patients à rappeler"


@dataclass
class Confirmed:
    """What a form with its preview came to: applied (``made``), or shown again. ``present``: where the series as
    somebody changed it meanwhile differs from what was typed (label, typed, now)."""

    applied: bool = False
    made: Any = None
    preview: Preview | None = None
    status: int = 200
    code: str = ""
    version: str = ""
    present: list[tuple[str, str, str]] = field(default_factory=list)

    def context(self, request: HttpRequest, found: SlotSeries | None = None) -> dict[str, Any]:
        """``version``: what the form was drawn from; sent again over a change of others, it is read knowingly."""
        sent = request.POST.get("version", "")
        version = self.version or sent or (services.version_of(found) if found else "")
        return {"preview": self.preview, "present": self.present, "version": version}


def confirm(
    request: HttpRequest, form: forms.Form, change: Callable[[], Change], apply: Callable[[str], Any]
) -> Confirmed:
    """Shows what ``change`` would do, or does ``apply`` with the digest of what was seen."""
    if not form.is_valid():
        return Confirmed(status=422)
    try:
        if request.POST.get("do") == "apply":
            return Confirmed(applied=True, made=apply(request.POST.get("seen", "")))
        return Confirmed(preview=seen(request, change()))
    except DomainError as error:
        status = tell(form, error)
        again = seen(request, change()) if error.code == "outdated" else None
        return Confirmed(preview=again, status=status, code=error.code)


def confirm_change(
    request: HttpRequest, found: SlotSeries, form: EditSeriesForm, apply: Callable[[str, str], Any]
) -> Confirmed:
    """The same for a series: when somebody changed it since the form was drawn, nothing is previewed nor applied, and
    the page shows both. ``apply`` takes the version the form was drawn from, and the digest."""
    known = request.POST.get("version", "")

    def look() -> Change:
        services.refuse_changed(found, known)
        return services.change_of_series(series=found, values=form.values(), since=form.cleaned_data["since"])

    done = confirm(request, form, look, lambda digest: apply(known, digest))
    if done.code == "changed":
        fresh = SlotSeries.objects.with_list_data().get(pk=found.pk)
        done.version = services.version_of(fresh)
        done.present = differences(form.values(), services.values_of(fresh))
    return done


def as_is(found: SlotSeries) -> dict[str, Any]:
    """A stored series as its form shows it."""
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


def seen(request: HttpRequest, change: Change) -> Preview:
    """The preview; reading the names of those to call is written in the access log."""
    preview = preview_of(change, user_of(request))
    log_team_reads(request, preview.patients, SHOWN)
    return preview


def tell(form: forms.Form, error: DomainError) -> int:
    """The refusal, next to its field."""
    form.add_error(error.field if error.field in form.fields else None, error.message)
    return 422


def on_clock_of(platform: Team | None) -> AbstractContextManager[Any]:
    """That of the platform; without one, the page keeps that of its user."""
    return timezone.override(ZoneInfo(platform.establishment.time_zone)) if platform else nullcontext()


def show(
    request: HttpRequest, name: str, context: dict[str, Any], platform: Team | None, *, status: int = 200
) -> HttpResponse:
    """On the wall clock of the platform's establishment."""
    with on_clock_of(platform):
        return render(request, f"coordination/series/{name}.html", context, status=status)
