"""One request at the desk, what each answer does, and a request entered by telephone."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from directory.models import AccessLog, OutboxMessage, Profession, User
from pathways.models import Pathway, Patient, TargetPathway
from referrals import services
from referrals.models import Referral
from tests.factories import (
    EstablishmentFactory,
    PathwayFactory,
    PatientFactory,
    ProfessionalFactory,
    TargetFactory,
    TeamFactory,
)
from tests.referrals import papers
from tests.referrals.factories import ReferralFactory, coordinator, form_data
from tests.referrals.pages import HTMX, soup, text_of, url

pytestmark = pytest.mark.django_db


# --- one request ----------------------------------------------------------------------------------------------------
def test_the_page_shows_everything(desk: Client, target: TargetPathway) -> None:
    referral = ReferralFactory(
        target=target, files=[("courrier.pdf", papers.pdf())], urgency_signs=["jaundice"], exams=["ct"],
        exams_done="Scanner du 3", history="Diabète", requester_rpps="10001234567",
    )  # fmt: skip
    page = text_of(desk.get(url("detail", referral)))
    for said in (
        "ESSAIDUPONT Marie", "12/04/1953", "06 99 00 00 11", "Ictère nu", "Signes d’urgence signalés", "Scanner du 3",
        "Diabète", "courrier.pdf", "Dr Claire MARTIN", "ne passe pas le contrôle", "pour répondre",
    ):  # fmt: skip
        assert said in page, said


def test_reading_a_request_and_its_papers_is_logged(desk: Client, user: User, target: TargetPathway) -> None:
    referral = ReferralFactory(target=target, files=[("courrier.pdf", papers.pdf())])
    desk.get(url("detail", referral))
    desk.get(url("document", referral, referral.documents.get().uuid))
    logs = AccessLog.objects.order_by("pk")
    assert [(log.user, log.patient_uuid, log.what) for log in logs] == [
        (user, referral.uuid, f"Demande {referral.receipt}"),
        (user, referral.uuid, f"Pièce jointe d’une demande {referral.receipt}"),
    ]
    accepted = services.accept_referral(referral=referral, by=user, owner=user)
    assert accepted.pathway is not None
    desk.get(url("detail", referral))
    assert AccessLog.objects.latest("pk").patient_uuid == accepted.pathway.patient.uuid


@pytest.mark.parametrize(("query", "how"), [("", "inline"), ("?telecharger=1", "attachment")])
def test_a_paper_is_served_privately_under_its_real_type(
    desk: Client, target: TargetPathway, query: str, how: str
) -> None:
    content = papers.pdf()
    referral = ReferralFactory(target=target, files=[("compte rendu é.pdf", content)])
    answer = desk.get(url("document", referral, referral.documents.get().uuid) + query)
    assert b"".join(answer.streaming_content) == content  # type: ignore[attr-defined]
    assert answer["Content-Type"] == "application/pdf"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Disposition"].startswith(how)
    assert "no-store" in answer["Cache-Control"]


def test_possible_known_patients_are_proposed(desk: Client, target: TargetPathway, user: User) -> None:
    place = target.establishment
    same = PatientFactory(
        establishment=place, birth_name="ESSAIDUPONT", first_name="Marie", birth_date=date(1953, 4, 12)
    )
    near = PatientFactory(
        establishment=place, birth_name="ESSAIDUPOND", first_name="Marie", birth_date=date(1953, 4, 12)
    )
    PatientFactory(establishment=place, birth_name="TOUTAUTRE", first_name="Paul", birth_date=date(1953, 4, 12))
    PatientFactory(establishment=EstablishmentFactory(), birth_name="ESSAIDUPONT", first_name="Marie")
    PathwayFactory(target=target, patient=near, owner=user)
    page = soup(desk.get(url("detail", ReferralFactory(target=target))))
    options = page.select("[name=patient]")
    assert [option["value"] for option in options] == [str(same.uuid), str(near.uuid), "new"]
    assert not any(option.has_attr("checked") for option in options)
    assert "suit déjà ce parcours" in str(page.select_one(".r-panel"))


def test_a_dead_patient_proposed_is_said_dead(desk: Client, target: TargetPathway) -> None:
    PatientFactory(
        establishment=target.establishment, birth_name="ESSAIDUPONT", first_name="Marie",
        birth_date=date(1953, 4, 12), deceased_on=date(2026, 3, 2),
    )  # fmt: skip
    page = soup(desk.get(url("detail", ReferralFactory(target=target))))
    assert "patient décédé le 02/03/2026" in str(page.select_one(".r-panel"))


def test_without_look_alike_a_new_file_is_already_chosen(desk: Client, target: TargetPathway) -> None:
    page = soup(desk.get(url("detail", ReferralFactory(target=target))))
    assert [option["value"] for option in page.select("[name=patient][checked]")] == ["new"]


def test_another_request_for_the_same_person_is_pointed_at(desk: Client, target: TargetPathway) -> None:
    first, second = ReferralFactory(target=target), ReferralFactory(target=target, birth_name="Essaidupont")
    stranger = ReferralFactory(target=TargetFactory(team=TeamFactory()))
    page = desk.get(url("detail", second))
    assert first.receipt in text_of(page)
    assert stranger.receipt not in text_of(page)


def test_an_administrative_coordinator_is_never_asked_for_urgency(client: Client, target: TargetPathway) -> None:
    referral = ReferralFactory(target=target)
    for nurse, asked in ((False, False), (True, True)):
        client.force_login(coordinator(target.team, nurse=nurse))
        assert bool(soup(client.get(url("detail", referral))).select("[name=urgency]")) is asked


def test_ids_are_unique_on_the_page(desk: Client, target: TargetPathway) -> None:
    page = soup(desk.get(url("detail", ReferralFactory(target=target, requester_is_gp=False, gp_name="Dr Fictif"))))
    ids = [tag["id"] for tag in page.select("[id]")]
    assert len(ids) == len(set(ids))


# --- answers --------------------------------------------------------------------------------------------------------
def test_accepting_from_the_page_opens_the_pathway(desk: Client, target: TargetPathway, user: User) -> None:
    referral = ReferralFactory(target=target)
    data = {"patient": "new", "owner": user.pk, "urgency": "2", "message": "Appel demain."}
    answer = desk.post(url("accept", referral), data, follow=True)
    assert answer.redirect_chain[-1][0] == url("detail", referral)
    shown = text_of(answer)
    assert "le parcours est ouvert et le demandeur prévenu" in shown
    pathway = Pathway.objects.get()
    assert pathway.reference in shown
    assert "urgence rapide" in shown
    assert not soup(answer).select(".r-panel")


def test_attaching_to_a_known_patient_from_the_page(desk: Client, target: TargetPathway, user: User) -> None:
    patient = PatientFactory(
        establishment=target.establishment, birth_name="ESSAIDUPONT", first_name="Marie", birth_date=date(1953, 4, 12)
    )
    referral = ReferralFactory(target=target)
    data = {"patient": str(patient.uuid), "owner": user.pk, "message": ""}
    assert desk.post(url("accept", referral), data).status_code == 302
    assert Pathway.objects.get().patient == patient
    assert Patient.objects.count() == 1


def test_a_patient_who_was_not_proposed_cannot_be_chosen(desk: Client, target: TargetPathway, user: User) -> None:
    stranger = PatientFactory(establishment=target.establishment, birth_name="TOUTAUTRE")
    data = {"patient": str(stranger.uuid), "owner": user.pk, "message": ""}
    assert desk.post(url("accept", ReferralFactory(target=target)), data).status_code == 422
    assert not Pathway.objects.exists()


@pytest.mark.parametrize(
    ("name", "data", "kept"),
    [
        ("ask", {"message": ""}, ""),
        ("refuse", {"reason": " "}, ""),
        ("redirect", {"place": "", "reason": "Plus proche du domicile."}, "Plus proche du domicile."),
        ("accept", {"patient": "", "owner": "", "message": "Appel demain."}, "Appel demain."),
    ],
)
def test_a_wrong_answer_comes_back_unfolded_with_what_was_typed(
    desk: Client, target: TargetPathway, name: str, data: dict[str, str], kept: str
) -> None:
    referral = ReferralFactory(target=target)
    answer = desk.post(url(name, referral), data)
    assert answer.status_code == 422
    panel = soup(answer).select_one(".r-panel details[open]")
    assert panel is not None
    assert panel.select_one("form")["action"] == url(name, referral)  # type: ignore[index]
    assert panel.select_one(".j-error-summary") is not None
    assert kept in panel.get_text()


def test_what_is_usually_missing_is_already_ticked(desk: Client, target: TargetPathway) -> None:
    referral = ReferralFactory(target=target, exams=["ct"], patient_phone="")
    page = soup(desk.get(url("detail", referral)))
    ticked = {box["value"] for box in page.select("[name=pieces][checked]")}
    assert {"letter", "imaging_report", "patient_phone"} <= ticked


def test_the_second_of_two_coordinators_is_told_and_sees_the_answer(
    client: Client, target: TargetPathway, user: User
) -> None:
    referral = ReferralFactory(target=target)
    first = coordinator(target.team, name="Première")
    services.refuse_referral(referral=referral, by=first, reason="Hors parcours.")
    client.force_login(user)
    answer = client.post(url("accept", referral), {"patient": "new", "owner": user.pk, "message": ""})
    assert answer.status_code == 409
    assert "vient d’être refusée par Camille Première" in text_of(answer)
    assert not soup(answer).select(".r-panel")
    assert not Pathway.objects.exists()


def test_what_the_requester_wrote_is_shown_until_read(desk: Client, target: TargetPathway) -> None:
    referral = ReferralFactory(target=target)
    services.write_back(referral=referral, form_key=uuid4(), text="La patiente vit seule.")
    page = text_of(desk.get(url("detail", referral)))
    assert "Le demandeur a écrit La patiente vit seule." in page
    desk.post(url("read", referral))
    page = text_of(desk.get(url("detail", referral)))
    assert "Le demandeur a écrit" not in page
    assert "La patiente vit seule." in page  # still in the history


def test_a_lost_link_is_sent_again_once(desk: Client, target: TargetPathway) -> None:
    referral = ReferralFactory(target=target)
    with time_machine.travel(timezone.now(), tick=False):
        for _ in range(2):
            assert "Lien envoyé" in text_of(desk.post(url("link", referral), follow=True))
    message = OutboxMessage.objects.get(kind="referral_link")
    assert message.recipient == referral.requester_email
    assert referral.receipt in message.body
    assert "/suivi/" in message.body


def test_without_address_the_link_is_copied(desk: Client, target: TargetPathway, user: User) -> None:
    referral = ReferralFactory(target=target, channel="phone", entered_by=user, requester_email="")
    page = desk.post(url("link", referral), follow=True)
    assert "copiez le lien" in text_of(page)
    assert "/suivi/" in str(soup(page).select_one("[data-copy]"))


# --- entry by phone -------------------------------------------------------------------------------------------------
def entry_data(target: TargetPathway, **changes: Any) -> dict[str, Any]:
    at = timezone.localtime(timezone.now() - timedelta(minutes=10))
    return form_data(target=target.pk, channel="phone", received_at=f"{at:%Y-%m-%dT%H:%M}", requester="", **changes)


def test_a_call_is_entered_in_one_screen(desk: Client, target: TargetPathway, user: User) -> None:
    data = entry_data(
        target, missing=["imaging_report"], requester_email="", urgency_signs=["pain"],
        papers=[SimpleUploadedFile("fax.pdf", papers.pdf())],
    )  # fmt: skip
    answer = desk.post(reverse("referrals:enter"), data, follow=True)
    referral = Referral.objects.get()
    assert answer.redirect_chain[-1][0] == url("detail", referral)
    assert (referral.channel, referral.entered_by, referral.missing) == ("phone", user, ["imaging_report"])
    assert referral.documents.get().name == "fax.pdf"
    shown = text_of(answer)
    assert f"reçu {referral.receipt}" in shown
    assert "il n’a pas laissé de courriel" in shown
    assert f"saisie par {user}" in shown


def test_entry_proposes_the_pathways_of_the_users_teams_only(desk: Client, target: TargetPathway) -> None:
    TargetFactory(team=TeamFactory())
    page = soup(desk.get(reverse("referrals:enter")))
    assert [option["value"] for option in page.select("[name=target] option")] == [str(target.pk)]
    other = TargetFactory(team=TeamFactory())
    assert desk.post(reverse("referrals:enter"), entry_data(other)).status_code == 422


def test_the_directory_fills_the_requester(desk: Client, target: TargetPathway) -> None:
    known = ProfessionalFactory(
        gp=True, last_name="Éssaidoc", first_name="Zoé", rpps="10000000009", phone="0199000077",
        profession=Profession.PHYSICIAN,
    )  # fmt: skip
    for words in ("essaidoc", "1000000"):
        found = soup(desk.get(reverse("referrals:requesters"), {"qui": words}, **HTMX))
        link = found.select_one("a")
        assert link is not None
        assert found.select_one("h1") is None
    fragment = soup(desk.get(str(link["href"]), **HTMX))
    assert fragment.select_one("[name=requester_phone]")["value"].replace("\u00a0", "") == "0199000077"  # type: ignore[union-attr]
    assert fragment.select_one("[name=requester]")["value"] == str(known.uuid)  # type: ignore[index]
    assert fragment.select_one("[name=birth_name]") is None
    whole = soup(desk.get(reverse("referrals:requesters"), {"qui": "essaidoc"}))
    assert whole.select_one("h1") is not None
    desk.post(reverse("referrals:enter"), entry_data(target) | {"requester": str(known.uuid)})
    assert Referral.objects.get().requester == known


@pytest.mark.parametrize("words", ["", "x", "zzzzzz"])
def test_nobody_found_is_no_error(desk: Client, words: str) -> None:
    assert desk.get(reverse("referrals:requesters"), {"qui": words}, **HTMX).status_code == 200


@pytest.mark.parametrize("uuid", ["", "abc", "00000000-0000-4000-8000-000000000000"])
def test_an_unknown_requester_is_no_error(desk: Client, target: TargetPathway, uuid: str) -> None:
    assert desk.get(reverse("referrals:enter"), {"demandeur": uuid}).status_code == 200


def test_a_call_from_the_future_is_refused_and_nothing_is_lost(desk: Client, target: TargetPathway) -> None:
    at = timezone.localtime(timezone.now() + timedelta(hours=2))
    data = entry_data(target) | {"received_at": f"{at:%Y-%m-%dT%H:%M}"}
    answer = desk.post(reverse("referrals:enter"), data)
    assert answer.status_code == 422
    assert "futur" in text_of(answer)
    assert "ESSAIDUPONT" in str(soup(answer).select_one("[name=birth_name]"))


def test_the_same_entry_twice_is_one_request(desk: Client, target: TargetPathway) -> None:
    data = entry_data(target)
    desk.post(reverse("referrals:enter"), data)
    assert "déjà enregistrée" in text_of(desk.post(reverse("referrals:enter"), data, follow=True))
    assert Referral.objects.count() == 1
