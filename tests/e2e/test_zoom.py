"""Pages as they are at 200 % of zoom and on the narrowest screen that must do: nothing past the edge, nothing faint."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from coordination import services
from coordination.services.offers import offer_freed_places
from tests.coordination.factories import Desk
from tests.e2e.conftest import Arrival
from tests.e2e.people import Visitor

pytestmark = pytest.mark.django_db(transaction=True)

CUT = """() => [...document.querySelectorAll("main .j-table-wrap")]
  .filter((each) => each.scrollWidth > each.clientWidth + 1).map((each) => each.innerText)"""


def see(visitor: Visitor, path: str, width: int) -> None:
    visitor.page.set_viewport_size({"width": width, "height": 900})
    visitor.go(path)
    visitor.check()
    assert visitor.page.evaluate(CUT) == [], f"{path} at {width} px"


def test_no_button_is_past_the_edge_at_twice_the_size(visit: Arrival) -> None:
    desk = Desk()
    desk.past_booking(pathway=desk.pathway(birth_name="ESSAIROUSSEAU", days_ago=6), hours=1)
    freed = desk.booking(desk.slot(), desk.pathway())
    services.ask_to_wait(pathway=desk.pathway(), exam_type=freed.slot.exam_type, user=desk.coordinator)
    services.cancel_booking(booking=freed, user=desk.coordinator, code="patient_unavailable")
    assert offer_freed_places(now=timezone.now()) == 1
    bench, nurse = visit(desk.technician), visit(desk.coordinator)
    for width in (720, 820, 1120):
        see(bench, "/plateau/", width)
        see(nurse, "/attente/", width)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_boards_fold_on_the_narrowest_screen_and_a_full_day_is_read(visit: Arrival, scheme: str) -> None:
    desk = Desk()
    slot = desk.slot(in_days=3)
    desk.booking(slot)
    desk.booking(desk.slot_at(timezone.now() + timedelta(hours=60)))
    nurse = visit(desk.coordinator, scheme=scheme)
    day = timezone.localdate(slot.starts_at).isoformat()
    for width in (320, 390, 720, 1440):
        see(nurse, f"/creneaux/?semaine={day}", width)
        see(nurse, f"/creneaux/mois/?mois={day}", width)
