"""A series read, with its history; and what the desk proposes about it, until it is answered."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from coordination import services
from coordination.forms.series import ProposeChangeForm, ProposeSeriesForm
from coordination.models import ProposalState, SeriesProposal, SlotSeries, UnmadeWeek
from coordination.perms import manages_series, proposes_series, reads_series
from coordination.readings.proposals import lines_of
from coordination.readings.series import described, exception_choices_of, exceptions_of_series
from coordination.readings.series_history import history_of_series
from coordination.views.confirming import Confirmed, as_is, confirm, confirm_change, on_clock_of, seen, show
from coordination.views.series import exception_form
from coordination.views.shared import user_of
from directory.clock import follow_clock_of
from directory.errors import DomainError
from directory.perms import allow


@require_safe
@allow(reads_series)
def series_page(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """What a series keeps, what it could not give, what is asked about it, and what happened to it."""
    user, now = user_of(request), timezone.now()
    found = _series(request, uuid)
    manages = SlotSeries.objects.managed_by(user).filter(pk=found.pk).exists()
    with on_clock_of(found.platform):
        history = history_of_series(found)
    context = {
        "series": found,
        "values": described(services.values_of(found), found.platform.establishment),
        "unmade": UnmadeWeek.objects.waiting(now).filter(series=found).order_by("starts_at"),
        "proposals": SeriesProposal.objects.waiting().filter(series=found).with_list_data().order_by("proposed_at"),
        "exceptions": exceptions_of_series(found, now),
        "history": history,
        "manages": manages,
        "proposes": proposes_series(user) and not manages,
    }
    return show(request, "page", context, found.platform)


def _series(request: HttpRequest, uuid: UUID) -> SlotSeries:
    found = get_object_or_404(SlotSeries.objects.readable_by(user_of(request)).with_list_data(), uuid=uuid)
    follow_clock_of(found.platform.establishment)
    return found


@require_http_methods(["GET", "HEAD", "POST"])
@allow(proposes_series)
def change(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Proposes other values for a series: the form and the preview of who changes it, and why."""
    found = _series(request, uuid)
    form = ProposeChangeForm(request.POST or None, platform=found.platform, series=found, initial=as_is(found))
    done = Confirmed()
    if request.method == "POST" and not form.looking:
        done = confirm_change(request, found, form, lambda known, digest: _propose_change(request, found, form))
        if done.applied:
            return _proposed(request, done.made)
    context = {"form": form, "platform": found.platform, "series": found, **done.context(request, found)}
    return show(request, "edit", context, found.platform, status=done.status)


def _propose_change(request: HttpRequest, found: SlotSeries, form: ProposeChangeForm) -> SeriesProposal:
    services.refuse_changed(found, request.POST.get("version", ""))
    return services.propose_change(
        series=found, values=form.values(), since=form.cleaned_data["since"], reason=form.cleaned_data["motive"],
        user=user_of(request), uuid=form.sent_key(),
    )  # fmt: skip


@require_http_methods(["GET", "HEAD", "POST"])
@allow(proposes_series)
def more(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Proposes one more series of the same exam on the same platform."""
    found, user = _series(request, uuid), user_of(request)
    with on_clock_of(found.platform):
        initial = {**as_is(found), "valid_from": timezone.localdate(), "resource": None, "valid_until": None}
        form = ProposeSeriesForm(request.POST or None, platform=found.platform, series=found, initial=initial)
        done = Confirmed()
        if request.method == "POST" and not form.looking:
            done = confirm(
                request,
                form,
                lambda: services.change_of_new(
                    exam_type=found.exam_type, platform=found.platform, values=form.values(),
                    valid_from=form.cleaned_data["valid_from"],
                ),
                lambda digest: services.propose_series(
                    series=found, values=form.values(), valid_from=form.cleaned_data["valid_from"],
                    reason=form.cleaned_data["motive"], user=user, uuid=form.sent_key(),
                ),
            )  # fmt: skip
    if done.applied:
        return _proposed(request, done.made)
    context = {"form": form, "platform": found.platform, "series": found, "more": True, **done.context(request)}
    return show(request, "edit", context, found.platform, status=done.status)


@require_http_methods(["GET", "HEAD", "POST"])
@allow(proposes_series)
def exception(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Proposes days without slots of a series, of what it needs, or of its platform."""
    found, user = _series(request, uuid), user_of(request)
    with on_clock_of(found.platform):
        form = exception_form(request, exception_choices_of(found))
        done = Confirmed()
        if request.method == "POST":
            done = confirm(
                request,
                form,
                lambda: services.change_of_exception(services.exception_of(**form.given())),
                lambda digest: services.propose_exception(
                    series=found, exception=services.exception_of(**form.given()), user=user
                ),
            )
    if done.applied:
        return _proposed(request, done.made)
    context = {"form": form, "series": found, **done.context(request)}
    return show(request, "exception", context, found.platform, status=done.status)


def _proposed(request: HttpRequest, made: SeriesProposal) -> HttpResponse:
    messages.success(request, "Proposition envoyée : rien ne change avant la réponse du plateau.")
    return redirect("coordination:proposal", made.uuid)


@require_safe
@allow(reads_series)
def proposal(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """What is proposed, what it would do today, and its answer."""
    return _proposal_page(request, _proposal(request, uuid))


def _proposal(request: HttpRequest, uuid: UUID) -> SeriesProposal:
    found = get_object_or_404(SeriesProposal.objects.visible_to(user_of(request)).with_list_data(), uuid=uuid)
    follow_clock_of(found.series.platform.establishment)
    return found


def _proposal_page(
    request: HttpRequest, found: SeriesProposal, *, refusal: DomainError | None = None, typed: str = ""
) -> HttpResponse:
    user = user_of(request)
    manages = SeriesProposal.objects.managed_by(user).filter(pk=found.pk).exists()
    context: dict[str, Any] = {
        "proposal": found,
        "series": found.series,
        "lines": lines_of(found),
        "since": date.fromisoformat(found.asked["since"]) if found.asked.get("since") else None,
        "answers": manages and found.state == ProposalState.OPEN,
        "author": found.proposed_by_id == user.pk,
        "refusal": refusal,
        "typed": typed,
    }
    if found.state == ProposalState.OPEN:
        try:
            context["preview"] = seen(request, services.change_of_proposal(found))
        except DomainError as error:
            context["impossible"] = error.message
    return show(request, "proposal", context, found.series.platform, status=422 if refusal else 200)


def _managed(request: HttpRequest, uuid: UUID) -> SeriesProposal:
    found = get_object_or_404(SeriesProposal.objects.managed_by(user_of(request)).with_list_data(), uuid=uuid)
    follow_clock_of(found.series.platform.establishment)
    return found


@require_POST
@allow(manages_series)
def accept(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Does what is proposed, as it was seen."""
    found = _managed(request, uuid)
    try:
        services.accept_proposal(proposal=found, user=user_of(request), seen=request.POST.get("seen") or None)
    except DomainError as error:
        return _proposal_page(request, _proposal(request, uuid), refusal=error)
    messages.success(request, "Proposition acceptée : c’est fait, et son auteur est prévenu.")
    return redirect("coordination:proposal", uuid)


@require_POST
@allow(manages_series)
def decline(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Says no, and why."""
    found, why = _managed(request, uuid), request.POST.get("why", "").replace("\0", "")
    try:
        services.decline_proposal(proposal=found, why=why, user=user_of(request))
    except DomainError as error:
        return _proposal_page(request, _proposal(request, uuid), refusal=error, typed=why)
    messages.success(request, "Réponse envoyée à la coordination.")
    return redirect("coordination:proposal", uuid)


@require_POST
@allow(proposes_series)
def withdraw(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Its author gives it up."""
    mine = SeriesProposal.objects.filter(proposed_by=user_of(request)).with_list_data()
    found = get_object_or_404(mine, uuid=uuid)
    try:
        services.withdraw_proposal(proposal=found, user=user_of(request))
    except DomainError as error:
        return _proposal_page(request, _proposal(request, uuid), refusal=error)
    messages.success(request, "Proposition retirée.")
    return redirect("coordination:proposal", uuid)
