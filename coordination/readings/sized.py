"""What each number of slots a week would give, computed once a day for the same question."""

from __future__ import annotations

from dataclasses import asdict

import structlog
from django.core.cache import cache

from coordination.rules.sizing import History, Interval, Rule, Size, sizes_around
from directory.tries import key_of

log = structlog.get_logger(__name__)

METHOD = 2
"""One more when the same question gets another answer."""
KEPT = 24 * 3600


def sized(history: History, rule: Rule, goal: float, *, seed: int) -> list[Size]:
    """`sizes_around`, or what it said to the same question: the key is a hash of numbers of requests by week, no site
    nor patient. Redis away, it is computed again."""
    key = key_of("sizing", METHOD, history, rule, goal, seed)
    try:
        if known := cache.get(key):
            return [_read(each) for each in known]
    except Exception:
        log.warning("sizing_not_cached")
    found = sizes_around(history, rule, goal, seed=seed)
    try:
        cache.set(key, [asdict(each) for each in found], timeout=KEPT)
    except Exception:
        log.warning("sizing_not_cached")
    return found


def _read(row: dict[str, object]) -> Size:
    share, unused = (Interval(**row[name]) for name in ("share", "unused"))  # type: ignore[arg-type]
    return Size(**(row | {"share": share, "unused": unused}))  # type: ignore[arg-type]
