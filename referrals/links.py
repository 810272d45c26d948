"""The requester's link: signed, dated, carrying nothing but the request's random id."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.core.signing import BadSignature, SignatureExpired, TimestampSigner
from django.urls import reverse

LASTS = timedelta(days=180)
_SALT = "referrals.follow"


class LinkForgedError(Exception):
    """The token was never given by us, or was cut when copied."""


class LinkExpiredError(Exception):
    """The token was ours and is too old; ``uuid`` is the request it led to."""

    def __init__(self, uuid: UUID) -> None:
        super().__init__()
        self.uuid = uuid


def token_for(uuid: UUID) -> str:
    """A fresh token for the request ``uuid``, valid 180 days."""
    return TimestampSigner(salt=_SALT).sign(urlsafe_b64encode(uuid.bytes).decode().rstrip("="))


def read_token(token: str) -> UUID:
    """The request a token leads to. Raises LinkExpiredError or LinkForgedError."""
    signer = TimestampSigner(salt=_SALT)
    try:
        return _uuid(signer.unsign(token, max_age=LASTS))
    except SignatureExpired as error:
        raise LinkExpiredError(_uuid(signer.unsign(token))) from error
    except BadSignature as error:
        raise LinkForgedError from error


def follow_url(uuid: UUID) -> str:
    """The absolute address of the follow-up page, for a message."""
    return settings.BASE_URL + reverse("referrals:follow", args=[token_for(uuid)])


def _uuid(value: str) -> UUID:
    return UUID(bytes=urlsafe_b64decode(value + "=="))
