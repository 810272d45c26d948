"""Names as people type them: lower case, without accents, hyphens or apostrophes."""

from __future__ import annotations

import re
import unicodedata
from datetime import date

_SEPARATORS = str.maketrans({"-": " ", "'": " ", "’": " ", ".": " "})
_DATE = re.compile(r"(?<!\d)(\d{1,2})[/.\- ](\d{1,2})[/.\- ](\d{4})(?!\d)")
_NUMBER = re.compile(r"[\d\s]{13,}[ABab]?[\d\s]*")


def normalise(text: str) -> str:
    """`Élise D’Arc-Petit` gives `elise d arc petit`."""
    bare = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return " ".join(bare.lower().translate(_SEPARATORS).split())


def search_text(*, names: list[str], file_number: str, birth_date: date, matricule: str) -> str:
    """What a patient is found by: names, file number, birth date as dd/mm/yyyy, INS matricule."""
    parts = [*names, file_number, f"{birth_date:%d/%m/%Y}", matricule]
    return " ".join(dict.fromkeys(word for part in parts if part for word in normalise(part).split()))


def as_searched(words: str) -> str:
    """What was typed, as `search_text` keeps it: dates as 07/05/1960, an INS matricule without spaces."""
    if _NUMBER.fullmatch(words.strip()):
        return re.sub(r"\s+", "", words)
    return _DATE.sub(lambda date: f" {int(date[1]):02d}/{int(date[2]):02d}/{date[3]} ", words)
