"""Second factors are kept sealed: read under the present secret or a former one, and sealed again when need be."""

from __future__ import annotations

from io import StringIO
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from directory.models import User
from directory.sealing import MARK, UnreadableError, seal, unseal
from tests.directory.test_second_factor import PASSWORD, code_now, with_password

pytestmark = pytest.mark.django_db

SECRET = str(generate_totp_secret())
OTHER = "another-secret-of-at-least-thirty-two-characters"


@pytest.fixture
def phone(clean_cache: None) -> User:
    user = with_password()
    TOTP.activate(user, SECRET)
    return user


def kept(user: User, kind: str = "totp") -> dict[str, Any]:
    return dict(Authenticator.objects.get(user=user, type=kind).data)


def in_clear(user: User) -> None:
    Authenticator.objects.filter(user=user).update(data={"secret": SECRET})


def gives(user: User, code: str) -> Any:
    client = Client()
    client.post(reverse("account_login"), {"login": user.email, "password": PASSWORD})
    return client.post(reverse("mfa_authenticate"), {"code": code})


def sealed_by_hand() -> str:
    out = StringIO()
    call_command("seal_second_factors", stdout=out)
    return out.getvalue().strip()


def test_the_database_holds_no_secret_and_the_code_is_good(phone: User) -> None:
    RecoveryCodes.activate(phone)
    assert SECRET not in str(kept(phone))
    assert kept(phone)["secret"].startswith(MARK)
    assert kept(phone, "recovery_codes")["seed"].startswith(MARK)
    assert gives(phone, code_now(SECRET)).status_code == 302
    spare = Authenticator.objects.get(user=phone, type="recovery_codes").wrap().get_unused_codes()[0]
    assert gives(phone, spare).status_code == 302
    assert gives(phone, spare).status_code == 200, "once"


def test_what_was_written_in_clear_is_read_and_sealed_at_its_next_use(phone: User) -> None:
    in_clear(phone)
    assert gives(phone, "000000").status_code == 200
    assert kept(phone)["secret"] == SECRET
    assert gives(phone, code_now(SECRET)).status_code == 302
    assert unseal(kept(phone)["secret"]) == SECRET != kept(phone)["secret"]
    assert Authenticator.objects.get(user=phone).last_used_at


def test_a_former_secret_is_read_and_left_behind(phone: User, settings: Any) -> None:
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], OTHER
    before = kept(phone)["secret"]
    assert gives(phone, code_now(SECRET)).status_code == 302
    assert kept(phone)["secret"] != before
    settings.SECRET_KEY_FALLBACKS = []
    assert unseal(kept(phone)["secret"]) == SECRET


def test_an_unknown_secret_says_whom_to_ask(phone: User, settings: Any) -> None:
    settings.SECRET_KEY = OTHER
    answer = gives(phone, code_now(SECRET))
    assert answer.status_code == 200
    assert "Prévenez l’administration" in answer.content.decode()
    with pytest.raises(UnreadableError):
        unseal(kept(phone)["secret"])


def test_the_command_seals_all_and_says_what_it_cannot_read(phone: User, settings: Any) -> None:
    other = with_password()
    TOTP.activate(other, SECRET)
    in_clear(phone)
    assert sealed_by_hand() == "1 sealed again."
    assert sealed_by_hand() == "0 sealed again."
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], OTHER
    assert sealed_by_hand() == "2 sealed again."
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [], OTHER + "-again"
    with pytest.raises(CommandError, match="2 cannot be read"):
        sealed_by_hand()


def test_the_same_secret_is_never_sealed_twice_alike() -> None:
    assert seal(SECRET) != seal(SECRET)
    assert unseal(seal(SECRET)) == unseal(SECRET) == SECRET
