"""The places of the story: establishments, teams, people, accounts, target pathways."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from django.contrib.auth.hashers import make_password

from config.demo import names
from config.demo.people import EVERYBODY, HOSPITAL, NEIGHBOUR, OPERATOR, PASSWORD, TOWN, Someone
from directory.models import (
    Establishment,
    EstablishmentKind,
    Membership,
    Professional,
    Team,
    TeamKind,
    User,
)
from pathways.models import TargetPathway
from pathways.rules.target import Target, parse_target
from pathways.services import publish_target

HOSPITAL_FINESS = names.finess(1)
TARGETS = Path(__file__).resolve().parents[2] / "pathways" / "targets"
HEAD = ("gastro", "pathways")
"""Who heads the team of the story: unanswered alerts go up to them."""
PLATFORM_HEADS = (("imaging", "imaging"), ("endoscopy", "endoscopy"), ("nuclear", "nuclear"))
"""Who changes the series of the platforms."""
INSTADIAG, FAST, SHORT = "instadiag-foie-pancreas", "fast", "avis-de-rcp"

KINDS = EstablishmentKind
_PLACES = (
    ("hospital", "Centre hospitalier de Valombre", "CH de Valombre", KINDS.CLCC, "1 place du Prologue", "99100",
     "Valombre", "0199001000", f"accueil@{HOSPITAL}", True),
    ("neighbour", "Hôpital privé de Belmarais-les-Bains-Fictifs", "HP de Belmarais", KINDS.CLINIC,
     "14 boulevard des Esquisses", "99300", "Belmarais", "0353010100", f"accueil@{NEIGHBOUR}", True),
    ("town_imaging", "Imagerie médicale du Val-Imaginé", "Imagerie du Val-Imaginé", KINDS.IMAGING,
     "3 allée des Contes", "99120", "Saint-Aubin-des-Prés-Hauts", "0261910100", f"imagerie@{TOWN}", False),
    ("practice", "Maison de santé des Tilleuls-Bleus", "MSP des Tilleuls-Bleus", KINDS.PRACTICE,
     "22 rue de la Marge", "99140", "Rochebelle-sur-Orne-Vive", "0261910200", f"tilleuls@{TOWN}", False),
    ("laboratory", "Laboratoire de génétique des Marches-Contées", "Laboratoire des Marches", KINDS.LABORATORY,
     "6 quai des Fables", "99180", "Marches-Contées", "0261910300", f"laboratoire@{TOWN}", False),
)  # fmt: skip
_TEAMS = (
    ("pathways", "hospital", "Parcours Foie-Pancréas", TeamKind.COORDINATION, "0199001010", f"parcours@{HOSPITAL}"),
    ("medical", "hospital", "Hépato-bilio-pancréatique", TeamKind.MEDICAL, "0199001020", f"hbp@{HOSPITAL}"),
    ("imaging", "hospital", "Imagerie", TeamKind.PLATFORM, "0199001030", f"plateau-imagerie@{HOSPITAL}"),
    ("endoscopy", "hospital", "Endoscopie", TeamKind.PLATFORM, "0199001040", f"plateau-endoscopie@{HOSPITAL}"),
    ("pathology", "hospital", "Anatomopathologie", TeamKind.PLATFORM, "0199001050", f"labo-anapath@{HOSPITAL}"),
    ("day_hospital", "hospital", "Hôpital de jour", TeamKind.PLATFORM, "0199001060", f"hdj@{HOSPITAL}"),
    ("quality", "hospital", "Centre de coordination en cancérologie (3C)", TeamKind.QUALITY, "0199001070",
     f"3c@{HOSPITAL}"),
    ("information", "hospital", "Système d’information", TeamKind.QUALITY, "0199001080", f"dsi@{HOSPITAL}"),
    ("neighbour_pathways", "neighbour", "Parcours digestif", TeamKind.COORDINATION, "0353010110",
     f"parcours@{NEIGHBOUR}"),
    ("nuclear", "neighbour", "Médecine nucléaire", TeamKind.PLATFORM, "0353010120", f"tep@{NEIGHBOUR}"),
    ("practice", "practice", "Cabinet", TeamKind.MEDICAL, "0261910210", f"cabinet@{TOWN}"),
    ("molecular", "laboratory", "Biologie moléculaire", TeamKind.PLATFORM, "0261910310",
     f"biologie-moleculaire@{TOWN}"),
    ("town_imaging", "town_imaging", "Cabinet de radiologie", TeamKind.PLATFORM, "0261910110", f"secretariat@{TOWN}"),
)  # fmt: skip


@dataclass
class World:
    """Everybody and every place, by the keys of `config.demo.people` and of the tables above."""

    places: dict[str, Establishment] = field(default_factory=dict)
    teams: dict[str, Team] = field(default_factory=dict)
    people: dict[str, Professional] = field(default_factory=dict)
    users: dict[str, User] = field(default_factory=dict)
    targets: dict[str, TargetPathway] = field(default_factory=dict)
    gps: list[Professional] = field(default_factory=list)

    @property
    def hospital(self) -> Establishment:
        return self.places["hospital"]

    @property
    def team(self) -> Team:
        return self.teams["pathways"]

    @property
    def idec(self) -> User:
        return self.users["idec"]

    @property
    def desk(self) -> list[User]:
        """Those who answer requests and own pathways."""
        return [self.users["idec"], self.users["coordinator"]]


def build_world() -> World:
    """Creates the directory of the demo and publishes its target pathways."""
    world = World()
    for number, (key, name, short, kind, address, code, city, phone, email, open_) in enumerate(_PLACES, start=1):
        world.places[key] = Establishment.objects.create(
            name=name, short_name=short, kind=kind, finess=names.finess(number), address=address, postal_code=code,
            city=city, phone=phone, email=email, accepts_referrals=open_,
        )  # fmt: skip
    for key, place, name, team_kind, phone, email in _TEAMS:
        world.teams[key] = Team.objects.create(
            establishment=world.places[place], name=name, kind=team_kind, phone=phone, email=email
        )
    for number, someone in enumerate(EVERYBODY, start=1):
        _settle(world, someone, number)
    User.objects.create_superuser(OPERATOR)
    User.objects.update(password=make_password(PASSWORD))  # the same for all: hashed once, it costs half a second
    world.gps = [person for key, person in world.people.items() if key.startswith("gp")]
    for content in shipped_targets():
        for place, team in (("hospital", "pathways"), ("neighbour", "neighbour_pathways")):
            if place == "neighbour" and content.key != FAST:
                continue
            version, _ = publish_target(
                content=content, establishment=world.places[place], team=world.teams[team],
                reason="Ouverture du parcours", author=world.users.get("administrator"),
            )  # fmt: skip
            world.targets[content.key if place == "hospital" else f"neighbour:{content.key}"] = version.target
    return world


def _settle(world: World, someone: Someone, number: int) -> None:
    in_town = someone.place in {"", "practice", "town_imaging"}
    place = world.places.get(someone.place)
    person = Professional.objects.create(
        title=someone.title, first_name=someone.first_name, last_name=someone.last_name,
        profession=someone.profession, specialty_code=someone.specialty[0], specialty_label=someone.specialty[1],
        rpps=names.rpps(number) if someone.profession in {"physician", "nurse"} else "", establishment=place,
        in_town=in_town, phone=f"{'026191' if in_town else '019900'}{3000 + number}",
        email=someone.account or f"{someone.key.replace('_', '-')}@{TOWN if in_town else HOSPITAL}",
        secure_email=f"{someone.key.replace('_', '-')}@mssante.{TOWN}" if in_town and number % 2 else "",
        city=place.city if place else names.TOWNS[number % len(names.TOWNS)][1],
    )  # fmt: skip
    world.people[someone.key] = person
    if someone.account:
        user = User.objects.create_user(someone.account, professional=person)
        world.users[someone.key] = user
        for team, role in someone.teams:
            head = (someone.key, team) in (HEAD, *PLATFORM_HEADS)
            Membership.objects.create(user=user, team=world.teams[team], role=role, is_head=head)


def shipped_targets() -> list[Target]:
    """The target pathways of the demo's hospital, of those that come with Jalon."""
    return [parse_target((TARGETS / f"{key}.yaml").read_text(encoding="utf-8")) for key in (FAST, INSTADIAG)]


def publish_short(world: World) -> None:
    """The short pathway of those who only came for an opinion, for the large sizes."""
    content = parse_target((Path(__file__).parent / "second-opinion.yaml").read_text(encoding="utf-8"))
    version, _ = publish_target(
        content=content, establishment=world.hospital, team=world.team, reason="Ouverture du parcours"
    )
    world.targets[SHORT] = version.target
