"""Absences: handing one's patients over, the pages for who takes over, coming back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from coordination import services
from coordination.forms import ALL, SOME, CoverForm, ReturnForm
from coordination.models import Cover
from coordination.perms import may_cover, sees_covers
from coordination.querysets.worklist import DESK
from coordination.readings.cover_history import history_of
from coordination.readings.covers import Brief, Preview, briefs_of, meanwhile, preview_of
from coordination.readings.people import at_the_desk
from coordination.views.shared import insist, open_files, user_of
from directory.errors import DomainError
from directory.models import Role, Team, User
from directory.perms import allow
from directory.resent import key_of
from pathways.papers.printer import print_pdf


@require_safe
@allow(sees_covers)
def covers(request: HttpRequest) -> HttpResponse:
    """The absences of the user's desks: under way and to come, then the last ones."""
    user, today = user_of(request), timezone.localdate()
    seen = Cover.objects.visible_to(user).with_list_data()
    context = {
        "living": list(seen.not_over(today).order_by("starts_on", "pk")),
        "past": list(seen.exclude(pk__in=Cover.objects.not_over(today)).order_by("-ends_on", "-pk")[:30]),
        "today": today,
        "may_add": bool(_leaving(user)),
    }
    return render(request, "coordination/covers.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@allow(sees_covers)
def new(request: HttpRequest) -> HttpResponse:
    """Who is concerned, by target pathway, who is late, then « Confirmer » does what was shown, and nothing else."""
    user = user_of(request)
    leaving = _leaving(user)
    form = CoverForm(
        request.POST if request.method == "POST" else None, user=user, leaving=leaving, staying=_staying(leaving),
        initial={"absent": str(user.uuid), "starts_on": timezone.localdate() + timedelta(days=1)},
    )  # fmt: skip
    if request.method != "POST" or not form.is_valid():
        return _form(request, form, status=422 if form.is_bound else 200)
    absent, stand_in = form.people()
    data = form.cleaned_data
    preview = preview_of(absent, stand_in, data["starts_on"], data["ends_on"], user, timezone.now())
    if request.POST.get("do") == "confirm" and request.POST.get("seen") == form.signature():
        return _hand_over(request, form, preview)
    return _form(request, form, preview)


def _hand_over(request: HttpRequest, form: CoverForm, preview: Preview) -> HttpResponse:
    absent, stand_in = form.people()
    data, params = form.cleaned_data, request.POST
    ticked = set(params.getlist("p"))
    some = params.get("scope") == SOME
    listed = [each.pathway for each in preview.candidates]
    watch = {each.pk: params.get(f"watch-{each.uuid}", "") for each in listed}
    try:
        cover = services.hand_over(
            absent=absent, stand_in=stand_in, starts_on=data["starts_on"], ends_on=data["ends_on"], note=data["note"],
            pathways=[each for each in listed if str(each.uuid) in ticked] if some else None, watch=watch,
            author=user_of(request), key=_key(params),
        )  # fmt: skip
    except DomainError as error:
        form.add_error(error.field if error.field in form.fields else None, error.message)
        return _form(request, form, preview, status=422)
    count = cover.lines.count()
    messages.success(
        request, f"{count} patient{'s' if count > 1 else ''} confié{'s' if count > 1 else ''} à {stand_in}."
    )
    return redirect("coordination:cover", cover.uuid)


def _form(request: HttpRequest, form: CoverForm, preview: Preview | None = None, *, status: int = 200) -> HttpResponse:
    params = request.POST
    typed = bool(params.get("seen"))
    ticked = set(params.getlist("p"))
    context = {
        "form": form,
        "preview": preview,
        "seen": form.signature() if preview else "",
        "changed": preview is not None and typed and params.get("seen") != form.signature(),
        "key": params.get("key") or uuid4(),
        "scope": params.get("scope") or ALL,
        "lines": [
            {
                "each": each,
                "ticked": str(each.pathway.uuid) in ticked if typed else True,
                "watch": params.get(f"watch-{each.pathway.uuid}", ""),
            }
            for each in (preview.candidates if preview else ())
        ],
        "now": timezone.now(),
    }
    return render(request, "coordination/cover_new.html", context, status=status)


def _key(params: QueryDict) -> UUID | None:
    """The key of what was sent; none when the page's own is missing."""
    try:
        drawn = UUID(params.get("key", ""))
    except ValueError:
        return None
    return key_of(drawn, sorted((name, values) for name, values in params.lists() if name != "csrfmiddlewaretoken"))


def _leaving(user: User) -> list[User]:
    """Whose patients ``user`` may hand over: their own first."""
    teams = {*user.headed_teams}
    places = user.establishments_as(Role.ADMINISTRATOR)
    teams |= set(Team.objects.filter(establishment__in=places).values_list("pk", flat=True)) if places else set()
    others = [each for each in at_the_desk(teams) if each.pk != user.pk] if teams else []
    return ([user] if may_cover(user, user) else []) + others


def _staying(leaving: list[User]) -> list[User]:
    """Who may stand in for them: the people of their desks."""
    return at_the_desk({team for each in leaving for team in each.teams_as(*DESK)})


@require_safe
@allow(sees_covers)
def cover(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """One absence: its patients, its pages, what happened meanwhile, and its history."""
    return _page(request, _find(request, uuid))


def _find(request: HttpRequest, uuid: UUID) -> Cover:
    return get_object_or_404(Cover.objects.visible_to(user_of(request)).with_list_data(), uuid=uuid)


def _page(request: HttpRequest, found: Cover, form: ReturnForm | None = None, *, status: int = 200) -> HttpResponse:
    user, now = user_of(request), timezone.now()
    today = timezone.localdate(now)
    events = meanwhile(found, user, now) if found.starts_on <= today else []
    lines = list(_lines(found, user))
    open_files(request, [line.pathway for line in lines], "Absence")
    context = {
        "cover": found,
        "today": today,
        "living": found.cancelled_at is None and found.ends_on >= today,
        "may": may_cover(user, found.absent),
        "is_mine": found.absent_id == user.pk,
        "form": form or ReturnForm(initial={"ends_on": found.ends_on}),
        "opened": form is not None,
        "lines": lines,
        "meanwhile": [each for each in events if not each.empty],
        "quiet": sum(each.empty for each in events),
        "history": history_of(found),
    }
    return render(request, "coordination/cover.html", context, status=status)


def _lines(found: Cover, user: User) -> Any:
    from pathways.models import Pathway

    rows = found.lines.filter(pathway__in=Pathway.objects.visible_to(user)).order_by("pathway__next_due_at", "pk")
    people = ("pathway__patient", "pathway__version__target", "pathway__owner__professional", "pathway__next_step")
    return rows.select_related(*people).defer("pathway__version__definition")


@require_POST
@allow(sees_covers)
def back(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Back earlier than said."""
    found = _find(request, uuid)
    insist(may_cover(user_of(request), found.absent))
    try:
        services.come_back(cover=found, author=user_of(request))
    except DomainError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, f"{found.absent} reprend ses patients dès aujourd’hui.")
    return redirect("coordination:cover", found.uuid)


@require_POST
@allow(sees_covers)
def extend(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Puts the return off or forward."""
    found = _find(request, uuid)
    insist(may_cover(user_of(request), found.absent))
    form = ReturnForm(request.POST)
    if form.is_valid():
        try:
            services.change_return(cover=found, ends_on=form.cleaned_data["ends_on"], author=user_of(request))
        except DomainError as error:
            form.add_error("ends_on", error.message)
        else:
            messages.success(request, "Date de retour changée.")
            return redirect("coordination:cover", found.uuid)
    return _page(request, found, form, status=422)


@require_POST
@allow(sees_covers)
def read(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """What happened meanwhile has been read."""
    found = _find(request, uuid)
    insist(found.absent_id == user_of(request).pk)
    services.mark_read(cover=found, user=user_of(request))
    return redirect("coordination:worklist")


@require_safe
@allow(sees_covers)
def briefs(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """One page per patient, on screen and on paper."""
    found = _find(request, uuid)
    return render(request, "coordination/briefs.html", _briefs(request, found))


@require_safe
@allow(sees_covers)
def briefs_pdf(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """The same as a PDF."""
    found = _find(request, uuid)
    context = _briefs(request, found)
    printed = print_pdf(render_to_string("coordination/papers/briefs.html", context))
    response = HttpResponse(printed.content, content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="fiches-de-relais-{found.starts_on:%Y%m%d}.pdf"'
    return response


def _briefs(request: HttpRequest, found: Cover) -> dict[str, Any]:
    now = timezone.now()
    rows: list[Brief] = briefs_of(found, user_of(request), now)
    open_files(request, [brief.pathway for brief in rows], "Fiche de relais")
    return {"cover": found, "briefs": rows, "now": now, "today": timezone.localdate(now)}
