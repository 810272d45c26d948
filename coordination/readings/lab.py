"""Requests to the laboratory as shown: the state of each share, what each act of answer said, what is late."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from coordination.models import AskedExam, LabAnswer, LabAnswerKind, LabRequest, SampleShare, Task, TaskStatus
from coordination.rules.lab import EARLY_ACTIONS, Answer, EarlyAction, refusal
from coordination.services.lab_answers import early_origins
from pathways.models import Pathway, Step, StepState
from pathways.rules.vocabulary import Actor

ENDS = (LabAnswerKind.FINAL, LabAnswerKind.NONCONTRIBUTIVE)
TONES = {
    LabAnswerKind.NONCONTRIBUTIVE: ("late", "alert-octagon"),
    LabAnswerKind.INTERMEDIATE: ("info", "progress"),
    LabAnswerKind.FINAL: ("ok", "circle-check"),
}


@dataclass(frozen=True)
class ExamLine:
    """One exam of a share: what stands of it, and what may still be said."""

    asked: AskedExam
    known: list[LabAnswer]
    late: bool

    @property
    def ended(self) -> bool:
        return any(each.kind in ENDS for each in self.known)

    @property
    def last(self) -> LabAnswer | None:
        ends = [each for each in self.known if each.kind in ENDS]
        said = ends or self.known
        return said[-1] if said else None

    @property
    def tone(self) -> str:
        return TONES[LabAnswerKind(self.last.kind)][0] if self.last else "late" if self.late else "neutral"

    @property
    def icon(self) -> str:
        return TONES[LabAnswerKind(self.last.kind)][1] if self.last else "hourglass"

    @property
    def words(self) -> str:
        if self.last:
            return self.last.get_kind_display()
        return "En retard" if self.late else "En attente"


@dataclass(frozen=True)
class ActLine:
    """Answers given together."""

    act: UUID
    kind: str
    tone: str
    icon: str
    exams: str
    said_at: datetime
    said_by: str
    via: str
    words: str
    taken_back: str
    of_old: bool
    """Said of a sample once a new one stood in for it, and no result: nothing follows from it."""


@dataclass(frozen=True)
class ShareLine:
    """One laboratory's part, as it stands at an instant."""

    share: SampleShare
    exams: list[ExamLine]
    acts: list[ActLine]

    @property
    def waiting(self) -> list[ExamLine]:
        return [each for each in self.exams if not each.ended]

    @property
    def late(self) -> bool:
        return any(each.late for each in self.exams)

    @property
    def promised_at(self) -> datetime | None:
        """The nearest promise that still runs."""
        promises = [each.asked.promised_at for each in self.waiting if each.asked.promised_at]
        return min(promises, default=None)

    @property
    def state(self) -> tuple[str, str, str]:
        """(words, tone, icon) of the whole share."""
        kinds = [each.last.kind for each in self.exams if each.last]
        if LabAnswerKind.NONCONTRIBUTIVE in kinds:
            return ("Non contributif", "late", "alert-octagon")
        finals = kinds.count(LabAnswerKind.FINAL)
        if finals and finals == len(self.exams):
            return ("Définitif", "ok", "circle-check")
        if finals:
            return ("Définitif en partie", "info", "progress-check")
        if kinds:
            return ("Intermédiaire", "info", "progress")
        if self.share.received_at:
            return ("Reçu", "info", "package")
        sent_at = self.share.sample.sent_at if self.share.is_reception else self.share.sent_at
        return ("Envoyé", "neutral", "send") if sent_at else ("Demandé", "neutral", "file-text")

    def may_say(self, kind: Answer) -> bool:
        """True when an exam of this share can still be answered so."""
        return any(not refusal([Answer(one.kind) for one in each.known], kind) for each in self.exams)

    @property
    def choices(self) -> list[tuple[Answer, str, str, str]]:
        """What may be said: (kind, label, help, icon), in the order of the days."""
        proposed = [
            (
                Answer.NONCONTRIBUTIVE,
                "Non contributif",
                "J+2 ou J+3 : le prélèvement ne peut pas être lu",
                "alert-octagon",
            ),
            (
                Answer.INTERMEDIATE,
                "Résultat intermédiaire",
                "J+4 : la suspicion se confirme, analyse en cours",
                "progress",
            ),
            (Answer.FINAL, "Résultat définitif", "Le compte rendu est signé", "circle-check"),
        ]
        return [each for each in proposed if self.may_say(each[0])]


@dataclass(frozen=True)
class FileLine:
    """One request as a whole."""

    request: LabRequest
    shares: list[ShareLine]
    steps: list[Step] = field(default_factory=list)
    new: LabRequest | None = None
    """The request about the sample that replaces this one."""

    @property
    def unread(self) -> bool:
        """The sample could not be read, by one laboratory at least."""
        return any(share.state[0] == "Non contributif" for share in self.shares)

    @property
    def has_result(self) -> bool:
        kinds = {one.kind for share in self.shares for exam in share.exams for one in exam.known}
        return bool(kinds & {LabAnswerKind.INTERMEDIATE, LabAnswerKind.FINAL})

    @property
    def running(self) -> bool:
        return any(share.waiting for share in self.shares) and not self.request.cancelled_at

    @property
    def answered(self) -> bool:
        return any(share.acts for share in self.shares)

    @property
    def last_said_at(self) -> datetime | None:
        return max((act.said_at for share in self.shares for act in share.acts), default=None)


def share_line(share: SampleShare, now: datetime, replaced_at: datetime | None = None) -> ShareLine:
    """``share`` comes from `with_answers` or `with_page_data`; ``replaced_at`` is when a new sample was asked about."""
    exams = [_exam_line(each, now) for each in share.exams.all()]
    rows = [answer for exam in share.exams.all() for answer in exam.answers.all()]
    return ShareLine(share, exams, _acts(rows, {each.asked.pk: each.asked.label for each in exams}, replaced_at))


def _exam_line(asked: AskedExam, now: datetime) -> ExamLine:
    known = [each for each in asked.answers.all() if each.in_force]
    ended = any(each.kind in ENDS for each in known)
    return ExamLine(asked, known, bool(asked.promised_at and asked.promised_at < now and not ended))


def _acts(rows: Sequence[LabAnswer], labels: dict[int, str], replaced_at: datetime | None) -> list[ActLine]:
    """Latest first."""
    together: dict[UUID, list[LabAnswer]] = defaultdict(list)
    for row in rows:
        together[row.act].append(row)
    lines = [
        ActLine(
            act=act,
            kind=each[0].get_kind_display(),
            tone=TONES[LabAnswerKind(each[0].kind)][0],
            icon=TONES[LabAnswerKind(each[0].kind)][1],
            exams=", ".join(labels[row.asked_id] for row in each),
            said_at=each[0].said_at,
            said_by=each[0].said_by,
            via=each[0].get_via_display(),
            words=each[0].words,
            taken_back="" if each[0].in_force else each[0].correction.reason,
            of_old=bool(replaced_at and each[0].said_at >= replaced_at and each[0].kind != LabAnswerKind.FINAL),
        )
        for act, each in together.items()
    ]
    return sorted(lines, key=lambda line: line.said_at, reverse=True)


def file_line(request: LabRequest, now: datetime, new: LabRequest | None = None) -> FileLine:
    """``request`` comes from `with_page_data`; ``new`` is the one about the sample that replaces its own."""
    sample = request.sample
    shares = list(sample.shares.all())
    for share in shares:
        share.sample = sample
    replaced_at = new.requested_at if new else None
    return FileLine(request, [share_line(share, now, replaced_at) for share in shares], new=new)


def file_lines(requests: Iterable[LabRequest], now: datetime) -> list[FileLine]:
    return [file_line(each, now) for each in requests]


def laboratory_steps(pathways: Iterable[Pathway]) -> dict[int, list[Step]]:
    """What the target pathways expect of the laboratory now, with their due instants (the clocks are theirs), by
    pathway; one query."""
    rows = Step.objects.filter(
        pathway__in=[each.pk for each in pathways], actor=Actor.LABORATORY, state=StepState.OPEN, due_at__isnull=False
    )
    found: dict[int, list[Step]] = defaultdict(list)
    for step in rows.order_by("due_at", "id"):
        found[step.pathway_id].append(step)
    return found


@dataclass(frozen=True)
class InboxLine:
    """A share in the laboratory's inbox: ``due_at`` is its own promise or the pathway's clock, the nearest."""

    line: ShareLine
    step: Step | None
    due_at: datetime | None
    late: bool


def inbox_lines(shares: Iterable[SampleShare], now: datetime) -> list[InboxLine]:
    """What a laboratory has to answer, what is late first, then by due instant."""
    rows = list(shares)
    expected = laboratory_steps(share.sample.request.pathway for share in rows)
    lines = []
    for share in rows:
        line = share_line(share, now)
        steps = expected.get(share.sample.request.pathway_id, [])
        step = steps[0] if steps and line.waiting else None
        due = [each for each in (line.promised_at, step.due_at if step else None) if each]
        due_at = min(due, default=None)
        lines.append(InboxLine(line, step, due_at, bool(due_at and due_at < now)))
    far = datetime.max.replace(tzinfo=now.tzinfo)
    return sorted(lines, key=lambda each: (each.due_at or far, each.line.share.pk))


@dataclass(frozen=True)
class EarlyLine:
    """An early action, and the task it already made."""

    action: EarlyAction
    task: Task | None


def early_lines(request: LabRequest) -> list[EarlyLine]:
    """Which early actions are engaged: their last task, unless it was set aside; one query."""
    origins = {each.key: early_origins(request, each.key) for each in EARLY_ACTIONS}
    asked = Task.objects.filter(origin__in=[origin for found in origins.values() for origin in found])
    made = {task.origin: task for task in asked.exclude(status=TaskStatus.CANCELLED)}
    return [
        EarlyLine(each, next((made[origin] for origin in origins[each.key] if origin in made), None))
        for each in EARLY_ACTIONS
    ]
