"""Dates as people type them on a phone, and which of them cannot be."""

from __future__ import annotations

import re
from datetime import date

_MONTHS = (
    "janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre",
    "décembre",
)  # fmt: skip
_OLDEST_AGE = 120


def read_day(typed: str) -> date | None:
    """« 12/03/1951 », « 12-3-1951 », « 12 03 1951 », « 12031951 », « 1951-03-12 »; None when it is no date.

    A year of two figures is refused: « 25 » may be 1925 or 2025.
    """
    text = typed.strip()
    iso = re.fullmatch(r"(\d{4})-(\d{1,2})-(\d{1,2})", text)
    if iso:
        return _date(*iso.groups())
    french = re.fullmatch(r"(\d{1,2})[\s/.\-]+(\d{1,2})[\s/.\-]+(\d{4})", text) or re.fullmatch(
        r"(\d{2})(\d{2})(\d{4})", text
    )
    return _date(*reversed(french.groups())) if french else None


def read_day_or_month(typed: str) -> tuple[date, bool] | None:
    """As `read_day`, and also « 03/2026 » or « mars 2026 »: then the first of the month, and True for "day unknown"."""
    day = read_day(typed)
    if day is not None:
        return day, False
    text = typed.strip().lower()
    figures = re.fullmatch(r"(\d{1,2})[\s/.\-]+(\d{4})", text)
    if figures:
        month = _date(figures[2], figures[1], "1")
        return (month, True) if month else None
    words = re.fullmatch(r"([^\W\d]+)\.?\s+(\d{4})", text)
    if words:
        number = _month_number(words[1])
        month = _date(words[2], str(number), "1") if number else None
        return (month, True) if month else None
    return None


def _month_number(word: str) -> int:
    """1 for « janvier », « janv », « jan »; 0 when no single month starts so."""
    plain = _plain(word)
    found = [number for number, name in enumerate(_MONTHS, 1) if _plain(name).startswith(plain)]
    return found[0] if len(found) == 1 and len(plain) >= 3 else 0


def _plain(word: str) -> str:
    return word.translate(str.maketrans("éèû", "eeu"))


def _date(year: str, month: str, day: str) -> date | None:
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None


def implausible_birth_date(day: date, today: date) -> str:
    """Why ``day`` cannot be the birth date of a living person, in French; empty when it can."""
    if day > today:
        return "Cette date de naissance est dans le futur."
    if today.year - day.year > _OLDEST_AGE:
        return "Cette date de naissance donne plus de 120 ans : vérifiez l’année."
    return ""
