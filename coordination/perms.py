"""Who may do what at the desk and in the slots. Reading is `visible_to`; these answer for one object or one user."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from coordination.models import (
    Booking,
    Convention,
    FeedDeparture,
    SampleShare,
    Slot,
    SlotPractitioner,
    SlotSeries,
    Task,
)
from directory.models import Membership, Professional, Role, Team, TeamKind, User
from directory.perms import has_role, works_at_desk
from pathways.models import Pathway
from pathways.perms import may_coordinate, may_write

__all__ = [
    "follows_reviews",
    "is_oneself",
    "manages_series",
    "may_answer_lab",
    "may_ask_lab",
    "may_book",
    "may_confirm",
    "may_contact",
    "may_cover",
    "may_declare_away",
    "may_feed",
    "may_handle",
    "may_mark",
    "may_notify",
    "may_see_platform",
    "proposes_series",
    "reads_lab",
    "reads_series",
    "reads_slot_figures",
    "reads_slots",
    "reads_tasks",
    "relies_on_slots",
    "runs_platform",
    "sees_covers",
    "works_at_desk",
]

HEARD_FOR = timedelta(days=28)
"""How long the agenda of a practitioner expected no more is still told so."""

reads_tasks = has_role(Role.COORDINATOR, Role.SECRETARY, Role.PHYSICIAN)
follows_reviews = has_role(Role.COORDINATOR, Role.SECRETARY, Role.PHYSICIAN)
reads_slots = has_role(Role.COORDINATOR, Role.SECRETARY, Role.PHYSICIAN, Role.PLATFORM)
reads_slot_figures = has_role(Role.COORDINATOR, Role.SECRETARY, Role.PHYSICIAN, Role.PLATFORM, Role.QUALITY)
relies_on_slots = has_role(Role.COORDINATOR, Role.SECRETARY, Role.PHYSICIAN)
runs_platform = has_role(Role.PLATFORM)
reads_lab = has_role(Role.COORDINATOR, Role.SECRETARY, Role.PHYSICIAN, Role.PLATFORM)


def manages_series(user: User) -> bool:
    """Changes series, exceptions, machines: whoever heads a platform, and the administrators."""
    return bool(user.headed_teams) or Role.ADMINISTRATOR in user.roles


def proposes_series(user: User) -> bool:
    """Asks a platform to change its series: the desks that rely on them (SLT-11)."""
    return works_at_desk(user)


def reads_series(user: User) -> bool:
    """The desks and platforms, and whoever manages series."""
    return reads_slots(user) or manages_series(user)


def may_contact(user: User, pathway: Pathway) -> bool:
    """Log a call, add a task: the pathway's own team."""
    return may_write(user, pathway)


def may_book(user: User, pathway: Pathway) -> bool:
    """Book or cancel an appointment: those who run the pathway's desk."""
    return may_coordinate(user, pathway)


def may_ask_lab(user: User, pathway: Pathway) -> bool:
    """Ask the laboratory for an analysis, say that the sample has left, take a request back: the pathway's team."""
    return may_write(user, pathway)


def may_answer_lab(user: User, share: SampleShare) -> bool:
    """Answer for a laboratory: its own people."""
    return share.laboratory_id in user.teams_as(Role.PLATFORM)


def may_notify(user: User, pathway: Pathway) -> bool:
    """Send the GP what waited for an address."""
    return may_coordinate(user, pathway)


def may_handle(user: User, task: Task) -> bool:
    """Claim, complete or cancel a task: the people of its team."""
    return task.team_id in {membership.team_id for membership in user.current_memberships}


def may_cover(user: User, absent: User) -> bool:
    """Hand over someone's patients: the person, the head of a team they work in, an administrator of the place."""
    if user.pk == absent.pk:
        return works_at_desk(user)
    teams = {each.team_id for each in absent.current_memberships}
    if teams & set(user.headed_teams):
        return True
    return bool(set(absent.establishment_ids) & set(user.establishments_as(Role.ADMINISTRATOR)))


def may_confirm(user: User, convention: Convention) -> bool:
    """Say for the partner that a convention is right: whoever manages its series."""
    return convention.partner_id in _managed_places(user)


def may_declare_away(user: User, person: Professional) -> bool:
    """Say that somebody is away, which takes the slots of every site where they are expected (NET-10): themselves, who
    manages series where they work, or anyone who does when the directory knows them nowhere."""
    if is_oneself(user, person):
        return True
    works = set(
        Membership.objects.current().filter(user__professional=person).values_list("team__establishment", flat=True)
    )
    works |= {person.establishment_id} if person.establishment_id else set()
    return not works or bool(works & _managed_places(user))


def _managed_places(user: User) -> set[int]:
    headed = Team.objects.filter(pk__in=user.headed_teams, kind=TeamKind.PLATFORM)
    return {*headed.values_list("establishment", flat=True), *user.establishments_as(Role.ADMINISTRATOR)}


def sees_covers(user: User) -> bool:
    """The desk, whoever heads a team, and the administrators."""
    return works_at_desk(user) or bool(user.headed_teams) or Role.ADMINISTRATOR in user.roles


def may_mark(user: User, booking: Booking) -> bool:
    """Say that an appointment took place or not: its platform, or the pathway's desk."""
    return may_see_platform(user, booking.slot) or may_coordinate(user, booking.pathway)


def may_see_platform(user: User, slot: Slot) -> bool:
    """True for the people of the slot's platform."""
    return slot.platform_id in user.teams_as(Role.PLATFORM)


def may_feed(user: User, shown: Team | SlotSeries | Professional) -> bool:
    """Put slots in an agenda: a platform its own, anyone a series they see, a practitioner their own hours; the desk,
    those of the practitioners expected in the series it books (S12), or who were until four weeks ago: their agenda
    has to hear that they are not any more."""
    if not user.is_active:
        return False
    if isinstance(shown, Team):
        return shown.pk in user.teams_as(Role.PLATFORM)
    if isinstance(shown, SlotSeries):
        return SlotSeries.objects.visible_to(user).filter(pk=shown.pk).exists()
    if not user.roles:
        return False
    return is_oneself(user, shown) or (works_at_desk(user) and _was_expected(user, shown))


def is_oneself(user: User, shown: Professional) -> bool:
    """Their own hours are theirs wherever they are expected; of others, each sees the slots they read."""
    return user.professional is not None and user.professional.pk == shown.pk


def _was_expected(user: User, shown: Professional) -> bool:
    seen = Slot.objects.visible_to(user).values("pk")
    if SlotPractitioner.objects.filter(professional=shown, slot__in=seen).exists():
        return True
    heard = FeedDeparture.objects.filter(professional=shown, at__gt=timezone.now() - HEARD_FOR)
    return heard.filter(slot__in=seen).exists()
