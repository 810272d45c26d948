"""Form fields of the front door: dates and numbers as people type them on a phone."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from datetime import date
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile

from referrals.rules import read_day, read_day_or_month, rpps_digits


def _seen(typed: str) -> str:
    """What a person sees of a pasted text: no invisible sign (zero width, direction marks), single spaces."""
    return " ".join("".join(sign for sign in typed if sign.isspace() or unicodedata.category(sign)[0] != "C").split())


class NameField(forms.CharField):
    """A person's name: any alphabet, invisible signs dropped, at least one letter."""

    def to_python(self, value: Any) -> str:
        name = _seen(super().to_python(value) or "")
        if name and not any(sign.isalpha() for sign in name):
            raise forms.ValidationError("Écrivez un nom en lettres.", code="name")
        return name


class DayField(forms.CharField):
    """A date in one box, figures only if one likes (« 12031951 »): quicker than a calendar for an old date."""

    widget = forms.TextInput

    def __init__(self, **options: Any) -> None:
        options.setdefault("max_length", 20)
        super().__init__(**options)

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        return super().widget_attrs(widget) | {
            "inputmode": "numeric",
            "placeholder": "JJ/MM/AAAA",
            "autocomplete": "off",
        }

    def prepare_value(self, value: Any) -> Any:
        return f"{value:%d/%m/%Y}" if isinstance(value, date) else value

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        if not text:
            return None
        day = read_day(text)
        if day is None:
            raise forms.ValidationError("Écrivez la date en jour, mois, année : 12/03/1951.", code="day")
        return day


class DayOrMonthField(DayField):
    """As `DayField`, and also « 03/2026 » or « mars 2026 ». Cleans to (date, day unknown) or None."""

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        return super().widget_attrs(widget) | {"inputmode": "text", "placeholder": "JJ/MM/AAAA ou MM/AAAA"}

    def clean(self, value: Any) -> Any:
        text = forms.CharField.clean(self, value)
        if not text:
            return None
        found = read_day_or_month(text)
        if found is None:
            raise forms.ValidationError("Écrivez une date (12/03/2026) ou un mois (03/2026, mars 2026).", code="day")
        return found


class RppsField(forms.CharField):
    """Eleven figures, spaces accepted. A wrong key is not an error: see `rules.rpps_checksum_fails`."""

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        return super().widget_attrs(widget) | {"inputmode": "numeric", "autocomplete": "off"}

    def clean(self, value: Any) -> str:
        digits = rpps_digits(super().clean(value))
        if digits and not re.fullmatch(r"\d{11}", digits):
            raise forms.ValidationError("Un numéro RPPS compte 11 chiffres.", code="rpps")
        return digits


class PhoneField(forms.CharField):
    """A telephone number written any way; kept without spaces."""

    widget = forms.TextInput(attrs={"type": "tel"})

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        return super().widget_attrs(widget) | {"inputmode": "tel"}

    def clean(self, value: Any) -> str:
        typed = _seen(super().clean(value))
        if typed.startswith(("+", "00")):
            typed = typed.replace("(0)", "")  # « +33 (0)6… » is dialled without this zero
        number = re.sub(r"[\s.\-‐‑–()/]", "", typed)
        if number and not re.fullmatch(r"0[0-9]{9}|(?:\+|00)[0-9]{8,15}", number):
            raise forms.ValidationError("Écrivez un numéro de téléphone à 10 chiffres.", code="phone")
        return number


class FilesInput(forms.ClearableFileInput):
    """The drop area for several files."""

    allow_multiple_selected = True
    hint = "PDF, JPEG ou PNG, 10 Mo chacun, 10 documents au plus"

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        return files.getlist(name) if hasattr(files, "getlist") else files.get(name, [])


class FilesField(forms.FileField):
    """Several files; the service opens and judges each one, so that the others are kept when one is refused."""

    widget = FilesInput

    def clean(self, data: Sequence[UploadedFile] | None, initial: Any = None) -> list[UploadedFile]:
        return list(data or [])
