"""The laboratory lived in browsers: asked once, answered by two laboratories, one of them without account."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from coordination import services
from coordination.models import LabRequest, SampleShare, Task
from coordination.services.lab_forms import install_lab_forms
from coordination.services.lab_links import token_for
from directory.models import OutboxMessage
from tests.coordination.laboratories import BORN, Lab, facts
from tests.e2e.conftest import Arrival
from tests.e2e.people import Visitor

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def lab() -> Lab:
    install_lab_forms()
    services.load_exam_types()
    lab = Lab()
    lab.histology, lab.molecular, lab.pathologist  # noqa: B018 - there before anybody arrives
    return lab


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_a_lymphoma_sample_asked_once_split_and_unreadable(visit: Arrival, lab: Lab, scripts: bool) -> None:
    """S01: one form, two laboratories; the first says at once that it cannot read it, the second answers by the link of
    its sheet on a phone; the nurse finds the task and the first slots for another biopsy."""
    pathway = lab.sampled()
    # The checks of a page are scripts themselves.
    look = Visitor.check if scripts else lambda visitor: None
    nurse = visit(lab.nurse, scripts=scripts)
    page = nurse.go(f"/parcours/{pathway.uuid}/analyses/demander/")
    look(nurse)
    page.get_by_label("Contexte clinique").fill("Adénopathie cervicale")
    page.get_by_label("Premier diagnostic ou récidive").select_option(label="Premier diagnostic")
    page.get_by_label("Site prélevé").fill("Ganglion cervical")
    page.get_by_label("Envoyé le").fill(f"{timezone.localdate():%Y-%m-%d}")
    page.get_by_role("button", name="Demander l’analyse").click()
    expect(page.get_by_text("Le laboratoire a besoin de cette réponse.").first).to_be_visible()
    expect(page.get_by_label("Contexte clinique")).to_have_value("Adénopathie cervicale")
    if scripts:
        nurse.check(status=422)
    page.get_by_label("Corticoïdes reçus avant le prélèvement").select_option(label="Non")
    page.get_by_role("button", name="Demander l’analyse").click()
    expect(page.get_by_text("imprimez un bon par laboratoire")).to_be_visible()
    look(nurse)
    asked = LabRequest.objects.get()
    assert facts(pathway) == [("lab_requested", ""), ("sample_sent", "")]

    doctor = visit(lab.pathologist, scripts=scripts)
    bench = doctor.go("/laboratoire/")
    look(doctor)
    bench.get_by_role("link", name=re.compile("ESSAI")).first.click()
    look(doctor)
    bench.get_by_role("button", name=re.compile("Non contributif")).click()
    expect(bench.get_by_text("Réponse enregistrée").first).to_be_visible()
    assert facts(pathway)[-1] == ("lab_noncontributive", "")
    assert OutboxMessage.objects.get(kind="lab_answered").recipient == asked.reply_email

    away = visit(phone=True, scripts=scripts)
    share = SampleShare.objects.select_related("sample__request").get(laboratory=lab.molecular)
    sheet = away.go(f"/analyse/{token_for(share)}/")
    look(away)
    sheet.get_by_label("Date de naissance du patient").fill(BORN)
    sheet.get_by_role("button", name="Lire la demande").click()
    expect(sheet.get_by_role("heading", name="Votre réponse")).to_be_visible()
    look(away)
    sheet.get_by_label("Votre nom").fill("Mme Gel")
    sheet.get_by_role("button", name=re.compile("Résultat définitif")).click()
    expect(sheet.get_by_text("Réponse enregistrée : l’équipe est prévenue.")).to_be_visible()
    look(away)
    assert facts(pathway)[-1] == ("lab_final", "biologie_moleculaire")

    page = nurse.go(f"/analyses/{asked.uuid}/")
    look(nurse)
    task = Task.objects.open().get(pathway=pathway)
    assert task.closes_on == "biopsy_taken"
    page.get_by_role("link", name="Réserver un prélèvement").click()
    expect(page.get_by_role("heading", name=re.compile("Biopsie")).first).to_be_visible()


def test_a_lung_intermediate_result_starts_early_care(visit: Arrival) -> None:
    """S06, LAB-08: the intermediate by the J+4, then the port in one click, with the warning about the patient."""
    install_lab_forms()
    lab = Lab("instadiag-poumon")
    asked = lab.ask(at=timezone.now() - timedelta(days=3))
    lab.say(lab.share(asked, lab.histology), "intermediate")
    nurse = visit(lab.nurse)
    page = nurse.go(f"/analyses/{asked.uuid}/")
    expect(page.get_by_text("Le patient n’est pas informé avant l’annonce")).to_be_visible()
    nurse.check()
    page.get_by_role("button", name="Chambre implantable").click()
    expect(page.get_by_text("Ajouté aux tâches de l’équipe.")).to_be_visible()
    assert Task.objects.filter(pathway=asked.pathway, title__contains="chambre implantable").exists()
    nurse.go("/analyses/")
    nurse.check()


def test_the_browser_s_back_asks_nothing_twice(visit: Arrival, lab: Lab) -> None:
    """Back gives the form as it was typed, with another key: the same request again is told, not made."""
    pathway = lab.sampled()
    nurse = visit(lab.nurse)
    page = nurse.go(f"/parcours/{pathway.uuid}/analyses/demander/")
    page.get_by_label("Contexte clinique").fill("Adénopathie cervicale")
    page.get_by_label("Premier diagnostic ou récidive").select_option(label="Premier diagnostic")
    page.get_by_label("Corticoïdes reçus avant le prélèvement").select_option(label="Non")
    page.get_by_label("Site prélevé").fill("Ganglion cervical")
    page.get_by_role("button", name="Demander l’analyse").click()
    expect(page.get_by_text("imprimez un bon par laboratoire")).to_be_visible()
    page.go_back()
    expect(page.get_by_label("Site prélevé")).to_have_value("Ganglion cervical")
    page.get_by_role("button", name="Demander l’analyse").click()
    expect(page.get_by_text("La même demande attend déjà sa réponse").first).to_be_visible()
    nurse.check(status=422)
    assert LabRequest.objects.count() == 1
    page.get_by_text("Demander quand même : c’est une autre demande").click()
    page.get_by_role("button", name="Demander l’analyse").click()
    expect(page.get_by_text("imprimez un bon par laboratoire")).to_be_visible()
    assert LabRequest.objects.count() == 2
