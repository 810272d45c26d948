"""The page behind the link of a request: what it says, what it takes, and to whom it stays closed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from config.logs import drop_identity
from directory.models import OutboxMessage
from referrals import services
from referrals.links import LASTS, token_for
from referrals.models import Referral
from tests.factories import TargetFactory, TeamFactory
from tests.referrals import papers
from tests.referrals.factories import ReferralFactory, coordinator
from tests.referrals.pages import soup, text_of, upload

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("own_cache")]


# --- the link -------------------------------------------------------------------------------------------------------
def follow(referral: Referral) -> str:
    return reverse("referrals:follow", args=[token_for(referral.uuid)])


def test_the_page_says_initials_and_never_the_name(client: Client) -> None:
    page = client.get(follow(ReferralFactory(files=[("ESSAIDUPONT.pdf", papers.pdf())])))
    assert "Patient M. E., 1953" in text_of(page)
    for secret in ("ESSAIDUPONT", "Essaidupont", "Marie", "12/04/1953", "Ictère", "0699000011"):
        assert secret not in page.content.decode(), secret


def test_a_promise_not_kept_is_owned_up_to(client: Client) -> None:
    referral = ReferralFactory()
    address = reverse("referrals:follow", args=[token_for(referral.uuid)])
    assert "ce délai est dépassé" not in text_of(client.get(address))
    with time_machine.travel(timezone.now() + timedelta(days=8)):
        shown = text_of(client.get(address))
    assert "La réponse était promise" in shown
    assert "ce délai est dépassé. Appelez la coordination : 01 99 00 00 01" in shown
    assert "Réponse promise" not in shown


def test_a_step_past_its_date_is_not_announced_for_that_day(client: Client) -> None:
    referral = ReferralFactory()
    user = coordinator(referral.team)
    services.accept_referral(referral=referral, by=user, owner=user)
    address = reverse("referrals:follow", args=[token_for(referral.uuid)])
    assert "avant le" in text_of(client.get(address))
    assert "elle était prévue" not in text_of(client.get(address))
    with time_machine.travel(timezone.now() + timedelta(days=40)):
        shown = text_of(client.get(address))
    assert "en attente" in shown
    assert "elle était prévue avant le" in shown


def test_no_address_of_a_request_carries_an_identity() -> None:
    referral = ReferralFactory()
    token = token_for(referral.uuid)
    assert "ESSAIDUPONT" not in token
    assert referral.receipt not in token
    assert len(token) < 100


@pytest.mark.parametrize(
    "damage",
    [lambda t: t[:-1], lambda t: ("B" if t[0] == "A" else "A") + t[1:], lambda t: "x", lambda t: t.replace(":", "-")],
)
def test_a_forged_link_is_404_and_says_whom_to_call(client: Client, damage: Any) -> None:
    token = damage(token_for(ReferralFactory().uuid))
    for name in ("follow", "receipt"):
        page = client.get(reverse(f"referrals:{name}", args=[token]))
        assert page.status_code == 404
        assert "01 99 00 00 01" in text_of(page)


def test_a_token_signed_for_something_else_opens_nothing(client: Client) -> None:
    from django.core.signing import TimestampSigner

    uuid = ReferralFactory().uuid
    stranger = TimestampSigner(salt="autre").sign(token_for(uuid).split(":")[0])
    assert client.get(reverse("referrals:follow", args=[stranger])).status_code == 404


def test_a_link_of_a_request_that_never_was_is_404(client: Client) -> None:
    assert client.get(reverse("referrals:follow", args=[token_for(uuid4())])).status_code == 404


def test_an_expired_link_is_410_and_says_whom_to_call(client: Client) -> None:
    referral = ReferralFactory()
    TargetFactory(team=TeamFactory(phone="0155555555"))
    with time_machine.travel(timezone.now() - LASTS - timedelta(minutes=1), tick=False):
        address = follow(referral)
    page = client.get(address)
    assert page.status_code == 410
    assert "Ce lien a expiré" in text_of(page)
    assert "01 99 00 00 01" in text_of(page)
    assert "01 55 55 55 55" not in text_of(page)
    assert client.post(address, {"form_key": str(uuid4()), "text": "x"}).status_code == 410
    assert not referral.events.filter(kind="note").exists()


def test_what_is_missing_is_sent_from_the_page(client: Client) -> None:
    referral = ReferralFactory()
    services.ask_complement(
        referral=referral, by=coordinator(referral.team), pieces=["imaging_report"], message="Celui de mars."
    )
    page = text_of(client.get(follow(referral)))
    assert "Compte rendu d’imagerie" in page
    assert "Celui de mars." in page
    answer = client.post(follow(referral), {"form_key": str(uuid4()), "text": "", "papers": [upload()]})
    assert answer.status_code == 302
    assert "C’est transmis" in text_of(client.get(answer["Location"]))
    referral.refresh_from_db()
    assert (referral.status, referral.documents.count()) == ("received", 1)


def test_on_the_page_too_a_mistake_loses_nothing(client: Client) -> None:
    referral = ReferralFactory()
    data = {"form_key": str(uuid4()), "text": "Vit seule.", "papers": [upload(), upload("irm.dcm", papers.dicom())]}
    answer = client.post(follow(referral), data)
    assert answer.status_code == 422
    assert "Vit seule." in str(soup(answer).select_one("textarea"))
    assert "Un document déjà joint" in text_of(answer)
    kept = [tag["value"] for tag in soup(answer).select("[name=kept]")]
    client.post(follow(referral), {"form_key": data["form_key"], "text": "Vit seule.", "kept": kept})
    assert referral.documents.count() == 1
    assert referral.events.get(kind="note").message == "Vit seule."


def test_nothing_to_send_is_told(client: Client) -> None:
    answer = client.post(follow(ReferralFactory()), {"form_key": str(uuid4()), "text": " "})
    assert answer.status_code == 422
    assert "Écrivez un mot" in text_of(answer)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (lambda r, u: services.refuse_referral(referral=r, by=u, reason="Voyez le CH."), "Voyez le CH."),
        (lambda r, u: services.redirect_referral(referral=r, by=u, place="CH du Lac", reason="Proche."), "CH du Lac"),
    ],
)
def test_a_closed_request_is_told_and_takes_nothing(client: Client, answer: Any, said: str) -> None:
    referral = ReferralFactory()
    answer(referral, coordinator(referral.team))
    page = client.get(follow(referral))
    assert said in text_of(page)
    assert not soup(page).select("textarea")
    assert client.post(follow(referral), {"form_key": str(uuid4()), "text": "Mais"}).status_code == 422


def test_an_accepted_request_names_someone_and_takes_words_only(client: Client) -> None:
    referral = ReferralFactory()
    user = coordinator(referral.team)
    services.accept_referral(referral=referral, by=user, owner=user)
    page = client.get(follow(referral))
    assert "Camille Idèle" in text_of(page)
    assert "Prochaine étape prévue" in text_of(page)
    assert soup(page).select("textarea")
    assert not soup(page).select("[type=file]")


def test_a_get_writes_nothing(client: Client) -> None:
    referral = ReferralFactory()
    messages = OutboxMessage.objects.count()
    for address in (follow(referral), reverse("referrals:new"), reverse("referrals:sheet", args=[referral.target.key])):
        assert client.get(address).status_code == 200
    assert OutboxMessage.objects.count() == messages


@pytest.mark.parametrize("name", ["follow", "receipt"])
def test_a_token_never_reaches_a_log_line(name: str) -> None:
    address = reverse(f"referrals:{name}", args=[token_for(uuid4())])
    token = address.strip("/").rpartition("/")[2]
    line = drop_identity(None, "info", {"request": f"GET {address}", "event": f"Not Found: {address}", "code": 404})
    assert token not in str(line)
    assert line["code"] == 404
