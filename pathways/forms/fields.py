"""Fields shared by the forms of the patient's file."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.utils import timezone

from directory.errors import DomainError

NOON = time(12)


class DayField(forms.DateField):
    """A calendar day: the browser's date picker, or typed as 23/11/2026."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("widget", forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}))
        options.setdefault("input_formats", ["%Y-%m-%d", "%d/%m/%Y", "%d-%m-%Y", "%d.%m.%Y"])
        options.setdefault("error_messages", {"invalid": "Écrivez une date comme 23/11/2026."})
        super().__init__(**options)


class HourField(forms.TimeField):
    """An hour of the day; optional everywhere."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("widget", forms.TimeInput(format="%H:%M", attrs={"type": "time"}))
        options.setdefault("error_messages", {"invalid": "Écrivez une heure comme 14:30."})
        super().__init__(required=False, **options)


def instant(day: date, hour: time | None, zone: ZoneInfo, now: datetime) -> datetime:
    """The aware instant meant by a day and maybe an hour: without hour, now on the very day, else noon.

    Noon stands for « that day » without moving it in any time zone; objectives in days only look at the day.
    """
    if hour is None:
        if day == now.astimezone(zone).date():
            return now
        hour = NOON
    return datetime.combine(day, hour, tzinfo=zone)


def today() -> date:
    """The initial value of a day field."""
    return timezone.localdate()


def refuse(form: forms.BaseForm, error: DomainError, names: dict[str, str] | None = None) -> None:
    """Shows a service's refusal next to the field it speaks of, under the form's own name for it."""
    field = (names or {}).get(error.field or "", error.field)
    form.add_error(field if field in form.fields else None, error.message)
