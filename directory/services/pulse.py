"""Signs of life of background processes."""

from __future__ import annotations

from django.utils import timezone

from directory.models import Heartbeat


def beat(*, name: str) -> None:
    """Records that the process called ``name`` is alive now."""
    Heartbeat.objects.update_or_create(name=name, defaults={"at": timezone.now()})
