"""Who may come and consult at an establishment: its own people, and those lent by another one (NET-10).

The directory knows two things about where a practitioner works: the establishment of their entry, and the teams of
their account. Somebody of another establishment comes when a convention between the two is in force (NET-04), which
their own establishment wrote or confirmed: nobody borrows by writing it alone.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from django.db.models import Exists, OuterRef, Q

from coordination.models import Convention
from directory.models import Establishment, Membership, Profession, Professional, Team
from directory.querysets import ProfessionalQuerySet

MOST = 12
FEW = 30


@dataclass(frozen=True)
class Found:
    """Practitioners found: those who may be chosen, and those of an establishment without convention in force."""

    words: str
    may: list[Professional]
    may_not: list[Professional]

    @property
    def empty(self) -> bool:
        return not (self.may or self.may_not)


def listed_people(platform: Team) -> ProfessionalQuerySet:
    """Those to tick at once: the physicians of the site when they are few, else those a series of the platform knows
    already; the others are searched for."""
    own = own_people(platform.establishment)
    if own.count() <= FEW:
        return own
    return Professional.objects.filter(slot_series__platform=platform).distinct()


def own_people(place: Establishment) -> ProfessionalQuerySet:
    """The physicians of the establishment's entry or of one of its teams today."""
    return Professional.objects.filter(_works_in({place.pk}), profession=Profession.PHYSICIAN)


def _works_in(places: Collection[int]) -> Q:
    member = Membership.objects.current().filter(user__professional=OuterRef("pk"), team__establishment__in=places)
    return Q(establishment__in=places) | Q(Exists(member))


def of_elsewhere(people: Iterable[Professional], place: Establishment) -> ProfessionalQuerySet:
    """Those of ``people`` whom the directory knows at other establishments only. Not somebody whom it knows nowhere."""
    member = Membership.objects.current().filter(user__professional=OuterRef("pk"))
    known = Professional.objects.filter(pk__in=[each.pk for each in people]).filter(
        Q(establishment__isnull=False) | Q(Exists(member))
    )
    return known.exclude(_works_in({place.pk}))


def lenders_to(place: Establishment, day: date) -> set[int]:
    """Keys of the establishments that lend their people to this one: by a convention in force that they wrote, or that
    this one wrote and they have confirmed."""
    running = Convention.objects.running(day)
    wrote = running.filter(partner=place).values_list("holder", flat=True)
    confirmed = running.filter(holder=place, confirmed_at__isnull=False).values_list("partner", flat=True)
    return {*wrote, *confirmed} - {place.pk}


def without_convention(people: Sequence[Professional], place: Establishment, day: date) -> list[Professional]:
    """Those the directory knows at another establishment only, which lends nobody here. Somebody whom it knows
    nowhere (a physician of the town) is left to who fills in the form."""
    if not people:
        return []
    strangers = of_elsewhere(people, place).exclude(_works_in(lenders_to(place, day)))
    return list(strangers.select_related("establishment").order_by("last_name", "first_name", "pk"))


def find_physicians(place: Establishment, words: str, day: date) -> Found:
    """Physicians of the establishment and of others, by name or RPPS, at most `MOST`."""
    words = words.strip()
    if not words:
        return Found("", [], [])
    rows = Professional.objects.search(words).filter(profession=Profession.PHYSICIAN)
    found = list(rows.select_related("establishment").order_by("last_name", "first_name", "pk")[:MOST])
    refused = {each.pk for each in without_convention(found, place, day)}
    return Found(words, [each for each in found if each.pk not in refused], [e for e in found if e.pk in refused])
