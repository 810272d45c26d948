"""Secrets that the database keeps sealed: those of second factors, which a copy of the database must not give away.

The key comes from the settings' secret: who has the database alone reads nothing. `cryptography` comes with allauth's
own second factor.
"""

from __future__ import annotations

from base64 import urlsafe_b64encode

from allauth.mfa.models import Authenticator
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.db import transaction
from django.utils.crypto import salted_hmac

MARK = "sealed:"
"""Before what is sealed: the secrets themselves are letters and digits."""
ONE, MANY = ("secret", "seed"), "migrated_codes"
"""Where an authenticator keeps them."""


class UnreadableError(Exception):
    """Sealed under a secret that the settings no longer have."""


def seal(text: str) -> str:
    return MARK + _keys()[0].encrypt(text.encode()).decode()


def unseal(text: str) -> str:
    """What was sealed, under this secret or a former one; what was written before anything was sealed, as it is. Raises
    UnreadableError."""
    if not text.startswith(MARK):
        return text
    try:
        return MultiFernet(_keys()).decrypt(text.removeprefix(MARK)).decode()
    except InvalidToken as error:
        raise UnreadableError("second factor sealed under an unknown secret") from error


@transaction.atomic
def seal_again(key: int) -> bool:
    """Seals the secrets of an authenticator under the present key; whether any was in clear or under a former one."""
    row = Authenticator.objects.select_for_update().filter(pk=key).first()
    if row is None:
        return False
    fresh: dict[str, object] = {name: _again(row.data[name]) for name in ONE if name in row.data}
    if MANY in row.data:
        fresh[MANY] = [_again(each) for each in row.data[MANY]]
    changed = any(row.data[name] != value for name, value in fresh.items())
    if changed:
        row.data.update(fresh)
        row.save(update_fields=["data"])
    return changed


def _again(text: str) -> str:
    return text if _is_present(text) else seal(unseal(text))


def _is_present(text: str) -> bool:
    try:
        _keys()[0].decrypt(text.removeprefix(MARK))
    except InvalidToken:
        return False
    return True


def _keys() -> list[Fernet]:
    """The present one first."""
    secrets = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return [Fernet(urlsafe_b64encode(_derived(each))) for each in secrets]


def _derived(secret: str) -> bytes:
    return salted_hmac("jalon.second-factor", "seal", secret=secret, algorithm="sha256").digest()
