"""A limit on anonymous sendings: so many per hour and per address, counted in Redis under a keyed hash."""

from __future__ import annotations

from datetime import timedelta

import structlog
from django.http import HttpRequest
from django.utils.crypto import salted_hmac
from redis.exceptions import RedisError

from directory.tries import count

log = structlog.get_logger(__name__)

PER_HOUR = 40
"""A group practice or a hospital goes out through one address: generous for them, useless for a robot."""
WINDOW = timedelta(hours=1)


def too_many(request: HttpRequest, action: str, limit: int = PER_HOUR) -> bool:
    """Counts this sending; true when the address has used up its hour.

    Redis holds a hash and a number, never the address. When Redis is away nobody is refused: a patient's request
    matters more than the limit.
    """
    key = f"referrals:{action}:{salted_hmac('referrals.throttle', _address(request)).hexdigest()[:32]}"
    try:
        return count(key, WINDOW) > limit
    except (RedisError, OSError):
        log.warning("throttle_unavailable")
        return False


def _address(request: HttpRequest) -> str:
    """The visitor’s address; `ClientAddressMiddleware` has put it there when a proxy stands before us."""
    return request.META.get("REMOTE_ADDR") or "unknown"
