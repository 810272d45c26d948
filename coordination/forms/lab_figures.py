"""The period of the laboratory's figures."""

from __future__ import annotations

from typing import Any

from django import forms

from coordination.forms.fields import day_input
from directory.days import refuse_odd_days
from directory.errors import DomainError

WRONG = {"required": "Indiquez les deux jours.", "invalid": "Indiquez un jour, par exemple 23/11/2026."}


class PeriodForm(forms.Form):
    """First and last day, both included."""

    du = forms.DateField(label="Du", widget=day_input(), error_messages=WRONG)
    au = forms.DateField(label="Au", widget=day_input(), error_messages=WRONG)

    def clean(self) -> dict[str, Any]:
        told = super().clean() or {}
        for name in ("du", "au"):
            try:
                refuse_odd_days(**{name: told.get(name)})
            except DomainError as error:
                self.add_error(name, error.message)
        if "du" in told and "au" in told and told["au"] < told["du"]:
            self.add_error("au", "La fin ne précède pas le début.")
        return told
