"""Identity checks (french-standards 5.1). Problems come back as data, with a French message."""

from __future__ import annotations

import re
from dataclasses import dataclass

_SHAPE = re.compile(r"^[1-478]\d{2}(0[1-9]|1[0-2]|[2-9]\d)(\d{2}|2[AB])\d{6}\d{2}$")


@dataclass(frozen=True)
class Problem:
    """One thing wrong with an identifier; `blocking` is false for a warning."""

    message: str
    blocking: bool = True


def check_matricule(matricule: str) -> list[Problem]:
    """Problems of an INS matricule: 13 characters and a key of two digits."""
    if not _SHAPE.match(matricule):
        return [Problem("Un matricule INS compte 15 caractères : 13 et une clé de 2 chiffres.")]
    number = int(matricule[:13].replace("2A", "19").replace("2B", "18"))
    if 97 - number % 97 != int(matricule[13:]):
        return [Problem("La clé de ce matricule INS est fausse : vérifiez chaque chiffre.")]
    return []
