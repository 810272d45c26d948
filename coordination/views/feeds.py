"""Calendar links: the page that makes and revokes them, and what an agenda reads behind one."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from coordination import services
from coordination.forms.feeds import FeedForm
from coordination.models import CalendarFeed
from coordination.perms import reads_slots
from coordination.readings.feeds import calendar_file, feed_slots
from coordination.services.feeds import AN_HOUR, FeedError, token_of
from coordination.views.shared import user_of
from coordination.views.slots import home_of
from directory.errors import DomainError
from directory.models import Role, User
from directory.perms import allow
from directory.resent import key_of
from pathways.services import calendar_of

REFUSED = {"too_often": 429, "away": 503}


@require_http_methods(["GET", "HEAD", "POST"])
@allow(reads_slots)
def feeds(request: HttpRequest) -> HttpResponse:
    """The links that live, and the form that makes one: the link is shown once, in the answer to the form."""
    user = user_of(request)
    if request.method != "POST":
        return _page(request, FeedForm(user=user))
    form = FeedForm(request.POST, user=user)
    if not form.is_valid():
        return _page(request, form)
    told = (form.cleaned_data["shown"], form.cleaned_data["label"])
    key = key_of(form.cleaned_data["key"], *told)
    try:
        feed = services.make_feed(user=user, shown=form.chosen, label=told[1], request_key=key)
    except DomainError as error:
        form.add_error(error.field if error.field in form.fields else None, error.message)
        return _page(request, form)
    link = request.build_absolute_uri(reverse("coordination:calendar", args=[token_of(key)]))
    return _page(request, FeedForm(user=user), made=feed, link=link)


def _page(request: HttpRequest, form: FeedForm, made: CalendarFeed | None = None, link: str = "") -> HttpResponse:
    user = user_of(request)
    living = _mine(user).filter(revoked_at__isnull=True)
    context = {
        "form": form,
        "feeds": living.select_related(
            "platform", "series__exam_type", "series__platform", "professional", "created_by__professional"
        ),
        "made": made,
        "link": link,
    }
    with timezone.override(calendar_of(home_of(user)).zone):
        return render(request, "coordination/feeds.html", context, status=422 if form.errors else 200)


def _mine(user: User) -> QuerySet[CalendarFeed]:
    """The links the user made, and those of their platforms whoever made them."""
    return CalendarFeed.objects.filter(Q(created_by=user) | Q(platform__in=user.teams_as(Role.PLATFORM)))


@require_POST
@allow(reads_slots)
def feed_revoke(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """The link opens nothing from now on."""
    feed = get_object_or_404(_mine(user_of(request)), uuid=uuid)
    services.revoke_feed(feed=feed, user=user_of(request))
    messages.success(request, "Lien révoqué : l’agenda ne sera plus mis à jour.")
    return redirect("coordination:feeds")


@login_not_required
@require_safe
def calendar(request: HttpRequest, token: str) -> HttpResponse:
    """The feed itself: whoever holds the link reads it, and reads no patient in it."""
    now = timezone.now()
    try:
        feed = services.open_feed(token=token, at=now)
    except FeedError as error:
        status = REFUSED.get(error.code, 404)
        response = HttpResponse(error.message, status=status, content_type="text/plain; charset=utf-8")
        if status in REFUSED.values():
            response["Retry-After"] = str(int(AN_HOUR.total_seconds()))
        return response
    response = HttpResponse(
        calendar_file(feed, feed_slots(feed, now), now), content_type="text/calendar; charset=utf-8"
    )
    response["Content-Disposition"] = 'inline; filename="creneaux.ics"'
    return response
