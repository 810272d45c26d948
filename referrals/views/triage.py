"""The coordinator's answers: each one a POST, refused ones come back with what was typed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect as redirect_to
from django.views.decorators.http import require_POST

from directory.errors import DomainError
from directory.models import User
from directory.perms import allow
from referrals import services
from referrals.forms import AskForm, RedirectForm, RefuseForm
from referrals.models import Referral
from referrals.perms import may_ask, may_decide, reads_referrals
from referrals.views.desk import accept_form, detail_page, find
from referrals.views.shared import UNPROCESSABLE

CONFLICT = 409


@require_POST
@allow(reads_referrals)
def accept(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Takes the patient in."""
    referral = _writable(request, uuid, may_decide)
    form = accept_form(request, referral, data=request.POST)
    return _answer(
        request, referral, "accept", form, "Demande acceptée : le parcours est ouvert et le demandeur prévenu.",
        lambda given: services.accept_referral(
            referral=referral, by=_user(request), owner=given["owner"], patient=form.chosen_patient,
            urgency=given.get("urgency"), gp=given.get("gp"), message=given["message"],
        ),
    )  # fmt: skip


@require_POST
@allow(reads_referrals)
def ask(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Asks for what is missing."""
    referral = _writable(request, uuid, may_ask)
    return _answer(
        request, referral, "ask", AskForm(request.POST), "Complément demandé : le demandeur est prévenu.",
        lambda given: services.ask_complement(
            referral=referral, by=_user(request), pieces=given["pieces"], message=given["message"]
        ),
    )  # fmt: skip


@require_POST
@allow(reads_referrals)
def refuse(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Does not take the request."""
    referral = _writable(request, uuid, may_decide)
    return _answer(
        request, referral, "refuse", RefuseForm(request.POST), "Réponse envoyée au demandeur.",
        lambda given: services.refuse_referral(referral=referral, by=_user(request), reason=given["reason"]),
    )  # fmt: skip


@require_POST
@allow(reads_referrals)
def redirect(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Sends the requester to the right place."""
    referral = _writable(request, uuid, may_decide)
    return _answer(
        request, referral, "redirect", RedirectForm(request.POST), "Réorientation envoyée au demandeur.",
        lambda given: services.redirect_referral(
            referral=referral, by=_user(request), place=given["place"], reason=given["reason"]
        ),
    )  # fmt: skip


@require_POST
@allow(reads_referrals)
def read(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Says that the requester's last words were read."""
    services.mark_read(referral=_writable(request, uuid, may_ask), by=_user(request))
    return redirect_to("referrals:detail", uuid)


@require_POST
@allow(reads_referrals)
def link(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Sends the requester a fresh follow-up link."""
    try:
        services.send_link(referral=_writable(request, uuid, may_ask), by=_user(request))
    except DomainError as refusal:
        messages.error(request, refusal.message)
    else:
        messages.success(request, "Lien envoyé au demandeur.")
    return redirect_to("referrals:detail", uuid)


def _writable(request: HttpRequest, uuid: UUID, allowed: Callable[[User, Referral], bool]) -> Referral:
    """The request, 404 for a stranger, 403 for someone who may read it and not answer."""
    referral = find(request, uuid)
    if not allowed(_user(request), referral):
        raise PermissionDenied
    return referral


def _answer(
    request: HttpRequest,
    referral: Referral,
    name: str,
    form: forms.Form,
    done: str,
    act: Callable[[dict[str, Any]], Referral],
) -> HttpResponse:
    """Acts when the form is right; else, or when the domain refuses, the page again with what was typed."""
    if not form.is_valid():
        return detail_page(request, referral, forms={name: form}, opened=name, status=UNPROCESSABLE)
    try:
        act(form.cleaned_data)
    except DomainError as refusal:
        if refusal.code == "already_answered":
            messages.error(request, refusal.message)
            return detail_page(request, find(request, referral.uuid), status=CONFLICT)
        form.add_error(refusal.field if refusal.field in form.fields else None, refusal.message)
        return detail_page(request, referral, forms={name: form}, opened=name, status=UNPROCESSABLE)
    messages.success(request, done)
    return redirect_to("referrals:detail", referral.uuid)


def _user(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user
