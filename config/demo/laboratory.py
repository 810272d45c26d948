"""The laboratory's requests: a lymphoma split between two laboratories, a lung with an intermediate answer, a sample
that could not be read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta

from config.demo import names
from config.demo.life import Life
from config.demo.world import TARGETS
from coordination import services
from coordination.models import LabAgreement, LabForm, LabRequest, SampleShare
from pathways import services as pathways
from pathways.models import Pathway
from pathways.rules.milestones import MilestoneKind as Kind
from pathways.rules.target import parse_target

LYMPHOMA, LUNG = "creca-h", "instadiag-poumon"
AGREEMENTS = (
    ("pathology", "histologie", "10 days"), ("pathology", "cytogenetique", "13 days"),
    ("molecular", "biologie_moleculaire", "13 days"), ("molecular", "genetique", ""),
)  # fmt: skip
USUAL = {"histologie": "pathology", "biologie_moleculaire": "molecular"}
SOURCE = "Proposition Jalon, à valider par le site"


@dataclass(frozen=True)
class Sampled:
    """A patient of these pathways: the worked days before this morning when each thing happened."""

    number: int
    target: str
    form: str
    suspected: str
    site: str
    nature: str
    answers: dict[str, str]
    said: tuple[tuple[int, str, str, str], ...] = ()
    """(days before, laboratory, answer, words)."""
    seen: int = 8
    taken: int = 5
    exams: dict[str, str] = field(default_factory=lambda: dict(USUAL))


SAMPLED = (
    Sampled(
        970, LYMPHOMA, "lymphome", "Lymphome B diffus à grandes cellules", "Ganglion cervical gauche", "node",
        {"context": "Adénopathie cervicale de 4 cm, apparue en six semaines ; TEP fait.", "recurrence": "first",
         "steroids": "no"},
        said=((2, "pathology", "intermediate", "Prolifération lymphoïde B, immunohistochimie en cours"),),
        exams={"histologie": "pathology", "cytogenetique": "pathology", "biologie_moleculaire": "molecular"},
    ),
    Sampled(
        971, LUNG, "poumon", "Carcinome bronchique", "Lobe supérieur droit", "biopsy",
        {"smoker": "former", "metastatic": "unknown", "recurrence": "first",
         "context": "Nodule spiculé de 28 mm, TEP fixant."},
        said=((1, "pathology", "intermediate", "Suspicion confirmée, typage en cours"),), taken=4,
    ),
    Sampled(
        972, LYMPHOMA, "lymphome", "Lymphome folliculaire", "Masse inguinale", "biopsy",
        {"context": "Masse inguinale, perte de poids.", "recurrence": "first", "steroids": "unknown"},
        said=((1, "pathology", "noncontributive", "Prélèvement nécrotique, matériel insuffisant"),), taken=4,
    ),
)  # fmt: skip


def open_laboratories(life: Life) -> None:
    """Two more target pathways at the hospital, and which laboratory does what."""
    world = life.world
    for key in (LYMPHOMA, LUNG):
        content = parse_target((TARGETS / f"{key}.yaml").read_text(encoding="utf-8"))
        version, _ = pathways.publish_target(
            content=content, establishment=world.hospital, team=world.team, reason="Ouverture du parcours",
            author=world.users.get("administrator"),
        )  # fmt: skip
        world.targets[key] = version.target
    LabAgreement.objects.bulk_create(
        LabAgreement(laboratory=world.teams[team], exam=exam, within=within, source=SOURCE)
        for team, exam, within in AGREEMENTS
    )


def plan(life: Life) -> None:
    """Each patient's acts, by the people who do them."""
    for sampled in SAMPLED:
        _live(life, sampled)


def _live(life: Life, sampled: Sampled) -> None:
    agenda, idec = life.agenda, life.world.idec
    made: list[Pathway] = []
    asked: list[LabRequest] = []

    def at(back: int, hour: float, act: Callable[[], object], user: str) -> None:
        def lived() -> None:
            act()

        agenda.at(agenda.on(_before(life, back), hour), lived, life.user(user))

    def note(kind: Kind, detail: str = "") -> Callable[[], object]:
        return lambda: pathways.record_milestone(
            pathway=made[0], kind=kind, detail=detail, occurred_at=life.now, author=idec, site=life.world.hospital
        )

    at(sampled.seen, 9.5, lambda: made.append(_arrival(life, sampled)), "idec")
    at(sampled.seen - 1, 10, note(Kind.FIRST_CARE), "oncologist")
    for hour, exam in enumerate(("scanner", "tep_scanner", "irm"), start=14):
        at(sampled.seen - 2, hour, note(Kind.EXAM_DONE, exam), "idec")
    at(sampled.seen - 2, 17, note(Kind.GP_INFORMED), "secretary")
    at(sampled.seen - 3, 17, note(Kind.RCP_REGISTERED), "secretary")
    at(sampled.taken, 10, note(Kind.BIOPSY_TAKEN), "idec")
    at(sampled.taken, 11.5, lambda: asked.append(_request(life, sampled, made[0])), "oncologist")

    def say(laboratory: str, kind: str, words: str) -> Callable[[], object]:
        return lambda: _say(life, asked[0], laboratory, kind, words)

    for back, *said in sampled.said:
        at(back, 15.2, say(*said), "pathologist")


def _before(life: Life, days: int) -> date:
    """So many worked days before this morning."""
    day = life.agenda.today
    for _ in range(days):
        day -= timedelta(days=1)
        while not life.agenda.worked(day):
            day -= timedelta(days=1)
    return day


def _arrival(life: Life, sampled: Sampled) -> Pathway:
    world, idec = life.world, life.world.idec
    rng = life.agenda.rng(f"laboratory:{sampled.number}")
    person = names.draw_person(rng, sampled.number, today=life.agenda.today)
    patient = pathways.create_patient(
        establishment=world.hospital, birth_name=person.birth_name, first_name=person.first_name,
        birth_date=person.birth_date, sex=person.sex, phone=person.phone, city=person.city, gp=world.gps[0],
    )  # fmt: skip
    pathway = pathways.open_pathway(
        patient=patient, target=world.targets[sampled.target], opened_at=life.now, owner=idec,
        suspicion=sampled.suspected, author=idec,
    )  # fmt: skip
    for kind in (Kind.REFERRAL_RECEIVED, Kind.REFERRAL_COMPLETE, Kind.APPOINTMENT_OFFERED):
        pathways.record_milestone(pathway=pathway, kind=kind, occurred_at=life.now, author=idec, site=world.hospital)
    return pathway


def _request(life: Life, sampled: Sampled, pathway: Pathway) -> LabRequest:
    teams = life.world.teams
    return services.send_lab_request(
        pathway=pathway, form=LabForm.objects.get(key=sampled.form, version=1), answers=sampled.answers,
        suspected=sampled.suspected, exams={exam: teams[team] for exam, team in sampled.exams.items()},
        reception=teams["pathology"], taken_at=life.now - timedelta(hours=1.5), site=sampled.site,
        nature=sampled.nature, reply_email=life.world.team.email, sent_at=life.now, user=life.user("oncologist"),
        at=life.now,
    )  # fmt: skip


def _say(life: Life, request: LabRequest, laboratory: str, kind: str, words: str) -> None:
    share = SampleShare.objects.with_page_data().get(sample__request=request, laboratory=life.world.teams[laboratory])
    exams = [each.exam for each in share.exams.all()]
    services.mark_received(share=share, at=life.now)
    services.say_answer(
        share=share, exams=exams[:1] if kind == "intermediate" else exams, kind=kind, words=words, at=life.now,
        said_by=str(life.user("pathologist")), user=life.user("pathologist"),
    )  # fmt: skip
