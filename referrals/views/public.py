"""Pages without account: choosing a pathway, the request form, the presentation of a pathway."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from directory import typography
from directory.errors import DomainError
from pathways.models import TargetPathway
from referrals import services
from referrals.desk import Desk, desk_of
from referrals.forms import SPECIALTIES, RequestForm
from referrals.links import token_for
from referrals.sheet import sheet_of
from referrals.views.shared import (
    TOO_MANY,
    UNPROCESSABLE,
    discard_asked,
    drafts_of,
    draw,
    fresh_key,
    keep_files,
    throttled,
)


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest, slug: str = "") -> HttpResponse:
    """The request form of one pathway; without one (or when two sites offer it), the choice of a pathway."""
    targets = list(_open_targets(slug))
    if slug and not targets:
        raise Http404
    target = _chosen(targets, request.GET.get("centre", ""))
    if target is None:
        return render(request, "referrals/choose.html", {"choices": [(each, desk_of(each)) for each in targets]})
    if request.method == "POST":
        return _send(request, target)
    return _form_page(request, target, RequestForm(initial={"form_key": fresh_key()}))


def _open_targets(slug: str) -> Any:
    found = TargetPathway.objects.open_to_referrals().published().select_related("team")
    return found.filter(key=slug) if slug else found


def _chosen(targets: list[TargetPathway], place: str) -> TargetPathway | None:
    """The one target meant, if the address says it without doubt."""
    if len(targets) == 1:
        return targets[0]
    return next((target for target in targets if place and str(target.establishment.uuid) == place), None)


def _send(request: HttpRequest, target: TargetPathway) -> HttpResponse:
    form = RequestForm(request.POST, request.FILES)
    key = form.ensure_key()
    desk = desk_of(target)
    if throttled(request, form, typography.phone(desk.phone)):
        return _form_page(request, target, form, TOO_MANY)
    keep_files(request, form, key)
    if discard_asked(request, form, key):
        return _form_page(request, target, form)
    if form.is_valid():
        try:
            referral, created = services.submit_referral(target=target, facts=form.facts(), form_key=key)
        except DomainError as refusal:
            form.add_error(refusal.field if refusal.field in form.fields else None, refusal.message)
        else:
            answer = redirect("referrals:receipt", token_for(referral.uuid))
            if not created:
                answer["Location"] += "?deja=1"
            return answer
    return _form_page(request, target, form, UNPROCESSABLE)


def _form_page(request: HttpRequest, target: TargetPathway, form: RequestForm, status: int = 200) -> HttpResponse:
    context = {
        "form": form,
        "target": target,
        "desk": desk_of(target),
        "kept": list(drafts_of(form["form_key"].value())) if form.is_bound else [],
        "specialties": SPECIALTIES,
        "alone": TargetPathway.objects.open_to_referrals().published().count() < 2,
    }
    return draw(request, "referrals/new.html", context, target.establishment, status)


@login_not_required
@require_safe
def sheet(request: HttpRequest, slug: str) -> HttpResponse:
    """What the pathway is, what it promises, its steps and usual delays (ENT-05, ENT-12)."""
    targets = list(_open_targets(slug))
    target = _chosen(targets, request.GET.get("centre", "")) or (targets[0] if targets else None)
    if target is None:
        raise Http404
    context = {"target": target, "sheet": sheet_of(target), "twins": [each for each in targets if each != target]}
    return draw(request, "referrals/sheet.html", context, target.establishment)


def desks() -> list[tuple[TargetPathway, Desk]]:
    """Every desk open to requests: whom to call when a link leads nowhere."""
    return [(target, desk_of(target)) for target in _open_targets("")]
