"""Names and numbers of people, as typed by someone in a hurry."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from stdnum import luhn

_TITLES = {
    "dr": "Dr", "docteur": "Dr", "docteure": "Dr", "pr": "Pr", "professeur": "Pr", "professeure": "Pr",
    "m": "M.", "monsieur": "M.", "mr": "M.", "mme": "Mme", "madame": "Mme",
}  # fmt: skip


def rpps_digits(typed: str) -> str:
    """What was typed, without spaces, dots or dashes; the national prefix « 8 » of 12-digit forms is dropped."""
    digits = re.sub(r"[\s.\-]", "", typed)
    return digits[1:] if re.fullmatch(r"8\d{11}", digits) else digits


def rpps_checksum_fails(rpps: str) -> bool:
    """True for 11 digits whose Luhn key is wrong: a warning only, since official examples contain such numbers
    (french-standards 5.3)."""
    return re.fullmatch(r"\d{11}", rpps) is not None and not luhn.is_valid(rpps)


@dataclass(frozen=True, slots=True)
class Name:
    """A professional's name in its parts."""

    title: str
    first_name: str
    last_name: str


def split_name(typed: str) -> Name:
    """« Dr Claire MARTIN », « Martin Claire » in capitals or not: words in capitals are the family name; else the
    last word is, with its particle (« de », « le », « van »…)."""
    words = typed.replace("’", "'").split()
    titles = []
    while words and (_title(words[0]) or (words[0].lower() in {"le", "la"} and len(words) > 1 and _title(words[1]))):
        titles.append(_title(words.pop(0)))
    title = next((each for each in titles if each in {"Dr", "Pr"}), titles[0] if titles else "")
    capitals = [word for word in words if len(word) > 1 and word.isupper()]
    if capitals and len(capitals) < len(words):
        family, given = capitals, [word for word in words if word not in capitals]
    else:
        cut = max(len(words) - 1, 0)
        while cut > 1 and words[cut - 1].lower() in {"de", "du", "des", "le", "la", "van", "von", "el", "ben", "da"}:
            cut -= 1
        family, given = words[cut:], words[:cut]
    return Name(title, " ".join(_cased(word) for word in given), " ".join(_cased(word) for word in family))


def _title(word: str) -> str:
    return _TITLES.get(word.strip(".").lower(), "")


def _cased(word: str) -> str:
    """« MARTIN-DURAND » becomes « Martin-Durand »; a word that has its own mixed case is left alone."""
    if not (word.isupper() or word.islower()) or word in {"de", "du", "des", "le", "la", "van", "von"}:
        return word
    return re.sub(r"[^\W\d_]+", lambda part: part.group().capitalize(), word)


def initials(first_name: str, birth_name: str, birth_date: date) -> str:
    """« M. D., 1953 »: all a page reached by a link may show of a patient."""
    return f"{first_name[:1].upper()}. {birth_name[:1].upper()}., {birth_date.year}"
