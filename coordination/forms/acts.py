"""One gesture on the ticked rows."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.utils import timezone

from coordination.forms.fields import OUTCOMES, day_input
from coordination.models import ActKind, Channel, ContactOutcome
from coordination.services.acts import Asked
from directory.models import User


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
