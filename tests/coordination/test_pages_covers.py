"""The pages of absences: preview, confirmation, briefs, and what the desk says about them."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone
from pypdf import PdfReader

from coordination import services
from coordination.models import Cover
from directory.models import AccessLog, Role, User
from pathways.models import Pathway
from tests.coordination.conftest import MONDAY
from tests.coordination.factories import Desk
from tests.coordination.pages import text, url
from tests.factories import TeamFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def paul(desk: Desk) -> User:
    return UserFactory(role=Role.COORDINATOR, team=desk.team)


def asked(desk: Desk, paul: User, **more: Any) -> dict[str, Any]:
    today = timezone.localdate()
    return {
        "absent": str(desk.coordinator.uuid), "stand_in": str(paul.uuid), "starts_on": today.isoformat(),
        "ends_on": (today + timedelta(days=4)).isoformat(), "note": "Le laboratoire rappelle vers 15 h.", **more,
    }  # fmt: skip


def previewed(nurse: Client, sent: dict[str, Any]) -> dict[str, Any]:
    page = nurse.post(url("cover-new"), sent)
    assert not Cover.objects.exists(), "a preview writes nothing"
    return {**sent, "seen": page.context["seen"], "key": str(page.context["key"]), "do": "confirm", "scope": "tous"}


def test_shown_then_confirmed_then_seen_by_who_stands_in(
    nurse: Client, client: Client, desk: Desk, paul: User, pathway: Pathway
) -> None:
    late = desk.pathway(days_ago=40, birth_name="ESSAIRETARD")
    page = nurse.post(url("cover-new"), asked(desk, paul))
    preview = page.context["preview"]
    assert (preview.possible, preview.late) == (2, 1)
    assert "2 patients" in text(page)
    assert preview.by_target == [(desk.target.name, 2)]
    done = nurse.post(url("cover-new"), {**previewed(nurse, asked(desk, paul)), f"watch-{late.uuid}": "Chute hier"})
    cover = Cover.objects.get()
    assert done["Location"] == url("cover", cover)
    assert cover.lines.get(pathway=late).watch == "Chute hier"
    own = text(nurse.get(url("worklist")))
    assert "Vous êtes en absence" in own
    client.force_login(paul)
    page = text(client.get(url("worklist"), {"qui": "moi"}))
    assert f"pour {desk.coordinator}, jusqu’au" in page
    assert "Le laboratoire rappelle vers 15 h." in page
    assert f"Suivi par <strong>{paul}</strong> pour {desk.coordinator}" in text(client.get(url("pathway-panel", late)))


def test_confirmed_twice_is_one_absence_and_confirmed_otherwise_is_not_the_first(
    nurse: Client, desk: Desk, paul: User, pathway: Pathway
) -> None:
    other = desk.pathway()
    some = {**previewed(nurse, asked(desk, paul)), "scope": "choix", "p": [str(pathway.uuid)]}
    first = nurse.post(url("cover-new"), some)
    assert nurse.post(url("cover-new"), some)["Location"] == first["Location"]
    assert Cover.objects.count() == 1
    nurse.post(url("cover-new"), {**some, "p": [str(other.uuid)]})
    assert {line.pathway for each in Cover.objects.all() for line in each.lines.all()} == {pathway, other}
    services.come_back(cover=Cover.objects.earliest("pk"), author=desk.coordinator)
    assert "puis annulée" in text(nurse.post(url("cover-new"), some))


def test_only_the_ticked_ones(nurse: Client, desk: Desk, paul: User, pathway: Pathway) -> None:
    other = desk.pathway()
    sent = previewed(nurse, asked(desk, paul))
    nurse.post(url("cover-new"), {**sent, "scope": "choix", "p": [str(other.uuid)]})
    assert [line.pathway for line in Cover.objects.get().lines.all()] == [other]


def test_a_changed_choice_is_shown_again_and_nothing_typed_is_lost(
    nurse: Client, desk: Desk, paul: User, pathway: Pathway
) -> None:
    sent = previewed(nurse, asked(desk, paul))
    sent |= {"ends_on": (timezone.localdate() + timedelta(days=9)).isoformat(), f"watch-{pathway.uuid}": "Chute hier"}
    page = nurse.post(url("cover-new"), sent)
    assert "Votre choix a changé" in text(page)
    assert "Chute hier" in text(page)
    wrong = nurse.post(url("cover-new"), {**sent, "ends_on": "2020-01-01"})
    assert wrong.status_code == 422
    assert "Le laboratoire rappelle" in text(wrong)
    nobody = nurse.post(url("cover-new"), {**previewed(nurse, asked(desk, paul)), "scope": "choix"})
    assert nobody.status_code == 422
    assert "Aucun patient ne peut être confié ainsi" in text(nobody)
    assert not Cover.objects.exists()


def test_an_administrator_hands_over_without_reading_any_name(client: Client, desk: Desk, paul: User) -> None:
    desk.pathway(birth_name="ESSAISECRET")
    admin = UserFactory(role=Role.ADMINISTRATOR, team=TeamFactory(establishment=desk.team.establishment))
    client.force_login(admin)
    page = client.post(url("cover-new"), asked(desk, paul))
    assert page.context["preview"].possible == 1
    client.post(url("cover-new"), previewed(client, asked(desk, paul)))
    cover = Cover.objects.get()
    pages = [page, *(client.get(url(name, cover)) for name in ("cover", "briefs", "briefs-pdf"))]
    for each in pages:
        assert "ESSAISECRET" not in each.content.decode("latin1")
    assert not AccessLog.objects.exists()


def test_one_page_per_patient_on_screen_and_on_paper(nurse: Client, desk: Desk, paul: User) -> None:
    pathway = desk.pathway(days_ago=20, phone="0639980001")
    services.record_contact(pathway=pathway, author=desk.coordinator, outcome="reached", note="Sa fille répond.")
    services.create_task(pathway=pathway, title="Obtenir les images")
    others = [desk.pathway() for _ in range(2)]
    today = timezone.localdate()
    cover = services.hand_over(
        absent=desk.coordinator, stand_in=paul, starts_on=today, ends_on=today, author=desk.coordinator,
        watch={pathway.pk: "Douleur le soir"},
    )  # fmt: skip
    page = text(nurse.get(url("briefs", cover)))
    for told in ("Douleur le soir", "Sa fille répond.", "Obtenir les images", "06 39 98 00 01"):
        assert told in page
    assert AccessLog.objects.filter(what="Fiche de relais").count() == 3
    paper = nurse.get(url("briefs-pdf", cover))
    assert paper["Content-Type"] == "application/pdf"
    sheets = PdfReader(BytesIO(paper.content)).pages
    assert len(sheets) == 1 + len(others)
    assert any("Douleur le soir" in sheet.extract_text() for sheet in sheets)


def test_back_the_person_reads_what_happened_and_says_so(
    nurse: Client, desk: Desk, paul: User, pathway: Pathway
) -> None:
    quiet = desk.pathway()
    today = timezone.localdate()
    cover = services.hand_over(
        absent=desk.coordinator, stand_in=paul, starts_on=today + timedelta(days=1),
        ends_on=today + timedelta(days=2), author=desk.coordinator,
    )  # fmt: skip
    task = services.create_task(pathway=pathway, title="Appeler le transporteur")
    with time_machine.travel(MONDAY + timedelta(days=1)):
        services.record_contact(pathway=pathway, author=paul, outcome="reached", note="Va bien")
        services.complete_task(task=task, user=paul, outcome="Réservé")
    services.record_contact(pathway=quiet, author=paul, outcome="reached", note="La veille")
    with time_machine.travel(MONDAY + timedelta(days=3)):
        nurse.force_login(desk.coordinator)
        assert "Bon retour" in text(nurse.get(url("worklist")))
        page = nurse.get(url("cover", cover))
        assert [each.pathway for each in page.context["meanwhile"]] == [pathway]
        assert page.context["quiet"] == 1
        for told in ("Va bien", "Réservé"):
            assert told in text(page)
        nurse.post(url("cover-read", cover))
        assert "Bon retour" not in text(nurse.get(url("worklist")))
    assert quiet.is_active


def test_the_date_is_changed_and_the_history_keeps_it(nurse: Client, desk: Desk, paul: User, pathway: Pathway) -> None:
    today = timezone.localdate()
    cover = services.hand_over(
        absent=desk.coordinator, stand_in=paul, starts_on=today, ends_on=today, author=desk.coordinator
    )
    wrong = nurse.post(url("cover-extend", cover), {"ends_on": "2020-01-01"})
    assert wrong.status_code == 422
    assert "déjà passé" in text(wrong)
    nurse.post(url("cover-extend", cover), {"ends_on": (today + timedelta(days=3)).isoformat()})
    page = nurse.get(url("cover", cover))
    titles = [entry["title"] for entry in page.context["history"]]
    assert titles[0].startswith("Dernier jour : 26/11/2026 (avant : 23/11/2026)")
    assert page.context["history"][0]["who"] == str(desk.coordinator)
    with time_machine.travel(MONDAY + timedelta(days=1)):
        nurse.force_login(desk.coordinator)
        assert "reprend ses patients" in text(nurse.post(url("cover-back", cover), follow=True))


def test_pages_cost_the_same_whatever_the_data(
    nurse: Client, desk: Desk, paul: User, django_assert_max_num_queries: Any
) -> None:
    today = timezone.localdate()

    def grow(absent: User) -> Cover:
        for _ in range(3):
            made = desk.pathway(owner=absent, days_ago=20)
            services.create_task(pathway=made, title="Une", owner=absent)
            services.record_contact(pathway=made, author=absent, outcome="reached")
        return services.hand_over(
            absent=absent, stand_in=paul, starts_on=today, ends_on=today + timedelta(days=3), author=absent
        )

    def cost(name: str, item: Any = None) -> int:
        with django_assert_max_num_queries(26) as queries:
            assert nurse.get(url(name, item)).status_code == 200
        return len(queries)

    cover = grow(desk.coordinator)
    before = [cost("covers"), cost("cover", cover)]
    grow(UserFactory(role=Role.SECRETARY, team=desk.team))
    for _ in range(3):
        desk.pathway(owner=desk.coordinator, days_ago=20)
    assert [cost("covers"), cost("cover", cover)] <= before
