"""Who may open the coordinator’s pages, and the inbox."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from directory.models import Role, User
from pathways.models import TargetPathway
from referrals import services
from referrals.models import Referral
from referrals.querysets import FILTERS
from tests.factories import (
    TeamFactory,
    UserFactory,
)
from tests.referrals import papers
from tests.referrals.factories import ReferralFactory, coordinator
from tests.referrals.pages import HTMX, POSTS, soup, text_of, url

pytestmark = pytest.mark.django_db


# --- who ------------------------------------------------------------------------------------------------------------
def pages(referral: Referral) -> list[str]:
    paper = referral.documents.get()
    return [
        reverse("referrals:inbox"), reverse("referrals:enter"), reverse("referrals:requesters"),
        url("detail", referral), url("document", referral, paper.uuid),
    ]  # fmt: skip


def test_a_visitor_is_sent_to_the_login_page(client: Client, target: TargetPathway) -> None:
    referral = ReferralFactory(target=target, files=[("a.pdf", papers.pdf())])
    for address in pages(referral):
        answer = client.get(address)
        assert answer.status_code == 302
        assert answer["Location"].startswith(reverse("account_login"))
    for name, data in POSTS.items():
        assert client.post(url(name, referral), data).status_code == 302
    referral.refresh_from_db()
    assert referral.status == "received"


@pytest.mark.parametrize("role", [Role.PLATFORM, Role.QUALITY, Role.TOWN, Role.ADMINISTRATOR])
def test_other_roles_are_refused(client: Client, target: TargetPathway, role: str) -> None:
    referral = ReferralFactory(target=target, files=[("a.pdf", papers.pdf())])
    client.force_login(UserFactory(role=role, team=target.team))
    assert {client.get(address).status_code for address in pages(referral)} == {403}
    assert {client.post(url(name, referral), data).status_code for name, data in POSTS.items()} == {403}


def test_a_coordinator_of_another_team_sees_nothing(client: Client, target: TargetPathway) -> None:
    referral = ReferralFactory(target=target, files=[("a.pdf", papers.pdf())])
    client.force_login(coordinator(TeamFactory(establishment=target.establishment)))
    assert "ESSAIDUPONT" not in text_of(client.get(reverse("referrals:inbox") + "?etat=toutes"))
    assert "ESSAIDUPONT" not in text_of(client.post(reverse("referrals:inbox"), {"q": "ESSAIDUPONT"}))
    for address in pages(referral)[3:]:
        assert client.get(address).status_code == 404
    assert {client.post(url(name, referral), data).status_code for name, data in POSTS.items()} == {404}


def test_a_secretary_reads_and_asks_but_does_not_decide(client: Client, target: TargetPathway) -> None:
    referral = ReferralFactory(target=target)
    client.force_login(UserFactory(role=Role.SECRETARY, team=target.team))
    page = soup(client.get(url("detail", referral)))
    actions = {form["action"] for form in page.select("main form[action]")}
    assert actions == {url("ask", referral), url("link", referral)}
    for name in ("accept", "refuse", "redirect"):
        assert client.post(url(name, referral), POSTS[name]).status_code == 403
    assert client.post(url("ask", referral), POSTS["ask"]).status_code == 302


def test_a_physician_of_the_team_decides(client: Client, target: TargetPathway) -> None:
    referral = ReferralFactory(target=target)
    client.force_login(UserFactory(role=Role.PHYSICIAN, team=target.team))
    assert client.post(url("refuse", referral), POSTS["refuse"]).status_code == 302
    referral.refresh_from_db()
    assert referral.status == "refused"


def test_a_paper_of_one_request_is_not_served_under_another(desk: Client, target: TargetPathway) -> None:
    mine, other = ReferralFactory(target=target), ReferralFactory(files=[("secret.pdf", papers.pdf())])
    assert desk.get(url("document", mine, other.documents.get().uuid)).status_code == 404


# --- inbox ----------------------------------------------------------------------------------------------------------
def counted(page: Any) -> dict[str, int]:
    cards = soup(page).select(".j-counter")
    return {
        str(card["href"]).rpartition("=")[2]: int(card.select_one(".j-counter-value").get_text())  # type: ignore[union-attr]
        for card in cards
    }


def test_each_counter_counts_the_rows_of_its_list(desk: Client, target: TargetPathway, user: User) -> None:
    old = timezone.now() - timedelta(days=10)
    ReferralFactory(target=target)
    late = ReferralFactory(target=target, channel="phone", entered_by=user, received_at=old)
    waiting = ReferralFactory(target=target, channel="phone", entered_by=user, received_at=old, missing=["biology"])
    services.refuse_referral(referral=ReferralFactory(target=target), by=user, reason="Hors parcours.")
    services.write_back(referral=late, form_key=uuid4(), text="Des nouvelles ?")
    ReferralFactory()
    found = counted(desk.get(reverse("referrals:inbox")))
    assert found == {"a-trier": 2, "promesse": 1, "complement": 1, "messages": 1, "toutes": 4}
    for word, count in found.items():
        page = soup(desk.get(reverse("referrals:inbox"), {"etat": word}))
        assert len(page.select("tbody tr")) == count, word
        assert page.select_one(".j-counter[aria-current]")["href"].endswith(f"etat={word}")  # type: ignore[union-attr]
    assert set(found) == set(FILTERS)
    page = text_of(desk.get(reverse("referrals:inbox"), {"etat": "complement"}))
    assert waiting.receipt in page
    assert "Résultats de biologie" in page


def test_urgency_and_the_shortest_promise_come_first(desk: Client, target: TargetPathway, user: User) -> None:
    now = timezone.now()
    quiet = ReferralFactory(target=target, channel="phone", entered_by=user, received_at=now - timedelta(days=1))
    older = ReferralFactory(target=target, channel="phone", entered_by=user, received_at=now - timedelta(days=9))
    urgent = ReferralFactory(target=target, urgency_signs=["bleeding"])
    page = soup(desk.get(reverse("referrals:inbox")))
    order = [row["href"] for row in page.select("[data-row-link]")]
    assert order == [url("detail", each) for each in (urgent, older, quiet)]
    first, second = page.select("tbody tr")[:2]
    assert "Saignement" in first.get_text()
    assert "j-tone-late" in (second["class"] or [])
    assert "promesse dépassée de" in second.get_text()


def test_a_request_is_found_by_receipt_patient_or_requester(desk: Client, target: TargetPathway) -> None:
    mine = ReferralFactory(target=target, birth_name="ÉSSAI-LÔNG")
    ReferralFactory(target=target)
    for words in (mine.receipt, mine.receipt.lower().replace("-", " "), "essai-long", "long marie", "MARTIN long"):
        page = soup(desk.post(reverse("referrals:inbox"), {"q": words}, **HTMX))
        assert [a["href"] for a in page.select("[data-row-link]")] == [url("detail", mine)], words
        assert page.select_one("h1") is None
    assert "Aucune demande ne correspond" in text_of(desk.post(reverse("referrals:inbox"), {"q": "zzzz"}))


def test_a_name_that_could_be_a_receipt_number_is_still_a_name(desk: Client, target: TargetPathway) -> None:
    for name in ("ROUSSEAU", "Martinez", "DFONTAINE"):
        mine = ReferralFactory(target=target, birth_name=name)
        page = soup(desk.post(reverse("referrals:inbox"), {"q": name}, **HTMX))
        assert [a["href"] for a in page.select("[data-row-link]")] == [url("detail", mine)], name


def test_a_name_searched_never_stands_in_an_address(desk: Client, target: TargetPathway) -> None:
    ReferralFactory(target=target, birth_name="AUTRENOM")
    ReferralFactory(target=target)
    page = soup(desk.get(reverse("referrals:inbox"), {"q": "AUTRENOM"}))
    assert len(page.select("[data-row-link]")) == 2, "the address searches nothing"
    form = page.select_one("main form[role=search]")
    assert form is not None
    assert (form["method"], form.get("hx-get"), form.get("hx-push-url")) == ("post", None, None)
    assert form.select_one("[name=csrfmiddlewaretoken]")
    found = desk.post(reverse("referrals:inbox"), {"q": "AUTRENOM\0"})
    assert found.status_code == 200
    assert len(soup(found).select("[data-row-link]")) == 1
    assert "AUTRENOM" not in " ".join(a["href"] for a in soup(found).select("a[href]"))


def test_the_inbox_costs_the_same_for_one_or_forty_requests(desk: Client, target: TargetPathway) -> None:
    def cost() -> int:
        with CaptureQueriesContext(
            connection,
        ) as seen:
            desk.get(reverse("referrals:inbox"))
        return len(seen)

    ReferralFactory(target=target)
    desk.get(reverse("referrals:inbox"))
    one = cost()
    for n in range(8):
        ReferralFactory(target=target, urgency_signs=["fever"], files=[("a.pdf", papers.pdf(str(n)))])
    assert cost() == one
    assert one <= 10


def test_an_unknown_filter_is_the_first_one(desk: Client, target: TargetPathway) -> None:
    assert desk.get(reverse("referrals:inbox"), {"etat": "x", "page": "zz"}).status_code == 200
