"""Who waits for a place, and who must still be told: two short lists of the desk; and the sheet for the patient."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from coordination import services
from coordination.models import Booking, Channel, ExamRequest, WaitingOffer, WaitingPlace
from coordination.papers.sheet import print_sheet
from coordination.perms import may_book
from coordination.readings.telling import slots_known
from coordination.readings.waiting import waiting_lists
from coordination.services.appointments import said
from coordination.views.shared import find_pathway, insist, open_files, user_of
from directory.errors import DomainError
from directory.perms import allow, works_at_desk
from directory.typography import NBSP
from pathways.access import open_file
from pathways.querysets import READS_TEAM


@require_safe
@allow(works_at_desk)
def waiting(request: HttpRequest) -> HttpResponse:
    """The waiting lists of the user's desks, by exam, first in rank first, with the places proposed."""
    user, now = user_of(request), timezone.now()
    places = list(WaitingPlace.objects.waiting().filter(pathway__team__in=user.teams_as(*READS_TEAM)).with_list_data())
    open_files(request, [place.pathway for place in places], "Liste d’attente")
    context = {"lists": waiting_lists(places, now), "count": len(places), "now": now}
    return render(request, "coordination/waiting.html", context)


@require_POST
@allow(works_at_desk)
def answer_offer(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """The patient takes the place proposed, or not."""
    user = user_of(request)
    seen = WaitingOffer.objects.filter(place__in=WaitingPlace.objects.visible_to(user))
    offer = get_object_or_404(seen.select_related("place__pathway__team", "slot__exam_type"), uuid=uuid)
    insist(may_book(user, offer.place.pathway))
    accepted, why = request.POST.get("reponse") == "oui", request.POST.get("why", "").replace("\0", "").strip()[:200]
    if accepted and why:
        messages.error(request, "Le patient accepte-t-il ? Une raison de refus était écrite : rien n’est enregistré.")
        return redirect("coordination:waiting")
    try:
        booking = services.answer_offer(offer=offer, accept=accepted, why=why, user=user)
    except DomainError as error:
        messages.error(request, error.message)
    else:
        if booking:
            messages.success(request, f"Réservé{NBSP}: {said(booking.slot)}.")
        else:
            messages.success(request, "Refus noté : la place va au suivant à qui elle convient, s’il y en a un.")
    return redirect("coordination:waiting")


@require_safe
@allow(works_at_desk)
def to_tell(request: HttpRequest) -> HttpResponse:
    """The patients whose appointment was cancelled or moved and who do not know yet (PAIN-20)."""
    user = user_of(request)
    rows = list(
        Booking.objects.to_tell(timezone.now())
        .filter(pathway__team__in=user.teams_as(*READS_TEAM))
        .select_related(
            "cancel_code", "moved_from__slot__platform__establishment", "moved_from__cancel_code", "pathway__patient"
        )
        .with_list_data()
        .order_by("slot__starts_at", "pk")
    )
    mine = ExamRequest.objects.to_tell(timezone.now()).filter(pathway__team__in=user.teams_as(*READS_TEAM))
    asked = list(mine.with_list_data().order_by("proposed_at", "pk"))
    open_files(request, [*(row.pathway for row in rows), *(each.pathway for each in asked)], "À prévenir")
    known = slots_known(rows)
    for row in rows:
        row.known = known[row.pk]  # type: ignore[attr-defined]
    context = {"rows": rows, "asked": asked, "channels": Channel.choices, "today": timezone.localdate()}
    return render(request, "coordination/to_tell.html", context)


@require_safe
@allow(works_at_desk)
def sheet(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """The appointments of one patient as a PDF to give or to send."""
    pathway = find_pathway(request, uuid)
    insist(may_book(user_of(request), pathway))
    open_file(request, pathway, "Convocation")
    response = HttpResponse(print_sheet(pathway, timezone.now()).content, content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="rendez-vous-{pathway.reference}.pdf"'
    return response
