"""Booking from a patient's step, and what becomes of an appointment."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from coordination import services
from coordination.errors import SlotFull
from coordination.forms import CancelBookingForm
from coordination.links import file_url
from coordination.models import Booking, ExamType, Slot
from coordination.perms import may_book, may_mark, may_see_platform, reads_slots
from coordination.readings.offer import Need, choices_of, coming_of, needs_of, offer_of, once_each, other_need, visits
from coordination.services import marks
from coordination.views.panel import panel_fragment, panel_refused
from coordination.views.platform import booking_row
from coordination.views.shared import CHANGED, answer, find_pathway, insist, user_of
from directory.errors import DomainError
from directory.perms import allow, works_at_desk
from directory.typography import NBSP, moment, short_day
from pathways.access import open_file
from pathways.models import Pathway
from pathways.services import calendar_of


@require_http_methods(["GET", "HEAD", "POST"])
@allow(works_at_desk)
def book(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """The free slots of an exam against the patient's objective; POST books one."""
    pathway = find_pathway(request, uuid)
    insist(may_book(user_of(request), pathway))
    if request.method == "POST":
        return _book(request, pathway)
    open_file(request, pathway, "Réservation")
    return _page(request, pathway, step=request.GET.get("step", ""), code=request.GET.get("examen", ""))


def _book(request: HttpRequest, pathway: Pathway) -> HttpResponse:
    step, code = request.POST.get("step", ""), request.POST.get("examen", "")
    slot = get_object_or_404(Slot.objects.visible_to(user_of(request)), uuid=_uuid(request.POST.get("slot")))
    try:
        booking = services.book_slot(
            slot=slot,
            pathway=pathway,
            user=user_of(request),
            step_key=step,
            request_key=_uuid(request.POST.get("key")),
        )
    except DomainError as error:
        return _page(request, pathway, step=step, code=code, refusal=error, status=422)
    when = moment(booking.slot.starts_at, timezone.localdate())
    messages.success(request, f"Rendez-vous réservé{NBSP}: {booking.slot.exam_type}, {when}. Le plateau est prévenu.")
    return redirect("coordination:book", uuid=pathway.uuid)


def _uuid(text: str | None) -> UUID | None:
    try:
        return UUID(text or "")
    except ValueError:
        return None


def _page(
    request: HttpRequest,
    pathway: Pathway,
    *,
    step: str,
    code: str,
    refusal: DomainError | None = None,
    status: int = 200,
) -> HttpResponse:
    now = timezone.now()
    calendar = calendar_of(pathway.team.establishment)
    coming = coming_of(pathway, now)
    asked = needs_of(pathway, coming)
    needs = once_each(asked)
    need = _need(asked, step, code, coming)
    offer = offer_of(pathway, need, coming, calendar, now) if need else None
    alternatives = refusal.alternatives if isinstance(refusal, SlotFull) else []
    context: dict[str, Any] = {
        "pathway": pathway,
        "file_url": file_url(pathway),
        "needs": needs,
        "need": need,
        "offer": offer,
        "first": offer.first if offer else None,
        "objective": _objective(need, calendar.local_date(now), now),
        "overdue": bool(need and need.due_at and need.due_at < now),
        "other_types": [each for each in ExamType.objects.all() if all(n.exam_type != each for n in needs)],
        "coming": coming,
        "visits": visits(coming, calendar),
        "refusal": refusal,
        "gone": isinstance(refusal, SlotFull),
        "alternatives": choices_of(alternatives, need, coming, calendar) if need else [],
        "now": now,
    }
    return render(request, "coordination/book.html", context, status=status)


def _objective(need: Need | None, today: date, now: datetime) -> str:
    """« objectif : mer. 25 nov. », with a word when it has passed or is only a projection."""
    if need is None or need.due_at is None:
        return ""
    passed = ", dépassé" if need.due_at < now else ""
    projected = " (estimé)" if need.step and need.step.projected else ""
    return f"objectif{NBSP}: {short_day(need.due_at, today)}{projected}{passed}"


def _need(needs: list[Need], step: str, code: str, coming: list[Booking]) -> Need | None:
    """The exam asked for by its step, its code or both; else the first that is not booked."""
    of_step = [need for need in needs if need.step and need.step.key == step]
    asked = next((need for need in of_step if code in ("", need.exam_type.code)), None)
    if asked is None and code:
        return other_need(code, needs, coming)
    return asked or next((need for need in needs if need.booking is None), None)


@require_POST
@allow(works_at_desk)
def cancel(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Cancels an appointment with its reason."""
    booking = _find(request, uuid)
    user, pathway = user_of(request), booking.pathway
    insist(may_book(user, pathway))
    form = CancelBookingForm(request.POST)
    try:
        form.is_valid()
        services.cancel_booking(
            booking=booking,
            reason=form.cleaned_data.get("reason", ""),
            patient_knows=form.cleaned_data.get("patient_knows", False),
            user=user,
        )
    except DomainError as error:
        form.add_error(error.field if error.field in form.fields else None, error.message)
        return panel_refused(request, find_pathway(request, pathway.uuid), cancel_form=form, opened=str(booking.uuid))
    return answer(
        request,
        lambda: panel_fragment(request, pathway),
        "Rendez-vous annulé, plateau prévenu.",
        default="coordination:pathway-panel",
        args=(pathway.uuid,),
        events=(CHANGED,),
    )


def _find(request: HttpRequest, uuid: UUID) -> Booking:
    """The booking, if the user may see it; 404 for a stranger."""
    return get_object_or_404(Booking.objects.visible_to(user_of(request)).with_list_data(), uuid=uuid)


@require_POST
@allow(reads_slots)
def done(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """The appointment took place."""
    sampled = {"oui": True, "non": False}.get(request.POST.get("sampled", ""))
    return _mark(
        request,
        uuid,
        lambda booking, user: services.mark_done(booking=booking, user=user, sampled=sampled),
        "Rendez-vous réalisé.",
    )


@require_POST
@allow(reads_slots)
def missed(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """The patient did not come."""
    return _mark(
        request,
        uuid,
        lambda booking, user: services.mark_missed(booking=booking, user=user),
        "Rendez-vous manqué : la coordination est prévenue.",
    )


@require_POST
@allow(reads_slots)
def not_done(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """The patient came and the exam was not done, for the reason given."""
    reason = request.POST.get("reason", "").replace("\0", "")[:200]
    return _mark(
        request,
        uuid,
        lambda booking, user: marks.mark_not_done(booking=booking, user=user, reason=reason),
        "Examen non réalisé : la coordination est prévenue.",
    )


@require_POST
@allow(reads_slots)
def result_ready(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """The result of the exam can be read."""
    return _mark(
        request,
        uuid,
        lambda booking, user: marks.mark_result_ready(booking=booking, user=user),
        "Résultat noté comme prêt.",
    )


@require_POST
@allow(reads_slots)
def undo(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """The mark was an error."""
    return _mark(request, uuid, lambda booking, user: services.undo_mark(booking=booking, user=user), "Marque retirée.")


def _mark(request: HttpRequest, uuid: UUID, action: Any, said: str) -> HttpResponse:
    user, booking = user_of(request), _find(request, uuid)
    insist(may_mark(user, booking))
    message, tone = said, "ok"
    try:
        action(booking, user)
    except DomainError as error:
        message, tone = error.message, "late"
    default = "coordination:platform" if may_see_platform(user, booking.slot) else "coordination:slots"
    return answer(request, lambda: _marked(request, booking), message, tone=tone, default=default, events=(CHANGED,))


def _marked(request: HttpRequest, booking: Booking) -> HttpResponse:
    if request.POST.get("from") == "panel":
        return panel_fragment(request, booking.pathway)
    return booking_row(request, booking)
