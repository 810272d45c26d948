"""The form that makes a calendar link."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from django import forms

from coordination.models import SlotPractitioner, SlotSeries
from directory.models import Professional, Role, Team, User
from directory.perms import works_at_desk

Shown = Team | SlotSeries | Professional


class FeedForm(forms.Form):
    """What to show and in which agenda; the choices are those the user may see."""

    shown = forms.ChoiceField(
        label="Créneaux à montrer", error_messages={"invalid_choice": "Choisissez dans la liste."}
    )
    label = forms.CharField(
        label="Dans quel agenda ?", max_length=80, help_text="Par exemple : agenda du scanner, téléphone du cadre."
    )
    key = forms.UUIDField(widget=forms.HiddenInput, initial=uuid4)

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.offered = offered(user)
        choices = [
            (title, [(value, str(each)) for value, each in rows.items()]) for title, rows in self.offered if rows
        ]
        self.fields["shown"].choices = choices  # type: ignore[attr-defined]

    @property
    def offered_any(self) -> bool:
        return any(rows for _, rows in self.offered)

    @property
    def chosen(self) -> Shown:
        """What was chosen, once the form is valid."""
        value = self.cleaned_data["shown"]
        return next(rows[value] for _, rows in self.offered if value in rows)


def offered(user: User) -> list[tuple[str, dict[str, Shown]]]:
    """What the user may make a link of, by kind; values are public ids."""
    series = SlotSeries.objects.visible_to(user).select_related("exam_type", "platform")
    expected = SlotPractitioner.objects.filter(slot__series__in=series.values("pk")).values("professional")
    people = Professional.objects.filter(pk__in=expected)
    if not works_at_desk(user):
        people = people.filter(pk__in=[user.professional_id])
    teams = Team.objects.filter(pk__in=user.teams_as(Role.PLATFORM))
    return [
        ("Plateaux", {f"p-{each.uuid}": each for each in teams}),
        ("Praticiens", {f"d-{each.uuid}": each for each in people}),
        ("Séries", {f"s-{each.uuid}": each for each in series}),
    ]
