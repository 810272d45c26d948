"""The pages of the laboratory: the form, the file, the inbox, the link without account."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from bs4 import BeautifulSoup
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from coordination import services
from coordination.models import LabAgreement, LabAnswer, LabLinkReading, LabRequest, SampleShare, Task
from coordination.papers.lab_sheet import sheet_html
from coordination.services.lab_links import LINK_LASTS, OPENED_LASTS, token_for
from directory.models import AccessLog, OutboxMessage, Role, TeamKind, User
from pathways import services as pathways
from pathways.models import Pathway
from tests.coordination.conftest import MONDAY
from tests.coordination.laboratories import ANSWERS, BORN, Lab, facts
from tests.coordination.pages import HTMX, text, url
from tests.factories import TeamFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _own_cache(settings: Any) -> None:
    """Tries are counted for this test alone."""
    settings.CACHES = {
        "default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": str(uuid4())}
    }


@pytest.fixture
def lab() -> Lab:
    return Lab()


@pytest.fixture
def asked(lab: Lab) -> LabRequest:
    return lab.ask()


@pytest.fixture
def away(lab: Lab, asked: LabRequest) -> SampleShare:
    """The part of the laboratory without account."""
    return lab.share(asked, lab.molecular)


@pytest.fixture
def nurse(client: Client, lab: Lab) -> Client:
    client.force_login(lab.nurse)
    return client


@pytest.fixture
def bench(lab: Lab) -> Client:
    """The pathologist's browser."""
    browser = type(Client())()
    browser.force_login(lab.pathologist)
    return browser


def link(share: SampleShare) -> str:
    return reverse("coordination:lab-link", args=[token_for(share)])


def filled(lab: Lab, pathway: Pathway, **more: Any) -> dict[str, Any]:
    today = timezone.localdate()
    return {
        "key": str(uuid4()), "form_key": "lymphome", "suspected": "Lymphome à grandes cellules",
        "taken_on": f"{today - timedelta(days=1):%Y-%m-%d}", "site": "Ganglion", "nature": "node", "pots": "2",
        "exam_histologie": str(lab.histology.uuid), "exam_biologie_moleculaire": str(lab.molecular.uuid),
        "reply_email": "parcours@hopital.invalid", "sent_on": f"{today:%Y-%m-%d}",
        **{f"q_{key}": value for key, value in ANSWERS["lymphome"].items()}, **more,
    }  # fmt: skip


# --- the form -------------------------------------------------------------------------------------------------------
def test_the_step_of_the_patient_leads_to_the_form_filled_from_the_file(nurse: Client, lab: Lab) -> None:
    lab.histology, lab.molecular  # noqa: B018 - their agreements
    pathway = lab.sampled()
    address = url("lab-request", pathway)
    assert address in text(nurse.get(reverse("pathways:detail", args=[pathway.uuid])))
    page = nurse.get(address)
    form = page.context["form"]
    assert form.sheet.key == "lymphome"
    assert form["taken_on"].value() == timezone.localdate() - timedelta(days=2)
    assert form["exam_histologie"].value() == str(lab.histology.uuid)
    assert form["reply_email"].value() == "parcours@hopital.invalid"
    assert not form["exam_cytogenetique"].value(), "only what the target waits for is proposed"
    assert "parcours lymphome" in text(page)
    assert nurse.get(f"{address}?bon=general").context["form"].sheet.key == "general"


def test_a_refused_form_loses_nothing_typed(nurse: Client, lab: Lab) -> None:
    pathway = lab.sampled()
    page = nurse.post(url("lab-request", pathway), filled(lab, pathway, q_steroids="", q_treatments="Aucun encore"))
    assert page.status_code == 422
    assert "Le laboratoire a besoin de cette réponse." in text(page)
    for typed in ("Aucun encore", "Lymphome à grandes cellules", ANSWERS["lymphome"]["context"]):
        assert typed in text(page)
    assert not LabRequest.objects.exists()


def test_what_a_service_refuses_stands_beside_its_field(nurse: Client, lab: Lab) -> None:
    pathway = lab.sampled()
    wrong = filled(lab, pathway, sent_on=f"{timezone.localdate() - timedelta(days=5):%Y-%m-%d}")
    page = nurse.post(url("lab-request", pathway), wrong)
    assert page.status_code == 422
    assert "après le prélèvement" in page.context["form"].errors["sent_on"][0]
    none = filled(lab, pathway, exam_histologie="", exam_biologie_moleculaire="")
    assert "au moins un examen" in text(nurse.post(url("lab-request", pathway), none))


@pytest.mark.parametrize(
    ("given", "field", "said"),
    [
        ({"taken_on": "0001-01-01"}, "taken_on", "Vérifiez l’année : 01/01/0001."),
        ({"taken_on": "0026-11-22"}, "taken_on", "Vérifiez l’année : 22/11/0026."),
        ({"taken_on": "0001-01-01", "taken_hour": "00:00"}, "taken_on", "Vérifiez l’année"),
        ({"sent_on": "9999-12-31"}, "sent_on", "Vérifiez l’année : 31/12/9999."),
    ],
)
def test_a_day_of_another_age_stands_refused_beside_its_field(
    nurse: Client, lab: Lab, given: dict[str, str], field: str, said: str
) -> None:
    pathway = lab.sampled()
    page = nurse.post(url("lab-request", pathway), filled(lab, pathway, **given))
    assert page.status_code == 422
    assert [error for error in page.context["form"].errors[field] if said in error]
    assert not LabRequest.objects.exists()


def test_a_sample_is_not_older_than_the_patient(nurse: Client, lab: Lab) -> None:
    pathway = lab.sampled()
    pathway.patient.birth_date = timezone.localdate() - timedelta(days=900)
    pathway.patient.save(update_fields=["birth_date"])
    taken = f"{timezone.localdate() - timedelta(days=901):%Y-%m-%d}"
    page = nurse.post(url("lab-request", pathway), filled(lab, pathway, taken_on=taken))
    assert "précéder la naissance" in page.context["form"].errors["taken_on"][0]


def test_no_mark_of_our_sources_is_shown(nurse: Client, lab: Lab, asked: LabRequest) -> None:
    form = text(nurse.get(url("lab-request", asked.pathway)))
    sheet = sheet_html(lab.share(asked, lab.histology), timezone.now())
    for shown in (form, sheet):
        assert "Examens nommés, accueil unique" in shown
        assert "[004" not in shown


def test_the_form_asks_once_even_sent_twice(nurse: Client, lab: Lab) -> None:
    pathway = lab.sampled()
    values = filled(lab, pathway)
    for _ in range(2):
        answer = nurse.post(url("lab-request", pathway), values)
        assert answer.status_code == 302
    request = LabRequest.objects.get()
    assert request.sample.reception == lab.histology
    assert answer["Location"] == url("lab-file", request)
    assert "Une demande attend déjà" in text(nurse.get(url("lab-request", pathway)))


def test_the_same_again_after_the_browser_s_back_is_told_and_may_be_insisted_on(nurse: Client, lab: Lab) -> None:
    """Back draws the form with another key: the same asked again was a second request, with its slips and clocks."""
    pathway = lab.sampled()
    assert nurse.post(url("lab-request", pathway), filled(lab, pathway)).status_code == 302
    again = filled(lab, pathway, site="  ganglion ", pots="3")
    page = nurse.post(url("lab-request", pathway), again)
    assert page.status_code == 422
    assert "La même demande attend déjà sa réponse" in text(page)
    assert page.context["form"]["pots"].value() == "3", "nothing typed is lost"
    assert 'name="insist"' in page.content.decode()
    assert LabRequest.objects.count() == 1
    assert nurse.post(url("lab-request", pathway), again | {"insist": "on"}).status_code == 302
    other = filled(lab, pathway, exam_biologie_moleculaire="")
    assert nurse.post(url("lab-request", pathway), other).status_code == 302, "not the same exams"
    assert LabRequest.objects.count() == 3
    assert 'name="insist"' not in nurse.get(url("lab-request", pathway)).content.decode()


def test_what_was_answered_or_cancelled_may_be_asked_again(nurse: Client, lab: Lab) -> None:
    pathway = lab.sampled()
    nurse.post(url("lab-request", pathway), filled(lab, pathway))
    services.cancel_lab_request(request=LabRequest.objects.get(), reason="Erreur", user=lab.nurse)
    assert nurse.post(url("lab-request", pathway), filled(lab, pathway)).status_code == 302


def test_a_laboratory_without_address_is_said(nurse: Client, lab: Lab) -> None:
    lab.molecular.email = lab.molecular.establishment.email = ""
    lab.molecular.save()
    lab.molecular.establishment.save()
    page = nurse.post(url("lab-request", lab.sampled()), filled(lab, lab.sampled()), follow=True)
    assert "prévenu par le bon seulement" in text(page)


# --- the team's pages -----------------------------------------------------------------------------------------------
def test_s01_the_page_of_an_unreadable_sample_leads_to_the_first_slots(nurse: Client, lab: Lab) -> None:
    services.load_exam_types()
    asked = lab.ask()
    lab.say(lab.share(asked, lab.histology), "noncontributive")
    page = text(nurse.get(url("lab-file", asked)))
    assert "ne peut pas être lu" in page
    assert f"{url('book', asked.pathway)}?step=new_sample" in page
    booking = nurse.get(f"{url('book', asked.pathway)}?step=new_sample")
    assert booking.context["need"].exam_type.code == "biopsie_echographie", "the partner's biopsy is what is offered"
    assert str(asked.pathway.patient) in text(nurse.get(reverse("coordination:lab-requests")))


def test_a_request_that_one_laboratory_answered_still_waits_for_the_other(nurse: Client, lab: Lab) -> None:
    asked = lab.ask()
    lab.say(lab.share(asked, lab.histology), "final")
    page = nurse.get(reverse("coordination:lab-requests"))
    assert [each.request for each in page.context["answered"]] == [asked]
    assert [each.request for each in page.context["waiting"]] == [asked]
    lab.say(lab.share(asked, lab.molecular), "final")
    assert nurse.get(reverse("coordination:lab-requests")).context["waiting"] == []


def test_early_actions_in_one_click_with_the_warning(nurse: Client, lab: Lab, asked: LabRequest) -> None:
    assert "Premiers soins" not in text(nurse.get(url("lab-file", asked)))
    lab.say(lab.share(asked, lab.histology), "intermediate")
    page = text(nurse.get(url("lab-file", asked)))
    assert "pas informé avant l’annonce" in page
    nurse.post(url("lab-early", asked), {"action": "port"})
    assert Task.objects.filter(pathway=asked.pathway, title__contains="chambre implantable").count() == 1
    assert nurse.post(url("lab-early", asked), {"action": "autre"}).status_code == 422


def test_the_panel_and_the_lists_show_each_laboratory(nurse: Client, lab: Lab, asked: LabRequest) -> None:
    lab.say(lab.share(asked, lab.histology), "intermediate")
    panel = text(nurse.get(url("lab-panel", asked.pathway), headers=HTMX))
    assert "Anatomopathologie : intermédiaire" in panel
    assert "Biologie moléculaire : demandé" in panel
    assert "<html" not in panel


def test_lists_cost_the_same_whatever_they_hold(
    nurse: Client, bench: Client, lab: Lab, django_assert_max_num_queries: Any
) -> None:
    def cost(browser: Client, page: str) -> int:
        with django_assert_max_num_queries(40) as queries:
            assert browser.get(page).status_code == 200
        return len(queries)

    def all_costs() -> list[int]:
        return [cost(nurse, reverse("coordination:lab-requests")), cost(bench, reverse("coordination:laboratory"))]

    lab.say(lab.share(lab.ask(), lab.histology), "intermediate")
    lab.ask()
    before = all_costs()
    for _ in range(3):
        lab.say(lab.share(lab.ask(), lab.histology), "intermediate")
    assert all_costs() == before


def test_each_page_that_names_a_patient_logs_it(nurse: Client, bench: Client, lab: Lab, asked: LabRequest) -> None:
    share = lab.share(asked, lab.histology)
    before = AccessLog.objects.count()
    pages = [
        (nurse, reverse("coordination:lab-requests")), (nurse, url("lab-file", asked)),
        (nurse, url("lab-panel", asked.pathway)), (nurse, url("lab-request", asked.pathway)),
        (nurse, url("lab-sheet", share)), (bench, reverse("coordination:laboratory")),
        (bench, url("lab-share", share)), (bench, url("lab-sheet", share)),
    ]  # fmt: skip
    for browser, page in pages:
        assert browser.get(page).status_code == 200
        before += 1
        assert AccessLog.objects.count() == before, page


def test_a_stranger_finds_nothing(lab: Lab, asked: LabRequest) -> None:
    other = TeamFactory(establishment=lab.team.establishment, kind=TeamKind.PLATFORM)
    LabAgreement.objects.create(laboratory=other, exam="histologie")
    browser = Client()
    browser.force_login(UserFactory(role=Role.PLATFORM, team=other))
    share = lab.share(asked, lab.histology)
    for page in (url("lab-share", share), url("lab-sheet", share), url("lab-file", asked)):
        assert browser.get(page).status_code in {403, 404}
    assert asked.pathway.reference not in text(browser.get(reverse("coordination:laboratory")))


# --- the laboratory's pages -----------------------------------------------------------------------------------------
def test_the_inbox_puts_what_is_late_first(bench: Client, lab: Lab) -> None:
    first, second = lab.ask(), lab.ask(sent_at=None)
    with time_machine.travel(MONDAY + timedelta(days=4)):
        bench.force_login(lab.pathologist)
        lines = bench.get(reverse("coordination:laboratory")).context["waiting"]
    assert [each.line.share.sample.request for each in lines] == [first, second]
    assert [each.late for each in lines] == [True, False]
    assert lines[0].step.step_key == "lab_news"


def test_the_laboratory_answers_receives_forwards_and_corrects(
    bench: Client, lab: Lab, asked: LabRequest, away: SampleShare
) -> None:
    share = lab.share(asked, lab.histology)
    bench.post(url("lab-noted", share), {"what": "received"})
    bench.post(url("lab-noted", share), {"what": "forwarded", "share": away.uuid})
    away.refresh_from_db()
    share.refresh_from_db()
    assert share.received_at
    assert away.sent_at
    assert bench.post(url("lab-noted", share), {"what": "forwarded", "share": share.uuid}).status_code == 404
    form = {"act": uuid4(), "exams": ["histologie"], "words": "Lecture en cours"}
    page = bench.post(url("lab-say", share), form)
    assert (page.status_code, facts(asked.pathway)[-1][0]) == (422, "sample_sent"), "Enter in a field answers nothing"
    assert "Lecture en cours" in text(page)
    for _ in range(2):
        assert bench.post(url("lab-say", share), {**form, "kind": "intermediate"}).status_code == 302
    assert facts(asked.pathway)[-1] == ("lab_intermediate", "")
    row = LabAnswer.objects.get()
    assert (row.via, row.user, row.words) == ("inbox", lab.pathologist, "Lecture en cours")
    bench.post(url("lab-correct", share), {"act": row.act, "reason": "Erreur de lame"})
    assert facts(asked.pathway)[-1][0] == "sample_sent"
    assert "Erreur de lame" in text(bench.get(url("lab-share", share)))


def test_the_sheet_is_one_per_laboratory_with_its_code_and_the_reply_address(
    nurse: Client, lab: Lab, asked: LabRequest, away: SampleShare
) -> None:
    answer = nurse.get(url("lab-sheet", away))
    assert answer["Content-Type"] == "application/pdf"
    assert answer.content.startswith(b"%PDF-1.7")
    html = sheet_html(away, timezone.now())
    assert "Biologie moléculaire" in html
    assert "Histologie" not in html.split("Examens demandés")[1].split("Prélèvement")[0]
    assert "parcours@hopital.invalid" in html
    found = re.search(r"https?://[^/]+(/analyse/[^<\s]+)", html)
    assert found
    assert Client().get(found[1]).status_code == 200
    services.revoke_lab_link(share=away)
    assert "/analyse/" not in sheet_html(lab.share(asked, lab.molecular), timezone.now())


# --- the link -------------------------------------------------------------------------------------------------------
def opened(client: Client, share: SampleShare) -> str:
    page = client.post(link(share), {"birth_date": BORN})
    assert page.status_code == 200
    return page.context["proof"]


def test_the_link_asks_the_birth_date_then_answers_in_two_gestures(client: Client, lab: Lab, away: SampleShare) -> None:
    page = text(client.get(link(away)))
    assert away.sample.request.pathway.patient.birth_name not in page
    proof = opened(client, away)
    form = {"opened": proof, "act": uuid4(), "exams": ["biologie_moleculaire"], "words": "", "said_by": "Mme Gel"}
    refused = client.post(link(away), {**form, "kind": "final", "said_by": ""})
    assert (refused.status_code, LabAnswer.objects.count()) == (422, 0)
    done = client.post(link(away), {**form, "kind": "final"})
    assert "Réponse enregistrée" in text(done)
    assert facts(away.sample.request.pathway)[-1] == ("lab_final", "biologie_moleculaire")
    row = LabAnswer.objects.get()
    assert (row.via, row.user, row.said_by) == ("link", None, "Mme Gel")
    outcomes = list(LabLinkReading.objects.order_by("pk").values_list("outcome", flat=True))
    assert outcomes == ["shown", "answered"]


def test_a_get_never_answers(client: Client, away: SampleShare) -> None:
    proof = opened(client, away)
    query = {"opened": proof, "kind": "final", "exams": "biologie_moleculaire", "said_by": "x", "act": str(uuid4())}
    assert client.get(link(away), query).status_code == 200
    assert not LabAnswer.objects.exists()


def test_a_forged_an_expired_and_a_revoked_link_open_nothing(client: Client, away: SampleShare) -> None:
    address = link(away)
    assert client.get(address[:-3] + "xy/").status_code == 410
    with time_machine.travel(MONDAY + LINK_LASTS + timedelta(days=1)):
        assert "expiré" in text(client.get(address))
    services.revoke_lab_link(share=away)
    gone = client.get(address)
    assert (gone.status_code, "retiré" in text(gone)) == (410, True)
    fresh = services.renew_lab_link(share=away)
    assert client.get(address).status_code == 410, "the former link stays dead"
    assert client.get(link(fresh)).status_code == 200
    assert OutboxMessage.objects.filter(kind="lab_request", about=away.uuid).count() == 2


def test_an_expired_link_says_whom_to_call_and_one_gesture_sends_another(
    nurse: Client, lab: Lab, asked: LabRequest, away: SampleShare
) -> None:
    laboratory, team, visitor = away.laboratory, away.sample.request.pathway.team, Client()
    laboratory.email, team.phone = "labo@ailleurs.invalid", "0231000099"
    laboratory.save()
    team.save()
    address = link(away)
    with time_machine.travel(MONDAY + LINK_LASTS - timedelta(hours=1)):
        assert visitor.get(address).status_code == 200
    with time_machine.travel(MONDAY + LINK_LASTS + timedelta(hours=1)):
        dead = visitor.get(address)
        assert (dead.status_code, visitor.post(address, {"birth_date": BORN}).status_code) == (410, 410)
        page = text(dead).replace("\u00a0", " ")
        assert "Ce lien a expiré : il valait 60 jours" in page and "02 31 00 00 99" in page
        assert away.sample.request.pathway.patient.birth_name not in page
        nurse.force_login(lab.nurse)
        assert 'value="renew"' in text(nurse.get(url("lab-file", asked)))
        said = text(nurse.post(url("lab-share-link", away), {"what": "renew"}, follow=True))
        assert f"Nouveau lien envoyé à {laboratory.name}" in said
        mail = OutboxMessage.objects.filter(kind="lab_request", about=away.uuid).latest("pk")
        found = re.search(r"https?://[^/]+(/analyse/\S+)", mail.body)
        assert found and visitor.get(found[1]).status_code == 200
        assert "retiré" in text(visitor.get(address)), "the former one is dead for good"


def test_a_new_link_to_a_laboratory_without_address_goes_on_paper(
    nurse: Client, asked: LabRequest, away: SampleShare
) -> None:
    laboratory = away.laboratory
    laboratory.email = laboratory.establishment.email = ""
    laboratory.save()
    laboratory.establishment.save()
    said = text(nurse.post(url("lab-share-link", away), {"what": "renew"}, follow=True))
    assert "à imprimer sur le bon (laboratoire sans adresse)" in said


def test_the_link_of_one_laboratory_never_opens_the_part_of_another(
    client: Client, lab: Lab, asked: LabRequest, away: SampleShare
) -> None:
    proof = opened(client, away)
    other = lab.share(asked, lab.histology)
    form = {"opened": proof, "act": uuid4(), "exams": ["histologie"], "said_by": "x", "kind": "final"}
    assert client.post(link(other), form).status_code == 422
    assert not LabAnswer.objects.exists()


def test_five_wrong_dates_lock_the_link_even_for_the_right_one(client: Client, away: SampleShare) -> None:
    for left in (4, 3, 2, 1):
        page = client.post(link(away), {"birth_date": "01/01/1950"})
        assert (page.status_code, f"{left} essai" in text(page)) == (422, True)
    assert client.post(link(away), {"birth_date": "01/01/1950"}).status_code == 429
    assert client.post(link(away), {"birth_date": BORN}).status_code == 429
    assert LabLinkReading.objects.filter(outcome="refused").count() == 5


def test_a_page_left_open_too_long_asks_again(client: Client, away: SampleShare) -> None:
    proof = opened(client, away)
    with time_machine.travel(MONDAY + OPENED_LASTS + timedelta(minutes=1)):
        page = client.post(link(away), {"opened": proof, "kind": "final"})
    assert (page.status_code, "indiquez de nouveau" in text(page)) == (422, True)
    assert client.post(link(away), {"opened": "forged", "kind": "final"}).status_code == 422


def test_what_was_typed_on_a_page_left_open_too_long_is_on_the_next_one(client: Client, away: SampleShare) -> None:
    words = "Réarrangement <BCL2> en cours"
    typed = {"opened": opened(client, away), "kind": "intermediate", "words": words, "said_by": "Mme Gel",
             "exams": ["biologie_moleculaire"]}  # fmt: skip
    with time_machine.travel(MONDAY + OPENED_LASTS + timedelta(minutes=1)):
        page = client.post(link(away), typed)
        assert "Votre réponse n’est pas enregistrée" in text(page)
        kept = re.findall(r'type="hidden" name="(words|said_by|exams)" value="([^"]*)"', text(page))
        wrong = client.post(link(away), {"birth_date": "01/01/1950"} | {name: unescape(value) for name, value in kept})
        assert "Mme Gel" in text(wrong), "a wrong date loses nothing either"
        again = client.post(link(away), {"birth_date": BORN} | {name: unescape(value) for name, value in kept})
    assert "pas encore enregistrée" in text(again)
    form = again.context["form"]
    assert (form["words"].value(), form["said_by"].value()) == (words, "Mme Gel")
    assert form["exams"].value() == ["biologie_moleculaire"]
    assert not LabAnswer.objects.exists()


def test_the_second_of_two_answers_reads_what_it_had_typed(client: Client, lab: Lab, away: SampleShare) -> None:
    form = {"opened": opened(client, away), "exams": ["biologie_moleculaire"], "said_by": "Mme Gel", "kind": "final"}
    client.post(link(away), form | {"act": uuid4(), "words": "La première"})
    page = client.post(link(away), form | {"act": uuid4(), "words": "La seconde"})
    assert page.status_code == 422
    assert "La seconde" in text(page)


def test_an_answer_taken_back_and_sent_again_is_not_said_recorded(client: Client, lab: Lab, away: SampleShare) -> None:
    typed = {"exams": ["biologie_moleculaire"], "words": "Peu de cellules", "said_by": "Mme Gel"}
    form = {**typed, "opened": opened(client, away), "kind": "noncontributive", "act": uuid4()}
    assert "Réponse enregistrée" in text(client.post(link(away), form))
    act = LabAnswer.objects.get().act
    services.correct_answer(share=away, act=act, reason="Erreur de lame", said_by="x", user=lab.nurse)
    page = client.post(link(away), form)
    assert page.status_code == 422
    assert "Réponse enregistrée" not in text(page)
    assert "a été retirée depuis (Erreur de lame)" in text(page)
    fresh = page.context["form"]
    assert {name: fresh[name].value() for name in typed} == typed
    done = client.post(link(away), form | {"act": fresh["act"].value()})
    assert "Réponse enregistrée" in text(done)
    assert facts(away.sample.request.pathway)[-1] == ("lab_noncontributive", "")


def test_in_the_inbox_too_an_answer_taken_back_is_not_said_recorded(bench: Client, lab: Lab, asked: LabRequest) -> None:
    share = lab.share(asked, lab.histology)
    say, form = url("lab-say", share), {"exams": ["histologie"], "words": "Nécrose", "kind": "final", "act": uuid4()}
    assert bench.post(say, form).status_code == 302
    act = LabAnswer.objects.get().act
    services.correct_answer(share=share, act=act, reason="Autre patient", said_by="x", user=lab.pathologist)
    page = bench.post(say, form)
    assert page.status_code == 422
    assert "a été retirée depuis (Autre patient)" in text(page)
    assert page.context["form"]["words"].value() == "Nécrose"
    assert bench.post(say, form | {"act": page.context["form"]["act"].value()}).status_code == 302
    assert LabAnswer.objects.filter(correction__isnull=True).count() == 1


def test_a_link_or_a_request_taken_back_while_the_answer_is_given(
    client: Client, lab: Lab, away: SampleShare, monkeypatch: pytest.MonkeyPatch
) -> None:
    say = services.say_answer
    form = {"opened": opened(client, away), "exams": ["biologie_moleculaire"], "said_by": "Mme Gel", "kind": "final"}

    def renewed(**given: Any) -> list[LabAnswer]:
        said = say(**given)
        services.renew_lab_link(share=away)
        return said

    monkeypatch.setattr(services, "say_answer", renewed)
    page = client.post(link(away), form | {"act": uuid4(), "words": ""})
    assert page.status_code == 200
    assert "Réponse enregistrée" in text(page)
    assert "Ce lien a été retiré" in text(page)
    asked = lab.ask()
    other = lab.share(asked, lab.molecular)

    def cancelled(**given: Any) -> list[LabAnswer]:
        services.cancel_lab_request(request=asked, reason="Erreur", user=lab.nurse)
        return say(**given)

    monkeypatch.setattr(services, "say_answer", cancelled)
    proof = opened(client, other)
    page = client.post(link(other), form | {"act": uuid4(), "words": "Clone trouvé", "opened": proof})
    assert page.status_code == 410
    assert "annulée par l’équipe" in text(page)
    assert "Clone trouvé" in text(page)


def test_the_attached_report_opens_after_the_birth_date_only(client: Client, lab: Lab) -> None:
    pathway = lab.sampled()
    report = pathways.receive_document(
        pathway=pathway, title="Consultation", content=b"%PDF-1.7 lu", content_type="application/pdf"
    )
    away = lab.share(lab.ask(pathway, report=report), lab.molecular)
    assert client.post(link(away), {"report": "1", "opened": "x"}).status_code == 422
    answer = client.post(link(away), {"report": "1", "opened": opened(client, away)})
    assert b"".join(answer.streaming_content) == b"%PDF-1.7 lu"
    other = lab.sampled()
    with pytest.raises(Exception, match="pas dans le dossier"):
        lab.ask(other, report=report)


def test_the_menu_of_a_platform_has_analyses_when_it_answers_some(client: Client) -> None:
    lab = Lab()
    imaging = TeamFactory(establishment=lab.team.establishment, kind="platform", name="Imagerie")

    def menu(user: User) -> tuple[bool, bool]:
        """In the menu, in the palette."""
        browser = Client()
        browser.force_login(user)
        page = BeautifulSoup(browser.get(reverse("coordination:platform")).content, "html.parser")
        places = (page.select_one("nav.j-nav"), page.select_one("#palette"))
        return tuple("Analyses" in place.get_text() for place in places)  # type: ignore[union-attr, return-value]

    technician = UserFactory(role=Role.PLATFORM, team=imaging)
    assert menu(technician) == (False, False)
    assert menu(lab.pathologist) == (True, True), "by agreement"
    agreement = LabAgreement.objects.create(laboratory=imaging, exam="histologie", source="Essai")
    lab.ask(exams={"histologie": imaging})
    LabAgreement.objects.filter(pk=agreement.pk).update(is_active=False)
    assert menu(technician) == (True, True), "once it was asked one"
