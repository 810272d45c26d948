"""What the requester sees after sending: the receipt, then the follow-up page, both behind a signed link."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from directory import typography
from directory.errors import DomainError
from referrals import services
from referrals.desk import desk_of
from referrals.forms import RPPS_WARNING, WriteBackForm
from referrals.links import LASTS, LinkExpiredError, LinkForgedError, follow_url, read_token
from referrals.models import Referral
from referrals.readings import FollowPage, follow_page
from referrals.rules import rpps_checksum_fails
from referrals.views.public import desks
from referrals.views.shared import (
    TOO_MANY,
    UNPROCESSABLE,
    discard_asked,
    drafts_of,
    draw,
    fresh_key,
    keep_files,
    local_time,
    throttled,
)
from referrals.words import before


@login_not_required
@require_safe
def receipt(request: HttpRequest, token: str) -> HttpResponse:
    """The receipt number, the promise, and the link to keep."""
    referral = _referral(token)
    if referral is None:
        return _no_such_link(request, token)
    context = {
        "referral": referral,
        "desk": desk_of(referral.target),
        "token": token,
        "link": follow_url(referral.uuid),
        "already": "deja" in request.GET,
        "rpps_warning": RPPS_WARNING if rpps_checksum_fails(referral.requester_rpps) else "",
        "lasts_days": LASTS.days,
    }
    with local_time(referral.establishment):
        context["due"] = before(referral.answer_due_at) if referral.answer_due_at else ""
        return render(request, "referrals/receipt.html", context)


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def follow(request: HttpRequest, token: str) -> HttpResponse:
    """Where the request stands; what is missing can be sent here, and a word of context added (GPN-07)."""
    referral = _referral(token)
    if referral is None:
        return _no_such_link(request, token)
    page = follow_page(referral, timezone.now())
    if request.method == "POST":
        return _write_back(request, token, page)
    form = WriteBackForm(initial={"form_key": fresh_key()}, takes_files=page.takes_files)
    return _page(request, token, page, form)


def _write_back(request: HttpRequest, token: str, page: FollowPage) -> HttpResponse:
    referral = page.referral
    form = WriteBackForm(request.POST, request.FILES, takes_files=page.takes_files)
    key = form.ensure_key()
    if throttled(request, form, typography.phone(page.desk.phone)):
        return _page(request, token, page, form, TOO_MANY)
    if page.takes_files:
        keep_files(request, form, key, joined=len(referral.documents.all()))
        if discard_asked(request, form, key):
            return _page(request, token, page, form)
    if form.is_valid():
        try:
            services.write_back(referral=referral, form_key=key, text=form.cleaned_data["text"])
        except DomainError as refusal:
            form.add_error(refusal.field if refusal.field in form.fields else None, refusal.message)
        else:
            answer = redirect("referrals:follow", token)
            answer["Location"] += "?ajoute=1"
            return answer
    return _page(request, token, page, form, UNPROCESSABLE)


def _page(request: HttpRequest, token: str, page: FollowPage, form: WriteBackForm, status: int = 200) -> HttpResponse:
    context = {
        "page": page,
        "referral": page.referral,
        "desk": page.desk,
        "form": form,
        "token": token,
        "kept": list(drafts_of(form["form_key"].value())) if form.is_bound and page.takes_files else [],
        "added": "ajoute" in request.GET and not form.is_bound,
    }
    return draw(request, "referrals/follow.html", context, page.referral.establishment, status)


def _referral(token: str) -> Referral | None:
    """The request a link leads to, or None for a link that leads nowhere."""
    try:
        uuid = read_token(token)
    except (LinkForgedError, LinkExpiredError):
        return None
    return Referral.objects.with_page_data().filter(uuid=uuid).first()


def _no_such_link(request: HttpRequest, token: str) -> HttpResponse:
    """410 for a link of ours that is too old, 404 for any other; both say whom to call."""
    try:
        read_token(token)
    except LinkExpiredError as expired:
        old = Referral.objects.select_related("target__team", "target__establishment").filter(uuid=expired.uuid).first()
        known = [(old.target, desk_of(old.target))] if old else desks()
        return render(request, "referrals/no_link.html", {"expired": True, "desks": known}, status=410)
    except LinkForgedError:
        pass
    return render(request, "referrals/no_link.html", {"expired": False, "desks": desks()}, status=404)
