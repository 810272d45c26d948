"""A request entered by the coordination for someone on the phone (ENT-02, ENT-04)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from directory import typography
from directory.errors import DomainError
from directory.models import Professional, User
from directory.perms import allow
from referrals import services
from referrals.forms import SPECIALTIES, DeskRequestForm
from referrals.perms import enters_referrals
from referrals.views.shared import UNPROCESSABLE, discard_asked, drafts_of, fresh_key, keep_files

MOST_FOUND = 8


@require_http_methods(["GET", "HEAD", "POST"])
@allow(enters_referrals)
def enter(request: HttpRequest) -> HttpResponse:
    """The dense form; the channel, the author and the hour of the call are kept."""
    if request.method == "POST":
        return _store(request)
    known = _known(request.GET.get("demandeur", ""))
    form = _form(request, initial={"form_key": fresh_key(), **_traits(known)})
    return _page(request, form, known, fragment="#requester" if request.htmx else "")  # type: ignore[attr-defined]


@require_safe
@allow(enters_referrals)
def requesters(request: HttpRequest) -> HttpResponse:
    """Professionals of the directory whose name or RPPS number is being typed."""
    words = request.GET.get("qui", "").strip()
    found = Professional.objects.search(words)[:MOST_FOUND] if len(words) >= 2 else []
    context = {"found": found, "who": words}
    if request.htmx:  # type: ignore[attr-defined]
        return render(request, "referrals/enter.html#found", context)
    return _page(request, _form(request, initial={"form_key": fresh_key()}), more=context)


def _store(request: HttpRequest) -> HttpResponse:
    form = _form(request, request.POST, request.FILES)
    key = form.ensure_key()
    keep_files(request, form, key)
    if discard_asked(request, form, key):
        return _page(request, form)
    if form.is_valid():
        given = form.cleaned_data
        try:
            referral, created = services.submit_referral(
                target=given["target"], facts=form.facts(), form_key=key, channel=given["channel"],
                entered_by=form.user, missing=given["missing"], received_at=given["received_at"],
            )  # fmt: skip
        except DomainError as refusal:
            form.add_error(refusal.field if refusal.field in form.fields else None, refusal.message)
        else:
            messages.success(request, _said(referral.receipt, created=created, told=bool(referral.requester_email)))
            return redirect("referrals:detail", referral.uuid)
    return _page(request, form, status=UNPROCESSABLE)


def _said(receipt: str, *, created: bool, told: bool) -> str:
    if not created:
        return f"Cette demande était déjà enregistrée : reçu {receipt}."
    end = (
        "le demandeur est prévenu par courriel"
        if told
        else "donnez ce numéro au demandeur, il n’a pas laissé de courriel"
    )
    return f"Demande enregistrée, reçu {receipt} : {end}."


def _form(request: HttpRequest, *data: Any, **options: Any) -> DeskRequestForm:
    assert isinstance(request.user, User)
    return DeskRequestForm(*data, user=request.user, now=timezone.now(), **options)


def _known(uuid: str) -> Professional | None:
    try:
        return Professional.objects.filter(uuid=UUID(uuid)).first()
    except ValueError:
        return None


def _traits(known: Professional | None) -> dict[str, Any]:
    """What the directory already knows of the requester, so that nobody types it again (PAIN-06)."""
    if known is None:
        return {}
    return {
        "requester": known.uuid,
        "requester_name": str(known),
        "requester_profession": known.profession,
        "requester_specialty": known.specialty_label,
        "requester_rpps": known.rpps,
        "requester_phone": typography.phone(known.phone),
        "requester_email": known.post_address,
    }


def _page(
    request: HttpRequest,
    form: DeskRequestForm,
    known: Professional | None = None,
    *,
    fragment: str = "",
    status: int = 200,
    more: dict[str, Any] | None = None,
) -> HttpResponse:
    if known is None and form.is_bound:
        known = _known(str(form["requester"].value() or ""))
    context = {
        "form": form,
        "known": known,
        "kept": list(drafts_of(form["form_key"].value())) if form.is_bound else [],
        "specialties": SPECIALTIES,
        **(more or {}),
    }
    return render(request, f"referrals/enter.html{fragment}", context, status=status)
