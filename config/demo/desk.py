"""The coordination's desk: calls, identity, places booked in protected slots or found elsewhere."""

from __future__ import annotations

from datetime import date, timedelta

from config.demo import exams, places
from config.demo.clinic import EUS, TASKS
from config.demo.life import Life
from config.demo.story import Story
from coordination import services
from coordination.models import ContactOutcome
from coordination.rules.contacts import GP
from pathways import services as pathways
from pathways.rules.milestones import MilestoneKind as Kind

DAY_ONE = (0, 2)
"""Monday and Wednesday: consultation in the morning, scanner and MRI in the afternoon; the day after, samples."""


def call(life: Life, story: Story) -> None:
    """Calls the patient until someone answers, then arranges the first day."""
    attempts = sum(1 for each in story.happened if each.startswith("call:"))
    if attempts < story.chances.calls and story.once(f"call:{attempts}"):
        outcome = (ContactOutcome.MESSAGE, ContactOutcome.UNREACHABLE)[attempts % 2]
        again = life.agenda.worked_day(life.now.date() + timedelta(days=1))
        services.record_contact(
            pathway=story.pathway, author=life.world.idec, outcome=outcome, next_on=again,
            note="Message laissé avec le numéro de la coordination." if outcome == ContactOutcome.MESSAGE else "",
        )  # fmt: skip
        life.then(story, life.agenda.on(again, 9 + story.rng.random() * 3), call, life.world.idec)
        return
    services.record_contact(
        pathway=story.pathway, author=life.world.idec, outcome=ContactOutcome.REACHED,
        note=story.rng.choice(_SAID),
    )  # fmt: skip
    if story.fast:
        _ordinary_consultation(life, story)
    else:
        book_day(life, story)
    if story.rng.random() < 0.35:
        _task(life, story)
    if story.rng.random() < 0.15:
        services.record_contact(
            pathway=story.pathway, author=life.world.idec, outcome=ContactOutcome.REACHED, whom=GP,
            note="Prévenu des dates ; enverra les derniers résultats.",
        )  # fmt: skip


_SAID = (
    "Patient informé des examens et des horaires, viendra accompagné de sa fille.",
    "A bien compris le déroulement ; question sur le jeûne, réponse donnée.",
    "Disponible à tout moment, demande un transport.",
    "Inquiet, rassuré sur les délais. Rappeler la veille.",
)


def identify(life: Life, story: Story) -> None:
    """The secretary completes the identity and the address."""
    status, person = story.chances.identity, story.person
    known = status in {"QUAL", "RECUP"}
    pathways.update_patient(
        patient=story.pathway.patient, address=person.address, postal_code=person.postal_code, city=person.city,
        given_names=person.first_name, birth_place_code=person.birth_place, phone=person.phone,
        ins_matricule=person.matricule if known else "", ins_oid=person.oid if known else "", identity_status=status,
    )  # fmt: skip


def book_day(life: Life, story: Story) -> None:
    """Instadiag: a first day in the next free consultation, the exams around it."""
    hoped = _next_day_one(life, life.now.date() + timedelta(days=1))
    slot = places.free(life, story, places.MEETING).first()
    found = slot.starts_at.astimezone(life.agenda.start.tzinfo).date() if slot else None
    if slot is None or found is None or (found > hoped and story.rng.random() < 0.85):
        _squeezed_in(life, story, hoped)
        return
    _arrange(life, story, found)
    places.book(life, story, slot, places.MEETING)


def _squeezed_in(life: Life, story: Story, day: date) -> None:
    """No protected place is left that day: the day hospital takes the patient all the same, on ordinary time."""
    life.note(
        story, Kind.APPOINTMENT_OFFERED, life.world.idec, note="Hors créneau sanctuarisé, accord de l’hôpital de jour"
    )
    _arrange(life, story, day)
    life.then(story, life.agenda.on(day, 11), exams.first_care, life.user("oncologist"))


def _arrange(life: Life, story: Story, day: date) -> None:
    """Scanner and MRI on the day, the sample the day after."""
    story.cared_on = day
    for exam in (places.CT, places.MRI):
        places.find_place(life, story, exam, day)
    if story.needs_sample or story.profile.endoscopy:
        exam = story.profile.sample or EUS
        story.sample_on = life.agenda.worked_day(day + timedelta(days=1))
        start = life.agenda.on(story.sample_on, 0)
        if places.free(life, story, exam).between(start, start + timedelta(days=1)).exists():
            places.find_place(life, story, exam, story.sample_on)
        else:
            places.book_sample(life, story, (story.sample_on - life.now.date()).days)


def _ordinary_consultation(life: Life, story: Story) -> None:
    """FAST: a consultation of the ordinary diary, exams on ordinary time."""
    if story.once("offered"):
        life.note(story, Kind.APPOINTMENT_OFFERED, life.world.idec)
    rng, today = story.rng, life.now.date()
    day = life.agenda.worked_day(today + timedelta(days=rng.randint(3, 6)))
    story.cared_on = day
    life.then(story, life.agenda.on(day, 9 + rng.random() * 7), exams.first_care, life.user("gastro"))
    for exam in (places.CT, places.MRI):
        places.find_place(life, story, exam, life.agenda.worked_day(today + timedelta(days=rng.randint(2, 7))))


def _task(life: Life, story: Story) -> None:
    rng = story.rng
    owner = life.world.idec if rng.random() < 0.6 else None
    task = services.create_task(
        pathway=story.pathway, title=rng.choice(TASKS), owner=owner, author=life.world.idec,
        due_on=life.agenda.worked_day(life.now.date() + timedelta(days=rng.randint(1, 8))),
    )  # fmt: skip
    if rng.random() < 0.85:

        def done(life: Life, story: Story) -> None:
            task.refresh_from_db()
            if task.status == "open":
                services.complete_task(task=task, user=life.world.idec, outcome="Fait")

        life.in_days(story, rng.randint(1, 7), done, life.world.idec)


def _next_day_one(life: Life, day: date) -> date:
    while not (day.weekday() in DAY_ONE and life.agenda.worked(day)):
        day += timedelta(days=1)
    return day
