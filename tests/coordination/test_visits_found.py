"""Several exams as one visit: which ways the page finds, and what it says of those it did not look for."""

from __future__ import annotations

import re
from datetime import time

import pytest
from django.test import Client
from django.utils import timezone
from django.utils.html import strip_tags

from coordination.readings.bundles import BundleOffer, bundles_of
from coordination.readings.coming import coming_of
from coordination.readings.offer import Offer, needs_of, offer_of
from directory.models import Team
from pathways.models import Pathway
from pathways.services import calendar_of
from tests.coordination.factories import Desk, exam
from tests.coordination.pages import text, url
from tests.factories import EstablishmentFactory, TeamFactory

pytestmark = pytest.mark.django_db


def bundles(desk: Desk, pathway: Pathway) -> list[BundleOffer]:
    now = timezone.now()
    coming = coming_of(pathway, now)
    return bundles_of(pathway, needs_of(pathway, coming), coming, calendar_of(desk.team.establishment), now)


def hours(offer: BundleOffer) -> list[str]:
    """Of the first way, on the desk's clock."""
    return [f"{timezone.localtime(line.slot.starts_at):%H:%M}" for line in offer.ways[0].lines]


def test_the_first_places_of_a_day_do_not_hide_its_afternoon(desk: Desk) -> None:
    """Three MRIs during the only CT, one after it."""
    pathway = desk.pathway()
    for at in (time(9), time(9, 10), time(9, 20), time(14)):
        desk.slot(exam_type=exam("irm"), starts_at=at, duration_minutes=10)
    desk.slot(starts_at=time(9), duration_minutes=45)
    (offer,) = bundles(desk, pathway)
    assert (hours(offer), offer.whole) == (["09:00", "14:00"], True)


def test_a_day_crowded_with_places_is_looked_at_from_end_to_end(desk: Desk) -> None:
    """And the page says that not every place was."""
    pathway = desk.pathway()
    for number in range(12):
        desk.slot(exam_type=exam("irm"), starts_at=time(9, 5 * number), duration_minutes=5)
    desk.slot(exam_type=exam("irm"), starts_at=time(17))
    desk.slot(starts_at=time(9), duration_minutes=60)
    (offer,) = bundles(desk, pathway)
    assert (hours(offer), offer.whole) == (["09:00", "17:00"], False)


def test_what_a_patient_cannot_come_to_hides_nothing(desk: Desk) -> None:
    pathway = desk.pathway()
    desk.booking(desk.slot(exam_type=exam("consultation"), starts_at=time(8), duration_minutes=180), pathway)
    for hour in (*range(8, 11), 14):
        for minute in (0, 15, 45):
            desk.slot(exam_type=exam("irm"), starts_at=time(hour, minute), duration_minutes=15)
    desk.slot(starts_at=time(14, 15), duration_minutes=30)
    (offer,) = bundles(desk, pathway)
    assert (hours(offer), offer.ways[0].trips, offer.whole) == (["14:00", "14:15"], 0, True)


@pytest.fixture
def clinic() -> Team:
    return TeamFactory(
        establishment=EstablishmentFactory(name="Clinique des Tilleuls"), kind="platform", name="IRM des Tilleuls"
    )


def words(nurse: Client, pathway: Pathway) -> str:
    """Those of the booking page for the CT."""
    return re.sub(r"\s+", " ", strip_tags(text(nurse.get(url("book", pathway), {"examen": "scanner"}))))


def test_nobody_is_sent_to_two_sites_within_the_hour(desk: Desk, clinic: Team) -> None:
    pathway = desk.pathway()
    desk.slot(starts_at=time(9), duration_minutes=30)
    for at in (time(9, 30), time(10, 15), time(14)):
        desk.slot(exam_type=exam("irm"), starts_at=at, platform=clinic)
    (offer,) = bundles(desk, pathway)
    assert hours(offer) == ["09:00", "14:00"]


def test_nor_after_what_they_have_already(desk: Desk, clinic: Team) -> None:
    pathway = desk.pathway()
    desk.booking(desk.slot(exam_type=exam("consultation"), starts_at=time(9), platform=clinic), pathway)
    desk.slot(starts_at=time(10))
    desk.slot(starts_at=time(11))
    desk.slot(exam_type=exam("irm"), starts_at=time(15))
    (offer,) = bundles(desk, pathway)
    assert hours(offer) == ["11:00", "15:00"]


def test_a_place_too_near_another_site_is_marked_and_proposed_last(nurse: Client, desk: Desk, clinic: Team) -> None:
    """It may be taken all the same: the desk may know that the two are next door."""
    pathway = desk.pathway()
    desk.booking(desk.slot(exam_type=exam("irm"), starts_at=time(9), platform=clinic), pathway)
    near, far = desk.slot(starts_at=time(10)), desk.slot(starts_at=time(14))
    offer = offered(desk, pathway)
    assert [(each.slot, each.hurried is not None) for each in offer.together] == [(near, True), (far, False)]
    assert offer.first is not None
    assert offer.first.slot == far
    page = words(nurse, pathway)
    assert page.count("À moins d’une heure de : IRM") == 1
    booking = desk.booking(near, pathway)
    assert "À moins d’une heure" not in text(nurse.get(url("booking-move", booking)))
    far.delete()
    desk.slot(starts_at=time(9, 45))
    assert "À moins d’une heure de" in text(nurse.get(url("booking-move", booking)))


def test_at_one_site_one_exam_may_follow_another_at_once(desk: Desk) -> None:
    pathway = desk.pathway()
    desk.booking(desk.slot(exam_type=exam("irm"), starts_at=time(9), duration_minutes=30), pathway)
    desk.slot(starts_at=time(9, 30))
    offer = offered(desk, pathway)
    assert [each.hurried for each in offer.together] == [None]


def test_when_no_way_is_found_the_page_says_whether_all_were_looked_at(nurse: Client, desk: Desk) -> None:
    pathway = desk.pathway()
    desk.slot(starts_at=time(8), duration_minutes=600)
    desk.slot(exam_type=exam("irm"), starts_at=time(9))
    assert "Le moins de venues possible" not in text(nurse.get(url("book", pathway)))
    for minute in range(12):
        desk.slot(exam_type=exam("irm"), starts_at=time(9, 5 * minute), duration_minutes=5)
    page = text(nurse.get(url("book", pathway)))
    assert "aucune façon trouvée ; d’autres possibilités n’ont pas été regardées" in page


def offered(desk: Desk, pathway: Pathway) -> Offer:
    """The free places of the CT of the plan."""
    now = timezone.now()
    coming = coming_of(pathway, now)
    need = next(each for each in needs_of(pathway, coming) if each.exam_type == exam())
    return offer_of(pathway, need, coming, calendar_of(desk.team.establishment), now)


def test_what_hinders_a_place_is_told_on_the_clock_of_where_it_is(nurse: Client, desk: Desk) -> None:
    """At 13:00 in La Réunion it is 10:00 in Paris in winter: one hour, whatever hinders."""
    island = TeamFactory(
        establishment=EstablishmentFactory(name="Clinique du Piton", time_zone="Indian/Reunion"), kind="platform"
    )
    pathway = desk.pathway()
    desk.booking(desk.slot(exam_type=exam("irm"), starts_at=time(13), platform=island), pathway)
    desk.slot(starts_at=time(10))
    desk.slot(starts_at=time(10, 30), duration_minutes=15)
    page = words(nurse, pathway)
    assert "Déjà attendu : IRM, 13 h, Clinique du Piton" in page
    assert "À moins d’une heure de : IRM, 13 h, Clinique du Piton" in page
