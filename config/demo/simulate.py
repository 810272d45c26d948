"""The small size: nine weeks of the hospital, lived day by day through the services."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, time
from uuid import NAMESPACE_URL, uuid5

from config.demo import beats, cast, ending, exams, front, laboratory, neighbour, relay
from config.demo.clinic import EUS, PERCUTANEOUS
from config.demo.commitments import write_commitments
from config.demo.engine import Agenda
from config.demo.life import Life
from config.demo.meeting import MEMBERS
from config.demo.places import CT, MEETING, MRI
from config.demo.world import FAST, INSTADIAG, World
from coordination import services as coordination
from coordination.models import ExamType
from rcp.models import RcpSeries

Say = Callable[[str], None]


@dataclass(frozen=True)
class Measure:
    """How much is lived: ``referrals`` ordinary requests over ``days``, ``waiting`` more to sort right now."""

    referrals: int = 30
    days: int = 63
    waiting: int = 5
    neighbours: int = 3


SMALL = Measure()

# Exam, platform, weekday, hour, minutes, places, room, and whether FAST may use them too (SLT-05: two weekly days).
_SERIES = (
    (MEETING, "day_hospital", (0, 2), time(9), 120, 2, "Hôpital de jour", False),
    (CT, "imaging", (0, 2), time(13, 30), 30, 1, "Scanner 1", False),
    (CT, "imaging", (0, 2), time(14), 30, 1, "Scanner 1", False),
    (MRI, "imaging", (0, 2), time(15), 45, 1, "IRM 2", False),
    (MRI, "imaging", (0, 2), time(15, 45), 45, 1, "IRM 2", False),
    (EUS, "endoscopy", (1, 3), time(8, 30), 60, 1, "Endoscopie 3", True),
    (EUS, "endoscopy", (1, 3), time(10, 30), 60, 1, "Endoscopie 3", True),
    (PERCUTANEOUS, "imaging", (1, 3), time(9), 90, 2, "Radiologie interventionnelle", True),
)  # fmt: skip


def simulate(agenda: Agenda, world: World, measure: Measure, say: Say) -> Life:
    """Lives the past; returns the life as it stands this morning."""
    with agenda.before_anything():
        open_series(world, agenda.first_day)
        share_agenda(world)
        write_commitments(world, agenda.first_day, agenda.today)
        series = open_meeting(world, agenda.first_day)
    life = Life(agenda, world, series, when_over=exams.over, when_ordinary=exams.ordinary)
    with agenda.before_anything():
        laboratory.open_laboratories(life)
    beats.plan_beats(life)
    _plan_stories(life, measure)
    neighbour.plan(life, measure.neighbours)
    laboratory.plan(life)
    ending.plan(life)
    relay.plan(life)
    agenda.run(_progress(life, say))
    return life


def open_series(world: World, since: date) -> None:
    """The protected slots of Instadiag; samples also serve FAST."""
    coordination.load_exam_types()
    types = {exam.code: exam for exam in ExamType.objects.all()}
    scanner = coordination.add_resource(platform=world.teams["imaging"], name="Scanner 1", kind="machine")
    together = [world.people[key] for key in ("surgeon", "oncologist", "radiologist")]
    for exam, platform, weekdays, hour, minutes, places, room, shared in _SERIES:
        targets = [world.targets[INSTADIAG], *([world.targets[FAST]] if shared else [])]
        for weekday in weekdays:
            coordination.create_series(
                exam_type=types[exam], platform=world.teams[platform], targets=targets, weekday=weekday, starts_at=hour,
                duration_minutes=minutes, capacity=places, room=room, valid_from=since,
                resource=scanner if exam == CT else None, practitioners=together if exam == MEETING else (),
            )  # fmt: skip


def share_agenda(world: World) -> None:
    """Endoscopy follows its slots in the diary of the room; the link itself was shown once, to nobody here."""
    coordination.make_feed(
        user=world.users["endoscopy"], shown=world.teams["endoscopy"], label="Agenda de la salle d’endoscopie",
        request_key=uuid5(NAMESPACE_URL, "agenda"),
    )  # fmt: skip


def open_meeting(world: World, since: date) -> RcpSeries:
    """The weekly meeting, on Friday after the second diagnosis day."""
    series = RcpSeries.objects.create(
        name="RCP hépato-bilio-pancréatique", team=world.team, weekday=4, starts_at=time(14), duration_minutes=120,
        place="Salle Prologue, 2e étage", valid_from=since, min_specialties=3,
        required_specialties=[["SM14"], ["SM36"], ["SM37", "SM45"]],
        framework="Référentiel régional hépato-gastro-entérologie",
    )  # fmt: skip
    series.targets.set([world.targets[INSTADIAG], world.targets[FAST]])
    series.members.set([world.people[key] for key in MEMBERS])
    return series


def _plan_stories(life: Life, measure: Measure) -> None:
    number = 0
    fates = cast.fates(life.agenda.rng("fates"), measure.referrals)
    for fate, sent_at in zip(fates, cast.arrivals(life, measure.referrals), strict=True):
        life.stories.append(cast.ordinary(life, number, fate, sent_at))
        number += 1
    for persona in cast.PERSONAS:
        if persona.days < measure.days:
            life.stories.append(cast.scripted(life, persona, number))
            number += 1
    life.stories += cast.waiting(life, measure.waiting, number)
    for story in life.stories:
        life.then(story, story.sent_at, front.send)


def _progress(life: Life, say: Say) -> Callable[[date], None]:
    def progress(day: date) -> None:
        if day.weekday() == 0:
            inside = sum(1 for story in life.stories if story.known_pathway and not story.over)
            say(f"  semaine du {day:%d/%m/%Y} : {inside} patients suivis")

    return progress
