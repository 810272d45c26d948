"""The PPS as the patient reads it: checked on the text and the structure of the PDF itself."""

from __future__ import annotations

import io
import re
from datetime import timedelta
from itertools import pairwise

import pytest
from django.utils import timezone
from pypdf import PageObject, PdfReader
from pypdf.generic import DictionaryObject

from directory.models import Establishment
from pathways import services
from pathways.models import IdentityStatus, Pathway
from pathways.papers.facts import PpsFacts, collect, load
from pathways.papers.pps import pps_html, print_pps
from pathways.papers.printer import PrintError, print_pdf
from tests.pathways.scenes import SECRET_DIAGNOSIS, SECRET_OPINION, SECRET_TREATMENT, Scene

pytestmark = pytest.mark.django_db


def facts(pathway: Pathway) -> PpsFacts:
    return collect(load(pathway.pk))


def printed(pathway: Pathway, version: int = 2) -> PdfReader:
    paper = print_pps(facts(pathway), version=version, at=timezone.now(), author="Claire Martin-Fictif")
    reader = PdfReader(io.BytesIO(paper.content))
    assert paper.pages == len(reader.pages)
    return reader


def text(reader: PdfReader) -> str:
    """The text of the PDF, every kind of space made one."""
    return re.sub(
        r"\s+", " ", " ".join(page.extract_text() for page in reader.pages).replace("\N{NO-BREAK SPACE}", " ")
    )


def test_it_says_what_a_pps_must_say(scene: Scene) -> None:
    starts_at = timezone.now() + timedelta(days=4)
    scene.appointment("Pose de la chambre implantable", starts_at, "Être à jeun depuis minuit.", "Bâtiment B")
    reader = printed(scene.pathway)
    said = text(reader)
    assert 2 <= len(reader.pages) <= 4
    for words in (
        "Programme personnalisé de soins",
        "ESSAI-DURAND",
        "Marie, Louise",
        "28/03/1954",
        "Version 2",
        "Remis le",
        "01 99 00 00 10",  # the coordination
        "Urgence, jour et nuit",
        "Claire Martin-Fictif",
        "Votre prochaine étape : Début du traitement",
        "Réunion de concertation pluridisciplinaire (RCP)",
        "Délai visé : 14 jours après la consultation d’annonce",
        "Pose de la chambre implantable",
        "Bâtiment B",
        "À préparer : Être à jeun depuis minuit.",
        SECRET_DIAGNOSIS,
        SECRET_OPINION,
        SECRET_TREATMENT,
        "Hôpital de jour",
        "tous les 14 jours, 4 fois",
        "Fatigue, nausées",
        "Les soins de support",
        "Dr Anne Besson-Fictif, votre médecin traitant",
        "Dr Paul Lenoir-Fictif" if scene.physician.professional.title else "Paul Lenoir-Fictif",
        "La prochaine version",
        "délégué à la protection des données",
    ):
        assert words in said, words
    assert "après l’objectif" not in said
    assert "retard" not in said


def test_every_page_carries_the_identity_the_version_and_its_number(scene: Scene) -> None:
    reader = printed(scene.pathway, version=3)
    count = len(reader.pages)
    for number, page in enumerate(reader.pages, start=1):
        said = re.sub(r"\s+", " ", page.extract_text())
        assert "ESSAI-DURAND Marie, Louise" in said
        assert "28/03/1954" in said
        assert "Version 3" in said
        assert f"Page {number} sur {count}" in said


def test_nothing_of_the_result_before_the_announcement(untold: Scene) -> None:
    said = text(printed(untold.pathway))
    for secret in (SECRET_DIAGNOSIS, SECRET_OPINION, SECRET_TREATMENT, "Début du traitement", "Fatigue, nausées"):
        assert secret not in said, secret
    assert "sera complétée après votre consultation d’annonce" in said
    assert "Consultation d’annonce" in said


def test_a_result_that_came_looks_like_one_that_did_not(untold: Scene) -> None:
    """The very same words and dates whether the laboratory has answered or not."""
    with_result = facts(untold.pathway)
    for kind in ("lab_final", "rcp_held"):
        for milestone in untold.pathway.milestones.in_force().filter(kind=kind):
            services.withdraw_milestone(milestone=milestone, author=untold.coordinator, note="Essai")
    without = facts(untold.pathway)
    told = {step.key: (step.title, step.state, step.done_at) for step in with_result.steps}
    expected = {step.key: (step.title, step.state, step.done_at) for step in without.steps}
    for key in ("diagnosis", "rcp"):
        assert told[key] == expected[key]
        assert told[key][2] is None


def test_the_announcement_opens_the_results(untold: Scene) -> None:
    before = facts(untold.pathway)
    untold.record(untold.pathway, "announcement")
    after = facts(untold.pathway)
    assert (before.diagnosis, before.opinions, before.treatments, before.rcp_on) == ("", (), (), None)
    assert after.diagnosis == SECRET_DIAGNOSIS
    assert after.opinions[0].proposal == SECRET_OPINION
    assert after.treatments[0].label == SECRET_TREATMENT
    assert after.rcp_on is not None


def test_a_withdrawn_announcement_closes_them_again(scene: Scene) -> None:
    milestone = scene.pathway.milestones.in_force().get(kind="announcement")
    services.withdraw_milestone(milestone=milestone, author=scene.coordinator, note="Consultation reportée")
    assert facts(scene.pathway).diagnosis == ""


def test_the_matricule_only_when_the_identity_is_qualified(scene: Scene) -> None:
    patient = scene.pathway.patient
    matricule = "279035121518989"
    ins = {"ins_matricule": matricule, "ins_oid": "1.2.250.1.213.1.4.10", "birth_place_code": "51215"}
    services.update_patient(patient=patient, identity_status=IdentityStatus.RETRIEVED, **ins)
    assert facts(scene.pathway).identity.ins == ""
    services.update_patient(patient=patient, identity_status=IdentityStatus.QUALIFIED)
    assert facts(scene.pathway).identity.ins == matricule
    assert matricule in text(printed(scene.pathway))


def test_staff_words_stay_with_the_staff(scene: Scene) -> None:
    services.skip_step(step=scene.step("support_screening"), reason="Patient agité ce jour", author=scene.coordinator)
    services.add_pause(
        pathway=scene.pathway,
        kind="patient_choice",
        starts_on=timezone.localdate() - timedelta(days=5),
        ends_on=timezone.localdate() - timedelta(days=4),
        note="Famille difficile",
        author=scene.coordinator,
    )
    said = text(printed(scene.pathway))
    assert "Patient agité" not in said
    assert "Famille difficile" not in said
    assert "Pas nécessaire pour vous" in said


def test_names_of_every_alphabet_we_meet(scene: Scene) -> None:
    services.update_patient(patient=scene.pathway.patient, birth_name="Łukaszewicz-Çelik", first_name="Œdipe")
    said = text(printed(scene.pathway))
    assert "ŁUKASZEWICZ-ÇELIK" in said


# --- structure ------------------------------------------------------------------------------------------------------
def _kids(element: DictionaryObject) -> list[DictionaryObject]:
    kids = element.get("/K", [])
    kids = kids if isinstance(kids, list) else [kids]
    return [kid.get_object() for kid in kids if isinstance(kid.get_object(), dict)]


def _tags(element: DictionaryObject) -> list[str]:
    found = [str(element["/S"])] if "/S" in element else []
    for kid in _kids(element):
        found += _tags(kid)
    return found


def test_it_is_an_accessible_pdf(scene: Scene) -> None:
    reader = printed(scene.pathway)
    catalog = reader.trailer["/Root"]
    assert catalog["/Lang"] == "fr"
    assert catalog["/MarkInfo"]["/Marked"]
    assert catalog["/ViewerPreferences"]["/DisplayDocTitle"]
    assert b"pdfuaid:part" in catalog["/Metadata"].get_data()
    tags = _tags(catalog["/StructTreeRoot"])
    assert tags.count("/H1") == 1
    assert tags.count("/H2") >= 7
    assert {"/Table", "/TH", "/TD", "/Figure", "/L"} <= set(tags)
    assert _headings_never_skip(tags)
    assert _flat(reader.outline)[0].title == "Programme personnalisé de soins"


def _headings_never_skip(tags: list[str]) -> bool:
    levels = [int(tag[2]) for tag in tags if re.fullmatch(r"/H\d", tag)]
    return all(after <= before + 1 for before, after in pairwise(levels))


def _flat(outline: list) -> list:  # type: ignore[type-arg]
    return [leaf for item in outline for leaf in (_flat(item) if isinstance(item, list) else [item])]


def test_every_picture_says_what_it_shows(scene: Scene) -> None:
    reader = printed(scene.pathway)
    figures: list[str] = []

    def walk(element: DictionaryObject) -> None:
        if element.get("/S") == "/Figure":
            figures.append(str(element.get("/Alt", "")))
        for kid in _kids(element):
            walk(kid)

    walk(reader.trailer["/Root"]["/StructTreeRoot"])
    assert figures
    assert all(figures), "a figure without its words"
    assert any("Votre parcours en image" in words and "Début du traitement" in words for words in figures)


def test_fonts_are_ours_embedded_and_cut(scene: Scene) -> None:
    names = set()
    for page in printed(scene.pathway).pages:
        for font in page["/Resources"]["/Font"].values():
            descendant = font.get_object()["/DescendantFonts"][0].get_object()
            descriptor = descendant["/FontDescriptor"].get_object()
            assert any(key in descriptor for key in ("/FontFile2", "/FontFile3")), "a font is not embedded"
            names.add(str(descendant["/BaseFont"]))
    assert all(re.fullmatch(r"/[A-Z]{6}\+Jalon-Paper.*", name) for name in names), names


@pytest.mark.parametrize(
    "address",
    [
        "https://exemple.invalid/x.png",
        "file:///etc/passwd",
        "jalon-static:../config/settings.py",
        "http://169.254.169.254/",
    ],
)
def test_the_printer_opens_nothing_but_our_fonts(address: str) -> None:
    with pytest.raises(PrintError):
        print_pdf(f'<html lang="fr"><title>x</title><body><img src="{address}" alt="x"></body></html>')


def test_text_is_text_never_markup(scene: Scene) -> None:
    services.write_summary(pathway=scene.pathway, diagnosis='<img src="https://exemple.invalid/x.png">')
    html = pps_html(facts(scene.pathway), version=1, at=timezone.now(), author="")
    assert "&lt;img src=" in html
    printed(scene.pathway)


# --- fingerprint ----------------------------------------------------------------------------------------------------
def test_the_fingerprint_follows_what_the_paper_says(scene: Scene) -> None:
    seen = {facts(scene.pathway).fingerprint()}

    def changed(what: str) -> None:
        now = facts(scene.pathway).fingerprint()
        assert now not in seen, what
        seen.add(now)

    scene.appointment("Scanner de contrôle", timezone.now() + timedelta(days=9))
    changed("an appointment")
    services.update_patient(patient=scene.pathway.patient, used_name="Durand")
    changed("a name")
    services.write_summary(pathway=scene.pathway, diagnosis="Autre")
    changed("the diagnosis")
    scene.record(scene.pathway, "treatment_started")
    changed("a milestone")
    Establishment.objects.filter(pk=scene.team.establishment_id).update(phone="0199000099")
    changed("a phone number")


def test_the_fingerprint_ignores_what_the_paper_does_not_say(scene: Scene) -> None:
    before = facts(scene.pathway).fingerprint()
    scene.record(scene.pathway, "gp_informed")
    services.touch_contact(pathway=scene.pathway, at=timezone.now())
    scene.record(scene.pathway, "pps_given")
    assert facts(scene.pathway).fingerprint() == before


def test_the_facts_are_gathered_in_a_fixed_number_of_queries(
    scene: Scene, django_assert_num_queries: object, django_assert_max_num_queries: object
) -> None:
    pathway = scene.pathway
    with django_assert_max_num_queries(9):  # type: ignore[operator]
        loaded = load(pathway.pk)
    with django_assert_num_queries(0):  # type: ignore[operator]
        collect(loaded)


AXIS_DAY = re.compile(r"(\d{1,2}|1er)\s\w+\.?( \d{4})?")


def highest(page: PageObject) -> tuple[float, float]:
    """How far up and how far right the words of a page begin, in points; but for the days on the axis of the
    timeline, which the reader of the PDF places in the picture's own units."""
    places: list[tuple[float, float]] = []

    def seen(words: str, cm: list[float], tm: list[float], *_: object) -> None:
        if words.strip() and not AXIS_DAY.fullmatch(words.strip()):
            x, y = tm[4], tm[5]
            places.append((x * cm[1] + y * cm[3] + cm[5], x * cm[0] + y * cm[2] + cm[4]))

    page.extract_text(visitor_text=seen)
    return max(up for up, _ in places), max(right for _, right in places)


def test_the_longest_names_stay_on_the_paper(scene: Scene) -> None:
    services.update_patient(
        patient=scene.pathway.patient,
        birth_name="ESSAI-" + "WOLFESCHLEGELSTEINHAUSENBERGERDORFF" * 2,
        first_name="Marie-Françoise-Élisabeth",
        given_names="Marie-Françoise-Élisabeth, " * 5,
        used_name="D’ÇELİK-ŁUKASZEWICZ" * 4,
    )
    for page in printed(scene.pathway).pages:
        up, right = highest(page)
        assert up < float(page.mediabox.height) - 17
        assert right < float(page.mediabox.width) - 60
        assert "ESSAI-WOLFE" in page.extract_text()
