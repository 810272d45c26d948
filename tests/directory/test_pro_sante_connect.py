"""Pro Santé Connect against a fake provider on loopback: the account is found by RPPS, never by e-mail."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from django.urls import reverse

from directory.adapters import rpps_of
from tests.factories import ProfessionalFactory, UserFactory

pytestmark = pytest.mark.django_db

RPPS = "99700218896"


class FakeProvider(ThreadingHTTPServer):
    """Discovery, token and userinfo of an OpenID provider; ``claims`` is what it says of whoever logs in."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Endpoint)
        self.claims: dict[str, Any] = {}
        self.url = f"http://127.0.0.1:{self.server_port}"


class _Endpoint(BaseHTTPRequestHandler):
    server: FakeProvider

    def do_GET(self) -> None:
        if self.path.endswith("openid-configuration"):
            url = self.server.url
            self._answer({
                "issuer": url, "authorization_endpoint": f"{url}/authorize", "token_endpoint": f"{url}/token",
                "userinfo_endpoint": f"{url}/userinfo", "jwks_uri": f"{url}/jwks",
            })  # fmt: skip
        else:
            self._answer(self.server.claims)

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self._answer({"access_token": "jeton", "token_type": "Bearer", "expires_in": 60})

    def _answer(self, body: dict[str, Any]) -> None:
        content = json.dumps(body).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *args: object) -> None:
        """Says nothing."""


@pytest.fixture
def provider(settings: Any, clean_cache: None) -> Iterator[FakeProvider]:
    fake = FakeProvider()
    Thread(target=fake.serve_forever, daemon=True).start()
    settings.SOCIALACCOUNT_PROVIDERS = {
        "openid_connect": {
            "OAUTH_PKCE_ENABLED": True,
            "SCOPE": ["openid", "scope_all"],
            "AUTH_PARAMS": {"acr_values": "eidas1"},
            "APPS": [
                {
                    "provider_id": "pro-sante-connect", "name": "Pro Santé Connect", "client_id": "jalon",
                    "secret": "secret", "settings": {"server_url": fake.url, "uid_field": "SubjectNameID"},
                }
            ],
        }
    }  # fmt: skip
    yield fake
    fake.shutdown()
    fake.server_close()


def log_in(client: Client, provider: FakeProvider, **claims: Any) -> Any:
    provider.claims = {"sub": "s-1", "given_name": "Camille", "family_name": "Fictif", **claims}
    start = client.post(reverse("openid_connect_login", args=["pro-sante-connect"]))
    assert start.status_code == 302
    asked = {name: value[0] for name, value in parse_qs(urlsplit(start["Location"]).query).items()}
    assert start["Location"].startswith(f"{provider.url}/authorize")
    assert (asked["acr_values"], asked["code_challenge_method"]) == ("eidas1", "S256")
    assert set(asked["scope"].split()) == {"openid", "scope_all"}
    callback = reverse("openid_connect_callback", args=["pro-sante-connect"])
    return client.get(callback, {"code": "c", "state": asked["state"]})


def logged_in_as(client: Client) -> str | None:
    return client.session.get("_auth_user_id")


def test_a_known_rpps_opens_its_account_even_twice(client: Client, provider: FakeProvider) -> None:
    user = UserFactory(professional=ProfessionalFactory(rpps=RPPS))
    for _ in range(2):
        response = log_in(client, provider, SubjectNameID=f"8{RPPS}", email="autre@exemple.invalid")
        assert response.status_code == 302
        assert logged_in_as(client) == str(user.pk)
        client.logout()


def test_the_same_email_with_another_rpps_opens_nothing(client: Client, provider: FakeProvider) -> None:
    user = UserFactory(professional=ProfessionalFactory(rpps=RPPS))
    response = log_in(client, provider, SubjectNameID="899700366240", email=user.email)
    assert response["Location"] == reverse("account_login")
    assert logged_in_as(client) is None
    assert "Aucun compte Jalon" in client.get(reverse("account_login")).content.decode()


def test_a_closed_account_stays_closed(client: Client, provider: FakeProvider) -> None:
    UserFactory(professional=ProfessionalFactory(rpps=RPPS), is_active=False)
    log_in(client, provider, SubjectNameID=f"8{RPPS}")
    assert logged_in_as(client) is None


@pytest.mark.parametrize(
    ("claims", "rpps"),
    [
        ({"SubjectNameID": f"8{RPPS}"}, RPPS),
        ({"userinfo": {"SubjectNameID": f"8{RPPS}"}}, RPPS),
        ({"preferred_username": f"8{RPPS}"}, RPPS),
        ({"SubjectNameID": f"0{RPPS}"}, ""),
        ({"SubjectNameID": "8123"}, ""),
        ({"SubjectNameID": "8ABCDEFGHIJK"}, ""),
        ({}, ""),
    ],
)
def test_only_a_national_identifier_of_an_rpps_is_read(claims: dict[str, Any], rpps: str) -> None:
    assert rpps_of(claims) == rpps
