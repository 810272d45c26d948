"""Identity numbers and identity status. Source: french-standards section 5.

Every check returns the problems found, none when all is well. An `ERROR` is refused; a `WARNING` is shown and let
through, because real numbers exist that break the rule.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from enum import StrEnum
from typing import NamedTuple

from stdnum import luhn
from stdnum.fr import nir

INS_NIR_OID = "1.2.250.1.213.1.4.8"
INS_NIA_OID = "1.2.250.1.213.1.4.9"
INS_NIR_TEST_OID = "1.2.250.1.213.1.4.10"
"""The only one demonstration data may carry."""
INS_NIR_DEMO_OID = "1.2.250.1.213.1.4.11"
INS_OIDS: dict[str, str] = {
    INS_NIR_OID: "INS-NIR",
    INS_NIA_OID: "INS-NIA",
    INS_NIR_TEST_OID: "INS-NIR de test",
    INS_NIR_DEMO_OID: "INS-NIR de démonstration",
}

BORN_ABROAD_DEPARTMENT = "99"
UNKNOWN_BIRTH_PLACE = "99999"

# Sex or provisional digit; year; month, or a code from 20 on when it is not known; department (Corsica has a
# letter); commune and rank; key.
_INS = re.compile(r"[1-478]\d{2}(0[1-9]|1[0-2]|[2-9]\d)(\d{2}|2[AB])\d{6}\d{2}", re.ASCII)
_INS_BASE = re.compile(r"\d{5}(\d{2}|2[AB])\d{6}", re.ASCII)
_RPPS = re.compile(r"\d{11}", re.ASCII)
_FINESS = re.compile(r"\d{9}|2[AB]\d{7}", re.ASCII)
_BIRTH_PLACE = re.compile(r"(0[1-9]|[1-9]\d|2[AB])(?!000)\d{3}", re.ASCII)
_SPACES = re.compile(r"[\s.\-]+")
_INS_LENGTH = 15


class Severity(StrEnum):
    """Whether a problem blocks."""

    ERROR = "error"
    WARNING = "warning"


class Problem(NamedTuple):
    """A problem with one number: a code for programs, a French sentence for people."""

    code: str
    message: str
    severity: Severity = Severity.ERROR

    @property
    def blocking(self) -> bool:
        """True when the number is refused."""
        return self.severity is Severity.ERROR


def normalise(number: str) -> str:
    """The number as it is stored: capitals, without the spaces, dots and hyphens people type."""
    return _SPACES.sub("", number).upper()


def ins_key(base: str) -> str:
    """The two-digit key of the 13 first characters of an INS matricule. Raises ValueError when malformed."""
    if not _INS_BASE.fullmatch(base):
        raise ValueError("Les 13 premiers caractères du matricule INS sont mal formés.")
    return str(nir.calc_check_digits(base))


def check_matricule(matricule: str) -> list[Problem]:
    """Checks an INS matricule: 15 characters, their ranges, the place of the Corsican letter, the key."""
    number = normalise(matricule)
    if len(number) != _INS_LENGTH:
        return [
            Problem(
                "ins_length",
                f"Le matricule INS compte 15 caractères (13 et une clé de 2) ; celui-ci en compte {len(number)}.",
            )
        ]
    if re.search(r"[A-Z]", number[:5] + number[7:]) or number[5].isalpha():
        message = "Seul le département de naissance porte une lettre, en Corse : 2A ou 2B, aux caractères 6 et 7."
        return [Problem("ins_letter", message)]
    if not _INS.fullmatch(number):
        message = "Ce matricule INS est impossible : vérifiez le premier chiffre, le mois et le département."
        return [Problem("ins_format", message)]
    if ins_key(number[:13]) != number[13:]:
        message = "La clé du matricule INS ne correspond pas : un chiffre est sans doute mal tapé."
        return [Problem("ins_key", message)]
    return []


def check_rpps(number: str) -> list[Problem]:
    """Checks an RPPS number: 11 digits; its Luhn key only warns (official examples break it)."""
    digits = normalise(number)
    if not _RPPS.fullmatch(digits):
        return [Problem("rpps_format", "Le numéro RPPS compte 11 chiffres.")]
    if not luhn.is_valid(digits):
        message = "La clé de ce numéro RPPS ne correspond pas : vérifiez la saisie."
        return [Problem("rpps_key", message, Severity.WARNING)]
    return []


def check_finess(number: str) -> list[Problem]:
    """Checks a FINESS number: 9 digits, or 2A / 2B and 7; its Luhn key only warns, and not in Corsica."""
    characters = normalise(number)
    if not _FINESS.fullmatch(characters):
        return [Problem("finess_format", "Le numéro FINESS compte 9 chiffres (2A ou 2B puis 7 chiffres en Corse).")]
    if characters.isdigit() and not luhn.is_valid(characters):
        message = "La clé de ce numéro FINESS ne correspond pas : vérifiez la saisie."
        return [Problem("finess_key", message, Severity.WARNING)]
    return []


def check_birth_place(code: str) -> list[Problem]:
    """Checks the INSEE code of a birth place: 5 characters; 99 and the country abroad, 99999 unknown."""
    if _BIRTH_PLACE.fullmatch(normalise(code)):
        return []
    message = (
        "Le code du lieu de naissance compte 5 caractères : le code INSEE de la commune, "
        "99 suivi du code du pays pour une naissance à l’étranger, ou 99999 si le lieu est inconnu."
    )
    return [Problem("birth_place_format", message)]


class IdentityStatus(StrEnum):
    """How much an identity is worth ([EXI SI 07])."""

    PROVISIONAL = "PROV"
    VALIDATED = "VALI"
    RETRIEVED = "RECUP"
    QUALIFIED = "QUAL"

    @property
    def label(self) -> str:
        """The French name, as shown on screen."""
        return _STATUS_LABELS[self]


_STATUS_LABELS: dict[IdentityStatus, str] = {
    IdentityStatus.PROVISIONAL: "Identité provisoire",
    IdentityStatus.VALIDATED: "Identité validée",
    IdentityStatus.RETRIEVED: "Identité récupérée",
    IdentityStatus.QUALIFIED: "Identité qualifiée",
}


class IdentityAttribute(StrEnum):
    """What may be wrong with an identity."""

    DOUBTFUL = "douteuse"
    FICTITIOUS = "fictive"
    HOMONYM = "homonyme"


_EXCLUDING = frozenset({IdentityAttribute.DOUBTFUL, IdentityAttribute.FICTITIOUS})


def identity_status(
    *, from_insi: bool, checked: bool, attributes: Collection[IdentityAttribute] = ()
) -> IdentityStatus:
    """The status that follows from the facts.

    `from_insi`: the traits were retrieved from the INSi service; `checked`: against an identity document. A
    doubtful or fictitious identity is never more than provisional. A strict trait changed by hand after the
    retrieval means `from_insi=False` from then on.
    """
    if _EXCLUDING.intersection(attributes):
        return IdentityStatus.PROVISIONAL
    if from_insi:
        return IdentityStatus.QUALIFIED if checked else IdentityStatus.RETRIEVED
    return IdentityStatus.VALIDATED if checked else IdentityStatus.PROVISIONAL


def may_transmit_ins(status: IdentityStatus) -> bool:
    """True when the matricule may leave the establishment: only for a qualified identity."""
    return status is IdentityStatus.QUALIFIED


def check_identity(
    status: IdentityStatus, attributes: Collection[IdentityAttribute], matricule: str, oid: str
) -> list[Problem]:
    """Checks that a status, its attributes and a matricule (empty when there is none) go together."""
    problems = check_matricule(matricule) if matricule else []
    from_insi = status in (IdentityStatus.RETRIEVED, IdentityStatus.QUALIFIED)
    if status is not IdentityStatus.PROVISIONAL and _EXCLUDING.intersection(attributes):
        message = "Une identité douteuse ou fictive reste provisoire."
        problems.append(Problem("status_attribute", message))
    if from_insi and not matricule:
        message = "Une identité récupérée ou qualifiée porte le matricule INS reçu du téléservice."
        problems.append(Problem("status_without_ins", message))
    if matricule and not from_insi:
        message = "Ce matricule INS ne peut être ni affiché ni transmis tant que l’identité n’est pas récupérée."
        problems.append(Problem("ins_without_status", message, Severity.WARNING))
    if matricule and oid not in INS_OIDS:
        problems.append(Problem("oid_unknown", "L’identifiant du domaine (OID) du matricule INS est inconnu."))
    return problems
