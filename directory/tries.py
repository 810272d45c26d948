"""What is counted in Redis, under a hash: readings and sendings within a window, and wrong answers on a link without
account, which rests after so many."""

from __future__ import annotations

from datetime import timedelta
from hashlib import sha256

import structlog
from django.core.cache import cache
from redis.exceptions import RedisError

from directory.errors import DomainError

log = structlog.get_logger(__name__)

MOST = 5
REST = timedelta(hours=1)


class LockedError(DomainError):
    """Too many wrong answers: the link rests for an hour."""


def key_of(room: str, *named: object) -> str:
    """The counter of what a link names: a hash, so that Redis holds no public id."""
    return f"{room}:{sha256(':'.join(map(str, named)).encode()).hexdigest()}"


def count(key: str, window: timedelta) -> int:
    """Counts one more within a window begun by the first; returns how many. Raises what the cache raises when Redis is
    away."""
    seconds = int(window.total_seconds())
    cache.add(key, 0, timeout=seconds)
    try:
        return int(cache.incr(key))
    except ValueError:  # the window ended between the two: a new one begins
        cache.add(key, 0, timeout=seconds)
        return int(cache.incr(key))


def count_try(key: str) -> int:
    """Counts this try before it is judged, so that parallel ones cannot exceed the limit; returns how many are left.

    Raises LockedError beyond the limit, whatever is typed then; DomainError when Redis is away: nobody is let in
    uncounted.
    """
    try:
        tries = count(key, REST)
    except Exception as error:
        raise DomainError("Le service est momentanément indisponible. Réessayez dans quelques minutes.") from error
    if tries > MOST:
        raise locked()
    return MOST - tries


def forget_tries(key: str) -> None:
    """The answer was right. Redis away takes nobody's answer back: the wrong ones before it stay counted."""
    try:
        cache.delete(key)
    except RedisError:
        log.warning("tries_not_forgotten")


def wrong(left: int, what: str, field: str) -> DomainError:
    """What to raise for a wrong answer, with so many tries left."""
    if left == 0:
        return locked()
    return DomainError(f"{what} Il vous reste {left} {'essai' if left == 1 else 'essais'}.", field=field)


def locked() -> LockedError:
    return LockedError("Trop d’essais : ce lien est bloqué pendant une heure.", code="locked")
