"""The front door: the GP's form on a phone, the receipt, the follow-up page, the messages received."""

from __future__ import annotations

import email
import email.policy
import re
from pathlib import Path

from playwright.sync_api import expect

from directory.models import OutboxMessage
from tests.e2e.people import Visitor
from tests.e2e.way.hospital import CLINICAL, Hospital
from tests.e2e.worker import Worker
from tests.referrals.papers import pdf

GP_MAIL = "claire.essai@exemple.invalid"


def gp_sends_the_form(gp: Visitor, hospital: Hospital) -> None:
    """On a phone, with a report attached; a box forgotten costs nothing typed. Then the receipt and what follows."""
    patient = hospital.patient
    gp.go("/demande/")
    gp.check()
    gp.fill(**{
        "Votre nom": "Dr Claire ESSAIMARTIN", "Téléphone direct": "01 99 00 00 10", "Courriel": GP_MAIL,
        "Nom de naissance": patient.birth_name, "Premier prénom": patient.first_name,
        "Date de naissance": patient.born,
    })  # fmt: skip
    gp.main.get_by_label("Féminin").check()
    gp.main.get_by_label("C’est moi").check()
    gp.main.get_by_label("Scanner", exact=True).check()
    report = {"name": "compte-rendu.pdf", "mimeType": "application/pdf", "buffer": pdf("scanner")}
    gp.main.get_by_label("Joindre des documents").set_input_files(report)
    gp.button("Envoyer la demande").click()

    expect(gp.main.get_by_role("alert")).to_be_focused()
    expect(gp.main.get_by_label("Motif", exact=True)).to_have_attribute("aria-invalid", "true")
    expect(gp.main.get_by_label("Nom de naissance", exact=True)).to_have_value(patient.birth_name)
    expect(gp.main.get_by_label("Féminin")).to_be_checked()
    gp.sees("compte-rendu.pdf")
    gp.check(status=422)

    gp.fill(Motif=patient.reason)
    gp.button("Envoyer la demande").click()
    gp.sees("Demande envoyée", "1 document joint")
    gp.check()
    receipt = re.search(r"D-[0-9A-Z]{4}-[0-9A-Z]{4}", gp.main.inner_text())
    assert receipt
    gp.link("Page de suivi").click()
    gp.sees("Demande reçue, réponse en cours", receipt.group())
    says_nothing_clinical(gp, hospital)
    gp.check()


def says_nothing_clinical(visitor: Visitor, hospital: Hospital) -> None:
    """A page opened by a link tells that things happen, never what was found nor whose they are."""
    visitor.sees_nowhere(hospital.patient.birth_name, hospital.patient.reason, *CLINICAL)


def gp_follows(gp: Visitor, hospital: Hospital, address: str, *texts: str) -> None:
    """The follow-up page says so, and nothing it should not."""
    gp.go(address)
    gp.sees(*texts)
    says_nothing_clinical(gp, hospital)
    gp.check()


def mail_to_gp(worker: Worker, folder: Path, hospital: Hospital, kind: str) -> str:
    """The text of the message of that kind once the worker has sent it; no identity, nothing clinical in it."""
    messages = OutboxMessage.objects.filter(recipient=GP_MAIL, kind=kind)
    worker.until(lambda: messages.filter(sent_at__isnull=False).exists(), f"message {kind} sent")
    sent = messages.get()
    files = [email.message_from_bytes(path.read_bytes(), policy=email.policy.default) for path in _eml(folder)]
    found = [each for each in files if each["Message-ID"].startswith(f"<{sent.uuid}@")]
    assert len(found) == 1, "sent exactly once"
    text = str(found[0].get_content())
    for secret in (hospital.patient.birth_name, *CLINICAL):
        assert secret.casefold() not in f"{found[0]['Subject']} {text}".casefold()
    return text


def _eml(folder: Path) -> list[Path]:
    return sorted((folder / "post").glob("*.eml"))


def link_in(text: str, path: str) -> str:
    """The address in a message that begins with ``path``."""
    found = re.search(rf"https?://\S+{re.escape(path)}\S+", text)
    assert found, text
    return found.group().rstrip(".")
