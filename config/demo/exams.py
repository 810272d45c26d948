"""Days 1 and 2, and the laboratory: what the platforms and the doctors record."""

from __future__ import annotations

from datetime import datetime, timedelta

from config.demo import meeting, places
from config.demo.clinic import EUS, PERCUTANEOUS
from config.demo.life import Chapter, Life
from config.demo.story import ANY, Story
from coordination import services
from coordination.models import Booking, ContactOutcome, Notice
from pathways import services as pathways
from pathways.models import Step
from pathways.rules.milestones import MilestoneKind as Kind

THURSDAY = 3
UNREAD_DAYS = 4
SAMPLE_STEPS = ("lab_request", "sample_sent", "lab_intermediate", "lab_final", "diagnosis")


def over(booking: Booking, exam: str) -> Chapter:
    """The platform says what became of an appointment."""

    def chapter(life: Life, story: Story) -> None:
        user = life.user(places.PLATFORM_USERS[exam])
        if story.chances.missed in (exam, ANY) and story.once("missed"):
            services.mark_missed(booking=booking, user=user)
            life.later(story, 2, _called_after_absence(exam), life.world.idec)
            return
        sampled = story.needs_sample if exam == EUS else None
        services.mark_done(booking=booking, user=user, sampled=sampled)
        if exam == places.MEETING:
            after_first_care(life, story)
        elif exam in (EUS, PERCUTANEOUS):
            after_sampling_exam(life, story, booking.slot.starts_at)

    return chapter


def _called_after_absence(exam: str) -> Chapter:
    def chapter(life: Life, story: Story) -> None:
        services.record_contact(
            pathway=story.pathway, author=life.world.idec, outcome=ContactOutcome.REACHED,
            note="N’avait pas noté le rendez-vous ; nouveau rendez-vous donné et confirmé par courriel.",
        )  # fmt: skip
        places.rebook(life, story, exam)

    return chapter


def ordinary(exam: str) -> Chapter:
    """An exam on ordinary time: the coordination records it when the report comes."""

    def chapter(life: Life, story: Story) -> None:
        life.note(story, Kind.EXAM_DONE, life.world.idec, detail=exam)
        if exam in (EUS, PERCUTANEOUS):
            if story.needs_sample:
                life.note(story, Kind.BIOPSY_TAKEN, life.world.idec, detail=exam)
            after_sampling_exam(life, story, life.now)

    return chapter


def first_care(life: Life, story: Story) -> None:
    """A consultation outside the protected slots."""
    life.note(story, Kind.FIRST_CARE, life.user("gastro" if story.fast else "oncologist"))
    after_first_care(life, story)


def after_first_care(life: Life, story: Story) -> None:
    """What the first consultation sets going; once, even when a second one is held."""
    if not story.once("cared"):
        return
    rng = story.rng
    story.cared_on = life.now.date()
    if story.chances.ends == "refused":
        life.in_days(story, rng.randint(2, 6), meeting.care_refused, life.world.idec)
        return
    wait = rng.uniform(3, 18) + 24 * story.delay("gp_letter")
    life.later(story, wait, _gp_letter, life.user("secretary"))
    if story.fast and (story.needs_sample or story.profile.endoscopy):
        places.book_sample(life, story, rng.randint(1, 4))
    if not story.needs_sample:
        life.later(story, rng.uniform(0.5, 2), no_sample_needed, life.user("gastro" if story.fast else "oncologist"))
    if story.chances.pause:
        life.in_days(story, 1, _pauses, life.world.idec)
    if story.profile.benign:
        if not story.needs_sample:
            life.in_days(story, rng.randint(2, 6), meeting.ruled_out, life.user("gastro"))
        return
    places.book_at_partner(life, story)
    hours = rng.uniform(0.5, 2.5) if not story.fast else rng.uniform(10, 60)
    life.later(story, hours + 24 * story.delay("registration"), meeting.register, life.world.idec)


def _gp_letter(life: Life, story: Story) -> None:
    """The secretary lets the proposed letter leave, and says so herself where none is proposed. Those of the last days
    wait for the visitor."""
    proposed = Notice.objects.filter(pathway=story.pathway, kind="first_care").proposed().first()
    if proposed is None:
        life.note(story, Kind.GP_INFORMED, life.user("secretary"))
    elif (life.agenda.today - life.now.date()).days > UNREAD_DAYS:
        services.accept_notice(notice=proposed, user=life.user("secretary"), words=proposed.words)


def no_sample_needed(life: Life, story: Story) -> None:
    """The doctor sets aside the steps that this patient does not need, and says why."""
    doctor = life.user("gastro" if story.fast else "oncologist")
    keys = SAMPLE_STEPS if story.profile.endoscopy else ("biopsy", *SAMPLE_STEPS)
    for step in Step.objects.filter(pathway=story.pathway, key__in=keys).exclude(state__in=["done", "skipped"]):
        pathways.skip_step(step=step, reason="Diagnostic sans prélèvement : imagerie suffisante", author=doctor)


def _pauses(life: Life, story: Story) -> None:
    today = life.now.date()
    running = story.chances.pause == "running"
    pathways.add_pause(
        pathway=story.pathway, kind="patient_choice" if story.rng.random() < 0.6 else "medical",
        starts_on=today, ends_on=None if running else today + timedelta(days=story.rng.randint(4, 9)),
        note="Souhaite attendre le retour de sa famille." if running else "Grippe, examens décalés.",
        author=life.world.idec,
    )  # fmt: skip


def after_sampling_exam(life: Life, story: Story, at: datetime) -> None:
    """With a sample the laboratory begins; without, the images are enough."""
    if story.needs_sample:
        sample_taken(life, story, at)
    elif story.profile.benign:
        life.in_days(story, story.rng.randint(1, 4), meeting.ruled_out, life.user("gastro"))


def sample_taken(life: Life, story: Story, at: datetime) -> None:
    """The request goes with the sample; the laboratory answers."""
    rng = story.rng
    story.sampled_at = at
    gastro, pathologist = life.user("gastro"), life.user("pathologist")
    life.later(story, rng.uniform(0.3, 4), _lab_requested, gastro)
    if not story.fast:  # FAST does not follow the transport of the sample
        life.later(story, rng.uniform(4, 7), _sample_sent, life.user("endoscopy"))
    if story.chances.noncontributive and story.once("noncontributive"):
        life.in_days(story, rng.randint(2, 3), _noncontributive, pathologist)
        return
    if story.fast:
        life.in_days(story, rng.randint(2, 4) + story.delay("lab"), _intermediate, pathologist)
    else:  # the laboratory knows that the meeting is on Friday
        days = 1 if at.astimezone(life.agenda.start.tzinfo).weekday() == THURSDAY else 2
        day = life.agenda.worked_day(at.date() + timedelta(days=days + story.delay("lab")))
        life.then(story, life.agenda.on(day, 8.5 + rng.random() * 4), _intermediate, pathologist)
    life.in_days(story, rng.randint(5, 6 if not story.fast else 9) + story.delay("lab"), _final, pathologist)


def _lab_requested(life: Life, story: Story) -> None:
    life.note(story, Kind.LAB_REQUESTED, life.user("gastro"))


def _sample_sent(life: Life, story: Story) -> None:
    life.note(story, Kind.SAMPLE_SENT, life.user("endoscopy"))


def _noncontributive(life: Life, story: Story) -> None:
    """The pathologist warns at once; a second sample is arranged (LAB-07)."""
    life.note(story, Kind.LAB_NONCONTRIBUTIVE, life.user("pathologist"), note="Matériel insuffisant")
    services.create_task(
        pathway=story.pathway, title="Organiser un nouveau prélèvement", owner=life.world.idec,
        due_on=life.agenda.worked_day(life.now.date(), 1), closes_on=Kind.BIOPSY_TAKEN, author=life.user("pathologist"),
    )  # fmt: skip

    def arrange(life: Life, story: Story) -> None:
        places.book_sample(life, story, 1)

    life.later(story, story.rng.uniform(1, 5), arrange, life.world.idec)


def _intermediate(life: Life, story: Story) -> None:
    life.note(story, Kind.LAB_INTERMEDIATE, life.user("pathologist"))
    story.answered = True


def _final(life: Life, story: Story) -> None:
    life.note(story, Kind.LAB_FINAL, life.user("pathologist"))
    story.answered = True
    if story.profile.benign:
        life.in_days(story, story.rng.randint(1, 3), meeting.ruled_out, life.user("gastro"))
