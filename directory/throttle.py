"""How often an account may ask the API."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog
from redis.exceptions import RedisError
from rest_framework.throttling import UserRateThrottle

if TYPE_CHECKING:
    from rest_framework.request import Request
    from rest_framework.views import APIView

log = structlog.get_logger(__name__)


class AccountThrottle(UserRateThrottle):
    """A program that asks without end spares the others. Redis away, nobody is refused: it guards no secret."""

    def allow_request(self, request: Request, view: APIView) -> bool:
        try:
            return bool(super().allow_request(request, view))
        except RedisError:
            log.warning("api_throttle_unavailable")
            return True
