"""Who the stories are about: ten scripted ones, the ordinary ones, and those that wait for an answer right now."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

from config.demo import names
from config.demo.clinic import BY_KEY, Profile
from config.demo.life import Life
from config.demo.story import (
    ACCEPT,
    ANY,
    INCOMPLETE,
    REDIRECT,
    REFUSE,
    WAITING,
    Story,
    changed,
    draw_chances,
    draw_profile,
)
from config.demo.world import FAST, INSTADIAG
from pathways.rules import Duration, Unit, before


@dataclass(frozen=True)
class Persona:
    """A scripted story. ``days`` before today, the first worked day from then on, at ``hour``."""

    key: str
    profile: str
    fast: bool
    days: int
    hour: float
    age: int
    sex: str
    fixed: dict[str, Any] = field(default_factory=dict)


CALM: dict[str, Any] = {
    "fate": ACCEPT, "asks": False, "calls": 0, "missed": "", "cancelled": "", "noncontributive": False, "stall": "",
    "pause": "", "ends": "", "by_phone": False, "prepared": True, "identity": "QUAL", "letter": True,
}  # fmt: skip
PERSONAS = (
    # The first patient of all, for endoscopic ultrasound: the sizing of its slots needs eight whole weeks of requests.
    Persona("pionniere", "neuroendocrine", False, 62, 9.5, 57, "F", {"pps": "printed", "follow_days": 12}),
    # Jaundice and a mass of the head of the pancreas: diagnosed in a week, announced, care plan in hand.
    Persona("ictere", "head_resectable", False, 21, 9.2, 66, "F", {"pps": "printed", "screening": True}),
    # A nodule on cirrhosis, treated through the skin, handed over since; missed the first appointment, called, came.
    Persona("cirrhose", "hcc_early", False, 52, 11.0, 71, "M",
            {"pps": "printed", "follow_days": 12, "missed": ANY}),
    # A stricture of the bile ducts: the first sample could not be read, the second delays the meeting.
    Persona("cholangio", "perihilar", True, 24, 14.3, 58, "M",
            {"noncontributive": True, "calls": 1, "prepared": False}),
    # An alarming cyst that was nothing: the good news, within days.
    Persona("benin", "ipmn", False, 20, 10.4, 49, "F", {"calls": 0}),
    # Told that it is no cancer, and nobody closed the pathway: without a next step, the list says so.
    Persona("oublie", "ipmn", True, 33, 11.3, 54, "M", {"forgotten": True}),
    # A metastasis whose origin is elsewhere: handed over to the team of that organ.
    Persona("ailleurs", "liver_metastases", False, 40, 15.2, 63, "F",
            {"calls": 1, "cancelled": "consultation_pluridisciplinaire"}),
    # Chemotherapy through a peripheral vein: what the meeting had asked for is set aside, with the reason.
    Persona("perfusion", "metastatic", False, 37, 10.1, 60, "F",
            {"port": "deviated", "cancelled": "consultation_pluridisciplinaire", "who_status": 1, "pps": "paper"}),
    # Someone who stops answering: the list keeps him in sight.
    Persona("perdu", "borderline", True, 47, 16.1, 62, "M", {"ends": "lost", "follow_days": 0, "missed": ANY}),
    # Eighty-two years old: geriatric screening before the meeting.
    Persona("geriatrie", "distal", True, 16, 9.8, 82, "F", {"g8": 11.5, "who_status": 2, "pps": "pending"}),
)  # fmt: skip


def ordinary(life: Life, number: int, fate: str, sent_at: datetime, *, fast: bool | None = None) -> Story:
    """A story left to chance; ``fast`` chooses its pathway when given."""
    rng = life.agenda.rng(f"story:{number}")
    drawn = rng.random() < 0.46
    fast = drawn if fast is None else fast
    profile = draw_profile(rng, fast=fast)
    chances = draw_chances(rng, profile, fate, fast=fast)
    return _story(life, rng, f"story-{number}", number, profile, fast, sent_at, chances=chances)


def scripted(life: Life, persona: Persona, number: int) -> Story:
    """One of the ten."""
    rng = life.agenda.rng(f"persona:{persona.key}")
    agenda = life.agenda
    profile = BY_KEY[persona.profile]
    chances = changed(draw_chances(rng, profile, ACCEPT, fast=persona.fast), {**CALM, **persona.fixed})
    day = agenda.worked_day(agenda.today - timedelta(days=persona.days))
    return _story(
        life, rng, f"persona-{persona.key}", number, profile, persona.fast, agenda.on(day, persona.hour),
        chances=chances, age=persona.age, sex=persona.sex,
    )  # fmt: skip


def _story(
    life: Life, rng: Random, name: str, number: int, profile: Profile, fast: bool, sent_at: datetime, *,
    chances: Any, age: int | None = None, sex: str = "",
) -> Story:  # fmt: skip
    world = life.world
    sex = sex or ("F" if profile.key == "haemangioma" else "")
    gp = rng.choice(world.gps)
    from_imaging = rng.random() < 0.12
    specialist = rng.random() < 0.08
    sender = world.people["town_radiologist"] if from_imaging else world.people["town_gastro"] if specialist else gp
    return Story(
        name=name,
        rng=rng,
        profile=profile,
        target=world.targets[FAST if fast else INSTADIAG],
        fast=fast,
        person=names.draw_person(rng, number, today=life.agenda.today, age=age, sex=sex),
        sender=sender,
        gp=gp,
        sent_at=sent_at,
        chances=chances,
    )


HOURS = (8.3, 9.1, 10.4, 11.6, 13.5, 14.2, 15.8, 17.1, 18.9, 20.4)


def arrivals(life: Life, count: int) -> list[datetime]:
    """When ``count`` requests are sent, over the whole past: worked days mostly, a few evenings and Saturdays."""
    agenda = life.agenda
    rng = agenda.rng("arrivals")
    span = (agenda.today - agenda.first_day).days - 3
    found = []
    for number in range(count):
        back = 2 + span * ((number + rng.random()) / count) ** 1.2  # a little busier lately
        day = agenda.today - timedelta(days=round(back))
        if rng.random() < 0.4:  # town doctors send more at the beginning of the week
            day -= timedelta(days=day.weekday())
        if rng.random() > 0.06:
            day = agenda.worked_day(day)
        if day >= agenda.today:
            day = agenda.today - timedelta(days=1)
        found.append(agenda.on(day, rng.choice(HOURS) + rng.random() * 0.6))
    return sorted(found)


def fates(rng: Random, count: int) -> list[str]:
    """What becomes of the requests: about one in twelve is refused or sent elsewhere."""
    others = [REFUSE] * max(1, round(count * 0.055)) + [REDIRECT] * max(1, round(count * 0.05))
    found = others + [ACCEPT] * (count - len(others))
    rng.shuffle(found)
    return found


def waiting(life: Life, count: int, first: int) -> list[Story]:
    """The requests that wait this morning, numbered from ``first``: some just in, some for a complement, and one on
    Instadiag (whose promise is in hours) that is about to break its promise."""
    agenda = life.agenda
    rng = agenda.rng("waiting")
    promised = ordinary(life, first, WAITING, promise_about_to_break(life), fast=False)
    promised.chances = replace(promised.chances, by_phone=False)
    found: list[tuple[str, datetime]] = []
    yesterday = agenda.today - timedelta(days=1)
    for number in range(count):
        found.append((WAITING, agenda.on(yesterday, 9 + 13 * (number + rng.random()) / count)))
    last_worked = _worked_before(life, agenda.today)
    for back in range(min(3, count)):
        found.append((INCOMPLETE, agenda.on(_worked_before(life, last_worked - timedelta(days=back)), 9.5 + back)))
    others = [ordinary(life, first + rank, fate, sent_at) for rank, (fate, sent_at) in enumerate(found, start=1)]
    return [promised, *others]


def promise_about_to_break(life: Life) -> datetime:
    """When a request was sent whose 48 working hours end tonight, or early on the next worked day."""
    agenda = life.agenda
    due = (
        agenda.on(agenda.today, 22.5) if agenda.worked(agenda.today) else agenda.on(agenda.worked_day(agenda.today), 8)
    )
    return before(due, Duration(48, Unit.WORKING_HOURS), agenda.calendar)


def _worked_before(life: Life, day: date) -> date:
    day -= timedelta(days=1)
    while not life.agenda.worked(day):
        day -= timedelta(days=1)
    return day
