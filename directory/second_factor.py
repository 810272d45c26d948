"""The code of the second factor: good a little before and after its thirty seconds, and good once."""

from __future__ import annotations

import re

from allauth.mfa import app_settings
from allauth.mfa.base.forms import AuthenticateForm as AllauthAuthenticateForm
from allauth.mfa.base.forms import BaseAuthenticateForm
from allauth.mfa.base.forms import ReauthenticateForm as AllauthReauthenticateForm
from allauth.mfa.models import Authenticator
from django.core.cache import cache
from django.core.exceptions import ValidationError

from directory.tries import key_of

SPENT = "Ce code a déjà servi. Attendez que votre application affiche le suivant."


class OnceMixin(BaseAuthenticateForm):  # type: ignore[misc]
    """Refuses a code already accepted for as long as the clock would take it again (RFC 6238, 5.2).

    allauth remembers it for one period; with a tolerance of n periods each way it is good during 2n + 1 of them.
    """

    def clean_code(self) -> str:
        """Raises ValidationError when the code is wrong or spent."""
        key = key_of("second-factor", self.user.pk, re.sub(r"[^0-9]", "", self.cleaned_data["code"]))
        if cache.get(key):  # before it is judged: a spent code must not clear the count of the wrong ones
            raise ValidationError(SPENT, code="spent")
        code: str = super().clean_code()
        if self.authenticator.type == Authenticator.Type.TOTP and not cache.add(key, True, timeout=seconds_good()):
            raise ValidationError(SPENT, code="spent")
        return code


def seconds_good() -> int:
    """How long the clock of the server would accept one code."""
    return int(app_settings.TOTP_PERIOD * (2 * app_settings.TOTP_TOLERANCE + 1))


class AuthenticateForm(OnceMixin, AllauthAuthenticateForm):  # type: ignore[misc]
    """At login."""


class ReauthenticateForm(OnceMixin, AllauthReauthenticateForm):  # type: ignore[misc]
    """Before the settings of the account."""
