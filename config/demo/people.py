"""The professionals of the demo hospital and its town, and the accounts of those who have one."""

from __future__ import annotations

from dataclasses import dataclass

from directory.models import Profession, Role

PASSWORD = "parcours-fictif"  # noqa: S105 - written in docs/demo.md; the command refuses outside a demo
"""The password of every demo account."""

HOSPITAL = "valombre.invalid"
NEIGHBOUR = "belmarais.invalid"
TOWN = "exemple.invalid"

NURSE, DOCTOR = Profession.NURSE, Profession.PHYSICIAN
OFFICE, SECRETARY = Profession.ADMINISTRATIVE, Profession.SECRETARY


@dataclass(frozen=True)
class Someone:
    """A professional. ``teams`` are (team key, role) pairs; with an ``account`` name, an account is opened."""

    key: str
    title: str
    first_name: str
    last_name: str
    profession: str
    place: str
    specialty: tuple[str, str] = ("", "")
    teams: tuple[tuple[str, str], ...] = ()
    account: str = ""
    shown_as: str = ""

    @property
    def name(self) -> str:
        return " ".join(part for part in (self.title, self.first_name, self.last_name) if part)


GENERAL = ("SM26", "Médecine générale")
PATHWAYS, MEDICAL = "pathways", "medical"
COORDINATOR, PHYSICIAN = Role.COORDINATOR, Role.PHYSICIAN


def _doctor(
    key: str, first: str, last: str, specialty: tuple[str, str], account: str, shown: str, *more: tuple[str, str]
) -> Someone:
    teams = ((PATHWAYS, PHYSICIAN), (MEDICAL, PHYSICIAN), *more)
    return Someone(key, "Dr", first, last, DOCTOR, "hospital", specialty, teams, account, shown)


STAFF = (
    Someone("idec", "", "Solène", "Aubépineau", NURSE, "hospital", teams=((PATHWAYS, COORDINATOR),),
            account=f"idec@{HOSPITAL}", shown_as="Infirmière de coordination (IDEC)"),
    Someone("coordinator", "", "Driss", "Belkaouine", OFFICE, "hospital", teams=((PATHWAYS, COORDINATOR),),
            account=f"coordination@{HOSPITAL}", shown_as="Coordination administrative"),
    Someone("secretary", "", "Maëlle", "Corvisard-Lune", SECRETARY, "hospital", teams=((PATHWAYS, Role.SECRETARY),),
            account=f"secretariat@{HOSPITAL}", shown_as="Secrétariat"),
    _doctor("surgeon", "Anselme", "Dumarchais", ("SM14", "Chirurgie viscérale et digestive"),
            f"chirurgie@{HOSPITAL}", "Médecin : chirurgie"),
    _doctor("oncologist", "Ludivine", "Estaquière", ("SM36", "Oncologie médicale"),
            f"oncologie@{HOSPITAL}", "Médecin : oncologie"),
    _doctor("radiotherapist", "Farouk", "Ghezalane", ("SM37", "Oncologie radiothérapique"),
            f"radiotherapie@{HOSPITAL}", "Médecin : radiothérapie"),
    _doctor("gastro", "Inès", "Hourcadelle", ("SM24", "Gastro-entérologie et hépatologie"),
            f"gastroenterologie@{HOSPITAL}", "Médecin : gastro-entérologie", ("endoscopy", Role.PLATFORM)),
    Someone("radiologist", "Dr", "Tancrède", "Jourdanelle", DOCTOR, "hospital", ("SM44", "Radiologie"),
            ((MEDICAL, PHYSICIAN), ("imaging", Role.PLATFORM)), f"radiologie@{HOSPITAL}", "Médecin : radiologie"),
    Someone("pathologist", "Dr", "Oumou", "Kantéras", DOCTOR, "hospital", ("SM01", "Anatomopathologie"),
            ((MEDICAL, PHYSICIAN), ("pathology", Role.PLATFORM)), f"anatomopathologie@{HOSPITAL}",
            "Plateau technique : anatomopathologie"),
    Someone("imaging", "", "Gwenaël", "Lostrivic", Profession.TECHNICIAN, "hospital",
            teams=(("imaging", Role.PLATFORM),), account=f"imagerie@{HOSPITAL}",
            shown_as="Plateau technique : imagerie"),
    Someone("endoscopy", "", "Priscille", "Mornassol", NURSE, "hospital", teams=(("endoscopy", Role.PLATFORM),),
            account=f"endoscopie@{HOSPITAL}", shown_as="Plateau technique : endoscopie"),
    Someone("day_hospital", "", "Yaëlle", "Nourricard", NURSE, "hospital", teams=(("day_hospital", Role.PLATFORM),),
            account=f"hopital-de-jour@{HOSPITAL}", shown_as="Plateau technique : hôpital de jour"),
    Someone("quality", "", "Barnabé", "Ollivarès-Pré", OFFICE, "hospital", teams=(("quality", Role.QUALITY),),
            account=f"qualite@{HOSPITAL}", shown_as="Qualité (3C)"),
    Someone("administrator", "", "Clarisse", "Pontévrard", OFFICE, "hospital",
            teams=(("information", Role.ADMINISTRATOR),), account=f"administration@{HOSPITAL}",
            shown_as="Administration"),
    Someone("geriatrician", "Dr", "Honorine", "Quévillart", DOCTOR, "hospital", ("SM18", "Gériatrie")),
    Someone("fellow", "Dr", "Loup", "Ravignol", DOCTOR, "hospital", ("SM36", "Oncologie médicale")),
)  # fmt: skip

CITY = (
    Someone("gp", "Dr", "Mireille", "Sartouret", DOCTOR, "practice", GENERAL, (("practice", Role.TOWN),),
            f"generaliste@{TOWN}", "Médecin généraliste de ville"),
    Someone("town_radiologist", "Dr", "Sylvestre", "Tavernelle", DOCTOR, "town_imaging", ("SM44", "Radiologie"),
            (("town_imaging", Role.TOWN),), f"radiologue@{TOWN}", "Radiologue de ville"),
    *(
        Someone(f"gp{number}", "Dr", first, last, DOCTOR, "practice" if number % 3 == 0 else "", GENERAL)
        for number, (first, last) in enumerate(
            (
                ("Amélie", "Urrutibéhy"), ("Bastien", "Vauquelard"), ("Chérif", "Wahbine"), ("Delphine", "Yvelinard"),
                ("Emeric", "Zéphirin-Got"), ("Farida", "Amrouchane"), ("Gildas", "Botmeurac"), ("Hasna", "Cherkaouide"),
                ("Isidore", "Daubenasse"), ("Judith", "Elkaïmar"), ("Kévork", "Fermaniol"), ("Lucile", "Grospellard"),
                ("Mathurin", "Hennebique-Lo"), ("Noura", "Idrissène"),
            ),
            start=1,
        )
    ),
    Someone("town_gastro", "Dr", "Ombeline", "Jacquemard-Rio", DOCTOR, "",
            ("SM24", "Gastro-entérologie et hépatologie")),
)  # fmt: skip

NEIGHBOURS = (
    Someone("stranger", "", "Théodora", "Karaminas", NURSE, "neighbour", teams=(("neighbour_pathways", COORDINATOR),),
            account=f"coordination@{NEIGHBOUR}", shown_as="Coordination d’un autre établissement"),
    Someone("neighbour_doctor", "Dr", "Césaire", "Lambrecourt", DOCTOR, "neighbour",
            ("SM24", "Gastro-entérologie et hépatologie"), (("neighbour_pathways", PHYSICIAN),)),
    Someone("nuclear", "Dr", "Apolline", "Mazerolles-Vic", DOCTOR, "neighbour", ("SM32", "Médecine nucléaire"),
            (("nuclear", Role.PLATFORM),), f"medecine-nucleaire@{NEIGHBOUR}", "Plateau d’un site partenaire : TEP"),
)  # fmt: skip

EVERYBODY = (*STAFF, *CITY, *NEIGHBOURS)

OPERATOR = f"exploitation@{HOSPITAL}"
"""The superuser of the administration pages; sees no patient."""


def listed() -> list[dict[str, str]]:
    """The accounts as `demo_accounts` prints them: role, name, email, password."""
    rows = [
        {"role": someone.shown_as, "name": someone.name, "email": someone.account, "password": PASSWORD}
        for someone in EVERYBODY
        if someone.account
    ]
    return [*rows, {"role": "Exploitation (admin)", "name": "", "email": OPERATOR, "password": PASSWORD}]
