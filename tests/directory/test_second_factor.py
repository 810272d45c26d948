"""A password alone opens nothing but the set-up of the second factor, wherever the setting asks for one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import SECRET_SESSION_KEY, TOTP, format_hotp_value, generate_totp_secret, hotp_value
from django.core.cache import cache
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from time_machine import travel

from directory.models import Role, User
from directory.second_factor import seconds_good
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db


def test_without_a_second_factor_every_page_leads_to_its_set_up(client: Client, settings: Any) -> None:
    settings.REQUIRE_SECOND_FACTOR = True
    client.force_login(UserFactory(role=Role.COORDINATOR))
    for page in ("home", "pathways:list", "directory:post", "api-schema"):
        response = client.get(reverse(page))
        assert (response.status_code, response["Location"]) == (302, reverse("mfa_index"))
    assert client.get(reverse("mfa_index")).status_code in {200, 302}


def test_with_a_second_factor_the_pages_open(client: Client, settings: Any, phone: User, secret: str) -> None:
    settings.REQUIRE_SECOND_FACTOR = True
    assert gives(client, phone, code_now(secret)).status_code == 302
    assert client.get(reverse("directory:post")).status_code == 200


@pytest.mark.django_db(transaction=True)  # the set-up is told of on commit
def test_set_up_in_this_session_the_pages_open(client: Client, settings: Any, clean_cache: None) -> None:
    settings.REQUIRE_SECOND_FACTOR = True
    user = with_password()
    enter(client, user)
    assert client.get(reverse("home")).status_code == 302
    set_up(client)
    assert client.get(reverse("directory:post")).status_code == 200


@pytest.mark.django_db(transaction=True)  # the set-up is told of on commit
def test_who_had_only_the_password_is_not_let_in_by_the_owner_s_set_up(settings: Any, clean_cache: None) -> None:
    settings.REQUIRE_SECOND_FACTOR = True
    user, owner, thief = with_password(), Client(), Client()
    enter(thief, user)
    enter(owner, user)
    set_up(owner)
    page = thief.get(reverse("directory:post"))
    assert (page.status_code, page["Location"]) == (302, f"{reverse('account_login')}?next={reverse('directory:post')}")
    assert "_auth_user_id" not in thief.session
    assert owner.get(reverse("directory:post")).status_code == 200


@pytest.mark.parametrize("by_the_administration", [True, False])
def test_a_second_factor_taken_away_ends_what_it_had_opened(
    settings: Any, phone: User, secret: str, by_the_administration: bool
) -> None:
    settings.REQUIRE_SECOND_FACTOR = True
    stolen, own = Client(), Client()
    with travel(NOON, tick=False):
        gives(stolen, phone, code_at(secret, NOON))
    with travel(NOON + timedelta(minutes=1), tick=False):
        gives(own, phone, code_at(secret, NOON + timedelta(minutes=1)))
    with travel(NOON + timedelta(minutes=2), tick=False):
        if by_the_administration:
            Authenticator.objects.get(user=phone).delete()
        else:
            own.post(reverse("account_reauthenticate"), {"password": PASSWORD})
            own.post(reverse("mfa_deactivate_totp"))
        assert not Authenticator.objects.filter(user=phone).exists()
        for session in (stolen, own):
            page = session.get(reverse("directory:post"))
            assert (page.status_code, page["Location"]) == (302, reverse("mfa_index"))


@pytest.mark.django_db(transaction=True)  # the set-up is told of on commit
def test_a_form_sent_before_the_second_factor_is_given_back(client: Client, settings: Any, clean_cache: None) -> None:
    settings.REQUIRE_SECOND_FACTOR = True
    user, owner = with_password(), Client()
    enter(client, user)
    for set_up_elsewhere in (False, True):
        if set_up_elsewhere:
            enter(owner, user)
            set_up(owner)
        page = client.post("/taches/nouvelle/", {"title": "Rappeler le laboratoire"}, headers=OURS)
        assert page.status_code == 401
        assert "Rappeler le laboratoire" in page.content.decode()
    assert client.post("/taches/nouvelle/", {"title": "x"}).status_code == 302, "another site's form is not"


@pytest.mark.django_db(transaction=True)  # the set-up is told of on commit
def test_the_form_given_back_leads_to_the_set_up_and_is_sent_again(
    client: Client, settings: Any, clean_cache: None
) -> None:
    settings.REQUIRE_SECOND_FACTOR = True
    enter(client, with_password())
    page = client.post("/taches/nouvelle/", {"title": "Rappeler le laboratoire"}, headers=OURS).content.decode()
    assert "Il manque votre second facteur" in page
    assert f'href="{reverse("mfa_index")}"' in page
    assert "session a expiré" not in page
    set_up(client)
    assert client.post("/taches/nouvelle/", {"title": "Rappeler"}, headers=OURS).status_code in (200, 302, 422)


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("with_a_factor", [True, False])
def test_htmx_is_told_and_leaves_the_page_as_it_is(
    client: Client, settings: Any, phone: User, method: str, with_a_factor: bool
) -> None:
    settings.REQUIRE_SECOND_FACTOR = True
    client.force_login(phone if with_a_factor else with_password())
    answer = getattr(client, method)("/taches/nouvelle/", headers={**OURS, "HX-Request": "true"})
    assert (answer.status_code, answer["Jalon-Session"], answer.content) == (401, "expired", b"")
    assert answer["Jalon-Token"]


OURS = {"Origin": "http://testserver", "Sec-Fetch-Site": "same-origin"}


def with_password() -> User:
    user = UserFactory(role=Role.COORDINATOR)
    user.set_password(PASSWORD)
    user.save()
    return cast(User, user)


def enter(client: Client, user: User) -> None:
    client.post(reverse("account_login"), {"login": user.email, "password": PASSWORD})


def set_up(client: Client) -> None:
    """The page of the application: the password again, its secret, then a code."""
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    client.get(reverse("mfa_activate_totp"))
    secret = client.session[SECRET_SESSION_KEY]
    answer = client.post(reverse("mfa_activate_totp"), {"code": code_now(secret)})
    assert answer.status_code == 302, answer.context["form"].errors


def code_now(secret: str) -> str:
    return code_at(secret, datetime.now(UTC))


def test_visitors_are_not_concerned(client: Client, settings: Any) -> None:
    settings.REQUIRE_SECOND_FACTOR = True
    assert client.get(reverse("healthz")).status_code == 200
    assert client.get(reverse("account_login")).status_code == 200


PASSWORD = "le-mot-de-passe-était-bon"
STEP = 30
NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)  # the first second of a step


@pytest.fixture
def secret() -> str:
    return str(generate_totp_secret())


@pytest.fixture
def phone(secret: str, clean_cache: None) -> User:
    """Somebody whose application shows the codes of ``secret``."""
    user = with_password()
    TOTP.activate(user, secret)
    return user


def gives(client: Client, user: User, code: str) -> HttpResponse:
    client.logout()
    client.post(reverse("account_login"), {"login": user.email, "password": PASSWORD})
    return cast(HttpResponse, client.post(reverse("mfa_authenticate"), {"code": code}))


def code_at(secret: str, moment: datetime) -> str:
    return str(format_hotp_value(hotp_value(secret, int(moment.timestamp()) // STEP)))


def a_step_later(user: User, code: str) -> None:
    """Redis does not travel: what allauth remembers for one step only is forgotten by hand."""
    cache.delete(f"allauth.mfa.totp.used?user={user.pk}&code={code}")


@pytest.mark.parametrize("late", [-1, 0, 29, 30, 59])
def test_a_code_typed_as_the_next_appears_is_good(client: Client, phone: User, secret: str, late: int) -> None:
    code = code_at(secret, NOON)
    with travel(NOON + timedelta(seconds=late), tick=False):
        assert gives(client, phone, code).status_code == 302


@pytest.mark.parametrize("late", [-31, 60, 600])
def test_a_code_of_another_minute_is_not(client: Client, phone: User, secret: str, late: int) -> None:
    code = code_at(secret, NOON)
    with travel(NOON + timedelta(seconds=late), tick=False):
        response = gives(client, phone, code)
    assert response.status_code == 200
    assert "Code incorrect" in response.content.decode()


@pytest.mark.parametrize("typed", [str, " {} ".format, "-{}".format, lambda code: f"{code[:3]} {code[3:]}"])
def test_a_code_serves_once_for_as_long_as_the_clock_would_take_it(
    client: Client, phone: User, secret: str, typed: Callable[[str], str]
) -> None:
    code = code_at(secret, NOON)
    with travel(NOON - timedelta(seconds=25), tick=False):
        assert gives(client, phone, code).status_code == 302
    a_step_later(phone, code)
    with travel(NOON + timedelta(seconds=55), tick=False):
        response = gives(client, phone, typed(code))
    assert response.status_code == 200
    assert "Ce code a déjà servi" in response.content.decode()
    assert seconds_good() == 3 * STEP


def test_a_spent_code_clears_no_count_of_wrong_ones(client: Client, phone: User, secret: str) -> None:
    code = code_at(secret, NOON)
    with travel(NOON, tick=False):
        gives(client, phone, code)
        client.logout()
        client.post(reverse("account_login"), {"login": phone.email, "password": PASSWORD})
        for wrong in range(5):
            client.post(reverse("mfa_authenticate"), {"code": f"00000{wrong}"})
            a_step_later(phone, code)
            client.post(reverse("mfa_authenticate"), {"code": code})
        response = client.post(reverse("mfa_authenticate"), {"code": "000009"})
    assert "Trop d" in response.content.decode()


def test_a_code_typed_wrong_once_is_good_when_it_is_right(client: Client, phone: User, secret: str) -> None:
    code = code_at(secret, NOON)
    with travel(NOON - timedelta(seconds=90), tick=False):
        assert gives(client, phone, code).status_code == 200  # too early: not spent by that
    with travel(NOON, tick=False):
        assert gives(client, phone, code).status_code == 302
