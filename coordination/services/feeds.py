"""Calendar links: made, read, revoked. The link is a password: it is derived, shown once, and only its hash is kept."""

from __future__ import annotations

from datetime import datetime, timedelta
from hashlib import sha256
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.crypto import salted_hmac

from coordination.models import CalendarFeed, SlotSeries
from coordination.perms import may_feed
from directory.errors import DomainError
from directory.models import Professional, Team, User
from directory.readonly import writes_allowed
from directory.tries import count

MOST_LINKS = 20
"""Living links one person may have."""
MOST_READS = 120
"""Reads of one link in an hour: an agenda asks every five to fifteen minutes, several may share it."""
AN_HOUR = timedelta(hours=1)
READ_NOTED_EVERY = timedelta(minutes=10)


class FeedError(DomainError):
    """The link opens nothing any more, or is read too often."""


def token_of(key: UUID) -> str:
    """The secret part of the link that the form ``key`` makes: nobody finds it without the server's secret."""
    return salted_hmac("jalon.calendar-feed", str(key), secret=settings.SECRET_KEY, algorithm="sha256").hexdigest()


@transaction.atomic
def make_feed(
    *, user: User, shown: Team | SlotSeries | Professional, label: str, request_key: UUID, at: datetime | None = None
) -> CalendarFeed:
    """Makes a link to the slots of ``shown``; the same form sent again gives the same one.

    Raises DomainError without a name, for what the user may not see, or beyond twenty living links.
    """
    if not label.strip():
        raise DomainError("Dites dans quel agenda ce lien ira : vous saurez lequel révoquer.", field="label")
    if not may_feed(user, shown):
        raise DomainError("Ces créneaux ne vous sont pas ouverts.", field="shown", code="not_yours")
    User.objects.select_for_update().get(pk=user.pk)  # two forms at once are counted one after the other
    if again := CalendarFeed.objects.filter(request_key=request_key, created_by=user).first():
        return again
    if CalendarFeed.objects.filter(created_by=user, revoked_at__isnull=True).count() >= MOST_LINKS:
        raise DomainError(f"Vous avez déjà {MOST_LINKS} liens : révoquez ceux qui ne servent plus.", code="too_many")
    return CalendarFeed.objects.create(
        platform=shown if isinstance(shown, Team) else None,
        series=shown if isinstance(shown, SlotSeries) else None,
        professional=shown if isinstance(shown, Professional) else None,
        label=label.strip(),
        token_sha256=_hash(token_of(request_key)),
        request_key=request_key,
        created_at=at or timezone.now(),
        created_by=user,
    )


@transaction.atomic
def revoke_feed(*, feed: CalendarFeed, user: User, at: datetime | None = None) -> CalendarFeed:
    """The link opens nothing from now on. Revoking twice changes nothing."""
    locked = CalendarFeed.objects.select_for_update(of=("self",)).get(pk=feed.pk)
    if locked.revoked_at is None:
        locked.revoked_at, locked.revoked_by = at or timezone.now(), user
        locked.save(update_fields=["revoked_at", "revoked_by"])
    return locked


def open_feed(*, token: str, at: datetime) -> CalendarFeed:
    """The feed a link opens; notes that it was read. Raises FeedError: unknown, revoked, its maker gone, too often."""
    hashed = _hash(token)
    if _reads(hashed) > MOST_READS:
        raise FeedError("Ce lien est lu trop souvent. Réessayez dans une heure.", code="too_often")
    known = CalendarFeed.objects.select_related("platform", "series", "professional", "created_by")
    feed = known.filter(token_sha256=hashed).first()
    if feed is None or feed.revoked_at is not None or not may_feed(feed.created_by, feed.shown):
        raise FeedError("Ce lien n’ouvre plus rien.", code="closed")
    stale = Q(last_read_at__isnull=True) | Q(last_read_at__lt=at - READ_NOTED_EVERY)
    with writes_allowed():
        CalendarFeed.objects.filter(stale, pk=feed.pk).update(last_read_at=at)
    return feed


def _hash(token: str) -> str:
    return sha256(token.encode()).hexdigest()


def _reads(hashed: str) -> int:
    """Counts this read; Redis holds the hash of a hash. Raises FeedError when it cannot be counted."""
    key = f"calendar-feed:{_hash(hashed)}"
    try:
        return count(key, AN_HOUR)
    except Exception as error:
        raise FeedError("Le service est momentanément indisponible.", code="away") from error
