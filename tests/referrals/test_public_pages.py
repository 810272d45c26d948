"""The pages without account, as a browser sees them."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from pathways.models import TargetPathway
from referrals import throttle
from referrals.models import Referral, ReferralDraftDocument
from tests.factories import TargetFactory, TeamFactory
from tests.referrals import papers
from tests.referrals.factories import form_data
from tests.referrals.pages import form_url, soup, text_of, upload

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("own_cache")]


# --- choosing -------------------------------------------------------------------------------------------------------
def test_one_open_pathway_goes_straight_to_its_form(client: Client, target: TargetPathway) -> None:
    page = text_of(client.get(reverse("referrals:new")))
    assert "Réponse sous 48 heures ouvrables" in page
    assert "Envoyer la demande" in page


def test_the_same_pathway_at_two_sites_asks_which(client: Client, target: TargetPathway) -> None:
    other = TargetFactory(team=TeamFactory())
    page = client.get(form_url(target))
    links = [a["href"] for a in soup(page).select("a.btn-primary")]
    assert links == [f"{form_url(each)}?centre={each.establishment.uuid}" for each in (target, other)]
    client.post(links[1], form_data())
    assert Referral.objects.get().target == other


def test_no_open_pathway_says_whom_to_turn_to(client: Client, target: TargetPathway) -> None:
    TargetPathway.objects.update(is_open=False)
    assert "Aucun parcours" in text_of(client.get(reverse("referrals:new")))
    assert client.get(form_url(target)).status_code == 404


# --- the form -------------------------------------------------------------------------------------------------------
def test_the_form_helps_a_thumb(client: Client, target: TargetPathway) -> None:
    page = soup(client.get(form_url(target)))
    field = {tag.get("name"): tag for tag in page.select("input, textarea, select")}
    assert field["requester_name"]["autocomplete"] == "name"
    assert field["requester_phone"]["autocomplete"] == "tel"
    assert field["requester_phone"]["inputmode"] == "tel"
    assert field["requester_email"]["autocomplete"] == "email"
    assert field["requester_email"]["type"] == "email"
    assert field["birth_date"]["inputmode"] == field["requester_rpps"]["inputmode"] == "numeric"
    assert field["birth_name"]["autocomplete"] == field["first_name"]["autocomplete"] == "off"
    assert field["papers"].has_attr("multiple")
    assert [title.get_text(strip=True) for title in page.select(".j-card-title")] == [
        "Vous", "Le patient", "La demande", "Les pièces",
    ]  # fmt: skip


def test_sending_leads_to_the_receipt(client: Client, target: TargetPathway) -> None:
    answer = client.post(form_url(target), form_data(papers=[upload()], urgency_signs=["jaundice"]))
    referral = Referral.objects.get()
    assert answer.status_code == 302
    page = client.get(answer["Location"])
    shown = text_of(page)
    assert referral.receipt in shown
    assert "1 document joint" in shown
    assert "Vous avez signalé un signe d’urgence" in shown
    assert "01 99 00 00 01" in shown
    assert "ESSAIDUPONT" not in shown
    assert "claire.martin@exemple.invalid" in shown


def test_a_form_sent_twice_gives_the_same_receipt_and_says_so(client: Client, target: TargetPathway) -> None:
    data = form_data()
    client.post(form_url(target), data)
    answer = client.post(form_url(target), data)
    assert "Demande déjà envoyée" in text_of(client.get(answer["Location"]))
    assert Referral.objects.count() == 1


def test_a_minimal_form_is_enough(client: Client, target: TargetPathway) -> None:
    required = {
        tag["name"] for tag in soup(client.get(form_url(target))).select("[required]") if tag["name"] != "form_key"
    }
    assert required == {
        "requester_name", "requester_phone", "requester_email", "gp", "birth_name", "first_name", "birth_date", "sex",
        "reason",
    }  # fmt: skip
    client.post(form_url(target), form_data())
    assert Referral.objects.get().requester_is_gp


TYPED = {
    "requester_name": "Dr Zoé ESSAI",
    "requester_specialty": "Radiologie",
    "requester_rpps": "10001234567",
    "gp": "other",
    "gp_name": "Dr Autre",
    "used_name": "ESSAIDURAND",
    "patient_phone": "06 99 00 00 12",
    "patient_city": "Ville-Essai",
    "patient_knows": "on",
    "urgency_signs": ["fever", "weight"],
    "first_symptoms": "mars 2026",
    "imaging_on": "20/03/2026",
    "exams": ["biology", "ct"],
    "exams_done": "Scanner du 20 mars",
    "history": "HTA",
}


def test_on_a_mistake_nothing_typed_or_joined_is_lost(client: Client, target: TargetPathway) -> None:
    data = form_data(**TYPED, birth_date="31/02/1953")
    files = [upload(), upload("photo.jpg", papers.picture())]
    answer = client.post(form_url(target), {**data, "papers": files})
    assert answer.status_code == 422
    page = soup(answer)
    for name, value in data.items():
        if name == "website":
            continue
        found = page.select(f'[name="{name}"]')
        if found[0].name == "textarea":
            assert found[0].get_text().strip() == value
        elif found[0].name == "select":
            assert found[0].select_one("[selected]")["value"] == value  # type: ignore[index]
        elif found[0].get("type") in {"checkbox", "radio"} and name != "patient_knows":
            checked = [tag["value"] for tag in found if tag.has_attr("checked")]
            assert checked == (value if isinstance(value, list) else [value])
        elif name == "patient_knows":
            assert found[0].has_attr("checked")
        else:
            assert found[0]["value"] == value, name
    assert "Écrivez la date en jour, mois, année" in text_of(answer)
    assert "2 documents déjà joints" in text_of(answer)
    kept = [tag["value"] for tag in page.select("[name=kept]")]
    assert len(kept) == 2

    sent = client.post(form_url(target), {**data, "birth_date": "28/02/1953", "kept": kept})
    assert sent.status_code == 302
    referral = Referral.objects.get()
    assert sorted(referral.documents.values_list("name", flat=True)) == ["courrier.pdf", "photo.jpg"]
    assert (referral.gp_name, referral.requester_is_gp, referral.first_symptoms_month_only) == ("Dr Autre", False, True)
    assert not ReferralDraftDocument.objects.exists()


def test_a_refused_file_is_explained_and_the_rest_is_kept(client: Client, target: TargetPathway) -> None:
    data = form_data()
    answer = client.post(form_url(target), {**data, "papers": [upload("irm.dcm", papers.dicom()), upload()]})
    assert answer.status_code == 422
    assert "image DICOM" in text_of(answer)
    assert "Un document déjà joint" in text_of(answer)
    assert not Referral.objects.exists()


def test_far_too_many_files_lose_nothing(client: Client, target: TargetPathway) -> None:
    files = [upload(f"{n}.pdf", papers.pdf(str(n))) for n in range(14)]
    answer = client.post(form_url(target), form_data(papers=files))
    assert answer.status_code == 422
    assert "10 documents déjà joints" in text_of(answer)
    assert "10 documents au plus" in text_of(answer)
    assert "ESSAIDUPONT" in str(soup(answer).select_one("[name=birth_name]"))


def test_a_kept_file_can_be_taken_back_without_reproach(client: Client, target: TargetPathway) -> None:
    data = form_data(reason="", papers=[upload()])
    page = soup(client.post(form_url(target), data))
    uuid = page.select_one("[name=discard]")["value"]  # type: ignore[index]
    answer = client.post(form_url(target), form_data(form_key=data["form_key"], reason="", kept=[uuid], discard=uuid))
    assert answer.status_code == 200
    assert not soup(answer).select(".j-error-summary, .has-error")
    assert not ReferralDraftDocument.objects.exists()


def test_enter_in_a_field_presses_send_not_remove(client: Client, target: TargetPathway) -> None:
    page = soup(client.post(form_url(target), form_data(reason="", papers=[upload()])))
    form = page.select_one("main form")
    assert form is not None
    first = form.select_one("button")
    assert first is not None
    assert first.get("name") is None
    assert first.get_text() == "Envoyer"


def test_a_kept_file_that_expired_is_told(client: Client, target: TargetPathway) -> None:
    answer = client.post(form_url(target), form_data(kept=[str(uuid4())]))
    assert answer.status_code == 422
    assert "a expiré" in text_of(answer)


def test_a_file_can_be_added_after_a_double_sending(client: Client, target: TargetPathway) -> None:
    data = form_data()
    client.post(form_url(target), data)
    client.post(form_url(target), {**data, "papers": [upload()]})
    assert Referral.objects.get().documents.count() == 1


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"requester_rpps": "1234"}, "11 chiffres"),
        ({"requester_phone": "12"}, "numéro de téléphone à 10 chiffres"),
        ({"requester_email": "claire"}, "adresse"),
        ({"birth_date": "01/01/1890"}, "120 ans"),
        ({"birth_date": "01/01/2190"}, "futur"),
        ({"first_symptoms": "12/04/1950"}, "précède la naissance"),
        ({"imaging_on": "12/04/2150"}, "futur"),
        ({"gp": ""}, "obligatoire"),
        ({"sex": "X"}, "X"),
        ({"urgency_signs": ["grippe"]}, "grippe"),
    ],
)
def test_wrong_answers_are_told_beside_their_field(
    client: Client, target: TargetPathway, changes: dict[str, Any], said: str
) -> None:
    answer = client.post(form_url(target), form_data(**changes))
    assert answer.status_code == 422
    assert said in text_of(answer)
    assert len(soup(answer).select(".has-error")) == 1
    assert not Referral.objects.exists()


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("\u202a01 99 00 00 10\u202c", "0199000010"),
        ("01\u201199\u201100\u201100\u201110", "0199000010"),
        ("+33 (0)1 99 00 00 10", "+33199000010"),
        ("00 33 (0) 199000010", "0033199000010"),
    ],
)
def test_a_number_pasted_from_a_phone_or_a_signature_is_understood(
    client: Client, target: TargetPathway, typed: str, kept: str
) -> None:
    client.post(form_url(target), form_data(requester_phone=typed))
    assert Referral.objects.get().requester_phone == kept


@pytest.mark.parametrize("name", ["\u200b", "\u202e\u2066", "???", "-", "123", "😀"])
def test_a_name_is_made_of_letters(client: Client, target: TargetPathway, name: str) -> None:
    answer = client.post(form_url(target), form_data(birth_name=name))
    assert answer.status_code == 422
    assert len(soup(answer).select(".has-error")) == 1


def test_a_name_keeps_its_alphabet_and_loses_what_nobody_sees(client: Client, target: TargetPathway) -> None:
    client.post(form_url(target), form_data(birth_name="\u202eMar\u200btin  d’\u00adEssai\t", first_name="علي"))
    referral = Referral.objects.get()
    assert (referral.birth_name, referral.first_name) == ("Martin d’Essai", "علي")


def test_an_odd_rpps_key_is_a_warning_only(client: Client, target: TargetPathway) -> None:
    answer = client.post(form_url(target), form_data(requester_rpps="10 00 12 34 567", sex=""))
    assert "relisez-le" in text_of(answer)
    answer = client.post(form_url(target), form_data(requester_rpps="10 00 12 34 567"))
    assert Referral.objects.get().requester_rpps == "10001234567"
    assert "Numéro RPPS à vérifier" in text_of(client.get(answer["Location"]))


def test_a_damaged_form_key_loses_nothing(client: Client, target: TargetPathway) -> None:
    answer = client.post(form_url(target), form_data(form_key="abc", papers=[upload()]))
    assert answer.status_code == 302
    assert Referral.objects.get().documents.count() == 1


# --- robots ---------------------------------------------------------------------------------------------------------
def test_the_trap_stops_a_robot_and_lets_a_zealous_browser_try_again(client: Client, target: TargetPathway) -> None:
    answer = client.post(form_url(target), form_data(website="https://exemple.invalid"))
    assert answer.status_code == 422
    assert not Referral.objects.exists()
    assert soup(answer).select_one("[name=website]").get("value", "") == ""  # type: ignore[union-attr]
    assert "ESSAIDUPONT" in str(soup(answer).select_one("[name=birth_name]"))


def test_too_many_sendings_from_one_address_wait_and_lose_nothing(
    client: Client, target: TargetPathway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(throttle.too_many, "__defaults__", (2,))
    for _ in range(2):
        assert client.post(form_url(target), form_data()).status_code == 302
    answer = client.post(form_url(target), form_data(birth_name="ESSAITROIS"))
    assert answer.status_code == 429
    assert "01 99 00 00 01" in text_of(answer)
    assert "ESSAITROIS" in str(soup(answer).select_one("[name=birth_name]"))
    assert client.post(form_url(target), form_data(), REMOTE_ADDR="203.0.113.9").status_code == 302


def test_too_many_sendings_do_not_pretend_to_keep_files(
    client: Client, target: TargetPathway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("referrals.views.shared.too_many", lambda *_: True)
    answer = client.post(form_url(target), form_data(papers=[upload()]))
    assert answer.status_code == 429
    assert "les documents sont à joindre de nouveau" in text_of(answer)
    assert "Rien n’est perdu" not in text_of(answer)
    assert not ReferralDraftDocument.objects.exists()


def test_the_counter_holds_no_address(client: Client, target: TargetPathway) -> None:
    client.post(form_url(target), form_data(), REMOTE_ADDR="203.0.113.77")
    kept = dict(cache._cache)  # type: ignore[attr-defined]
    assert [key for key in kept if "referrals:send:" in key]
    assert "203.0.113.77" not in repr(kept)


def test_behind_the_proxy_each_visitor_counts_apart(
    client: Client, target: TargetPathway, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    monkeypatch.setattr(throttle.too_many, "__defaults__", (1,))
    settings.BEHIND_PROXY = True
    for address in ("203.0.113.1", "203.0.113.2"):
        forged = f"198.51.100.1, {address}"
        assert client.post(form_url(target), form_data(), HTTP_X_FORWARDED_FOR=forged).status_code == 302
    assert client.post(form_url(target), form_data(), HTTP_X_FORWARDED_FOR="9.9.9.9, 203.0.113.2").status_code == 429


def test_without_redis_requests_still_come_in(client: Client, target: TargetPathway, settings: Any) -> None:
    nobody = "redis://127.0.0.1:1/0"
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": nobody}}
    assert client.post(form_url(target), form_data()).status_code == 302


# --- presentation ---------------------------------------------------------------------------------------------------
def test_the_presentation_says_promise_contact_steps_and_delays(client: Client, target: TargetPathway) -> None:
    page = client.get(reverse("referrals:sheet", args=[target.key]))
    shown = text_of(page)
    assert "réponse sous 48 heures ouvrables" in shown
    assert "01 99 00 00 01" in shown
    assert "2 jours ouvrés au plus après la demande" in shown
    assert "le même jour" in shown
    assert "non contributif" not in shown
    assert soup(page).select_one("a.btn-primary")["href"].startswith(form_url(target))  # type: ignore[index, union-attr]


def test_the_presentation_of_an_unknown_pathway_is_404(client: Client) -> None:
    assert client.get(reverse("referrals:sheet", args=["inconnu"])).status_code == 404
