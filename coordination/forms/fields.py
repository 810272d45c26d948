"""Fields that several forms of the desk share."""

from __future__ import annotations

from django import forms

from coordination.models import ContactOutcome

OUTCOMES = [each for each in ContactOutcome.choices if each[0] != ContactOutcome.POSTPONED]


def day_input() -> forms.DateInput:
    return forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
