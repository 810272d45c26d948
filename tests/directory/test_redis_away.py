"""Redis away: nobody is let in uncounted, a page says so, and what counts nothing works."""

from __future__ import annotations

import pytest
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.conf import settings as configured
from django.test import Client, override_settings
from django.urls import reverse

from directory.models import Role, User
from directory.tries import forget_tries
from tests.access.test_access import NO_REDIS
from tests.directory.test_second_factor import PASSWORD, code_now, with_password
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db

SECRET = str(generate_totp_secret())
away = override_settings(CACHES=NO_REDIS)


@pytest.fixture
def phone(clean_cache: None) -> User:
    user = with_password()
    TOTP.activate(user, SECRET)
    return user


def refused(client: Client, address: str, data: dict[str, str]) -> str:
    """The page that says to come back."""
    answer = client.post(address, data)
    page = answer.content.decode()
    assert (answer.status_code, answer["Retry-After"]) == (503, "60")
    assert "momentanément indisponible" in page
    assert "Réessayez dans quelques minutes" in page
    assert not any(typed and typed in page for name, typed in data.items() if name != "next")
    return page


def test_a_password_is_not_judged_uncounted(client: Client, phone: User) -> None:
    told = {"login": phone.email, "password": PASSWORD, "next": "/reconnecte/"}
    with away:
        assert client.get(reverse("account_login")).status_code == 200
        page = refused(client, reverse("account_login"), told)
    assert 'href="/compte/login/?next=%2Freconnecte%2F"' in page, "the interrupted form of the other tab is not lost"
    assert "_auth_user_id" not in client.session


def test_a_code_is_not_judged_uncounted_and_is_good_once_redis_is_back(client: Client, phone: User) -> None:
    client.post(reverse("account_login"), {"login": phone.email, "password": PASSWORD})
    with away:
        refused(client, reverse("mfa_authenticate"), {"code": code_now(SECRET)})
    assert client.post(reverse("mfa_authenticate"), {"code": code_now(SECRET)}).status_code == 302


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("account_reauthenticate", {"password": PASSWORD}),
        ("account_reset_password", {"email": "camille@exemple.invalid"}),
        ("account_change_password", {"oldpassword": PASSWORD, "password1": "a" * 14, "password2": "a" * 14}),
    ],
)
def test_the_pages_of_the_account_never_fail(client: Client, phone: User, name: str, data: dict[str, str]) -> None:
    if name != "account_reset_password":
        client.force_login(phone)
    with away:
        refused(client, reverse(name), data)


def test_a_right_answer_is_not_taken_back() -> None:
    with away:
        forget_tries("a-link")


def test_a_redis_that_does_not_answer_is_not_awaited_for_long() -> None:
    options = configured.CACHES["default"]["OPTIONS"]
    assert 0 < options["socket_connect_timeout"] <= options["socket_timeout"] <= 5


def test_whoever_is_in_goes_on(client: Client) -> None:
    client.force_login(UserFactory(role=Role.COORDINATOR))
    with away:
        assert client.get(reverse("directory:post")).status_code == 200
