"""Messages: what they say, word for word, and what they never say."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from time_machine import travel

from directory.models import OutboxMessage
from referrals import services
from referrals.links import read_token
from referrals.models import MissingPiece, Referral
from tests.referrals.factories import ReferralFactory, coordinator

pytestmark = pytest.mark.django_db

MONDAY = datetime(2026, 3, 2, 9, 15, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _that_month() -> Iterator[None]:
    """The days of the letters are written out: the year they are read in counts."""
    with travel(MONDAY + timedelta(weeks=2)):
        yield


def plain(text: str) -> str:
    """The text with ordinary spaces, its link and its last day replaced by marks."""
    text = re.sub(r"http\S+/suivi/\S+", "LIEN", text.replace("\u00a0", " "))
    return re.sub(r"valable jusqu’au .*\.", "valable jusqu’au JOUR.", text)


FOOT = """
Suivre la demande, la compléter ou ajouter une information :
LIEN
Ce lien vous est personnel : ne le transférez pas. Il est valable jusqu’au JOUR.

Une question, une aggravation : Coordination du parcours, 01 99 00 00 01.
Urgence vitale : appelez le 15.

{place}
Message automatique. Il ne porte volontairement ni nom de patient ni information médicale.
"""


def letter(kind: str) -> OutboxMessage:
    return OutboxMessage.objects.get(kind=kind)


def request() -> Referral:
    return ReferralFactory(channel="phone", entered_by=coordinator(), received_at=MONDAY)


def test_the_acknowledgement() -> None:
    referral = request()
    message = letter("referral_received")
    assert message.subject == f"Demande {referral.receipt} : bien reçue"
    assert plain(message.body) == (
        f"""Bonjour,

Votre demande du 2 mars 2026 est bien arrivée.

Numéro de reçu : {referral.receipt}
Réponse promise avant le mercredi 4 mars 2026 à 10 h 15 (48 heures ouvrables).
"""
        + FOOT.format(place=referral.establishment.name)
    )


def test_a_complement_is_asked_without_saying_which() -> None:
    referral = request()
    services.ask_complement(referral=referral, by=coordinator(), pieces=["pathology"], message="La biopsie du 3 mars.")
    assert plain(letter("referral_asked").body) == (
        f"""Bonjour,

Pour répondre à votre demande {referral.receipt}, il nous manque des éléments.
La liste est sur la page de suivi, où vous pouvez les joindre ou les écrire directement, sans compte.
"""
        + FOOT.format(place=referral.establishment.name)
    )


def test_an_acceptance_names_the_person_to_call() -> None:
    referral = request()
    user = coordinator(referral.team, name="Idèle")
    services.accept_referral(referral=referral, by=user, owner=user)
    assert plain(letter("referral_accepted").body) == (
        f"""Bonjour,

Votre demande {referral.receipt} est acceptée : nous prenons contact avec le patient.

Votre interlocuteur : Camille Idèle, Coordination du parcours
Téléphone : 01 99 00 00 01

La page de suivi indique les rendez-vous et les étapes à mesure qu’ils sont fixés.
Vous pouvez y ajouter une information de contexte à tout moment.
"""
        + FOOT.format(place=referral.establishment.name)
    )


def test_the_link_of_a_letter_opens_its_request() -> None:
    referral = request()
    found = re.search(r"/suivi/([^/]+)/", letter("referral_received").body)
    assert found is not None
    assert read_token(found.group(1)) == referral.uuid


def test_no_letter_carries_an_identity_or_a_word_of_medicine() -> None:
    for end in ("accept", "refuse", "redirect"):
        referral = ReferralFactory(urgency_signs=["jaundice"], history="Diabète", exams=["ct"])
        user = coordinator(referral.team)
        services.ask_complement(referral=referral, by=user, pieces=list(MissingPiece.values), message="Biopsie ?")
        services.write_back(referral=referral, form_key=uuid4(), text="Mme ESSAIDUPONT va mal.")
        match end:
            case "accept":
                services.accept_referral(referral=referral, by=user, owner=user, message="Scanner jeudi.")
            case "refuse":
                services.refuse_referral(referral=referral, by=user, reason="Métastases déjà traitées.")
            case _:
                services.redirect_referral(referral=referral, by=user, place="CH du Lac", reason="Pancréatite.")
    messages = OutboxMessage.objects.all()
    kinds = {message.kind for message in messages}
    assert len(kinds) == 8
    secrets = [
        "ESSAIDUPONT", "Marie", "1953", "0699000011", "06 99", "Ictère", "pancréas", "Pancréas", "Biopsie", "biopsie",
        "scanner", "Scanner", "Diabète", "Métastases", "Pancréatite", "CH du Lac", "anatomopathologie", "Instadiag",
    ]  # fmt: skip
    for message in messages:
        for secret in secrets:
            assert secret not in message.subject + message.body, (message.kind, secret)


def test_the_desk_knows_of_an_urgency_without_its_name() -> None:
    referral = ReferralFactory(urgency_signs=["fever"])
    message = letter("referral_desk_new")
    assert message.recipient == referral.team.email
    assert "avec un signe d’urgence" in message.body
    assert f"/demandes/{referral.uuid}/" in message.body
    assert "ièvre" not in message.body


def test_a_team_without_mailbox_gets_no_letter() -> None:
    referral = ReferralFactory()
    referral.team.email = ""
    referral.team.save()
    OutboxMessage.objects.all().delete()
    services.write_back(referral=referral, form_key=uuid4(), text="Vit seule.")
    assert not OutboxMessage.objects.filter(kind="referral_desk_news").exists()


def test_a_promise_that_ends_at_midnight_is_said_as_the_end_of_a_day() -> None:
    saturday = datetime(2026, 3, 7, 9, 0, tzinfo=UTC)
    ReferralFactory(channel="phone", entered_by=coordinator(), received_at=saturday)
    assert "Réponse promise avant la fin du mardi 10 mars 2026 (48" in letter("referral_received").body.replace(
        "\u00a0", " "
    )


def test_instants_are_those_of_the_establishment_wall_clock() -> None:
    referral = request()
    referral.establishment.time_zone = "Indian/Reunion"
    referral.establishment.save()
    services.write_back(referral=referral, form_key=uuid4(), text="x")
    referral.refresh_from_db()
    assert "mercredi 4 mars 2026 à 13" in letter("referral_desk_news").body.replace("\u00a0", " ")
