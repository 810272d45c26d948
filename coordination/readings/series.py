"""What the pages of the series show."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Q

from coordination.models import (
    Booking,
    DisturbedSlot,
    ReleaseUnit,
    Resource,
    SeriesProposal,
    SlotException,
    SlotSeries,
    UnmadeWeek,
    Weekday,
)
from coordination.perms import may_declare_away
from coordination.readings.lent import of_elsewhere
from coordination.rules.series import Outcome, Verdict
from coordination.services.series import SeriesValues
from coordination.services.series_drafts import Call, Change, News, exceptions_of
from directory.models import Establishment, Role, Team, TeamKind, User
from directory.typography import NBSP, hour

TOLD = timedelta(days=30)
"""How long an answer stays on the list of series."""


def managed_platforms(user: User) -> list[Team]:
    """The platforms whose series the user changes: as head, or as administrator of the establishment."""
    theirs = Q(pk__in=user.headed_teams) | Q(establishment__in=user.establishments_as(Role.ADMINISTRATOR))
    rows = Team.objects.filter(theirs, kind=TeamKind.PLATFORM).select_related("establishment")
    return list(rows.order_by("establishment__name", "name", "pk"))


@dataclass(frozen=True)
class PlatformSeries:
    """The series of one platform."""

    platform: Team
    series: list[SlotSeries]
    managed: bool


def series_by_platform(user: User, now: datetime) -> list[PlatformSeries]:
    """The running series the user reads or changes, platform by platform; those managed show even without series."""
    managed = {team.pk: team for team in managed_platforms(user)}
    seen = SlotSeries.objects.visible_to(user).values("pk")
    rows = SlotSeries.objects.running(now.date()).filter(Q(pk__in=seen) | Q(platform__in=managed))
    found: dict[int, list[SlotSeries]] = {pk: [] for pk in managed}
    teams = dict(managed)
    for each in rows.with_list_data().order_by("weekday", "starts_at", "pk"):
        teams.setdefault(each.platform_id, each.platform)
        found.setdefault(each.platform_id, []).append(each)
    return [PlatformSeries(teams[pk], series, pk in managed) for pk, series in found.items()]


def exceptions_in_force(platforms: Iterable[Team], now: datetime) -> list[SlotException]:
    """Those of these platforms, their machines, series and practitioners that are not over."""
    keys = [each.pk for each in platforms]
    theirs = SlotSeries.objects.filter(platform__in=keys)
    about = (
        Q(platform__in=keys)
        | Q(series__platform__in=keys)
        | Q(resource__team__in=keys)
        | Q(professional__in=theirs.values("practitioners"))
    )
    rows = SlotException.objects.filter(about, taken_back_at__isnull=True, last_on__gte=now.date())
    return list(rows.select_related("series__exam_type", "resource", "professional", "platform"))


def exceptions_of_series(series: SlotSeries, now: datetime) -> list[SlotException]:
    """Those that touch it and are not over, first day first."""
    rows = exceptions_of(series, series.practitioners.all())
    return sorted((each for each in rows if each.last_on >= now.date()), key=lambda each: (each.first_on, each.pk))


def waiting_for_decision(platforms: Iterable[Team], now: datetime) -> list[DisturbedSlot]:
    """Slots to come with patients that their series no longer gives."""
    rows = DisturbedSlot.objects.filter(
        slot__platform__in=[each.pk for each in platforms],
        slot__starts_at__gt=now,
        slot__booked__gt=0,
        settled_at__isnull=True,
    )
    return list(rows.select_related("slot__exam_type", "slot__platform__establishment").order_by("slot__starts_at"))


def unmade_for(user: User, now: datetime) -> list[UnmadeWeek]:
    """Weeks without their slot, of the series the user manages or relies on, soonest first."""
    rows = UnmadeWeek.objects.waiting(now).filter(series__in=SlotSeries.objects.readable_by(user).values("pk"))
    return list(rows.with_list_data().order_by("starts_at", "pk"))


def proposals_for(user: User, now: datetime) -> tuple[list[SeriesProposal], list[SeriesProposal]]:
    """Those the user has to answer, oldest first; and their own, open or answered since `TOLD`."""
    rows = SeriesProposal.objects.with_list_data()
    to_answer = rows.managed_by(user).waiting().order_by("proposed_at", "pk")
    mine = rows.filter(proposed_by=user).filter(Q(state="open") | Q(answered_at__gt=now - TOLD))
    return list(to_answer), list(mine.order_by("-proposed_at", "-pk"))


def exception_choices(user: User, now: datetime) -> dict[str, tuple[str, str, Any]]:
    """What an exception may be about: key to (group, label, object)."""
    platforms = managed_platforms(user)
    series = SlotSeries.objects.running(now.date()).filter(platform__in=platforms).with_list_data()
    found: dict[str, tuple[str, str, Any]] = {}
    for machine in Resource.objects.filter(team__in=platforms, is_active=True).select_related("team"):
        found[f"resource:{machine.uuid}"] = ("Appareil ou salle", f"{machine}, {machine.team}", machine)
    people = {person.pk: person for row in series for person in row.practitioners.all()}
    for person in people.values():
        if may_declare_away(user, person):
            found[f"professional:{person.uuid}"] = ("Praticien", str(person), person)
    for team in platforms:
        found[f"platform:{team.uuid}"] = ("Plateau entier", str(team), team)
    for row in series:
        found[f"series:{row.uuid}"] = ("Une seule série", f"{row}, {row.platform}", row)
    return found


def exception_choices_of(series: SlotSeries) -> dict[str, tuple[str, str, Any]]:
    """The same for whoever asks about one series: itself, what it needs, its platform."""
    found: dict[str, tuple[str, str, Any]] = {
        f"series:{series.uuid}": ("Cette série", f"{series}, {series.platform}", series)
    }
    if series.resource:
        found[f"resource:{series.resource.uuid}"] = ("Appareil ou salle", str(series.resource), series.resource)
    borrowed = set(of_elsewhere(series.practitioners.all(), series.platform.establishment))
    for person in series.practitioners.all():
        if person not in borrowed:  # their absence is said where they work
            found[f"professional:{person.uuid}"] = ("Praticien", str(person), person)
    found[f"platform:{series.platform.uuid}"] = ("Plateau entier", str(series.platform), series.platform)
    return found


def described(values: SeriesValues, place: Establishment | None = None) -> dict[str, str]:
    """Label to text, as a person reads a series; with ``place``, those who come from elsewhere say from where."""
    people = [
        f"{each}, {each.establishment}" if place and each.establishment not in (None, place) else str(each)
        for each in values.practitioners
    ]
    return {
        "Jour": Weekday(values.weekday).label,
        "Heure": hour(values.starts_at),
        "Durée": f"{values.duration_minutes}{NBSP}minutes",
        "Places": str(values.capacity),
        "Rendu au plateau": f"{values.release_notice_hours} {ReleaseUnit(values.release_unit).label} avant",
        "Appareil ou salle": str(values.resource or "sans"),
        "Lieu annoncé": values.room or "–",
        "Praticiens": " ; ".join(sorted(people)) or "aucun",
        "Parcours servis": ", ".join(sorted(each.name for each in values.targets)),
        "Dernier jour": f"{values.valid_until:%d/%m/%Y}" if values.valid_until else "sans fin prévue",
    }


def differences(before: SeriesValues, after: SeriesValues) -> list[tuple[str, str, str]]:
    """What differs: label, before, after."""
    old, new = described(before), described(after)
    return [(label, old[label], new[label]) for label in old if old[label] != new[label]]


@dataclass(frozen=True)
class Preview:
    """A change in words. ``hidden``: patients to call whom the user does not read, by reference of their pathway;
    ``abroad``: how many there are of other establishments, of whom nothing is told. ``news``: those whose appointment
    stands in another room or with others, and ``hidden_news`` those not read. ``followed``: slots with patients that
    follow at their hour. ``elsewhere``: platforms of other establishments, told of it by a message."""

    cancelled: list[tuple[Any, Outcome]]
    moved: list[tuple[Any, Outcome]]
    changed: list[tuple[Any, Outcome]]
    made: list[tuple[Any, Outcome]]
    reopened: list[tuple[Any, Outcome]]
    calls: list[Call]
    hidden: list[Call]
    conflicts: list[str]
    digest: str
    elsewhere: list[Team]
    news: list[News] = field(default_factory=list)
    hidden_news: list[News] = field(default_factory=list)
    followed: list[tuple[Any, Outcome]] = field(default_factory=list)
    abroad: int = 0

    @property
    def count(self) -> int:
        """How many patients to call."""
        return len({each.booking.patient_id for each in [*self.calls, *self.hidden]}) + self.abroad

    @property
    def count_news(self) -> int:
        """How many patients to tell."""
        return len({each.booking.patient_id for each in [*self.news, *self.hidden_news]})

    @property
    def nothing(self) -> bool:
        told = (self.calls, self.hidden, self.news, self.hidden_news, self.abroad)
        return not any((self.cancelled, self.moved, self.changed, self.made, self.reopened, self.followed, *told))

    @property
    def patients(self) -> list[UUID]:
        shown = [each.booking for each in self.calls] + [each.booking for each in self.news]
        return [each.patient.uuid for each in shown]


def _elsewhere(change: Change, user: User) -> list[Team]:
    """The platforms of other establishments that an absence touches besides the user's own."""
    touched = {draft.series.platform_id: draft.series.platform for draft in change.drafts if draft.acts}
    own = set(user.establishment_ids)
    away = [each for each in touched.values() if each.establishment_id not in own]
    return away if len(away) < len(touched) else []


def preview_of(change: Change, user: User) -> Preview:
    calls, news = change.calls(), change.news()
    touched = {each.booking.pk for each in calls} | {each.booking.pk for each in news}
    visible = Booking.objects.visible_to(user).filter(pk__in=touched)
    read = set(visible.values_list("pk", flat=True))
    own = set(user.establishment_ids)
    hidden = [each for each in calls if each.booking.pk not in read]
    abroad = [each for each in hidden if each.booking.slot.platform.establishment_id not in own]
    return Preview(
        cancelled=change.lines(Verdict.CANCEL),
        moved=change.lines(Verdict.MOVE),
        changed=change.lines(Verdict.CHANGE),
        made=change.lines(Verdict.MAKE),
        reopened=change.lines(Verdict.REOPEN),
        calls=[each for each in calls if each.booking.pk in read],
        hidden=[each for each in hidden if each not in abroad],
        conflicts=change.conflicts(),
        digest=change.digest,
        elsewhere=_elsewhere(change, user),
        news=[each for each in news if each.booking.pk in read],
        hidden_news=[each for each in news if each.booking.pk not in read],
        followed=change.lines(Verdict.FOLLOW),
        abroad=len({each.booking.patient_id for each in abroad}),
    )
