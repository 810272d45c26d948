"""What was agreed in writing: the policies of the platforms, a convention with the neighbour, a closing to come."""

from __future__ import annotations

from datetime import date, time, timedelta

from config.demo.clinic import EUS, PERCUTANEOUS
from config.demo.places import CT, MEETING, MRI, PET
from config.demo.world import FAST, INSTADIAG, World
from coordination import services as coordination
from coordination.models import ConventionKind, ExamType, ExceptionKind, PolicyMode

PLATFORMS = {
    MEETING: "day_hospital", CT: "imaging", MRI: "imaging", EUS: "endoscopy", PERCUTANEOUS: "imaging",
}  # fmt: skip


def write_commitments(world: World, since: date, today: date) -> None:
    """The words of Instadiag as policies, PET with the neighbour by convention, endoscopy closed for a day of works."""
    coordination.seed_policies(
        target=world.targets[INSTADIAG],
        platforms={exam: world.teams[key] for exam, key in PLATFORMS.items()},
        valid_from=since,
        user=world.users["administrator"],
    )
    nuclear = world.teams["nuclear"]
    pet = ExamType.objects.get(code=PET)
    last_on = today + timedelta(days=75)
    convention = coordination.create_convention(
        reference="CONV-TEP-01", kind=ConventionKind.CONVENTION, holder=world.hospital,
        partner=world.places["neighbour"], exam_types=[pet], valid_from=since, valid_until=last_on,
        contact="Secrétariat de médecine nucléaire", note="Deux places par semaine, compte rendu sous 48 heures.",
    )  # fmt: skip
    for target in (INSTADIAG, FAST):
        coordination.decide_policy(
            exam_type=pet, target=world.targets[target], platform=nuclear, mode=PolicyMode.PARTNER,
            convention=convention, per_week=2, valid_from=since, decided_on=since, decided_by="Comité de pilotage",
            user=world.users["administrator"],
        )  # fmt: skip
    for weekday, hour in ((1, time(11)), (3, time(14, 30))):
        coordination.create_series(
            exam_type=pet, platform=nuclear, targets=[world.targets[INSTADIAG], world.targets[FAST]], weekday=weekday,
            starts_at=hour, valid_from=since, valid_until=last_on, duration_minutes=60, room="TEP 1",
            user=world.users["nuclear"],
        )  # fmt: skip
    works = today + timedelta(days=36 - today.weekday())
    closing = coordination.exception_of(
        platform=world.teams["endoscopy"], kind=ExceptionKind.CLOSED, first_on=works, last_on=works,
        reason="Travaux de ventilation",
    )  # fmt: skip
    coordination.make_exception(exception=closing, user=world.users["administrator"])
