"""What the pages of the front door show, read once and named; templates only draw it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.db.models.functions import Lower
from django.utils.html import format_html

from directory import typography
from directory.models import Membership, Profession, Professional, Role, User
from pathways.models import (
    Appointment,
    AppointmentStatus,
    Milestone,
    MilestoneSource,
    Pathway,
    Patient,
    Step,
    StepState,
)
from pathways.rules import Calendar
from pathways.rules.milestones import MilestoneKind
from pathways.services import calendar_of
from referrals.desk import Desk, desk_of
from referrals.models import EventKind, MissingPiece, Referral, ReferralEvent, ReferralStatus, UrgencySign
from referrals.rules import Countdown, countdown, initials, split_name, takes_files, takes_notes, usually_missing
from referrals.rules.public import PUBLIC_MILESTONES
from referrals.words import before

MOST_CANDIDATES = 6
STATUS_TONES = {
    ReferralStatus.RECEIVED: ("info", "inbox"),
    ReferralStatus.INCOMPLETE: ("paused", "file-alert"),
    ReferralStatus.ACCEPTED: ("ok", "circle-check"),
    ReferralStatus.REFUSED: ("neutral", "ban"),
    ReferralStatus.REDIRECTED: ("neutral", "arrow-ramp-right"),
}
EVENT_LOOKS = {
    EventKind.RECEIVED: ("info", "inbox"),
    EventKind.ASKED: ("paused", "file-alert"),
    EventKind.COMPLETED: ("info", "file-plus"),
    EventKind.NOTE: ("neutral", "message"),
    EventKind.ACCEPTED: ("ok", "circle-check"),
    EventKind.REFUSED: ("neutral", "ban"),
    EventKind.REDIRECTED: ("neutral", "arrow-ramp-right"),
}


def labels(choices: Any, values: Iterable[str]) -> list[str]:
    """The French names of stored values, in the order of the vocabulary."""
    kept = set(values)
    return [label for value, label in choices.choices if value in kept]


# --- the inbox ------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class InboxRow:
    """One line of the inbox."""

    referral: Referral
    countdown: Countdown | None
    signs: list[str]
    missing: list[str]
    status_tone: str
    status_icon: str


# word of `querysets.FILTERS`: label, tone, icon, what an empty list means
FILTER_LOOKS: dict[str, tuple[str, str, str, str]] = {
    "a-trier": ("À trier", "info", "inbox", "Toutes les demandes ont reçu leur réponse."),
    "promesse": ("Promesse dépassée", "late", "clock-exclamation", "Aucune promesse de réponse n’est dépassée."),
    "complement": ("Complément demandé", "paused", "file-alert", "Aucun demandeur ne vous doit de document."),
    "messages": ("À lire", "primary", "message", "Vous avez lu tout ce que les demandeurs ont écrit."),
    "toutes": ("Toutes", "neutral", "list", "Aucune demande n’est encore arrivée dans vos équipes."),
}


def inbox_counters(counts: dict[str, int], chosen: str, address: str) -> list[dict[str, Any]]:
    """The filters with their counts, for the `counter_card` component."""
    return [
        {
            "label": label,
            "value": counts[word.replace("-", "_")],
            "url": f"{address}?etat={word}",
            "tone": tone,
            "icon": icon,
            "current": word == chosen,
        }
        for word, (label, tone, icon, _) in FILTER_LOOKS.items()
    ]


def inbox_headline(counts: dict[str, int]) -> str:
    """One line on the state of the promises."""
    soon = counts["soon"]
    if counts["promesse"]:
        many = counts["promesse"] > 1
        return f"{counts['promesse']} promesse{'s' if many else ''} de réponse dépassée{'s' if many else ''}"
    if soon:
        return f"{soon} réponse{'s' if soon > 1 else ''} à donner bientôt pour tenir la promesse"
    return "Toutes les promesses de réponse sont tenues" if counts["toutes"] else ""


def inbox_rows(referrals: Iterable[Referral], now: datetime) -> list[InboxRow]:
    """Lines ready to draw; one query per establishment for its calendar."""
    calendars: dict[int, Calendar] = {}
    rows = []
    for referral in referrals:
        if referral.establishment_id not in calendars:
            calendars[referral.establishment_id] = calendar_of(referral.establishment)
        tone, icon = STATUS_TONES[ReferralStatus(referral.status)]
        rows.append(
            InboxRow(
                referral=referral,
                countdown=promise_left(referral, now, calendars[referral.establishment_id]),
                signs=labels(UrgencySign, referral.urgency_signs),
                missing=labels(MissingPiece, referral.missing),
                status_tone=tone,
                status_icon=icon,
            )
        )
    return rows


def promise_left(referral: Referral, now: datetime, calendar: Calendar) -> Countdown | None:
    """How much of the promise is left; None when it does not run."""
    if referral.status != ReferralStatus.RECEIVED or referral.answer_due_at is None:
        return None
    return countdown(now, referral.answer_due_at, referral.answer_warn_at, calendar)


# --- the coordinator's page -----------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Candidate:
    """A known file that may be the same person. ``runs_here``: already on this very pathway."""

    patient: Patient
    same_birth_date: bool
    runs_here: bool

    @property
    def text(self) -> str:
        """Name, then the traits that tell one person from another."""
        patient = self.patient
        traits = [
            f"{patient.birth_date:%d/%m/%Y}" + ("" if self.same_birth_date else " (date différente)"),
            patient.get_sex_display(),
            f"dossier {patient.file_number}",
        ]
        if patient.deceased_on:
            traits.append(f"patient décédé le {patient.deceased_on:%d/%m/%Y}")
        if self.runs_here:
            traits.append("suit déjà ce parcours : la demande y sera jointe")
        return format_html('{} <span class="r-candidate">{}</span>', str(patient), " · ".join(traits))


def candidates(referral: Referral) -> list[Candidate]:
    """Possible same persons in the whole establishment, nearest first.

    Not only those the user may open: identity vigilance is the establishment's, and a double file is a danger. Only
    identity traits are shown, and the requester has just given the same ones.
    """
    found = Patient.objects.filter(establishment=referral.establishment_id).look_alikes(
        birth_name=referral.birth_name, first_name=referral.first_name, birth_date=referral.birth_date
    )[:MOST_CANDIDATES]
    patients = list(found)
    here = set(
        Pathway.objects.active()
        .filter(patient__in=patients, version__target=referral.target_id)
        .values_list("patient_id", flat=True)
    )
    return [Candidate(p, p.birth_date == referral.birth_date, p.pk in here) for p in patients]


def owners_of(referral: Referral) -> QuerySet[User]:
    """Who may follow the patient: the coordinators of the team."""
    members = Membership.objects.current().filter(team=referral.team_id, role=Role.COORDINATOR)
    return (
        User.objects.filter(is_active=True, pk__in=members.values("user_id"))
        .select_related("professional")
        .order_by(Lower("professional__last_name"), "pk")
    )


def gps_for(referral: Referral) -> QuerySet[Professional] | None:
    """Doctors of the directory whose name looks like the one given; None when there is nothing to choose."""
    if referral.requester_is_gp or referral.has_no_gp or not referral.gp_name:
        return None
    family = split_name(referral.gp_name).last_name
    found = Professional.objects.search(family).filter(profession=Profession.PHYSICIAN, in_town=True)
    return found if found.exists() else None


def missing_hints(referral: Referral) -> list[str]:
    """The pieces to tick beforehand when asking for a complement."""
    if referral.missing:
        return list(referral.missing)
    return usually_missing(
        exams=referral.exams,
        document_count=len(referral.documents.all()),
        patient_phone=referral.patient_phone,
        history=referral.history,
        first_symptoms_known=referral.first_symptoms_on is not None,
        gp_known=referral.requester_is_gp or referral.has_no_gp or bool(referral.gp_name),
    )


def identity(referral: Referral) -> dict[str, Any]:
    """The patient as told, for the `identity_banner` component."""
    return {
        "birth_name": referral.birth_name,
        "first_names": referral.first_name,
        "used_name": referral.used_name,
        "sex_label": referral.get_sex_display(),
        "birth_date": referral.birth_date,
        "birth_place": "",
        "phone": referral.patient_phone,
        "ins_label": "Déclarée par le demandeur",
        "ins_tone": "neutral",
    }


def news(referral: Referral) -> list[str]:
    """What the requester wrote since the coordination last answered, oldest first."""
    events = list(referral.events.all())
    ours = max((position for position, event in enumerate(events) if event.by_id), default=-1)
    since = [event for event in events[ours + 1 :] if event.from_requester and event.kind != EventKind.RECEIVED]
    return [" · ".join(filter(None, (event.message, papers(event.document_count)))) for event in since]


def history_items(events: Sequence[ReferralEvent]) -> list[dict[str, Any]]:
    """The events, newest first, for the `history` component of the coordinator's page."""
    items = []
    for event in reversed(events):
        tone, icon = EVENT_LOOKS[EventKind(event.kind)]
        words = [", ".join(labels(MissingPiece, event.pieces)), event.message, papers(event.document_count)]
        items.append(
            {
                "title": event.get_kind_display(),
                "when": event.at,
                "who": "le demandeur" if event.from_requester else str(event.by or "automatique"),
                "text": typography.spaces("\n".join(word for word in words if word)),
                "tone": tone,
                "icon": icon,
            }
        )
    return items


def papers(count: int) -> str:
    """« 2 documents joints », nothing for none."""
    return f"{count} document{'s' if count > 1 else ''} joint{'s' if count > 1 else ''}" if count else ""


# --- the requester's page -------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class FollowPage:
    """Everything the follow-up page says at ``at``. No identity beyond initials and year, no clinical content."""

    referral: Referral
    desk: Desk
    who: str
    asked: list[str]
    answer: str
    owner: User | None
    appointments: list[Appointment]
    next_step: Step | None
    closed: bool
    takes_notes: bool
    takes_files: bool
    at: datetime
    history: list[dict[str, Any]] = field(default_factory=list)

    @property
    def due(self) -> str:
        """« avant le … »; read while the page is drawn, in the establishment's time zone."""
        return before(self.referral.answer_due_at) if self.referral.answer_due_at else ""

    @property
    def promise_broken(self) -> bool:
        """True when the answer promised has not come in time: the page owns up to it."""
        return self.referral.answer_due_at is not None and self.referral.answer_due_at < self.at

    @property
    def next_step_late(self) -> bool:
        return self.next_step is not None and self.next_step.due_at is not None and self.next_step.due_at < self.at


def follow_page(referral: Referral, now: datetime) -> FollowPage:
    """Reads the page of one request; the pathway is read through milestones and appointments only."""
    pathway = referral.pathway
    active = pathway is not None and pathway.is_active
    events = list(referral.events.all())
    last = next((event for event in reversed(events) if event.by_id and event.to_status == referral.status), None)
    coming = _coming(pathway, now) if pathway and active else []
    return FollowPage(
        referral=referral,
        desk=desk_of(referral.target),
        who=initials(referral.first_name, referral.birth_name, referral.birth_date),
        asked=labels(MissingPiece, referral.missing),
        answer=last.message if last else "",
        owner=pathway.owner if pathway else None,
        appointments=coming,
        next_step=_next_public_step(pathway, coming) if pathway and active else None,
        closed=referral.status == ReferralStatus.ACCEPTED and not active,
        takes_notes=takes_notes(referral.status, pathway_active=active),
        takes_files=takes_files(referral.status),
        at=now,
        history=_public_history(events, pathway),
    )


def _coming(pathway: Pathway, now: datetime) -> list[Appointment]:
    return list(pathway.appointments.filter(status=AppointmentStatus.PLANNED, ends_at__gte=now))


def _next_public_step(pathway: Pathway, coming: Sequence[Appointment]) -> Step | None:
    """The first step to come whose very name tells nothing of a result, and which is not one of the appointments."""
    content = pathway.version.content
    public = [step.key for step in content.steps if step.done_by and step.done_by[0].milestone in PUBLIC_MILESTONES]
    booked = [appointment.exam_code for appointment in coming if appointment.exam_code]
    steps = pathway.steps.filter(step_key__in=public, state=StepState.OPEN, due_at__isnull=False)
    return steps.exclude(exam_type__in=booked).order_by("due_at", "order").first()


def _public_history(events: Sequence[ReferralEvent], pathway: Pathway | None) -> list[dict[str, Any]]:
    """Newest first. The requester's own words are not shown back: the link may be read over a shoulder."""
    items = []
    for event in events:
        tone, icon = EVENT_LOOKS[EventKind(event.kind)]
        items.append(
            {
                "title": _public_title(event),
                "when": event.at,
                "text": papers(event.document_count),
                "tone": tone,
                "icon": icon,
            }
        )
    if pathway:
        facts = Milestone.objects.in_force().filter(pathway=pathway, kind__in=PUBLIC_MILESTONES)
        items += [_public_fact(fact) for fact in facts]
        if not pathway.is_active:
            items.append({"title": "Parcours terminé", "when": pathway.closed_at, "tone": "neutral", "icon": "flag"})
    return sorted(items, key=lambda item: item["when"], reverse=True)


def _public_fact(fact: Milestone) -> dict[str, Any]:
    """One step that took place. Notes are private; but that of a registration, written by Jalon, is the RCP's date."""
    kind = MilestoneKind(fact.kind)
    dated = kind is MilestoneKind.RCP_REGISTERED and fact.source == MilestoneSource.AUTOMATIC
    return {
        "title": PUBLIC_MILESTONES[kind],
        "when": fact.occurred_at,
        "text": fact.note if dated else "",
        "tone": "ok",
        "icon": "circle-check",
    }


def _public_title(event: ReferralEvent) -> str:
    return "Information que vous avez ajoutée" if event.kind == EventKind.NOTE else event.get_kind_display()
