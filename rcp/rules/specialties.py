"""Specialties as the quorum counts them (french-standards 5.3)."""

from __future__ import annotations

LABELS: dict[str, str] = {
    "SM01": "anatomopathologie",
    "SM05": "chirurgie générale",
    "SM11": "chirurgie thoracique",
    "SM12": "chirurgie urologique",
    "SM14": "chirurgie viscérale et digestive",
    "SM15": "dermatologie",
    "SM18": "gériatrie",
    "SM20": "gynécologie-obstétrique",
    "SM21": "hématologie",
    "SM22": "hématologie (maladies du sang)",
    "SM23": "onco-hématologie",
    "SM24": "gastro-entérologie et hépatologie",
    "SM26": "médecine générale",
    "SM28": "médecine nucléaire",
    "SM34": "ORL",
    "SM36": "oncologie médicale",
    "SM37": "oncologie radiothérapique",
    "SM41": "pneumologie",
    "SM44": "radiologie",
}
"""Own labels, written as they read after « manque : »."""

_SAME_AS: dict[str, str] = {"SM45": "SM37", "SM53": "SM26", "SM54": "SM26"}
"""Codes that name the same specialty: SM45 and SM37 treat by radiation, SM26, SM53 and SM54 are general practice."""


def family(code: str) -> str:
    """The one code that stands for a specialty: ``SM45`` gives ``SM37``. An empty code stays empty."""
    code = code.strip().upper()
    return _SAME_AS.get(code, code)


def label(code: str, fallback: str = "") -> str:
    """The French name of a specialty code; ``fallback``, or the code itself, when it is not known."""
    return LABELS.get(family(code)) or fallback or code
