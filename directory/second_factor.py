"""The second factor: a code good a little before and after its thirty seconds, and good once; which sessions passed it,
and until when."""

from __future__ import annotations

import re
import time
from typing import Any

import structlog
from allauth.mfa import app_settings
from allauth.mfa.base.forms import AuthenticateForm as AllauthAuthenticateForm
from allauth.mfa.base.forms import BaseAuthenticateForm
from allauth.mfa.base.forms import ReauthenticateForm as AllauthReauthenticateForm
from allauth.mfa.models import Authenticator
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils import timezone

from directory.models import User
from directory.sealing import UnreadableError, seal_again
from directory.tries import key_of

log = structlog.get_logger(__name__)

SET_UP_AT = "jalon_second_factor_set_up_at"
"""In the session where a second factor was set up: when, in seconds since 1970."""
METHODS = "account_authentication_methods"
STRONG = frozenset({"mfa", "socialaccount"})
UNREADABLE = "Votre second facteur ne peut plus être lu. Prévenez l’administration, qui peut le retirer."
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
        try:
            code: str = super().clean_code()
        except UnreadableError as error:
            log.error("second_factor_unreadable", user=self.user.pk)
            raise ValidationError(UNREADABLE, code="unreadable") from error
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


def passed_second_factor(request: HttpRequest) -> bool:
    """Whether this very session gave a second factor, set one up, or came by Pro Santé Connect, since the account last
    lost one."""
    user = request.user
    if not isinstance(user, User):
        return False
    gave = [each.get("at", 0.0) for each in request.session.get(METHODS, []) if each.get("method") in STRONG]
    last = max([*gave, request.session.get(SET_UP_AT, 0.0)])
    lost = user.second_factor_lost_at
    return bool(last) and (lost is None or last > lost.timestamp())


def note_set_up(*, request: HttpRequest, authenticator: Authenticator, **_: Any) -> None:
    """Whoever sets a second factor up has it."""
    if authenticator.type != Authenticator.Type.RECOVERY_CODES:
        request.session[SET_UP_AT] = time.time()


def note_loss(*, instance: Authenticator, **_: Any) -> None:
    """A second factor taken away, by its owner or by the administration (a phone stolen), ends what it had opened."""
    if instance.type != Authenticator.Type.RECOVERY_CODES:
        User.objects.filter(pk=instance.user_id).update(second_factor_lost_at=timezone.now())


def note_use(*, authenticator: Authenticator, **_: Any) -> None:
    """Written in clear, or under a former secret: sealed at its next use."""
    seal_again(authenticator.pk)
