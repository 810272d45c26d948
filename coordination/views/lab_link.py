"""The laboratory without account: a signed link, the birth date of the label, then the request and its buttons."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from django.contrib.auth.decorators import login_not_required
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from coordination import services
from coordination.forms import LabAnswerForm
from coordination.models import SampleShare
from coordination.readings.lab import share_line
from coordination.services.lab_links import LabLinkError, proof_for
from coordination.views.lab_inbox import answer_form, report_of, share_context
from directory.errors import DomainError
from directory.forms import BirthDateForm
from directory.tries import LockedError

KEPT = ("words", "said_by", "exams")


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def lab_link(request: HttpRequest, token: str) -> HttpResponse | FileResponse:
    """Asks for the birth date, shows the request, takes the answer. The link alone opens nothing, and a GET never
    answers."""
    try:
        share = services.read_lab_link(token)
    except LabLinkError as error:
        return _refused(request, error)
    with timezone.override(ZoneInfo(share.laboratory.establishment.time_zone)):
        if request.method != "POST":
            return _ask(request, share, BirthDateForm())
        if "opened" in request.POST:
            return _opened(request, share, token)
        return _open(request, share)


def _refused(request: HttpRequest, error: LabLinkError, *, done: bool = False) -> HttpResponse:
    """``done``: the link was taken back while the answer, that stands, was being given. Else what was typed is shown:
    it has to be told otherwise."""
    unsent = "" if done else request.POST.get("words", "").strip()
    context = {"reason": error.message, "team": error.team, "done": done, "unsent": unsent}
    return render(request, "coordination/lab/link_refused.html", context, status=200 if done else 410)


def _ask(request: HttpRequest, share: SampleShare, form: BirthDateForm, said: str = "") -> HttpResponse:
    """``kept``: an answer typed on a page opened too long ago, that is on the next one again."""
    kept = [(name, value) for name in KEPT for value in request.POST.getlist(name)] if "words" in request.POST else []
    context = {"form": form, "share": share, "pathway": share.sample.request.pathway, "said": said, "kept": kept}
    return render(request, "coordination/lab/link_ask.html", context, status=422 if form.errors or said else 200)


def _open(request: HttpRequest, share: SampleShare) -> HttpResponse:
    form = BirthDateForm(request.POST)
    if not form.is_valid():
        return _ask(request, share, form)
    try:
        proof = services.open_lab_link(
            share=share, birth_date=form.cleaned_data["birth_date"], ip_address=request.META.get("REMOTE_ADDR")
        )
    except LockedError as error:
        context = {"reason": error.message, "team": share.sample.request.pathway.team}
        return render(request, "coordination/lab/link_refused.html", context, status=429)
    except DomainError as error:
        form.add_error(error.field if error.field in form.fields else None, error.message)
        return _ask(request, share, form)
    line = share_line(share, timezone.now())
    kept = answer_form(line, named=False, kept=request.POST) if "words" in request.POST and line.choices else None
    return _page(request, share, proof, form=kept, unsent=kept is not None)


def _opened(request: HttpRequest, share: SampleShare, token: str) -> HttpResponse | FileResponse:
    """An answer, or the attached report, from the page opened a short while ago."""
    try:
        services.check_opened(share=share, proof=request.POST["opened"])
    except DomainError as error:
        return _ask(request, share, BirthDateForm(), error.message)
    if "report" in request.POST:
        return report_of(share)
    line = share_line(share, timezone.now())
    form = answer_form(line, request.POST, named=False)
    if not form.is_valid():
        return _page(request, share, proof_for(share), form=form)
    kind = request.POST.get("kind", "")
    try:
        services.say_answer(
            share=share,
            exams=form.cleaned_data["exams"],
            kind=kind,
            said_by=form.cleaned_data["said_by"],
            words=form.cleaned_data["words"],
            act=form.key(kind),
            ip_address=request.META.get("REMOTE_ADDR"),
        )
    except DomainError as error:
        return _after(request, token, form, error)
    return _after(request, token)


def _after(
    request: HttpRequest, token: str, form: LabAnswerForm | None = None, refused: DomainError | None = None
) -> HttpResponse:
    """The page once an answer is given, or refused: the team may have taken the link or the request back meanwhile."""
    try:
        fresh = services.read_lab_link(token)
    except LabLinkError as error:
        return _refused(request, error, done=refused is None)
    if refused is None:
        return _page(request, fresh, proof_for(fresh), done=True)
    if refused.code == "reused_key":
        form = answer_form(share_line(fresh, timezone.now()), named=False, kept=request.POST)
    return _page(request, fresh, proof_for(fresh), form=form, refusal=refused.message)


def _page(
    request: HttpRequest,
    share: SampleShare,
    proof: str,
    *,
    form: LabAnswerForm | None = None,
    refusal: str = "",
    done: bool = False,
    unsent: bool = False,
) -> HttpResponse:
    line = share_line(share, timezone.now())
    context: dict[str, Any] = share_context(line, form or answer_form(line, named=False), refusal)
    refused = bool(refusal or (form and form.errors))
    context |= {"proof": proof, "done": done, "unsent": unsent}
    return render(request, "coordination/lab/link.html", context, status=422 if refused else 200)
