"""Around a booking: keep places a few minutes, book several at once, wait, ask, be added, move, tell the patient."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any
from urllib.parse import urlencode
from uuid import UUID, uuid4

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from coordination import services
from coordination.forms import AskForm, MoveForm, OverbookForm, SinceForm, WaitForm
from coordination.links import file_url
from coordination.models import Booking, BundleKind, Hold, Slot, WaitingPlace
from coordination.perms import may_book
from coordination.readings.coming import coming_of
from coordination.readings.ended import ended_of
from coordination.readings.offer import Need, needs_of, offer_of
from coordination.readings.otherwise import otherwise_of
from coordination.services.appointments import said
from coordination.services.bundles import MOST
from coordination.services.seats import Wish
from coordination.views.booking import booking_page, find_booking, need_of, since_of, uuid_of
from coordination.views.shared import back_url, find_pathway, insist, user_of
from directory.days import instant_of
from directory.errors import DomainError
from directory.perms import allow, works_at_desk
from directory.typography import NBSP, hour, short_day
from pathways.access import open_file
from pathways.models import Pathway
from pathways.services import calendar_of


def _pathway(request: HttpRequest, uuid: UUID) -> Pathway:
    """The pathway, when the user books for it."""
    pathway = find_pathway(request, uuid)
    insist(may_book(user_of(request), pathway))
    return pathway


def _slot(request: HttpRequest, pathway: Pathway, wanted: str | None) -> Slot:
    """A slot the user may book for this pathway; 404 for any other."""
    return get_object_or_404(Slot.objects.open_to(user_of(request), pathway), uuid=uuid_of(wanted))


def _asked(request: HttpRequest) -> dict[str, str]:
    """Which exam the page speaks of."""
    return {"step": _word(request, "step"), "code": _word(request, "examen")}


def _word(request: HttpRequest, name: str) -> str:
    """A word, as sent: PostgreSQL reads no NUL, which is in none."""
    return request.POST.get(name, "").replace("\0", "")


def _again(request: HttpRequest, pathway: Pathway, **more: Any) -> HttpResponse:
    """The booking page, with what was refused."""
    asked = _asked(request)
    return booking_page(request, pathway, step=asked["step"], code=asked["code"], status=422, **more)


def _do(
    request: HttpRequest, pathway: Pathway, act: Callable[[], Any], said: str | Callable[[Any], str], **typed: Any
) -> HttpResponse:
    """One write, then the booking page, with what is ``said`` (of what was done); a refusal shows it again with what
    was typed."""
    try:
        done = act()
    except DomainError as error:
        return _again(request, pathway, refusal=error, **typed)
    messages.success(request, said if isinstance(said, str) else said(done))
    return _back(request, pathway)


def _back(request: HttpRequest, pathway: Pathway) -> HttpResponse:
    since = since_of(request).since
    asked = {"examen": request.POST.get("examen", "")[:40], "pas_avant": since.isoformat() if since else ""}
    query = urlencode({word: value for word, value in asked.items() if value})
    return redirect(f"{reverse('coordination:book', args=[pathway.uuid])}{query and '?'}{query}")


@require_POST
@allow(works_at_desk)
def hold(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Keeps a place while one speaks with the patient; asked again, keeps it longer."""
    pathway, user = _pathway(request, uuid), user_of(request)
    slot = _slot(request, pathway, request.POST.get("slot"))
    step = _word(request, "step")[:60]
    return _do(
        request,
        pathway,
        lambda: services.hold_place(
            slot=slot, pathway=pathway, user=user, step_key=step, seen=instant_of(request.POST.get("seen"))
        ),
        lambda held: f"Place retenue jusqu’à {hour(held.until)} : confirmez, ou relâchez-la.",
    )


@require_POST
@allow(works_at_desk)
def release_hold(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Lets the places kept for this patient go."""
    pathway = _pathway(request, uuid)
    for each in Hold.objects.filter(pathway=pathway):
        services.let_go(hold=each, user=user_of(request))
    messages.success(request, "Place relâchée.")
    return _back(request, pathway)


def _wishes(request: HttpRequest, pathway: Pathway) -> list[Wish]:
    """The places of several exams, « slot@step@hour seen »; too many are refused by the service."""
    wishes = []
    for pair in request.POST.getlist("place")[: MOST + 1]:
        wanted, step, seen = [*pair.replace("\0", "").split("@", 2), "", ""][:3]
        wishes.append(Wish(_slot(request, pathway, wanted), step[:60], instant_of(seen)))
    return wishes


@require_POST
@allow(works_at_desk)
def hold_together(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Keeps the places of one of the ways proposed, all of them or none."""
    pathway, user = _pathway(request, uuid), user_of(request)
    wishes = _wishes(request, pathway)
    return _do(
        request,
        pathway,
        lambda: services.hold_bundle(wishes=wishes, pathway=pathway, user=user),
        lambda held: f"{len(held)} places retenues jusqu’à {hour(held[0].until)} : confirmez, ou relâchez-les.",
    )


@require_POST
@allow(works_at_desk)
def book_together(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Books one of the ways proposed for several exams: all of them, or none."""
    pathway, user = _pathway(request, uuid), user_of(request)
    wishes, kind = _wishes(request, pathway), request.POST.get("kind", "")
    key = uuid_of(request.POST.get("key")) or uuid4()
    return _do(
        request,
        pathway,
        lambda: services.book_bundle(
            wishes=wishes,
            pathway=pathway,
            user=user,
            request_key=key,
            kind=kind if kind in BundleKind.values else BundleKind.DAY,
            label=_word(request, "label")[:120],
        ),
        f"{len(wishes)} rendez-vous réservés ensemble. Les plateaux sont prévenus.",
    )


@require_POST
@allow(works_at_desk)
def wait(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Puts the patient on the waiting list of one exam."""
    pathway, user = _pathway(request, uuid), user_of(request)
    need = _need(request, pathway)
    form = WaitForm(request.POST)
    if not form.is_valid():
        return _again(request, pathway, forms={"wait": form})
    return _do(
        request,
        pathway,
        lambda: services.ask_to_wait(
            pathway=pathway, exam_type=need.exam_type, user=user, step_key=need.step.key if need.step else "",
            latest_at=need.due_at, earliest_on=form.cleaned_data["earliest_on"], note=form.cleaned_data["note"],
            half_day=form.cleaned_data["half_day"],
        ),
        _inscribed(need, form.cleaned_data["earliest_on"], pathway),
        forms={"wait": form},
    )  # fmt: skip


def _inscribed(need: Need, earliest_on: date | None, pathway: Pathway) -> str:
    """What is answered, with a warning when the patient waits for a day after their objective."""
    calendar = calendar_of(pathway.team.establishment)
    words = "Inscrit sur la liste d’attente : une place rendue vous sera proposée."
    if earliest_on and need.due_at and earliest_on > calendar.local_date(need.due_at):
        first, due = (short_day(each, timezone.localdate()) for each in (earliest_on, need.due_at))
        words += f" Attention : pas avant le {first}, après l’objectif ({due})."
    return words


@require_POST
@allow(works_at_desk)
def leave(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Takes the patient off a waiting list, for a reason: their rank is lost."""
    place = get_object_or_404(WaitingPlace.objects.visible_to(user_of(request)).select_related("pathway"), uuid=uuid)
    pathway = _pathway(request, place.pathway.uuid)
    reason = _word(request, "reason")
    return _do(
        request,
        pathway,
        lambda: services.leave_waiting(place=place, reason=reason[:200], user=user_of(request)),
        "Retiré de la liste d’attente.",
    )


@require_POST
@allow(works_at_desk)
def ask(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Asks a platform for a date, within the agreed delay."""
    pathway, user = _pathway(request, uuid), user_of(request)
    need = _need(request, pathway)
    now = timezone.now()
    other = otherwise_of(pathway, need, now, timezone.localdate(now))
    partner = request.POST.get("site") == "partner"
    name, platforms = ("partner", other.sites) if partner else ("ask", other.priority.platforms)
    form = AskForm(request.POST, platforms=platforms, auto_id="id_partner_%s" if partner else "id_%s")
    if not form.is_valid():
        return _again(request, pathway, forms={name: form})
    data = form.cleaned_data
    mode, within = other.terms(data["addressed_to"])
    return _do(
        request,
        pathway,
        lambda: services.ask_exam(
            pathway=pathway, exam_type=need.exam_type, addressed_to=data["addressed_to"], user=user,
            step_key=need.step.key if need.step else "", mode=mode, within=within,
            urgent=data["urgent"], question=data["question"], request_key=data["key"],
        ),
        "Demande envoyée au plateau : il répond par une date.",
        forms={name: form},
    )  # fmt: skip


@require_POST
@allow(works_at_desk)
def overbook(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Adds a place to a full slot, in a physician's name and for a reason."""
    pathway, user = _pathway(request, uuid), user_of(request)
    need = _need(request, pathway)
    now, since = timezone.now(), since_of(request).since
    start = calendar_of(pathway.team.establishment).start_of_day(since) if since else None
    other = otherwise_of(pathway, need, now, timezone.localdate(now), since=start)
    typed = request.POST.copy()
    typed["slot"], _, seen = request.POST.get("slot", "").partition("@")
    form = OverbookForm(typed, slots=[each.slot for each in other.full], physicians=other.physicians)
    if not form.is_valid():
        return _again(request, pathway, forms={"overbook": form})
    data = form.cleaned_data
    return _do(
        request,
        pathway,
        lambda: services.overbook(
            slot=data["slot"], pathway=pathway, physician=data["physician"], reason=data["reason"], user=user,
            step_key=need.step.key if need.step else "", request_key=data["key"], seen=instant_of(seen),
        ),
        f"Place ajoutée au nom de {data['physician']}. Le plateau est prévenu.",
        forms={"overbook": form},
    )  # fmt: skip


def _need(request: HttpRequest, pathway: Pathway) -> Need:
    """The exam that the form speaks of; 404 for none."""
    coming, asked = coming_of(pathway, timezone.now()), _asked(request)
    found = need_of(needs_of(pathway, coming), asked["step"], asked["code"], coming, pathway)
    if found is None:
        raise Http404
    return found


@require_http_methods(["GET", "HEAD", "POST"])
@allow(works_at_desk)
def move(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Another date for an appointment: the same offer as for a new one; its history stays with it. Of one that was
    moved since, the page is that of the appointment that took its place, and says so."""
    booking = find_booking(request, uuid)
    pathway = _pathway(request, booking.pathway.uuid)
    if request.method != "POST":
        open_file(request, pathway, "Réservation")
        return _move_page(request, booking, pathway, MoveForm(), since_form=since_of(request))
    if "voir" in request.POST:
        return _look_elsewhere(request, booking, pathway)
    wanted, _, seen = request.POST.get("slot", "").partition("@")
    form, slot = MoveForm(request.POST), _slot(request, pathway, wanted)
    if not form.is_valid():
        return _move_page(request, booking, pathway, form, status=422)
    try:
        moved = services.move_booking(
            booking=booking, to=slot, code=form.cleaned_data["code"].code, user=user_of(request),
            told_how=form.cleaned_data["told_how"] or None, request_key=uuid_of(request.POST.get("key")),
            seen=instant_of(seen),
        )  # fmt: skip
    except DomainError as error:
        return _move_page(request, booking, pathway, form, refusal=error, status=422)
    known = "Le patient le sait." if moved.told_at else "Patient à prévenir."
    messages.success(request, f"Rendez-vous déplacé{NBSP}: {said(moved.slot)}. {known}")
    return redirect("coordination:book", uuid=pathway.uuid)


def _look_elsewhere(request: HttpRequest, booking: Booking, pathway: Pathway) -> HttpResponse:
    """The places from another day; the rest of the form as it was, without a word about what is still to fill in."""
    typed = {**request.POST.dict(), "pas_avant": request.POST["voir"] or request.POST.get("pas_avant", "")}
    day = SinceForm(typed)
    return _move_page(request, booking, pathway, MoveForm(initial=typed), since_form=day)


def _move_page(
    request: HttpRequest,
    booking: Booking,
    pathway: Pathway,
    form: MoveForm,
    *,
    since_form: SinceForm | None = None,
    refusal: DomainError | None = None,
    status: int = 200,
) -> HttpResponse:
    now, calendar = timezone.now(), calendar_of(pathway.team.establishment)
    ended = ended_of(booking)
    booking = ended.last if ended else booking
    past = booking.slot.starts_at <= now
    if past or (ended and not ended.stands):
        gone = {"booking": booking, "pathway": pathway, "ended": ended, "past": past, "file_url": file_url(pathway)}
        return render(request, "coordination/move.html", gone, status=status)
    coming = [each for each in coming_of(pathway, now) if each.pk != booking.pk]
    step = pathway.steps.filter(key=booking.step_key, state__in=["open", "waiting"]).first()
    need, since_form = Need(booking.slot.exam_type, step, None), since_form or form
    context = {
        "booking": booking,
        "pathway": pathway,
        "file_url": file_url(pathway),
        "ended": ended,
        "need": need,
        "offer": offer_of(pathway, need, coming, calendar, now, since_form.since),
        "form": form,
        "since_form": since_form,
        "refusal": refusal,
        "key": request.POST.get("key") or uuid4(),
        "now": now,
    }
    return render(request, "coordination/move.html", context, status=status)


@require_POST
@allow(works_at_desk)
def told(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """The patient has been told that the appointment is cancelled or moved (PAIN-20)."""
    booking = find_booking(request, uuid)
    insist(may_book(user_of(request), booking.pathway))
    try:
        services.acknowledge_told(
            booking=booking, how=request.POST.get("how", ""), user=user_of(request), seen=request.POST.get("seen")
        )
    except DomainError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, "Noté : le patient est prévenu.")
    return redirect(back_url(request, "coordination:to-tell"))
