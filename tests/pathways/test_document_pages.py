"""The PPS on the page: asked for, watched, failed, read, given; stale when the file moved on."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from directory.models import AccessLog
from pathways import services, tasks
from pathways.models import Document
from pathways.papers.printer import Printed
from pathways.services import documents
from tests.pathways.pages import field_errors, soup, words
from tests.pathways.scenes import Scene

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _no_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    from pathways.papers import pps

    monkeypatch.setattr(tasks.render_document, "apply_async", lambda *args, **options: None)
    monkeypatch.setattr(pps, "print_pps", lambda *args, **options: Printed(b"%PDF-1.7 essai", 3))


def at(name: str, document: Document) -> str:
    return reverse(f"pathways:{name}", args=[document.uuid])


def file_page(scene: Scene) -> str:
    return reverse("pathways:detail", args=[scene.pathway.uuid])


def documents_card(scene: Scene) -> Any:
    return soup(scene.client().get(file_page(scene))).select_one("#documents")


def ask(scene: Scene) -> Document:
    scene.client().post(reverse("pathways:pps", args=[scene.pathway.uuid]))
    return Document.objects.latest("pk")


@pytest.fixture
def ready(scene: Scene) -> Document:
    document = ask(scene)
    documents.produce(document_id=document.pk)
    return Document.objects.get(pk=document.pk)


def test_asked_for_then_watched_until_it_is_ready(scene: Scene) -> None:
    document = ask(scene)
    card = documents_card(scene)
    assert "en attente" in words(card)
    assert "Préparer" not in words(card), "one at a time"
    watching = card.select_one("[hx-trigger='every 2s']")
    assert watching["hx-get"] == at("document-status", document)

    client = scene.client(htmx=True)
    Document.objects.filter(pk=document.pk).update(status="running", progress=40)
    running = client.get(at("document-status", document))
    assert "40 %" in words(running)
    assert soup(running).select_one("[hx-trigger='every 2s']") is not None
    Document.objects.filter(pk=document.pk).update(status="pending")
    documents.produce(document_id=document.pk)
    finished = client.get(at("document-status", document))
    assert soup(finished).select_one("[hx-trigger]") is None, "it stops asking"
    assert "3 pages" in words(finished)


def test_looking_at_the_progress_without_javascript_leads_to_the_file(scene: Scene) -> None:
    response = scene.client().get(at("document-status", ask(scene)))
    assert response["Location"] == file_page(scene)


def test_looking_at_the_progress_is_not_a_read(scene: Scene) -> None:
    document = ask(scene)
    before = AccessLog.objects.count()
    scene.client(htmx=True).get(at("document-status", document))
    assert AccessLog.objects.count() == before


def test_a_failure_is_told_and_taken_up_again(scene: Scene) -> None:
    document = ask(scene)
    Document.objects.filter(pk=document.pk).update(status="failed", error="La mise en page a échoué.")
    card = documents_card(scene)
    assert "La mise en page a échoué." in words(card)
    assert "Réessayer" in words(card)
    scene.client().post(at("document-retry", document))
    document.refresh_from_db()
    assert document.status == "pending"
    assert "Ce document n’est pas en erreur." in words(scene.client().post(at("document-retry", document), follow=True))


def test_a_refusal_is_a_toast_for_htmx(scene: Scene, ready: Document) -> None:
    response = scene.client(htmx=True).post(at("document-retry", ready))
    assert (response.status_code, response["HX-Reswap"]) == (422, "none")
    assert "n\\u2019est pas en erreur" in response["HX-Trigger"]


def test_read_in_the_browser_under_a_name_that_tells_nothing(scene: Scene, ready: Document) -> None:
    response = scene.client(scene.gp).get(at("document", ready))
    assert response.getvalue() == b"%PDF-1.7 essai"
    assert response["Content-Type"] == "application/pdf"
    assert response["Content-Disposition"] == f'inline; filename="PPS-{scene.pathway.reference}-v1.pdf"'
    assert response["X-Content-Type-Options"] == "nosniff"
    assert "no-store" in response["Cache-Control"]
    trace = AccessLog.objects.latest("pk")
    assert (trace.user, trace.why) == (scene.gp, "circle")
    assert "Programme personnalisé de soins" in trace.what


def test_who_reads_a_paper(scene: Scene, ready: Document, client: Any) -> None:
    assert scene.client(scene.stranger).get(at("document", ready)).status_code == 404
    assert scene.client(scene.quality).get(at("document", ready)).status_code == 403
    assert client.get(at("document", ready))["Location"].startswith(reverse("account_login"))
    for name in ("document-retry", "document-given"):
        assert scene.client(scene.gp).post(at(name, ready)).status_code == 403
        assert scene.client(scene.stranger).post(at(name, ready)).status_code == 404


def test_not_there_before_it_is_ready_nor_when_its_file_is_gone(scene: Scene, ready: Document) -> None:
    pending = ask(scene)
    assert scene.client().get(at("document", pending)).status_code == 404
    ready.file.storage.delete(ready.file.name)
    assert scene.client().get(at("document", ready)).status_code == 404


def test_a_received_paper_keeps_its_type_and_hides_its_name(scene: Scene) -> None:
    document = services.receive_document(
        pathway=scene.pathway, title="Scanner de Marie", content=b"\x89PNG", content_type="image/png"
    )
    response = scene.client().get(at("document", document))
    assert response["Content-Type"] == "image/png"
    assert "Marie" not in response["Content-Disposition"]
    assert response["Content-Disposition"].startswith(f'inline; filename="DOC-{scene.pathway.reference}-')
    assert "Scanner de Marie" in words(documents_card(scene))


def test_stale_when_the_file_moved_on(scene: Scene, ready: Document) -> None:
    assert "Données modifiées depuis" not in words(documents_card(scene))
    services.write_summary(pathway=scene.pathway, diagnosis="Précisé")
    card = words(documents_card(scene))
    assert "Données modifiées depuis" in card
    assert "version 1" in card
    documents.produce(document_id=ask(scene).pk)
    assert "Données modifiées depuis" not in words(documents_card(scene))


def test_given_to_the_patient(scene: Scene, ready: Document) -> None:
    url = at("document-given", ready)
    early = scene.client().post(url, {"day": "2001-01-01"})
    assert early.status_code == 422
    assert "précéder" in field_errors(early)
    scene.client().post(url, {"day": timezone.localdate().isoformat()})
    ready.refresh_from_db()
    assert ready.given_at is not None
    assert scene.step("pps").state == "done"
    card = words(documents_card(scene))
    assert "Remise au patient" in card
    assert "Données modifiées depuis" not in card
    assert "déjà été remise" in words(scene.client().post(url, {"day": timezone.localdate().isoformat()}))


def test_a_closed_pathway_refuses_in_words(scene: Scene) -> None:
    services.close_pathway(pathway=scene.pathway, reason="lost", author=scene.coordinator)
    response = scene.client().post(reverse("pathways:pps", args=[scene.pathway.uuid]), follow=True)
    assert "Ce parcours est clos" in words(response)
    assert not Document.objects.exists()
