"""One patient with one of everything, and one person of each role around them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import time, timedelta
from functools import cached_property
from io import BytesIO
from uuid import UUID, uuid4

from django.core.files.base import ContentFile
from django.utils import timezone
from PIL import Image

from coordination import services as desk
from coordination.models import (
    Booking,
    CalendarFeed,
    CommitmentFile,
    Convention,
    Cover,
    DeskAct,
    DeskPaper,
    ExamRequest,
    ExamType,
    LabAgreement,
    LabForm,
    LabRequest,
    Notice,
    NoticeStatus,
    Resource,
    ReviewMeeting,
    SampleShare,
    SavedView,
    SeriesProposal,
    Slot,
    SlotException,
    SlotPolicy,
    Task,
    TaskSeries,
    WaitingOffer,
    WaitingPlace,
)
from coordination.querysets.worklist import Scope
from coordination.services.acts import Asked
from directory import services as directory
from directory.models import BreakGlass, OutboxMessage, Professional, Role, Team, TeamKind, User
from pathways import services as pathways
from pathways.models import Alert, CircleRole, DelayCause, Document, Milestone, Pathway, Pause, Step, TargetDraft
from rcp.models import Attendance, Decision, RcpCase
from referrals.models import Referral
from tests.factories import PathwayFactory, ProfessionalFactory, TeamFactory, UserFactory
from tests.rcp.factories import Meeting, MeetingFactory
from tests.referrals.factories import ReferralFactory

ROLES = {
    "C": "coordinator of the team", "S": "secretary of the team", "P": "physician of the team",
    "G": "town GP of the circle", "T": "platform that serves the team", "Q": "quality of the establishment",
    "A": "administrator", "X": "coordinator of another establishment", "Y": "physician of another establishment",
}  # fmt: skip


@dataclass
class Cast:
    """Everything is made once; each test works in a savepoint."""

    meeting: Meeting = field(default_factory=MeetingFactory)

    @cached_property
    def users(self) -> dict[str, User]:
        """Letter of `ROLES` to account."""
        here, away = self.team, TeamFactory()
        doctor = ProfessionalFactory(gp=True)
        pathways.add_to_circle(pathway=self.pathway, professional=doctor, role=CircleRole.GP)
        return {
            "C": self.meeting.coordinator,
            "S": UserFactory(role=Role.SECRETARY, team=here),
            "P": self.meeting.physician,
            "G": UserFactory(role=Role.TOWN, team=TeamFactory(), professional=doctor),
            "T": UserFactory(role=Role.PLATFORM, team=self.platform),
            "Q": UserFactory(role=Role.QUALITY, team=here),
            "A": UserFactory(role=Role.ADMINISTRATOR, team=here),
            "X": UserFactory(role=Role.COORDINATOR, team=away),
            "Y": UserFactory(role=Role.PHYSICIAN, team=away, professional=ProfessionalFactory(specialty_code="SM36")),
        }

    @property
    def team(self) -> Team:
        return self.meeting.team

    @cached_property
    def platform(self) -> Team:
        return TeamFactory(establishment=self.team.establishment, kind=TeamKind.PLATFORM)

    @cached_property
    def pathway(self) -> Pathway:
        return PathwayFactory(team=self.team, target=self.meeting.target, owner=self.meeting.coordinator, days_ago=9)

    @cached_property
    def case(self) -> RcpCase:
        self.meeting.fill_the_room()
        return self.meeting.register(self.pathway)

    @property
    def attendance(self) -> Attendance:
        return Attendance.objects.filter(session=self.meeting.session)[0]

    @cached_property
    def decision(self) -> Decision:
        from rcp.services import NewAction, decide

        case = self.meeting.register()
        action = NewAction(label="Consultation d’annonce", due_on=timezone.localdate() + timedelta(days=7))
        return decide(case=case, author=self.meeting.physician, proposal="Chirurgie première", actions=[action])

    @cached_property
    def action(self) -> object:
        return self.decision.actions.get()

    @cached_property
    def slot(self) -> Slot:
        return self._slot(
            ExamType.objects.first() or ExamType.objects.create(code="ct", label="Scanner", modality="imagerie")
        )

    @cached_property
    def other_slot(self) -> Slot:
        """Of another exam, later in the day."""
        return self._slot(ExamType.objects.create(code="autre-examen", label="Autre examen", modality="imagerie"), 14)

    def _slot(self, exam: ExamType, hour: int = 9) -> Slot:
        day = timezone.localdate() + timedelta(days=8)
        series = desk.create_series(
            exam_type=exam, platform=self.platform, targets=[self.meeting.target], weekday=day.weekday(),
            starts_at=time(hour), valid_from=timezone.localdate(), capacity=3,
        )  # fmt: skip
        return Slot.objects.filter(series=series).order_by("starts_at")[0]

    @cached_property
    def resource(self) -> Resource:
        return desk.add_resource(platform=self.platform, name="Scanner A", kind="machine")

    @cached_property
    def slot_exception(self) -> SlotException:
        day = timezone.localdate() + timedelta(days=300)
        exception = desk.exception_of(
            platform=self.slot.platform, kind="closed", first_on=day, last_on=day, reason="Travaux"
        )
        return desk.make_exception(exception=exception, user=self.meeting.coordinator)

    @cached_property
    def series_proposal(self) -> SeriesProposal:
        series = self.slot.series
        values = replace(desk.values_of(series), capacity=series.capacity + 1)
        return desk.propose_change(series=series, values=values, reason="Une place de plus", user=self.users["C"])

    @cached_property
    def convention(self) -> Convention:
        return desk.create_convention(
            reference="CONV-1", kind="convention", holder=self.team.establishment, partner=TeamFactory().establishment,
            exam_types=[self.slot.exam_type], valid_from=timezone.localdate(),
        )  # fmt: skip

    @cached_property
    def policy(self) -> SlotPolicy:
        return desk.decide_policy(
            exam_type=self.slot.exam_type, target=self.meeting.target, platform=self.platform, mode="dedicated",
            valid_from=timezone.localdate(), decided_on=timezone.localdate(), decided_by="Comité", user=None,
        )  # fmt: skip

    @cached_property
    def commitment_file(self) -> CommitmentFile:
        content = BytesIO()
        Image.new("RGB", (40, 40)).save(content, "PNG")
        content.seek(0)
        return desk.add_file(owner=self.policy, name="charte.png", source=content, user=self.meeting.coordinator)

    @cached_property
    def booking(self) -> Booking:
        return desk.book_slot(slot=self.slot, pathway=self.pathway, user=self.meeting.coordinator)

    @cached_property
    def cancelled_booking(self) -> Booking:
        booked = desk.book_slot(slot=self.other_slot, pathway=self.pathway, user=self.meeting.coordinator)
        return desk.cancel_booking(booking=booked, user=self.meeting.coordinator, code="transport")

    @cached_property
    def waiting_place(self) -> WaitingPlace:
        return desk.join_waiting(
            pathway=self.pathway, exam_type=self.other_slot.exam_type, user=self.meeting.coordinator
        )

    @cached_property
    def waiting_offer(self) -> WaitingOffer:
        return WaitingOffer.objects.create(place=self.waiting_place, slot=self.other_slot, offered_at=timezone.now())

    @cached_property
    def feed(self) -> CalendarFeed:
        return desk.make_feed(
            user=self.meeting.coordinator, shown=self.slot.series, label="Agenda du service", request_key=uuid4()
        )

    @cached_property
    def exam_request(self) -> ExamRequest:
        return desk.ask_exam(
            pathway=self.pathway, exam_type=self.slot.exam_type, addressed_to=self.platform, user=self.users["C"],
            within="2 working_days",
        )  # fmt: skip

    @cached_property
    def lab_request(self) -> LabRequest:
        """Asked of the platform, with the consultation report attached."""
        LabAgreement.objects.get_or_create(laboratory=self.platform, exam="histologie")
        return desk.send_lab_request(
            pathway=self.pathway, form=LabForm.objects.get(key="general"), suspected="Tumeur du pancréas",
            answers={"context": "Masse", "recurrence": "first"}, exams={"histologie": self.platform},
            taken_at=timezone.now() - timedelta(days=1), site="Pancréas", nature="biopsy", user=self.users["C"],
            reply_email="equipe@hopital.invalid", report=self.document,
        )  # fmt: skip

    @cached_property
    def lab_share(self) -> SampleShare:
        return SampleShare.objects.with_page_data().get(sample__request=self.lab_request)

    @cached_property
    def task(self) -> Task:
        return desk.create_task(
            pathway=self.pathway, title="Appeler le laboratoire", author=self.meeting.coordinator,
            checklist=["Demander le délai"],
        )  # fmt: skip

    @cached_property
    def task_series(self) -> TaskSeries:
        return desk.repeat_task(
            pathway=self.pathway, title="Appel de la semaine", every=1, unit="week", starts_on=timezone.localdate(),
            author=self.meeting.coordinator, checklist=["Douleur", "Poids"],
        )  # fmt: skip

    @cached_property
    def cover(self) -> Cover:
        today = timezone.localdate()
        return desk.hand_over(
            absent=self.meeting.coordinator, stand_in=self.users["S"], starts_on=today,
            ends_on=today + timedelta(days=5), author=self.meeting.coordinator, pathways=[self.pathway],
            watch={self.pathway.pk: "Douleur le soir, appeler avant midi."}, note="Le laboratoire rappelle vers 15 h.",
        )  # fmt: skip

    @cached_property
    def gesture(self) -> DeskAct:
        asked = Asked("contact", outcome="message")
        return desk.act_on_rows(pathways=[self.pathway], asked=asked, author=self.meeting.coordinator)

    @cached_property
    def view(self) -> SavedView:
        user = self.meeting.coordinator
        return desk.save_view(user=user, name="Retards", listed="en-retard", team=self.team)

    @cached_property
    def notice(self) -> Notice:
        return Notice.objects.create(
            pathway=self.pathway, kind="discharge", key=str(uuid4()), status=NoticeStatus.PROPOSED, words="Sorti."
        )

    @cached_property
    def review(self) -> ReviewMeeting:
        assert self.pathway.is_active, "someone to look at"
        return desk.start_review(
            user=self.meeting.coordinator, team=self.team, listed="toutes", scope=Scope(), summary="Tous les parcours"
        )

    @cached_property
    def paper(self) -> DeskPaper:
        return DeskPaper.objects.create(
            kind="minutes", title="Compte rendu", team=self.team, meeting=self.review, status="ready", sha256="0" * 64,
            requested_by=self.meeting.coordinator, requested_at=timezone.now(), ready_at=timezone.now(),
            file=ContentFile(b"%PDF-1.7", "compte-rendu"), patients=[self.pathway.patient.uuid],
        )  # fmt: skip

    @cached_property
    def referral(self) -> Referral:
        return ReferralFactory(self.meeting.target, files=[("image.png", _png())])

    @cached_property
    def message(self) -> OutboxMessage:
        return directory.post(
            kind="essai", dedup_key=str(uuid4()), establishment=self.team.establishment,
            recipient="dr@exemple.invalid", subject="Essai", body="Essai",
        )  # fmt: skip

    @cached_property
    def emergency(self) -> BreakGlass:
        return directory.open_break_glass(
            user=self.meeting.physician, patient_uuid=uuid4(), reason="Patient aux urgences ce soir"
        )

    @cached_property
    def milestone(self) -> Milestone:
        return Milestone.objects.filter(pathway=self.pathway)[0]

    @cached_property
    def pause(self) -> Pause:
        today = timezone.localdate()
        return pathways.add_pause(pathway=self.pathway, kind="patient_choice", starts_on=today, author=None)

    @cached_property
    def cause(self) -> DelayCause:
        return pathways.confirm_delay_cause(
            pathway=self.pathway, phase="exams", code="no_slot", avoidable=True, author=self.meeting.coordinator
        )

    @cached_property
    def step(self) -> Step:
        return Step.objects.get(pathway=self.pathway, key="treatment")

    @cached_property
    def alert(self) -> Alert:
        pathways.scan_delays(now=timezone.now())
        return Alert.objects.open().filter(pathway=self.pathway)[0]

    @cached_property
    def document(self) -> Document:
        return pathways.receive_document(
            pathway=self.pathway, title="Compte rendu", content=_png(), content_type="image/png", author=None
        )

    @cached_property
    def draft(self) -> TargetDraft:
        return pathways.start_draft(target=self.meeting.target, author=self.users["Q"])

    @property
    def member(self) -> Professional:
        return self.meeting.members[0]

    def gather(self) -> Cast:
        """Makes everything now, so that no test's savepoint takes a part of the cast away with it."""
        for name, member in vars(type(self)).items():
            if isinstance(member, cached_property):
                getattr(self, name)
        return self

    def uuid_of(self, name: str) -> dict[str, UUID]:
        """URL arguments of a route about one object of the cast."""
        return {"uuid": getattr(self, name).uuid}


def _png() -> bytes:
    out = BytesIO()
    Image.new("RGB", (8, 8), "white").save(out, "PNG")
    return out.getvalue()
