"""The morning split: taken or left in one gesture from the desk, the day and the usual week on their page."""

from __future__ import annotations

from collections import defaultdict
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from coordination import services
from coordination.models import DutyPattern, Post, Weekday
from coordination.querysets.worklist import DESK
from coordination.readings.duties import split_of
from coordination.readings.people import at_the_desk
from coordination.views.shared import back_url, user_of
from directory.errors import DomainError
from directory.models import Team, User
from directory.perms import allow, works_at_desk

DAYS = [day for day in Weekday if day.value < 5]


@require_http_methods(["GET", "HEAD", "POST"])
@allow(works_at_desk)
def duties(request: HttpRequest) -> HttpResponse:
    """Who holds which post this morning, and in the usual week; saved as a whole."""
    user, params = user_of(request), request.POST if request.method == "POST" else request.GET
    team = _team(user, params.get("team", ""))
    people = at_the_desk([team.pk])
    if request.method == "POST":
        _save(request, team, people)
        return redirect(f"{request.path}?team={team.uuid}")
    today = timezone.localdate()
    split = split_of(user, team, today)
    usual: dict[tuple[int, int], str] = {
        (row.user_id, row.weekday): row.post for row in DutyPattern.objects.filter(team=team)
    }
    context = {
        "team": team,
        "teams": _desks(user),
        "today": today,
        "by_hand": split.by_hand,
        "posts": [
            {
                "post": post,
                "held": {each.user for each in split.split.posts[post]},
                "empty": post in split.split.unassigned,
            }
            for post in Post
        ],
        "people": people,
        "days": DAYS,
        "week": [
            {"person": each, "cells": [{"day": day, "post": usual.get((each.pk, day.value), "")} for day in DAYS]}
            for each in people
        ],
        "choices": Post.choices,
    }
    return render(request, "coordination/duties.html", context)


def _save(request: HttpRequest, team: Team, people: list[User]) -> None:
    """The day or the week, as the button says; a refusal is told and changes nothing."""
    params, user = request.POST, user_of(request)
    known = {str(each.uuid): each for each in people}
    try:
        if params.get("what") == "day":
            posts = {post: [known[key] for key in params.getlist(post) if key in known] for post in Post.values}
            services.set_day(team=team, day=timezone.localdate(), posts=posts, author=user)
            messages.success(request, "Répartition de ce matin enregistrée.")
        else:
            week: dict[tuple[int, str], list[User]] = defaultdict(list)
            for key, person in known.items():
                for day in DAYS:
                    if post := params.get(f"{key}-{day.value}", ""):
                        week[day.value, post].append(person)
            services.set_usual_week(team=team, week=week, author=user)
            messages.success(request, "Semaine habituelle enregistrée.")
    except DomainError as error:
        messages.error(request, error.message)


@require_POST
@allow(works_at_desk)
def take(request: HttpRequest) -> HttpResponse:
    """Takes a post for today, or leaves it."""
    user, params = user_of(request), request.POST
    team = _team(user, params.get("team", ""))
    act = services.leave_post if params.get("do") == "leave" else services.take_post
    try:
        act(team=team, day=timezone.localdate(), post=params.get("post", ""), user=user)
    except DomainError as error:
        messages.error(request, error.message)
    return redirect(back_url(request, "coordination:worklist"))


def _desks(user: User) -> list[Team]:
    return list({each.team_id: each.team for each in user.current_memberships if each.role in DESK}.values())


def _team(user: User, wanted: str) -> Team:
    """The desk asked for, by public id; the first one when none is."""
    desks = _desks(user)
    if not wanted:
        return desks[0]
    try:
        return next(each for each in desks if each.uuid == UUID(wanted))
    except (StopIteration, ValueError) as error:
        raise Http404 from error
