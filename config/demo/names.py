"""Invented people: no surname here is meant to be anybody's, and no number can belong to anyone.

Phone numbers come from the ranges ARCEP reserves for fiction, addresses end in `.invalid` (RFC 2606), FINESS and RPPS
numbers start with 99, birth places carry commune numbers that INSEE never gave, and INS matricules the test OID.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from stdnum import luhn

from pathways.rules.identity import INS_NIR_TEST_OID, ins_key

SURNAMES = (
    "Aubrelin", "Bastereau", "Cormeillan", "Dorvignac", "Estrabol", "Fauverelle", "Gasparoux", "Haudricou",
    "Issombert", "Jolivarde", "Kerloguen", "Lamourelle", "Marsouly", "Navarello", "Ormessin", "Pelletreau-Gar",
    "Quintrelle", "Rabastenc", "Sauvegrain", "Tournebise", "Ustaritza", "Valbrune", "Wasselin", "Ysambart",
    "Zuccarello", "Benzeraï", "Haddouchine", "Khelifane", "Maazounir", "Ouldramdi", "Sahraouite", "Taïebine",
    "Diarrassane", "Koulimba", "Ndiogoume", "Sissokhane", "Traorimba", "Ferraleira", "Monteirelo", "Pinheirosa",
    "Gallardez", "Hermosillan", "Bertolani", "Rossignelli", "Marchettoni", "Kowalewicz", "Nowaczelski", "Sarkovian",
    "Yildirmaz", "Demirkane", "Truongval", "Phamvinh", "Rakotovelo", "Razafimalo", "Cilavert", "Mondésirade",
    "Schmittlinger", "Weberlin", "Etcheverrigo", "Arrizabal", "Le Bihannic", "Guivarchal", "Vandenbroucque",
    "Dekersmaecke", "Popovescu", "Ionescane", "Chenwei", "Linxiao", "Patelanda", "Singhaval", "Abergelou",
    "Cohanier", "Tremblelac", "Grandmaisonne", "Petitclairac", "Brémondière", "Chantegrive", "Fontarelle",
    "Malaussange", "Roquebertin", "Escoubasse", "Labrousseau", "Vignerolle", "Tarbouriac", "Cazalmont", "Puechberty",
    "Sorbierac", "Montrezel", "Charvolin-Dax", "Aldebertin", "Bousquerel", "Combelasse", "Delmasure", "Fabregoule",
    "Gineston", "Hautclair", "Jaubertane", "Lacassagnole", "Mourgoux", "Nougarelle", "Ournac", "Peyrolasse",
)  # fmt: skip
WOMEN = (
    "Jeanne", "Monique", "Simone", "Odette", "Colette", "Denise", "Françoise", "Jacqueline", "Nicole", "Martine",
    "Fatima", "Aïcha", "Khadija", "Maria", "Rosa", "Annick", "Brigitte", "Chantal", "Danièle", "Évelyne", "Ginette",
    "Hélène", "Isabelle", "Josiane", "Karine", "Liliane", "Mariama", "Nadia", "Ouardia", "Patricia", "Régine",
    "Sylvie", "Thérèse", "Viviane", "Yvette", "Zohra", "Aminata", "Lan", "Sophie", "Véronique",
)  # fmt: skip
MEN = (
    "Jean", "Michel", "André", "Pierre", "René", "Claude", "Marcel", "Henri", "Lucien", "Gérard", "Mohamed", "Ahmed",
    "Rachid", "José", "Manuel", "Alain", "Bernard", "Christian", "Daniel", "Étienne", "François", "Georges", "Hervé",
    "Ibrahima", "Jacques", "Kader", "Luc", "Moussa", "Norbert", "Olivier", "Patrick", "Raymond", "Serge", "Thierry",
    "Victor", "Yves", "Bakary", "Minh", "Philippe", "Roland",
)  # fmt: skip
TOWNS = (
    ("99100", "Valombre"), ("99120", "Saint-Aubin-des-Prés-Hauts"), ("99140", "Rochebelle-sur-Orne-Vive"),
    ("99150", "Les Ormes-Bleus"), ("99160", "Montcendre"), ("99170", "Vauclair-le-Petit"),
    ("99180", "Port-Aumale-Neuf"), ("99190", "Hautefeuillade"), ("99210", "Brisemont"), ("99230", "Le Mesnil-Fictif"),
)  # fmt: skip
STREETS = (
    "rue des Imaginaires", "avenue du Grand-Livre", "allée des Contes", "impasse du Brouillon", "rue de la Marge",
    "boulevard des Esquisses", "place du Prologue", "chemin des Romans",
)  # fmt: skip
_HEADS = (
    "Abra", "Alde", "Bara", "Belo", "Bora", "Cala", "Cora", "Dala", "Dome", "Esca", "Fala", "Fera", "Gala", "Gora",
    "Haba", "Iba", "Jora", "Kala", "Kore", "Lama", "Lore", "Mala", "Mira", "Nava", "Nore", "Ola", "Oude", "Pala",
    "Pere", "Quera", "Raba", "Rome", "Sala", "Sore", "Tala", "Tore", "Uza", "Vala", "Vere", "Yra", "Zama", "Zore",
)  # fmt: skip
_MIDDLES = ("b", "c", "d", "l", "m", "n", "r", "ss", "t", "v", "z", "rd", "nt", "lm")
_TAILS = (
    "ane", "ard", "elle", "eron", "escu", "ette", "ez", "ian", "ier", "ine", "ini", "oux", "ossa", "oumi", "ova",
    "ulat", "ydis", "aki", "imba", "ucci",
)  # fmt: skip


@dataclass(frozen=True)
class Person:
    """An invented identity. ``matricule`` is a valid INS-NIR of the test domain; ``birth_place`` exists nowhere."""

    birth_name: str
    used_name: str
    first_name: str
    sex: str
    birth_date: date
    birth_place: str
    matricule: str
    phone: str
    address: str
    postal_code: str
    city: str

    @property
    def oid(self) -> str:
        return INS_NIR_TEST_OID


DEPARTMENTS = [f"{number:02d}" for number in range(1, 96) if number != 20]


def draw_person(rng: Random, number: int, *, today: date, age: int | None = None, sex: str = "") -> Person:
    """A patient nobody else of this simulation is: ``number`` gives the matricule its rank."""
    sex = sex or rng.choice("FM")
    age = age if age is not None else min(93, max(32, round(rng.gauss(67, 11))))
    birth_date = birthday(rng, today=today, age=age)
    town = rng.choice(TOWNS)
    married = sex == "F" and rng.random() < 0.55
    place = birth_place(number)
    return Person(
        birth_name=surname(rng, number),
        used_name=surname(rng, number + 17) if married else "",
        first_name=rng.choice(WOMEN if sex == "F" else MEN),
        sex=sex,
        birth_date=birth_date,
        birth_place=place,
        matricule=matricule(sex=sex, birth_date=birth_date, place=place, rank=number),
        phone=f"063998{rng.randint(0, 9999):04d}",
        address=f"{rng.randint(1, 120)} {rng.choice(STREETS)}",
        postal_code=town[0],
        city=town[1],
    )


def birth_place(number: int) -> str:
    """A commune code that INSEE never gave; with the rank ``number % 1000`` it makes 1.8 million matricules unique."""
    thousands, rank = divmod(number, 1000)
    round_, commune = divmod(thousands, 20)
    department = (round_ + 37 * rank + 11 * commune) % len(DEPARTMENTS)
    return f"{DEPARTMENTS[department]}{980 + commune}"


def surname(rng: Random, number: int) -> str:
    """One of the list while it lasts, then put together from syllables."""
    if number < len(SURNAMES):
        return SURNAMES[number * 37 % len(SURNAMES)]
    return rng.choice(_HEADS) + rng.choice(_MIDDLES) + rng.choice(_TAILS)


def birthday(rng: Random, *, today: date, age: int) -> date:
    """A birth date that gives ``age`` today."""
    last = today.replace(year=today.year - age, day=min(today.day, 28))
    return last - timedelta(days=rng.randint(0, 364))


def matricule(*, sex: str, birth_date: date, place: str, rank: int) -> str:
    """A valid INS matricule (13 characters and the key)."""
    base = f"{1 if sex == 'M' else 2}{birth_date:%y%m}{place}{rank % 1000:03d}"
    return base + ins_key(base)


def rpps(number: int) -> str:
    """An 11-digit number in a range nobody holds, with its key."""
    return _keyed(f"9999{number:06d}")


def finess(number: int) -> str:
    """A 9-digit number of department 99, which is not one, with its key."""
    return _keyed(f"99{number:06d}")


def _keyed(digits: str) -> str:
    return digits + luhn.calc_check_digit(digits)
