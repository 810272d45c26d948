"""A form that arrives without a session, or with the token of an earlier login: nothing is recorded, nothing typed is
lost, and nothing is given back to another site."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from urllib.parse import quote
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, resolve, reverse

from coordination.models import Hold
from directory import kept
from pathways.models import Pathway
from tests.conftest import StrictClient
from tests.coordination.factories import Desk
from tests.coordination.pages import url

pytestmark = pytest.mark.django_db

OURS = {"Sec-Fetch-Site": "same-origin"}
THEIRS: list[dict[str, str]] = [
    {},
    {"Sec-Fetch-Site": "cross-site", "Origin": "https://ailleurs.example"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "none"},
    {"Origin": "https://ailleurs.example"},
    {"Origin": "null"},
    {"Origin": "http://testserver:81"},
    {"Sec-Fetch-Site": "same-origin", "Origin": "https://ailleurs.example"},
]
BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
WORDS = '<b>ESSAIPREMIER</b> & "vient" d’Épinal\nle soir'
TYPED = {"step": "ct", "examen": "scanner", "reason": WORDS, "do": "oui", "slot": ["un", "deux"]}


def fields_of(page: str) -> list[tuple[str, str]]:
    """The hidden fields of the page, as a browser would send them."""
    found = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', page)
    return [(unescape(name), unescape(value)) for name, value in found]


def stale_client(desk: Desk) -> Client:
    """Logged in again in another tab: the page holds the token of before."""
    client = StrictClient(enforce_csrf_checks=True)
    client.force_login(desk.coordinator)
    client.cookies["csrftoken"] = "a" * 32
    return client


def test_a_form_without_session_comes_back_with_what_was_typed(client: Client, pathway: Pathway) -> None:
    address = url("wait", pathway)
    answer = client.post(f"{address}?vue=1", {**TYPED, "csrfmiddlewaretoken": "x" * 64}, headers=OURS)
    page = answer.content.decode()
    assert answer.status_code == 401
    assert "no-store" in answer["Cache-Control"]
    assert "Votre session a expiré&nbsp;: rien n’est enregistré" in page
    assert f'action="{address}?vue=1"' in page
    fields = fields_of(page)
    assert [pair for pair in fields if pair[0] != "csrfmiddlewaretoken"] == [
        ("step", "ct"), ("examen", "scanner"), ("reason", WORDS), ("do", "oui"), ("slot", "un"), ("slot", "deux"),
    ]  # fmt: skip
    assert [name for name, _ in fields].count("csrfmiddlewaretoken") == 1 and (
        "csrfmiddlewaretoken",
        "x" * 64,
    ) not in fields
    assert "<b>ESSAI" not in page, "what was typed is escaped"
    login = f"{reverse('account_login')}?next={reverse('signed-in')}"
    assert re.search(rf'href="{re.escape(login)}" target="_blank" rel="noopener"', page)
    assert "Renvoyer ce que j’ai saisi" in page


def test_what_is_sent_again_after_the_login_is_recorded(desk: Desk, pathway: Pathway) -> None:
    client, address = StrictClient(enforce_csrf_checks=True), url("hold", pathway)
    client.cookies["csrftoken"] = "b" * 32
    form = {"slot": desk.slot().uuid, "step": "ct", "examen": "scanner", "key": uuid4()}
    asked = client.post(address, {**form, "csrfmiddlewaretoken": "b" * 32}, headers=OURS)
    assert asked.status_code == 401
    client.force_login(desk.coordinator)
    client.cookies["csrftoken"] = "c" * 32  # a login draws a new one
    late = client.post(address, dict(fields_of(asked.content.decode())), headers=OURS)
    assert late.status_code == 403
    assert not Hold.objects.exists()
    client.post(address, dict(fields_of(late.content.decode())), headers=OURS)
    assert Hold.objects.get().pathway == pathway


@pytest.mark.parametrize("headers", THEIRS)
def test_another_site_gets_neither_the_words_nor_the_button(
    client: Client, desk: Desk, pathway: Pathway, headers: dict[str, str]
) -> None:
    address = url("wait", pathway)
    for answer in (
        client.post(address, TYPED, headers=headers),
        client.post(address, TYPED, headers={**headers, "HX-Request": "true"}),
    ):
        assert answer.status_code == 302
        assert answer["Location"] == f"{reverse('account_login')}?next={quote('/')}", "never the address of a form"
        assert "Jalon-Token" not in answer
    late = stale_client(desk).post(address, TYPED, headers=headers)
    page = late.content.decode()
    assert late.status_code == 403
    assert (
        "ESSAIPREMIER" not in page
        and "Renvoyer" not in page
        and "<form" not in page
        and "csrfmiddlewaretoken" not in page
    )
    assert "actualiser l’efface" in page, "the advice is true"
    htmx = stale_client(desk).post(address, TYPED, headers={**headers, "HX-Request": "true"})
    assert htmx.status_code == 403 and "Jalon-Token" not in htmx


def test_an_origin_equal_to_the_host_is_ours(client: Client, pathway: Pathway) -> None:
    answer = client.post(url("wait", pathway), TYPED, headers={"Origin": "http://testserver"})
    assert answer.status_code == 401 and "ESSAIPREMIER" in answer.content.decode()


def test_a_stale_token_comes_back_with_a_fresh_one_and_the_name(desk: Desk, pathway: Pathway) -> None:
    client = stale_client(desk)
    answer = client.post(url("wait", pathway), {**TYPED, "csrfmiddlewaretoken": "b" * 32 + "x" * 32}, headers=OURS)
    page = answer.content.decode()
    assert answer.status_code == 403
    assert "Le formulaire avait expiré&nbsp;: rien n’est enregistré" in page
    assert ("reason", WORDS) in fields_of(page) and "<b>ESSAI" not in page
    assert f"au nom de {desk.coordinator}" in unescape(page)
    assert "Me reconnecter" not in page
    sent = client.post(url("wait", pathway), dict(fields_of(page)), headers=OURS)
    assert sent.status_code != 403


def test_passwords_stay_out_and_accounts_too(client: Client, pathway: Pathway) -> None:
    page = client.post(
        url("wait", pathway), {"password": "p", "new_password1": "q", "opinion": "r"}, headers=OURS
    ).content.decode()
    assert {name for name, _ in fields_of(page)} == {"csrfmiddlewaretoken", "opinion"}
    for name in ("account_change_password", "account_logout"):
        assert client.post(reverse(name), {"oldpassword": "x"}, headers=OURS).status_code == 302
    late = StrictClient(enforce_csrf_checks=True).post(
        reverse("account_login"), {"login": "a@b.fr", "password": "x"}, headers=OURS
    )
    assert late.status_code == 403 and "a@b.fr" not in late.content.decode()


def test_files_are_asked_again(client: Client, pathway: Pathway) -> None:
    typed = {"note": "mot", "file": SimpleUploadedFile("cr-essai.pdf", b"%PDF-1.4 secret")}
    page = client.post(url("wait", pathway), typed, headers=OURS).content.decode()
    assert 'enctype="multipart/form-data"' in page and 'type="file" name="file"' in page
    assert "Les fichiers ne sont pas gardés" in page
    assert "cr-essai" not in page and "secret" not in page


@pytest.mark.parametrize("typed", [{"a": ["x"] * (kept.MOST_FIELDS + 1)}, {"a": "x" * (kept.MOST_SIGNS + 1)}])
def test_too_much_is_not_sent_again_by_half(client: Client, pathway: Pathway, typed: dict[str, object]) -> None:
    answer = client.post(url("wait", pathway), typed, headers=OURS)
    page = answer.content.decode()
    assert answer.status_code == 401
    assert "<form" not in page and "ne peut pas être gardé ici" in page and "Me reconnecter" in page


def test_nothing_typed_is_left_on_the_server(
    client: Client, pathway: Pathway, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = client.post(url("wait", pathway), {"reason": "ESSAIPREMIER"}, headers=OURS)
    assert "ESSAIPREMIER" in answer.content.decode()
    assert "sessionid" not in answer.cookies, "no session is opened for it"
    assert "ESSAIPREMIER" not in caplog.text + "".join(capsys.readouterr()) + str(answer.headers)


def test_htmx_leaves_the_form_and_gets_the_token_of_the_next_try(client: Client, desk: Desk, pathway: Pathway) -> None:
    htmx = {**OURS, "HX-Request": "true"}
    gone = client.post(url("wait", pathway), TYPED, headers=htmx)
    assert (gone.status_code, gone["Jalon-Session"], gone.content) == (401, "expired", b"")
    colleague = stale_client(desk)
    late = colleague.post(url("wait", pathway), TYPED, headers=htmx)
    assert (late.status_code, late["Jalon-Session"], late.content) == (403, "stale", b"")
    assert (
        colleague.post(url("wait", pathway), TYPED, headers={**htmx, "X-CSRFToken": late["Jalon-Token"]}).status_code
        != 403
    )


def test_a_page_read_without_session_still_leads_to_the_login_and_back(client: Client, pathway: Pathway) -> None:
    address = url("book", pathway)
    assert client.get(address, headers=OURS)["Location"] == f"{reverse('account_login')}?next={quote(address)}"


def test_the_login_opened_beside_ends_on_a_page_that_says_to_go_back(nurse: Client, desk: Desk) -> None:
    page = nurse.get(reverse("signed-in")).content.decode()
    assert "Vous êtes reconnecté" in page and "Revenez à l’onglet précédent et renvoyez" in page


def test_the_public_form_keeps_its_words_too_and_asks_for_no_login(client: Client) -> None:
    visitor = StrictClient(enforce_csrf_checks=True)
    page = visitor.post(reverse("referrals:new"), {"birth_name": "ESSAIPREMIER"}, headers=OURS).content.decode()
    assert ("birth_name", "ESSAIPREMIER") in fields_of(page) and "Me reconnecter" not in page
    assert "cookies" in page, "the browser sent none"


# --- the address of a form, opened as a page -------------------------------------------------------------------------
def test_the_address_of_a_form_opened_as_a_page_has_a_way_out(nurse: Client, pathway: Pathway) -> None:
    answer = nurse.get(url("wait", pathway), headers=BROWSER)
    page = answer.content.decode()
    assert answer.status_code == 405 and answer["Allow"] == "POST" and "no-store" in answer["Cache-Control"]
    assert f'href="{url("book", pathway)}"' in page and "Cette adresse ne s’ouvre pas ainsi" in page
    back = nurse.post(url("waiting"), headers=BROWSER)
    assert back.status_code == 405 and f'href="{url("waiting")}"' in back.content.decode()


def test_programs_and_htmx_read_the_status_alone(nurse: Client, pathway: Pathway) -> None:
    assert nurse.get(url("wait", pathway)).content == b""
    assert nurse.get(url("wait", pathway), headers={**BROWSER, "HX-Request": "true"}).content == b""
    api = nurse.delete("/api/pathways/", headers=BROWSER)
    assert api.status_code == 405 and api["Content-Type"] == "application/json"


def forms_only(resolver: URLResolver | None = None, above: str = "/") -> Iterator[str]:
    """An address of each of our routes that cannot be read."""
    for pattern in (resolver or get_resolver()).url_patterns:
        here = above + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from forms_only(pattern, here)
        elif isinstance(pattern, URLPattern) and _methods(pattern.callback) == ["POST"]:
            here = re.sub(r"<uuid:\w+>", "11111111-1111-4111-8111-111111111111", here)
            yield re.sub(r"<(\w+:)?\w+>", "1", here)


def _methods(view: object) -> list[str]:
    """What `require_http_methods` was told, wherever it stands among the decorators; empty when it was told nothing."""
    while view is not None:
        code, cells = getattr(view, "__code__", None), getattr(view, "__closure__", None) or ()
        named = dict(zip(code.co_freevars, cells, strict=True)) if code else {}
        if "request_method_list" in named:
            return list(named["request_method_list"].cell_contents)
        view = getattr(view, "__wrapped__", None)
    return []


def test_no_way_out_leads_to_another_address_of_a_form() -> None:
    addresses = list(forms_only())
    assert len(addresses) > 60
    for address in addresses:
        above = kept.page_above(address)
        assert _methods(resolve(above).func) != ["POST"], f"{address} leads to {above}"
