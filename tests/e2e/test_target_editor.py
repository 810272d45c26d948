"""A target pathway changed, rehearsed and published in the browser, then a patient moved to it; also without script."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from directory.models import Role
from pathways.models import Pathway, TargetDraft
from tests.e2e.conftest import Arrival
from tests.factories import PathwayFactory, UserFactory
from tests.pathways.targets import Office

pytestmark = pytest.mark.django_db(transaction=True)


def office() -> Office:
    """Three patients: two received long ago and never seen, one of today."""
    desk = Office()
    for name, days in (("ESSAIANCIEN", 40), ("ESSAIVIEUX", 30), ("ESSAIRECENT", 0)):
        PathwayFactory(team=desk.team, target=desk.target, owner=desk.coordinator, days_ago=days, birth_name=name)
    return desk


def test_rehearsal_and_publication(visit: Arrival) -> None:
    desk = office()
    writer = visit(desk.editor)
    page = writer.page
    writer.go("/parcours-cibles/")
    writer.check()
    writer.link(desk.target.name).click()
    writer.button("Modifier").click()
    writer.sees("aucune faute")
    writer.check()

    # From the flowchart to the step, by keyboard; the drawing and the faults follow what is typed.
    box = page.locator("svg a[aria-label^='RCP,']")
    box.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("RCP")
    number = writer.main.get_by_role("group", name="Objectif").get_by_label("Nombre")
    number.fill("12")
    expect(page.locator("svg a[aria-current]")).to_contain_text("12 jours")
    writer.main.get_by_label("Jalon ou étape, ligne 1").first.select_option("s:announcement")
    expect(page.locator(".t-faults")).to_contain_text("s’attendent l’une l’autre")
    writer.main.get_by_label("Jalon ou étape, ligne 1").first.select_option("m:first_care")
    expect(page.locator("#apercu")).to_contain_text("aucune faute")
    writer.check()
    assert TargetDraft.objects.get().revision == 1, "a preview saves nothing"
    writer.button("Enregistrer dans le brouillon").click()
    writer.sees("Étape enregistrée", "Objectif : 12 jours (avant : 7 jours)")

    # One more objective, far longer: the two late patients would no longer be late for it.
    for key, days in (("first_care", "90"), ("first_response", "90"), ("referral_complete", "90")):
        writer.go(desk.url("target-draft-step", key))
        group = writer.main.get_by_role("group", name="Objectif")
        group.get_by_label("Nombre").fill(days)
        group.get_by_label("Unité").select_option("days")
        expect(page.locator("svg a[aria-current]")).to_contain_text(f"{days} jours")
        writer.button("Enregistrer dans le brouillon").click()
    writer.link("Répéter").click()
    writer.button("Répéter").click()
    expect(page.locator("#resultat")).to_have_text(
        "Avec ces objectifs, 0 de vos 3 patients suivis serait en retard aujourd’hui, au lieu de 2."
    )
    writer.sees("2 patients non nommés")
    writer.sees_nowhere("ESSAIANCIEN")
    writer.check()

    # The team reads the same rehearsal, by name.
    nurse = visit(desk.coordinator)
    nurse.go(desk.url("target-rehearsal"))
    nurse.sees("ESSAIANCIEN", "ESSAIVIEUX", "Retards levés")
    nurse.check()

    writer.link("Publier").click()
    writer.check()
    writer.button("Publier la version").click()
    expect(writer.main.get_by_role("alert")).to_contain_text("Pourquoi")
    writer.check(status=422)
    writer.fill(**{"Pourquoi cette version": "Délais du réseau régional"})
    writer.button("Publier la version").click()
    writer.sees(
        "Version 2 publiée. Aucun parcours en cours n’a bougé.", "Délais du réseau régional", "4 étapes modifiées"
    )
    writer.check()
    assert set(Pathway.objects.values_list("version__number", flat=True)) == {1}

    # The team moves one of its patients, having seen what would be late.
    nurse.go(desk.url("target"))
    nurse.link("Passer des parcours à la version en vigueur").click()
    nurse.main.get_by_label("Choisir ESSAIANCIEN Dominique").check()
    nurse.button("Voir ce qui serait en retard").click()
    nurse.sees("0 des 1 parcours choisis serait en retard, au lieu de 1.")
    nurse.check()
    nurse.fill(Motif="Nouveaux délais, accord de l’équipe")
    nurse.button("Passer à la version 2").click()
    nurse.sees("1 parcours passés à la version 2.")
    moved = Pathway.objects.get(version__number=2)
    nurse.go(f"/parcours/{moved.uuid}/historique/")
    nurse.sees("Nouveaux délais, accord de l’équipe")


def test_two_editors_and_no_script(visit: Arrival) -> None:
    desk = office()
    one, two = visit(desk.editor, scripts=False), visit(desk.other_editor, scripts=False)
    one.go(desk.url("target"))
    one.button("Modifier").click()
    for writer in (one, two):
        writer.go(desk.url("target-draft-step", "rcp"))
    two.fill(**{"Nom de l’étape": "RCP de recours"})
    two.button("Enregistrer dans le brouillon").click()
    two.sees("Étape enregistrée")
    one.main.get_by_role("group", name="Objectif").get_by_label("Nombre").fill("5")
    one.button("Enregistrer dans le brouillon").click()
    one.sees("Le brouillon a changé pendant que vous écriviez")
    expect(one.main.get_by_label("Nom de l’étape")).to_have_value("RCP de recours")
    one.button("Enregistrer dans le brouillon").click()
    one.sees("RCP de recours", "Objectif : 5 jours (avant : 7 jours)")
    step = TargetDraft.objects.get().content.step("rcp")
    assert (step.label, str(step.objective)) == ("RCP de recours", "5 days")


def test_the_flowchart_fits_one_sheet(visit: Arrival) -> None:
    desk = Office(key="sein-operable")
    reader = visit(UserFactory(role=Role.QUALITY, team=desk.team))
    reader.go(desk.url("target-chart", 1))
    paper = reader.page.pdf(prefer_css_page_size=True, print_background=True)
    assert paper.count(b"/Type /Page\n") + paper.count(b"/Type /Page ") + paper.count(b"/Type /Page/") == 1
