"""The enriched request form, drawn from the version of the form in use; and what a laboratory answers."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django import forms
from django.forms.boundfield import BoundField

from coordination.models import LabAgreement, LabForm, LabRequest, SampleNature
from coordination.rules.lab import Asked, FieldKind
from directory.errors import DomainError
from directory.models import Team
from directory.resent import key_of
from pathways.forms.fields import DayField, HourField, instant
from pathways.models import Document, DocumentStatus, Milestone, Pathway
from pathways.rules.milestones import MilestoneKind

NOT_ASKED = "Pas demandé"


class LabRequestForm(forms.Form):
    """One request: the patient's profile, the sample, the exams with their laboratories, who to answer to."""

    key = forms.UUIDField(widget=forms.HiddenInput)
    form_key = forms.CharField(widget=forms.HiddenInput)
    insist = forms.BooleanField(label="Demander quand même : c’est une autre demande", required=False)
    suspected = forms.CharField(
        label="Pathologie suspectée",
        max_length=200,
        error_messages={"required": "Indiquez la pathologie suspectée."},
    )
    taken_on = DayField(label="Prélevé le", error_messages={"required": "Indiquez le jour du prélèvement."})
    taken_hour = HourField(label="Heure")
    site = forms.CharField(
        label="Site prélevé", max_length=120, error_messages={"required": "Indiquez le site prélevé."}
    )
    nature = forms.ChoiceField(
        label="Nature",
        choices=[("", "Choisir"), *SampleNature.choices],
        error_messages={"required": "Choisissez la nature du prélèvement."},
    )
    pots = forms.IntegerField(label="Nombre de flacons", min_value=1, max_value=50, initial=1)
    reception = forms.ChoiceField(
        label="Accueil du prélèvement",
        required=False,
        help_text="Le laboratoire qui reçoit tout, puis répartit.",
    )
    sent_on = DayField(label="Envoyé le", required=False, help_text="Vide si le prélèvement n’est pas encore parti.")
    sent_hour = HourField(label="Heure d’envoi")
    report = forms.ChoiceField(label="Compte rendu de consultation", required=False)
    reply_email = forms.EmailField(
        label="Adresse de réponse de l’équipe",
        help_text="Boîte partagée de l’équipe : le message y dit qu’une réponse est arrivée, jamais laquelle.",
        error_messages={
            "required": "Indiquez l’adresse à laquelle le laboratoire répond.",
            "invalid": "Cette adresse n’est pas valable.",
        },
    )

    def __init__(self, *args: Any, pathway: Pathway, lab_form: LabForm, now: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.pathway, self.lab_form, self.now = pathway, lab_form, now
        self.sheet = lab_form.sheet
        self.zone = ZoneInfo(pathway.team.establishment.time_zone)
        self.laboratories = _laboratories(self.sheet.exams)
        every = {str(team.uuid): team for teams in self.laboratories.values() for team in teams}
        self.teams = every
        for asked in self.sheet.fields:
            self.fields[f"q_{asked.key}"] = _field(asked)
        for exam, label in self.sheet.exams.items():
            teams = self.laboratories.get(exam, [])
            self.fields[f"exam_{exam}"] = forms.ChoiceField(
                label=label,
                required=False,
                choices=[("", NOT_ASKED), *((str(team.uuid), _named(team)) for team in teams)],
            )
        self._choices("reception", [("", "Le premier laboratoire choisi"), *((k, _named(t)) for k, t in every.items())])
        self.documents = {str(each.uuid): each for each in _documents(pathway)}
        self._choices("report", [("", "Aucun"), *((k, _titled(d)) for k, d in self.documents.items())])

    def _choices(self, name: str, choices: list[tuple[str, str]]) -> None:
        field: forms.ChoiceField = self.fields[name]  # type: ignore[assignment]
        field.choices = choices

    @property
    def questions(self) -> list[BoundField]:
        return [self[f"q_{asked.key}"] for asked in self.sheet.fields]

    @property
    def exams(self) -> list[BoundField]:
        return [self[f"exam_{exam}"] for exam in self.sheet.exams]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if not any(data.get(f"exam_{exam}") for exam in self.sheet.exams):
            self.add_error(f"exam_{next(iter(self.sheet.exams))}", "Choisissez au moins un examen et son laboratoire.")
        if data.get("sent_hour") and not data.get("sent_on") and "sent_on" not in self.errors:
            self.add_error("sent_on", "Indiquez aussi le jour de l’envoi.")
        for name, day, hour in (("taken_at", "taken_on", "taken_hour"), ("sent_at", "sent_on", "sent_hour")):
            data[name] = instant(data[day], data.get(hour), self.zone, self.now) if data.get(day) else None
        return data

    def given(self) -> dict[str, Any]:
        """What `send_lab_request` takes."""
        data = self.cleaned_data
        wanted = {exam: data[f"exam_{exam}"] for exam in self.sheet.exams if data[f"exam_{exam}"]}
        return {
            "form": self.lab_form,
            "answers": {asked.key: data[f"q_{asked.key}"] for asked in self.sheet.fields},
            "suspected": data["suspected"],
            "exams": {exam: self.teams[team] for exam, team in wanted.items()},
            "reception": self.teams.get(data["reception"]),
            "taken_at": data["taken_at"],
            "sent_at": data["sent_at"],
            "site": data["site"],
            "nature": data["nature"],
            "pots": data["pots"],
            "report": self.documents.get(data["report"]),
            "reply_email": data["reply_email"],
            "insist": data["insist"],
        }

    def place_error(self, error: DomainError) -> None:
        """Puts a refusal beside the field it is about."""
        places = {"taken_at": "taken_on", "sent_at": "sent_on", "exams": f"exam_{next(iter(self.sheet.exams))}"}
        name = places.get(error.field or "", error.field)
        self.add_error(name if name in self.fields else None, error.message)


def prefill(pathway: Pathway, lab_form: LabForm, zone: ZoneInfo) -> dict[str, Any]:
    """What the file already knows: the last biopsy, the team's mailbox, the laboratory of each exam that the target
    waits for, when there is one only, and, for a second sample, the answers of the first request."""
    biopsy = (
        Milestone.objects.in_force()
        .filter(pathway=pathway, kind=MilestoneKind.BIOPSY_TAKEN)
        .order_by("-occurred_at")
        .first()
    )
    known: dict[str, Any] = {
        "form_key": lab_form.key,
        "suspected": pathway.version.target.pathology,
        "reply_email": pathway.team.email or pathway.team.establishment.email,
        "pots": 1,
        "nature": SampleNature.BIOPSY,
    }
    if biopsy:
        taken = biopsy.occurred_at.astimezone(zone)
        known |= {"taken_on": taken.date(), "taken_hour": taken.time().replace(second=0, microsecond=0)}
    awaited = pathway.version.content.details_awaited(MilestoneKind.LAB_FINAL)
    for exam, teams in _laboratories(lab_form.sheet.exams).items():
        if len(teams) == 1 and (not awaited or exam in awaited):
            known[f"exam_{exam}"] = str(teams[0].uuid)
    last = LabRequest.objects.filter(pathway=pathway).standing().order_by("-requested_at", "-id").first()
    if last:
        known |= {f"q_{key}": value for key, value in last.answers.items()}
        known |= {"suspected": last.suspected, "reply_email": last.reply_email}
    return known


def _laboratories(exams: Any) -> dict[str, list[Team]]:
    rows = LabAgreement.objects.filter(is_active=True, exam__in=list(exams))
    found: dict[str, list[Team]] = {}
    for row in rows.select_related("laboratory__establishment").order_by("laboratory__name", "pk"):
        found.setdefault(row.exam, []).append(row.laboratory)
    return found


def _named(team: Team) -> str:
    return f"{team.name}, {team.establishment}"


def _documents(pathway: Pathway) -> list[Document]:
    rows = Document.objects.filter(pathway=pathway, status=DocumentStatus.READY).exclude(kind="pps")
    return list(rows.order_by("-requested_at", "-id")[:50])


def _titled(document: Document) -> str:
    return f"{document.title}, {document.requested_at:%d/%m/%Y}"


def _field(asked: Asked) -> forms.Field:
    needed = {"required": "Le laboratoire a besoin de cette réponse."}
    common: dict[str, Any] = {
        "label": asked.label, "required": asked.required, "help_text": asked.help, "error_messages": needed,
    }  # fmt: skip
    if asked.kind is FieldKind.CHOICE:
        return forms.ChoiceField(choices=[("", "Choisir"), *asked.choices], **common)
    if asked.kind is FieldKind.LONG:
        return forms.CharField(max_length=2000, widget=forms.Textarea(attrs={"rows": 3}), **common)
    return forms.CharField(max_length=200, **common)


class LabAnswerForm(forms.Form):
    """What a laboratory says: on which exams, what, and by whom when it has no account."""

    act = forms.UUIDField(widget=forms.HiddenInput)
    exams = forms.MultipleChoiceField(
        label="Examens concernés",
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choisissez l’examen dont vous parlez."},
    )
    words = forms.CharField(
        label="Précision pour l’équipe",
        required=False,
        max_length=300,
        help_text="Matériel insuffisant, technique complémentaire en cours… Jamais lue dans un message.",
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    said_by = forms.CharField(label="Votre nom", max_length=120, error_messages={"required": "Indiquez votre nom."})

    def __init__(self, *args: Any, exams: list[tuple[str, str]], named: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: forms.MultipleChoiceField = self.fields["exams"]  # type: ignore[assignment]
        field.choices = exams
        if named:
            del self.fields["said_by"]

    def key(self, kind: str) -> UUID:
        """The act that this form is: the same sent again is the same act, filled in otherwise is another one."""
        data = self.cleaned_data
        return key_of(data["act"], kind, tuple(sorted(data["exams"])), data["words"])
