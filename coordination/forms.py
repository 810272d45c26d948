"""Forms of the desk. They read what was typed; the services decide."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.utils import timezone

from coordination.models import ActKind, Channel, ContactOutcome
from coordination.rules.contacts import CORRESPONDENTS, GP, PATIENT
from coordination.services.acts import Asked
from coordination.services.notice_post import LONGEST_WORDS
from directory.models import Team, User

LETTER_SENT, GP_REACHED = "letter", "gp"
OUTCOMES = [each for each in ContactOutcome.choices if each[0] != ContactOutcome.POSTPONED]


def day_input() -> forms.DateInput:
    return forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})


class ContactForm(forms.Form):
    """A call in one gesture: the button pressed is the outcome, the day to call back (`call_back_on`), or what was done
    instead of calling again (`another`)."""

    outcome = forms.ChoiceField(choices=OUTCOMES, required=False)
    call_back_on = forms.DateField(required=False)
    another = forms.ChoiceField(choices=[(LETTER_SENT, ""), (GP_REACHED, "")], required=False)
    next_on = forms.DateField(label="Rappeler le", required=False, widget=day_input())
    note = forms.CharField(
        label="Note", max_length=500, required=False, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    whom = forms.ChoiceField(label="Avec", choices=CORRESPONDENTS, required=False)
    channel = forms.ChoiceField(label="Moyen", choices=Channel.choices, initial=Channel.PHONE, required=False)
    key = forms.UUIDField(required=False, widget=forms.HiddenInput())

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("call_back_on"):
            data["outcome"], data["next_on"] = ContactOutcome.CALL_BACK, data["call_back_on"]
        data["channel"] = data.get("channel") or Channel.PHONE
        if data.get("another") == LETTER_SENT:
            data["outcome"], data["channel"], data["whom"] = ContactOutcome.MESSAGE, Channel.LETTER, PATIENT
        elif data.get("another") == GP_REACHED:
            data["outcome"], data["whom"] = ContactOutcome.REACHED, GP
        return data


class ActForm(forms.Form):
    """What is asked of the ticked rows: only the fields of the gesture. Unbound, it proposes the usual choice."""

    OUTCOMES = OUTCOMES

    owner = forms.ChoiceField(label="Confier à", required=False)
    day = forms.DateField(label="Rappeler le", required=False, widget=day_input())
    outcome = forms.ChoiceField(label="Résultat", choices=OUTCOMES, initial=ContactOutcome.MESSAGE)
    channel = forms.ChoiceField(label="Moyen", choices=Channel.choices, initial=Channel.PHONE)
    note = forms.CharField(
        label="Note", max_length=500, required=False, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    key = forms.UUIDField(required=False, widget=forms.HiddenInput())

    ASKS: ClassVar[dict[str, tuple[str, ...]]] = {
        ActKind.ASSIGN: ("owner",),
        ActKind.POSTPONE: ("day", "note"),
        ActKind.CONTACT: ("outcome", "channel", "day", "note"),
    }

    def __init__(self, *args: Any, kind: str, people: list[User], user: User, **options: Any) -> None:
        super().__init__(*args, **options)
        self.kind, self.people = kind, {str(person.pk): person for person in people}
        for name in set(self.fields) - {*self.ASKS[kind], "key"}:
            del self.fields[name]
        if kind == ActKind.ASSIGN:
            field: forms.ChoiceField = self.fields["owner"]  # type: ignore[assignment]
            field.choices = [("", "Personne pour l’instant"), *((pk, str(each)) for pk, each in self.people.items())]
            field.initial = str(user.pk) if str(user.pk) in self.people else ""
        if kind == ActKind.POSTPONE:
            self.fields["day"].required = True
            self.fields["day"].error_messages["required"] = "Indiquez à quel jour reporter le rappel."

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        day = data.get("day")
        if day and day < timezone.localdate():
            self.add_error("day", "La date de rappel est déjà passée.")
        if data.get("outcome") == ContactOutcome.CALL_BACK and not day:
            self.add_error("day", "Indiquez quand rappeler.")
        return data

    def asked(self) -> Asked | None:
        """What to do to each row; None while a field is missing or wrong."""
        if self.is_bound:
            if not self.is_valid():
                return None
            data = self.cleaned_data
        else:
            data = {name: field.initial for name, field in self.fields.items()}
            if self.kind == ActKind.POSTPONE:
                return None
        given = {name: data[name] for name in ("day", "outcome", "channel", "note") if data.get(name)}
        return Asked(self.kind, owner=self.people.get(str(data.get("owner") or "")), **given)

    def signature(self) -> str:
        """What a preview showed, to be compared with what is confirmed: the choice, without its words."""
        asked = self.asked()
        if asked is None:
            return ""
        owner = asked.owner.uuid if asked.owner else ""
        return f"{asked.kind}:{owner}:{asked.day or ''}:{asked.outcome}:{asked.channel}"


class NoticeWordsForm(forms.Form):
    """What the GP will read behind the link."""

    words = forms.CharField(
        label="Texte de la lettre",
        max_length=LONGEST_WORDS,
        widget=forms.Textarea(attrs={"rows": 8}),
        help_text="Lu derrière le lien seulement : le courriel ne change pas.",
        error_messages={"required": "Écrivez ce que le médecin doit lire."},
    )


class ReviewActionForm(forms.Form):
    """An action decided in a review: what, who, for when."""

    title = forms.CharField(
        label="Action",
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={"required": "Dites en quelques mots ce qu’il y a à faire."},
    )
    owner = forms.ChoiceField(label="Qui", required=False)
    due_on = forms.DateField(
        label="Pour le", widget=day_input(), error_messages={"required": "Indiquez pour quel jour."}
    )
    key = forms.UUIDField(widget=forms.HiddenInput())

    def __init__(self, *args: Any, people: list[User], **options: Any) -> None:
        super().__init__(*args, **options)
        self.people = {str(person.pk): person for person in people}
        field: forms.ChoiceField = self.fields["owner"]  # type: ignore[assignment]
        field.choices = [("", "À prendre dans l’équipe"), *((pk, str(each)) for pk, each in self.people.items())]

    def person(self) -> User | None:
        """The person chosen; None for the team's pool."""
        return self.people.get(self.cleaned_data["owner"])


class SavedViewForm(forms.Form):
    """A name for the filters on screen, and who else may use them."""

    name = forms.CharField(
        label="Nom de la vue",
        max_length=60,
        widget=forms.TextInput(attrs={"autocomplete": "off", "placeholder": "Mes retards"}),
        help_text="Le nom d’une de vos vues la remplace. N’écrivez pas de nom de patient.",
        error_messages={"required": "Donnez un nom à cette vue."},
    )
    team = forms.ChoiceField(label="Pour", required=False)
    default = forms.BooleanField(label="Ouvrir « Ma journée » sur cette vue", required=False)

    def __init__(self, *args: Any, desks: list[tuple[int, str]], **options: Any) -> None:
        super().__init__(*args, **options)
        field: forms.ChoiceField = self.fields["team"]  # type: ignore[assignment]
        field.choices = [("", "Moi seulement"), *((str(pk), f"Toute l’équipe {name}") for pk, name in desks)]

    def clean_team(self) -> Team | None:
        chosen = self.cleaned_data["team"]
        return Team.objects.get(pk=chosen) if chosen else None


class ReasonForm(forms.Form):
    """Why something is cancelled."""

    reason = forms.CharField(label="Motif", max_length=200, required=False)


class CancelBookingForm(ReasonForm):
    """Why an appointment is cancelled, and whether the patient already knows."""

    patient_knows = forms.BooleanField(label="Le patient est déjà prévenu", required=False)
