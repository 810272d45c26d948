"""allauth's override points: nobody signs up, Pro Santé Connect matches an account by its RPPS number, the secrets of
second factors are kept sealed."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from django.contrib import messages
from django.http import HttpRequest
from django.shortcuts import redirect

from directory import sealing
from directory.models import User

NO_ACCOUNT = "Aucun compte Jalon ne correspond à ce professionnel. Demandez à l’administration d’ouvrir le vôtre."


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Accounts are opened by an administrator."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False


class MFAAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """The secret of an application and the seed of the recovery codes, sealed in the database."""

    def encrypt(self, text: str) -> str:
        return sealing.seal(text)

    def decrypt(self, encrypted_text: str) -> str:
        return sealing.unseal(encrypted_text)


class SocialAccountAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]
    """Links Pro Santé Connect to the existing account of the same RPPS, never by e-mail (french-standards 8)."""

    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:
        return False

    def pre_social_login(self, request: HttpRequest, sociallogin: Any) -> None:
        """Connects a first login to its account; sends anyone else back to the login page with a reason."""
        if sociallogin.is_existing:
            return
        rpps = rpps_of(sociallogin.account.extra_data)
        user = User.objects.filter(professional__rpps=rpps, is_active=True).first() if rpps else None
        if user is None:
            messages.error(request, NO_ACCOUNT)
            raise ImmediateHttpResponse(redirect("account_login"))
        sociallogin.connect(request, user)


def rpps_of(claims: dict[str, Any]) -> str:
    """The RPPS number in Pro Santé Connect's claims: national identifier « 8 » + 11 digits, or empty."""
    facts = claims.get("userinfo") or claims
    national = str(facts.get("SubjectNameID") or facts.get("preferred_username") or "")
    return national[1:] if len(national) == 12 and national.startswith("8") and national.isdigit() else ""
