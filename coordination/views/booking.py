"""Booking from a patient's step, and what becomes of an appointment."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid4

from django.contrib import messages
from django.db.models import Prefetch
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from coordination import services
from coordination.errors import SlotFull
from coordination.forms import AskForm, CancelForm, OverbookForm, SinceForm, WaitForm
from coordination.links import file_url
from coordination.models import (
    Booking,
    ExamRequest,
    ExamType,
    Hold,
    OfferAnswer,
    Slot,
    SlotSeries,
    WaitingOffer,
    WaitingPlace,
)
from coordination.papers.sheet import days_of, message_of
from coordination.perms import may_book, may_mark, may_see_platform, reads_slots
from coordination.readings.bundles import bundles_of
from coordination.readings.coming import Coming, appointments_of, doubt_of, visits
from coordination.readings.ended import ended_of
from coordination.readings.offer import Need, choices_of, needs_of, offer_of, once_each, other_need
from coordination.readings.otherwise import Otherwise, otherwise_of
from coordination.services import marks
from coordination.services.appointments import said
from coordination.views.panel import panel_fragment, panel_refused
from coordination.views.platform import booking_row
from coordination.views.shared import CHANGED, answer, find_pathway, insist, user_of
from directory.clock import follow_clock_of
from directory.days import instant_of
from directory.errors import DomainError
from directory.perms import allow, works_at_desk
from directory.typography import NBSP, short_day
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
    return booking_page(request, pathway, step=request.GET.get("step", ""), code=request.GET.get("examen", ""))


def _book(request: HttpRequest, pathway: Pathway) -> HttpResponse:
    step, code = request.POST.get("step", ""), request.POST.get("examen", "")
    slot = get_object_or_404(Slot.objects.open_to(user_of(request), pathway), uuid=uuid_of(request.POST.get("slot")))
    try:
        booking = services.book_slot(
            slot=slot,
            pathway=pathway,
            user=user_of(request),
            step_key=step,
            request_key=uuid_of(request.POST.get("key")),
            seen=instant_of(request.POST.get("seen")),
            alone=True,
        )
    except DomainError as error:
        return booking_page(request, pathway, step=step, code=code, refusal=error, status=422)
    messages.success(request, f"Rendez-vous réservé{NBSP}: {said(booking.slot)}. Le plateau est prévenu.")
    return redirect("coordination:book", uuid=pathway.uuid)


def uuid_of(text: str | None) -> UUID | None:
    try:
        return UUID(text or "")
    except ValueError:
        return None


def booking_page(
    request: HttpRequest,
    pathway: Pathway,
    *,
    step: str,
    code: str,
    refusal: DomainError | None = None,
    forms: Mapping[str, Form] | None = None,
    status: int = 200,
) -> HttpResponse:
    """The screen: what to book, the places in time, what else may be done; ``forms`` are those refused, as typed. The
    first day the patient can come is that of the request."""
    now, since_form = timezone.now(), since_of(request)
    since = since_form.since
    calendar = calendar_of(pathway.team.establishment)
    coming, unmarked = appointments_of(pathway, now)
    asked = needs_of(pathway, coming)
    needs = once_each(asked)
    need = need_of(asked, step, code, coming, pathway)
    kept = set(SlotSeries.objects.kept_for(pathway, calendar.local_date(now)).values_list("exam_type", flat=True))
    if need and not (step or code):
        need = _bookable(needs, kept) or need
    offer = offer_of(pathway, need, coming, calendar, now, since) if need else None
    alternatives = refusal.alternatives if isinstance(refusal, SlotFull) else []
    waits, today = _waits(pathway), calendar.local_date(now)
    start = calendar.start_of_day(since) if since else None
    other = otherwise_of(pathway, need, now, today, waits, start) if need and need.booking is None else None
    context: dict[str, Any] = {
        "pathway": pathway,
        "held": _held(pathway, now),
        "since": since,
        "since_form": since_form,
        "bundles": bundles_of(pathway, asked, coming, calendar, now, start),
        "otherwise": other,
        "forms": {**_other_forms(other, since), **(forms or {})},
        "refused": list(forms or {}),
        "file_url": file_url(pathway),
        "needs": needs,
        "kept": kept,
        "need": need,
        "chosen": bool(step or code),
        "offer": offer,
        "first": offer.first if offer else None,
        "objective": _objective(need, calendar.local_date(now), now),
        "overdue": bool(need and need.due_at and need.due_at < now),
        "other_types": [each for each in ExamType.objects.all() if all(n.exam_type != each for n in needs)],
        "coming": coming,
        "unmarked": unmarked,
        "doubtful": any(doubt_of(each) is not None for each in coming if each.pathway_id == pathway.pk),
        "waits": waits,
        "asked": list(ExamRequest.objects.filter(pathway=pathway).to_follow(now).with_list_data()),
        "visits": visits(coming, calendar),
        "message": message_of(pathway, days_of(pathway, coming)),
        "refusal": refusal,
        "gone": isinstance(refusal, SlotFull),
        "alternatives": choices_of(alternatives, need, coming, calendar) if need else [],
        "now": now,
    }
    return render(request, "coordination/book.html", context, status=status)


def _waits(pathway: Pathway) -> list[WaitingPlace]:
    """The exams for which the patient waits, with ``proposed``: the places put before them and not answered."""
    offers = WaitingOffer.objects.filter(answer=OfferAnswer.OPEN).select_related("slot__platform__establishment")
    rows = WaitingPlace.objects.waiting().filter(pathway=pathway).select_related("exam_type")
    return list(rows.prefetch_related(Prefetch("offers", offers, to_attr="proposed")).order_by("asked_at", "pk"))


def _held(pathway: Pathway, now: datetime) -> list[list[Hold]]:
    """The places kept for the patient, those of one visit together."""
    rows = (
        Hold.objects.living(now)
        .filter(pathway=pathway)
        .select_related("slot__exam_type", "slot__platform__establishment", "by__professional")
    )
    found: dict[UUID, list[Hold]] = {}
    for row in rows.order_by("slot__starts_at"):
        found.setdefault(row.group, []).append(row)
    return list(found.values())


def since_of(request: HttpRequest) -> SinceForm:
    """The first day the patient can come, as the page or one of its forms says it."""
    return SinceForm(request.POST if request.method == "POST" else request.GET)


def _other_forms(other: Otherwise | None, since: date | None) -> dict[str, Form]:
    """The forms of what else may be done, each with the key that makes it count once."""
    if other is None:
        return {}
    key = {"key": uuid4()}
    return {
        "wait": WaitForm(initial={**key, "earliest_on": since}),
        "ask": AskForm(platforms=other.priority.platforms, initial=key),
        "partner": AskForm(platforms=other.sites, initial={"key": uuid4()}, auto_id="id_partner_%s"),
        "overbook": OverbookForm(slots=[each.slot for each in other.full], physicians=other.physicians, initial=key),
    }


def _objective(need: Need | None, today: date, now: datetime) -> str:
    """« objectif : mer. 25 nov. », with a word when it has passed or is only a projection."""
    if need is None or need.due_at is None:
        return ""
    passed = ", dépassé" if need.due_at < now else ""
    projected = " (estimé)" if need.step and need.step.projected else ""
    return f"objectif{NBSP}: {short_day(need.due_at, today)}{projected}{passed}"


def need_of(needs: list[Need], step: str, code: str, coming: list[Coming], pathway: Pathway) -> Need | None:
    """The exam asked for by its step, its code or both; else the first that is not booked."""
    of_step = [need for need in needs if need.step and need.step.key == step]
    asked = next((need for need in of_step if code in ("", need.exam_type.code)), None)
    if asked is None and code:
        return other_need(code, needs, coming, pathway)
    return asked or next((need for need in needs if need.booking is None), None)


def _bookable(needs: list[Need], kept: set[int]) -> Need | None:
    """The first exam to book of which a series keeps places for the pathway (``kept``: types of exams)."""
    return next((need for need in needs if need.booking is None and need.exam_type.pk in kept), None)


@require_POST
@allow(works_at_desk)
def cancel(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Cancels an appointment with its reason."""
    booking = find_booking(request, uuid)
    user, pathway = user_of(request), booking.pathway
    insist(may_book(user, pathway))
    form = CancelForm(request.POST)
    refused = None
    if form.is_valid():
        data = form.cleaned_data
        try:
            services.cancel_booking(
                booking=booking, code=data["code"].code, reason=data["reason"], told_how=data["told_how"] or None,
                user=user,
            )  # fmt: skip
        except DomainError as error:
            refused = error
            form.add_error(error.field if error.field in form.fields else None, error.message)
    if refused or form.errors:
        return _not_cancelled(request, booking, form)
    return answer(
        request,
        lambda: panel_fragment(request, pathway),
        "Rendez-vous annulé, plateau prévenu.",
        default="coordination:pathway-panel",
        args=(pathway.uuid,),
        events=(CHANGED,),
    )


def _not_cancelled(request: HttpRequest, booking: Booking, form: CancelForm) -> HttpResponse:
    """The file again with the form as typed; when the appointment stands no more, what it became, and what was typed
    in the form of the one that took its place."""
    pathway, ended = find_pathway(request, booking.pathway.uuid), ended_of(booking, form.cleaned_data)
    if ended is None:
        return panel_refused(request, pathway, cancel_form=form, opened=str(booking.uuid))
    return panel_refused(request, pathway, cancel_form=CancelForm(initial=request.POST.dict()), ended=ended)


def find_booking(request: HttpRequest, uuid: UUID) -> Booking:
    """The booking, if the user may see it; 404 for a stranger. The page shows the hours of where it takes place."""
    found = get_object_or_404(Booking.objects.visible_to(user_of(request)).with_list_data(), uuid=uuid)
    follow_clock_of(found.slot.platform.establishment)
    return found


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
    """The mark that the page showed was an error: a result said to be ready, or that the appointment took place or
    not."""
    seen = request.POST.get("mark", "")
    if seen == "result":
        said = "Le résultat n’est plus noté comme prêt."
        return _mark(request, uuid, lambda booking, user: marks.take_back_result(booking=booking, user=user), said)

    return _mark(
        request,
        uuid,
        lambda booking, user: services.undo_mark(booking=booking, user=user, seen=seen),
        "Marque retirée.",
    )


def _mark(request: HttpRequest, uuid: UUID, action: Any, said: str) -> HttpResponse:
    user, booking = user_of(request), find_booking(request, uuid)
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
