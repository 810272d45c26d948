"""French dates, durations, names and spaces, as text.

Pure functions shared by the pages, the letters and the PDFs. Dates and instants are shown in the current time zone
(the middleware or the task activates the establishment's one); the day of reference is always an argument.
"""

from __future__ import annotations

import re
from datetime import date, datetime, time

from django.utils import timezone

NBSP = "\u00a0"
MINUS = "\u2212"
WEEKDAYS = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")
WEEKDAYS_SHORT = ("lun.", "mar.", "mer.", "jeu.", "ven.", "sam.", "dim.")
MONTHS = (
    "janvier",
    "février",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "août",
    "septembre",
    "octobre",
    "novembre",
    "décembre",
)
# Usual abbreviations (Lexique de l'Imprimerie nationale): mars, mai, juin and août are never cut.
MONTHS_SHORT = (
    "janv.",
    "févr.",
    "mars",
    "avr.",
    "mai",
    "juin",
    "juil.",
    "août",
    "sept.",
    "oct.",
    "nov.",
    "déc.",
)
_DAYS_PER_MONTH = 30.44
_TITLES = {"Dr", "Pr", "M", "Mme", "Me"}


def local_day(value: date | datetime) -> date:
    """The calendar day of `value`: an aware instant is read in the current time zone."""
    if isinstance(value, datetime):
        return timezone.localtime(value).date() if timezone.is_aware(value) else value.date()
    return value


def _number(day: date) -> str:
    return "1er" if day.day == 1 else str(day.day)


def short_day(value: date | datetime, today: date) -> str:
    """« lun. 23 nov. », with the year when it is not the one of `today`."""
    day = local_day(value)
    text = f"{WEEKDAYS_SHORT[day.weekday()]} {_number(day)} {MONTHS_SHORT[day.month - 1]}"
    if day.year != today.year:
        text = f"{text} {day.year}"
    return text.replace(" ", NBSP)


def long_day(value: date | datetime) -> str:
    """« lundi 23 novembre 2026 »."""
    day = local_day(value)
    return f"{WEEKDAYS[day.weekday()]} {_number(day)}{NBSP}{MONTHS[day.month - 1]} {day.year}"


def hour(value: datetime | time) -> str:
    """« 14 h 30 », « 9 h »."""
    local = timezone.localtime(value) if isinstance(value, datetime) and timezone.is_aware(value) else value
    minutes = f"{NBSP}{local.minute:02d}" if local.minute else ""
    return f"{local.hour}{NBSP}h{minutes}"


def moment(value: datetime, today: date) -> str:
    """« lun. 23 nov. à 14 h 30 »."""
    return f"{short_day(value, today)} à{NBSP}{hour(value)}"


def _span(days: int) -> str:
    if days < 61:
        return f"{days}{NBSP}j"
    if days < 730:
        return f"{round(days / _DAYS_PER_MONTH)}{NBSP}mois"
    return f"{days // 365}{NBSP}ans"


def relative(value: date | datetime, now: datetime) -> str:
    """« à l’instant », « il y a 20 min », « il y a 3 h », « hier », « il y a 6 j », « demain », « dans 4 j »."""
    days = (local_day(now) - local_day(value)).days
    if days == 0:
        return _relative_today(value, now)
    if days == 1:
        return "hier"
    if days == -1:
        return "demain"
    return f"il y a {_span(days)}" if days > 0 else f"dans {_span(-days)}"


def _relative_today(value: date | datetime, now: datetime) -> str:
    if not isinstance(value, datetime):
        return "aujourd’hui"
    minutes = int((now - value).total_seconds() // 60)
    if -1 <= minutes < 1:
        return "à l’instant"
    size = abs(minutes)
    text = f"{size}{NBSP}min" if size < 60 else f"{size // 60}{NBSP}h"
    return f"il y a {text}" if minutes > 0 else f"dans {text}"


def signed_days(days: int) -> str:
    """« −3 j », « 0 j », « +9 j »: a real minus sign, a no-break space."""
    if days == 0:
        return f"0{NBSP}j"
    return f"{MINUS if days < 0 else '+'}{abs(days)}{NBSP}j"


def spoken_margin(days: int) -> str:
    """What a screen reader says of a margin: « 3 jours de retard », « échéance aujourd’hui », « 9 jours de marge »."""
    if days == 0:
        return "échéance aujourd’hui"
    plural = "s" if abs(days) > 1 else ""
    return f"{abs(days)} jour{plural} de {'retard' if days < 0 else 'marge'}"


def age(birth: date, today: date) -> int:
    """Completed years between `birth` and `today`."""
    return today.year - birth.year - ((today.month, today.day) < (birth.month, birth.day))


def initials(name: str) -> str:
    """« MD » for « Dr Marie Durand », at most two letters; « ? » when the name is empty."""
    words = [word for word in re.split(r"[\s\-'’.]+", name) if word[:1].isalpha() and word not in _TITLES]
    if not words:
        return "?"
    letters = words[0][0] if len(words) == 1 else words[0][0] + words[-1][0]
    return letters.upper()


def phone(number: str) -> str:
    """« 06 12 34 56 78 » for a French number written any way (E.164 included); others are returned as they are."""
    digits = re.sub(r"[\s.\-()]", "", number)
    match = re.fullmatch(r"(?:\+33|0033|0)([1-9]\d{8})", digits)
    if not match:
        return number
    full = f"0{match.group(1)}"
    return NBSP.join(full[i : i + 2] for i in range(0, 10, 2))


_ENDED = re.compile(r"[.…!?][\s»”)]*(?:</[a-z]+>)*$")


def sentence(text: str) -> str:
    """`text` with a full stop at its end, unless it has one: « lun. 23 nov. » ends a sentence as it is, and so does a
    reason typed with its own. A closing tag, quotation mark or bracket after the stop changes nothing."""
    text = text.rstrip()
    return text if not text or _ENDED.search(text) else f"{text}."


def without_marks(text: str) -> str:
    """A source as people read it: « [004 F5 l.1042] », a line of documents that they do not hold, is left out."""
    return re.sub(r"\s*\[\d{3}\s[^\]]*\]", "", text).lstrip(" ;:,").strip()


def spaces(text: str) -> str:
    """French typography: no-break spaces inside « » and before ; : ! ?, and the curly apostrophe.

    A colon inside a time or an address (« 14:30 », « https: ») is left alone: only an existing space is replaced.
    """
    text = re.sub(r"(?<=\w)'(?=\w)", "’", text)
    text = re.sub(r"« ?", f"«{NBSP}", text)
    text = re.sub(r" ?»", f"{NBSP}»", text)
    return re.sub(r" (?=[;:!?%€])", NBSP, text)
