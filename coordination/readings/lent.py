"""Who may come and consult at an establishment: its own people, and those lent by another one (NET-10).

The directory knows two things about where a practitioner works: the establishment of their entry, and the teams of
their account. Somebody of another establishment comes when a convention between the two is in force (NET-04).
"""

from __future__ import annotations

from collections.abc import Sequence
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
    return Professional.objects.filter(_works_there(place), profession=Profession.PHYSICIAN)


def _works_there(place: Establishment) -> Q:
    member = Membership.objects.current().filter(user__professional=OuterRef("pk"), team__establishment=place)
    return Q(establishment=place) | Q(Exists(member))


def partners_of(place: Establishment, day: date) -> set[int]:
    """Keys of the establishments with a convention in force with this one, whoever holds it."""
    running = Convention.objects.running(day)
    found = running.filter(Q(holder=place) | Q(partner=place)).values_list("holder", "partner")
    return {key for pair in found for key in pair} - {place.pk}


def without_convention(people: Sequence[Professional], place: Establishment, day: date) -> list[Professional]:
    """Those the directory knows at another establishment only, with no convention in force. Somebody whom it knows
    nowhere (a physician of the town) is left to who fills in the form."""
    if not people:
        return []
    elsewhere = Professional.objects.filter(pk__in=[each.pk for each in people], establishment__isnull=False)
    strangers = elsewhere.exclude(_works_there(place)).exclude(establishment__in=partners_of(place, day))
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
