"""The coordinator's inbox, one request in full, and its papers."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import structlog
from django.core.paginator import Paginator
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from coordination.links import file_url
from directory.models import AccessLog
from directory.perms import allow, gives_clinical_judgement
from directory.services import record_access
from pathways.perms import may_read
from pathways.services import calendar_of
from referrals import readings
from referrals.forms import AcceptForm, AskForm, RedirectForm, RefuseForm
from referrals.links import follow_url
from referrals.models import KnownExam, MissingPiece, Referral, ReferralDocument, UrgencySign
from referrals.perms import may_ask, may_decide, reads_referrals
from referrals.querysets import FILTERS
from referrals.rules import is_open, rpps_checksum_fails
from referrals.services.people import known_requester

PER_PAGE = 50


@require_http_methods(["GET", "HEAD", "POST"])
@allow(reads_referrals)
def inbox(request: HttpRequest) -> HttpResponse:
    """Requests of the user's teams: counters that are filters, the soonest promise first.

    POST changes nothing: it is how words are searched, so that a patient's name never stands in an address or a log.
    """
    now, user = timezone.now(), request.user
    chosen = request.GET.get("etat", "")
    chosen = chosen if chosen in FILTERS else next(iter(FILTERS))
    words = request.POST.get("q", "").replace("\0", "").strip()[:100]
    mine = Referral.objects.visible_to(user)  # type: ignore[arg-type]
    found = mine.search(words) if words else mine.filtered(chosen, now)
    counts = mine.counters(now)
    page = Paginator(found.inbox_order().with_list_data(), PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "rows": readings.inbox_rows(page.object_list, now),
        "counters": readings.inbox_counters(counts, "" if words else chosen, reverse("referrals:inbox")),
        "headline": readings.inbox_headline(counts),
        "list_title": "Résultats de la recherche" if words else readings.FILTER_LOOKS[chosen][0],
        "empty": _empty(chosen, words),
        "words": words,
    }
    return render(request, "referrals/inbox.html#rows" if request.htmx else "referrals/inbox.html", context)  # type: ignore[attr-defined]


def _empty(chosen: str, words: str) -> dict[str, str]:
    if words:
        text = "Vérifiez le numéro de reçu ou l’orthographe du nom."
        return {"icon": "search", "title": "Aucune demande ne correspond", "text": text}
    return {"icon": "circle-check", "title": readings.FILTER_LOOKS[chosen][3], "text": ""}


@require_safe
@allow(reads_referrals)
def detail(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """One request, everything on one screen, with the answers that can be given."""
    return detail_page(request, find(request, uuid))


def find(request: HttpRequest, uuid: UUID) -> Referral:
    """The request, if the user may see it; 404 for a stranger."""
    visible = Referral.objects.visible_to(request.user)  # type: ignore[arg-type]
    return get_object_or_404(visible.with_page_data(), uuid=uuid)


def detail_page(
    request: HttpRequest,
    referral: Referral,
    *,
    forms: dict[str, Any] | None = None,
    opened: str = "",
    status: int = 200,
) -> HttpResponse:
    """The page, with forms that were refused in place of fresh ones; ``opened`` names the one to unfold."""
    user, now = request.user, timezone.now()
    log_read(request, referral, "Demande")
    open_, found = is_open(referral.status), readings.candidates(referral)
    decides = open_ and may_decide(user, referral)  # type: ignore[arg-type]
    fresh = triage_forms(request, referral, found) if open_ else {}
    context = {
        "referral": referral,
        "countdown": readings.promise_left(referral, now, calendar_of(referral.establishment)),
        "status_look": readings.STATUS_TONES[referral.status],  # type: ignore[index]
        "signs": readings.labels(UrgencySign, referral.urgency_signs),
        "exams": readings.labels(KnownExam, referral.exams),
        "missing": readings.labels(MissingPiece, referral.missing),
        "rpps_doubtful": rpps_checksum_fails(referral.requester_rpps),
        "known_requester": referral.requester or known_requester(referral),
        "identity": readings.identity(referral),
        "news": readings.news(referral),
        "twins": list(Referral.objects.visible_to(user).twins_of(referral).select_related("target")),  # type: ignore[arg-type]
        "history": readings.history_items(list(referral.events.all())),
        "file_url": _file_url(request, referral),
        "follow_url": follow_url(referral.uuid),
        "decides": decides,
        "asks": open_ and may_ask(user, referral),  # type: ignore[arg-type]
        "reads_news": may_ask(user, referral),  # type: ignore[arg-type]
        "forms": fresh | (forms or {}),
        "opened": opened or ("accept" if decides else "ask"),
    }
    return render(request, "referrals/detail.html", context, status=status)


def _file_url(request: HttpRequest, referral: Referral) -> str:
    """The patient's page, for those who may open it."""
    pathway = referral.pathway
    return file_url(pathway) if pathway and may_read(request.user, pathway) else ""  # type: ignore[arg-type]


def triage_forms(
    request: HttpRequest, referral: Referral, found: list[readings.Candidate] | None = None
) -> dict[str, Any]:
    """Fresh forms of the four answers."""
    return {
        "accept": accept_form(request, referral, found),
        "ask": AskForm(initial={"pieces": readings.missing_hints(referral)}),
        "refuse": RefuseForm(),
        "redirect": RedirectForm(),
    }


def accept_form(
    request: HttpRequest, referral: Referral, found: list[readings.Candidate] | None = None, data: Any = None
) -> AcceptForm:
    """The form of acceptance, with this request's choices; the reader is proposed as owner when they may be."""
    found = readings.candidates(referral) if found is None else found
    owners = readings.owners_of(referral)
    return AcceptForm(
        data,
        files=[(candidate.patient, candidate.text) for candidate in found],
        owners=owners,
        gps=readings.gps_for(referral),
        asks_urgency=gives_clinical_judgement(request.user),  # type: ignore[arg-type]
        initial={"owner": request.user.pk},
    )


@require_safe
@allow(reads_referrals)
def document(request: HttpRequest, uuid: UUID, document: UUID) -> FileResponse:
    """One paper, from private storage, to someone who may read the request; the read is logged."""
    referral = find(request, uuid)
    paper = get_object_or_404(ReferralDocument, referral=referral, uuid=document)
    log_read(request, referral, "Pièce jointe d’une demande")
    response = FileResponse(
        paper.file.open("rb"),
        as_attachment="telecharger" in request.GET,
        filename=paper.name,
        content_type=paper.content_type,
    )
    response["X-Content-Type-Options"] = "nosniff"
    return response


def log_read(request: HttpRequest, referral: Referral, what: str) -> None:
    """Writes the read in the access log: under the patient once there is one, under the request before."""
    subject = referral.pathway.patient.uuid if referral.pathway else referral.uuid
    record_access(
        user=request.user,  # type: ignore[arg-type]
        patient_uuid=subject,
        what=f"{what} {referral.receipt}",
        why=AccessLog.Why.TEAM,
        ip_address=request.META.get("REMOTE_ADDR"),
        request_id=str(structlog.contextvars.get_contextvars().get("request_id", "")),
    )
