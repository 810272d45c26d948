"""The other hospital: a few patients of its own, which nobody of Valombre may see."""

from __future__ import annotations

from datetime import timedelta

from config.demo import names
from config.demo.clinic import PROFILES
from config.demo.engine import Act
from config.demo.life import Life
from config.demo.world import FAST
from pathways import services as pathways
from pathways.models import ClosingReason, Pathway
from pathways.rules.milestones import MilestoneKind as Kind


def plan(life: Life, count: int) -> None:
    """Spreads ``count`` patients of the neighbour over the last weeks."""
    agenda = life.agenda
    for number in range(count):
        back = 3 + 40 * number // max(count, 1)
        day = agenda.worked_day(agenda.today - timedelta(days=back))
        if day < agenda.today:
            agenda.at(agenda.on(day, 10.2), _arrival(life, 900 + number), life.user("stranger"))


# What its coordination records for each patient, and how many days after the fact before.
_COURSE = (
    (Kind.EXAM_DONE, "scanner", (2, 3)), (Kind.EXAM_DONE, "irm", (1, 2)), (Kind.FIRST_CARE, "", (0, 1)),
    (Kind.GP_INFORMED, "", (0, 1)), (Kind.EXAM_DONE, "echo_endoscopie", (1, 3)), (Kind.NO_CANCER, "", (4, 6)),
)  # fmt: skip


def _notes(life: Life, pathway: Pathway, kind: Kind, detail: str) -> Act:
    def act() -> None:
        pathways.record_milestone(
            pathway=pathway, kind=kind, detail=detail, occurred_at=life.now, author=life.user("stranger"),
            site=life.world.places["neighbour"],
        )  # fmt: skip
        if kind is Kind.NO_CANCER:
            pathways.close_pathway(pathway=pathway, reason=ClosingReason.NO_CANCER, author=life.user("stranger"))

    return act


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

        day = life.now.date()
        for kind, detail, days in _COURSE:
            day = life.agenda.worked_day(day + timedelta(days=rng.randint(*days)))
            life.agenda.at(life.agenda.on(day, 9.5 + rng.random() * 6), _notes(life, pathway, kind, detail), user)

    return act
