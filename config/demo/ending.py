"""The last days: what the demo must show this morning, brought about by the people themselves."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, time, timedelta
from uuid import uuid5

from config.demo import front, meeting, places
from config.demo.life import Life
from config.demo.places import PET
from config.demo.story import Story
from coordination import services as coordination
from coordination.models import Booking, BookingStatus, ExamRequest, ExamType, SeriesProposal, SlotSeries
from directory import services as directory
from pathways import services as pathways
from pathways.models import Alert, Step
from pathways.rules.milestones import MilestoneKind as Kind
from pathways.services.documents import request_pps

REVIEWED = 6
PAPERS_ASKED = 2
ASKED_EARLY = 4
"""Worked days before the last one: a promise of two days made then is broken by now."""
WRITTEN_TO = 6
STAGING = "Bilan d’extension avant la réunion"


def plan(life: Life) -> None:
    """Plans the acts of the last worked days before this morning."""
    agenda = life.agenda
    last = agenda.today - timedelta(days=1)
    while not agenda.worked(last):
        last -= timedelta(days=1)
    idec = life.world.idec
    early = _worked_before(life, last, ASKED_EARLY)
    agenda.at(agenda.on(early, 9.2), lambda: _agree_to_mails(life), idec)
    agenda.at(agenda.on(early, 9.5), lambda: _asks_early(life), idec)
    agenda.at(agenda.on(early, 16.8), lambda: _refuses(life), life.user("radiologist"))
    for day in (early, _worked_before(life, last, 2), last):
        agenda.at(agenda.on(day, 10.2), lambda: _reminds(life))
    agenda.at(agenda.on(last, 14.5), lambda: _gives_up_a_place(life), idec)
    agenda.at(agenda.on(last, 14.7), lambda: _waits_and_asks(life), idec)
    agenda.at(agenda.on(last, 14.8), lambda: _offers(life))
    agenda.at(agenda.on(last, 15.3), lambda: _gives_a_date(life), life.user("radiologist"))
    agenda.at(agenda.on(last, 15.6), lambda: _tells_the_date(life), idec)
    agenda.at(agenda.on(last, 14.9), lambda: _proposes(life), idec)
    agenda.at(agenda.on(last, 15.2), lambda: _declines(life), life.user("imaging"))
    agenda.at(agenda.on(last, 15.0), lambda: _reviews(life), idec)
    agenda.at(agenda.on(last, 15.5), lambda: _pauses(life), idec)
    agenda.at(agenda.on(last, 16.0), lambda: _left_without_step(life), idec)
    agenda.at(agenda.on(last, 16.2), lambda: _asks_papers(life), idec)
    agenda.at(agenda.on(last, 16.5), lambda: _acknowledges(life), idec)
    agenda.at(agenda.on(last, 17.2), lambda: _hears_from_town(life))
    agenda.at(agenda.on(last, 17.5), lambda: _opens_in_emergency(life), life.user("radiologist"))


def _running(life: Life, done: str) -> list[Story]:
    """Stories still running in which ``done`` was recorded, oldest first."""
    found = [story for story in life.stories if story.known_pathway and not story.over]
    return [story for story in found if story.pathway.milestones.filter(kind=done).exists()]


def _worked_before(life: Life, day: date, worked: int) -> date:
    for _ in range(worked):
        day -= timedelta(days=1)
        while not life.agenda.worked(day):
            day -= timedelta(days=1)
    return day


def _agree_to_mails(life: Life) -> None:
    """Some patients give an address, and agree to be written to."""
    for number, story in enumerate(_running(life, "first_care")[-WRITTEN_TO:]):
        patient = pathways.update_patient(patient=story.pathway.patient, email=f"patient.{number + 1}@courriel.invalid")
        coordination.agree_to_mails(patient=patient, user=life.world.idec, at=life.now)


def _reminds(life: Life) -> None:
    coordination.remind_patients(now=life.now)


def _asks_early(life: Life) -> None:
    """Two PET scans in priority: the platform refuses one, and says nothing of the other."""
    for story in _running(life, "first_care")[-2:]:
        coordination.ask_exam(
            pathway=story.pathway, exam_type=ExamType.objects.get(code=PET), addressed_to=life.world.teams["imaging"],
            user=life.world.idec, within="2 working_days", question="Extension hépatique",
            request_key=uuid5(story.pathway.uuid, "tep-early"),
        )  # fmt: skip


def _refuses(life: Life) -> None:
    for request in ExamRequest.objects.asked().filter(exam_type__code=PET).order_by("pk")[:1]:
        coordination.refuse_request(
            request=request, reason="Appareil en maintenance cette semaine", user=life.user("radiologist"), at=life.now
        )


def _gives_up_a_place(life: Life) -> None:
    """A patient calls: the exam of the coming days is moved to another."""
    soon = Booking.objects.filter(status=BookingStatus.BOOKED, slot__starts_at__gt=life.now + timedelta(hours=20))
    for booking in soon.select_related("slot__exam_type").order_by("slot__starts_at", "pk"):
        story = life.of_pathway(booking.pathway_id)
        if story is not None and not story.over:
            places.cancel(life, story, booking)
            return


def _waits_and_asks(life: Life) -> None:
    """Three patients wait for a place of MRI; the imaging platform is asked for two PET scans in priority, within the
    delay agreed with it."""
    imaging = life.world.teams["imaging"]
    mri = ExamType.objects.get(code=places.MRI)
    kept = set(SlotSeries.objects.filter(exam_type=mri).values_list("targets", flat=True))
    served = [story for story in _running(life, "first_care") if story.pathway.version.target_id in kept]
    for number, story in enumerate(served[-3:]):
        coordination.ask_to_wait(
            pathway=story.pathway, exam_type=mri, user=life.world.idec,
            earliest_on=life.agenda.worked_day(life.now.date(), 2 + number), half_day="afternoon",
        )  # fmt: skip
    asked = set(ExamRequest.objects.values_list("pathway_id", flat=True))
    free = [story for story in _running(life, "first_care") if story.pathway.pk not in asked]
    for story in free[-2:]:
        coordination.ask_exam(
            pathway=story.pathway, exam_type=ExamType.objects.get(code=PET), addressed_to=imaging,
            user=life.world.idec, within="2 working_days", question=STAGING,
            request_key=uuid5(story.pathway.uuid, "tep"),
        )  # fmt: skip


def _offers(life: Life) -> None:
    coordination.offer_freed_places(now=life.now)


def _gives_a_date(life: Life) -> None:
    """The platform answers the first of the two, in four worked days."""
    day = life.agenda.worked_day(life.now.date(), 4)
    for request in ExamRequest.objects.asked().filter(question=STAGING).order_by("pk")[:1]:
        coordination.propose_date(
            request=request, starts_at=life.agenda.on(day, 9.5), place="Médecine nucléaire",
            user=life.user("radiologist"), at=life.now,
        )  # fmt: skip


def _tells_the_date(life: Life) -> None:
    for request in ExamRequest.objects.to_tell(life.now).filter(question=STAGING).order_by("pk"):
        coordination.confirm_date(request=request, how="phone", user=life.world.idec, at=life.now)


def _proposes(life: Life) -> None:
    """Two places of CT instead of one, and MRI later in the day: the coordination asks the imaging platform."""
    for exam, reason, changes in (
        (places.MRI, "Les patients sortent de consultation à midi", {"starts_at": time(17)}),
        (places.CT, "Trois patients ont attendu plus de sept jours ce mois-ci", {"capacity": 2}),
    ):
        series = SlotSeries.objects.filter(exam_type__code=exam).order_by("pk")[0]
        values = replace(coordination.values_of(series), **changes)  # type: ignore[arg-type]
        coordination.propose_change(
            series=series, values=values, reason=reason, user=life.world.idec, uuid=uuid5(series.uuid, "proposal")
        )


def _declines(life: Life) -> None:
    """The MRI stays where it is; the other question waits for its answer."""
    asked = SeriesProposal.objects.filter(series__exam_type__code=places.MRI)
    for proposal in asked:
        coordination.decline_proposal(
            proposal=proposal, why="Pas de manipulateur à cette heure", user=life.user("imaging")
        )


def _reviews(life: Life) -> None:
    """Patients under treatment come back to the next meeting."""
    for story in _running(life, "treatment_started")[-REVIEWED:]:
        meeting.review(life, story)


def _pauses(life: Life) -> None:
    """One patient asks to wait, without a date."""
    for story in _running(life, "first_care")[-1:]:
        pathways.add_pause(
            pathway=story.pathway, kind="patient_choice", starts_on=life.now.date(),
            note="Souhaite attendre le retour de sa famille avant la suite.", author=life.world.idec,
        )  # fmt: skip


def _left_without_step(life: Life) -> None:
    """Nothing dated remains for a patient who entered a palliative circuit that plans its own visits."""
    told = [story for story in _running(life, "announcement") if not story.pathway.treatments.filter(status="started")]
    for story in told[-1:]:
        life.note(story, Kind.PALLIATIVE_ENTRY, life.user("oncologist"), note="Équipe mobile de soins palliatifs")
        for step in Step.objects.filter(pathway=story.pathway, state="open").exclude(key="treatment"):
            reason = "Repris par l’équipe mobile de soins palliatifs"
            pathways.skip_step(step=step, reason=reason, author=life.world.idec)
        story.over = True


def _asks_papers(life: Life) -> None:
    """Care plans asked for and not made yet: the worker will, as soon as it starts."""
    stories = [story for story in _running(life, "announcement") if not story.pathway.documents.filter(kind="pps")]
    for story in stories[-PAPERS_ASKED:]:
        request_pps(pathway=story.pathway, user=life.world.idec)


def _acknowledges(life: Life) -> None:
    """Two alerts are known and wait for a reason."""
    alerts = Alert.objects.unacknowledged().filter(kind="late", pathway__team=life.world.team).order_by("since", "pk")
    for alert in alerts[:2]:
        pathways.acknowledge_alert(
            alert=alert, user=life.world.idec, reason="Patient prévenu ; le service rappelle demain matin"
        )


def _hears_from_town(life: Life) -> None:
    """A doctor adds a word to a request already accepted; a complement asked for has come."""
    accepted = [story for story in _running(life, "first_care") if story.referral]
    for story in accepted[-3:-2]:
        front.write_again(life, story)
    asked = [story for story in life.stories if story.chances.fate == front.INCOMPLETE and "asked" in story.happened]
    for story in asked[:1]:
        front.complete(life, story)


def _opens_in_emergency(life: Life) -> None:
    """One file is opened in an emergency, with a reason that the quality team will review; others are read as usual."""
    stories = _running(life, "first_care")
    for story in stories[:1]:
        directory.open_break_glass(
            user=life.user("radiologist"), patient_uuid=story.pathway.patient.uuid,
            reason="Appelé par les urgences pour ce patient cette nuit : antécédents et imagerie nécessaires.",
        )  # fmt: skip
    for story in stories[-8:]:
        directory.record_access(
            user=life.world.idec, patient_uuid=story.pathway.patient.uuid, what="parcours", why="team",
            ip_address="192.0.2.10",
        )  # fmt: skip
