from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from directory.models import User
from pathways.models import TargetPathway
from tests.factories import TargetFactory
from tests.referrals.factories import coordinator


@pytest.fixture
def target() -> TargetPathway:
    return TargetFactory()


@pytest.fixture
def user(target: TargetPathway) -> User:
    return coordinator(target.team)


@pytest.fixture
def desk(client: Client, user: User) -> Client:
    client.force_login(user)
    return client


@pytest.fixture
def own_cache(settings: Any) -> None:
    """Counters of this test only: Redis is shared by the processes of a parallel run."""
    settings.CACHES = {
        "default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": str(uuid4())}
    }
