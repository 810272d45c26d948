"""The laboratory's own side, with an account: what it has to answer, one part of a sample at a time."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from csp.decorators import csp_exempt
from django.contrib import messages
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from coordination import services
from coordination.forms import LabAnswerForm
from coordination.models import SampleShare
from coordination.perms import runs_platform
from coordination.readings.lab import ShareLine, inbox_lines, laboratory_steps, share_line
from coordination.views.shared import log_team_reads, user_of
from directory.errors import DomainError
from directory.perms import allow
from pathways.views.identity import identity_of

MOST_LISTED = 200
RECENT = timedelta(days=14)


@require_safe
@allow(runs_platform)
def laboratory(request: HttpRequest) -> HttpResponse:
    """What the user's laboratories have to answer, what is late first; and what they answered lately."""
    user, now = user_of(request), timezone.now()
    mine = SampleShare.objects.of_laboratory(user).standing()
    waiting = inbox_lines(mine.awaited().with_page_data().order_by("pk")[:MOST_LISTED], now)
    lately = mine.filter(exams__answers__said_at__gte=now - RECENT).distinct().with_page_data().order_by("-pk")
    answered = [line for line in (share_line(each, now) for each in lately[:MOST_LISTED]) if not line.waiting]
    shares = [each.line.share for each in waiting] + [line.share for line in answered]
    patients = {share.sample.request.pathway.patient.uuid for share in shares}
    log_team_reads(request, patients, "Demandes au laboratoire")
    teams = {each.team for each in user.current_memberships if each.role == "platform"}
    context = {"waiting": waiting, "answered": answered, "teams": sorted(map(str, teams)), "now": now}
    with timezone.override(_zone(user)):
        return render(request, "coordination/lab/inbox.html", context)


def _zone(user: Any) -> ZoneInfo | None:
    memberships = user.current_memberships
    return ZoneInfo(memberships[0].team.establishment.time_zone) if memberships else None


@require_safe
@allow(runs_platform)
def lab_share(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """One part of a sample, with the buttons of the answers."""
    return _page(request, _find(request, uuid))


def _page(
    request: HttpRequest, share: SampleShare, form: LabAnswerForm | None = None, refusal: str = ""
) -> HttpResponse:
    log_team_reads(request, [share.sample.request.pathway.patient.uuid], "Demande au laboratoire")
    line = share_line(share, timezone.now())
    context = share_context(line, form or answer_form(line, named=True), refusal) | {"inbox": True}
    with timezone.override(ZoneInfo(share.laboratory.establishment.time_zone)):
        refused = bool(refusal or (form and form.errors))
        return render(request, "coordination/lab/share.html", context, status=422 if refused else 200)


def share_context(line: ShareLine, form: LabAnswerForm, refusal: str = "") -> dict[str, Any]:
    """What the page of a share shows, with an account or by the link."""
    asked = line.share.sample.request
    return {
        "line": line,
        "share": line.share,
        "sample": line.share.sample,
        "request_": asked,
        "pathway": asked.pathway,
        "p": identity_of(asked.pathway.patient) | {"phone": ""},
        "form": form,
        "refusal": refusal,
        "steps": laboratory_steps([asked.pathway]).get(asked.pathway_id, []) if line.waiting else [],
        "now": timezone.now(),
    }


def answer_form(line: ShareLine, data: Any = None, *, named: bool, kept: QueryDict | None = None) -> LabAnswerForm:
    """The form of an answer. Among several exams none is ticked: a result must not be given to the wrong one. ``kept``:
    what was typed and never sent."""
    exams = [(each.asked.exam, each.asked.label) for each in line.waiting]
    initial: dict[str, Any] = {"act": uuid4(), "exams": [exam for exam, _ in exams] if len(exams) == 1 else []}
    if kept is not None:
        initial |= {"exams": kept.getlist("exams"), "words": kept.get("words"), "said_by": kept.get("said_by")}
    return LabAnswerForm(data, exams=exams, named=named, initial=initial)


@require_POST
@allow(runs_platform)
def lab_say(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """One answer."""
    share, user = _find(request, uuid), user_of(request)
    line = share_line(share, timezone.now())
    form = answer_form(line, request.POST, named=True)
    if not form.is_valid():
        return _page(request, share, form)
    kind = request.POST.get("kind", "")
    try:
        services.say_answer(
            share=share,
            exams=form.cleaned_data["exams"],
            kind=kind,
            said_by=str(user),
            user=user,
            words=form.cleaned_data["words"],
            act=form.key(kind),
        )
    except DomainError as error:
        fresh = _find(request, uuid)
        if error.code == "reused_key":
            form = answer_form(share_line(fresh, timezone.now()), named=True, kept=request.POST)
        return _page(request, fresh, form, error.message)
    messages.success(request, "Réponse enregistrée : l’équipe est prévenue.")
    return redirect("coordination:lab-share", share.uuid)


@require_POST
@allow(runs_platform)
def lab_noted(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """The part has arrived; or the reception has passed another laboratory's part on."""
    share = _find(request, uuid)
    if request.POST.get("what") == "forwarded":
        wanted = _uuid(request.POST.get("share"))
        other = share.sample.shares.filter(uuid=wanted).first() if wanted else None
        if not share.is_reception or other is None or other.is_reception:
            raise Http404
        services.mark_forwarded(share=other)
        messages.success(request, "Transmission notée.")
    else:
        services.mark_received(share=share)
        messages.success(request, "Réception notée.")
    return redirect("coordination:lab-share", share.uuid)


@require_safe
@csp_exempt()  # a fixed type with nosniff, never a page
@allow(runs_platform)
def lab_report(request: HttpRequest, uuid: UUID) -> FileResponse:
    """The consultation report attached to the request."""
    share = _find(request, uuid)
    log_team_reads(request, [share.sample.request.pathway.patient.uuid], "Compte rendu joint à la demande")
    return report_of(share)


def report_of(share: SampleShare) -> FileResponse:
    """The attached file; 404 without one."""
    report = share.sample.request.report
    if report is None:
        raise Http404
    try:
        content = report.file.open("rb")
    except FileNotFoundError as error:
        raise Http404 from error
    response = FileResponse(content, content_type=report.content_type, filename="compte-rendu", as_attachment=False)
    response["X-Content-Type-Options"] = "nosniff"
    return response


def _find(request: HttpRequest, uuid: UUID) -> SampleShare:
    return get_object_or_404(SampleShare.objects.of_laboratory(user_of(request)).with_page_data(), uuid=uuid)


def _uuid(text: str | None) -> UUID | None:
    try:
        return UUID(text or "")
    except ValueError:
        return None
