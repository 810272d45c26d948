"""The forms of the front door."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from django import forms
from django.db.models import QuerySet
from django.forms.utils import ErrorDict
from django.http import QueryDict
from django.utils import timezone

from directory.files import MAX_BYTES
from directory.models import Profession, Professional, User
from pathways.models import Patient, Sex, TargetPathway
from referrals.facts import ReferralFacts
from referrals.fields import DayField, DayOrMonthField, FilesField, NameField, PhoneField, RppsField
from referrals.rules import implausible_birth_date, rpps_checksum_fails
from referrals.vocabulary import Channel, KnownExam, MissingPiece, Urgency, UrgencySign

BOXED = {"class": "j-choices-boxed"}
RPPS_WARNING = "Ce numéro ne passe pas le contrôle de saisie : relisez-le. La demande est enregistrée telle quelle."
SPECIALTIES = (
    "Médecine générale", "Radiologie", "Gastro-entérologie", "Chirurgie viscérale", "Oncologie", "Pneumologie",
    "Gynécologie", "Urologie", "Gériatrie", "Médecine interne", "Médecine d’urgence",
)  # fmt: skip
# Doctors first: nearly every request comes from one.
REQUESTERS = [
    (Profession.PHYSICIAN, Profession.PHYSICIAN.label),
    (Profession.NURSE, Profession.NURSE.label),
    (Profession.PHARMACIST, Profession.PHARMACIST.label),
    (Profession.SECRETARY, Profession.SECRETARY.label),
    (Profession.OTHER, Profession.OTHER.label),
]


# The order of the page, hence of the list of mistakes; what a list leaves out comes last.
REQUESTER_FIELDS = (
    "requester_name", "requester_phone", "requester_email", "requester_profession", "requester_specialty",
    "requester_rpps",
)  # fmt: skip
PATIENT_FIELDS = (
    "birth_name", "first_name", "birth_date", "patient_phone", "sex", "gp", "gp_name", "patient_knows", "used_name",
    "patient_city",
)  # fmt: skip
REASON_FIELDS = (
    "reason", "urgency_signs", "first_symptoms", "imaging_on", "exams", "exams_done", "history", "missing", "papers",
)  # fmt: skip


class FormKey(forms.Form):
    """What binds several sendings of one form together: its key, and the files already kept under it."""

    form_key = forms.UUIDField(widget=forms.HiddenInput)
    website = forms.CharField(
        label="Ne remplissez pas cette case",
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "tabindex": "-1"}),
    )
    papers = FilesField(
        label="Joindre des documents",
        required=False,
        help_text="Compte rendu d’imagerie, biologie, courrier : une photo nette suffit.",
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["papers"].widget.attrs |= {
            "accept": ".pdf,image/jpeg,image/png",
            "data-max-bytes": str(MAX_BYTES),
        }

    def clean_website(self) -> str:
        """A box no person sees: filled by a robot, or by a zealous browser, whose owner is told and tries again."""
        if self.cleaned_data["website"]:
            self._retyped("website", "")
            raise forms.ValidationError(
                "L’envoi a été pris pour celui d’un robot. Rien n’est perdu : envoyez de nouveau.", code="robot"
            )
        return ""

    def ensure_key(self) -> UUID:
        """The key as sent; when it came damaged, a new one under which everything typed comes back."""
        try:
            return UUID(str(self.data.get("form_key", "")))
        except ValueError:
            key = uuid4()
            self._retyped("form_key", str(key))
            return key

    def without_errors(self) -> None:
        """Shows what was typed without judging it: the person pressed a button other than "send"."""
        self._errors = ErrorDict()

    def _retyped(self, name: str, value: str) -> None:
        data = QueryDict(mutable=True)
        data.update(self.data)
        data[name] = value
        self.data = data


class RequestForm(FormKey):
    """The public form: two minutes on a phone. Four groups; nine boxes must be filled."""

    field_order = [*REQUESTER_FIELDS, *PATIENT_FIELDS, *REASON_FIELDS]

    requester_name = NameField(
        label="Votre nom", max_length=120, widget=forms.TextInput(attrs={"autocomplete": "name"}),
        help_text="Titre, prénom et nom",
    )  # fmt: skip
    requester_profession = forms.ChoiceField(label="Profession", choices=REQUESTERS, initial=Profession.PHYSICIAN)
    requester_specialty = forms.CharField(
        label="Spécialité", max_length=80, required=False,
        widget=forms.TextInput(attrs={"list": "specialties", "autocomplete": "organization-title"}),
    )  # fmt: skip
    requester_rpps = RppsField(label="Numéro RPPS", required=False, max_length=20)
    requester_phone = PhoneField(
        label="Téléphone direct", max_length=25, widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "tel"})
    )
    requester_email = forms.EmailField(
        label="Courriel", max_length=254, widget=forms.EmailInput(attrs={"autocomplete": "email"}),
        help_text="Pour l’accusé de réception et le lien de suivi ; messagerie sécurisée possible",
    )  # fmt: skip
    gp = forms.ChoiceField(
        label="Médecin traitant du patient",
        choices=[("me", "C’est moi"), ("other", "C’est un confrère"), ("none", "Le patient n’en a pas")],
        widget=forms.RadioSelect,
    )
    gp_name = NameField(label="Nom du médecin traitant", max_length=120, required=False)

    birth_name = NameField(
        label="Nom de naissance", max_length=100, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    first_name = NameField(
        label="Premier prénom", max_length=100, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    used_name = NameField(
        label="Nom utilisé, s’il est différent", max_length=100, required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )  # fmt: skip
    birth_date = DayField(label="Date de naissance")
    sex = forms.ChoiceField(label="Sexe", choices=Sex.choices, widget=forms.RadioSelect)
    patient_phone = PhoneField(
        label="Téléphone du patient", max_length=25, required=False,
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "off"}), help_text="Pour l’appeler dès la réponse",
    )  # fmt: skip
    patient_city = forms.CharField(
        label="Commune", max_length=80, required=False, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    patient_knows = forms.BooleanField(label="Le patient est informé de cette demande", required=False)

    reason = forms.CharField(
        label="Motif", max_length=4000, widget=forms.Textarea(attrs={"rows": 4, "autocomplete": "off"}),
        help_text="Ce qui vous fait demander un avis rapide, en quelques lignes",
    )  # fmt: skip
    urgency_signs = forms.MultipleChoiceField(
        label="Signes d’urgence présents aujourd’hui", choices=UrgencySign.choices, required=False,
        widget=forms.CheckboxSelectMultiple,
    )  # fmt: skip
    first_symptoms = DayOrMonthField(
        label="Premiers symptômes", required=False, help_text="Le mois suffit si le jour est inconnu"
    )
    imaging_on = DayField(label="Date de l’imagerie suspecte", required=False)
    exams = forms.MultipleChoiceField(
        label="Examens déjà réalisés", choices=KnownExam.choices, required=False, widget=forms.CheckboxSelectMultiple
    )
    exams_done = forms.CharField(
        label="Précisions sur ces examens", max_length=2000, required=False,
        widget=forms.Textarea(attrs={"rows": 2, "autocomplete": "off"}),
        help_text="Lieu, date, conclusion, lien vers les images",
    )  # fmt: skip
    history = forms.CharField(
        label="Antécédents et traitements en cours", max_length=4000, required=False,
        widget=forms.Textarea(attrs={"rows": 2, "autocomplete": "off"}),
    )  # fmt: skip

    @property
    def rpps_warning(self) -> str:
        """A remark to show beside the number, never a refusal (french-standards 5.3)."""
        number = getattr(self, "cleaned_data", {}).get("requester_rpps", "")
        return RPPS_WARNING if rpps_checksum_fails(number) else ""

    @property
    def shows_more(self) -> bool:
        """True when the folded boxes hold something to see."""
        return any(self[name].value() or self[name].errors for name in ("used_name", "patient_city"))

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        born, today = given.get("birth_date"), timezone.localdate()
        if born and (problem := implausible_birth_date(born, today)):
            self.add_error("birth_date", problem)
        symptoms = given.get("first_symptoms")
        for name, day in (("first_symptoms", symptoms and symptoms[0]), ("imaging_on", given.get("imaging_on"))):
            if day and day > today:
                self.add_error(name, "Cette date est dans le futur.")
            elif day and born and day < born:
                self.add_error(name, "Cette date précède la naissance du patient.")
        return given

    def facts(self) -> ReferralFacts:
        """What was told, once the form is valid."""
        given = self.cleaned_data
        symptoms_on, month_only = given["first_symptoms"] or (None, False)
        copied = (
            "requester_name", "requester_profession", "requester_specialty", "requester_rpps", "requester_phone",
            "requester_email", "birth_name", "first_name", "used_name", "birth_date", "sex", "patient_phone",
            "patient_city", "patient_knows", "reason", "imaging_on", "exams", "exams_done", "history", "urgency_signs",
        )  # fmt: skip
        return ReferralFacts(
            **{name: given[name] for name in copied},
            requester_is_gp=given["gp"] == "me",
            has_no_gp=given["gp"] == "none",
            gp_name=given["gp_name"] if given["gp"] == "other" else "",
            first_symptoms_on=symptoms_on,
            first_symptoms_month_only=month_only,
            requester=given.get("requester"),
        )


class DeskRequestForm(RequestForm):
    """The same request, entered at the desk for someone on the phone (ENT-02, ENT-04): dense, keyboard first."""

    field_order = ["target", "channel", "received_at", *REQUESTER_FIELDS, *PATIENT_FIELDS, *REASON_FIELDS]

    target = forms.ModelChoiceField(label="Parcours demandé", queryset=TargetPathway.objects.none(), empty_label=None)
    channel = forms.ChoiceField(
        label="Reçue par",
        choices=[choice for choice in Channel.choices if choice[0] != Channel.FORM],
        initial=Channel.PHONE,
    )
    received_at = forms.DateTimeField(
        label="Reçue le",
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )
    requester = forms.ModelChoiceField(
        queryset=Professional.objects.all(), required=False, widget=forms.HiddenInput, to_field_name="uuid"
    )
    missing = forms.MultipleChoiceField(
        label="Documents encore attendus", choices=MissingPiece.choices, required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="Si vous en cochez, le demandeur reçoit la liste avec le lien pour les envoyer.",
    )  # fmt: skip

    def __init__(self, *args: Any, user: User, now: datetime, **options: Any) -> None:
        super().__init__(*args, **options)
        self.user, self.now = user, now
        targets = TargetPathway.objects.published().filter(team__in=user.teams_as(*user.roles)).select_related("team")
        self.fields["target"].queryset = targets  # type: ignore[attr-defined]
        self.fields["received_at"].initial = timezone.localtime(now).replace(second=0, microsecond=0)
        self.fields["requester_email"].required = False
        self.fields["requester_email"].help_text = "Sinon, à prévenir par téléphone"
        self.fields["requester_name"].label = "Nom du demandeur"
        for name in ("requester_name", "reason", "patient_phone", "papers"):
            self.fields[name].help_text = ""
        self.fields["requester_name"].widget.attrs["autocomplete"] = "off"
        self.fields["requester_phone"].widget.attrs["autocomplete"] = "off"
        self.fields["requester_email"].widget.attrs["autocomplete"] = "off"
        self.fields["gp"].choices = [  # type: ignore[attr-defined]
            ("me", "Le demandeur"), ("other", "Un confrère"), ("none", "Aucun"),
        ]  # fmt: skip

    def clean_received_at(self) -> datetime:
        at: datetime = self.cleaned_data["received_at"]
        if at > self.now:
            raise forms.ValidationError("La demande ne peut pas avoir été reçue dans le futur.")
        return at


class WriteBackForm(FormKey):
    """What the requester adds from the follow-up page."""

    text = forms.CharField(
        label="Votre message",
        max_length=2000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3, "autocomplete": "off"}),
    )

    def __init__(self, *args: Any, takes_files: bool = True, **options: Any) -> None:
        super().__init__(*args, **options)
        if not takes_files:
            del self.fields["papers"]
            self.fields["text"].required = True


class TriageForm(forms.Form):
    """One of the four answers; several stand on one page, hence ids of their own."""

    id_stem = ""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **{"auto_id": f"{self.id_stem}_%s"} | options)


class AcceptForm(TriageForm):
    """Which file, who follows the patient, how urgent. ``files`` pairs each possible file with its description."""

    NEW = "new"
    id_stem = "accept"

    patient = forms.ChoiceField(label="Dossier du patient", widget=forms.RadioSelect(attrs=BOXED))
    owner = forms.ModelChoiceField(label="Responsable du parcours", queryset=User.objects.none(), empty_label=None)
    urgency = forms.TypedChoiceField(
        label="Urgence", choices=Urgency.choices, coerce=int, empty_value=None, required=False,
        widget=forms.RadioSelect(attrs={"class": "j-choices-row"}),
    )  # fmt: skip
    gp = forms.ModelChoiceField(
        label="Médecin traitant", queryset=Professional.objects.none(), required=False, to_field_name="uuid",
        empty_label="À rechercher plus tard",
    )  # fmt: skip
    message = forms.CharField(
        label="Mot au demandeur", max_length=2000, required=False, widget=forms.Textarea(attrs={"rows": 2}),
        help_text="Lu sur la page de suivi : n’y écrivez ni résultat ni nom de patient.",
    )  # fmt: skip

    def __init__(
        self,
        *args: Any,
        files: Sequence[tuple[Patient, str]],
        owners: QuerySet[User],
        gps: QuerySet[Professional] | None,
        asks_urgency: bool,
        **options: Any,
    ) -> None:
        super().__init__(*args, **options)
        self.known = {str(patient.uuid): patient for patient, _ in files}
        patient_field = self.fields["patient"]
        patient_field.choices = [  # type: ignore[attr-defined]
            *((str(patient.uuid), text) for patient, text in files), (self.NEW, "Créer un nouveau dossier"),
        ]  # fmt: skip
        if files:
            patient_field.help_text = "Des dossiers se ressemblent : vérifiez avant d’en créer un."
        else:
            patient_field.help_text = "Aucun dossier ressemblant dans l’établissement."
            patient_field.initial = self.NEW
        self.fields["owner"].queryset = owners  # type: ignore[attr-defined]
        if gps is None:
            del self.fields["gp"]
        else:
            self.fields["gp"].queryset = gps  # type: ignore[attr-defined]
        if not asks_urgency:
            del self.fields["urgency"]

    @property
    def chosen_patient(self) -> Patient | None:
        """The file to attach to; None to create one."""
        return self.known.get(self.cleaned_data["patient"])


class AskForm(TriageForm):
    id_stem = "ask"

    pieces = forms.MultipleChoiceField(
        label="Ce qui manque", choices=MissingPiece.choices, required=False, widget=forms.CheckboxSelectMultiple
    )
    message = forms.CharField(
        label="Précision", max_length=2000, required=False, widget=forms.Textarea(attrs={"rows": 2}),
        help_text="Lue sur la page de suivi : n’y écrivez pas le nom du patient.",
    )  # fmt: skip


class RefuseForm(TriageForm):
    id_stem = "refuse"

    reason = forms.CharField(
        label="Raison, et ce que vous proposez", max_length=2000, widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Le demandeur la lit sur la page de suivi.",
    )  # fmt: skip


class RedirectForm(TriageForm):
    id_stem = "redirect"

    place = forms.CharField(
        label="Vers qui", max_length=160, help_text="Établissement, service, téléphone si vous l’avez"
    )
    reason = forms.CharField(label="Raison", max_length=2000, widget=forms.Textarea(attrs={"rows": 3}))
