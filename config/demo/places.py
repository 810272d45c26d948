"""Places: protected slots booked through the service, ordinary time when there is none left."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from uuid import UUID

from config.demo.clinic import EUS, PERCUTANEOUS
from config.demo.life import Chapter, Life
from config.demo.story import Story
from coordination import services
from coordination.errors import SlotFull
from coordination.models import Booking, Slot
from coordination.querysets import SlotQuerySet
from directory.errors import DomainError
from pathways.rules.milestones import MilestoneKind as Kind

MEETING, CT, MRI, PET = "consultation_pluridisciplinaire", "scanner", "irm", "tep_scanner"
PARTNER_SHARE = 1 / 3
STEP_KEYS = {MEETING: "first_care", CT: "ct", MRI: "mri", EUS: "biopsy", PERCUTANEOUS: "biopsy"}
PLATFORM_USERS = {MEETING: "day_hospital", CT: "imaging", MRI: "imaging", EUS: "endoscopy", PERCUTANEOUS: "imaging"}


def find_place(life: Life, story: Story, exam: str, day: date) -> None:
    """A protected place on ``day``; else the platform finds ordinary time that day."""
    start = life.agenda.on(day, 0)
    slot = free(life, story, exam).between(max(start, life.now), start + timedelta(days=1)).first()
    if slot is not None and book(life, story, slot, exam) is not None:
        return
    life.note(story, Kind.EXAM_REQUESTED, life.world.idec, detail=exam)
    when = life.agenda.on(day, 14.5 + story.rng.random() * 2) if exam in (CT, MRI) else life.agenda.on(day, 10)
    life.then(story, max(when, life.now), life.when_ordinary(exam), life.world.idec)


def book(life: Life, story: Story, slot: Slot, exam: str) -> Booking | None:
    """Books a place; when it is gone meanwhile, takes the next one proposed. None when the patient cannot come then."""
    try:
        booking = services.book_slot(
            slot=slot, pathway=story.pathway, user=life.world.idec, step_key=STEP_KEYS[exam],
            request_key=UUID(int=story.rng.getrandbits(128), version=4),
        )  # fmt: skip
    except SlotFull as refusal:
        life.refused(refusal.code)
        return book(life, story, refusal.alternatives[0], exam) if refusal.alternatives else None
    except DomainError as refusal:
        life.refused(refusal.code)
        return None
    if story.chances.cancelled == exam and story.once("cancelled"):
        life.then(story, max(life.now, slot.starts_at - timedelta(hours=40)), _cancels(booking), life.world.idec)
    else:
        _comes(life, story, booking, exam)
    return booking


def _comes(life: Life, story: Story, booking: Booking, exam: str) -> None:
    """The appointment takes place, a little later than said."""
    over = booking.slot.ends_at + timedelta(minutes=story.rng.randint(1, 40))
    life.then(story, over, life.when_over(booking, exam), life.user(PLATFORM_USERS[exam]))


def _cancels(booking: Booking) -> Chapter:
    return lambda life, story: cancel(life, story, booking)


def cancel(life: Life, story: Story, booking: Booking) -> None:
    """The patient calls and cannot come: moved at once when there is another place, else looked for elsewhere."""
    exam = booking.slot.exam_type.code
    other = _later(life, story, exam)
    if other is not None:
        try:
            moved = services.move_booking(
                booking=booking, to=other, code="patient_unavailable", told_how="phone", user=life.world.idec,
                request_key=UUID(int=story.rng.getrandbits(128), version=4),
            )  # fmt: skip
        except DomainError as refusal:
            life.refused(refusal.code)
        else:
            _comes(life, story, moved, exam)
            _first_care_on(life, story, other, exam)
            return
    services.cancel_booking(booking=booking, code="patient_unavailable", told_how="phone", user=life.world.idec)
    rebook(life, story, exam)


def rebook(life: Life, story: Story, exam: str) -> None:
    """The next free place of that exam, whatever the day."""
    slot = _later(life, story, exam)
    if slot is None or book(life, story, slot, exam) is None:
        find_place(life, story, exam, life.agenda.worked_day(life.now.date() + timedelta(days=3)))
    else:
        _first_care_on(life, story, slot, exam)


def _later(life: Life, story: Story, exam: str) -> Slot | None:
    return free(life, story, exam).filter(starts_at__gt=life.now + timedelta(hours=20)).first()


def _first_care_on(life: Life, story: Story, slot: Slot, exam: str) -> None:
    if exam == MEETING:
        story.cared_on = slot.starts_at.astimezone(life.agenda.start.tzinfo).date()


def book_sample(life: Life, story: Story, days: int) -> None:
    """An endoscopic ultrasound or a biopsy, protected when there is a place within a week."""
    exam = story.profile.sample or EUS
    earliest: datetime = life.now + timedelta(days=max(days, 1))
    slot = free(life, story, exam).filter(starts_at__gte=earliest, starts_at__lt=earliest + timedelta(days=6)).first()
    if slot is not None:
        story.sample_on = slot.starts_at.astimezone(life.agenda.start.tzinfo).date()
        if book(life, story, slot, exam) is not None:
            return
    story.sample_on = life.agenda.worked_day(earliest.date())
    find_place(life, story, exam, story.sample_on)


def book_at_partner(life: Life, story: Story) -> None:
    """For one patient in three, the extension is looked for by PET at the neighbour's, by convention (S01). With
    chances of its own: what happens to the others does not change."""
    rng = life.agenda.rng(f"partner:{story.name}")
    if rng.random() > PARTNER_SHARE:
        return
    slots = free(life, story, PET).agreed(story.pathway)
    slot = slots.between(life.now + timedelta(hours=20), life.now + timedelta(days=14)).first()
    if slot is None:
        return
    try:
        booking = services.book_slot(
            slot=slot,
            pathway=story.pathway,
            user=life.world.idec,
            request_key=UUID(int=rng.getrandbits(128), version=4),
        )
    except DomainError as refusal:
        life.refused(refusal.code)
        return
    over = slot.ends_at + timedelta(minutes=rng.randint(1, 40))
    life.then(story, over, _scanned(booking), life.user("nuclear"))


def _scanned(booking: Booking) -> Chapter:
    def chapter(life: Life, story: Story) -> None:
        services.mark_done(booking=booking, user=life.user("nuclear"))

    return chapter


def free(life: Life, story: Story, exam: str) -> SlotQuerySet:
    """The free places of an exam kept for the patient's pathway, soonest first."""
    slots = Slot.objects.free(life.now, story.pathway).serving(story.pathway).filter(exam_type__code=exam)
    return slots.order_by("starts_at", "id")
