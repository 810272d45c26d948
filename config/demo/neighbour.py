"""The other hospital: a few patients of its own, which nobody of Valombre may see."""

from __future__ import annotations

from datetime import timedelta

from config.demo import names
from config.demo.clinic import PROFILES
from config.demo.engine import Act
from config.demo.life import Life
from config.demo.world import FAST
from pathways import services as pathways
from pathways.rules.milestones import MilestoneKind as Kind


def plan(life: Life, count: int) -> None:
    """Spreads ``count`` patients of the neighbour over the last weeks."""
    agenda = life.agenda
    for number in range(count):
        back = 3 + 40 * number // max(count, 1)
        day = agenda.worked_day(agenda.today - timedelta(days=back))
        if day < agenda.today:
            agenda.at(agenda.on(day, 10.2), _arrival(life, 900 + number), life.user("stranger"))


def _arrival(life: Life, number: int) -> Act:
    def act() -> None:
        rng = life.agenda.rng(f"neighbour:{number}")
        user, place = life.user("stranger"), life.world.places["neighbour"]
        person = names.draw_person(rng, number, today=life.agenda.today)
        patient = pathways.create_patient(
            establishment=place, birth_name=person.birth_name, first_name=person.first_name,
            birth_date=person.birth_date, sex=person.sex, phone=person.phone, city="Belmarais",
        )  # fmt: skip
        pathway = pathways.open_pathway(
            patient=patient, target=life.world.targets[f"neighbour:{FAST}"], opened_at=life.now, owner=user,
            suspicion=rng.choice(PROFILES).reason, author=user,
        )  # fmt: skip
        for kind in (Kind.REFERRAL_RECEIVED, Kind.REFERRAL_COMPLETE, Kind.APPOINTMENT_OFFERED):
            pathways.record_milestone(pathway=pathway, kind=kind, occurred_at=life.now, author=user, site=place)

        def seen() -> None:
            pathways.record_milestone(
                pathway=pathway, kind=Kind.FIRST_CARE, occurred_at=life.now, author=user, site=place
            )

        day = life.agenda.worked_day(life.now.date() + timedelta(days=rng.randint(4, 7)))
        life.agenda.at(life.agenda.on(day, 9.5), seen, user)

    return act
