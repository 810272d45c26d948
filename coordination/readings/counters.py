"""Every figure of the worklist and of its menu in one query; what is told beside them in another, if there is any."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.contrib.postgres.aggregates import JSONBAgg
from django.db import models
from django.db.models import Exists, OuterRef
from django.db.models.functions import JSONObject
from django.utils import timezone

from coordination.counters import neighbours
from coordination.models import LabAgreement, Notice, SampleShare, SlotSeries, Task
from coordination.querysets import NoticeQuerySet, SlotSeriesQuerySet, TaskQuerySet
from coordination.querysets import worklist as reads
from coordination.querysets.worklist import Scope
from coordination.readings import covers_told, duties
from coordination.readings.duties import DeskSplit
from directory import badges
from directory.context import entries_of
from directory.counting import Figure, count_of, count_up_to, read, summed
from directory.models import Role, Team, User
from pathways.querysets import PathwayQuerySet


@dataclass(frozen=True)
class Figures:
    """`filters` by the filter's name; `neighbours` and `badges` by the URL name of their page; `targets` are the target
    pathways one may filter by, read along: (key, name); `covers` the absences to speak of;
    `duties` the morning split of the desks that use one."""

    filters: dict[str, int]
    neighbours: dict[str, int]
    badges: dict[str, int]
    targets: list[tuple[str, str]]
    covers: dict[str, list[dict[str, Any]]]
    duties: list[DeskSplit]


def figures_of(user: User, scope: Scope, now: datetime, today: date) -> Figures:
    """The counters of ``scope``, the figures of the neighbouring pages, and the badges of the menu."""
    counters = reads.counters_of(reads.at_desk(user, scope), now, today)
    beside = {each.url_name: count_of(each.counted(user, now)) for each in neighbours().values()}
    menu = badges.expressions(user, now, entries_of(user))
    # A page counted beside the list and in the menu by the same rows is counted once.
    apart = {name: figure for name, figure in beside.items() if name not in menu}
    targets = summed(reads.targets(user), JSONBAgg(JSONObject(key="key", name="name"), order_by=["name", "pk"]))
    used = {"covers_to_tell": count_up_to(covers_told.to_tell(user, today), 1), **duties.are_used(user, today)}
    found = read({"counters": counters, "targets": targets, **used, **menu, **apart})
    told, shared_out = _told(user, today, *(found[name] for name in used))
    return Figures(
        filters=found["counters"],
        neighbours={name: found[name] for name in beside},
        badges={name: found[name] for name in menu},
        targets=[(each["key"], each["name"]) for each in found["targets"] or []],
        covers=told,
        duties=shared_out,
    )


def _told(
    user: User, today: date, absences: int, usual: int, said: int
) -> tuple[dict[str, list[dict[str, Any]]], list[DeskSplit]]:
    """The absences and the morning split, read only where there are some: on most mornings there are none."""
    asked: dict[str, Figure] = {"covers": covers_told.told_to(user, today)} if absences else {}
    if usual or said:
        asked |= duties.expressions(user, today)
    found = read(asked)
    splits = duties.splits(user, found) if usual or said else []
    return covers_told.sorted_out(found.get("covers"), user, today), [each for each in splits if each.split.used]


def late_at_desk(user: User, at: datetime) -> PathwayQuerySet:
    """For the menu: the rows behind the counter « En retard » of everyone at the desk."""
    return reads.chosen(reads.at_desk(user, Scope()), reads.LATE, at, timezone.localdate(at))


def due_today(user: User, at: datetime) -> TaskQuerySet:
    """For the menu: the rows of « Mes tâches » that are due."""
    return Task.objects.asked_of_teams(user).of_owner(user).due(timezone.localdate(at))


def notices_to_read(user: User, at: datetime) -> NoticeQuerySet:
    """Beside the list: the letters to GPs that wait for someone of the desks ``user`` runs."""
    return Notice.objects.proposed().filter(pathway__team__in=user.teams_as(*reads.DESK))


def laboratories_of(user: User, at: datetime) -> models.QuerySet[Team]:
    """For the menu: the user's platforms that are a laboratory for some exam, or were asked one some day."""
    mine = Team.objects.filter(pk__in=user.teams_as(Role.PLATFORM))
    agreed = LabAgreement.objects.filter(laboratory=OuterRef("pk"), is_active=True)
    return mine.filter(Exists(agreed) | Exists(SampleShare.objects.filter(laboratory=OuterRef("pk"))))


def series_to_look_at(user: User, at: datetime) -> SlotSeriesQuerySet:
    """Beside the list and in the menu: the series with a week that could not be made, of those the user manages or
    relies on, and those with a proposal that the user has to answer."""
    return SlotSeries.objects.to_look_at(user, at)
