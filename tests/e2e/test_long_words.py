"""A word without a space, from inside or outside: no page is wider for it."""

from __future__ import annotations

import pytest

from coordination import services
from coordination.services.lab_forms import install_lab_forms
from coordination.services.lab_links import token_for
from tests.coordination.factories import Desk, exam
from tests.coordination.laboratories import BORN, Lab
from tests.e2e.conftest import Arrival

pytestmark = pytest.mark.django_db(transaction=True)
PHONES = pytest.mark.parametrize("phone", [False, True], ids=["desktop", "phone"])


@PHONES
def test_an_answer_of_the_laboratory(visit: Arrival, phone: bool) -> None:
    install_lab_forms()
    services.load_exam_types()
    lab = Lab()
    asked = lab.ask(suspected="S" * 200, site="G" * 120)
    for team, kind in ((lab.histology, "intermediate"), (lab.molecular, "noncontributive")):
        share = lab.share(asked, team)
        codes = [each.exam for each in share.exams.all()]
        user = lab.pathologist if team == lab.histology else None
        services.say_answer(share=share, exams=codes, kind=kind, said_by="N" * 120, words="W" * 300, user=user)
    nurse = visit(lab.nurse, phone=phone)
    for path in (f"/analyses/{asked.uuid}/", f"/parcours/{asked.pathway.uuid}/", "/analyses/"):
        nurse.go(path)
        nurse.check()
    bench = visit(lab.pathologist, phone=phone)
    for path in ("/laboratoire/", f"/laboratoire/{lab.share(asked, lab.histology).uuid}/"):
        bench.go(path)
        bench.check()
    away = visit(phone=phone)
    page = away.go(f"/analyse/{token_for(lab.share(asked, lab.molecular))}/")
    page.get_by_label("Date de naissance du patient").fill(BORN)
    page.get_by_role("button", name="Lire la demande").click()
    page.get_by_role("heading", name="Votre réponse").or_(page.get_by_text("Non contributif")).first.wait_for()
    away.check()


@PHONES
def test_a_question_asked_of_a_platform(visit: Arrival, phone: bool) -> None:
    services.load_exam_types()
    desk = Desk()
    request = services.ask_exam(
        pathway=desk.pathway(), exam_type=exam("tep_scanner"), addressed_to=desk.platform, user=desk.coordinator,
        question="Q" * 500,
    )  # fmt: skip
    for user, path in (
        (desk.technician, "/plateau/demandes/"),
        (desk.coordinator, f"/demandes-examen/{request.uuid}/"),
    ):
        visitor = visit(user, phone=phone)
        visitor.go(path)
        visitor.check()
