"""How the API cuts its lists."""

from __future__ import annotations

from rest_framework.pagination import LimitOffsetPagination


class Pages(LimitOffsetPagination):
    """``limit`` and ``offset``; one answer never carries the whole base."""

    max_limit = 500
