"""The patient's page: what it says, to whom, at what cost, and the trace each read leaves."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from directory.models import AccessLog
from directory.services import open_break_glass
from pathways import panels, services
from pathways.models import Pathway
from tests.factories import PathwayFactory
from tests.pathways.pages import soup, words
from tests.pathways.scenes import SECRET_OPINION, SECRET_TREATMENT, Scene

pytestmark = pytest.mark.django_db

PAGES = ("detail", "summary", "history")


def url(name: str, pathway: Pathway) -> str:
    return reverse(f"pathways:{name}", args=[pathway.uuid])


def test_understood_at_a_glance(scene: Scene) -> None:
    scene.appointment("Pose de la chambre", timezone.now() + timedelta(days=4), "Être à jeun", "Bâtiment B")
    scene.record(scene.pathway, "pps_given")
    response = scene.client().get(url("detail", scene.pathway))
    page, said = soup(response), words(response)
    following = words(page.select_one("[aria-labelledby=prochaine-etape]"))
    assert "Début du traitement" in following
    assert "Médecin hospitalier" in following
    assert "Claire Martin-Fictif" in following
    count = words(page.select_one("[aria-labelledby=decompte]"))
    assert "J20 / 28 jours" in count
    assert "Attente vécue 20 j" in count
    for expected in (
        "ESSAI-DURAND Marie, Louise",
        "28/03/1954",
        "Provisoire",
        SECRET_OPINION,
        SECRET_TREATMENT,
        "Dr Anne Besson-Fictif",
        "Examen réalisé (Scanner thoraco-abdomino-pelvien)",
    ):
        assert expected in said, expected
    assert "Pose de la chambre" in words(soup(scene.client().get(url("summary", scene.pathway))))
    assert page.select_one("#bureau-1[hx-trigger=load]") is not None, "the desk shows the appointments, once"
    assert page.select_one("#rendez-vous") is None
    assert page.select_one("a[href^='tel:']") is not None
    assert page.select_one(".j-timeline svg") is not None


def test_raw_and_adjusted_waits_stand_together(scene: Scene) -> None:
    day = timezone.localdate()
    services.add_pause(
        pathway=scene.pathway,
        kind="patient_choice",
        starts_on=day - timedelta(days=10),
        ends_on=day - timedelta(days=7),
        author=scene.coordinator,
    )
    count = words(soup(scene.client().get(url("detail", scene.pathway))).select_one("[aria-labelledby=decompte]"))
    assert "J16 / 28 jours" in count
    assert "Attente vécue 20 j" in count
    assert "pauses retirées 16 j" in count


def test_a_late_step_is_told_in_words(scene: Scene) -> None:
    pathway = PathwayFactory(team=scene.team, owner=scene.coordinator, days_ago=15)
    services.scan_delays(now=timezone.now())
    said = words(scene.client().get(url("detail", pathway)))
    assert "En retard" in said
    assert "Échéance dépassée" in said


def test_no_next_step_is_told_and_a_way_out_is_given(scene: Scene) -> None:
    pathway = PathwayFactory(team=scene.team, received=False)
    said = words(scene.client().get(url("detail", pathway)))
    assert "Aucune prochaine étape" in said
    assert "Enregistrer un jalon" in said


def test_a_closed_pathway_says_so_and_offers_to_reopen(scene: Scene) -> None:
    services.close_pathway(pathway=scene.pathway, reason="transferred", note="Vers le CHU", author=scene.coordinator)
    said = words(scene.client().get(url("detail", scene.pathway)))
    assert "Parcours clos" in said
    assert "Vers le CHU" in said
    assert "Rouvrir le parcours" in said
    assert "Préparer le PPS" not in said


# --- access ---------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", PAGES)
def test_who_reads(scene: Scene, name: str, client: Any) -> None:
    address = url(name, scene.pathway)
    for user in (scene.coordinator, scene.secretary, scene.physician, scene.gp):
        assert scene.client(user).get(address).status_code == 200
    assert scene.client(scene.stranger).get(address).status_code == 404
    assert scene.client(scene.quality).get(address).status_code == 403
    assert client.get(address)["Location"].startswith(reverse("account_login"))


@pytest.mark.parametrize("name", PAGES)
def test_every_read_leaves_a_trace(scene: Scene, name: str) -> None:
    scene.client(scene.physician).get(url(name, scene.pathway))
    scene.client(scene.gp).get(url(name, scene.pathway))
    scene.client(scene.stranger).get(url(name, scene.pathway))
    first, second = AccessLog.objects.order_by("pk")
    assert (first.user, first.why, first.patient_uuid) == (scene.physician, "team", scene.pathway.patient.uuid)
    assert (second.user, second.why) == (scene.gp, "circle")
    assert first.what
    assert first.ip_address == "127.0.0.1"


def test_the_gp_reads_and_is_offered_no_change(scene: Scene) -> None:
    page = soup(scene.client(scene.gp).get(url("detail", scene.pathway)))
    assert page.select("#main form") == []
    assert "Préparer" not in words(page)
    addresses = [link["href"] for link in page.select("#main a[href]")]
    for word in ("faite", "ecarter", "confier", "corriger", "retirer", "clore", "pauses", "identite", "ajouter"):
        assert not any(word in address for address in addresses), word


def test_an_emergency_access_is_shown_on_every_page(scene: Scene) -> None:
    open_break_glass(
        user=scene.stranger, patient_uuid=scene.pathway.patient.uuid, reason="Patient reçu aux urgences cette nuit"
    )
    for name in PAGES:
        response = scene.client(scene.stranger).get(url(name, scene.pathway))
        assert "Accès d’urgence en cours" in words(response)
    assert set(AccessLog.objects.values_list("why", flat=True)) == {"break_glass"}
    assert "Accès d’urgence en cours" not in words(scene.client().get(url("detail", scene.pathway)))


# --- cost -----------------------------------------------------------------------------------------------------------
def test_a_fixed_number_of_queries(scene: Scene, django_assert_num_queries: Any) -> None:
    """Baselines: raise them only knowing why. The summary also reads the desk's contacts and its tasks."""
    client, pathway = scene.client(), scene.pathway
    for _ in range(2):
        _more_of_everything(scene)
        for name, queries in (("detail", 22), ("summary", 24), ("history", 20)):
            with django_assert_num_queries(queries):
                assert client.get(url(name, pathway)).status_code == 200


def _more_of_everything(scene: Scene) -> None:
    for n in range(4):
        scene.appointment(f"Rendez-vous {n}", timezone.now() + timedelta(days=n + 1))
        scene.record(scene.pathway, "followup_contact", days_ago=n)
    services.add_to_circle(pathway=scene.pathway, professional=scene.secretary.professional, role="other")
    services.receive_document(pathway=scene.pathway, title="Scanner", content=b"x", content_type="application/pdf")
    services.scan_delays(now=timezone.now() + timedelta(days=90))


# --- panels ---------------------------------------------------------------------------------------------------------
def test_upper_rooms_add_panels_that_load_after_the_page(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(panels, "_registered", {})
    panels.register("Historique ailleurs", "pathways:history", order=10)
    panels.register("Pas encore là", "nulle-part:panneau")
    panels.register("Pas pour moi", "pathways:summary", allowed=lambda user, pathway: False)
    page = soup(scene.client().get(url("detail", scene.pathway)))
    loaded = [(node["aria-label"], node["hx-get"]) for node in page.select("[hx-trigger=load]")]
    assert loaded == [("Historique ailleurs", url("history", scene.pathway))]


# --- history --------------------------------------------------------------------------------------------------------
def test_the_history_tells_who_what_when_and_why(scene: Scene) -> None:
    client, pathway = scene.client(), scene.pathway
    announcement = pathway.milestones.in_force().get(kind="announcement")
    step, base = scene.step("support_screening"), url("detail", pathway)
    client.post(f"{base}jalons/{announcement.uuid}/retirer/", {"reason": "Consultation reportée"})
    client.post(f"{base}etapes/{step.uuid}/ecarter/", {"reason": "Déjà fait en ville"})
    client.post(f"{base}confier/", {"user": scene.physician.pk})
    client.post(f"{base}pauses/ajouter/", {"kind": "medical", "starts_on": timezone.localdate().isoformat()})
    client.post(f"{base}clore/", {"reason": "lost", "day": timezone.localdate().isoformat(), "note": "Sans nouvelles"})
    client.post(f"{base}rouvrir/", {"reason": "Le patient a rappelé"})
    said = words(scene.client(scene.physician).get(url("history", pathway)))
    for expected in (
        "Jalon retiré : Consultation d’annonce",
        "Consultation reportée",
        "écartée, motif : Déjà fait en ville",
        "responsable : Paul Lenoir-Fictif (avant : Claire Martin-Fictif)",
        "Décompte en pause : Raison médicale",
        "motif de clôture : Perdu de vue",
        "Motif : Le patient a rappelé",
        "Parcours ouvert",
        "Dossier du patient créé",
        "Claire Martin-Fictif",
    ):
        assert expected in said, expected


def test_the_plans_own_moves_are_not_history(scene: Scene) -> None:
    before = len(soup(scene.client().get(url("history", scene.pathway))).select(".j-history li"))
    services.rebuild_plan(pathway=scene.pathway)
    scene.record(scene.pathway, "gp_informed")
    after = len(soup(scene.client().get(url("history", scene.pathway))).select(".j-history li"))
    assert after == before + 1, "the milestone itself, and nothing of what followed from it"
